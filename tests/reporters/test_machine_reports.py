"""What machines read: Spectral's JSON, SARIF, JUnit, workflow commands, GitLab's code quality."""

from __future__ import annotations

import json
import re
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reporters.results_for_tests import BASE, BOTH, HOSTILE, NASTY, SECOND, finding, result, span

from idemlint.reporters import lookup
from idemlint.reporters.escaping import (
    LONGEST,
    command_property,
    json_text,
    markdown_code,
    terminal,
    terminal_lines,
    xml,
)
from idemlint.reporters.options import ReportOptions
from idemlint.results import CheckResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.findings import Finding

SCHEMA = json.loads((Path(__file__).parent / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))


def numbers(findings: Sequence[Finding]) -> list[str]:
    return [f"print-{number}" for number, _ in enumerate(findings)]


OPTIONS = ReportOptions(base=BASE, version="1.2.3", fingerprints=numbers)


def render(name: str, checked: CheckResult) -> str:
    return lookup(name)(checked, OPTIONS)


# --- Spectral's JSON ---------------------------------------------------------------------------------------------------


def spectral(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The same, put together without any care for speed."""
    entries = []
    for found in findings:
        start, end = found.range
        entry: dict[str, Any] = {
            "code": found.code,
            "path": list(found.path),
            "message": found.message,
            "severity": int(found.severity),
            "range": {"start": start._asdict(), "end": end._asdict()},
            "source": found.source,
        }
        if found.operation is not None:
            entry["operation"] = found.operation
        entries.append(entry)
    return entries


def test_json_is_laid_out_as_spectral_does() -> None:
    expected = json.dumps(spectral(BOTH.findings), indent="\t", ensure_ascii=False) + "\n"
    assert render("json", BOTH) == expected
    assert render("json", CheckResult([])) == "[]\n"


@given(st.lists(st.text() | st.integers(0, 9), max_size=4), st.text(), st.text() | st.none())
def test_json_is_json_whatever_a_document_says(path: list[str | int], message: str, operation: str | None) -> None:
    checked = result(finding(path=tuple(path), message=message, operation=operation))
    assert json.loads(render("json", checked)) == spectral(checked.findings)


def test_json_of_500_findings_takes_no_time() -> None:
    checked = result(*[finding(message=f"{number}") for number in range(500)])
    render("json", checked)
    best = min(_seconds(checked) for _ in range(7))
    assert best < 0.02  # 2 ms on a quiet machine


def _seconds(checked: CheckResult) -> float:
    start = time.perf_counter()
    render("json", checked)
    return time.perf_counter() - start


# --- SARIF -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("checked", [BOTH, HOSTILE, CheckResult([]), result(finding(source="https://e.org/a b.yaml"))])
def test_sarif_is_valid(checked: CheckResult) -> None:
    log = json.loads(render("sarif", checked))
    jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(log)


def test_sarif() -> None:
    run = json.loads(render("sarif", BOTH))["runs"][0]
    assert run["tool"]["driver"]["rules"][0] == {
        "id": "idempotency-key-required",
        "shortDescription": {"text": "POST and PATCH require a key"},
        "defaultConfiguration": {"level": "error"},
        "helpUri": "https://example.org/a%20b",
    }
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["originalUriBaseIds"] == {"SRCROOT": {"uri": "file:///project/"}}
    first, second = run["results"]
    assert first["ruleId"] == run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == SECOND.code
    assert first["level"] == "warning"
    assert first["partialFingerprints"] == {"idemlint/v1": "print-0"}
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "components/parameters.yaml", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 6, "startColumn": 16, "endLine": 6, "endColumn": 36},
    }
    assert first["relatedLocations"][0]["message"] == {"text": "used here"}
    assert first["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 31
    assert second["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "POST /payments", "kind": "function"}]
    invocation = run["invocations"][0]
    assert invocation["executionSuccessful"] is False
    notification = invocation["toolExecutionNotifications"][0]
    assert notification["message"] == {"text": "mapping values are not allowed here"}
    assert notification["locations"][0]["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 5}


@pytest.mark.parametrize(
    ("source", "location"),
    [
        ("/project/a b#%ü.yaml", {"uri": "a%20b%23%25%C3%BC.yaml", "uriBaseId": "SRCROOT"}),
        ("/elsewhere/a.yaml", {"uri": "file:///elsewhere/a.yaml"}),
        ("https://example.org/a.yaml", {"uri": "https://example.org/a.yaml"}),
        ("<stdin>", {"uri": "%3Cstdin%3E"}),
    ],
)
def test_sarif_locations_are_uris(source: str, location: dict[str, str]) -> None:
    run = json.loads(render("sarif", result(finding(source=source))))["runs"][0]
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == location


# --- JUnit -------------------------------------------------------------------------------------------------------------

# Jenkins' junit-10.xsd, as far as it goes
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "time"},
    "testcase": {"name", "classname", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error"},
    "failure": set(),
    "error": set(),
}


@pytest.mark.parametrize("checked", [BOTH, HOSTILE, CheckResult([]), result()])
def test_junit_has_the_schema_s_structure_and_adds_up(checked: CheckResult) -> None:
    root = ElementTree.fromstring(render("junit", checked).encode("utf-8", "strict"))
    for element in root.iter():
        assert set(element.attrib) <= ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= CHILDREN[str(element.tag)]
    for suite in [root, *root]:
        assert int(suite.attrib["tests"]) == len(list(suite.iter("testcase")))
        assert int(suite.attrib["failures"]) == len(list(suite.iter("failure")))
        assert int(suite.attrib["errors"]) == len(list(suite.iter("error")))


def test_junit() -> None:
    root = ElementTree.fromstring(render("junit", BOTH))
    assert root.attrib == {"name": "idemlint", "tests": "3", "failures": "2", "errors": "1", "time": "0"}
    case = root[0][0]
    assert case.attrib["name"] == "idempotency-key-required: POST /payments (payments.yaml:9:5)"
    assert case[0].attrib == {"message": "POST /payments does not require an Idempotency-Key", "type": "error"}
    assert (case[0].text or "").split("\n")[0] == "payments.yaml:9:5"
    assert root[1][0][0].attrib == {"message": "mapping values are not allowed here", "type": "DocumentError"}


@given(st.text())
def test_xml_gives_back_what_xml_can_hold(text: str) -> None:
    element = ElementTree.fromstring(f'<a b="{xml(text)}">{xml(text)}</a>')
    illegal = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
    assert element.attrib["b"] == (element.text or "") == illegal.sub("\ufffd", text)


# --- GitHub and GitLab -------------------------------------------------------------------------------------------------


def test_github() -> None:
    warning, error, unread = render("github", BOTH).splitlines()
    assert warning == (
        "::warning file=components/parameters.yaml,line=6,col=16,endLine=6,endColumn=35,title=idempotency-key-uuid"
        "::the key of POST /refunds accepts more than UUIDs"
    )
    assert error == (
        "::error file=payments.yaml,line=9,col=5,endLine=9,endColumn=8,title=idempotency-key-required"
        "::POST /payments does not require an Idempotency-Key%0Aadd a required header parameter"
    )
    assert unread == "::error file=broken.yaml,line=3,col=5,title=idemlint::mapping values are not allowed here"


def test_github_leaves_columns_out_of_what_spans_lines() -> None:
    line = render("github", result(finding(focus=span(8, 4, 2, 10))))
    assert line.startswith("::error file=payments.yaml,line=9,endLine=11,title=")


@given(st.text())
def test_a_workflow_command_s_property_cannot_be_left(text: str) -> None:
    escaped = command_property(terminal(text))
    assert not re.search("[\r\n:,]", escaped)
    assert unquote(escaped) == terminal(text)


def test_hostile_text_makes_one_workflow_command_a_finding() -> None:
    lines = render("github", HOSTILE).split("\n")
    assert len(lines) == 2
    assert lines[0].startswith("::error file=")
    properties = lines[0].removeprefix("::error ").partition("::")[0]
    assert [part.partition("=")[0] for part in properties.split(",")] == [
        "file",
        "line",
        "col",
        "endLine",
        "endColumn",
        "title",
    ]


def test_gitlab() -> None:
    first, second, unread = json.loads(render("gitlab", BOTH))
    assert first == {
        "description": "the key of POST /refunds accepts more than UUIDs",
        "check_name": "idempotency-key-uuid",
        "fingerprint": "print-0",
        "severity": "minor",
        "location": {
            "path": "components/parameters.yaml",
            "positions": {"begin": {"line": 6, "column": 16}, "end": {"line": 6, "column": 36}},
        },
    }
    assert second["severity"] == "major"
    assert (unread["severity"], unread["location"]) == ("blocker", {"path": "broken.yaml", "lines": {"begin": 3}})
    assert len(unread["fingerprint"]) == 64


# --- escaping ----------------------------------------------------------------------------------------------------------


@given(st.text())
def test_terminal_text_is_one_line_without_commands(text: str) -> None:
    shown = terminal(text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    assert terminal(shown) == shown


@given(st.text())
def test_json_is_escaped_without_a_change_to_what_it_says(text: str) -> None:
    escaped = json_text(json.dumps([text], ensure_ascii=False))
    assert json.loads(escaped) == [text]
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", escaped)


def test_terminal_text_is_cut_once() -> None:
    shown = terminal("\x1b" * 5_000)
    assert len(shown) == LONGEST
    assert terminal(shown) == shown
    assert len(terminal_lines("a\n\x1b" * 1_000_000)) == LONGEST


@given(st.text())
def test_a_markdown_code_span_ends_where_it_should(text: str) -> None:
    span_text = markdown_code(text)
    fence = re.match("`+", span_text)[0]  # type: ignore[index]  # it always begins with one
    assert span_text.endswith(fence)
    inner = span_text[len(fence) : -len(fence)]
    assert fence not in re.findall("`+", inner)
    assert not re.search(r"(?<!\\)\|", inner)


def test_what_the_nasty_text_looks_like() -> None:
    assert terminal(NASTY).endswith("\\x1b[31m\\x9b\\u202e\\x00 ::warning::%0A]]>&\\ud800")
