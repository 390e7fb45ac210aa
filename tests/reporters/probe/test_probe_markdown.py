"""The job summary of a probe: GitHub's Markdown, in which nothing that was said elsewhere is markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from reporters.probe.reports_for_tests import BASE, NASTY, check, clean, exchange, hostile, many, operation, report

from idemlint.reporters.options import ReportOptions
from idemlint.reporters.probe.markdown import render

if TYPE_CHECKING:
    from idemlint.probe_report import ProbeReport


def markdown(made: ProbeReport) -> str:
    return render(made, ReportOptions(base=BASE, version="1.2.3"))


def prose(text: str) -> str:
    """Without blocks and spans of code, in which nothing is markup, and without our own folds."""
    text = re.sub(r"^(`{3,})\w*\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"(?<![`\\])(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    return re.sub(r"</?(details|summary)>", "", text)


def test_the_summary_has_sums_matrix_stories_and_what_to_do() -> None:
    text = markdown(report())
    assert "**1 safety failure, 1 conformance failure, 1 inconclusive, 1 skipped, 1 passed**" in text
    assert "| operation | controls | replay | payload | concurrency | format |" in text
    assert "| `POST /payments` | ✓ | ✓ | **✗** | **✗** | – |" in text
    assert "### ✗ CON-01 two concurrent duplicates: `POST /payments`" in text
    assert "| 3 | \\+0\\.00 ms | 201 | `pay_3` | ran |\n" in text
    assert "| 7 | \\+0\\.00 ms | 201 | `pay_7` | **ran again** |" in text
    assert "idemlint probe payments.yaml --replay report.json --check CON-01 --only 'POST /payments'" in text
    assert "- `POST /payments`: in flight&#58; 201 in the place of 409" in text
    assert "```yaml\nx-idempotency: {onMissing: 400, " in text
    assert "- `POST /refunds`: No valid request could be made" in text
    assert "windows of 140 µs or more would have been seen" in text


def test_a_clean_run_is_short() -> None:
    text = markdown(clean())
    assert "###" not in text
    assert "**2 passed" in text


def test_tables_keep_their_columns_whatever_stands_in_them() -> None:
    text = markdown(
        report(operation("POST /a|b", check(name="a|b", exchanges=(exchange(1, label="x|y", released=None),))))
    )
    rows = [line for line in text.splitlines() if line.startswith("| `POST")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [3]


def test_the_page_never_outgrows_what_github_takes() -> None:
    fat = check(
        reason="€" * 3_900, exchanges=tuple(exchange(n, label="€" * 3_000, released=None) for n in range(9)), bursts=()
    )
    text = markdown(report(*(operation(f"POST /{number}", fat, fat, fat) for number in range(200))))
    assert len(text.encode()) <= 900_000
    assert re.search(r"\d+ more failures not shown here\.", text)


def test_many_operations_are_cut_at_the_dull_end() -> None:
    text = markdown(many(400))
    rows = [line for line in text.splitlines() if line.startswith("| `POST")]
    assert len(rows) == 300
    assert sum("✗" in row for row in rows) == 40
    assert "100 more operations are not shown here." in text


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60) | st.sampled_from([NASTY, "", "`", "``` ```", "~~~\n<b>", "\n\n# x", "<!--", "</details>"]))
def test_nothing_said_is_markup(said: str) -> None:
    text = markdown(hostile(said))
    left = prose(text)
    assert "<" not in left
    assert not re.search(r"(?<!&#64;)(?<!\\)@", left)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    headings = [line for line in left.splitlines() if line.startswith("#")]
    assert len(headings) == 6, "those of ours"
