"""How much of a document is read before it is refused."""

from __future__ import annotations

from idemlint.errors import DocumentError
from idemlint.named_tuple import NamedTuple


class Limits(NamedTuple):
    """Bounds for one document.

    `max_depth` keeps every recursive step behind the loader far from Python's own limit of 1,000 frames; the deepest
    public document known nests some 60 levels. `max_nodes` counts what the document would hold with every alias written
    out, which is what a YAML bomb blows up.
    """

    max_bytes: int = 64 * 1024 * 1024
    max_depth: int = 250
    max_nodes: int = 5_000_000


class BeyondLimitsError(DocumentError):
    """A document that is too large, too deep, or holds too much: no other reader need try it."""


DEFAULT_LIMITS = Limits()
