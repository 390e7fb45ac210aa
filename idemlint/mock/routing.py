"""Which operation a request means: method and path against the document's path templates.

OpenAPI 3.1.1, Paths Object: a concrete path is matched before a templated one. Here that holds segment by segment, and
`{id}:cancel` comes before `{id}`.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from idemlint.openapi.references import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from idemlint.mock.answers import Answers
    from idemlint.mock.messages import Answer, Request
    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import References

_PARAMETER: Final = re.compile(r"\{([^{}]*)\}")
_MAX_BASES: Final = 32
_NONE: Final[dict[str, str]] = {}


class Route(NamedTuple):
    """A request's operation."""

    operation: Operation
    label: str
    """`POST /payments/{id}`."""
    template: str
    arguments: Mapping[str, str]
    """Path parameters, percent-decoded."""


class _Item:
    """A path item: its operations by method, and what its template asks of the path."""

    __slots__ = ("allow", "names", "operations", "routes", "template")

    def __init__(self, template: str) -> None:
        self.template = template
        self.operations: dict[str, Operation] = {}
        self.routes: dict[str, Route] = {}
        """For templates without parameters: made once."""
        self.allow: tuple[str, ...] = ()
        self.names: dict[str, list[str]] = {}
        """Of the path parameters, by method: `/a/{x}` and `/a/{y}` are one path."""

    def add(self, operation: Operation, names: list[str]) -> None:
        method = operation.label.partition(" ")[0]
        if method not in self.operations:
            self.operations[method] = operation
            self.names[method] = names
            self.routes[method] = Route(operation, operation.label, operation.template, _NONE)
            allowed = {*self.operations, "OPTIONS"} | ({"HEAD"} if "GET" in self.operations else set())
            self.allow = tuple(sorted(allowed))


class _Segment:
    """One segment of a template that is not all literal: literals with parameters between them."""

    __slots__ = ("literals", "names", "next", "whole")

    def __init__(self, text: str) -> None:
        self.literals = tuple(_PARAMETER.split(text)[::2])
        self.names = tuple(_PARAMETER.findall(text))
        self.whole = self.literals == ("", "")
        self.next = _Level()

    def match(self, segment: str) -> list[str] | None:
        """The parameters' values. Linear: each literal is looked for once, from the left, the last one at the end."""
        first, last = self.literals[0], self.literals[-1]
        end = len(segment) - len(last)
        if not segment.startswith(first) or not segment.endswith(last):
            return None
        place = len(first)
        values = []
        for literal in self.literals[1:-1]:
            found = segment.find(literal, place + 1, end)
            if found < 0:
                return None
            values.append(segment[place:found])
            place = found + len(literal)
        values.append(segment[place:end])
        return values if place < end else None


class _Level:
    """What may come after the segments so far."""

    __slots__ = ("item", "literal", "patterns")

    def __init__(self) -> None:
        self.literal: dict[str, _Level] = {}
        self.patterns: dict[str, _Segment] = {}
        self.item: _Item | None = None


class Router:
    """All operations of a document, found by method and path."""

    def __init__(self, operations: Iterable[Operation], answers: Answers, servers: Iterable[str] = ()) -> None:
        """`servers`: base paths, `/v1`; they are accepted in front of each path, and so is nothing."""
        self._answers = answers
        self._bases = tuple(sorted({base for base in servers if base}, key=len, reverse=True)[:_MAX_BASES])
        self._root = _Level()
        self._exact: dict[str, _Item] = {}
        for operation in operations:
            self._add(operation)

    def find(self, request: Request) -> Route | Answer:
        """The route, else 404, else 405. HEAD becomes GET where the document has no HEAD of its own."""
        item = self._exact.get(request.path)
        values: tuple[str, ...] = ()
        if item is None:
            found = self._search(request.path)
            if found is None:
                return self._answers.not_found()
            item, values = found
        method = request.method
        if method == "HEAD" and "HEAD" not in item.routes and "GET" in item.routes:
            method = request.method = "GET"
        route = item.routes.get(method)
        if route is None:
            return self._answers.method_not_allowed(item.allow)
        if not values:
            return route
        return route._replace(arguments=dict(zip(item.names[method], values, strict=True)))

    def allowed(self, path: str) -> tuple[str, ...] | None:
        """The methods of a path; None if the document does not know it."""
        item = self._exact.get(path)
        if item is None:
            found = self._search(path)
            item = found[0] if found is not None else None
        return item.allow if item is not None else None

    def _search(self, path: str) -> tuple[_Item, tuple[str, ...]] | None:
        for base in ("", *self._bases):
            if not base or path.startswith((base + "/", base)):
                rest = path[len(base) :] or "/"
                found = self._walk(rest.split("/")[1:]) if rest[0] == "/" else None
                if found is not None:
                    return found
        return None

    def _walk(self, segments: list[str]) -> tuple[_Item, tuple[str, ...]] | None:
        """Depth first, the most concrete way first; no deeper than the document's templates are."""
        stack: list[tuple[_Level, int, tuple[str, ...]]] = [(self._root, 0, ())]
        while stack:
            level, depth, values = stack.pop()
            if depth == len(segments):
                if level.item is not None:
                    return level.item, values
                continue
            segment = unquote(segments[depth]) if "%" in segments[depth] else segments[depth]
            ways = []
            if segment in level.literal:
                ways.append((level.literal[segment], depth + 1, values))
            for pattern in level.patterns.values():
                matched = pattern.match(segment)
                if matched is not None:
                    ways.append((pattern.next, depth + 1, (*values, *matched)))
            stack.extend(reversed(ways))
        return None

    def _add(self, operation: Operation) -> None:
        path = re.split(r"[?#]", operation.template, maxsplit=1)[0]
        level = self._root
        names: list[str] = []
        for part in path.split("/")[1:]:
            if _PARAMETER.search(part) is None:
                level = level.literal.setdefault(part, _Level())
                continue
            names += _PARAMETER.findall(part)
            shape = _PARAMETER.sub("{}", part)
            segment = level.patterns.get(shape)
            if segment is None:
                segment = level.patterns[shape] = _Segment(part)
                level.patterns = dict(sorted(level.patterns.items(), key=lambda entry: entry[1].whole))
            level = segment.next
        if level.item is None:
            level.item = _Item(path)
        level.item.add(operation, names)
        if not names:
            for base in ("", *self._bases):
                self._exact.setdefault(base + path, level.item)


def base_paths(references: References) -> list[str]:
    """The paths of all `servers` (OpenAPI 3, variables at their defaults) and `basePath` (Swagger 2.0), without the
    slash at their end.
    """
    found: dict[str, None] = {}
    for url in _server_urls(references):
        try:
            path = urlsplit(url).path.rstrip("/")
        except ValueError:
            continue
        if path.startswith("/"):
            found[path] = None
    return list(found)[:_MAX_BASES]


def _server_urls(references: References) -> Iterator[str]:
    root = Node(references.root, (), references.root.data)
    base = root.value.get("basePath") if isinstance(root.value, dict) else None
    if isinstance(base, str):
        yield base
    from idemlint.openapi.operations import operations

    holders = [root]
    for operation in operations(references):
        holders += [operation.path_item, operation.node]
    for holder in holders:
        servers = references.child(holder, "servers")
        for server in servers.value if servers is not None and isinstance(servers.value, list) else ():
            url = server.get("url") if isinstance(server, dict) else None
            if isinstance(url, str):
                yield _PARAMETER.sub(partial(_default, server), url)


def _default(server: dict[str, object], place: re.Match[str]) -> str:
    name = place[1]
    variables = server.get("variables")
    variable = variables.get(name) if isinstance(variables, dict) else None
    default = variable.get("default") if isinstance(variable, dict) else None
    return default if isinstance(default, str) else name
