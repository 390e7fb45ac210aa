"""YAML by libyaml's events: values of the core schema, anchors, merge keys, tags, limits, and errors in plain words."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from idemlint.errors import DocumentError
from idemlint.findings import Position
from idemlint.openapi.event_yaml import load
from idemlint.openapi.limits import DEFAULT_LIMITS, BeyondLimitsError, Limits
from idemlint.openapi.positions import Located, locate


def read(text: str, limits: Limits = DEFAULT_LIMITS) -> Any:
    return load(text, "a.yaml", limits).data


def place(text: str, *path: str | int) -> Located:
    loaded = load(text, "a.yaml", DEFAULT_LIMITS)
    return locate(loaded.layout, loaded.data, path)


def refused(text: str, limits: Limits = DEFAULT_LIMITS) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        load(text, "a.yaml", limits)
    assert caught.value.source == "a.yaml"
    return caught.value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *((text, None) for text in ("", "~", "null", "Null", "NULL")),
        *((text, True) for text in ("true", "True", "TRUE")),
        *((text, False) for text in ("false", "False", "FALSE")),
        *(
            (text, text)
            for text in ("no", "No", "yes", "on", "off", "y", "nULL", "tRUE", "09:00", "2024-04-31", "1_000")
        ),
        *(
            (text, text)
            for text in ("0b1", "0o8", "0xg", "-0x1", "+0o7", ".", "--", "1e", "e3", ".e1", "1.2.3", "=", "nan")
        ),
        ("12", 12),
        ("-0", 0),
        ("+7", 7),
        ("0123", 123),
        ("0o17", 15),
        ("0x1F", 31),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("1.5", 1.5),
        ("-.5e-3", -0.0005),
        ("1.", 1.0),
        ("1E3", 1000.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("+.Inf", math.inf),
    ],
)
def test_core_schema(written: str, value: Any) -> None:
    data = read(f"a: {written}\nb: '{written}'\n")
    assert (data["a"], type(data["a"])) == (value, type(value))
    assert data["b"] == written


def test_not_a_number() -> None:
    assert all(math.isnan(value) for value in read("[.nan, .NaN, .NAN]"))


def test_keys_are_text_as_written() -> None:
    assert read("409: a\n0x10: b\ntrue: c\n~: d\n'x': f\n1.0: g\n") == {
        "409": "a",
        "0x10": "b",
        "true": "c",
        "~": "d",
        "x": "f",
        "1.0": "g",
    }


def test_a_key_that_is_no_text() -> None:
    assert refused("? [a]\n: b\n").position == Position(0, 2)
    assert "key" in refused("a: &x [1]\n*x : b\n").message


def test_aliases_share_one_object() -> None:
    data = read("a: &x {b: 1}\nc: *x\nd: [*x]\ne: &y text\n*y : f\n")
    assert data["c"] is data["a"]
    assert data["d"][0] is data["a"]
    assert data["text"] == "f"


def test_an_anchor_may_be_set_anew() -> None:
    assert read("a: &x 1\nb: *x\nc: &x 2\nd: *x\n") == {"a": 1, "b": 1, "c": 2, "d": 2}


@pytest.mark.parametrize(
    ("merge", "result"),
    [
        ("<<: *x\n  a: 9", {"a": 9, "b": 2}),
        ("a: 9\n  <<: *x", {"a": 9, "b": 2}),
        ("<<: [*x, *y]", {"a": 1, "b": 2, "c": 4}),
        ("<<: [*y, *x]", {"b": 3, "c": 4, "a": 1}),
        ("<<: {d: 5}\n  <<: *x", {"d": 5, "a": 1, "b": 2}),
        ("<<: [{d: 5}, *x]", {"d": 5, "a": 1, "b": 2}),
        ("<<: []\n  a: 9", {"a": 9}),
        ("<<: text", {"<<": "text"}),
        ("<<: [*x, text]", {"<<": [{"a": 1, "b": 2}, "text"]}),
        ("'<<': *x", {"<<": {"a": 1, "b": 2}}),
    ],
)
def test_merge_keys(merge: str, result: dict[str, Any]) -> None:
    data = read(f"x: &x {{a: 1, b: 2}}\ny: &y {{b: 3, c: 4}}\nz:\n  {merge}\n")
    assert data["z"] == result
    assert data["x"] == {"a": 1, "b": 2}


def test_a_merged_reference_is_one() -> None:
    loaded = load("a: &x {$ref: '#/b'}\nc:\n  <<: *x\nd: {$ref: 1}\n", "a.yaml", DEFAULT_LIMITS)
    assert [id(mapping) for mapping in loaded.references] == [id(loaded.data["a"]), id(loaded.data["c"])]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("!!str", ""),
        ("!!int '12'", 12),
        ("!!float '1.5'", 1.5),
        ("!!bool 'true'", True),
        ("!!null ''", None),
        ("!!int text", "text"),
        ("!own 12", 12),
        ("!own 'x'", "x"),
        ("!!binary aGk=", "aGk="),
        ("!!timestamp 2024-01-01", "2024-01-01"),
        ("!!set {a, b}", {"a": None, "b": None}),
        ("!own {a: 1}", {"a": 1}),
        ("!own [1]", [1]),
    ],
)
def test_tags(written: str, value: Any) -> None:
    assert read(f"a: {written}\n") == {"a": value}


def test_repeated_keys() -> None:
    loaded = load(
        "a: 1\nb:\n- {c: 1, c: {$ref: x}, c: 2}\na:\n  d: {$ref: y}\na:\n  e: 1\n  e: 2\n", "a.yaml", DEFAULT_LIMITS
    )
    assert loaded.data == {"a": {"e": 2}, "b": [{"c": 2}]}
    assert [repeated.path for repeated in loaded.repeated] == [("b", 0, "c"), ("b", 0, "c"), ("a",), ("a",), ("a", "e")]
    assert loaded.references == []
    position = loaded.layout.position
    assert [(position(each.first[0]), position(each.again[1])) for each in loaded.repeated[2:]] == [
        ((0, 0), (3, 1)),
        ((3, 0), (5, 1)),
        ((6, 2), (7, 3)),
    ]


def test_a_second_document() -> None:
    error = refused("a: 1\n---\nb: 2\n")
    assert "second YAML document" in error.message
    assert error.position == Position(1, 0)
    assert read("---\na: 1\n...\n") == {"a": 1}


@pytest.mark.parametrize("text", ["a: &x [*x]\n", "a: &x {b: *x}\n", "&x a: &y\n  b: [*y]\n"])
def test_a_node_inside_itself(text: str) -> None:
    error = refused(text)
    assert "inside the very node" in error.message
    assert error.position is not None


def test_an_unknown_alias() -> None:
    assert "no anchor" in refused("a: *x\n").message
    assert "no anchor" in refused("*x\n").message


def bomb(levels: int, merge: str = "") -> str:
    first = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    return first + "".join(
        f"a{level}: &a{level} {merge}[{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, levels)
    )


def test_alias_bombs_are_counted_not_expanded() -> None:
    started = time.process_time()
    error = refused(bomb(30))
    assert isinstance(error, BeyondLimitsError)
    assert "aliases" in error.message
    assert error.position == Position(6, 29)
    assert time.process_time() - started < 1
    assert len(read(bomb(3))["a2"]) == 10


def test_depth_through_aliases() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{level}: &a{level} [*a{level - 1}]\n" for level in range(1, 40))
    assert isinstance(refused(text, Limits(max_depth=30)), BeyondLimitsError)
    assert read(text, Limits(max_depth=45))["a0"] == ["x"]


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 50_000, "- " * 50_000])
def test_depth(text: str) -> None:
    started = time.process_time()
    error = refused(text)
    assert isinstance(error, BeyondLimitsError)
    assert error.position is not None
    assert time.process_time() - started < 5


def test_deep_as_allowed() -> None:
    depth = DEFAULT_LIMITS.max_depth
    read("[" * depth + "]" * depth)
    assert isinstance(refused("[" * (depth + 1) + "]" * (depth + 1)), BeyondLimitsError)


def test_numbers_too_long_for_python() -> None:
    assert refused("a:\n  b: " + "9" * 5000).position == Position(1, 5)
    assert refused("a: 0x" + "f" * 5000).position == Position(0, 3)
    assert read("a: '" + "9" * 5000 + "'")["a"] == "9" * 5000


@pytest.mark.parametrize(
    ("text", "words", "line", "character"),
    [
        ("a: b: c\n", "a `:` starts a value", 0, 4),
        ("a: 1\nb\nc: 2\n", "no `key: value`", 2, 0),
        ("a: 1\n b: 2\n", "a `:` starts a value", 1, 2),
        ("a:\n  - b\n  c: d\n", "the list that it stands in", 2, 2),
        ("a:\n  b: 1\n c: 2\n", "the mapping that it stands in", 2, 1),
        ("a: [1, 2\n", "brackets is not closed", 1, 0),
        ("a: {b: 1\nc: 2\n", "braces is not closed", 1, 1),
        ("a: 'b\n", "inside a quoted text", 1, 0),
        ("a: @b\n", "cannot begin a value", 0, 3),
        ("a:\n\t- b\n", "cannot begin a value", 1, 0),
        ('a: "\\q"\n', "no meaning", 0, 4),
        ('a: "\\ud83d\\ude00"\n', "names no character", 0, 6),
        ("a: !x!y b\n", "handle that was not declared", 0, 3),
        ("a: - b\n", "a list cannot begin here", 0, 3),
        ("a: * b\n", "no name follows", 0, 4),
        ("%YAML 3.0\n---\na: 1\n", "version of YAML", 0, 0),
    ],
)
def test_errors_in_plain_words(text: str, words: str, line: int, character: int) -> None:
    error = refused(text)
    assert words in error.message
    assert error.hint
    assert error.position == Position(line, character)


def test_an_error_says_where_it_all_began() -> None:
    assert "begun in line 2" in refused("x: 1\na: 'b\nc: 1\n").message


def test_places_of_anchored_and_merged_nodes() -> None:
    text = "a: &x !!map\n  b: 1\nc: *x\nd:\n  <<: *x\n  e: &y !!str f\n"
    assert place(text, "a").value == ((1, 2), (1, 6))
    assert place(text, "a").range == ((0, 2), (1, 6))
    assert place(text, "c").value == ((2, 3), (2, 5))
    assert place(text, "c", "b").range == ((1, 5), (1, 6))
    assert place(text, "d", "b").key == ((1, 2), (1, 3))
    assert place(text, "d", "e").range == ((5, 14), (5, 15))


def test_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: &x {b: [1, 'c']}\nd: *x\ne: |\n  f\n"
    fast = load(text, "a.yaml", DEFAULT_LIMITS)
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    monkeypatch.delattr(yaml, "CSafeLoader")
    slow = load(text, "a.yaml", DEFAULT_LIMITS)
    assert slow.data == fast.data == {"a": {"b": [1, "c"]}, "d": {"b": [1, "c"]}, "e": "f\n"}
    for path in [(), ("a",), ("a", "b", 1), ("d", "b"), ("e",)]:
        assert locate(slow.layout, slow.data, path) == locate(fast.layout, fast.data, path)
    refused("a: b: c\n")
    refused("a: \x07\n")


@given(st.text("ab:-#'\"|>[]{}&*!<?, \n\t~1", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        loaded = load(text, "a.yaml", DEFAULT_LIMITS)
    except DocumentError as error:
        assert error.message
    else:
        locate(loaded.layout, loaded.data, ("a", "b", 0))
