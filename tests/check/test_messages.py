"""Placeholders and paths print as Spectral prints them, and values as JavaScript does."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import oracle
from hypothesis import given
from hypothesis import strategies as st

from idemlint.check.collation import compare
from idemlint.check.function import UNDEFINED
from idemlint.check.javascript import number_text, print_value, to_number, to_text
from idemlint.check.messages import interpolate, print_dotted, print_pointer

RECORDED = Path(__file__).with_name("messages.json")
NOTHING = "<undefined>"

NAMES: list[dict[str, Any]] = [
    {"property": "foo", "error": "boom {{x}}", "path": "#/a/0", "description": None, "value": 1},
    {"property": "", "error": "e", "path": "#", "description": "d", "value": {"a": {"b": [1, None, [2]]}}},
    {"property": 3, "error": "", "path": "#/3", "description": "x", "value": 'te"x\né😀\u2028\ud800'},
    {"property": "p", "error": "", "path": "", "description": "", "value": None},
    {"property": "ß", "error": "$& $1", "path": "", "description": "", "value": [1, [2, None], {}, True, 1e21, 0.1]},
    {"property": "p", "error": "", "path": "", "description": "", "value": NOTHING},
]
TEMPLATES = [
    *(
        "plain",
        "",
        "{{error}} {{description}} {{path}} {{property}} {{value}}",
        "{{ error }}",
        "{{}}",
        "{{{error}}}",
        "{{nope}}|#{{nope}}",
    ),
    *(
        '#{{print("property")}}must',
        '#{{print("value")}}!',
        "#{{print('value')}}",
        '#{{print("error")}}',
        '#{{print("nope")}}',
        "#{{print()}}",
    ),
    *(
        '#{{error + " at " + path}}',
        "#{{property.toUpperCase()}}",
        '#{{print("property").toUpperCase()}}',
        "#{{ error }}",
        "#{{#{{error}}",
    ),
    *(
        "#{{value.a}}",
        "#{{value.a.b}}",
        '#{{concat("a",1,1.50)}}',
        '#{{"re" + "quire"}}',
        '#{{"required"}}',
        '#{{"a" || property}}',
    ),
    *(
        "#{{(property)}}",
        "#{{true}}",
        "a{{error}}b{{error}}",
        "{{error\n}}",
        "#{{}}",
        '#{{"a+b"}}',
        '#{{ "x\\"y" }}',
        "#{{1}}",
        "#{{1.0}}",
    ),
    *(
        '#{{print("value") + print("property")}}',
        "$&{{error}}$1",
        "#{{toUpperCase(error)}}",
        "#{{error,path}}",
        '#{{"unclosed}}',
        "#{{print(value)}}",
    ),
    *(
        "#{{concat()}}",
        "#{{concat(}}",
        "#{{)}}",
        "#{{unknown(1)}}",
        "#{{error.}}",
        "#{{((((property))))}}",
        "{{error}",
        "{error}}",
    ),
]
PATHS: list[list[str | int]] = [
    [],
    ["200"],
    ["x", ""],
    ["a.b"],
    ["a", "b/c", "~x", 0, "é ü", "a–b", "%", "x~1y", "{id}", "'()!*", "A-Z_.", "50%25", "😀", "+", "[0]", '"'],
    [
        "paths",
        "/pay ments",
        "get",
        "parameters",
        "0",
        1,
        "",
        "1e3",
        "0x10",
        "Infinity",
        "-",
        "+1",
        " 1",
        "a~1b",
        "\xa0x",
        "0b1",
        "1_0",
        ".5",
        "5.",
    ],
]
JSONS = [
    *(
        "1.0",
        "-0",
        "1e21",
        "1e20",
        "123456789012345678901",
        "1e-7",
        "1.5e-7",
        "0.000001",
        "0.1",
        "-2.50",
        "1e300",
        "5e-324",
        "12345.678",
    ),
    *(
        "9007199254740993",
        "-9007199254740993",
        "1e23",
        "100",
        "1.7976931348623157e308",
        "4.35",
        "0.00001234",
        "123e-20",
        "true",
        "null",
        '"x"',
    ),
    *('"\\u0000\\u001f\\u007f\\u2028"', '"\\ud800"', "[]", "[null]", "[[],[1,[2]]]", '[{"a":1},"b",null,false]', "{}"),
]
NUMBERS = [
    *(
        "",
        " ",
        "1",
        "1.",
        ".5",
        ".",
        "-1",
        "+1",
        "--1",
        "1e3",
        "1e",
        "0x1F",
        "-0x1",
        "0b101",
        "0o17",
        "0b2",
        "017",
        "1_000",
        "1n",
        "Infinity",
    ),
    *("-Infinity", "infinity", "NaN", "١", "\ufeff1\n", "1 2", "\x1c1", "1e1000", "0x", "1,5", "200", "\x851"),
]
WORDS = [
    *(
        "a",
        "A",
        "b",
        "B",
        "á",
        "à",
        "Á",
        "ä",
        "ae",
        "æ",
        "az",
        "ab",
        "a b",
        "a-b",
        "a_b",
        "a.b",
        "a/b",
        "a,b",
        "a{b}",
        "",
        "1",
        "10",
        "9",
    ),
    *(
        "09",
        "1a",
        "a1",
        "a10",
        "a9",
        "ß",
        "ss",
        "st",
        "ñ",
        "n",
        "ø",
        "o",
        "œ",
        "oe",
        "z",
        "Z",
        "ł",
        "l",
        "m",
        "đ",
        "d",
        "e",
        "é",
        "\u0001a",
    ),
    *(
        "x-a",
        "X-a",
        "x-A",
        "$ref",
        "~",
        "|",
        "/pets",
        "/pets/{id}",
        "/Pets",
        "_",
        "-",
        "«",
        "€x"[1:],
        "co",
        "Co",
        "CO",
        "cO",
        "a\tb",
        "ü",
        "ue",
        "и",
        "я",
    ),
]


def _questions() -> list[dict[str, Any]]:
    asked: list[dict[str, Any]] = [
        {"kind": "message", "template": template, "names": names} for template in TEMPLATES for names in NAMES
    ]
    asked += [{"kind": "path", "path": path} for path in PATHS]
    asked += [{"kind": "text", "json": text} for text in JSONS]
    asked += [{"kind": "number", "text": text} for text in NUMBERS]
    asked += [
        {"kind": "compare", "left": left, "right": right, "numeric": numeric}
        for numeric in (False, True)
        for left in WORDS
        for right in WORDS
    ]
    return asked


def _ours(question: dict[str, Any]) -> Any:
    if question["kind"] == "message":
        names = question["names"]
        return interpolate(
            question["template"], **{**names, "value": UNDEFINED if names["value"] == NOTHING else names["value"]}
        )
    if question["kind"] == "path":
        return [print_pointer(question["path"]), print_dotted(question["path"])]
    if question["kind"] == "text":
        value = json.loads(question["json"])
        return [to_text(value), print_value(value)]
    if question["kind"] == "number":
        number = to_number(question["text"])
        return None if number is None else number_text(number)
    return compare(question["left"], question["right"], numeric=question["numeric"])


def _disagreements(answers: list[Any]) -> list[str]:
    pairs = [(question, answer, _ours(question)) for question, answer in zip(_questions(), answers, strict=True)]
    return [
        f"{question}: JavaScript {answer!r}, idemlint {ours!r}" for question, answer, ours in pairs if answer != ours
    ]


def test_recorded_answers() -> None:
    assert _disagreements(oracle.recorded(RECORDED, _questions())) == []


def test_live_answers() -> None:
    assert _disagreements(oracle.ask(_questions(), oracle.need_spectral())) == []


@given(st.text("#{}()\"'+.,|\\ printvaluecorx1\n", max_size=40), st.text(max_size=5))
def test_any_template_prints(template: str, error: str) -> None:
    printed = interpolate(template, error=error, value=[error])
    assert "{{" in template or printed == template


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_value_prints(value: Any) -> None:
    assert isinstance(to_text(value), str)
    assert isinstance(print_value(value), str)


def test_a_list_within_itself_prints() -> None:
    endless: list[Any] = ["a"]
    endless.append(endless)
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert to_text(endless) == "a,"
    assert to_text(deep) == ""


@given(st.lists(st.text("aAbBáà 1-_", max_size=4), max_size=5))
def test_the_order_is_one(words: list[str]) -> None:
    for left in words:
        for right in words:
            assert compare(left, right) == -compare(right, left)


if __name__ == "__main__":
    if not os.environ.get("IDEMLINT_NODE_MODULES"):
        sys.exit("set IDEMLINT_NODE_MODULES to the folder node_modules that holds @stoplight/spectral-cli")
    oracle.record(RECORDED, _questions())
