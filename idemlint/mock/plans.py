"""What is worked out once for each operation, so that a request need not: its role, its kind of resource, its views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from idemlint.mock.kinds import Kind, kind_of
from idemlint.mock.media_types import declared_for
from idemlint.mock.places import inside, resource_place
from idemlint.mock.resources import Role, roles, words
from idemlint.mock.views import Listing, View
from idemlint.openapi.operations import operations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.mock.resources import Family
    from idemlint.mock.responses import Prepared, Responses
    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import Node

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"})
_MAX_SCHEMAS: Final = 50


class Own(NamedTuple):
    """What an operation shows that belongs to no family."""

    view: View
    kind: Kind
    parameter: str
    """The path parameter with the identifier; empty if it is fresh."""
    acts_on_item: bool
    """Whether it shows an item of a family, `/payments/{id}/capture` a payment."""


class Plan:
    """One operation's."""

    __slots__ = ("_listings", "_owns", "_plans", "_schemas", "_views", "family", "kind", "operation", "role", "safe")

    def __init__(self, plans: Plans, operation: Operation, role: Role) -> None:
        self._plans = plans
        self.operation = operation
        self.role = role
        self.family = role.family
        self.kind = plans.kind(role.family) if role.family is not None else None
        self.safe = operation.label.partition(" ")[0] in _SAFE
        """RFC 9110, section 9.2.1: has no effects."""
        self._views: dict[int, tuple[Prepared, View]] = {}
        self._listings: dict[int, tuple[Prepared, Listing]] = {}
        self._owns: dict[int, tuple[Prepared, Own]] = {}
        self._schemas: dict[str, Node | None] = {}

    def view(self, prepared: Prepared) -> View:
        """How an answer shows a resource of the family."""
        known = self._views.get(id(prepared))
        if known is None:
            family, kind, place = self.family, self.kind, None
            if family is not None and prepared.media_type:
                found = resource_place(prepared.shape, family.parameter, family.noun)
                place = found[0] if found is not None else None
            view = View(prepared, place, kind.shape if kind is not None else None)
            known = self._views[id(prepared)] = (prepared, view)
        return known[1]

    def listing(self, prepared: Prepared, kind: Kind, family: Family) -> Listing:
        known = self._listings.get(id(prepared))
        if known is None:
            known = self._listings[id(prepared)] = (prepared, Listing(prepared, kind, family, self._plans.responses))
        return known[1]

    def own(self, prepared: Prepared) -> Own:
        known = self._owns.get(id(prepared))
        if known is None:
            known = self._owns[id(prepared)] = (prepared, self._plans.own(self.operation, prepared))
        return known[1]

    def schema(self, content_type: str) -> Node | None:
        """The schema of a request's body, which tells a form's numbers from its texts."""
        if content_type not in self._schemas:
            references = self.operation.references
            body = references.child(self.operation.node, "requestBody")
            content = references.child(body, "content") if body is not None else None
            name = declared_for(content_type, content.value) if content and isinstance(content.value, dict) else None
            media = references.child(content, name) if content is not None and name is not None else None
            if len(self._schemas) >= _MAX_SCHEMAS:
                self._schemas.clear()
            self._schemas[content_type] = references.child(media, "schema") if media is not None else None
        return self._schemas[content_type]


class Plans:
    """Those of all operations of a document, each made when it is first asked for."""

    def __init__(self, responses: Responses) -> None:
        self.responses = responses
        self._plans: dict[str, Plan] = {}
        self._kinds: dict[str, Kind] = {}
        self._roles: dict[str, Role] | None = None
        self._items: dict[str, Family] | None = None

    def of(self, operation: Operation) -> Plan:
        plan = self._plans.get(operation.label)
        if plan is None:
            plan = self._plans[operation.label] = Plan(self, operation, self.roles.get(operation.label, Role("other")))
        return plan

    def kind(self, family: Family) -> Kind:
        kind = self._kinds.get(family.collection)
        if kind is None:
            kind = self._kinds[family.collection] = kind_of(family, self.responses)
        return kind

    @property
    def roles(self) -> dict[str, Role]:
        if self._roles is None:
            self._roles = roles(operations(self.responses.references))
        return self._roles

    @property
    def items(self) -> dict[str, Family]:
        """Families by the template of their items."""
        if self._items is None:
            families = {role.family for role in self.roles.values() if role.family is not None}
            self._items = {family.item: family for family in families if family.item is not None}
        return self._items

    def own(self, operation: Operation, prepared: Prepared) -> Own:
        template = operation.template
        noun, parameter = words(template)
        place, name = resource_place(prepared.shape, parameter, noun) or (None, None)
        shape = inside(prepared.shape, place) if place is not None else prepared.shape
        for family in self._above(template):
            kind = self.kind(family)
            if shape.schema is not None and shape.same(kind.shape):
                return Own(View(prepared, place, kind.shape), kind, family.parameter, acts_on_item=True)
        kind = Kind(shape, name, collection=template, sampler=self.responses.sampler)
        return Own(View(prepared, place, shape), kind, parameter, acts_on_item=False)

    def _above(self, template: str) -> Iterator[Family]:
        """The families of the items that a path goes through, the nearest first."""
        segments = template.split("/")
        for end in range(len(segments) - 1, 1, -1):
            family = self.items.get("/".join(segments[:end]))
            if family is not None:
                yield family
