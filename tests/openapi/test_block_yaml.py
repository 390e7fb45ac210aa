"""The fast reader against libyaml: the same values, references and places, or it gives up; never more than libyaml takes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import corpus
import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from idemlint.errors import DocumentError
from idemlint.openapi import block_yaml, event_yaml
from idemlint.openapi.encoding import decode, is_printable
from idemlint.openapi.limits import DEFAULT_LIMITS, Limits
from idemlint.openapi.positions import locate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.openapi.layout import Loaded

FIXTURES = sorted((Path(__file__).parents[2] / "fixtures").rglob("*.yaml"))

# Each is a document of the plain subset, which the fast reader must take.
TAKEN = [
    "a: 1",
    "a: 1\n",
    "---\na: 1\n",
    "# comment\n\na: 1\n# comment\nb: 2  # comment\n#end",
    "a:\n  b:\n    c: d\n  e: f\ng: h\n",
    "a:\n- 1\n- b: 2\n  c: 3\n-   d: 4\n    e: 5\n- - x\n  - y\n- - - z\nb: c\n",
    "a:\n  - 1\n  -\n    b: 2\n  -\n  - c\nb:\n",
    "- a\n- b: c\n",
    "a:\nb:   # nothing\nc: ~\nd: null\ne: Null\n",
    "a: true\nb: True\nc: no\nd: on\ne: 09:00\nf: 2024-04-31\ng: 0o17\nh: 0x1F\ni: 1_000\nj: .5\nk: -1.5e3\nl: .inf\n",
    "409: a\ntrue: b\n~: c\nnull: d\n",
    "a: 'it''s'\n\"b\": \"c\\n\\t\\x41\\u00e9\\U0001F600\\\"\\\\\"\n'c d': 'e'  # f\n",
    "a: 'one\n  two\n\n  three'\nb: \"one\n  two \\\n  three\\\n  \\ four\"\nc: 1\n",
    "a: one\n  two\n\n  three\nb:\n  below\n  its key\nc: 10\n  apples\n",
    "a: |\n  one\n   two\n\n  three\n\nb: >\n  one\n  two\n\n  three\n    four\n  five\nc: |-\n  x\nd: >+\n  y\n\n\ne: 1\n",
    "a: | # comment\n  text\n",
    "a:\n- |\n  text\n- >-\n  text\n  more\n-   |\n    text\n",
    'a: []\nb: {}\nc: [1, two, \'three\', "four", [5]]\nd: {a: 1, b: [2], "c": {d: e}}\ne: [ ]\nf: { a: b }  # g\n',
    "a: http://x.y/z#w\nb: x:y\nc: -x\nd: ?x\ne: :x\nf: a#b\n",
    "$ref: '#/a'\na:\n- $ref: x\n- {$ref: y}\n- $ref: 1\n",
    "a: é\nb: 😀  # ü\nc: [ñ]\n",
    "a: 1\r\nb:\r\n- c\r\n- |\r\n  d\r\n  e\r\n\r\nf: 'g\r\n  h'\r\ni: j\r\n  k\r\n",
    "a:    1   \nb:   \nc:   'x'   \n",
    "paths:\n  /a/{b}:\n    get:\n      responses:\n        '200': {description: OK}\n        default:\n          description: no\n",
    "a: 1\nb: 1\nc:\n  a: 1\n  b: 1\n  c:\n    a: 1\n",
    "a:\n- a: 1\n- a: 1\n- a: 1\n  b: 1\nb:\n- a: 1\n",
    "a:\n- x\n- x\nb:\n- x\n- x\n",
    "a: x\n  y\nb: x\n  y\nc: x\n",
]

# Each is for libyaml to read or to refuse.
LEFT = [
    "a: &x 1\nb: *x\n",
    "<<: {a: 1}\n",
    "a: {<<: {b: 1}}\n",
    "a: !!str 1\n",
    "? a\n: b\n",
    "a: 1\na: 2\n",
    "a: {b: 1, b: 2}\n",
    "%YAML 1.2\n---\na: 1\n",
    "a: 1\n---\nb: 2\n",
    "a: 1\n...\n",
    "a:\t1\n",
    "a:\n\t- b\n",
    "a: b: c\n",
    "a: 'b\nc: d\n",
    "a: 'b' c\n",
    "a: [b\n",
    "a: {b: 1\n}\n",
    "a: b]\n  - c\n d: e\n",
    "  a: 1\n b: 2\n",
    "a:\n    b: 1\n  c: 2\n",
    "a: 1\n  b: 2\n",
    "a:\n- b\n  - c: d\n",
    "a: @b\n",
    "a: `b`\n",
    "a: %b\n",
    "a: - b\n",
    ": b\n",
    "a: |3\n  b\n",
    'a: "\\q"\n',
    'a: "\\ud83d\\ude00"\n',
    "plain text\n",
    "a: 1\rb: 2\r",
    "a: 1\r\nb: 2\n",
    "a: x\u2028y\n",
    "",
    "\n",
    "# only\n",
    "---\n",
    "a: " + "9" * 5000 + "\n",
    "k" * 1500 + ": 1\n",
]

FRAGMENTS = [
    *(
        "a",
        "b: ",
        "c:",
        "key: value\n",
        "$ref: x\n",
        "1",
        "0x1F",
        "-1.5",
        "true",
        "~",
        "null",
        "é",
        "😀",
        "- ",
        "-",
        "- - ",
    ),
    *(
        "\n",
        "\n\n",
        "\n  ",
        "\n    ",
        "\n ",
        " ",
        "  ",
        ":",
        ": ",
        " #",
        "#",
        "'",
        '"',
        "''",
        '""',
        "\\",
        "\\n",
        "\\\n",
    ),
    *(
        "|",
        ">",
        "|-\n  ",
        ">+\n  ",
        "|\n  text\n",
        ">\n  a\n  b\n",
        "[",
        "]",
        "{",
        "}",
        ",",
        "[a, b]",
        "{a: b}",
        "[]",
        "{}",
    ),
    *(
        "<<",
        "&a ",
        "*a",
        "!t ",
        "? ",
        "%",
        "@",
        "`",
        "---",
        "...",
        "---\n",
        "=",
        "\t",
        "\r\n",
        "\n- a: 1\n  b: 2\n",
        "x\n  y\n",
    ),
]


def nodes(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(data, dict):
        for key, value in data.items():
            yield from nodes(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from nodes(value, (*path, index))


def described(data: Any) -> Any:
    """The data with types and the order of keys made plain; NaN equals itself."""
    if isinstance(data, dict):
        return [(key, described(value)) for key, value in data.items()]
    if isinstance(data, list):
        return [described(value) for value in data]
    return type(data).__name__, repr(data)


def check(text: str, *, places: bool = True) -> Loaded | None:
    """What the fast reader says, held against libyaml."""
    fast = block_yaml.load(text, DEFAULT_LIMITS)
    if fast is None:
        return None
    sure = event_yaml.load(text, "x.yaml", DEFAULT_LIMITS)  # DocumentError: libyaml refuses it
    assert described(fast.data) == described(sure.data)
    assert sure.repeated == []
    assert [mapping["$ref"] for mapping in fast.references] == [mapping["$ref"] for mapping in sure.references]
    if places:
        for path in nodes(fast.data):
            assert locate(fast.layout, fast.data, path) == locate(sure.layout, sure.data, path), path
    return fast


@pytest.mark.parametrize("text", TAKEN)
def test_takes_the_plain_subset(text: str) -> None:
    assert check(text) is not None


@pytest.mark.parametrize("text", LEFT)
def test_leaves_the_rest_to_libyaml(text: str) -> None:
    assert block_yaml.load(text, DEFAULT_LIMITS) is None


@pytest.mark.parametrize("file", FIXTURES, ids=lambda file: file.name)
def test_fixtures(file: Path) -> None:
    check(decode(file.read_bytes(), file.name))


@corpus.needs_corpus
def test_public_documents() -> None:
    taken = 0
    files = [file for file in sorted(corpus.FOLDER.rglob("*.y*ml")) if file.is_file()]
    for file in files:
        text = decode(file.read_bytes(), file.name)
        taken += check(text, places=len(text) < 50_000) is not None
    assert taken > 0.98 * len(files)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join))
@settings(max_examples=600)
@example("a: b\n  c:\n")
@example("a:\n  'b': c\n  d\n")
@example("a: 'x'\n  y\n")
@example("a: # c\n  b\n")
@example("- - a\n b\n")
def test_never_takes_more_than_libyaml(text: str) -> None:
    assume(is_printable(text))
    check(text)


LINES = [line for file in FIXTURES[:: max(1, len(FIXTURES) // 25)] for line in file.read_text("utf-8").splitlines()]


@given(st.data())
@settings(max_examples=400)
def test_real_lines_cut_and_mended(data: st.DataObject) -> None:
    first = data.draw(st.integers(0, max(0, len(LINES) - 12)))
    lines = LINES[first : first + data.draw(st.integers(1, 12))]
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    text = "\n".join(line[margin:] for line in lines) + data.draw(st.sampled_from(["", "\n", "\n\n"]))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(text)))
        gone = data.draw(st.integers(0, 4))
        text = text[:at] + data.draw(st.sampled_from(["", *FRAGMENTS])) + text[at + gone :]
    assume(is_printable(text))
    check(text)


@pytest.mark.parametrize("seed", range(8))
def test_mutated_documents(seed: int) -> None:
    chance = random.Random(seed)
    texts = [file.read_text("utf-8") for file in FIXTURES]
    for _ in range(250):
        lines = chance.choice(texts).split("\n")
        first = chance.randrange(len(lines))
        text = "\n".join(lines[first : first + chance.randrange(1, 12)]) + chance.choice(["", "\n", "\n\n"])
        for _ in range(chance.randrange(5)):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice([chance.choice(FRAGMENTS), ""]) + text[at + chance.randrange(4) :]
        if text.strip() and is_printable(text):
            check(text)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30),
    st.sampled_from(
        ["no", "on", "~", "", " x ", "a: b", "a #b", "- a", "one\ntwo\n", "x\n\n  y", "'", '"', "\\", "12", "0x1"]
    ),
)
DATA = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8),
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc $", max_size=3), inner, max_size=3),
    ),
    min_size=1,
    max_size=4,
)


@given(
    DATA,
    st.sampled_from([None, "'", '"', "|", ">"]),
    st.sampled_from([None, False, True]),
    st.sampled_from([2, 4]),
    st.sampled_from([15, 80]),
)
@settings(max_examples=300)
def test_what_pyyaml_writes(data: Any, style: str | None, flow: bool | None, indent: int, width: int) -> None:
    check(
        yaml.safe_dump(
            data, default_style=style, default_flow_style=flow, indent=indent, width=width, allow_unicode=True
        )
    )


def test_limits_are_left_to_libyaml() -> None:
    assert block_yaml.load("a:\n  b:\n    c: 1\n", Limits(max_depth=2)) is None
    assert block_yaml.load("a:\n- - - 1\n", Limits(max_depth=3)) is None
    assert block_yaml.load("a:\n- - - 1\n", Limits(max_depth=4)) is not None
    assert block_yaml.load("- 1\n" * 100, Limits(max_nodes=50)) is None


def test_the_oracle_refuses() -> None:
    with pytest.raises(DocumentError):
        event_yaml.load("a: b: c\n", "x.yaml", DEFAULT_LIMITS)
