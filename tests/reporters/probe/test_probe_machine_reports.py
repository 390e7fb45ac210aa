"""What machines read of a probe: JSON, events, SARIF, JUnit, workflow commands, HTTP archives."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reporters.probe.reports_for_tests import (
    BASE,
    KEY,
    NASTY,
    blocked,
    check,
    clean,
    exchange,
    hostile,
    many,
    operation,
    passed,
    report,
)

from idemlint.findings import Severity
from idemlint.probe_report import (
    CheckFinished,
    CheckStarted,
    ExchangeRecord,
    Message,
    OperationFinished,
    OperationStarted,
    ProbeReport,
    RunFinished,
    Verdict,
)
from idemlint.reporters.options import ReportOptions
from idemlint.reporters.probe import NAMES, lookup
from idemlint.reporters.probe.ndjson import line

SCHEMA = json.loads((Path(__file__).parents[1] / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
OPTIONS = ReportOptions(base=BASE, version="1.2.3")
MESSAGE = {"type": "array", "items": {"type": "object", "required": ["name", "value"]}}
HAR = {
    "type": "object",
    "required": ["log"],
    "properties": {
        "log": {
            "type": "object",
            "required": ["version", "creator", "entries"],
            "properties": {
                "version": {"const": "1.2"},
                "creator": {"type": "object", "required": ["name", "version"]},
                "entries": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["startedDateTime", "time", "request", "response", "cache", "timings"],
                        "properties": {
                            "startedDateTime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*\+00:00$"},
                            "time": {"type": "number", "minimum": 0},
                            "request": {
                                "type": "object",
                                "required": [
                                    "method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize",
                                    "bodySize",
                                ],
                                "properties": {
                                    "headers": MESSAGE,
                                    "queryString": MESSAGE,
                                    "postData": {"type": "object", "required": ["mimeType", "text"]},
                                },
                            },
                            "response": {
                                "type": "object",
                                "required": [
                                    "status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL",
                                    "headersSize", "bodySize",
                                ],
                                "properties": {
                                    "status": {"type": "integer"},
                                    "headers": MESSAGE,
                                    "content": {"type": "object", "required": ["size", "mimeType"]},
                                },
                            },
                            "timings": {"type": "object", "required": ["send", "wait", "receive"]},
                        },
                    },
                },
            },
        }
    },
}  # fmt: skip
"""The members that the specification of HAR 1.2 does not call optional."""


def render(name: str, made: ProbeReport | None = None) -> str:
    return lookup(name)(report() if made is None else made, OPTIONS)


def strictly(text: str) -> Any:
    """JSON as every reader takes it: no NaN, no infinities."""

    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)

    return json.loads(text, parse_constant=refuse)


def answering(number: int, body: str, *headers: tuple[str, str]) -> ExchangeRecord:
    return exchange(number)._replace(response=Message("HTTP/1.1 200", headers, body, len(body)))


def test_every_name_has_a_renderer_and_no_other_name_has() -> None:
    for name in NAMES:
        assert render(name).endswith("\n")
    with pytest.raises(KeyError):
        lookup("yaml")


# --- JSON --------------------------------------------------------------------------------------------------------------


def test_json_has_the_shape_that_the_interface_promises() -> None:
    data = strictly(render("json"))
    assert data["schema_version"] == 1
    assert (data["target"], data["profile"], data["seed"]) == ("http://127.0.0.1:4010", "ietf-07", 8191)
    assert data["document"] == "payments.yaml"
    assert data["summary"] == {"pass": 1, "fail": 2, "inconclusive": 1, "skipped": 1, "requests": 312}
    first = data["operations"][0]
    assert [each["id"] for each in first["controls"]] == ["CTL-01"]
    failed = next(each for each in first["checks"] if each["id"] == "CON-01")
    assert {"id", "name", "axis", "severity", "verdict", "reason", "evidence", "reproduce"} <= set(failed)
    assert (failed["axis"], failed["severity"], failed["verdict"]) == ("safety", "error", "fail")
    assert failed["evidence"]["effects"]["after"] == 4
    assert failed["evidence"]["exchanges"][0]["key"] == KEY
    assert failed["evidence"]["bursts"][0]["exchanges"] == [3, 7, 8, 9, 10]
    assert first["suggestion"]["x-idempotency"]["onMissing"] == 400


def test_json_holds_details_of_any_depth_and_size() -> None:
    deep: Any = "end"
    for _ in range(5000):
        deep = [deep]
    made = report(operation("POST /a", check(details={"deep": deep, "nan": float("nan"), "large": 1 << 20_000})))
    evidence = strictly(render("json", made))["operations"][0]["checks"][0]["evidence"]
    assert evidence["nan"] == "nan"
    assert evidence["large"].startswith("0x1")
    assert "..." in json.dumps(evidence["deep"])


# --- Events ------------------------------------------------------------------------------------------------------------


def test_events_of_a_finished_report_are_those_of_the_run() -> None:
    made = report()
    lines = [strictly(each) for each in render("ndjson", made).splitlines()]
    assert [each["event"] for each in lines[:4]] == [
        "run_started", "operation_started", "check_started", "check_finished"
    ]  # fmt: skip
    assert lines[-1]["event"] == "run_finished"
    assert lines[-1]["summary"]["fail"] == 2
    first = made.operations[0]
    run = [
        OperationStarted(first.operation, len(first.checks)),
        CheckStarted(first.operation, first.checks[0].id),
        CheckFinished(first.operation, first.checks[0], 7),
        OperationFinished(first),
        RunFinished(made),
    ]
    told = [strictly(line(event)) for event in run]
    assert told[2].pop("requests") == 7
    later = [{**each, "requests": None} if each["event"] == "check_finished" else each for each in lines]
    for each in (told[0], told[1], {**told[2], "requests": None}, told[3], told[4]):
        assert each in later


def test_evidence_stands_in_one_event_alone() -> None:
    lines = render("ndjson").splitlines()
    assert [strictly(each)["event"] for each in lines if "pay_9" in each] == ["check_finished"]


# --- SARIF -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [report(), clean(), hostile(), report(interrupted="the budget was used up")])
def test_sarif_is_valid(made: ProbeReport) -> None:
    jsonschema.validate(strictly(render("sarif", made)), SCHEMA)


def test_a_failure_points_at_the_operation_in_the_document() -> None:
    run = strictly(render("sarif"))["runs"][0]
    safety, conformance = run["results"]
    assert (safety["ruleId"], safety["level"], safety["kind"]) == ("CON-01", "error", "fail")
    assert (conformance["ruleId"], conformance["level"]) == ("FPR-01", "warning")
    assert run["tool"]["driver"]["rules"][safety["ruleIndex"]]["id"] == "CON-01"
    place = safety["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "payments.yaml", "uriBaseId": "SRCROOT"}
    assert place["region"] == {"startLine": 9, "startColumn": 5, "endLine": 9, "endColumn": 9}
    assert safety["webResponse"]["body"]["text"] == '{"id": "pay_7", "amount": 10}', "the second that ran"
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("POST /refunds")


def test_fingerprints_outlive_a_move_and_tell_operations_apart() -> None:
    def prints(made: ProbeReport) -> list[str]:
        results = strictly(render("sarif", made))["runs"][0]["results"]
        return [next(iter(each["partialFingerprints"].values())) for each in results]

    before = prints(report(operation("POST /a", check()), operation("POST /b", check())))
    moved = operation("POST /a", check(reason="3 of 20 keys", exchanges=()), place=None)
    assert len(set(before)) == 2
    assert prints(report(moved)) == before[:1]


# --- JUnit -------------------------------------------------------------------------------------------------------------


def test_junit_has_a_suite_an_operation_and_a_case_a_check() -> None:
    root = ElementTree.fromstring(render("junit"))
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("5", "2", "2")
    suites = root.findall("testsuite")
    assert [each.get("name") for each in suites] == ["POST /payments", "POST /refunds"]
    failure = suites[0].find("testcase[@name='CON-01 two concurrent duplicates']/failure")
    assert failure is not None
    assert failure.get("type") == "safety error"
    assert "second effect" in (failure.text or "")
    doubt = suites[1].find("testcase/skipped")
    assert doubt is not None
    assert (doubt.get("message") or "").startswith("inconclusive: No valid request")
    assert "CTL-01" not in render("junit")


# --- Workflow commands -------------------------------------------------------------------------------------------------


def test_annotations_stand_at_the_line_of_the_operation_and_safety_comes_first() -> None:
    lines = render("github").splitlines()
    assert lines[0].startswith(
        "::error file=payments.yaml,line=9,col=5,endLine=9,endColumn=8,title=CON-01 two concurrent duplicates::"
        "POST /payments%0A3 requests with one key"
    )
    assert lines[1].startswith("::warning file=payments.yaml,line=9,")
    assert lines[2].startswith("::notice ")
    assert len(lines) == 3


def test_annotations_without_a_file_have_no_place() -> None:
    made = report(operation("POST /a", check(severity=Severity.INFO), source="<stdin>"))
    assert render("github", made).startswith("::notice title=CON-01")


def test_nothing_to_say_is_no_output() -> None:
    assert render("github", clean()) == ""


# --- HTTP archive ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [report(), clean(), hostile(), report(began=None), report(began=1e30)])
def test_har_is_valid(made: ProbeReport) -> None:
    jsonschema.validate(strictly(render("har", made)), HAR)


def test_har_holds_each_exchange_once_masked_and_in_order() -> None:
    lost = exchange(30, None, started=0.5)
    made = report(exchanges=(lost, exchange(3)))
    entries = strictly(render("har", made))["log"]["entries"]
    assert [each["_number"] for each in entries] == [30, 3, 7, 8, 9, 10, 20, 21]
    assert entries[0]["response"]["status"] == 0
    assert entries[0]["_error"] == "connection reset"
    assert datetime.fromisoformat(entries[0]["startedDateTime"]).timestamp() == pytest.approx(1_700_000_000.5)
    second = entries[1]
    assert second["_checks"] == ["CON-01 POST /payments"]
    assert second["request"]["queryString"] == [{"name": "page", "value": "1"}]
    assert {"name": "Authorization", "value": "Bearer ***"} in second["request"]["headers"]
    assert second["response"]["statusText"] == "Created"
    assert second["timings"]["wait"] == pytest.approx(20, abs=0.1)


def test_har_counts_from_the_date_of_an_answer_where_the_run_does_not_say() -> None:
    dated = answering(1, "{}", ("Date", "Tue, 14 Nov 2023 22:13:21 GMT"))
    entry = strictly(render("har", report(began=None, exchanges=(dated,))))["log"]["entries"][0]
    assert entry["startedDateTime"].startswith("2023-11-14T22:13:20.9")


def test_har_says_which_bodies_are_base64() -> None:
    whole, cut = answering(1, "base64:AAEC"), answering(2, "base64:AAEC… (9 bytes in all)")
    first, second, *_ = strictly(render("har", report(exchanges=(whole, cut))))["log"]["entries"]
    assert (first["response"]["content"]["text"], first["response"]["content"]["encoding"]) == ("AAEC", "base64")
    assert "encoding" not in second["response"]["content"]


# --- Hostile text ------------------------------------------------------------------------------------------------------

DANGEROUS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_a_server_says_reaches_a_terminal(name: str) -> None:
    assert not DANGEROUS.search(render(name, hostile()))


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60) | st.sampled_from([NASTY, "", "\n", "::error::", "%0A::error::x", "]]>", "\\", "`" * 9]))
def test_whatever_is_said_the_formats_stay_whole(text: str) -> None:
    made = hostile(text)
    for name in ("json", "sarif", "har"):
        strictly(render(name, made))
    for each in render("ndjson", made).splitlines():
        assert "event" in strictly(each)
    ElementTree.fromstring(render("junit", made))
    commands = render("github", made).splitlines()
    assert len(commands) == 4 + bool(text)
    assert all(re.match(r"::(error|warning|notice) [^:]*::", each) for each in commands)


def test_json_says_what_was_said() -> None:
    data = strictly(render("json", hostile()))
    assert data["operations"][0]["checks"][0]["reason"] == NASTY


def test_two_hundred_operations_make_reports_of_a_bearable_size() -> None:
    made = many()
    assert len(render("github", made).splitlines()) == 40
    assert len(render("sarif", made)) < 2_000_000
    assert len(ElementTree.fromstring(render("junit", made)).findall("testsuite")) == 200


def test_a_blocked_operation_and_an_empty_run_are_told() -> None:
    assert "could not be probed" in render("github", report(blocked()))
    nothing = report()
    nothing = ProbeReport(nothing.target, nothing.profile, nothing.suite, nothing.seed, ())
    for name in NAMES:
        lookup(name)(nothing, OPTIONS)
    assert passed().verdict is Verdict.PASS
