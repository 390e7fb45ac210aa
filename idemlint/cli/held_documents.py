"""Documents that reports may want to look into once more: kept while they are few, read again when they are many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idemlint.openapi.document import Document, Limits

_BUDGET = 24_000_000
"""Characters of text to keep. Data takes some fifteen times as much memory as its text."""


class HeldDocuments:
    """Documents by source, for all results of a run."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._kept: dict[str, Document] = {}
        self._size = 0

    def view(self, documents: Mapping[str, Document]) -> Mapping[str, Document]:
        """`documents` from here on; those for which there is no room are let go."""
        for source, document in documents.items():
            self._keep(source, document)
        return _View(self, documents)

    def view_of(self, sources: Iterable[str]) -> Mapping[str, Document]:
        """Documents that another process has read."""
        return _View(self, sources)

    def _keep(self, source: str, document: Document) -> None:
        # standard input and servers cannot be asked twice
        must = not source.startswith("/") and ":" not in source[1:3]
        if source not in self._kept and (must or self._size + len(document.text) <= _BUDGET):
            self._kept[source] = document
            self._size += len(document.text)

    def get(self, source: str) -> Document:
        """KeyError for what cannot be read any more."""
        document = self._kept.get(source)
        if document is None:
            from idemlint.errors import DocumentError
            from idemlint.openapi.document import read

            try:
                document = read(source, self._limits)
            except DocumentError:
                raise KeyError(source) from None
            self._keep(source, document)
        return document


class _View(Mapping[str, "Document"]):
    """The documents of one result."""

    def __init__(self, held: HeldDocuments, sources: Iterable[str]) -> None:
        self._held = held
        self._sources = dict.fromkeys(sources)

    def __getitem__(self, source: str) -> Document:
        if source not in self._sources:
            raise KeyError(source)
        return self._held.get(source)

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)
