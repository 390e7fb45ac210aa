"""ECMAScript patterns mean what they mean in JavaScript, by every way of matching, and no text makes them slow."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idemlint.openapi.ecma_regex import Pattern, PatternCostError, PatternError, compile_pattern
from idemlint.openapi.ecma_regex.automaton import Matcher

RECORDED = Path(__file__).with_name("ecma_regex.json")

ATOMS = [
    *"abcAéÉ😀.^$_-{}]kKsßıİµΣς/",
    *(
        r"\d",
        r"\w",
        r"\s",
        r"\W",
        r"\S",
        r"\D",
        r"\b",
        r"\B",
        r"\n",
        r"\t",
        r"\x41",
        r"\u0061",
        r"\u{61}",
        r"\cJ",
        r"\0",
    ),
    *(
        r"\/",
        r"\-",
        r"\.",
        r"\1",
        r"\2",
        r"\k<n>",
        r"\p{L}",
        r"\P{Lu}",
        r"\p{Script=Greek}",
        r"\a",
        r"\e",
        r"\x4",
        r"\u12",
    ),
    *(r"\c", r"\8", r"\07", r"\101", r"\ud83d", r"\ude00", r"\ud83d\ude00", "ſ", "\u212a", "x{0}"),
    *(
        "[ab]",
        "[^a]",
        "[a-c]",
        "[^]",
        "[]",
        r"[\w-]",
        r"[\d-x]",
        "[é-ü]",
        "[😀a]",
        r"[\b]",
        "[a-]",
        "[-a]",
        r"[\c]",
        r"[\c1]",
    ),
    *("(?=a)", "(?!b)", "(?<=a)", "(?<!b)"),
]
QUANTIFIERS = ["*", "+", "?", "{2}", "{1,2}", "{0,3}", "{2,}", "*?", "+?", "??", "{1,2}?", "{,2}", "{a"]
FLAGS = ["", "", "", "i", "m", "s", "u", "iu", "im", "y", "mu", "g", "su", "ims"]
LETTERS = [*"aabbccABx01 _-\n\r.{}]sSkKéÉ😀\u2028ſ\u212aα\t\xdfµμΣσςİiIı\xa0\x00\x01/\\", "\ud83d"]
CURATED = [
    ("a$", "", ["a", "a\n"]),
    *((source, "", ["x-a", "x-", "ax-"]) for source in ("^x-", "x-$", "^x-$", "x-", "^x-a$", "x-$a", "^")),
    *(
        (source, "", ["a.b", "a/b", "a$b", "a\\", "a\0b"])
        for source in (r"a\.b", r"a\/b", r"^a\.", r"a\$", r"\\$", r"a\\/", "a\0b", r"b\.$")
    ),
    *(
        (source, "", ["a-1 _", "a\n", "", "A"])
        for source in ("^[a-z0-9-]+$", "^[a-z-]*", "^[z-a]+", "^[a-z0-9 _-]+$", "^[]+", "^[a--]+", "[a-z]+$")
    ),
    ("^a", "m", ["b\na", "b\ra", "b\u2028a"]),
    (r"\d", "", ["٣", "3"]),
    (r"\w", "", ["é", "_"]),
    (r"\s", "", ["\ufeff", "\x1c", "\x85", "\u180e"]),
    (r"\B", "", ["", "a", "aa"]),
    ("^.$", "", ["😀", "\r", "a"]),
    ("^.$", "u", ["😀"]),
    ("^[^x]$", "s", ["😀", "\n"]),
    (r"(?<year>\d{4})-(?<month>\d\d)", "", ["on 2024-05-01"]),
    (r"(?<q>['\"]).*?\k<q>", "", ["say 'it\"s' or"]),
    (r"(a*)*", "", ["b", "aab"]),
    (r"(z)((a+)?(b+)?(c))*", "", ["zaacbbbcac"]),
    (r"(?=(a+))a*b\1", "", ["baaabac"]),
    (r"(?<=(\d+)(\d+))$", "", ["1053"]),
    (r"(?<=\1(a))b", "", ["aab", "ab"]),
    (r"(?:(a)|b)*", "", ["ab"]),
    (r"\1(a)", "", ["aa"]),
    ("(?i)a", "", ["a"]),
    ("a**", "", ["a"]),
    ("(", "", []),
    (")", "", []),
    ("[b-a]", "", []),
    ("a{2,1}", "", []),
    ("(?<n>a)(?<n>b)", "", []),
    (r"\p{Nope}", "u", []),
    (r"\-", "u", []),
    ("{1}", "", []),
    ("a", "gg", []),
    ("a", "z", []),
    (r"^\/v\d+(?:\/[a-z-]+|\/\{[a-zA-Z_]+\})*$", "", ["/v1/a-b/{id}", "/v1/a b", "/v1\n"]),
    (
        "^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        "i",
        ["6BA7B810-9dad-11d1-80b4-00c04fd430c8"],
    ),
]


def _pattern(luck: random.Random, depth: int) -> str:
    kind = luck.random()
    if depth <= 0 or kind < 0.4:
        return luck.choice(ATOMS)
    inner = _pattern(luck, depth - 1)
    if kind < 0.6:
        return inner + _pattern(luck, depth - 1)
    if kind < 0.8:
        return luck.choice(["(", "(", "(", "(?:", "(?:", "(?<n>", "(?=", "(?!", "(?<=", "(?<!"]) + inner + ")"
    if kind < 0.87:
        return f"{inner}|{_pattern(luck, depth - 1)}"
    return (f"(?:{inner})" if luck.random() < 0.6 else inner) + luck.choice(QUANTIFIERS)


def _questions(seed: int, count: int) -> list[dict[str, Any]]:
    luck = random.Random(seed)
    cases = list(CURATED) if seed == 0 else []
    for _ in range(count):
        texts = ["".join(luck.choice(LETTERS) for _ in range(luck.choice([0, 1, 2, 3, 5, 8]))) for _ in range(3)]
        cases.append((_pattern(luck, 4), luck.choice(FLAGS), texts))
    return [{"kind": "regex", "source": source, "flags": flags, "texts": texts} for source, flags, texts in cases]


def _compile(source: str, flags: str) -> Pattern | None:
    try:
        return compile_pattern(source, flags)
    except PatternError as error:
        assert error.message
        assert 0 <= error.offset <= 2 * len(source)
        return None


def _by_automaton(pattern: Pattern, text: str) -> bool:
    """What the automaton says, however short the text."""
    tree = pattern._parsed()
    return pattern.search(text) if tree.references else Matcher(tree).search(pattern._units(text))


def _disagreements(questions: list[dict[str, Any]], answers: list[Any]) -> list[str]:
    wrong = []
    for question, answer in zip(questions, answers, strict=True):
        source, flags = question["source"], question["flags"]
        pattern = _compile(source, flags)
        if pattern is None or answer is None:
            if (pattern is None) is not (answer is None):
                wrong.append(f"/{source}/{flags}: {'refused' if pattern is None else 'taken'}")
            continue
        for text, (found, groups, all_found) in zip(question["texts"], answer, strict=True):
            ours = pattern.search(text), _by_automaton(pattern, text), pattern.match_groups(text)
            theirs = found, found, None if groups is None else tuple(groups)
            if ours != theirs:
                wrong.append(f"/{source}/{flags} on {text!r}: node {theirs}, idemlint {ours}")
            inside_pair = "u" in flags and max(text, default="") > "\uffff"  # V8 also matches between surrogates there
            if "y" not in flags and not inside_pair and (pattern.find_all(text) or None) != all_found:
                wrong.append(f"/{source}/{flags} on {text!r}: node {all_found}, idemlint {pattern.find_all(text)}")
    return wrong


def test_recorded_answers() -> None:
    questions = _questions(0, 1200)
    assert _disagreements(questions, oracle.recorded(RECORDED, questions)) == []


def test_live_answers() -> None:
    oracle.need_node()
    questions = _questions(1, 3000)
    assert _disagreements(questions, oracle.ask(questions)) == []


LONG = 50_000
HOSTILE = [
    (r"(a+)+$", "a" * LONG + "!"),
    (r"(a|a)*b", "a" * LONG),
    (r"(a|aa)+$", "a" * LONG + "!"),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * LONG),
    (r"(.*a){20}$", "a" * LONG + "!"),
    (r"(.*a){20}", "b" * LONG),
    (r"\s+$", " " * LONG + "x"),
    (r"[a-z]+$", "a" * LONG + "!"),
    (r"^(?=(a+)+$)", "a" * LONG + "!"),
    (r"(?:(?=a*b)a)*c", "a" * LONG),
    (r"(?<=(a+)+)b$", "a" * LONG + "!"),
    (r"^(?!.*(a|a)*b)(?:a?)+$", "a" * LONG + "!"),
    (r"a+a+a+a+a+b", "a" * LONG),
    (r"(x+x+)+y", "x" * LONG),
    (r"^(?:[^,]*,){8,}x", "a," * (LONG // 2)),
    (r"(a?){1000}b", "a" * LONG),
    (r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}$", "a" * LONG),
    (r"(?:é|É)+x", "é" * LONG),
]


@pytest.mark.parametrize(("source", "text"), HOSTILE)
def test_long_texts_take_no_time(source: str, text: str) -> None:
    begin = time.process_time()
    assert compile_pattern(source).search(text) is False
    assert time.process_time() - begin < 1


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"(a*)*\1b", "a" * LONG),
        (r"(.+)\1x", "a" * LONG),
        (r"(a+)+\1$", "a" * LONG + "!"),
        (r"(?:(a?)\1){500}(?:a{0,30}){0,20}b", "a" * LONG),
        (r"^(?:[ab]{0,300}){0,40}c", "ab" * (LONG // 2)),
        (r"(?:a|b|ab){1,3000}c(?:.{1,99}){1,99}", "ab" * (LONG // 2)),
    ],
)
def test_what_cannot_be_told_is_given_up_in_time(source: str, text: str) -> None:
    begin = time.process_time()
    with pytest.raises(PatternCostError, match="too"):
        compile_pattern(source).search(text)
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    "source",
    [
        "(" * 100_000,
        "(?:" * 100_000 + ")" * 100_000,
        "((((((((((a{99}){99}){99}){99}){99}){99}){99}){99}){99}){99})",
        "(?:){1000000000}",
        "a{1000000000}",
        "a{" + "9" * 6000 + "}",
        "|".join(f"é{index}x{{0,9}}" for index in range(10_000)),
        "[" + "a-z" * 50_000 + "]",
        "(?<" * 50_000,
        "\\" * 99_999,
    ],
)
def test_hostile_patterns_take_no_time(source: str) -> None:
    begin = time.process_time()
    pattern = _compile(source, "i")
    if pattern is not None:
        try:
            pattern.search("a" * 100)
        except PatternCostError as error:
            assert error.message
    assert time.process_time() - begin < 2


def test_a_costly_pattern_still_goes_to_re_on_short_texts() -> None:
    pattern = compile_pattern(r"^[^@]*\.[^@]*@[^@]*$")
    assert pattern.search("a.b@c") is True
    assert pattern._automaton is None
    assert pattern.search("a." * LONG) is False
    assert pattern._automaton is not None


@pytest.mark.parametrize(
    "source", ["^x-", "^/v1", "^[a-z0-9-]+$", "Idempotency-Key", r"^https:\/\/", r"\.json$", "^[A-Za-z_]+$"]
)
def test_simple_patterns_import_no_engine(source: str) -> None:
    program = f"""
import sys
from idemlint.openapi.ecma_regex import compile_pattern
compile_pattern({source!r}).search("text")
print(*sorted(name for name in sys.modules if name.startswith("idemlint.openapi.ecma_regex.")))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("source", "flags", "message", "offset"),
    [
        ("ab(", "", "unterminated group", 2),
        ("a)", "", "unmatched )", 1),
        ("[a", "", "unterminated character class", 0),
        ("a++", "", "nothing to repeat", 2),
        ("[z-a]", "", "range out of order in character class", 4),
        (r"\p{Script=Klingon}", "u", "unknown or unsupported Unicode property", 0),
        (r"a\-", "u", r"invalid escape \- (with the flag u)", 1),
        ("(?i)a", "", "invalid group; inline flags such as (?i) are not ECMAScript", 0),
        ("a", "v", "invalid or repeated flag 'v'", 0),
    ],
)
def test_errors_say_what_and_where(source: str, flags: str, message: str, offset: int) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(source, flags)
    assert (caught.value.message, caught.value.offset) == (message, offset)


@settings(max_examples=400)
@given(
    st.lists(st.sampled_from([*ATOMS, *QUANTIFIERS, *"()|[]^\\?:=!<"]), max_size=12).map("".join),
    st.sampled_from(FLAGS),
    st.text("ab\né😀(", max_size=12),
)
def test_any_pattern_is_refused_or_answers_alike_by_all_ways(source: str, flags: str, text: str) -> None:
    pattern = _compile(source, flags)
    if pattern is None:
        return
    try:
        found = pattern.search(text)
        assert found is _by_automaton(pattern, text)
        assert found is (pattern.match_groups(text) is not None)
        assert found is bool(pattern.find_all(text)) or "y" in flags
    except PatternCostError:
        assert "{" in source or pattern._parsed().references


@settings(max_examples=200)
@given(
    st.from_regex(r"\^?(\[[a-c]{1,3}\]|[abc]|\\\.)([*+?]|\{1,3\})?(a|\\d)\$?", fullmatch=True),
    st.text("abc.1", max_size=10),
)
def test_where_both_languages_agree_so_does_python(source: str, text: str) -> None:
    assert compile_pattern(source).search(text) is (re.search(source.replace("$", r"\Z"), text) is not None)


if __name__ == "__main__":
    if not os.environ.get("IDEMLINT_NODE_MODULES"):
        sys.exit("set IDEMLINT_NODE_MODULES to the folder node_modules that holds @stoplight/spectral-cli")
    oracle.record(RECORDED, _questions(0, 1200))
