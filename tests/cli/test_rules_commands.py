"""`idemlint rules`, `explain` and `profiles`, run as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from idemlint.check.catalogue import BUILT_IN, all_rules
from idemlint.contract.loading import profile_names

NAMES = [*(rule.name for rule in all_rules()), *BUILT_IN]


def run(*arguments: str, folder: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if key not in {"FORCE_COLOR", "NO_COLOR", "COLUMNS"}}
    done = subprocess.run(
        [sys.executable, "-m", "idemlint", *arguments],
        cwd=folder,
        env={**clean, "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in done.stderr
    return done


def output(*arguments: str, folder: Path | None = None, **environment: str) -> str:
    done = run(*arguments, folder=folder, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_rules_lists_each_with_its_severity() -> None:
    lines = output("rules", COLUMNS="200").splitlines()
    table = {line.split()[0]: line for line in lines}
    assert [line.split()[0] for line in lines[:-2]] == [rule.name for rule in all_rules()]
    assert table["idempotency-key-required"].split()[1] == "error"
    assert "ietf (warn)" in table["idempotency-key-required"]
    assert table["openapi-valid"].endswith("In all")
    assert "idemlint explain" in lines[-2]
    for name in lines[-1].rstrip(".").split(", "):
        assert output("explain", name).startswith(f"{name}\n")


def test_rules_fold_to_the_terminal() -> None:
    assert max(map(len, output("rules", COLUMNS="80").splitlines())) <= 80


def test_rules_as_json() -> None:
    rules = {rule["name"]: rule for rule in json.loads(output("rules", "--format", "json"))}
    assert list(rules) == [rule.name for rule in all_rules()]
    uuid = rules["idempotency-key-uuid"]
    assert uuid["severity"] == "warn"
    assert uuid["rulesets"]["idemlint:ietf"] == "info"
    assert uuid["url"].startswith("https://")
    assert uuid["description"]


def test_rules_of_a_ruleset_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "extends: idemlint:recommended\n"
        "rules:\n"
        "  idempotency-key-uuid: off\n"
        '  operation-summary: {description: "Say \\e[31mit", given: "$.paths[*][*]", severity: hint,\n'
        "    then: {field: summary, function: truthy}}\n",
        encoding="utf-8",
    )
    text = output("rules", "-r", "own.yaml", folder=tmp_path)
    severities = {line.split()[0]: line.split()[1] for line in text.splitlines()}
    assert severities["idempotency-key-uuid"] == "off"
    assert severities["idempotency-key-required"] == "error"
    assert severities["operation-summary"] == "hint"
    assert "\x1b" not in text
    (own,) = [
        rule
        for rule in json.loads(output("rules", "-r", "own.yaml", "-f", "json", folder=tmp_path))
        if rule["name"] == "operation-summary"
    ]
    assert own["source"] == str(tmp_path / "own.yaml")
    assert own["severity"] == "hint"


@pytest.mark.parametrize("name", ["missing.yaml", "idemlint:recomended"])
def test_rules_of_a_ruleset_that_is_not_there(name: str, tmp_path: Path) -> None:
    done = run("rules", "-r", name, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert name in done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_explain_reads_as_plain_text(name: str) -> None:
    text = output("explain", name, COLUMNS="80")
    lines = text.splitlines()
    assert lines[0] == name
    assert "Why" in lines
    assert "```" not in text
    assert not any(line.startswith("#") for line in lines)
    assert "\x1b" not in text
    prose = [line for line in lines if not line.startswith("    ") and "https://" not in line and "`^" not in line]
    assert max(map(len, prose)) <= 80


def test_explain_shows_both_examples_and_what_the_copied_ruleset_misses() -> None:
    text = output("explain", "idempotency-key-required")
    for word in ("Bad", "Good", "What the copied ruleset misses", "Path-level", "without a `name`", "Sources"):
        assert word in text
    assert "expired Internet-Draft" in text
    assert "\n    openapi: 3.1.0\n" in text


def test_explain_as_markdown_is_the_page_itself() -> None:
    page = Path(__file__).parents[2] / "rules" / "docs" / "idempotency-key-uuid.md"
    assert output("explain", "idempotency-key-uuid", "--format", "markdown") == page.read_text(encoding="utf-8")


def test_explain_as_json() -> None:
    page = json.loads(output("explain", "idempotency-conflict-schema", "-f", "json"))
    assert page["name"] == "idempotency-conflict-schema"
    assert page["severity"] == "warn"
    assert page["bad"].startswith("openapi: ")
    assert page["good"].startswith("openapi: ")
    assert page["summary"]
    assert page["why"]
    assert all("https://" in source for source in page["sources"])


def test_explain_in_colour_when_asked() -> None:
    assert output("explain", "parser", "--color").startswith("\x1b[1mparser\x1b[0m\n")


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("idempotency-key-requird", "did you mean 'idempotency-key-required'?"),
        ("openapi_valid", "did you mean 'openapi-valid'?"),
        ("zzz", "rules: "),
        ("../README", "rules: "),
        ("\x1b[31m", "rules: "),
    ],
)
def test_explain_of_an_unknown_rule(wrong: str, hint: str) -> None:
    done = run("explain", wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no rule is called" in done.stderr
    assert f"hint: {hint}" in done.stderr
    assert "\x1b" not in done.stderr


def test_explain_without_a_rule_is_wrong_usage() -> None:
    done = run("explain")
    assert (done.returncode, done.stdout) == (2, "")
    assert "RULE" in done.stderr


def test_profiles_lists_carrier_and_statuses() -> None:
    lines = output("profiles", COLUMNS="400").splitlines()
    table = dict(line.split(maxsplit=1) for line in lines)
    assert list(table) == list(profile_names())
    assert table["stripe-v1"].endswith("Key: header Idempotency-Key; mismatch 400 or 409 or 422; in flight 409")
    assert "Key: body /idempotency_key" in table["square"]
    assert "in flight unknown" in table["aws-ec2"]


def test_profiles_as_json() -> None:
    profiles = {profile["name"]: profile for profile in json.loads(output("profiles", "-f", "json"))}
    assert list(profiles) == list(profile_names())
    stripe = profiles["stripe-v1"]
    assert stripe["carrier"] == {"in": "header", "name": "Idempotency-Key"}
    assert stripe["mismatch"]["status"] == [400, 409, 422]
    assert stripe["in_flight"]["status"] == [409]
    assert stripe["summary"]


@pytest.mark.parametrize("command", ["rules", "explain", "profiles"])
def test_help(command: str) -> None:
    text = output(command, "--help")
    assert text.startswith(f"Usage: idemlint {command} ")
    assert "json" in text
