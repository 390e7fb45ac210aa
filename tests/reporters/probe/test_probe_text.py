"""What people read of a probe on a terminal: the matrix, the stories, and how both behave on any screen."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from reporters.probe.reports_for_tests import (
    BASE,
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

from idemlint.probe_report import GROUPS, EffectCount, ProbeReport, Verdict
from idemlint.reporters.columns import width
from idemlint.reporters.options import ReportOptions
from idemlint.reporters.probe.suggestion import as_yaml
from idemlint.reporters.probe.text import render


def text(made: ProbeReport, columns: int = 80, *, color: bool = False, unicode: bool = True) -> str:
    return render(made, ReportOptions(base=BASE, width=columns, color=color, unicode=unicode))


def test_a_double_execution_is_told_as_a_story() -> None:
    story = text(report()).split("\n\n")[2]
    assert story.splitlines() == [
        "✗ CON-01 two concurrent duplicates  POST /payments                safety · error",
        "  3 requests with one key, released within 5 µs, had 2 effects.",
        "      #3  +0.00 ms  201  pay_3  ran",
        "      #7  +0.00 ms  201  pay_7  ran  second effect",
        "      1 other  409",
        "      1 other key in the same burst",
        "  Seen by: GET /payments, 1 before, 4 after; 3 effects of 2 keys.",
        "  Why it matters: a retry that arrives while the first request is at work does",
        "  the work twice.",
        "  Promise: of two requests with one key at the same time, one does the work",
        "  (draft-ietf-httpapi-idempotency-key-header-06, section 2.6).",
        "  Again:",
        "    idemlint probe payments.yaml --replay report.json --check CON-01 --only 'POST /payments'",
    ]


def test_without_a_report_that_was_kept_the_command_says_all_by_itself() -> None:
    shown = text(report(saved=""))
    assert (
        "    idemlint probe payments.yaml --url http://127.0.0.1:4010 --profile ietf-07 --seed 8191 --select CON-01"
        " --only 'POST /payments'\n" in shown
    )
    assert " --select CON-01 --app MODULE:ATTR --only " in text(report(saved="", target="http://app.invalid"))


def test_requests_that_were_sent_one_after_the_other_come_with_their_names_and_a_curl() -> None:
    shown = text(report())
    assert (
        "      #20  first          201  pay_20  ran\n      #21  other payload  201  pay_21  ran  second effect" in shown
    )
    assert "    curl -i -X POST http://127.0.0.1:4010/payments\n" in shown


def test_the_matrix_marks_the_worst_of_each_group() -> None:
    lines = text(report(), 100).splitlines()
    assert lines[2].split() == ["controls", "replay", "payload", "concurrency", "format"]
    assert lines[3].split() == ["POST", "/payments", "✓", "✓", "✗", "✗", "–"]
    assert lines[4].split() == ["POST", "/refunds", "?", "?", "–", "–", "–"]
    assert lines[5] == "✓ passed, ✗ failed, ? inconclusive, – skipped"


def test_a_failed_control_is_an_open_question_not_a_failure() -> None:
    made = report(operation("POST /a", passed("CTL-01", "controls", axis="control", verdict=Verdict.FAIL)))
    assert "✗" not in text(made)


def test_the_end_adds_up_and_says_what_was_proven() -> None:
    assert text(report()).endswith(
        "1 safety failure, 1 conformance failure, 1 inconclusive, 1 skipped, 1 passed ·\n"
        "312 requests in 6.2 s\n"
        "Concurrency: 60 bursts, overlap shown in 58; windows of 140 µs or more would\n"
        "have been seen (calibrated).\n"
        "Note: the clock of the target is 3 s ahead\n"
    )
    assert "not measured" in text(report(bound=None))
    assert "Ended early: The budget of 400 requests was used up." in text(
        report(interrupted="the budget of 400 requests was used up")
    )


def test_doubts_differences_and_the_suggested_block_are_told() -> None:
    shown = text(report())
    assert "? POST /refunds  No valid request could be made: payment_id must exist.\n" in shown
    assert "document and profile say\n  POST /payments  in flight: 201 in the place of 409\n" in shown
    assert "    x-idempotency: {onMissing: 400, scope: [account, path], ttl: PT24H}\n" in shown


def test_a_long_block_reads_back_as_it_was() -> None:
    members = {f"member{at}": [at, "a: b # c", "\u2028"] for at in range(12)}
    block = as_yaml(operation(suggestion=members))
    assert max(map(len, block.splitlines())) <= 90
    assert yaml.safe_load(block) == {"x-idempotency": members}


def test_equal_suggestions_and_reasons_are_told_once() -> None:
    made = report(operation("POST /a"), operation("POST /b"), blocked("POST /c"), blocked("POST /d"))
    shown = text(made)
    assert shown.count("x-idempotency:") == 1
    assert "Seen at POST /a and POST /b;" in shown
    assert "? POST /c and POST /d  No valid request" in shown


def test_a_second_operation_is_spared_the_promise() -> None:
    shown = text(report(operation("POST /a", check()), operation("POST /b", check())))
    assert shown.count("✗ CON-01") == 2
    assert shown.count("Why it matters") == 1


def test_answers_that_hide_the_double_execution_do_not_name_a_culprit() -> None:
    unclear = tuple(exchange(number, 200, ran=None) for number in (3, 7))
    made = check(exchanges=unclear, effects=EffectCount(2, exact=True, oracle="the mock's counter"))
    shown = text(report(operation("POST /a", made)))
    assert "#3  +0.00 ms  200  may have run" in shown
    assert "second effect" not in shown


def test_a_storm_shows_six_requests_and_counts_the_others() -> None:
    sent = tuple(exchange(number) for number in range(1, 31))
    burst = check().bursts[0]._replace(exchanges=tuple(range(1, 31)))
    shown = text(report(operation("POST /a", check(exchanges=sent, bursts=(burst,)))))
    assert shown.count(" effect\n") == 5
    assert "      24 more  201  ran\n" in shown


def test_without_colour_there_is_no_escape_and_with_it_the_words_are_the_same() -> None:
    plain, colored = text(report()), text(report(), color=True)
    assert "\x1b" not in plain
    assert "\x1b[1;31m✗" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_a_terminal_without_unicode_gets_ascii() -> None:
    shown = text(report(), unicode=False)
    assert shown.isascii()
    assert "x CON-01" in shown
    assert "+ passed, x failed, ? inconclusive, - skipped" in shown


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 300])
def test_lines_fit_the_screen_but_for_commands_and_long_names(columns: int) -> None:
    whole = [passed(f"{group[:3].upper()}-01", group) for group in GROUPS]
    made = report(operation("POST /payments", *whole, check()), operation("PATCH /payments/{payment_id}", check()))
    lines = text(made, columns).splitlines()
    wide = [line for line in lines if width(line) > columns and "idemlint probe" not in line and "curl" not in line]
    assert all(len(line.split()) == 1 for line in wide), "just a word that is longer than a line"


def test_all_thirteen_groups_fit_eighty_columns() -> None:
    whole = [passed(f"{group[:3].upper()}-01", group) for group in GROUPS]
    lines = text(report(operation("POST /payments", *whole))).splitlines()
    assert lines[2].split()[:4] == ["ctrl", "key", "repl", "err"]
    assert len(lines[2]) <= 80
    assert lines[3].startswith("POST /payments ")
    assert lines[3].count("✓") == len(GROUPS)


def test_a_long_name_stands_on_a_line_of_its_own() -> None:
    label = "POST /organizations/{organization_id}/accounts/{account_id}/transfers/{transfer_id}/reversals"
    lines = text(report(operation(label), operation("POST /a")), 90).splitlines()
    assert lines[3:5] == ["POST", label.removeprefix("POST ")]
    assert lines[5].split() == ["✓", "✓", "✗", "✗", "–"]
    assert lines[6].split() == ["POST", "/a", "✓", "✓", "✗", "✗", "–"]


def test_two_hundred_operations_do_not_scroll_by() -> None:
    shown = text(many())
    assert len(shown.splitlines()) < 130
    assert "✗ CON-01 fails at 18 other operations as well:" in shown
    assert "? 20 operations that could not be asked" in shown
    assert "✓ 140 operations without failures or open questions" in shown
    assert "    POST /things/20/parts, POST /things/30/parts, POST /things/40/parts and 15" in shown


def test_nothing_probed_is_said() -> None:
    nothing = ProbeReport("http://127.0.0.1", "ietf-07", "core", 1, ())
    assert "no operation takes keys: nothing was probed" in text(nothing)
    assert "nothing was checked · 0 requests" in text(nothing)


def test_a_weak_pass_is_counted_as_such() -> None:
    assert "2 passed (1 of them weakly)" in text(clean())


@settings(max_examples=40, deadline=None)
@given(
    st.text(max_size=80) | st.sampled_from([NASTY, "", "界" * 60, "e\u0301" * 50]),
    st.integers(40, 200),
    st.booleans(),
    st.booleans(),
)
def test_hostile_text_never_breaks_it(said: str, columns: int, color: bool, unicode: bool) -> None:
    shown = text(hostile(said), columns, color=color, unicode=unicode)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", shown) if color else shown
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", bare)
