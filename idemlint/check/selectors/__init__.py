"""`given`: from Spectral's JSONPath dialect to the nodes of a document whose `$ref` are followed on the way.

Nothing is dereferenced beforehand: the walk sees a `$ref` mapping as its target the moment it arrives there.
"""

from __future__ import annotations

from functools import lru_cache

from idemlint.check.selectors.syntax import SelectorError, parse
from idemlint.check.selectors.walk import path_of, select
from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from idemlint.check.selectors.syntax import Expression
    from idemlint.findings import Path
    from idemlint.openapi.document import Document
    from idemlint.openapi.references import References

__all__ = ["Match", "Selector", "SelectorError", "compile_selector"]


class Match(NamedTuple):
    """A selected node."""

    path: Path
    """In the resolved root document (in the root document as it is written when `resolved` is False)."""
    value: Any
    """A `$ref` in its own place is followed; with `~` the property's name (or index)."""
    document: Document
    """In which relative references below `value` are to be read."""


class Selector:
    """A compiled expression; it holds no state of a walk and may be used again and again."""

    __slots__ = ("expression", "text")

    def __init__(self, text: str, expression: Expression) -> None:
        self.text = text
        self.expression = expression

    def __repr__(self) -> str:
        return f"Selector({self.text!r})"

    def select(self, references: References, resolved: bool = True) -> Iterator[Match]:
        """Walk the root document; matches come in no particular order, each place at most once.

        Raise SelectorError when a regular expression in a filter would take too long on this document.
        """
        return self.select_from(references, references.root, references.root.data, resolved)

    def select_from(
        self, references: References, document: Document, value: Any, resolved: bool = True
    ) -> Iterator[Match]:
        """As `select`, with `value` (which stands in `document`) as `$`; paths begin there."""
        make = tuple.__new__  # a third of the cost of Match(...)
        keyed = self.expression.keyed
        last: Any = None
        path: Path = ()
        for node in select(self.expression.steps, references, document, value, resolved):
            key, found, home, parent = node
            if parent is None:
                if not keyed:
                    yield make(Match, ((), found, home))
                continue
            if parent is not last:  # siblings come one after the other
                last = parent
                path = path_of(parent)
            yield make(Match, ((*path, key), key if keyed else found, home))


@lru_cache(maxsize=1024)
def compile_selector(expression: str) -> Selector:
    """Raise SelectorError, with the offset of the trouble, for what is no expression of the dialect."""
    return Selector(expression, parse(expression))
