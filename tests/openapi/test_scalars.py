"""Plain scalars mean what the core schema's own patterns (YAML 1.2.2, section 10.3.2) say of them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from idemlint.openapi.scalars import MAX_DIGITS, number_or_text

_PATTERNS: list[tuple[str, Any]] = [
    ("[-+]?[0-9]+", int),
    ("0o[0-7]+", lambda text: int(text, 0)),
    ("0x[0-9a-fA-F]+", lambda text: int(text, 0)),
    (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", float),
]


def by_the_standard(text: str) -> Any:
    return next((read(text) for pattern, read in _PATTERNS if re.fullmatch(pattern, text)), text)


@given(st.from_regex(r"\A[0-9+\-.][0-9a-fA-FoxX+\-._:eE٣ ]{0,8}\Z"))
@example("+")
@example("-")
@example(".")
@example("0o")
@example("0o8")
@example("0x")
@example("0X1F")
@example("-0x1F")
@example("1_000")
@example("1٣")
@example("3.0.3")
@example("2024-04-31")
@example("09:00")
@example("1e5")
@example("+.5e-3")
@example("1.")
@example("1e")
def test_a_number_is_what_the_standard_takes_for_one(text: str) -> None:
    value = number_or_text(text)
    expected = by_the_standard(text)
    assert (type(value), value) == (type(expected), expected)


@pytest.mark.parametrize("text", ["1" * (MAX_DIGITS + 1), "0x" + "f" * MAX_DIGITS, "-" + "1" * MAX_DIGITS])
def test_a_number_that_is_too_long_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="too long"):
        number_or_text(text)


@pytest.mark.parametrize("text", ["1" * MAX_DIGITS, "0." + "1" * MAX_DIGITS])
def test_a_long_number_is_read(text: str) -> None:
    assert number_or_text(text) == by_the_standard(text)
