"""Deleting again what a run made, where the document has a DELETE for it and the user wants it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urljoin, urlsplit

from idemlint.openapi.operations import operations
from idemlint.probe.client import RunEndedError
from idemlint.probe.exchange import Call
from idemlint.probe.nouns import noun_of, shape
from idemlint.probe.reading import fill, id_in, path_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import References
    from idemlint.probe.client import Client
    from idemlint.probe.exchange import Exchange

_MOST: Final = 20_000
_GONE: Final = (404, 410)


class Cleanup:
    """Remembers what successful answers made, as URLs that DELETE takes."""

    def __init__(self, references: References, client: Client, base_url: str) -> None:
        self._client = client
        self._base_url = base_url
        self._deletes = {shape(each.template): each for each in operations(references) if each.method == "delete"}
        self.created: dict[str, str] = {}
        """URL to the principal that made what is there."""

    def note(self, operation: Operation, exchange: Exchange) -> None:
        """Remember what an answer tells of; replays tell of the same."""
        if operation.method != "post" or not exchange.ok or len(self.created) >= _MOST:
            return
        delete = self._deletes.get(f"{shape(operation.template)}/{{}}")
        if delete is None:
            return
        url = self._url(operation, delete, exchange)
        if url is not None:
            self.created.setdefault(url, exchange.call.principal)

    async def clean_up(self) -> list[str]:
        """Delete it, the newest first. What is left, and why, for the report's notes."""
        left: dict[str, int] = {}
        while self.created:
            url, principal = self.created.popitem()
            call = Call("clean up", "DELETE", url, principal=principal, refusal_expected=True)
            try:
                exchange = await self._client.send(call)
            except RunEndedError as reason:
                left[str(reason)] = left.get(str(reason), 0) + len(self.created) + 1
                break
            if not exchange.ok and exchange.status not in _GONE:
                reason_given = f"DELETE answered {exchange.said}"
                left[reason_given] = left.get(reason_given, 0) + 1
        return [
            f"{count} {'resource was' if count == 1 else 'resources were'} not deleted: {reason}"
            for reason, count in left.items()
        ]

    def _url(self, operation: Operation, delete: Operation, exchange: Exchange) -> str | None:
        location = exchange.header("location")
        if location:
            url = urljoin(exchange.call.url, location)
            inside = urlsplit(url)[:2] == urlsplit(self._base_url)[:2]
            if inside and arguments_in(self._base_url + delete.template, url) is not None:
                return url
        outer = arguments_in(self._base_url + operation.template, exchange.call.url)
        *_, name = path_names(delete.template)
        found = id_in(exchange.json, name, noun_of(operation.template))
        if outer is None or found is None:
            return None
        names = path_names(delete.template)
        return self._base_url + fill(delete.template, dict(zip(names, [*outer.values(), found], strict=False)))


def arguments_in(template: str, url: str) -> Mapping[str, str] | None:
    """The path arguments of a URL, decoded; None if its path is not one of the template's."""
    parts = re.split(r"\{([^{}]*)\}", urlsplit(template).path)
    pattern = "".join("([^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    found = re.fullmatch(pattern + "/?", urlsplit(url).path)
    if found is None:
        return None
    return {name: unquote(value) for name, value in zip(parts[1::2], found.groups(), strict=True)}
