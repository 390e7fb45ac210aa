"""`links`: what a document itself says about which answer holds the arguments of which operation.

OpenAPI 3.0.4, 3.1.1: Link Object and Runtime Expressions (`$response.body#/id`, `$request.path.id`, `{$url}` inside text).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from idemlint.openapi.operations import operation_at, operations
from idemlint.openapi.pointers import at, pointer_steps, split_reference
from idemlint.probe.exchange import NOT_JSON

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeGuard

    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import Node, References
    from idemlint.probe.exchange import Exchange

_EMBEDDED: Final = re.compile(r"\{(\$[^{}]*)\}")
_MOST: Final = 500


class Link(NamedTuple):
    """One link of one answer."""

    source: Operation
    status: str
    """Key of the response: `201`, `2XX`, `default`."""
    parameters: Mapping[str, Any]
    """Name, or `path.name`, to a constant or an expression."""
    body: Any
    """Constant or expression for the whole body; None if there is none."""


def links_to(references: References, target: Operation) -> list[Link]:
    """All links of successful answers that lead to an operation, those of POST operations first."""
    found = [link for link, label in _links(references) if label == target.label and link.source.label != target.label]
    return sorted(found, key=lambda link: link.source.method != "post")


def _links(references: References) -> list[tuple[Link, str]]:
    memo = references.schema_memo
    known: list[tuple[Link, str]] | None = memo.get("links")
    if known is None:
        known = memo["links"] = _collected(references)
    return known


def _collected(references: References) -> list[tuple[Link, str]]:
    every = operations(references)
    by_id = {each.operation_id: each for each in every if each.operation_id}
    found: list[tuple[Link, str]] = []
    for source in every:
        responses = source.responses()
        for status in responses.value if responses is not None else ():
            if str(status)[:1] not in ("2", "d"):
                continue
            response = source.response(status)
            holder = references.child(response, "links") if response is not None else None
            for name in holder.value if holder is not None and isinstance(holder.value, dict) else ():
                link = references.child(holder, name) if holder is not None else None
                target = _target(references, link, by_id)
                if link is None or target is None or len(found) >= _MOST:
                    continue
                parameters = link.value.get("parameters")
                parameters = parameters if isinstance(parameters, dict) else {}
                found.append((Link(source, str(status), parameters, link.value.get("requestBody")), target.label))
    return found


def _target(references: References, link: Node | None, by_id: Mapping[str, Operation]) -> Operation | None:
    if link is None or not isinstance(link.value, dict):
        return None
    identifier = link.value.get("operationId")
    if isinstance(identifier, str):
        return by_id.get(identifier)
    reference = link.value.get("operationRef")
    if not isinstance(reference, str):
        return None
    _, fragment = split_reference(reference)
    return operation_at(references, pointer_steps(fragment))


def evaluate(expression: Any, exchange: Exchange, arguments: Mapping[str, str]) -> Any:
    """What an expression stands for after an exchange; a constant stands for itself; None if nothing is there.

    `arguments` are those of the path of the request.
    """
    if not isinstance(expression, str):
        return expression
    if expression.startswith("$"):
        return _value(expression, exchange, arguments)
    missing = False

    def replace(found: re.Match[str]) -> str:
        nonlocal missing
        value = _value(found[1], exchange, arguments)
        missing = missing or not _is_scalar(value)
        return str(value)

    text = _EMBEDDED.sub(replace, expression)
    return None if missing else text


def _value(expression: str, exchange: Exchange, arguments: Mapping[str, str]) -> Any:
    call = exchange.call
    if expression == "$url":
        return call.url
    if expression == "$method":
        return call.method
    if expression == "$statusCode":
        return exchange.status
    place, _, rest = expression.partition(".")
    kind, _, name = rest.partition(".")
    if kind == "body" or kind.startswith("body#"):
        pointer = expression.partition("#")[2]
        data = exchange.json if place == "$response" else _json(call.body)
        return None if data is NOT_JSON else at(data, pointer)
    if kind == "header":
        if place == "$response":
            return exchange.header(name)
        return next((value for each, value in call.headers if each.lower() == name.lower()), None)
    if kind == "path":
        return arguments.get(name)
    if kind == "query":
        return dict(parse_qsl(urlsplit(call.url).query, keep_blank_values=True)).get(name)
    return None


def _json(body: bytes) -> Any:
    import json

    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return NOT_JSON


def _is_scalar(value: Any) -> TypeGuard[str | int | float]:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)
