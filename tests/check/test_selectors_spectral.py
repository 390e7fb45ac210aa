"""Selectors against the engine of the real Spectral: what it said once (recorded), and what it says now (live).

Record anew: `IDEMLINT_NODE_MODULES=... python tests/check/test_selectors_spectral.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import oracle
import pytest

from idemlint.check.selectors import SelectorError, compile_selector
from idemlint.openapi.document import Document, parse
from idemlint.openapi.references import Node, References

HERE = Path(__file__).parent / "selectors"
RECORDED = HERE / "spectral.json"
EXPRESSIONS: list[str] = json.loads((HERE / "expressions.json").read_text("utf-8"))
DOCUMENTS = ("plain", "references")

SPACE = "the engine takes the space for a part of the name, and so selects less than is written"
DISAGREEMENTS = {
    "$.": "the engine takes a forgotten name for the root",
    "$.paths[*][get, put]": SPACE,
    "$.paths[*]['get', 'put']": SPACE,
    "$.paths[*][get put]": "the engine selects nothing, silently, where the comma is forgotten",
    "$..tags[-1]": "the engine looks for a member called -1",
    "$.tags[(@.length-2)]": "the engine makes a slice of it and selects all items from there on",
    "paths": "a path without $ selects in the engine; Spectral's own ruleset validation refuses it",
    " $.paths": "the engine selects nothing; Spectral's own ruleset validation refuses it",
    "$.paths ": "the engine selects nothing because of the space at the end",
    "$..^": "the engine throws",
    "$..~": "the engine throws",
    "$.info..": "the fallback engine also visits null, which is no container",
    "$.info]": "the engine selects nothing because of the stray bracket",
    "$.'info.title'": "the fallback engine splits a quoted name at its dots",
    "$.paths[?(@property.search(/b/) > 0)]": "`search` takes no regular expression here: `match` tells the same",
    "$.paths[?(typeof @.get == 'object')]": "the engine knows no typeof, and throws",
}


def _document(name: str) -> Document:
    return parse((HERE / f"{name}.json").read_bytes(), f"<{name}>")


def _outline(value: Any) -> Any:
    if isinstance(value, list):
        return {"items": len(value)}
    return {"members": len(value)} if isinstance(value, dict) else value


def _place(references: References, path: list[Any]) -> str:
    """Where a logical path stands: Spectral visits what is shared once a way, and tells of each place once."""
    node = Node(references.root, (), references.root.data)
    for step in path:  # the engine gives some indices as texts, some names as numbers
        key = int(step) if isinstance(node.value, list) else str(step)
        node = Node(node.document, (*node.path, key), node.value[key])
        if isinstance(node.value, dict) and "$ref" in node.value and not references.circular(*node[::2]):
            node = references.resolve(node)
    return "/".join(map(str, node.path))


def _ours(references: References, expression: str) -> set[tuple[str, str]]:
    return {
        (_place(references, list(match.path)), json.dumps(_outline(match.value)))
        for match in compile_selector(expression).select(references)
    }


def _theirs(references: References, answer: dict[str, Any]) -> set[tuple[str, str]] | str:
    if "error" in answer:
        return str(answer["error"])
    return {(_place(references, path), json.dumps(outline)) for path, outline in answer["found"]}


def _read_recorded() -> dict[str, list[dict[str, Any]]]:
    """The answers; the file holds each path once, and its number where it was found."""
    stored = json.loads(RECORDED.read_text("utf-8"))
    paths = stored["paths"]
    return {
        name: [
            {"found": [[paths[number], outline] for number, outline in answer]} if isinstance(answer, list) else answer
            for answer in stored["answers"][name]
        ]
        for name in DOCUMENTS
    }


def _write_recorded(answers: dict[str, list[dict[str, Any]]]) -> None:
    numbers: dict[str, int] = {}
    short = {
        name: [
            [[numbers.setdefault(json.dumps(path), len(numbers)), outline] for path, outline in answer["found"]]
            if "found" in answer
            else answer
            for answer in answers[name]
        ]
        for name in DOCUMENTS
    }
    stored = {"paths": [json.loads(path) for path in numbers], "answers": short}
    RECORDED.write_text(json.dumps(stored, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


def _ask(node_modules: str) -> dict[str, list[dict[str, Any]]]:
    question = {
        "documents": {name: json.loads((HERE / f"{name}.json").read_text("utf-8")) for name in DOCUMENTS},
        "expressions": EXPRESSIONS,
    }
    done = subprocess.run(
        ["node", str(HERE / "oracle.cjs"), os.path.abspath(node_modules)],
        input=json.dumps(question),
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=300,
    )
    answers: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return answers


def _compare(answers: dict[str, list[dict[str, Any]]], name: str) -> list[str]:
    references = References(_document(name))
    wrong = []
    for expression, answer in zip(EXPRESSIONS, answers[name], strict=True):
        if expression in DISAGREEMENTS:
            continue
        theirs = _theirs(references, answer)
        if isinstance(theirs, str):
            list(compile_selector(expression).select(references))  # what ends Spectral must not end us
            assert "Cannot read properties of" in theirs or "is not a function" in theirs, (expression, theirs)
            continue
        ours = _ours(references, expression)
        if ours != theirs:
            wrong.append(f"{expression}: only Spectral {theirs - ours}, only idemlint {ours - theirs}")
    return wrong


@pytest.mark.parametrize("name", DOCUMENTS)
def test_recorded_answers(name: str) -> None:
    assert _compare(_read_recorded(), name) == []


@pytest.mark.parametrize("expression", DISAGREEMENTS)
def test_disagreements_are_still_some(expression: str) -> None:
    """An entry of the list that no longer disagrees on any document must leave it."""
    answers = _read_recorded()
    for name in DOCUMENTS:
        references = References(_document(name))
        theirs = _theirs(references, answers[name][EXPRESSIONS.index(expression)])
        try:
            ours: set[tuple[str, str]] | str = _ours(references, expression)
        except SelectorError as error:
            ours = error.message
        if ours != theirs:
            return
    pytest.fail(f"{expression} agrees with Spectral")


def test_live_answers() -> None:
    answers = _ask(oracle.need_spectral())
    for name in DOCUMENTS:
        assert _compare(answers, name) == []


if __name__ == "__main__":
    if not os.environ.get("IDEMLINT_NODE_MODULES"):
        sys.exit("set IDEMLINT_NODE_MODULES to the folder node_modules that holds @stoplight/spectral-cli")
    _write_recorded(_ask(os.environ["IDEMLINT_NODE_MODULES"]))
