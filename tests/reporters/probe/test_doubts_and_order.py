"""What every report for people says of what stayed open, in which order it tells failures, and which commands it shows."""

from __future__ import annotations

import re

import pytest
from reporters.probe.reports_for_tests import BASE, blocked, check, control, exchange, operation, passed, report

from idemlint.findings import Severity
from idemlint.probe_report import CheckResult, OperationResult, ProbeReport, Verdict
from idemlint.reporters.options import ReportOptions
from idemlint.reporters.probe import lookup
from idemlint.reporters.probe.by_hand import by_hand
from idemlint.reporters.probe.doubts import doubts
from idemlint.reporters.probe.evidence import failures, sentence

PEOPLE = ("text", "markdown", "html")
UNKEYED = "the document declares no Idempotency-Key here"


def shown(name: str, made: ProbeReport) -> str:
    """Without what the format adds to words: line breaks, escapes and tags."""
    text = lookup(name)(made, ReportOptions(base=BASE, width=100))
    text = re.sub(r"<[^>]*>", " ", text) if name == "html" else text.replace("\\", "")
    return " ".join(text.split())


def unkeyed(label: str = "GET /things") -> OperationResult:
    skipped = passed(verdict=Verdict.SKIPPED, reason=UNKEYED)
    return operation(label, control(Verdict.INCONCLUSIVE), skipped, blocked=UNKEYED, differences=(), suggestion={})


def unseen() -> OperationResult:
    """Nothing could be judged, and the checks themselves were skipped."""
    canned = control(Verdict.FAIL)._replace(
        id="CTL-04", reason="two payloads got the same bytes: the answers are canned"
    )
    skipped = passed(verdict=Verdict.SKIPPED, reason="static mock: the answers are canned")
    return operation("POST /payments", control(), canned, skipped, differences=(), suggestion={})


@pytest.mark.parametrize("name", PEOPLE)
def test_where_nothing_was_probed_the_report_says_why(name: str) -> None:
    assert UNKEYED[1:] in shown(name, report(unkeyed()))  # behind a capital
    assert "the answers are canned" in shown(name, report(unseen()))


def test_an_operation_without_a_key_is_no_open_question_where_others_were_probed() -> None:
    assert doubts([operation(), unkeyed(), blocked()]) == {
        "no valid request could be made: payment_id must exist": {"POST /refunds": []}
    }


def test_controls_explain_just_what_was_not_decided() -> None:
    blind = control(Verdict.INCONCLUSIVE)._replace(reason="oracle blind")
    doubt = passed(verdict=Verdict.INCONCLUSIVE, reason="no effects were seen")
    assert list(doubts([operation("POST /a", blind, doubt)])) == ["oracle blind", "no effects were seen"]
    assert list(doubts([operation("POST /a", blind, doubt, passed("KEY-01", "key"))])) == ["no effects were seen"]


def test_the_most_harmful_failures_come_first_and_those_of_one_check_together() -> None:
    def failed(identifier: str, group: str, severity: Severity = Severity.ERROR, axis: str = "safety") -> CheckResult:
        return check(id=identifier, group=group, severity=severity, axis=axis)

    first = operation(
        "POST /a",
        *(
            failed("KEY-03", "key"),
            failed("KEY-06", "key"),
            failed("RPL-01", "replay"),
            failed("RPL-02", "replay", axis="conformance"),
            failed("SCP-02", "scope", Severity.WARN),
            failed("CON-01", "concurrency"),
        ),
    )
    second = operation("POST /b", failed("KEY-03", "key"), failed("RPL-01", "replay"))
    told = [(each.id, where.operation[-1]) for where, each in failures(report(first, second))]
    assert told == [
        *(("RPL-01", "a"), ("RPL-01", "b"), ("CON-01", "a"), ("SCP-02", "a")),
        *(("KEY-03", "a"), ("KEY-03", "b"), ("KEY-06", "a"), ("RPL-02", "a")),
    ]


@pytest.mark.parametrize(
    ("said", "told"),
    [("another actor?", "Another actor?"), ("it ran.", "It ran."), ("it ran", "It ran."), ("", ""), ("no!", "No!")],
)
def test_a_sentence_has_one_mark_at_its_end(said: str, told: str) -> None:
    assert sentence(said) == told


def commands(reproduce: str, most: int = 2) -> list[str]:
    return by_hand(check(reproduce=reproduce), most)


def test_commands_keep_their_remarks_and_are_waited_for() -> None:
    assert commands("") == []
    assert commands("# one\ncurl a\n# two\ncurl b\n# three\ncurl c") == ["# one", "curl a", "# two", "curl b"]
    assert commands("curl a &\nsleep 0.25\ncurl b &\nwait\ncurl c") == ["curl a &", "sleep 0.25", "curl b &", "wait"]
    assert commands("curl a &\ncurl b &\ncurl c &\nwait") == ["curl a &", "curl b &", "wait"]


def test_a_command_is_whole_or_not_there() -> None:
    told = commands(f"curl a\n# long\ncurl {'x' * 5000}")
    assert told == ["curl a", "# commands that are too long to stand here are in the report as JSON"]


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_two_at_once_are_shown_as_two_at_once(name: str) -> None:
    racing = check(reproduce="curl -i a &\ncurl -i b &\nwait", exchanges=(exchange(1), exchange(2)))
    text = shown(name, report(operation("POST /a", racing))).replace("&amp;", "&")
    assert "the race may take some tries" in text
    assert "curl -i a & curl -i b & wait" in text
