"""Lines and columns of findings over real documents, against a walk of this test's own over YAML's event stream."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any, TypeAlias

import corpus
import pytest
import yaml

SAMPLE = 1000
RULESET = """
rules:
  everything: {given: "$..*", resolved: false, then: {function: falsy}}
"""
FALLBACK = [Path(__file__).parent / "payments.yaml"]

Place: TypeAlias = tuple[int, int]


def walk(text: str) -> dict[tuple[str | int, ...], Place]:
    """Each node's path and place, counted from 0.

    Spectral's convention: a mapping or sequence that is a member's value begins one character behind the member's name,
    everything else where its own text begins. Nodes that bear an anchor or are an alias are left out: their place is a matter of taste.
    """
    places: dict[tuple[str | int, ...], Place] = {}
    stack: list[dict[str, Any]] = []

    def enter(start: yaml.Mark, *, scalar: bool, named: bool) -> tuple[str | int, ...]:
        if not stack:
            return ()
        top = stack[-1]
        if top["keys"]:
            path, key_end = top["path"] + (top["key"],), top["end"]
            place = (start.line, start.column) if scalar else (key_end[0], key_end[1] + 1)
        else:
            path, place = top["path"] + (top["index"],), (start.line, start.column)
            top["index"] += 1
        top["key"] = None
        if not named:
            places[path] = place
        return path

    for event in yaml.parse(text, Loader=getattr(yaml, "CLoader", yaml.Loader)):
        top = stack[-1] if stack else None
        if isinstance(event, yaml.ScalarEvent):
            if top and top["keys"] and top["key"] is None:
                top["key"], top["end"] = event.value, (event.end_mark.line, event.end_mark.column)
            else:
                enter(event.start_mark, scalar=True, named=event.anchor is not None)
        elif isinstance(event, yaml.AliasEvent):
            enter(event.start_mark, scalar=True, named=True)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            path = enter(event.start_mark, scalar=False, named=event.anchor is not None)
            stack.append({"path": path, "keys": isinstance(event, yaml.MappingStartEvent), "key": None, "index": 0})
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            stack.pop()
    return places


def everything_said_of(documents: list[Path], ruleset: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "idemlint", "check", "-f", "json", "-r", str(ruleset), *map(str, documents)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )
    findings: list[dict[str, Any]] = json.loads(done.stdout)
    return [finding for finding in findings if finding["code"] == "everything"]


def test_places_of_findings(tmp_path: Path) -> None:
    ruleset = tmp_path / "everything.yaml"
    ruleset.write_text(RULESET, encoding="utf-8")
    chance = random.Random(20240229)
    documents = [entry.path for entry in corpus.entries() if entry.path.stat().st_size < 600_000] or FALLBACK
    findings = []
    for document in chance.sample(documents, min(len(documents), 25)):
        said = everything_said_of([document], ruleset)
        findings += chance.sample(said, min(len(said), SAMPLE // 20))
    walks: dict[str, dict[tuple[str | int, ...], Place]] = {}
    checked = 0
    for finding in findings:
        source = finding["source"]
        if source not in walks:
            walks[source] = walk(Path(source).read_text(encoding="utf-8-sig"))
        path = tuple(finding["path"])
        if path in walks[source]:
            start = finding["range"]["start"]
            assert (start["line"], start["character"]) == walks[source][path], (source, path)
            checked += 1
    assert checked >= (SAMPLE if len(documents) > 1 else 100)


def test_the_walk_itself() -> None:
    text = "a:\n  - x\n  - {b: 1, c: [2]}\nd :\n  e: |\n    f\n"
    assert walk(text) == {
        ("a",): (0, 2),
        ("a", 0): (1, 4),
        ("a", 1): (2, 4),
        ("a", 1, "b"): (2, 8),
        ("a", 1, "c"): (2, 13),
        ("a", 1, "c", 0): (2, 15),
        ("d",): (3, 2),
        ("d", "e"): (4, 5),
    }


@pytest.mark.parametrize("text", ["", "plain", "- a\n- [b]\n"])
def test_the_walk_takes_any_document(text: str) -> None:
    assert all(isinstance(path, tuple) for path in walk(text))
