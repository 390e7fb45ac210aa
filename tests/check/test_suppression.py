"""Inline ignores: what they cover, and what is said about those that do nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idemlint.check.suppression import Suppressed, suppress
from idemlint.findings import Finding, Position, Range, Severity
from idemlint.openapi.document import Document, parse

KNOWN = ("idempotency-key-required", "idempotency-key-uuid", "idempotency-conflict-response", "oas-tags")


def document(text: str, source: str = "/root.yaml") -> Document:
    return parse(text, source)


def finding(line: int, code: str = "oas-tags", source: str = "/root.yaml", operation: str | None = None) -> Finding:
    place = Range(Position(line, 4), Position(line, 9))
    return Finding(code, "message", Severity.ERROR, source, (), place, place, operation)


def run(text: str, *findings: Finding, **options: Any) -> Suppressed:
    lines = options.pop("lines", {})
    return suppress(findings, {"/root.yaml": document(text)}, KNOWN, lines.get, **options)


def said(result: Suppressed) -> list[tuple[int, str]]:
    return [(complaint.range.start.line, complaint.message) for complaint in result.extra]


def test_without_ignores_nothing_changes() -> None:
    one = finding(0)
    assert run("a: 1\n", one) == ([one], [], [])


def test_comment_on_the_line() -> None:
    here, there = finding(0), finding(1)
    result = run("a: 1  # idemlint: ignore[oas-tags] legacy client\nb: 2\n", here, there)
    assert result == ([there], [here], [])


def test_comment_on_the_line_above() -> None:
    text = "x: 0\n# idemlint: ignore[oas-tags] legacy client\n# more to say\na: 1\nb: 2\n"
    results = [run(text, finding(line)) for line in range(5)]
    assert [bool(result.suppressed) for result in results] == [False, False, False, True, False]


def test_comments_above_add_up() -> None:
    text = "# idemlint: ignore[oas-tags] one\n# idemlint: ignore[idempotency-key-uuid] two\na: 1\n"
    result = run(text, finding(2), finding(2, "idempotency-key-uuid"), finding(2, "idempotency-key-required"))
    assert [one.code for one in result.kept] == ["idempotency-key-required"]
    assert result.extra == []


def test_several_rules_and_prefixes() -> None:
    text = "a: 1 # idemlint: ignore[oas-tags, idempotency-key-*] both are wrong here\n"
    findings = [finding(0, code) for code in KNOWN]
    result = run(text, *findings)
    assert [one.code for one in result.kept] == ["idempotency-conflict-response"]
    assert result.extra == []


OPERATION = """\
paths:
  /a:
    # idemlint: ignore[idempotency-*] read only
    post:
      responses:
        '200': {}
"""


def test_comment_at_an_operation_covers_all_of_it() -> None:
    covered = finding(4, "idempotency-conflict-response", operation="POST /a")
    elsewhere = finding(0, "idempotency-key-uuid", "/shared.yaml", "POST /a")
    other = finding(4, "idempotency-conflict-response", operation="POST /b")
    result = run(OPERATION, covered, elsewhere, other, lines={"POST /a": ("/root.yaml", 3)})
    assert result == ([other], [covered, elsewhere], [])


def test_operation_of_another_file() -> None:
    documents = {
        "/root.yaml": document("paths:\n  /a: {$ref: item.yaml}\n"),
        "/item.yaml": document("post:  # idemlint: ignore[oas-tags] why\n  x: 1\n", "/item.yaml"),
    }
    one = finding(1, source="/item.yaml", operation="POST /a")
    result = suppress([one], documents, KNOWN, {"POST /a": ("/item.yaml", 0)}.get)
    assert result == ([], [one], [])


def test_line_numbers_are_those_of_the_same_file() -> None:
    documents = {
        "/root.yaml": document("a: 1  # idemlint: ignore[oas-tags] why\n"),
        "/b.yaml": document("a: 1\n", "/b.yaml"),
    }
    result = suppress([finding(0, source="/b.yaml")], documents, KNOWN, {}.get)
    assert len(result.kept) == 1
    assert "has nothing to say here" in result.extra[0].message


@pytest.mark.parametrize(
    "text",
    [
        "a: |\n  text\n  # idemlint: ignore[oas-tags] in a block\nb: 1\n",
        "a: >-\n  # idemlint: ignore[oas-tags] in a block\nb: 1\n",
        'a: "x # idemlint: ignore[oas-tags] quoted"\n',
        "a: 'x # idemlint: ignore[oas-tags] quoted'\n",
        "a: 'x\n  # idemlint: ignore[oas-tags] quoted over lines'\n",
        'a: {b: ["# idemlint: ignore[oas-tags] flow"]}\n',
        "a: 1\n# idemlint ignores[oas-tags] no colon\n",
        "a: 1\n# idemlint: ignored[oas-tags] another word\n",
    ],
)
def test_text_is_no_comment(text: str) -> None:
    findings = [finding(line) for line in range(4)]
    assert run(text, *findings) == (findings, [], [])


def test_json_has_no_comments() -> None:
    result = run('{"description": "# idemlint: ignore[oas-tags] no"}\n', finding(0))
    assert len(result.kept) == 1
    assert result.extra == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: |\n  text\n# idemlint: ignore[oas-tags] behind a block\nb: 1\n", 3),
        ("a: |  # idemlint: ignore[oas-tags] on its header\n  text\n", 0),
        ("a: 'quoted' # idemlint: ignore[oas-tags] why\n", 0),
        ("a:  # a note # idemlint: ignore[oas-tags] why\n  b: 1\n", 0),
        ("a: [1, # idemlint: ignore[oas-tags] why\n  2]\n", 0),
        ("ä: '😀' # idemlint: ignore[oas-tags] wide\n", 0),
        ("a: 1\r\nb: 2 # idemlint: ignore[oas-tags] windows\r\n", 1),
        ("a: x#y # idemlint: ignore[oas-tags] why\n", 0),
        ("#idemlint:ignore[oas-tags] tight\na: 1\n", 1),
        ("# idemlint: ignore[ oas-tags , ] - loose\na: 1\n", 1),
    ],
)
def test_comment_is_found_wherever_yaml_allows_one(text: str, line: int) -> None:
    result = run(text, finding(line))
    assert len(result.suppressed) == 1
    assert result.extra == []


def test_reason_is_required() -> None:
    result = run("a: 1  # idemlint: ignore[oas-tags]\n", finding(0))
    assert len(result.kept) == 1
    (complaint,) = result.extra
    assert (complaint.code, complaint.severity, complaint.source) == ("unused-ignore", Severity.WARN, "/root.yaml")
    assert complaint.range == Range(Position(0, 6), Position(0, 34))
    assert "no reason" in complaint.message


def test_unknown_and_unused_and_nameless() -> None:
    text = (
        "a: 1  # idemlint: ignore[idempotency-key-requird] typo\n"
        "b: 1  # idemlint: ignore[oas-tags, idempotency-key-uuid] half used\n"
        "c: 1  # idemlint: ignore everything please\n"
        "d: 1  # idemlint: ignore[] nothing\n"
        "e: 1  # idemlint: ignore[zzz-*] no such prefix\n"
    )
    result = run(text, finding(1))
    assert said(result) == [
        (0, 'there is no rule "idempotency-key-requird"'),
        (1, '"idempotency-key-uuid" has nothing to say here'),
        (2, "this ignore names no rule"),
        (3, "this ignore names no rule"),
        (4, 'there is no rule "zzz-*"'),
    ]
    assert result.extra[0].help == 'Did you mean "idempotency-key-required"?'


def test_rules_that_were_not_run_are_not_called_unused() -> None:
    text = "a: 1  # idemlint: ignore[oas-tags] why\nb: 1  # idemlint: ignore[idempotency-key-*] why\n"
    assert said(run(text, checked=("idempotency-key-uuid",))) == [(1, '"idempotency-key-*" has nothing to say here')]


def test_order_is_kept() -> None:
    findings = [finding(line, code) for line in range(3) for code in KNOWN]
    result = run("a: 1\nb: 2 # idemlint: ignore[oas-tags] why\nc: 3\n", *findings)
    assert result.kept == [one for one in findings if one not in result.suppressed]


@given(st.text(alphabet="#abc:'\"|>[]{}- \n\r\t,idemlint: ignore[oas-tags]", max_size=80))
def test_any_text_is_survived(text: str) -> None:
    class Stub:
        source = "/root.yaml"
        syntax = "yaml"
        data: object = None

    stub: Any = Stub()
    stub.text = text + "\n# idemlint: ignore[oas-tags] why\na: 1"
    result = suppress([finding(line) for line in range(3)], {"/root.yaml": stub}, KNOWN, {}.get)
    assert len(result.kept) + len(result.suppressed) == 3
