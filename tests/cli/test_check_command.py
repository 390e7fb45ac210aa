"""`idemlint check` as a process: exit codes, streams, formats, options."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest
from process import idemlint

if TYPE_CHECKING:
    from pathlib import Path

CONCISE = """\
flawed.yaml:7:5: error idempotency-key-required POST /payments does not require an Idempotency-Key
flawed.yaml:10:7: error idempotency-conflict-response POST /payments declares no 409
flawed.yaml:14:5: error idempotency-key-required POST /refunds does not require an Idempotency-Key
flawed.yaml:17:7: error idempotency-conflict-response POST /refunds declares no 409
"""
SUMMARY = "4 findings (4 errors) in 2 operations of 1 document · key required on 0 of 2 · conflict declared on 0 of 2\n"


def codes(stdout: str) -> list[str]:
    return [finding["code"] for finding in json.loads(stdout)]


def operations(stdout: str) -> set[str]:
    return {finding["operation"] for finding in json.loads(stdout)}


# --- exit codes and streams --------------------------------------------------------------------------------------------


def test_findings_go_to_stdout_the_summary_to_stderr_and_the_code_is_one(folder: Path) -> None:
    done = idemlint("check", "flawed.yaml", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (1, CONCISE, SUMMARY)


def test_a_clean_document_prints_nothing_on_stdout(folder: Path) -> None:
    done = idemlint("check", "clean.yaml", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        "no findings in 1 operation of 1 document · key required on 1 of 1 · conflict declared on 1 of 1\n"
    )


def test_quiet_keeps_the_results_and_drops_the_summary(folder: Path) -> None:
    done = idemlint("check", "flawed.yaml", "-q", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (1, CONCISE, "")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--exit-zero"], 0),
        (["--fail-on", "never"], 0),
        (["--fail-on", "error"], 1),
        (["--fail-on", "hint"], 1),
        (["--fail-on", "warning"], 1),
        (["--ignore", "idempotency"], 0),
    ],
)
def test_what_makes_the_exit_code_one(folder: Path, options: list[str], code: int) -> None:
    assert idemlint("check", "flawed.yaml", *options, cwd=folder).returncode == code


def test_fail_on_looks_at_severities_and_not_at_numbers_of_findings(folder: Path) -> None:
    (folder / ".idemlint.yaml").write_text(
        "rules: {idempotency-key-required: warn, idempotency-conflict-response: warn}\n", encoding="utf-8"
    )
    assert idemlint("check", "flawed.yaml", cwd=folder).returncode == 0
    assert idemlint("check", "flawed.yaml", "--fail-on", "warn", cwd=folder).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check"], "no documents to check"),
        (["check", "flawed.yaml", "-f", "jso"], "did you mean 'json'?"),
        (["check", "flawed.yaml", "-f", "json="], "no path after 'json='"),
        (["check", "flawed.yaml", "-f", "json", "-f", "sarif"], "several formats are to be written to standard output"),
        (["check", "flawed.yaml", "--fail-on", "eror"], "did you mean 'error'?"),
        (["check", "flawed.yaml", "--select", "idempotency-key-requred"], "did you mean 'idempotency-key-required'?"),
        (["check", "flawed.yaml", "--only", "payments"], "is no pattern for operations"),
        (["check", "flawed.yaml", "--only", "POST /payment"], "did you mean 'POST /payments'?"),
        (["check", "flawed.yaml", "clean.yaml", "--only", "tag:nowhere"], "matches no operation of the documents"),
        (["check", "flawed.yaml", "--profile", "strpe-v2"], "did you mean 'stripe-v2'?"),
        (["check", "flawed.yaml", "-r", "idemlint:recomended"], "idemlint:recommended"),
        (["check", "flawed.yaml", "-r", "nope.yaml"], "nope.yaml"),
        (["check", "flawed.yaml", "--baseline", "nope.json"], "the baseline does not exist"),
        (["check", "flawed.yaml", "--config", "nope.yaml"], "nope.yaml: cannot be read"),
        (["check", "flawed.yaml", "--stdin-filepath", "a.yaml"], "add - as the document"),
        (["check", "flawed.yaml", "--jobs", "0"], "--jobs"),
        (["check", "flawed.yaml", "--nonsense"], "--nonsense"),
        (["check", "empty/"], "no OpenAPI documents found in 'empty/'"),
        (["check", "nothing/**/*.yaml"], "no OpenAPI documents found"),
        (["chek", "flawed.yaml"], "Did you mean 'check'?"),
        (["flawed.yaml"], "idemlint check flawed.yaml"),
        (["explain", "idempotency-key-requird"], "did you mean 'idempotency-key-required'?"),
        (["explain", "con"], "it is a group of checks: idemlint explain CON-01 to CON-10"),
        (["explain", "toctou"], "it is a fault of the mock"),
        (["explain", "stripe-v1"], "it is a profile"),
    ],
)
def test_wrong_usage_is_two_with_a_mend_and_nothing_on_stdout(folder: Path, arguments: list[str], message: str) -> None:
    (folder / "empty").mkdir()
    done = idemlint(*arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 2, "the error, and how to mend it"
    assert "Traceback" not in done.stderr


def test_a_document_that_cannot_be_read_is_two_and_the_others_are_linted(folder: Path) -> None:
    (folder / "broken.yaml").write_text("openapi: [3\n", encoding="utf-8")
    (folder / "list.yaml").write_text("- 1\n", encoding="utf-8")
    done = idemlint("check", "missing.yaml", "broken.yaml", "list.yaml", "flawed.yaml", "--exit-zero", cwd=folder)
    assert (done.returncode, done.stdout) == (2, CONCISE)
    assert "error: missing.yaml: there is no such file\n  hint: " in done.stderr
    assert re.search(r"error: broken\.yaml:\d+:\d+: ", done.stderr)
    assert "error: list.yaml" in done.stderr
    assert done.stderr.rstrip().endswith("3 documents could not be checked")


def test_a_document_of_another_kind_is_never_silently_green(folder: Path) -> None:
    (folder / "other.yaml").write_text("services: {}\n", encoding="utf-8")
    (folder / "rules.yaml").write_text("formats: [oas3]\nrules: {}\n", encoding="utf-8")
    done = idemlint("check", "other.yaml", "-q", cwd=folder)
    assert "warning: other.yaml says neither `openapi` nor `swagger`" in done.stderr
    done = idemlint("check", "other.yaml", "-r", "rules.yaml", cwd=folder)
    assert "unrecognized-format" in done.stdout
    assert "warning:" not in done.stderr


def test_a_bug_of_ours_is_two_never_one_and_shows_no_traceback(folder: Path) -> None:
    (folder / "sitecustomize.py").write_text(
        "import idemlint.check.linting as linting\n"
        "def broken(*args, **kwargs):\n    raise KeyError('\\x1b[31mhostile')\n"
        "linting.lint = broken\n",
        encoding="utf-8",
    )
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", ""), os.getcwd()])
    done = idemlint("check", "flawed.yaml", "clean.yaml", cwd=folder, PYTHONPATH=path)
    assert done.returncode == 2
    assert done.stderr.count("this is a bug in idemlint") == 2
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr
    done = idemlint("check", "flawed.yaml", cwd=folder, PYTHONPATH=path, IDEMLINT_DEBUG="1")
    assert done.returncode == 2
    assert "Traceback" in done.stderr


# --- formats -----------------------------------------------------------------------------------------------------------


def test_several_formats_at_once(folder: Path) -> None:
    names = ["json", "sarif", "junit", "github", "markdown", "gitlab", "text"]
    targets = [f"-f{name}=reports/{name}.out" for name in names]
    done = idemlint("check", "flawed.yaml", "-f", "concise", *targets, cwd=folder)
    assert (done.returncode, done.stdout) == (1, CONCISE)
    written = {path.stem: path.read_text(encoding="utf-8") for path in (folder / "reports").iterdir()}
    assert set(written) == set(names)
    assert len(json.loads(written["json"])) == 4
    assert written["text"].endswith(SUMMARY)
    assert written["github"].startswith("::error file=flawed.yaml,line=7,col=5,")


def test_json_on_stdout_is_all_there_is(folder: Path) -> None:
    done = idemlint("check", "flawed.yaml", "-f", "json", cwd=folder)
    assert done.stderr == ""
    first = json.loads(done.stdout)[0]
    assert first == {
        "code": "idempotency-key-required",
        "path": ["paths", "/payments", "post"],
        "message": "POST /payments does not require an Idempotency-Key",
        "severity": 0,
        "range": first["range"],
        "source": str(folder / "flawed.yaml"),
        "operation": "POST /payments",
    }


def test_a_report_replaces_the_file_whole_and_keeps_its_mode(folder: Path) -> None:
    report = folder / "out.json"
    report.write_text("x" * 100_000, encoding="utf-8")
    report.chmod(0o640)
    link = folder / "link.json"
    link.symlink_to(report)
    assert idemlint("check", "flawed.yaml", "-f", f"json={link}", cwd=folder).returncode == 1
    assert len(json.loads(report.read_text(encoding="utf-8"))) == 4
    assert link.is_symlink()
    assert report.stat().st_mode & 0o777 == 0o640
    assert not list(folder.glob(".idemlint-*"))


def test_a_report_that_cannot_be_written_is_two(folder: Path) -> None:
    (folder / "file").write_text("", encoding="utf-8")
    done = idemlint("check", "clean.yaml", "-f", "json=file/out.json", cwd=folder)
    assert done.returncode == 2
    assert "error: cannot write file/out.json: " in done.stderr


# --- what is linted ----------------------------------------------------------------------------------------------------


def test_standard_input(folder: Path) -> None:
    text = (folder / "flawed.yaml").read_bytes()
    done = idemlint("check", "-", stdin=text, cwd=folder)
    assert (done.returncode, done.stdout) == (1, CONCISE.replace("flawed.yaml", "<stdin>"))
    done = idemlint("check", "-", "--stdin-filepath", "flawed.yaml", stdin=text, cwd=folder)
    assert done.stdout == CONCISE
    done = idemlint("check", "-", "--max-bytes", "100", stdin=text, cwd=folder)
    assert done.returncode == 2
    assert "larger than 100 bytes" in done.stderr


def test_references_of_standard_input_are_read_from_where_it_is_said_to_stand(folder: Path) -> None:
    (folder / "api").mkdir()
    (folder / "api" / "item.yaml").write_text("post: {responses: {}}\n", encoding="utf-8")
    text = b"openapi: 3.0.3\ninfo: {title: a, version: '1'}\npaths:\n  /a:\n    $ref: item.yaml\n"
    done = idemlint("check", "-", "--stdin-filepath", "api/openapi.yaml", stdin=text, cwd=folder)
    assert "api/item.yaml:1:1: error idempotency-key-required POST /a" in done.stdout


def test_folders_and_quoted_globs(folder: Path) -> None:
    (folder / "specs" / "node_modules").mkdir(parents=True)
    flawed = (folder / "flawed.yaml").read_text(encoding="utf-8")
    (folder / "specs" / "a.yaml").write_text(flawed, encoding="utf-8")
    (folder / "specs" / "node_modules" / "b.yaml").write_text(flawed, encoding="utf-8")
    (folder / "specs" / "compose.yaml").write_text("services: {}\n", encoding="utf-8")
    expected = CONCISE.replace("flawed.yaml", "specs/a.yaml")
    assert idemlint("check", "specs", cwd=folder).stdout == expected
    assert idemlint("check", "**/a.{yaml,json}", cwd=folder).stdout == expected
    done = idemlint("check", "specs/a.yaml", "nothing/*.yaml", cwd=folder)
    assert (done.returncode, done.stdout) == (1, expected)
    assert "warning: 'nothing/*.yaml' matches no OpenAPI document" in done.stderr


# --- which rules and operations ----------------------------------------------------------------------------------------


def test_select_and_ignore_by_name_and_prefix(folder: Path) -> None:
    def run(*options: str) -> set[str]:
        return set(codes(idemlint("check", "flawed.yaml", "-f", "json", *options, cwd=folder).stdout))

    both = {"idempotency-key-required", "idempotency-conflict-response"}
    assert run("--select", "idempotency") == both
    assert run("--select", "idempotency-key") == {"idempotency-key-required"}
    assert run("--ignore", "idempotency-key") == {"idempotency-conflict-response"}
    assert run("--ignore", "idempotency-key,idempotency-conflict") == set()
    assert run("--select", "idempotency-key", "--select", "idempotency-conflict-response") == both


def test_a_rule_that_is_selected_by_its_name_runs_although_it_is_off(folder: Path) -> None:
    (folder / "rules.yaml").write_text("extends: [[idemlint:recommended, off]]\nrules: {}\n", encoding="utf-8")
    done = idemlint("check", "flawed.yaml", "-f", "json", "-r", "rules.yaml", cwd=folder)
    assert codes(done.stdout) == []
    options = ("-r", "rules.yaml", "--select", "idempotency-key-required")
    done = idemlint("check", "flawed.yaml", "-f", "json", *options, cwd=folder)
    assert codes(done.stdout) == ["idempotency-key-required"] * 2


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--only", "POST /payments"], {"POST /payments"}),
        (["--only", "* /ref*"], {"POST /refunds"}),
        (["--only", "tag:refunds"], {"POST /refunds"}),
        (["--except", "/payments"], {"POST /refunds"}),
        (["--only", "POST *", "--except", "tag:*"], set()),
        (["--only", "PATCH *"], set()),
    ],
)
def test_only_and_except(folder: Path, options: list[str], expected: set[str]) -> None:
    done = idemlint("check", "flawed.yaml", "-f", "json", "-v", *options, cwd=folder)
    assert operations(done.stdout) == expected
    in_scope = f"in {len(expected)} operation{'' if len(expected) == 1 else 's'} of 1 document"
    assert in_scope in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("select: [idempotency-key-requred]", "select: no rule is called 'idempotency-key-requred'"),
        ("ignore: [nonsense]", "ignore: no rule is called 'nonsense'"),
        ("rules: {nonsense: warn}", "rules: no rule is called 'nonsense'"),
        ("only: [payments]", "only: 'payments' is no pattern for operations"),
        ("except: [payments]", "except: 'payments' is no pattern for operations"),
        ("format: [jso]", "format: unknown format 'jso'"),
        ("profile: strpe-v2", "profile: there is no profile 'strpe-v2'"),
    ],
)
def test_what_is_wrong_in_the_configuration_is_told_of_it(folder: Path, setting: str, message: str) -> None:
    (folder / ".idemlint.yaml").write_text(f"{setting}\n", encoding="utf-8")
    done = idemlint("check", "flawed.yaml", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: .idemlint.yaml: {message}\n  hint: ")


@pytest.mark.parametrize("options", [["--only", "PATCH *"], ["--only", "POST *", "--except", "tag:*"]])
def test_a_pattern_that_chooses_nothing_is_warned_of(folder: Path, options: list[str]) -> None:
    done = idemlint("check", "flawed.yaml", *options, cwd=folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"warning: '{options[1]}' matches no operation of the documents" in done.stderr


def test_a_configuration_that_chooses_nothing_is_warned_of(folder: Path) -> None:
    (folder / ".idemlint.yaml").write_text("only: [POST /payment]\n", encoding="utf-8")
    done = idemlint("check", "flawed.yaml", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert "warning: 'POST /payment' matches no operation of the documents\n" in done.stderr


def test_one_document_of_several_with_the_operation_is_enough(folder: Path) -> None:
    (folder / "other.yaml").write_text("openapi: 3.1.0\npaths: {/x: {post: {}}}\n", encoding="utf-8")
    for jobs in ("1", "2"):
        done = idemlint("check", "flawed.yaml", "other.yaml", "--only", "POST /x", "--jobs", jobs, cwd=folder)
        assert done.returncode == 1
        assert "warning" not in done.stderr
        assert "other.yaml" in done.stdout
        assert "flawed.yaml" not in done.stdout


def test_what_comments_ignore_is_counted(folder: Path) -> None:
    text = (folder / "flawed.yaml").read_text(encoding="utf-8")
    assert text.count("post:") == 2
    mark = "post: # idemlint: ignore[idempotency-*] an old client"
    (folder / "flawed.yaml").write_text(text.replace("post:", mark, 1), encoding="utf-8")
    done = idemlint("check", "flawed.yaml", cwd=folder)
    assert len(done.stdout.splitlines()) == 2
    assert done.stderr.endswith(" · 2 ignored by comments\n")


def test_a_profile_sets_the_contract(folder: Path) -> None:
    done = idemlint("check", "clean.yaml", "--profile", "amazon-pay", cwd=folder)
    assert "x-amz-pay-idempotency-key" in done.stdout.lower()


def test_statistics_and_verbose_speak_on_stderr(folder: Path) -> None:
    done = idemlint("check", "flawed.yaml", "-q", "--statistics", cwd=folder)
    assert done.stdout == CONCISE
    assert done.stderr == "     2  idempotency-conflict-response\n     2  idempotency-key-required\n"
    done = idemlint("check", "flawed.yaml", "-v", cwd=folder)
    assert done.stdout == CONCISE
    assert "configuration: none\n" in done.stderr
    assert "document: flawed.yaml\n" in done.stderr


def test_sarif_tells_of_our_rules_what_explain_does(folder: Path) -> None:
    (folder / "own.yaml").write_text(
        "extends: idemlint:recommended\n"
        "rules: {own: {given: $.info, then: {field: contact, function: truthy}},\n"
        "        idempotency-key-uuid: {given: $.info, then: {field: license, function: truthy}}}\n",
        encoding="utf-8",
    )
    done = idemlint("check", "flawed.yaml", "-r", "own.yaml", "-f", "sarif", cwd=folder)
    rules = {rule["id"]: rule for rule in json.loads(done.stdout)["runs"][0]["tool"]["driver"]["rules"]}
    page = idemlint("explain", "idempotency-key-required", "-f", "markdown", cwd=folder).stdout
    assert rules["idempotency-key-required"]["help"] == {"text": page, "markdown": page}
    assert "help" not in rules["own"]
    assert "help" not in rules["idempotency-key-uuid"], "a rule of somebody else's with the name of one of ours"


# --- baseline ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "choice", [("--only", "GET /a"), ("--except", "/a"), ("--select", "parser"), ("--ignore", "parser")]
)
def test_a_baseline_is_not_written_for_a_part(folder: Path, choice: tuple[str, str]) -> None:
    (folder / "known.json").write_text("[]")
    done = idemlint("check", "flawed.yaml", "--write-baseline", "--baseline", "known.json", *choice, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "it would lose the rest" in done.stderr
    assert (folder / "known.json").read_text() == "[]"


def test_a_baseline_hides_what_is_known_and_shows_what_is_new(folder: Path) -> None:
    written = idemlint("check", "flawed.yaml", "--write-baseline", cwd=folder)
    assert (written.returncode, written.stdout) == (0, "")
    assert written.stderr == "4 findings written to .idemlint-baseline.json\n"
    baseline = ("--baseline", ".idemlint-baseline.json")
    done = idemlint("check", "flawed.yaml", *baseline, cwd=folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert "4 known to the baseline" in done.stderr
    text = (folder / "flawed.yaml").read_text(encoding="utf-8")
    moved = text.replace("paths:\n", "x-new: 1\npaths:\n  /new:\n    post: {responses: {'409': {description: x}}}\n")
    (folder / "flawed.yaml").write_text(moved, encoding="utf-8")
    done = idemlint("check", "flawed.yaml", *baseline, "-f", "json", cwd=folder)
    assert operations(done.stdout) == {"POST /new"}
    (folder / "flawed.yaml").write_text((folder / "clean.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    done = idemlint("check", "flawed.yaml", *baseline, cwd=folder)
    assert "warning: 4 entries are in the baseline but not in the documents any more" in done.stderr


def test_no_baseline_is_written_when_a_document_could_not_be_read(folder: Path) -> None:
    done = idemlint("check", "flawed.yaml", "missing.yaml", "--write-baseline", cwd=folder)
    assert done.returncode == 2
    assert not (folder / ".idemlint-baseline.json").exists()


# --- many documents ----------------------------------------------------------------------------------------------------


def test_several_processes_give_the_same_in_the_same_order(folder: Path) -> None:
    text = (folder / "flawed.yaml").read_text(encoding="utf-8")
    many = folder / "many"
    many.mkdir()
    for number in range(25):
        (many / f"{number:02}.yaml").write_text(text.replace("/refunds", f"/refunds/{number}"), encoding="utf-8")
    (many / "07.yaml").write_text("openapi: [", encoding="utf-8")
    runs = []
    for jobs in ("1", "3"):
        done = idemlint("check", "many", "--jobs", jobs, "-f", "text", "-f", "sarif=s.json", cwd=folder)
        runs.append((done.returncode, done.stdout, done.stderr, (folder / "s.json").read_text(encoding="utf-8")))
    assert runs[0] == runs[1]
    assert runs[0][0] == 2
    assert runs[0][1].count("error[") == 24 * 4
    assert "7 │     post:" in runs[0][1]


def test_columns_are_of_utf_16_whoever_has_read_the_documents(folder: Path) -> None:
    wide = "openapi: 3.0.3\ninfo: {title: Pay, version: '1'}\npaths: {/😀: {post: {responses: {}}}}\n"
    for name in ("a.yaml", "b.yaml", "c.yaml"):
        (folder / name).write_text(wide if name != "b.yaml" else wide.replace("😀", "é"), encoding="utf-8")
    runs = [idemlint("check", "a.yaml", "b.yaml", "c.yaml", "--jobs", jobs, "-f", "json", cwd=folder) for jobs in "13"]
    assert runs[0].stdout == runs[1].stdout
    starts = {
        (finding["source"][-6:], finding["range"]["start"]["character"]) for finding in json.loads(runs[0].stdout)
    }
    columns = {name: {column for source, column in starts if source == name} for name in ("a.yaml", "b.yaml", "c.yaml")}
    assert columns["a.yaml"] == columns["c.yaml"] == {column + 1 for column in columns["b.yaml"]}
