"""JSON Pointers as text: the examples of RFC 6901, and what names nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idemlint.openapi.pointers import at, encode_pointer, text_steps

RFC = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", RFC),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_the_examples_of_section_5(pointer: str, value: object) -> None:
    assert at(RFC, pointer) == value


@pytest.mark.parametrize("pointer", ["/x", "/foo/2", "/foo/01", "/foo/-", "/foo/²", "/foo/bar", "/a~1b/c"])
def test_what_names_nothing(pointer: str) -> None:
    assert at(RFC, pointer) is None


@given(st.lists(st.text()))
def test_every_path_comes_back(path: list[str]) -> None:
    assert list(text_steps(encode_pointer(tuple(path))[1:])) == path
