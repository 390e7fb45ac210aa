"""The documents of a run: each file or URL that a `$ref` names is loaded once, when it is first needed."""

from __future__ import annotations

import os

from idemlint.openapi.sandbox import Policy, ReferenceRefusedError, Sandbox, is_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from idemlint.errors import DocumentError
    from idemlint.openapi.document import Document
    from idemlint.openapi.remote import Fetcher

_DATA_SUFFIXES = frozenset({"", ".yaml", ".yml", ".json"})


class Collection:
    """The root document and all that was loaded for it."""

    __slots__ = ("_by_place", "_by_uri", "_fetcher", "_policy", "_root", "_sandbox", "documents")

    def __init__(self, root: Document, policy: Policy) -> None:
        self.documents: dict[str, Document] = {root.source: root}
        self._root = root
        self._policy = policy
        self._sandbox = Sandbox(policy, root.source)
        self._fetcher: Fetcher | None = None
        self._by_uri: dict[tuple[str, str], Document | str] = {}
        """By the folder (or URL) of the document with the `$ref`, and the URI as it stands there."""
        self._by_place: dict[str, Document | str] = {}
        """By real path or absolute URL."""

    def load(self, document: Document, uri: str, *, whole: bool) -> Document | str:
        """The document that `uri` (without fragment) names in `document`, or a sentence why it cannot be had.

        `whole`: nothing inside it is asked for, so that a file of another kind (source code, Markdown) will do; the data
        of such a document is its text.
        """
        source = document.source
        key = (source if is_url(source) else os.path.dirname(source), uri)
        known = self._by_uri.get(key)
        if known is None:
            try:
                known = self._load(source, uri, whole=whole)
            except ReferenceRefusedError as error:
                known = str(error)
            self._by_uri[key] = known
        return known

    def _load(self, base: str, uri: str, *, whole: bool) -> Document | str:
        if not self._by_place:
            self._by_place[self._place(self._root.source)] = self._root
        if is_url(base) or uri[:5].lower() == "http:" or uri[:6].lower() == "https:":
            return self._load_remote(base, uri)
        path = self._sandbox.file(base, uri)
        place = self._place(path)
        known = self._by_place.get(place)
        if known is None:
            if len(self.documents) > self._policy.max_files:
                raise ReferenceRefusedError(f"more than {self._policy.max_files} documents, '{uri}' is not read")
            known = self._by_place[place] = self._read(path, uri, whole=whole)
            if not isinstance(known, str):
                self.documents[known.source] = known
        return known

    def _place(self, source: str) -> str:
        return source if is_url(source) else self._sandbox.real(self._sandbox.absolute(source))

    def _read(self, path: str, uri: str, *, whole: bool) -> Document | str:
        from idemlint.errors import DocumentError
        from idemlint.openapi.document import read, read_text
        from idemlint.openapi.limits import DEFAULT_LIMITS

        limits = self._policy.limits or DEFAULT_LIMITS
        suffix = os.path.splitext(path)[1].lower()
        try:
            if whole and suffix not in _DATA_SUFFIXES:
                return read_text(path, limits)
            return read(path, limits)
        except DocumentError as error:
            return self._broken(uri, error)

    def _load_remote(self, base: str, uri: str) -> Document | str:
        from idemlint.errors import DocumentError
        from idemlint.openapi.document import parse
        from idemlint.openapi.limits import DEFAULT_LIMITS
        from idemlint.openapi.remote import Fetcher, absolute_url

        url = absolute_url(base, uri)
        known = self._by_place.get(url)
        if known is not None:
            return known
        if not self._policy.allow_remote:
            raise ReferenceRefusedError(f"'{url}' is not fetched (--allow-remote-refs allows it)")
        if self._fetcher is None:
            self._fetcher = Fetcher(self._policy, self._root.source)
        try:
            known = parse(self._fetcher.fetch(url), url, self._policy.limits or DEFAULT_LIMITS)
            self.documents[url] = known
        except DocumentError as error:
            known = self._broken(uri, error)
        self._by_place[url] = known
        return known

    @staticmethod
    def _broken(uri: str, error: DocumentError) -> str:
        position = error.position
        where = f":{position.line + 1}:{position.character + 1}" if position is not None else ""
        return f"'{uri}{where}' cannot be read: {error.message}"
