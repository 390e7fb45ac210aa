"""What people read: code frames, concise lines, the summary, the Markdown page."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reporters.results_for_tests import BASE, BOTH, HOSTILE, Held, finding, result, span

from idemlint.findings import Finding, Related, Severity
from idemlint.reporters import NAMES, lookup
from idemlint.reporters.columns import excerpt, width, wrap
from idemlint.reporters.options import ReportOptions
from idemlint.results import CheckResult, DocumentResult

OPTIONS = ReportOptions(base=BASE)

FRAMES = """\
warn[idempotency-key-uuid]: the key of POST /refunds accepts more than UUIDs
  ┌─ components/parameters.yaml:6:16
  │
6 │       pattern: '^$|^[a-zA-Z0-9-]+$'
  │                ^^^^^^^^^^^^^^^^^^^^ accepts "" and "retry-1"
  │
  ├─ payments.yaml:31:9  used here
  │
  = docs: idemlint explain idempotency-key-uuid

error[idempotency-key-required]: POST /payments does not require an Idempotency-Key
  ┌─ payments.yaml:9:5
  │
9 │     post:
  │     ^^^^ a client that times out cannot retry
  │
  = help: add a required header parameter
  = docs: https://example.org/rule

2 findings (1 error, 1 warning) in 3 operations of 1 document · key required on 1 of 3 · conflict declared on 3 of 3 · 1 exempt · 1 document could not be checked
"""


def frame(line: str, start: int, end: int, columns: int = 80, label: str = "") -> list[str]:
    """Line and caret line of a finding at characters `start` to `end` of `line`."""
    it = finding(code="c", message="m", focus=span(0, start, end), label=label, help="", url="")
    text = lookup("text")(
        result(it, documents={"/project/payments.yaml": Held(line)}),
        OPTIONS._replace(width=columns, summary=False),
    )
    return [part.partition("│ ")[2] for part in text.split("\n")[3:5]]


def test_frames() -> None:
    options = OPTIONS._replace(explained=frozenset({"idempotency-key-uuid"}))
    assert lookup("text")(BOTH, options) == FRAMES


def test_frames_in_colour_say_the_same() -> None:
    options = OPTIONS._replace(explained=frozenset({"idempotency-key-uuid"}), color=True)
    text = lookup("text")(BOTH, options)
    assert "\x1b[1;31merror[idempotency-key-required]\x1b[0m" in text
    assert re.sub("\x1b\\[[0-9;]*m", "", text) == FRAMES


def test_frames_in_ascii() -> None:
    text = lookup("text")(BOTH, OPTIONS._replace(unicode=False))
    assert text.isascii()
    assert "  --> payments.yaml:9:5\n  |\n9 |     post:\n  |     ^^^^ a client" in text


def test_the_gutter_is_as_wide_as_the_line_number() -> None:
    it = finding(focus=span(1233, 0, 3), label="", help="", url="", code="c", message="m")
    lines = lookup("text")(
        result(it, documents={"/project/payments.yaml": Held("#\n" * 1233 + "abc\n")}), OPTIONS
    ).split("\n")
    assert lines[1:5] == ["     ┌─ payments.yaml:1234:1", "     │", "1234 │ abc", "     │ ^^^"]


def test_without_the_text_the_label_is_told_all_the_same() -> None:
    text = lookup("text")(result(finding(), documents={}), OPTIONS)
    assert "9:5\n  │\n  │ a client that times out cannot retry\n  │\n  = help" in text


def shared(number: int) -> list[Finding]:
    """What a parameter that many operations take is found guilty of."""
    return [
        finding(
            code="c",
            message=f"the key of POST /{at} is loose",
            operation=f"POST /{at}",
            focus=span(0, 0, 3),
            related=(Related("/project/payments.yaml", span(10 + at, 2, 5), "used here"),),
            help="mend it",
            url="",
        )
        for at in range(number)
    ]


def test_one_place_that_many_operations_share_is_drawn_once() -> None:
    text = lookup("text")(result(*shared(9), documents={"/project/payments.yaml": Held("key: 1")}), OPTIONS)
    frame, _, rest = text.partition("\n\n")
    assert frame.splitlines() == [
        "error[c]: the key of POST /0 is loose",
        "  ┌─ payments.yaml:1:1",
        "  │",
        "1 │ key: 1",
        "  │ ^^^ a client that times out cannot retry",
        "  │",
        "  ├─ payments.yaml:11:3  used here",
        "  │",
        "  ├─ payments.yaml:12:3  used here",
        "  │",
        "  ├─ payments.yaml:13:3  used here",
        "  │",
        "  = also: POST /1, POST /2, POST /3, POST /4, POST /5 and 3 more",
        "  = help: mend it",
    ]
    assert rest.startswith("9 findings (9 errors)")


def test_the_same_place_for_other_reasons_is_drawn_again() -> None:
    one, other = shared(2)
    held = {"/project/payments.yaml": Held("key: 1")}
    for different in (
        other._replace(code="d"),
        other._replace(label="another"),
        other._replace(operation=None),
        other._replace(focus=span(0, 1, 3)),
    ):
        text = lookup("text")(result(one, different, documents=held), OPTIONS._replace(summary=False))
        assert text.count("┌─") == 2, different


def test_tabs_wide_and_combining_characters_do_not_move_the_caret() -> None:
    assert frame("\tk: v", 1, 2) == ["    k: v", "    ^"]
    assert frame("  \tk: v", 3, 4) == ["    k: v", "    ^"]
    assert frame("支付: x", 4, 5) == ["支付: x", "      ^"]
    assert frame("支付: x", 0, 2) == ["支付: x", "^^^^"]
    assert frame("e\u0301e\u0301: x", 6, 7) == ["e\u0301e\u0301: x", "    ^"]
    assert frame("a\x1bb: x", 2, 3) == ["a\\x1bb: x", "     ^"]


def test_a_caret_behind_the_line_and_an_empty_line() -> None:
    assert frame("ab", 2, 2) == ["ab", "  ^"]
    assert frame("", 0, 0) == ["", "^"]
    assert frame("ab", 99, 120) == ["ab", "  ^"]


def test_a_long_line_is_cut_around_the_caret() -> None:
    line = "x" * 500 + "KEY" + "y" * 500
    shown, carets = frame(line, 500, 503, columns=60)
    assert width(shown) <= 57
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "KEY"
    shown, carets = frame(line, 0, 1003, columns=60)
    assert shown.startswith("xxx")
    assert shown.endswith("…")
    assert width(carets) <= 57
    assert len(frame("z" * 5_000_000, 2_500_000, 2_500_003)[0]) <= 77


def test_a_label_that_does_not_fit_stands_below_the_caret() -> None:
    label = "a sentence that is too long to stand beside the caret on this line"
    it = finding(code="c", message="m", focus=span(0, 10, 14), label=label, help="", url="")
    text = lookup("text")(
        result(it, documents={"/project/payments.yaml": Held(" " * 10 + "post: x")}),
        OPTIONS._replace(width=60, summary=False),
    )
    assert text.split("\n")[4:7] == [
        "  │           ^^^^",
        "  │           a sentence that is too long to stand beside",
        "  │           the caret on this line",
    ]


@given(st.text(max_size=200), st.integers(0, 220), st.integers(0, 220), st.integers(20, 120))
def test_an_excerpt_is_one_printable_line_within_its_columns(line: str, start: int, length: int, columns: int) -> None:
    line = re.sub("[\n\r]", "", line)
    shown = excerpt(line, start, start + length, columns)
    assert width(shown.text) <= columns
    assert 0 <= shown.start < shown.end
    # a caret may stand just behind the text
    assert shown.end <= width(shown.text) + 1
    assert not re.search("[\x00-\x1f\x7f-\x9f]", shown.text)


@given(st.text(alphabet="abc 支\u0301", max_size=200), st.integers(5, 60))
def test_wrapping_keeps_every_word(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert " ".join(lines).split() == text.split()
    assert all(width(line) <= columns or " " not in line.strip() for line in lines)


# --- concise, summary, Markdown ----------------------------------------------------------------------------------------


def test_concise() -> None:
    assert lookup("concise")(BOTH, OPTIONS) == (
        "components/parameters.yaml:6:16: warn idempotency-key-uuid the key of POST /refunds accepts more than UUIDs\n"
        "payments.yaml:9:5: error idempotency-key-required POST /payments does not require an Idempotency-Key\n"
    )


def test_paths_are_relative_where_that_is_shorter() -> None:
    def place(source: str, base: str) -> str:
        return lookup("concise")(result(finding(source=source)), ReportOptions(base=base)).partition(":9:")[0]

    assert place("/project/a/b.yaml", "/project/a") == "b.yaml"
    assert place("/project/b.yaml", "/project/a") == "../b.yaml"
    assert place("/elsewhere/b.yaml", "/project/a/b/c/d") == "/elsewhere/b.yaml"
    assert place("/project-more/b.yaml", "/project") == "/project-more/b.yaml"
    assert place("<stdin>", "/project") == "<stdin>"
    assert place("https://example.org/b.yaml", "/project") == "https://example.org/b.yaml"
    assert place("/a.yaml", "/") == "a.yaml"


def test_the_findings_of_several_documents_come_in_one_order_and_once() -> None:
    shared = finding(source="/project/shared.yaml")
    first = DocumentResult("/project/b.yaml", [finding(source="/project/b.yaml"), shared])
    second = DocumentResult("/project/a.yaml", [finding(source="/project/a.yaml"), shared])
    sources = [found.source for found in CheckResult([first, second]).findings]
    assert sources == ["/project/a.yaml", "/project/b.yaml", "/project/shared.yaml"]


@pytest.mark.parametrize(
    ("severities", "expected"),
    [
        ([], "no findings"),
        ([0], "1 finding (1 error)"),
        ([1, 1, 2, 3, 3], "5 findings (2 warnings, 1 info, 2 hints)"),
    ],
)
def test_the_summary_counts(severities: list[int], expected: str) -> None:
    findings = [finding(severity=Severity(number), code=str(index)) for index, number in enumerate(severities)]
    assert lookup("text")(result(*findings), OPTIONS).split("\n")[-2].startswith(f"{expected} in 3 operations")


def test_markdown() -> None:
    assert lookup("markdown")(BOTH, OPTIONS) == (
        "## idemlint\n\n**2 findings (1 error, 1 warning)** in 2 documents\n\n"
        "| coverage | |\n| --- | --- |\n| operations in scope | 3 of 4 |\n| key required | 1 of 3 |\n"
        "| conflict declared | 3 of 3 |\n| exempt | 1 |\n\n"
        "- could not check `broken.yaml`: mapping values are not allowed here\n\n"
        "| severity | rule | operation | place | message |\n| --- | --- | --- | --- | --- |\n"
        "| warn | `idempotency-key-uuid` | `POST /refunds` | `components/parameters.yaml:6:16` "
        "| the key of POST /refunds accepts more than UUIDs |\n"
        "| error | `idempotency-key-required` | `POST /payments` | `payments.yaml:9:5` "
        "| POST /payments does not require an Idempotency-Key |\n"
    )


def test_hostile_text_is_no_markdown() -> None:
    page = lookup("markdown")(HOSTILE, OPTIONS)
    row = page.strip().split("\n")[-1]
    assert len(re.findall(r"(?<!\\)\|", row)) == 6
    message = row.rpartition(" | ")[2]
    for markup in ("<", "@team", "https:", "evil.example"):
        assert markup not in message
    assert not re.search(r"(?<!\\)`", message)
    assert "\x1b" not in page


@pytest.mark.parametrize("name", NAMES)
def test_every_format_survives_hostile_text_and_nothing_at_all(name: str) -> None:
    render = lookup(name)
    text = render(HOSTILE, OPTIONS)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    if name != "json":
        assert "\t" not in text
    if name not in ("json", "sarif", "gitlab"):
        assert not re.search("(?m)^::warning", text)
    assert isinstance(render(CheckResult([]), OPTIONS), str)
    assert isinstance(render(CheckResult([DocumentResult("/project/a.yaml", [])]), OPTIONS), str)


@pytest.mark.parametrize("name", NAMES)
def test_a_message_of_a_million_characters_is_cut_for_people(name: str) -> None:
    long = finding(
        message="m" * 1_000_000, label="l" * 1_000_000, help="h" * 1_000_000, operation="POST /" + "p" * 1_000_000
    )
    size = len(lookup(name)(result(long), OPTIONS))
    assert size > 1_000_000 if name in ("json", "sarif") else size < 40_000
    assert name != "sarif" or size < 1_040_000, "only the operation's name, which others compare, is whole"


def test_a_page_of_markdown_stays_below_what_github_takes() -> None:
    many = [finding(message="<" * 5_000, operation="|" * 5_000) for _ in range(400)]
    page = lookup("markdown")(result(*many), OPTIONS)
    assert 800_000 < len(page.encode()) < 1_000_000
    shown = page.count("\n| error |")
    assert f"{400 - shown} more findings are not shown here." in page


def test_an_unknown_format_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        lookup("os")
