"""What every wing produces and every reporter consumes.

These are named tuples, not dataclasses, because they lie on the way to every `idemlint check`: creating a frozen,
slotted dataclass costs 0.45 ms at import, a named tuple 0.03 ms, and a small check takes some 25 ms in all.
"""

from __future__ import annotations

from enum import IntEnum

from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""The way from a document's root to a node: member names and zero-based indices."""


class Severity(IntEnum):
    """Spectral's scale: the smaller the number, the graver the finding."""

    ERROR = 0
    WARN = 1
    INFO = 2
    HINT = 3

    @property
    def label(self) -> str:
        return self.name.lower()


class Position(NamedTuple):
    """A place in a text; both count from 0, `character` in code points."""

    line: int
    character: int


class Range(NamedTuple):
    """From the first character to just behind the last."""

    start: Position
    end: Position


class Related(NamedTuple):
    """Another place that helps to understand a finding, say where a `$ref` uses the node."""

    source: str
    range: Range
    label: str


class Finding(NamedTuple):
    """One broken rule at one place.

    `range` follows Spectral: for a member whose value is a mapping or sequence it begins behind the key. `focus` is
    what a person should look at, and is what every format but JSON reports: the key token of a value that spans lines,
    else the value itself from its first character (a bracket, an asterisk).
    """

    code: str
    message: str
    severity: Severity
    source: str
    """Absolute path, URL, or `<stdin>`: the document in which the node really stands."""
    path: Path
    """Path of the node inside `source`."""
    range: Range
    focus: Range
    operation: str | None = None
    """`POST /payments`, as the root document spells it."""
    label: str = ""
    """A few words to stand behind the caret: why this place."""
    help: str = ""
    """How to mend it."""
    url: str = ""
    related: tuple[Related, ...] = ()
