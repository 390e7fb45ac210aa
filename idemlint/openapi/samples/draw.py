"""What a value in the making carries along."""

from __future__ import annotations

from collections.abc import Callable
from random import Random  # noqa: TC003 # part of the alias below
from typing import Any, Literal, TypeAlias

Fullness: TypeAlias = Literal["least", "usual", "all"]
MOST_OPTIONAL = 250
"""Optional members of one value, all levels together."""


class EndlessError(Exception):
    """A schema requires itself, or more levels than a sample has."""


class Draw:
    """One value in the making."""

    __slots__ = ("fullness", "left", "open", "rng")

    def __init__(self, rng: Random, complete: bool, fullness: Fullness = "usual") -> None:
        self.rng = rng
        self.fullness: Fullness = "all" if fullness == "usual" and complete else fullness
        self.left = MOST_OPTIONAL
        self.open: set[int] = set()
        """Objects that are being filled, by the identity of their members: one does not go into itself."""


Maker: TypeAlias = Callable[[Draw, int], Any]
"""Takes the draw and the level that the value stands on; raises EndlessError or SampleError."""


def copied(value: Any) -> Any:
    """A deep copy of plain data; what nests deep is within the limits of a document."""
    if type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    if type(value) is list:
        return [copied(item) for item in value]
    return value
