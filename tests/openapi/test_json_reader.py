"""JSON: values as the standard library reads them, what it lets pass refused, and places exact in any layout."""

from __future__ import annotations

import itertools
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from idemlint.errors import DocumentError
from idemlint.findings import Position
from idemlint.openapi.json_outline import places
from idemlint.openapi.json_reader import load
from idemlint.openapi.limits import DEFAULT_LIMITS, BeyondLimitsError, Limits
from idemlint.openapi.positions import Located, locate

if TYPE_CHECKING:
    from collections.abc import Iterator


def read(text: str, limits: Limits = DEFAULT_LIMITS) -> Any:
    return load(text, "a.json", limits).data


def place(text: str, *path: str | int) -> Located:
    loaded = load(text, "a.json", DEFAULT_LIMITS)
    return locate(loaded.layout, loaded.data, path)


def refused(text: str, limits: Limits = DEFAULT_LIMITS) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        load(text, "a.json", limits)
    assert caught.value.source == "a.json"
    return caught.value


def test_values() -> None:
    text = '{"a": [1, -2.5e3, true, false, null, "\\u00e9\\ud83d\\ude00\\n"], "409": {}, "b": 123456789012345678901234567890}'
    assert read(text) == {
        "a": [1, -2500.0, True, False, None, "é😀\n"],
        "409": {},
        "b": 123456789012345678901234567890,
    }
    assert read(" [1]\r\n") == [1]


def test_references_are_collected() -> None:
    loaded = load('{"a": {"$ref": "x"}, "b": [{"$ref": 1}, {"$ref": "y"}], "$ref": "z"}', "a.json", DEFAULT_LIMITS)
    assert sorted(mapping["$ref"] for mapping in loaded.references) == ["x", "y", "z"]
    assert any(mapping is loaded.data for mapping in loaded.references)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("\\ud800", "\ufffd"),
        ("\\udc00x", "\ufffdx"),
        ("\\uD83Dx\\uDE00", "\ufffdx\ufffd"),
        ("\\ud83d\\ud83d\\ude00", "\ufffd😀"),
        ("\\\\ud800", "\\ud800"),
        ("\\\\\\ud800", "\\\ufffd"),
    ],
)
@pytest.mark.parametrize("around", ["", "x" * 5000, "\\n" * 50 + "x" * 5000, "x" * 5000 + "\\\\" * 50])
def test_half_characters(written: str, value: str, around: str) -> None:
    """They are looked for in one way where backslashes are few, and in another where they are many."""
    text = f'{{"0": "{around}", "a": "{written}", "b": {{"c": 1}}}}'
    loaded = load(text, "a.json", DEFAULT_LIMITS)
    assert loaded.data["a"] == value
    loaded.data["a"].encode()
    start = locate(loaded.layout, loaded.data, ("b", "c")).value.start
    assert text[start.character] == "1"


@pytest.mark.parametrize(
    ("text", "words", "position"),
    [
        ('{"a": 1,}', "double quotes", Position(0, 8)),
        ('{\n "a" 1}', "':'", Position(1, 5)),
        ('{"a": 1 "b": 2}', "','", Position(0, 8)),
        ("{'a': 1}", "double quotes", Position(0, 1)),
        ('["a\tb"]', "control character", Position(0, 3)),
        ('["\\q"]', "escape", Position(0, 2)),
        ("[1] [2]", "Extra data", Position(0, 4)),
        ("[1,", "Expecting value", Position(0, 3)),
        ('{"a": "b', "Unterminated", Position(0, 6)),
        ("[nul]", "Expecting value", Position(0, 1)),
        ('{"a":\r\n\r\n x}', "Expecting value", Position(2, 1)),
        ('{"é😀": x}', "Expecting value", Position(0, 7)),
    ],
)
def test_broken(text: str, words: str, position: Position) -> None:
    error = refused(text)
    assert words in error.message
    assert error.position == position


def test_hints() -> None:
    assert "cut off" in refused('{"a": [1, 2').hint
    assert "comma" in refused('{"a": 1,}').hint


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_no_json_numbers(constant: str) -> None:
    assert constant in refused(f'{{"a": {constant}}}').message


def test_a_number_too_long_for_python() -> None:
    assert "4300 digits" in refused("[" + "9" * 5000 + "]").message


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 251 + "]" * 251, "[" * 900 + "1" + "]" * 900])
def test_depth(text: str) -> None:
    error = refused(text)
    assert isinstance(error, BeyondLimitsError)
    assert "nests deeper" in error.message


def test_deep_as_allowed() -> None:
    assert read("[" * 250 + "]" * 250)
    text = '{"a":' * 249 + "[]" + "}" * 249
    assert read(text)
    assert place(text, *["a"] * 249).value == ((0, 5 * 249), (0, 5 * 249 + 2))


@pytest.mark.parametrize("depth", [251, 600])
def test_brackets_in_names_hide_no_depth(depth: int) -> None:
    """Once brackets in the text were paired: each of these pairs a bracket of the structure with one in a name."""
    text = '{"}":' * depth + "1" + ',"{":0}' * depth
    assert "nests deeper" in refused(text).message
    assert read('{"}":' * 250 + "1" + ',"{":0}' * 250)


@pytest.mark.parametrize("innermost", ["1", "{}", "[]", '{"a": 1}', "[1]", '{"a": {}}', "[[]]", '[{"a": 1}]'])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_depth_is_counted_exactly(opening: str, closing: str, innermost: str) -> None:
    levels = opening.count("[") + opening.count("{")
    inner = max(itertools.accumulate(1 if c in "[{" else -1 if c in "]}" else 0 for c in innermost))
    text = opening * 5 + innermost + closing * 5
    depth = 5 * levels + inner
    assert read(text, Limits(max_depth=depth))
    assert "nests deeper" in refused(text, Limits(max_depth=depth - 1)).message


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ('{"paths": {"/a": {"post": {"x": [1]}}}}', 5),
        ('{"paths": {"/a": {"post": {}}, "/b": []}}', 4),
        ('{"paths": {"/a": [[1]], "/b": 1}, "x": {}}', 4),
        ('{"paths": {"/a": {"post": 1}}, "x": [[[{}]]]}', 5),
        ('{"paths": {"/a": {}}}', 3),
        ('{"paths": [[1]], "x": 1}', 3),
        ('{"paths": {}, "x": 1}', 2),
        ('{"paths": {"/a": [[[1]]]}, "paths": 1}', 5),
        ("{}", 1),
        ("[[]]", 2),
    ],
)
def test_depth_around_operations_is_counted_exactly(text: str, depth: int) -> None:
    assert read(text, Limits(max_depth=depth)) == json.loads(text)
    assert "nests deeper" in refused(text, Limits(max_depth=depth - 1)).message


def test_brackets_in_text_are_no_depth() -> None:
    assert read(json.dumps(["[" * 1000, "{[" * 1000, "]}" * 1000]))


def test_nodes() -> None:
    text = json.dumps({"a": [1] * 60, "b": ["x,y"] * 39})
    assert isinstance(refused(text, Limits(max_nodes=101)), BeyondLimitsError)
    assert read(text, Limits(max_nodes=102))


def test_repeated_names() -> None:
    text = '{"a": 1, "b": [{"c": {"$ref": "x"},\n "c": {"d": 1, "d": 2}}], "a": {"e": {}, "e": []}, "a": 3}'
    loaded = load(text, "a.json", DEFAULT_LIMITS)
    assert loaded.data == {"a": 3, "b": [{"c": {"d": 2}}]}
    assert loaded.references == []
    assert [repeated.path for repeated in loaded.repeated] == [
        ("b", 0, "c"),
        ("b", 0, "c", "d"),
        ("a",),
        ("a", "e"),
        ("a",),
    ]
    position = loaded.layout.position
    assert [position(repeated.again[0]) for repeated in loaded.repeated[:3]] == [(1, 1), (1, 15), (1, 26)]
    assert [position(repeated.first[1]) for repeated in loaded.repeated[:3]] == [(0, 19), (1, 10), (0, 4)]


def test_repeated_names_around_operations() -> None:
    text = '{"paths": {"/a": {"get": {"x": 1}}, "/a": {"post": {"y": {"$ref": "z"}}, "post": {"y": 2}}}}'
    loaded = load(text, "a.json", DEFAULT_LIMITS)
    assert loaded.data == {"paths": {"/a": {"post": {"y": 2}}}}
    assert loaded.references == []
    assert [repeated.path for repeated in loaded.repeated] == [("paths", "/a"), ("paths", "/a", "post")]
    assert place(text, "paths", "/a", "post").key == ((0, text.rindex('"post"')), (0, text.rindex('"post"') + 6))
    assert place(text, "paths", "/a", "post", "y").value == ((0, text.rindex("2")), (0, text.rindex("2") + 1))


def test_places() -> None:
    text = '{\n  "a": {"b" : [1, "x", {}, [ ]]},\n  "c":\n  null\n}\n'
    assert place(text).range == ((0, 0), (3, 6))
    assert place(text).value == ((0, 0), (4, 1))
    assert place(text, "a").key == ((1, 2), (1, 5))
    assert place(text, "a").range == ((1, 6), (1, 30))
    assert place(text, "a").value == ((1, 7), (1, 32))
    item = place(text, "a", "b", 1)
    assert (item.path, item.key, item.value, item.range) == (
        ("a", "b", 1),
        None,
        ((1, 18), (1, 21)),
        ((1, 18), (1, 21)),
    )
    assert place(text, "a", "b", 3).value == ((1, 27), (1, 30))
    assert place(text, "c").value == ((3, 2), (3, 6))
    assert place(text, "c", "no", "such") == place(text, "c")
    assert place(text, "a", "b", 4) == place(text, "a", "b")
    named = place(text, "a", "b", "1")
    assert (named.path, named.value) == (("a", "b", "1"), item.value)


# Layouts that look like pretty-printing and are not: the second `b` of each, and what is in it, is the outer one.
@pytest.mark.parametrize(
    "text",
    [
        '{\n  "a": {"c": 0,\n  "b": 1}, "b": {"x": 1}\n}',
        '{\n  "a": {"c": 0,\n  "b": {"x": 1}}, "b": {"x": 1}\n}',
        '{\n  "a": {"c": {\n  },\n  "b": 1}, "b": {"x": 1}\n}',
        '{\n  "a": {\n    "c": {\n  },\n  "b": [1]}, "b": {"x": 1}\n}',
        '{\n  "a": [\n  "b", 2], "b": {"x": 1}\n}',
        '{"a": {\n  "b": {"x": 1}\n}, "b": {\n  "x": 1}\n}',
    ],
)
def test_misleading_layouts(text: str) -> None:
    key = place(text, "b").key
    assert key is not None
    start = key.start
    offset = sum(len(line) + 1 for line in text.split("\n")[: start.line]) + start.character
    assert offset == text.rindex('"b"')
    place(text, "b", "x")


def nodes(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield path, data
    if isinstance(data, dict):
        for key, value in data.items():
            yield from nodes(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from nodes(value, (*path, index))


VALUES = st.recursive(
    st.sampled_from([1, -1.5, True, None, "a", "b\n", "{}", ']"', "\\", {}, []]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c", '"x', "é"]), inner, max_size=4)
    ),
    max_leaves=15,
)
SPACES = ["", "", " ", "\n", "\n  ", "\n    ", "\t", "\r\n  "]


@st.composite
def laid_out(draw: st.DrawFn) -> str:
    """JSON with white space anywhere, mostly of pretty-printing, and with a name repeated now and then."""
    pretty = draw(st.booleans())

    def space(level: int) -> str:
        return "\n" + "  " * level if pretty and draw(st.integers(0, 5)) else draw(st.sampled_from(SPACES))

    def written(value: Any, level: int) -> str:
        if isinstance(value, dict):
            members = list(value.items())
            if members and not draw(st.integers(0, 15)):
                members.append(members[0])
            inner = ",".join(
                f"{space(level + 1)}{json.dumps(key, ensure_ascii=False)}{draw(st.sampled_from([':', ': ', ' :']))}"
                + written(each, level + 1)
                for key, each in members
            )
            return "{" + inner + space(level) + "}"
        if isinstance(value, list):
            return "[" + ",".join(space(level + 1) + written(each, level + 1) for each in value) + space(level) + "]"
        return json.dumps(value)

    # what is called `paths` is read in a way of its own
    return written(draw(st.dictionaries(st.sampled_from(["a", "b", "paths"]), VALUES, max_size=4)), 0)


@given(laid_out(), st.randoms(use_true_random=False))
@settings(max_examples=300)
def test_places_in_any_layout(text: str, chance: Any) -> None:
    loaded = load(text, "a.json", DEFAULT_LIMITS)
    expected = json.loads(text)
    assert loaded.data == expected
    exact = places(text, loaded.data, 0)
    paths = list(nodes(loaded.data))
    chance.shuffle(paths)
    for path, value in paths:
        located = locate(loaded.layout, loaded.data, path)
        assert located.path == path
        if not path:
            continue
        parent: Any = loaded.data
        for segment in path[:-1]:
            parent = parent[segment]
        index = list(parent).index(path[-1]) if isinstance(parent, dict) else int(path[-1])
        member = exact[id(parent)][1][index]
        position = loaded.layout.position
        assert located.value == (position(member.start), position(member.end))
        assert json.loads(text[member.start : member.end]) == value
        if located.key is not None:
            assert located.key == (position(member.key_start), position(member.key_end))
            assert json.loads(text[member.key_start : member.key_end]) == path[-1]


def test_many_places_of_a_large_document_are_cheap() -> None:
    schema = {"type": "object", "properties": {f"p{i}": {"type": "string", "description": "x" * 40} for i in range(20)}}
    data = {"paths": {f"/p{i}": {"post": {"responses": {"200": schema}, "parameters": []}} for i in range(500)}}
    for indent in (2, None):
        text = json.dumps(data, indent=indent)
        loaded = load(text, "a.json", DEFAULT_LIMITS)
        started = time.process_time()
        for index in range(500):
            located = locate(loaded.layout, loaded.data, ("paths", f"/p{index}", "post", "parameters"))
            assert located.key is not None
        assert time.process_time() - started < 1


@given(
    st.sampled_from([("", ""), ('{"paths":', "}"), ('{"paths": {', "}}"), ('{"paths": {"a": {"b" :', "}}}")]),
    st.text('{}[]",:\\ \n1aeutrf', max_size=50),
)
@example(('{"paths": {', "}}"), '"a" 1')
@example(('{"paths": {', "}}"), '"a": 1,')
@example(('{"paths": {', "}}"), '"a": {"b": 1 "c": 2}')
@example(('{"paths": {', "}"), '"a": {')
@example(('{"paths": {', "}}"), "a: 1")
@example(('{"paths": {', "}} x"), "")
def test_any_text_is_read_or_refused(around: tuple[str, str], text: str) -> None:
    text = around[0] + text + around[1]
    try:
        expected = json.loads(text, parse_constant=str)
    except ValueError:
        refused(text)
    else:
        assert read(text) == expected
