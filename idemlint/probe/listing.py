"""O2: lists in which the effects of an operation appear, read to their end as far as the document tells how.

Paging as it is met: `limit` and its kin raised to what the schema allows; RFC 8288 `Link: rel="next"`, `next` members,
cursors and page numbers followed; a declared order turned to the newest first; a declared total read as a number.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from idemlint.openapi.operations import operations
from idemlint.openapi.pointers import at
from idemlint.openapi.samples.wording import words
from idemlint.probe.arguments import arguments_of
from idemlint.probe.exchange import Call
from idemlint.probe.nouns import noun_of, shape
from idemlint.probe.oracle import ListCount, NumberInItem, items_of
from idemlint.probe.reading import fill, path_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.openapi.operations import Operation, Parameter
    from idemlint.openapi.references import Node, References
    from idemlint.openapi.samples import Sampler
    from idemlint.probe.client import Client
    from idemlint.probe.exchange import Exchange, Lines
    from idemlint.probe.expectations import Expectations
    from idemlint.probe.oracle import Oracle
    from idemlint.probe.samples import RequestSample

_SIZES: Final = frozenset(
    ("limit", "per page", "page size", "size", "count", "max results", "top", "max", "max items", "first", "page limit")
)
_PAGES: Final = frozenset(("page", "page number", "page no", "p"))
_CURSORS: Final = frozenset(
    ("cursor", "page token", "after", "starting after", "next", "next token", "continuation token", "page cursor")
)
_ORDERS: Final = frozenset(("order", "sort", "sort order", "direction", "order by", "sort direction", "sort by"))
_NEWEST: Final = re.compile(r"^-?(?:desc|descending|newest|-created\w*|created\w*[:_. ]desc|-id)$", re.IGNORECASE)
_TOTALS: Final = frozenset(("total", "total count", "total items", "total elements", "total results", "total size"))
_HOLDERS: Final = (
    "",
    "/meta",
    "/pagination",
    "/paging",
    "/page",
    "/metadata",
    "/_meta",
    "/page_info",
    "/links",
    "/_links",
)
_USUAL_SIZE: Final = 100
_MOST_PAGES: Final = 5
_ACTIONS: Final = re.compile(
    r"create|new|add|make|submit|register|batch|bulk|execute|process|send|request|start|issue|place"
)
"""Last steps of paths that say what is done, not to what."""
_HEADERS: Final = (("Accept", "application/json"), ("Cache-Control", "no-cache"))
"""No key among them: on a GET one could overwrite a stored answer."""


def effect_lists(references: References, operation: Operation) -> list[Operation]:
    """GET operations whose lists should grow by what the operation makes, the likeliest first."""
    path = shape(operation.template)
    above, _, last = path.rpartition("/")
    noun = noun_of(operation.template)
    if last == "{}":
        return []
    ranked: list[tuple[int, int, Operation]] = []
    for each in operations(references):
        if each.method != "get":
            continue
        other = shape(each.template)
        here = noun_of(each.template)
        if other == path:
            rank = 0
        elif _ACTIONS.fullmatch(words(last)) and other == above:
            rank = 1
        elif here and noun and here != words(each.template.rpartition("/")[2]) and noun in (here, f"create {here}"):
            rank = 2
        else:
            continue
        ranked.append((rank, len(path_names(each.template)), each))
    return [each for *_, each in sorted(ranked, key=lambda found: found[:2])]


def list_oracles(
    references: References,
    operation: Operation,
    sample: RequestSample,
    *,
    client: Client,
    base_url: str,
    tag: str,
    sampler: Sampler,
    expectations: Callable[[Operation], Expectations],
    most: int = 2,
) -> list[Oracle]:
    """Oracles over the lists that can be read with what is known; `sample` gives the path arguments."""
    found: list[Oracle] = []
    for listing in effect_lists(references, operation):
        arguments = arguments_of(sampler, listing, expectations(listing))
        known = {name: sample.arguments.get(name) for name in path_names(listing.template)}
        constants = {name: arguments.path[name] for name in arguments.constants if name in known}
        path = {name: value or constants.get(name) for name, value in known.items()}
        if any(value is None for value in path.values()) or len(found) >= most:
            continue
        query = (*arguments.query, *_wide(listing, {name for name, _ in arguments.query}))
        target = fill(listing.template, {name: value for name, value in path.items() if value is not None})
        url = f"{base_url}{target}?{urlencode(query)}" if query else base_url + target
        headers = (*_HEADERS, *arguments.headers)
        found.append(PagedCount(client, url, listing, tag=tag if sample.tag else "", headers=headers))
        total = _declared_total(references, listing)
        if total is not None:
            call = Call("list", "GET", url, headers)
            found.append(NumberInItem(client, call, total, 1, name=f"{total[1:]} of {listing.label}"))
    return found


class PagedCount(ListCount):
    """How many items a list has on all its pages, five at most."""

    def __init__(self, client: Client, url: str, listing: Operation, *, tag: str, headers: Lines) -> None:
        super().__init__(client, url, name=listing.label, tag=tag, headers=headers)
        self._page = _named(listing, _PAGES)
        self._cursor = _named(listing, _CURSORS)

    async def items(self) -> list[Any] | None:
        found: list[Any] = []
        url: str | None = self._call.url
        seen: set[str] = set()
        while url is not None and url not in seen and len(seen) < _MOST_PAGES:
            seen.add(url)
            call = Call("list", "GET", url, self._call.headers, principal=self._call.principal)
            exchange = await self._client.send(call)
            items = items_of(exchange) if exchange.ok else None
            if items is None:
                return None
            found += items
            url = self._next(url, exchange, items) if items else None
        return found

    def _next(self, url: str, exchange: Exchange, items: list[Any]) -> str | None:
        """URL of the next page on the same host; None if this is the last."""
        link = _linked(exchange)
        if link is not None:
            following = urljoin(url, link)
            return following if urlsplit(following)[:2] == urlsplit(url)[:2] else None
        query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        data = exchange.json
        if self._cursor is not None:
            value = _cursor(data)
            if value is None and isinstance(data, dict) and data.get("has_more") is True:
                last = items[-1]
                value = last.get("id") if isinstance(last, dict) else None
            return _with_query(url, self._cursor, str(value)) if isinstance(value, (str, int)) and value else None
        size = next((int(text) for name, text in query.items() if words(name) in _SIZES and text.isdigit()), None)
        if self._page is not None and size is not None and len(items) >= size:
            page = query.get(self._page, "1")
            return _with_query(url, self._page, str(int(page) + 1)) if page.isdigit() else None
        return None


def _wide(listing: Operation, taken: set[str]) -> list[tuple[str, str]]:
    """Query parameters by which a list shows as much as it can, the newest first."""
    found = []
    for parameter in listing.parameters():
        if parameter.location != "query" or parameter.name in taken:
            continue
        name, schema = words(parameter.name), parameter.schema()
        value = schema.value if schema is not None and isinstance(schema.value, dict) else {}
        if name in _SIZES and value.get("type", "integer") in ("integer", "number", ["integer", "null"]):
            most = value.get("maximum")
            size = int(most) if isinstance(most, (int, float)) and 0 < most <= 10_000 else _USUAL_SIZE
            found.append((parameter.name, str(max(size, 1))))
        elif name in _ORDERS and isinstance(value.get("enum"), list):
            newest = next((each for each in value["enum"] if isinstance(each, str) and _NEWEST.match(each)), None)
            if newest is not None:
                found.append((parameter.name, newest))
    return found


def _linked(exchange: Exchange) -> str | None:
    """RFC 8288, and members that hold the next page's URL."""
    for line in exchange.lines("link"):
        found = re.search(r'<([^<>]{1,2000})>[^<]{0,500}\brel="?[^";,]{0,50}\bnext\b', line)
        if found is not None:
            return found[1]
    data = exchange.json
    for holder in _HOLDERS:
        for name in ("next", "next_url", "nextUrl", "nextLink", "@odata.nextLink", "next_page_url", "next_page_uri"):
            value = at(data, f"{holder}/{name}") if isinstance(data, dict) else None
            value = value.get("href") if isinstance(value, dict) else value
            if isinstance(value, str) and (value.startswith(("http://", "https://", "/", "?"))):
                return value
    return None


def _cursor(data: Any) -> Any:
    for holder in _HOLDERS:
        inside = at(data, holder) if isinstance(data, dict) else None
        for key, value in inside.items() if isinstance(inside, dict) else ():
            if words(str(key)[:40]) in (
                "next cursor",
                "next page token",
                "next token",
                "end cursor",
                "after",
                "next page",
            ):
                return value
    return None


def _with_query(url: str, name: str, value: str) -> str:
    parts = urlsplit(url)
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name]
    return urlunsplit(parts._replace(query=urlencode([*pairs, (name, value)])))


def _named(listing: Operation, names: frozenset[str]) -> str | None:
    fitting: list[Parameter] = [
        each for each in listing.parameters() if each.location == "query" and words(each.name) in names
    ]
    return fitting[0].name if fitting else None


def _declared_total(references: References, listing: Operation) -> str | None:
    """Pointer of the member that tells how many items there are in all."""
    response = listing.response("200")
    content = listing.response_content(response) if response is not None else []
    schema = next((schema for _, schema in content if schema is not None), None)
    if schema is None:
        return None
    for holder in _HOLDERS:
        node: Node | None = schema
        for step in holder.split("/")[1:]:
            properties = references.child(node, "properties") if node is not None else None
            node = references.child(properties, step) if properties is not None else None
        properties = references.child(node, "properties") if node is not None else None
        for name in properties.value if properties is not None and isinstance(properties.value, dict) else ():
            if words(str(name)) in _TOTALS:
                return f"{holder}/{name}"
    return None
