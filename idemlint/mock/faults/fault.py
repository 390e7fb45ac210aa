"""What a fault is: a bug that real servers had, as the classes that bring it into the mock."""

from __future__ import annotations

from typing import NamedTuple

Piece = type
"""A class that gets one step wrong: a subclass of one of the mock's parts, or a wrapper round its store."""


class Argument(NamedTuple):
    """The number that may stand behind a fault's name: `toctou=50`."""

    attribute: str
    """The class attribute that holds it; its value there is the default, in the same unit."""
    meaning: str
    unit: str
    """As a placeholder stands for it: `ms`, `s`, `bytes`, `n` for a number of things, `p` for a share of one."""
    default: float
    most: float = 1e9
    least: float = 0.0

    def __str__(self) -> str:
        return f"{self.meaning} ({self.unit}; {self.default:g} if not given)"


class Fault(NamedTuple):
    """One way to break the contract, or, as a guard, to look as if it were broken."""

    name: str
    summary: str
    """One line: what the server does wrong."""
    pieces: tuple[Piece, ...]
    sources: tuple[str, ...]
    """Public threads about servers that did so, `owner/repository#number`."""
    caught_by: tuple[str, ...]
    """The probe's checks that must notice it; of a guard, those that must not fall for it."""
    argument: Argument | None = None
    guard: bool = False
    """Nothing is wrong with keys here: the probe has to say inconclusive or skipped, and never fail."""
