"""Spectral's core functions say of each value just what Spectral's own say."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import oracle
import pytest

from idemlint.check.function import UNDEFINED, RuleContext
from idemlint.check.functions import lookup
from idemlint.check.functions.pattern import compile_option
from idemlint.contract.contract import DEFAULT
from idemlint.openapi.document import parse
from idemlint.openapi.ecma_regex import PatternError
from idemlint.openapi.references import References

RECORDED = Path(__file__).with_name("core_functions.json")
NOTHING = "<undefined>"

VALUES: list[Any] = [
    *(
        NOTHING,
        None,
        True,
        False,
        0,
        -0.0,
        1,
        1.0,
        2.5,
        -3,
        1e21,
        123456789012345680000,
        1e-7,
        "",
        " ",
        "a",
        "0",
        "false",
    ),
    *("😀", "é\n", 'say "no"', [], [None], [1, 2, 3], {}, {"a": 1}, {"a": 1, "b": None}, {"b": 1, "c": 2, "a": 3}),
]
WORDS = [
    *(
        "foo",
        "Foo",
        "FOO",
        "fooBar",
        "FooBar",
        "foo-bar",
        "FOO-BAR",
        "foo_bar",
        "FOO_BAR",
        "fooB",
        "FooB",
        "fB",
        "F",
        "f",
    ),
    *(
        "foo1",
        "foo1Bar",
        "1foo",
        "f1",
        "foo--bar",
        "-foo",
        "foo-",
        "foo.bar",
        ".foo",
        ".",
        "foo.Bar",
        "fooBar.bazQux",
        "fooB.bar",
    ),
    *(
        "a00000!",
        "a0B",
        "a0BB",
        "aB0",
        "A0b0C",
        "é",
        "fooé",
        "foo bar",
        "foo\n",
        "fooXbar",
        "Xfoo",
        "foo/bar",
        "/foo",
        "foo]bar",
        "foo^bar",
    ),
]
CASINGS = ["flat", "camel", "pascal", "kebab", "cobol", "snake", "macro"]
SEPARATORS = [
    None,
    {"char": "."},
    {"char": ".", "allowLeading": True},
    {"char": "-"},
    {"char": "/", "allowLeading": True},
]
SEPARATORS += [
    {"char": "X"},
    {"char": "_"},
    {"char": "]"},
    {"char": "^"},
    {"char": "é"},
    {"char": ""},
    {"char": "0"},
    {"char": "a", "allowLeading": True},
]
ENUMERATIONS = [["a", 1, None, True], [], ["1", 0, False, ""], ["💥", 1.5, 1e21, 'q"', -0.0]]
LISTS: list[Any] = [
    *(
        ["a", "b"],
        ["b", "a"],
        ["B", "a"],
        ["a", "A"],
        ["A", "a"],
        ["a", "Á", "b"],
        ["10", "9"],
        ["9", "10"],
        [10, 9],
        [1, 2.5, 2],
    ),
    *(
        [2, 1.5],
        [1, "a"],
        ["a", "1"],
        ["1", "a"],
        ["z", 1],
        [3, "2"],
        ["", "a"],
        ["a", ""],
        ["a", None],
        [True, False],
        [[1], [0]],
    ),
    *(
        ["a-b", "a_b"],
        ["a_b", "a-b"],
        ["ab", "a-c"],
        ["/a", "/"],
        ["/a/{x}", "/a/b"],
        ["é", "z"],
        ["z", "é"],
        ["ß", "st"],
        ["ss", "ß"],
    ),
    *(
        ["æ", "af"],
        ["\u0001b", "a"],
        ["0x1f", "30"],
        [" 1", "1"],
        ["Infinity", "1"],
        {"b": 1, "a": 2},
        {"a": 1, "b": 2},
        {"x": 1},
        "ba",
        None,
    ),
]
KEYED: list[Any] = [
    *(
        [{"n": "b"}, {"n": "a"}],
        [{"n": "a"}, {"n": "b"}],
        [{"n": "a"}, {}],
        [{"n": 2}, {"n": 1}],
        [{"n": "a"}, "b"],
        [{"n": "a"}, None],
    ),
    *([{"n": "a"}, [1]], [{"n": True}, {"n": False}], {"b": {"n": 1}, "a": {"n": 2}}, [{"n": "b"}]),
]
PATTERNS = ["^a", "/^A/i", "/a/", "//", "/a", "a/", "/a/b/", "^.$", "/^.$/u", "[0-9]+", "/x/gi", "^[^\\s]*$"]
MANY = ["a", "b", "c", "d", "e"]
TYPED: list[Any] = [
    {"type": "string", "enum": ["a", 1, None, True, [], {}, 1.5]},
    {"type": "integer", "enum": [1, 1.0, 1.5, "1", True]},
    {"type": "number", "enum": [1, 1.5, "1", None]},
    {"type": ["integer", "string"], "enum": [1, "a", 2.5, None]},
    {"type": "string", "nullable": True, "enum": ["a", None]},
    {"type": "string", "x-nullable": True, "enum": ["a", None]},
    {"type": ["string"], "nullable": True, "enum": [1, None]},
    {"type": "array", "enum": [[], {}]},
    {"type": "object", "enum": [[], {}]},
    {"type": "null", "enum": [None, 0]},
    {"type": "boolean", "enum": [True, 0]},
    {"type": 1, "enum": ["a"]},
    {"type": ["string", 1], "enum": [1]},
    {"type": [], "enum": [1]},
    {"enum": [1]},
    {"type": "string"},
    {"type": "string", "enum": "a"},
    [],
    None,
]


def _questions() -> list[dict[str, Any]]:
    cases: list[tuple[str, Any, Any]] = []
    for name in ("defined", "undefined", "truthy", "falsy"):
        cases += [(name, value, None) for value in VALUES]
    cases += [("enumeration", value, {"values": values}) for value in VALUES for values in ENUMERATIONS]
    cases += [
        ("length", value, options) for value in VALUES for options in ({"min": 2}, {"max": 1.5}, {"min": 3, "max": 0})
    ]
    for properties in (["a", "b"], ["x", "y"], ["a", "x", "b"], MANY, ["v", "w", "x", "y", "z"], ["w", "x", "y", "z"]):
        cases += [(name, value, {"properties": properties}) for name in ("or", "xor") for value in VALUES]
    for casing in CASINGS:
        for separator in SEPARATORS:
            options = {"type": casing} | ({} if separator is None else {"separator": separator})
            cases += [("casing", word, options) for word in WORDS]
        cases += [("casing", word, {"type": casing, "disallowDigits": True}) for word in WORDS]
        cases += [
            ("casing", word, {"type": casing, "disallowDigits": True, "separator": {"char": "."}}) for word in WORDS
        ]
    cases += [("casing", value, {"type": "flat"}) for value in VALUES]
    cases += [("alphabetical", value, options) for value in LISTS for options in (None, {})]
    cases += [("alphabetical", value, {"keyedBy": "n"}) for value in [*KEYED, *LISTS]]
    cases += [
        ("pattern", value, {option: pattern})
        for option in ("match", "notMatch")
        for pattern in PATTERNS
        for value in VALUES
    ]
    cases += [("pattern", value, {"match": "^a$", "notMatch": "b"}) for value in ("a", "b", "c", 1)]
    asked = [
        {"kind": "function", "name": name, "value": value, "options": options, "data": {}}
        for name, value, options in cases
    ]
    asked += [
        {"kind": "function", "name": "typedEnum", "value": value, "options": None, "data": data}
        for value in TYPED
        for data in ({"openapi": "3.0.3"}, {"openapi": "3.1.0"}, {"swagger": "2.0"}, {})
    ]
    return asked


def _context(data: Any, *path: str, text: str | None = None) -> RuleContext:
    text = text or "{" + ", ".join(f'"{key}": "{value}"' for key, value in data.items()) + "}"
    return RuleContext(path or ("here",), References(parse(text, "<document>")), DEFAULT)


def _ours(question: dict[str, Any]) -> list[list[Any]]:
    function = lookup(question["name"])
    assert function is not None
    value = UNDEFINED if question["value"] == NOTHING else question["value"]
    context = _context(question["data"])
    issues = function.run(value, question["options"], context)
    return [[issue.message, list(context.path if issue.path is None else issue.path)] for issue in issues]


def _disagreements(answers: list[Any]) -> list[str]:
    questions = _questions()
    pairs = [(question, answer, _ours(question)) for question, answer in zip(questions, answers, strict=True)]
    return [f"{question}: Spectral {answer}, idemlint {ours}" for question, answer, ours in pairs if answer != ours]


def test_recorded_answers() -> None:
    assert _disagreements(oracle.recorded(RECORDED, _questions())) == []


def test_live_answers() -> None:
    assert _disagreements(oracle.ask(_questions(), oracle.need_spectral())) == []


def test_casing_takes_hostile_words() -> None:
    """Spectral's own pattern would take longer than the universe."""
    function = lookup("casing")
    assert function is not None
    word = "a" + "0" * 50_000 + "!"
    begin = time.process_time()
    for casing in CASINGS:
        for separator in (None, {"char": "0"}, {"char": "a", "allowLeading": True}, {"char": "-"}):
            options = {"type": casing} | ({} if separator is None else {"separator": separator})
            assert list(function.run(word, options, _context({}))) != []
    assert time.process_time() - begin < 3


@pytest.mark.parametrize("text", ["r: {b: 1, '500': 1, '200': 2}", '{"r": {"b": 1, "500": 1, "200": 2}}'])
def test_members_are_named_in_the_order_of_the_document(text: str) -> None:
    """Not in JavaScript's, which moves numbers to the front: Spectral's parser takes care to keep it."""
    node_modules = oracle.need_spectral()
    options = {"properties": ["b", "500", "200"]}
    rules = {
        "sorted": {"given": "$.r", "then": {"function": "alphabetical"}},
        "xor": {"given": "$.r", "then": {"function": "xor", "functionOptions": options}},
    }
    question = {"kind": "lint", "rules": rules, "text": text, "json": text[0] == "{", "source": "/document"}
    context = _context({}, "r", text=text)
    ours = []
    for name, chosen in (("alphabetical", None), ("xor", options)):
        function = lookup(name)
        assert function is not None
        ours += [issue.message for issue in function.run(context.references.root.data["r"], chosen, context)]
    assert ours == ['"500" must be placed after "200"', 'Just one of "b" and "500" and "200" must be defined']
    assert sorted(ours) == sorted(message for _, message, _ in oracle.ask([question], node_modules)[0])


def test_alphabetical_follows_the_items_of_a_list_before_it_sorts_by_a_member() -> None:
    text = """
    list: [{$ref: '#/b'}, {$ref: '#/a'}]
    a: {name: a}
    b: {name: b}
    """
    function = lookup("alphabetical")
    assert function is not None
    context = _context({}, "list", text=text)
    items = context.references.root.data["list"]
    messages = [issue.message for issue in function.run(items, {"keyedBy": "name"}, context)]
    assert messages == ["properties must follow the alphabetical order"]
    unresolved = function.run(items, {"keyedBy": "name"}, context._replace(resolved=False))
    assert [issue.message for issue in unresolved] == [
        '#{{print("property")}}must be one of the allowed types: number, string'
    ]


@pytest.mark.parametrize("text", ["/(/", "(", "/a/z", "/a/gg"])
def test_an_invalid_pattern_is_an_error(text: str) -> None:
    with pytest.raises(PatternError):
        compile_option(text)


def test_a_pattern_too_costly_for_a_text_is_said_so() -> None:
    function = lookup("pattern")
    assert function is not None
    issues = list(function.run("a" * 50_000, {"match": r"(.+)\1x"}, _context({})))
    assert [issue.message for issue in issues] == [
        r'cannot be matched against the pattern "(.+)\\1x": the pattern takes too many steps on a text this long'
    ]


if __name__ == "__main__":
    if not os.environ.get("IDEMLINT_NODE_MODULES"):
        sys.exit("set IDEMLINT_NODE_MODULES to the folder node_modules that holds @stoplight/spectral-cli")
    oracle.record(RECORDED, _questions())
