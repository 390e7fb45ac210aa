"""The pages of a list: read to the end that the target tells of, or not taken for the whole list.

A list that stops growing because its page is full looks like a server that did nothing. So a page is the last one only if
something says so: the answer itself, or fewer items than were asked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from idemlint.openapi.pointers import at
from idemlint.openapi.samples.wording import words
from idemlint.probe.exchange import Call
from idemlint.probe.oracle import ListCount, items_of

if TYPE_CHECKING:
    from idemlint.openapi.operations import Operation, Parameter
    from idemlint.probe.client import Client
    from idemlint.probe.exchange import Exchange, Lines

SIZES: Final = frozenset(
    ("limit", "per page", "page size", "size", "count", "max results", "top", "max", "max items", "first", "page limit")
)
LARGEST: Final = 10_000
"""A declared maximum beyond it is no page size."""
TOTALS: Final = ("total", "total count", "total items", "total elements", "total results", "total size", "count")
"""Names of a list's total, the surest first: `count` may be of the page alone."""
HOLDERS: Final = (
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
"""Where answers tell about their pages."""
_PAGES: Final = frozenset(("page", "page number", "page no", "p"))
_OFFSETS: Final = frozenset(("offset", "skip", "start", "page offset"))
_CURSORS: Final = frozenset(
    ("cursor", "page token", "after", "starting after", "next", "next token", "continuation token", "page cursor")
)
_NEXT_CURSORS: Final = frozenset(
    ("next cursor", "next page token", "next token", "end cursor", "after", "next page", "continuation token")
)
_NEXT_URLS: Final = ("next", "next_url", "nextUrl", "nextLink", "@odata.nextLink", "next_page_url", "next_page_uri")
_MORE: Final = ("has_more", "hasMore", "has_next", "hasNext", "hasNextPage", "has_next_page")
_MOST_PAGES: Final = 5


class PagedCount(ListCount):
    """How many items a list has on all its pages, five at most; on more of them what the list itself tells as its total.

    The total costs one request, and is believed once it was seen to rise by as many as the items did.
    """

    def __init__(self, client: Client, url: str, listing: Operation, *, tag: str, headers: Lines) -> None:
        super().__init__(client, url, name=listing.label, tag=tag, headers=headers)
        self._page = _named(listing, _PAGES)
        self._offset = _named(listing, _OFFSETS)
        self._cursor = _named(listing, _CURSORS)
        query = parse_qsl(urlsplit(url).query)
        self._size = next((int(text) for name, text in query if words(name) in SIZES and text.isdigit()), None)
        size = _named(listing, SIZES)
        self._declared = self._size is not None and size is not None and 0 < (_number(size, "maximum") or 0) <= LARGEST
        """Whether the document says how many items may be asked for: a shorter page is the last one then."""
        self._whole: set[int] = set()
        """Lengths of first pages behind which there was nothing."""
        self._seen: tuple[int, int] | None = None
        """Items and total when the list was last read to its end."""
        self._proven = False
        """Whether the total rose as the items did."""
        self._ahead = 0
        """What the count is ahead of the total, for items that do not count."""

    async def read(self) -> int | None:
        items, total = await self._all()
        if items is not None:
            value = self.counted(items)
            self._compare(len(items), total, value)
            return value
        if total is None or not self._proven:
            return None
        self.attributed = False
        return total + self._ahead

    async def _all(self) -> tuple[list[Any] | None, int | None]:
        """The items and the declared total; no items if there are more of them than are read."""
        if self.overlong and not self._proven:
            return None, None
        found: list[Any] = []
        pages: list[list[Any]] = []
        total: int | None = None
        asked: set[str] = set()
        url: str | None = self._call.url
        while url is not None and url not in asked and len(pages) < _MOST_PAGES:
            asked.add(url)
            call = Call("list", "GET", url, self._call.headers, principal=self._call.principal)
            exchange = await self._client.send(call)
            items = items_of(exchange) if exchange.ok else None
            if pages and exchange.status == 404:  # what some frameworks say of the page behind the last
                items = []
            if items is None:
                return None, None
            unheeded = bool(pages) and items == pages[-1] and not self._full(len(items))
            if not items or unheeded:
                self._whole.update(len(each) for each in pages if len(pages) == 1)
                return found, total
            total = _total(exchange.json) if total is None else total
            found += items
            pages.append(items)
            url, last = self._following(url, exchange, pages)
            if last:
                return found, total
            if self._proven and total is not None and total > len(found):
                break
        self.overlong = True
        return None, total if total is not None and total > len(found) else None

    def _compare(self, count: int, total: int | None, value: int) -> None:
        """Learn whether the total may stand for the items."""
        if total is None:
            self._seen, self._proven = None, False
            return
        if self._seen is None or self._seen[0] - self._seen[1] != count - total:
            self._proven = False
        elif self._seen[0] != count:
            self._proven = True
        self._seen, self._ahead = (count, total), value - total

    def _full(self, length: int) -> bool:
        """Whether a page has as many items as were asked for."""
        return self._size is not None and length >= self._size

    def _following(self, url: str, exchange: Exchange, pages: list[list[Any]]) -> tuple[str | None, bool]:
        """URL of the next page on the same host, and whether this was the last; neither: there may be more, out of reach."""
        data, length = exchange.json, len(pages[-1])
        link = _linked(exchange)
        if link is not None:
            following = urljoin(url, link)
            return following if urlsplit(following)[:2] == urlsplit(url)[:2] else None, False
        more = _told(data, _MORE)
        if more is False or _says_last(exchange):
            return None, True
        if self._cursor is not None:
            value = _cursor(data)
            if value is None and more and isinstance(pages[-1][-1], dict):
                value = pages[-1][-1].get("id")
            if isinstance(value, (str, int)) and value:
                return _with_query(url, self._cursor.name, str(value)), False
            return None, not more
        if not more and self._is_last(data, pages):
            return None, True
        turned = self._turned(url, length)
        return turned, turned is None and not more and not self._full(length)

    def _is_last(self, data: Any, pages: list[list[Any]]) -> bool:
        """Whether a page is the last one by its length, or by the answer's total.

        A total that is called `count` does not say so: it may be of the page.
        """
        length = len(pages[-1])
        if _total(data, TOTALS[:-1]) == sum(map(len, pages)):
            return True
        if self._full(length):
            return False
        return self._declared or length < len(pages[0]) or (len(pages) == 1 and length in self._whole)

    def _turned(self, url: str, length: int) -> str | None:
        """The next page by its number, or by the items before it."""
        query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        for parameter, step, usual in ((self._page, 1, 1), (self._offset, length, 0)):
            if parameter is not None:
                now = query.get(parameter.name, "")
                start = int(now) if now.isdigit() and len(now) < 10 else _first(parameter, usual)
                return _with_query(url, parameter.name, str(start + step))
        return None


def total_in(names: Any) -> str | None:
    """Of the names of members, the one that is likeliest a list's total."""
    by_words = {words(str(name)[:40]): str(name) for name in names}
    return next((by_words[each] for each in TOTALS if each in by_words), None)


def _total(data: Any, names: tuple[str, ...] = TOTALS) -> int | None:
    for holder in HOLDERS:
        inside = at(data, holder) if isinstance(data, dict) else None
        name = total_in(inside) if isinstance(inside, dict) else None
        value = inside[name] if isinstance(inside, dict) and name is not None else None
        if isinstance(value, int) and not isinstance(value, bool) and words(str(name)) in names:
            return value
    return None


def _linked(exchange: Exchange) -> str | None:
    """RFC 8288, and members that hold the next page's URL."""
    for line in exchange.lines("link"):
        found = re.search(r'<([^<>]{1,2000})>[^<]{0,500}\brel="?[^";,]{0,50}\bnext\b', line)
        if found is not None:
            return found[1]
    data = exchange.json
    for holder in HOLDERS:
        for name in _NEXT_URLS:
            value = at(data, f"{holder}/{name}") if isinstance(data, dict) else None
            value = value.get("href") if isinstance(value, dict) else value
            if isinstance(value, str) and (value.startswith(("http://", "https://", "/", "?"))):
                return value
    return None


def _says_last(exchange: Exchange) -> bool:
    """Whether an answer without a next page tells that there is none."""
    if any(re.search(r"\brel=\"?(?:first|prev|last)\b", line[:2000]) for line in exchange.lines("link")):
        return True
    data = exchange.json
    for holder in HOLDERS:
        inside = at(data, holder) if isinstance(data, dict) else None
        for key, value in inside.items() if isinstance(inside, dict) else ():
            if not value and (key in _NEXT_URLS or words(str(key)[:40]) in _NEXT_CURSORS):
                return True
    return False


def _told(data: Any, names: tuple[str, ...]) -> bool | None:
    for holder in HOLDERS:
        for name in names:
            value = at(data, f"{holder}/{name}") if isinstance(data, dict) else None
            if isinstance(value, bool):
                return value
    return None


def _cursor(data: Any) -> Any:
    for holder in HOLDERS:
        inside = at(data, holder) if isinstance(data, dict) else None
        for key, value in inside.items() if isinstance(inside, dict) else ():
            if words(str(key)[:40]) in _NEXT_CURSORS:
                return value
    return None


def _with_query(url: str, name: str, value: str) -> str:
    parts = urlsplit(url)
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name]
    return urlunsplit(parts._replace(query=urlencode([*pairs, (name, value)])))


def _named(listing: Operation, names: frozenset[str]) -> Parameter | None:
    return next((each for each in listing.parameters() if each.location == "query" and words(each.name) in names), None)


def _number(parameter: Parameter, member: str) -> int | None:
    schema = parameter.schema()
    value = schema.value.get(member) if schema is not None and isinstance(schema.value, dict) else None
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9 else None


def _first(parameter: Parameter, usual: int) -> int:
    """The number of the first page, or of its first item: pages from 0 on are declared as such."""
    default = _number(parameter, "default")
    if default is not None:
        return default
    return 0 if _number(parameter, "minimum") == 0 else usual
