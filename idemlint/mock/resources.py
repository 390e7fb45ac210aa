"""Which operations are about one kind of resource: a collection, `/payments`, and its items, `/payments/{id}`.

POST on the collection makes one, GET lists; on an item GET reads, PATCH and POST merge, PUT replaces, DELETE removes.
Everything else, `/payments/{id}/capture`, is an operation of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from idemlint.openapi.operations import Operation

Action: TypeAlias = Literal["create", "list", "read", "merge", "replace", "remove", "other"]

_ITEM: Final = re.compile(r"(.*)/\{([^{}/]+)\}(\.[A-Za-z0-9]+)?(/?)")


class Family(NamedTuple):
    """The operations on one kind of resource."""

    collection: str
    """Template of the collection."""
    item: str | None
    """Template of an item; None if the document has no operation on one."""
    parameter: str
    """The item's path parameter."""
    creator: Operation | None
    """POST on the collection: without one, an item may exist that nobody made."""
    reader: Operation | None
    lister: Operation | None
    on_items: tuple[Operation, ...] = ()

    @property
    def noun(self) -> str:
        """The last word of the collection's path, `payments`."""
        return words(self.collection)[0]


class Role(NamedTuple):
    """What an operation does, and to which resources."""

    action: Action
    family: Family | None = None


def roles(operations: Iterable[Operation]) -> dict[str, Role]:
    """The role of each operation, by its label."""
    by_template: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        by_template.setdefault(operation.template, {})[operation.label.partition(" ")[0]] = operation
    families: dict[str, Family] = {}
    items: dict[str, Family] = {}
    for template, methods in by_template.items():
        found = _item(template, by_template)
        if found is None or not methods.keys() & {"GET", "PUT", "PATCH", "DELETE"}:
            continue
        collection, parameter = found
        held = by_template[collection]
        if "POST" not in held and "PUT" not in methods:
            continue
        family = Family(
            collection,
            template,
            parameter,
            held.get("POST"),
            methods.get("GET"),
            held.get("GET"),
            tuple(methods.values()),
        )
        families.setdefault(collection, family)
        items[template] = family
    for template, methods in by_template.items():
        if template not in families and template not in items and {"GET", "POST"} <= methods.keys():
            families[template] = Family(template, None, "", methods["POST"], None, methods["GET"])
    found_roles: dict[str, Role] = {}
    for template, methods in by_template.items():
        for method, operation in methods.items():
            found_roles[operation.label] = _role(method, families.get(template), items.get(template))
    return found_roles


def _item(template: str, known: Mapping[str, Any]) -> tuple[str, str] | None:
    """The collection that an item's template belongs to, and the name of its last parameter."""
    match = _ITEM.fullmatch(template)
    if match is None:
        return None
    collection, parameter, suffix, slash = match.groups()
    for candidate in (collection + (suffix or "") + slash, collection + (suffix or ""), collection + "/"):
        if candidate in known:
            return candidate, parameter
    return None


_ON_ITEMS: Final[dict[str, Action]] = {
    "GET": "read",
    "PATCH": "merge",
    "POST": "merge",
    "PUT": "replace",
    "DELETE": "remove",
}


def _role(method: str, collection: Family | None, item: Family | None) -> Role:
    if item is not None and method in _ON_ITEMS:
        return Role(_ON_ITEMS[method], item)
    if collection is not None and method == "POST" and collection.creator is not None:
        return Role("create", collection)
    if collection is not None and method == "GET":
        return Role("list", collection)
    return Role("other")


def words(template: str) -> tuple[str, str]:
    """The last word of a path template and, if it ends with one, its path parameter."""
    segments = [part for part in template.split("/") if part]
    last = segments[-1] if segments else ""
    parameter = last[1:-1] if last.startswith("{") and last.endswith("}") else ""
    plain = [part for part in segments if not part.startswith("{")]
    return (plain[-1].partition(".")[0] if plain else ""), parameter
