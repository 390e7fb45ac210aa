"""Ranges as the real Spectral prints them, start and end, for every node of documents in every style.

`spectral_ranges.json` holds Spectral 6.16's answers. To record them anew:
`IDEMLINT_NODE_MODULES=.../node_modules PYTHONPATH=tests:. python tests/openapi/test_places.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, TypeAlias

import oracle
import pytest

from idemlint.openapi.document import parse

HERE = Path(__file__).parent
RECORDED = HERE / "spectral_ranges.json"
RULESET = """
rules:
  full: {given: ["$", "$..*"], resolved: false, then: {function: falsy}}
  hollow: {given: ["$", "$..*"], resolved: false, then: {function: truthy}}
"""
NOWHERE = [0, 0, 0, 0]
"""Spectral's answer for what it cannot find: all below an alias, and empty items."""

Ranges: TypeAlias = list[tuple[list[str | int], list[int]]]

STYLES = """# comment
openapi: 3.1.0
"quoted key": v
'single' : "x"   # c
empty:
empty2:   # comment

nullish: ~
block: |
  text
   more

next: >-
  folded
  text


  more
# trailing comment
seq:
- a
- b: 1
  c: 2
-   d: 3
    e:
    - - x
      - y
    -
      z: 1
deep:
    - "q"
    - 'multi
      line'
    - plain multi
      line here
    - |
      in seq
    - {}
    - []
    - {a: b, "c": [1, 2, {d: e}]}
    - [ ]
    - { }
flow: {a: 1, b: {c: 2}, d: []}
flowseq: [ a, "b", 'c', [d, e] ]
below:
  text on the next line
  continued
long: this is
  a plain
  scalar
"dq multi": "one
  two \\
  three"
pathy:
  /a/{b}: x
  '200': y
last: |+
  keep


"""
PETS = {
    "openapi": "3.0.3",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/pets/{id}": {
            "post": {"tags": [], "responses": {"200": {"description": "OK"}, "409": {}}, "x": [[1], {"a": None}, "é"]}
        }
    },
    "empty": {},
}
DOCUMENTS = {
    "styles.yaml": STYLES,
    "crlf.yaml": STYLES.replace("\n", "\r\n"),
    "flow.yaml": "a: {\n  b: 1,\n  c: [\n    2,\n    3\n  ],\n}\nd: [x,\n y ]\ne: {f: 'g\n  h'}\n",
    "anchors.yaml": (
        "a: &x\n  k: 1\n  l: [1, 2]\nb: *x\nc: &y foo\nd: *y\ne:\n  <<: *x\n  m: 2\nf:\n- *x\n- &z\n  q: 1\n- *z\n"
        "g: !!str 12\nh: !!str\n  y\ni:\n  m: 1\n  <<: *x\nj: {<<: *x}\nk: &s |\n  block\nl: 1\n"
    ),
    "chomping.yaml": (
        "a: >\n  x\n\n# c\nb: |2\n    y\n  z\nc: |-\n\n\nd: |\ne: >+\n\n  x\n\nf:\n  - |\n   x\n  - y\ng: |-\n  no break at the end"
    ),
    "repeated.yaml": "a: 1\nb: 2\na:\n  z: 3\nc:\n  d: 1\n  e: 2\n  d: {q: 1}\n",
    "nothing.yaml": "a:\n  -\n  - x\nb:\n  c:\nd:\n  - e:\n  - f\n",
    "marked.yaml": "---\nopenapi: 3.0.0\ninfo:\n  title: x",
    "list.yaml": "[a, {b: c}]\n",
    "odd.json": '\n{\n"a" : 1 ,\n"b":\n{\n"c" : [ ] , "d":[ 1,\n2 ]\n}\n,"e":\n"f"\n}\n',
    "pretty.json": json.dumps(PETS, indent=2, ensure_ascii=False) + "\n",
    "four.json": json.dumps(PETS, indent=4),
    "tabs.json": json.dumps(PETS, indent="\t"),
    "minified.json": json.dumps(PETS, separators=(",", ":")),
    "one-line.json": json.dumps(PETS) + "\n",
}


def ask_spectral(node_modules: str) -> dict[str, Ranges]:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {"ruleset.yaml": RULESET, **DOCUMENTS}.items():
            (Path(folder) / name).write_bytes(text.encode())
        jobs = [
            {"name": name, "folder": folder, "ruleset": "ruleset.yaml", "documents": [str(Path(folder) / name)]}
            for name in DOCUMENTS
        ]
        done = subprocess.run(
            ["node", HERE.parent / "conformance" / "spectral.cjs", node_modules],
            input=json.dumps(jobs),
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
    answers = json.loads(done.stdout)
    return {name: [_row(result) for result in answers[name]["results"] if _is_ours(result)] for name in DOCUMENTS}


def _is_ours(result: dict[str, Any]) -> bool:
    return result["code"] in {"full", "hollow"}


def _row(result: dict[str, Any]) -> tuple[list[str | int], list[int]]:
    start, end = result["range"]["start"], result["range"]["end"]
    return result["path"], [start["line"], start["character"], end["line"], end["character"]]


def ours(name: str, path: list[str | int]) -> list[int]:
    located = parse(DOCUMENTS[name], name).locate(tuple(path))
    assert [str(segment) for segment in located.path] == [str(segment) for segment in path]
    return [*located.range.start, *located.range.end]


def compare(answers: dict[str, Ranges]) -> int:
    compared = 0
    for name, ranges in answers.items():
        for path, spectral in ranges:
            if spectral == NOWHERE or (name, path) == ("nothing.yaml", ["a"]):
                continue
            assert ours(name, path) == spectral, (name, path)
            compared += 1
    return compared


def test_recorded_ranges() -> None:
    answers: dict[str, Ranges] = json.loads(RECORDED.read_text("utf-8"))
    assert list(answers) == list(DOCUMENTS), "record the ranges anew"
    assert compare(answers) > 300


def test_live_ranges() -> None:
    assert compare(ask_spectral(oracle.need_spectral())) > 300


@pytest.mark.parametrize(
    ("name", "path", "place"),
    [
        ("anchors.yaml", ["b", "k"], [1, 5, 1, 6]),
        ("anchors.yaml", ["b", "l", 1], [2, 9, 2, 10]),
        ("anchors.yaml", ["e", "k"], [1, 5, 1, 6]),
        ("anchors.yaml", ["f", 2, "q"], [12, 5, 12, 6]),
        ("nothing.yaml", ["a", 0], [1, 3, 1, 3]),
        ("nothing.yaml", ["a"], [0, 2, 2, 5]),
    ],
)
def test_where_spectral_has_no_place(name: str, path: list[str | int], place: list[int]) -> None:
    assert ours(name, path) == place


@pytest.mark.parametrize("text", ["a: 😀 x\nb: {c: 1}\n", '{"a": "😀 x",\n"b": {"c": 1}}'])
def test_characters_are_code_points(text: str) -> None:
    located = parse(text, "x").locate(("a",))
    assert located.value.end.character - located.value.start.character == (3 if text[0] == "a" else 5)


def test_a_byte_order_mark_is_no_character() -> None:
    assert parse("\ufeffa: 1\n", "x").locate(("a",)) == parse("a: 1\n", "x").locate(("a",))


def test_keys_and_values() -> None:
    document = parse(STYLES, "x.yaml")

    def key(*path: str | int) -> list[int]:
        located = document.locate(path)
        assert located.key is not None
        return [*located.key.start, *located.key.end]

    def value(*path: str | int) -> list[int]:
        located = document.locate(path)
        return [*located.value.start, *located.value.end]

    assert key("quoted key") == [2, 0, 2, 12]
    assert key("single") == [3, 0, 3, 8]
    assert key("pathy", "/a/{b}") == [54, 2, 54, 8]
    assert document.locate(("seq", 1)).key is None
    assert document.locate(()).key is None
    assert value("empty") == [4, 6, 4, 6]
    assert value("block") == [8, 7, 11, 0]
    assert value("next") == [12, 6, 17, 6]
    assert value("seq") == [20, 0, 28, 10]
    assert value("seq", 2, "e", 0) == [25, 6, 26, 9]
    assert value("flow") == [42, 6, 42, 30]
    assert value("below") == [45, 2, 46, 11]
    assert value("dq multi") == [50, 12, 52, 8]


def test_the_closest_node_that_is_there() -> None:
    document = parse(STYLES, "x.yaml")
    assert document.locate(("seq", 1, "no", "such")) == document.locate(("seq", 1))
    assert document.locate(("seq", 9)).path == document.locate(("seq", -1)).path == ("seq",)
    assert document.locate(("seq", "1", "b")).value == document.locate(("seq", 1, "b")).value
    assert document.locate(("seq", "x")).path == ("seq",)
    assert document.locate(("openapi", 0)).path == ("openapi",)
    assert document.locate((1,)).path == ()


if __name__ == "__main__":
    recorded = ask_spectral(os.environ["IDEMLINT_NODE_MODULES"])
    rows = {name: ",\n  ".join(map(json.dumps, ranges)) for name, ranges in recorded.items()}
    body = ",\n".join(f" {json.dumps(name)}: [\n  {text}\n ]" for name, text in rows.items())
    RECORDED.write_text(f"{{\n{body}\n}}\n", "utf-8")
    sys.exit(0)
