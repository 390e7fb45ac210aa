"""One kind of resource: what is kept of it, and how one is made and changed.

What is kept is what the creating operation answers with, else what the reading one does.
"""

from __future__ import annotations

import json
from os import urandom
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from idemlint.mock.identifiers import fresh_ids, typed
from idemlint.mock.patches import json_patch, merge_patch
from idemlint.mock.places import inside, is_natural, list_place, resource_place
from idemlint.mock.shapes import Shape
from idemlint.openapi.validation import validator_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from idemlint.mock.identifiers import Fresh
    from idemlint.mock.resources import Family
    from idemlint.mock.responses import Responses
    from idemlint.openapi.references import Node
    from idemlint.openapi.samples import Sampler

_LEAST_LINK: Final = 6


class Kind:
    """Makes resources of one kind."""

    def __init__(
        self,
        shape: Shape,
        name: str | None,
        *,
        collection: str,
        item: str | None = None,
        addresses: Sequence[Node] = (),
        sampler: Sampler | None = None,
    ) -> None:
        """`addresses`: schemas of the item's path parameter, which an identifier has to fit as well."""
        self.shape = shape
        self.name = name
        """The member with the identifier; None: it is in no member."""
        base = dict(shape.base) if isinstance(shape.base, dict) else {}
        example = base.get(name) if name is not None else None
        members = shape.member(name) if name is not None else []
        whole = bool(members) and shape.is_valid(base)

        held = [validator_for(shape.references, address, direction="request") for address in addresses]

        def fits(identifier: Any) -> bool:
            if not all(address.is_valid(identifier) for address in held):
                return False
            if whole:
                return shape.is_valid({**base, name: identifier})
            return not members or any(member.is_valid(identifier) for member in members)

        self.fits = fits
        prefix = _prefix(example)
        if prefix:
            self.fresh = fresh_ids(str(example)[len(prefix) :], lambda segment: fits(f"{prefix}{segment}"))
        else:
            schemas = [*addresses, *(member.schema for member in members if member.schema is not None)]
            self.fresh = fresh_ids(example, fits, [_drawn(sampler, schema) for schema in schemas] if sampler else ())
        self.example = example
        self.natural = name is not None and is_natural(name)
        self.base = base
        self._prefix = prefix
        """Of identifiers that are addresses, whose last segment stands in the item's path."""
        self._linked = _linked(base, name, example)
        self._collection = collection.split("/")
        self._item_end = item.rpartition("}")[2] if item is not None else ""
        self.addressable = item is not None
        self._known = frozenset(shape.members)
        self._own = frozenset(_read_only(shape)) | ({name} if name is not None else frozenset())
        """Members that are the server's to set: the identifier, and what is `readOnly`."""

    def collection(self, arguments: Mapping[str, str]) -> str:
        """The concrete path under which the store keeps them."""
        return concrete(self._collection, arguments)

    def location(self, path: str, identifier: str) -> str:
        """Where an item is, given the path that the collection was asked for under."""
        end = self._item_end
        start = path.removesuffix(end) if end else path.rstrip("/")
        return f"{start}/{quote(identifier, safe='')}{end}"

    def segment(self, identifier: Any) -> str:
        """What stands in a path for the resource with this identifier."""
        return str(identifier).removeprefix(self._prefix)

    def make(self, arguments: Mapping[str, str], body: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """A new resource with the client's members, and its identifier."""
        name = self.name
        identifier = self.fresh()
        below = {**self.base}
        if name is not None:
            if self.natural and isinstance(body.get(name), str) and body[name]:
                identifier = body[name]
            below[name] = f"{self._prefix}{identifier}" if self._prefix else identifier
            if self._linked:
                self._link(below, str(below[name]))
        sent = self._sent(body)
        if arguments and (same := self._arguments(arguments)):
            sent = {**same, **sent}
        return str(identifier), self.shape.compose(sent, below)

    def named(self, identifier: str, body: Mapping[str, Any], arguments: Mapping[str, str]) -> dict[str, Any]:
        """A resource whose identifier is given, by a path."""
        below = {**self.base}
        if self.name is not None:
            value = typed(f"{self._prefix}{identifier}", self.fits, self.example)
            if self.name not in below or self.fits(value):
                below[self.name] = value
            if self._linked:
                self._link(below, identifier)
        return self.shape.compose({**self._arguments(arguments), **self._sent(body)}, below)

    def unnamed(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The example with the client's members, and its own identifier."""
        return self.shape.compose(self._sent(body), self.base)

    def merge(self, held: dict[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """RFC 7396, but what would break the schema is left out, and so is what is the server's to set."""
        shape = self.shape
        whole = {**held}
        for name, member in patch.items():
            if name in self._own or not shape.knows(name):
                continue
            if member is None:
                for candidate in ({key: value for key, value in whole.items() if key != name}, {**whole, name: None}):
                    if shape.is_valid(candidate):
                        whole = candidate
                        break
            elif isinstance(member, dict) and isinstance(whole.get(name), dict):
                whole = shape.compose({name: merge_patch(whole[name], member)}, whole)
            else:
                whole = shape.compose({name: merge_patch(None, member)}, whole)
        return whole

    def patched(self, held: dict[str, Any], operations: list[dict[str, Any]]) -> dict[str, Any]:
        """RFC 6902, held to the schema as `merge` is. PatchError: it cannot be applied."""
        changed = json_patch(held, operations)
        if not isinstance(changed, dict):
            return held
        changed = {**changed, **{name: held[name] for name in self._own if name in held}}
        if self.shape.is_valid(changed):
            return changed
        kept = {name: member for name, member in held.items() if name in changed}
        return self.shape.compose(changed, kept if self.shape.is_valid(kept) else held)

    def _sent(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """What the client may set."""
        return {name: member for name, member in body.items() if name not in self._own}

    def _arguments(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        """Path parameters that the resource has members of the same name for, a customer's card's `customer`."""
        same = {}
        for parameter, text in arguments.items():
            if parameter in self._known and parameter != self.name:
                for member in self.shape.member(parameter):
                    value = typed(text, member.is_valid)
                    if member.is_valid(value):
                        same[parameter] = value
                        break
        return same

    def _link(self, below: dict[str, Any], identifier: str) -> None:
        """The example's identifier in links and the like gives way to the new one."""
        for member, text in self._linked.items():
            below[member] = json.loads(text.replace(str(self.example), json.dumps(identifier)[1:-1]))


def kind_of(family: Family, responses: Responses) -> Kind:
    """The kind of a family's resources, from the first operation that shows one."""
    shape, name = _shown(family, responses)
    shape = responses.based(shape)
    addresses: dict[int, Node] = {}
    for operation in family.on_items:
        parameter = next((one for one in operation.parameters() if one.name == family.parameter), None)
        schema = parameter.schema() if parameter is not None else None
        if schema is not None:
            addresses[id(schema.value)] = schema
    return Kind(
        shape,
        name,
        collection=family.collection,
        item=family.item,
        addresses=tuple(addresses.values()),
        sampler=responses.sampler,
    )


def _shown(family: Family, responses: Responses) -> tuple[Shape, str | None]:
    """The shape of a resource, and the member with its identifier."""
    for operation in (family.creator, family.reader):
        if operation is not None:
            shape = responses.success(operation).shape
            found = resource_place(shape, family.parameter, family.noun)
            if found is not None:
                return inside(shape, found[0]), found[1]
    if family.lister is not None:
        shape = responses.success(family.lister).shape
        place = list_place(shape, family.noun)
        if place is not None:
            item = responses.based(inside(shape, place).items())
            found = resource_place(item, family.parameter, family.noun)
            if found is not None:
                return inside(item, found[0]), found[1]
    return Shape(responses.references, None, {}), "id"


def _drawn(sampler: Sampler, schema: Node) -> Fresh:
    """Identifiers that a schema alone gives, each another."""
    from idemlint.openapi.samples import SampleError

    def fresh() -> Any:
        try:
            return sampler.sample(schema, variant=int.from_bytes(urandom(6)) + 1).value
        except SampleError:
            return ""

    return fresh


def concrete(segments: Sequence[str], arguments: Mapping[str, str]) -> str:
    """A template's segments with the arguments in their places, so that no two lists of arguments give one path."""
    if not arguments:
        return "/".join(segments)
    path = "/".join(segments)
    for name, text in arguments.items():
        path = path.replace("{" + name + "}", quote(text, safe=""))
    return path


def _read_only(shape: Shape) -> Iterator[str]:
    for name, schemas in shape.members.items():
        if any(isinstance(schema.value, dict) and schema.value.get("readOnly") is True for schema in schemas):
            yield name


def _prefix(example: Any) -> str:
    """What stands before the last segment of an identifier that is a URL or a path; empty if it is neither."""
    if isinstance(example, str) and (example.startswith("/") or "://" in example):
        return example[: example.rstrip("/").rfind("/") + 1]
    return ""


def _linked(base: dict[str, Any], name: str | None, example: Any) -> dict[str, str]:
    """Members other than the identifier in which the example's identifier is seen, as JSON texts."""
    text = str(example)
    if name is None or isinstance(example, bool) or not isinstance(example, str | int) or len(text) < _LEAST_LINK:
        return {}
    found = {}
    for member, value in base.items():
        if member != name and not isinstance(value, int | float) and text in (held := json.dumps(value)):
            found[member] = held
    return found
