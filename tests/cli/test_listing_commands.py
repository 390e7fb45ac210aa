"""`idemlint rules`, `explain`, `profiles`, and what stands at the root of the command line."""

from __future__ import annotations

import json
import re

import pytest
from process import idemlint

from idemlint import __version__
from idemlint.check.loading import bundled_rules

COMMANDS = ["check", "explain", "profiles", "rules"]


def test_version_and_help_everywhere() -> None:
    assert idemlint("--version").stdout == f"idemlint {__version__}\n"
    for command in COMMANDS:
        short, long = idemlint(command, "-h"), idemlint(command, "--help")
        assert short.returncode == long.returncode == 0
        assert short.stdout == long.stdout
        assert short.stdout.startswith(f"Usage: idemlint {command} ")
        assert all(len(line) <= 100 for line in short.stdout.splitlines())


def test_help_offers_what_works_and_nothing_else() -> None:
    done = idemlint("-h")
    assert done.returncode == 0
    listed = re.findall(r"(?m)^  (\w+)  ", done.stdout.partition("Commands:")[2])
    assert listed == COMMANDS
    options = idemlint("check", "-h").stdout
    assert not re.search("--(fix|diff|since|unsafe-fixes)", options)
    assert "html" not in options


def test_no_arguments_show_help_and_are_wrong_usage() -> None:
    done = idemlint()
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: idemlint" in done.stderr


def test_rules() -> None:
    done = idemlint("rules")
    assert done.returncode == 0
    assert re.search(r"(?m)^idempotency-key-required +error ", done.stdout)
    entries = json.loads(idemlint("rules", "--format", "json").stdout)
    by_name = {entry["name"]: entry for entry in entries}
    assert by_name["idempotency-key-uuid"]["severity"] == "warn"
    assert by_name["idempotency-key-uuid"]["rulesets"]["idemlint:recommended"] == "warn"


@pytest.mark.parametrize("rule", sorted(bundled_rules()))
def test_explain_knows_every_rule(rule: str) -> None:
    done = idemlint("explain", rule, COLUMNS="80")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{rule}\n\n")
    assert "\x1b" not in done.stdout
    assert "```" not in done.stdout
    told = json.loads(idemlint("explain", rule, "-f", "json").stdout)
    assert told["name"] == rule
    assert told["summary"]
    assert told["why"]


def test_explain_folds_paragraphs_and_leaves_examples_alone() -> None:
    narrow = idemlint("explain", "idempotency-key-required", COLUMNS="50").stdout
    prose = [line for line in narrow.splitlines() if not line.startswith("    ") and "/" not in line]
    assert all(len(line) <= 50 for line in prose)
    assert "\n    openapi: 3.1.0\n    info: {title: Payments, version: 1.0.0}\n" in narrow
    assert "\x1b[1mWhy\x1b[0m" in idemlint("explain", "idempotency-key-required", "--color").stdout


def test_profiles() -> None:
    done = idemlint("profiles")
    assert done.returncode == 0
    assert re.search(r"(?m)^stripe-v2 +\S", done.stdout)
    profiles = json.loads(idemlint("profiles", "-f", "json").stdout)
    names = [profile["name"] for profile in profiles]
    assert names == sorted(names)
    assert len(names) >= 28
    assert all(profile["summary"] for profile in profiles)


def test_shell_completion() -> None:
    done = idemlint(_IDEMLINT_COMPLETE="bash_source")
    assert "_idemlint_completion" in done.stdout
    done = idemlint(_IDEMLINT_COMPLETE="bash_complete", COMP_WORDS="idemlint ch", COMP_CWORD="1")
    assert done.stdout == "plain,check\n"
