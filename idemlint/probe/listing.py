"""O2: lists in which the effects of an operation appear, and how they are asked for.

`limit` and its kin are raised to what the schema allows, a declared order is turned to the newest first, and a declared
total is read as a number. How pages are followed is in `paging.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from idemlint.openapi.operations import operations
from idemlint.openapi.samples.wording import words
from idemlint.probe.arguments import arguments_of
from idemlint.probe.exchange import Call
from idemlint.probe.nouns import noun_of, shape
from idemlint.probe.oracle import NumberInItem
from idemlint.probe.paging import HOLDERS, LARGEST, SIZES, PagedCount, total_in
from idemlint.probe.reading import fill, path_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import Node, References
    from idemlint.openapi.samples import Sampler
    from idemlint.probe.client import Client
    from idemlint.probe.expectations import Expectations
    from idemlint.probe.oracle import Oracle
    from idemlint.probe.samples import RequestSample

_ORDERS: Final = frozenset(("order", "sort", "sort order", "direction", "order by", "sort direction", "sort by"))
_NEWEST: Final = re.compile(r"^-?(?:desc|descending|newest|-created\w*|created\w*[:_. ]desc|-id)$", re.IGNORECASE)
_USUAL_SIZE: Final = 100
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


def _wide(listing: Operation, taken: set[str]) -> list[tuple[str, str]]:
    """Query parameters by which a list shows as much as it can, the newest first."""
    found = []
    for parameter in listing.parameters():
        if parameter.location != "query" or parameter.name in taken:
            continue
        name, schema = words(parameter.name), parameter.schema()
        value = schema.value if schema is not None and isinstance(schema.value, dict) else {}
        if name in SIZES and value.get("type", "integer") in ("integer", "number", ["integer", "null"]):
            most = value.get("maximum")
            size = int(most) if isinstance(most, (int, float)) and 0 < most <= LARGEST else _USUAL_SIZE
            found.append((parameter.name, str(max(size, 1))))
        elif name in _ORDERS and isinstance(value.get("enum"), list):
            newest = next((each for each in value["enum"] if isinstance(each, str) and _NEWEST.match(each)), None)
            if newest is not None:
                found.append((parameter.name, newest))
    return found


def _declared_total(references: References, listing: Operation) -> str | None:
    """Pointer of the member that tells how many items there are in all."""
    response = listing.response("200")
    content = listing.response_content(response) if response is not None else []
    schema = next((schema for _, schema in content if schema is not None), None)
    if schema is None:
        return None
    for holder in HOLDERS:
        node: Node | None = schema
        for step in holder.split("/")[1:]:
            properties = references.child(node, "properties") if node is not None else None
            node = references.child(properties, step) if properties is not None else None
        properties = references.child(node, "properties") if node is not None else None
        name = total_in(properties.value) if properties is not None and isinstance(properties.value, dict) else None
        if name is not None:
            return f"{holder}/{name}"
    return None
