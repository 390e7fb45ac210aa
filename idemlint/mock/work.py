"""The work of an operation: what it changes, and its answer. Nothing is written here; the effects say what is to be.

An operation of a collection or its items (`resources.py`) works on what the same principal made before. Any other gives
its declared answer, with what the client sent where that has a place in it, and counts as done once.
"""

from __future__ import annotations

import json
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

from idemlint.mock.answers import ORIGINAL, made_by
from idemlint.mock.bodies import body_value
from idemlint.mock.media_types import is_json
from idemlint.mock.messages import Answer, Effect, Outcome
from idemlint.mock.patches import PatchError, is_json_patch
from idemlint.mock.plans import Plans
from idemlint.mock.preferences import NO_PREFERENCES, Preferences, parse_preferences
from idemlint.mock.rendering import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idemlint.mock.identity import Principal
    from idemlint.mock.kinds import Kind
    from idemlint.mock.messages import Request
    from idemlint.mock.plans import Plan
    from idemlint.mock.resources import Family
    from idemlint.mock.responses import Prepared, Responses
    from idemlint.mock.routing import Route
    from idemlint.mock.stores.protocol import Store
    from idemlint.mock.views import View

_NOTHING: Final[dict[str, Any]] = {}


class Work:
    """Runs operations over a store."""

    def __init__(self, store: Store, responses: Responses, *, testing: bool = True) -> None:
        """`testing`: whether `Prefer: fail=, delay=, size=` count."""
        self.store = store
        self.responses = responses
        self.answers = responses.answers
        self.plans = Plans(responses)
        self.testing = testing
        carrier = self.answers.policy.carrier
        self._key_members = _key_members(carrier.location, carrier.name, carrier.pointer)
        self._names_original = self.answers.policy.original_request_field is not None

    async def run(self, request: Request, route: Route, principal: Principal) -> Outcome:
        """What the operation comes to, if it is done now."""
        plan = self.plans.of(route.operation)
        wanted = self.preferences(request)
        if wanted is NO_PREFERENCES:
            prepared = self.responses.success(plan.operation, request.header("accept"))
            outcome = await self.act(request, route, principal, plan, prepared)
        else:
            outcome = await self.preferred(request, route, principal, plan, wanted)
        if self._names_original and request.key:
            return outcome._replace(answer=outcome.answer.with_headers((ORIGINAL, f"req-{token_hex(8)}")))
        return outcome

    async def current(self, request: Request, route: Route, principal: Principal, stored: Answer) -> Answer:
        """The answer to a duplicate where the profile shows the resource as it is now; `stored` if that is gone."""
        plan = self.plans.of(route.operation)
        kind, family = plan.kind, plan.family
        if kind is None or family is None or stored.status >= 300:
            return stored
        view = plan.view(self.responses.success(plan.operation, request.header("accept")))
        identifier = None
        if plan.role.action == "create":
            identifier = _identifier(stored, view, kind)
        elif plan.role.action in ("merge", "replace"):
            identifier = route.arguments.get(family.parameter)
        if identifier is None:
            return stored
        body = await self.store.resource(kind.collection(route.arguments), principal.name, identifier)
        return stored._replace(body=view.show(body).body) if body is not None else stored

    def delay(self, request: Request) -> float:
        """Seconds that the client wants the work to take."""
        return self.preferences(request).delay

    def store_fails(self, request: Request) -> bool:
        """Whether the client asked for a store of keys that cannot be reached."""
        return self.preferences(request).fail == "store"

    def fails_after(self, request: Request) -> bool:
        """Whether the client asked for a failure behind the effect."""
        return self.preferences(request).fail == "after-effect"

    def preferences(self, request: Request) -> Preferences:
        """`NO_PREFERENCES` itself where the request has none."""
        for name, _ in request.headers:
            if name == "prefer":
                return parse_preferences(", ".join(request.lines("prefer")), testing=self.testing)
        return NO_PREFERENCES

    async def preferred(
        self, request: Request, route: Route, principal: Principal, plan: Plan, wanted: Preferences
    ) -> Outcome:
        """The operation's work with what `Prefer` asks for; a status of failure means no work."""
        if wanted.fail == "before-effect":
            return Outcome(self.answers.server_error())
        operation, accept = plan.operation, request.header("accept")
        prepared = self.responses.success(operation, accept)
        if wanted.code is not None and wanted.code != prepared.status:
            declared = self.responses.with_status(operation, wanted.code, accept, wanted.example)
            if wanted.code >= 400 or declared is None:
                asked = self.answers.problem(wanted.code, "The request asked for this status (Prefer: code).")
                return Outcome(self.responses.error(operation, asked, accept, wanted.example))
            if wanted.code >= 300:
                return Outcome(declared.still)
            prepared = declared
        outcome = await self.act(request, route, principal, plan, prepared)
        answer = outcome.answer
        if wanted.example and answer.status < 300:
            shown = self.responses.with_status(operation, prepared.status, accept, wanted.example) or prepared
            answer = answer._replace(body=shown.still.body)
        if wanted.size > len(answer.body) > 0:
            answer = answer._replace(body=answer.body + b" " * (wanted.size - len(answer.body)))
        if wanted.fail == "after-effect" and not request.key:
            answer = self.answers.server_error()  # with a key, it fails when its record is kept
        return outcome._replace(answer=answer)

    async def act(
        self, request: Request, route: Route, principal: Principal, plan: Plan, prepared: Prepared
    ) -> Outcome:
        """The operation's own work, with the answer that is to be."""
        kind, family = plan.kind, plan.family
        if kind is None or family is None:
            return await self.other(request, route, principal, plan, prepared)
        action = plan.role.action
        if action == "create":
            return self.create(request, route, principal, plan, plan.view(prepared), kind)
        collection = kind.collection(route.arguments)
        if action == "list":
            resources = await self.store.resources(collection, principal.name)
            if not resources and family.creator is None:
                return Outcome(prepared.still)
            return Outcome(plan.listing(prepared, kind, family).show(resources))
        identifier = route.arguments.get(family.parameter, "")
        before = await self.store.resource(collection, principal.name, identifier)
        if before is None:
            return self.absent(request, route, principal, plan, prepared, family, kind)
        view = plan.view(prepared)
        if action == "read":
            return Outcome(view.show(before))
        if action == "remove":
            effect = Effect(route.label, "delete", principal.name, collection, identifier, b"", before)
            return Outcome(view.show(before), (effect,))
        patch: Any = request.json() if request.method == "PATCH" else None
        if action == "replace":
            after = kind.named(identifier, self.members(request, plan), route.arguments)
        elif is_json_patch(patch):
            try:
                after = kind.patched(json.loads(before), patch)
            except PatchError as error:
                plain = self.answers.invalid([f"The patch cannot be applied: {error}."], 422)
                return Outcome(self.responses.error(plan.operation, plain, request.header("accept")))
        else:
            after = kind.merge(json.loads(before), self.members(request, plan))
        value = to_json(after)
        effect = Effect(route.label, "update", principal.name, collection, identifier, value, before)
        return Outcome(view.show(value, after), (effect,))

    # --- the actions ---------------------------------------------------------------------------------------------------

    def create(
        self, request: Request, route: Route, principal: Principal, plan: Plan, view: View, kind: Kind
    ) -> Outcome:
        identifier, resource = kind.make(route.arguments, self.members(request, plan))
        value = to_json(resource)
        effect = Effect(route.label, "create", principal.name, kind.collection(route.arguments), identifier, value)
        location = kind.location(request.path, identifier) if view.location and kind.addressable else None
        return Outcome(view.show(value, resource, location), (effect,))

    def absent(
        self,
        request: Request,
        route: Route,
        principal: Principal,
        plan: Plan,
        prepared: Prepared,
        family: Family,
        kind: Kind,
    ) -> Outcome:
        """An item that is not there. PUT makes it, unless the document says that it is then not found; for the others
        it is not found, unless the document has no way to make one.
        """
        operation = plan.operation
        replaces = plan.role.action == "replace"
        declares_created = operation.response("201") is not None
        if family.creator is not None and not (replaces and (declares_created or operation.response("404") is None)):
            plain = self.answers.not_found("There is none with this identifier, or another principal made it.")
            return Outcome(self.responses.error(operation, plain, request.header("accept")))
        identifier = route.arguments.get(family.parameter, "")
        members = _NOTHING if plan.safe else self.members(request, plan)
        resource = kind.named(identifier, members, route.arguments)
        value = to_json(resource)
        if not replaces:
            effects = () if plan.safe else (Effect(route.label, "other", principal.name),)
            return Outcome(plan.view(prepared).show(value, resource), effects)
        if declares_created and prepared.status != 201:
            prepared = self.responses.with_status(operation, 201, request.header("accept")) or prepared
        collection = kind.collection(route.arguments)
        effect = Effect(route.label, "create", principal.name, collection, identifier, value)
        return Outcome(plan.view(prepared).show(value, resource), (effect,))

    async def other(
        self, request: Request, route: Route, principal: Principal, plan: Plan, prepared: Prepared
    ) -> Outcome:
        """An operation of its own: its declared answer, with a fresh identifier if it is a POST.

        What is done to an item, `/payments/{id}/capture`, shows that item if it answers with one.
        """
        if plan.safe:
            return Outcome(prepared.still)
        effects = (Effect(route.label, "other", principal.name),)
        if not prepared.media_type or not isinstance(prepared.shape.base, dict | list):
            return Outcome(prepared.still, effects)
        own = plan.own(prepared)
        members = self.members(request, plan)
        kind = own.kind
        identifier = route.arguments.get(own.parameter)
        held = None
        if identifier is not None and own.acts_on_item:
            held = await self.store.resource(kind.collection(route.arguments), principal.name, identifier)
        if held is not None:
            resource = kind.merge(json.loads(held), members)
        elif identifier is not None:
            resource = kind.named(identifier, members, route.arguments)
        elif request.method == "POST":
            resource = kind.make(route.arguments, members)[1]
        else:
            resource = kind.unnamed(members)
        return Outcome(own.view.show(to_json(resource), resource), effects)

    def members(self, request: Request, plan: Plan) -> Mapping[str, Any]:
        """What the client sent, as members of a resource: of a JSON object or a form, out of its envelope."""
        if not request.body:
            return _NOTHING
        content_type = request.header("content-type")
        if content_type is None or is_json(content_type):
            value = request.json()
        else:
            value = body_value(request, content_type, self.responses.references, plan.schema(content_type))
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, dict):
            return _NOTHING
        if len(value) == 1 and plan.kind is not None:
            name, inner = next(iter(value.items()))
            if isinstance(inner, list) and len(inner) == 1:
                inner = inner[0]
            if isinstance(inner, dict) and plan.kind.shape.members and not plan.kind.shape.knows(name):
                value = inner
        if self._key_members and not self._key_members.isdisjoint(value):
            value = {name: member for name, member in value.items() if name not in self._key_members}
        return value


def _identifier(stored: Answer, view: View, kind: Kind) -> str | None:
    """What stands for the resource in a path, from the answer to the request that made a resource."""
    try:
        value = json.loads(stored.body)
        for step in view.place or ():
            value = value[step]
        return kind.segment(value[kind.name])
    except (ValueError, RecursionError, LookupError, TypeError):
        identifier = made_by(stored)
        return str(identifier) if identifier is not None else None


def _key_members(location: str, name: Any, pointer: Any) -> frozenset[str]:
    """Members of a body that carry the key and belong to no resource (AIP-155)."""
    if location == "body" and isinstance(pointer, str) and pointer.count("/") == 1:
        return frozenset({pointer[1:]})
    return frozenset({name}) if location in ("field", "parameter") and isinstance(name, str) else frozenset()
