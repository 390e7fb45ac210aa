"""The fast reader says what libyaml says, of values and of places, or leaves the document to it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from idemlint.errors import DocumentError
from idemlint.openapi import block_yaml, event_yaml
from idemlint.openapi.document import Document
from idemlint.openapi.encoding import is_printable
from idemlint.openapi.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
OWN = sorted(path for path in (ROOT / "fixtures").rglob("*.yaml"))
FRAGMENTS = [
    "- ",
    " ",
    "  ",
    "\n",
    "\n\n",
    ":",
    ": ",
    "#",
    " #",
    '"',
    "'",
    "\\",
    ">",
    "[",
    "]",
    "{",
    "}",
    ",",
    "- - ",
    "-",
    "~",
    "null",
    "1",
    "0x1F",
    "1e3",
    ".5",
    "true",
    "<<",
    "*a",
    "&a",
    "!t",
    "?",
    "? ",
    "%",
    "@",
    "`",
    "---",
    "...",
    "---\n",
    "é",
    '""',
    "''",
    "key: ",
    "a b",
    "$ref",
    "  \n",
    "x: y",
    "[a, b]",
    "{a: b}",
    "[]",
    "{}",
    "-1",
    "- a\n",
    "a: b\n",
    "# c\n",
    "\n  ",
    ":x",
    "x:",
    "5.",
    "+1",
    "0o7",
    "=",
    "<",
]


def paths(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(node, dict):
        for key, value in node.items():
            yield from paths(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from paths(value, (*path, index))


def compare(text: str) -> bool:
    """Whether the fast reader took the text; then it has to be right."""
    fast = block_yaml.load(text, Limits())
    if fast is None:
        return False
    try:
        sure = event_yaml.load(text, "a.yaml", Limits())
    except DocumentError as error:
        pytest.fail(f"libyaml refuses {text!r}: {error}")
    assert repr(fast.data) == repr(sure.data), text
    assert [value["$ref"] for value in fast.references] == [value["$ref"] for value in sure.references], text
    assert not sure.repeated, text
    quick, slow = Document("a.yaml", text, "yaml", fast), Document("a.yaml", text, "yaml", sure)
    for path in paths(fast.data):
        assert quick.locate(path) == slow.locate(path), (path, text)
    return True


def test_own_documents() -> None:
    assert sum(compare(path.read_text(encoding="utf-8")) for path in OWN) > len(OWN) // 2


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real documents is not beside this checkout")
def test_real_documents() -> None:
    files = [path for path in CORPUS.rglob("*.y*ml") if path.stat().st_size < 100_000]
    taken = sum(compare(path.read_bytes().decode("utf-8-sig")) for path in files)
    assert taken > len(files) * 0.9


@pytest.mark.parametrize("seed", range(8))
def test_mutated_documents(seed: int) -> None:
    chance = random.Random(seed)
    texts = [path.read_text(encoding="utf-8") for path in OWN]
    for _ in range(250):
        lines = chance.choice(texts).split("\n")
        first = chance.randrange(len(lines))
        text = "\n".join(lines[first : first + chance.randrange(1, 12)]) + chance.choice(["", "\n", "\n\n"])
        for _ in range(chance.randrange(5)):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice([chance.choice(FRAGMENTS), ""]) + text[at + chance.randrange(4) :]
        if text.strip() and is_printable(text):
            compare(text)
