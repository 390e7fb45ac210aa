"""Faults in how the key is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from idemlint.mock.carriers import Carriers
from idemlint.mock.faults.fault import Fault
from idemlint.mock.handling import Handling
from idemlint.mock.messages import Answer

if TYPE_CHECKING:
    from idemlint.mock.carriers import Demand
    from idemlint.mock.identity import Principal
    from idemlint.mock.messages import Request
    from idemlint.mock.routing import Route

_TOKEN: Final = re.compile(r"[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*")
"""RFC 9651, section 3.3.4."""
_BLANK: Final = ' \t"'


class IgnoredKey(Handling):
    async def with_key(self, request: Request, route: Route, principal: Principal, key: str) -> Answer:
        return await self.without_key(request, route, principal)


class Sent(Carriers):
    """What the request holds in the key's place, before anything is asked of it."""

    def sent(self, request: Request) -> list[str]:
        if self.location == "header":
            return request.lines(self.header)
        return [value for value in self._members(request) if isinstance(value, str)]


class DoubleHeader(Carriers):
    """Two lines are one list (RFC 9110, section 5.3), and the list is taken for a key."""

    def key(self, request: Request, route: Route) -> str | Answer | None:
        found = super().key(request, route)
        lines = request.lines(self.header) if self.location == "header" else []
        return ", ".join(lines) if isinstance(found, Answer) and len(lines) > 1 else found


class EmptyKeyShared(Sent):
    def key(self, request: Request, route: Route) -> str | Answer | None:
        found = super().key(request, route)
        sent = self.sent(request)
        return "" if isinstance(found, Answer) and len(sent) == 1 and not sent[0].strip(_BLANK) else found


class UnparsedIgnored(Sent):
    """RFC 9651, section 4.2: a field that cannot be parsed is ignored as a whole. Its sender is not told."""

    def key(self, request: Request, route: Route) -> str | Answer | None:
        found = super().key(request, route)
        return None if isinstance(found, Answer) and any(one.strip(_BLANK) for one in self.sent(request)) else found


class SfTokenAccident(Carriers):
    """A structured-field parser reads the field, and any item that it gives as text will do. A bare UUID that begins
    with a letter is a Token; one that begins with a digit is no item at all.
    """

    def unquoted(self, value: str, *, bare: bool = False) -> str | Answer:
        if value[0] == '"':
            return super().unquoted(value, bare=bare)
        if _TOKEN.fullmatch(value) is None:
            return self.answers.malformed("The key is no item of RFC 9651")
        return value


class UnboundedKey(Carriers):
    def formed(self, key: str, demand: Demand, *, wire: str) -> str | Answer:
        limit = min(self.policy.max_length, self.policy.max_bytes)
        schema = demand.parameter.schema() if demand.parameter is not None else None
        if schema is not None and isinstance(schema.value, dict):
            declared = schema.value.get("maxLength")
            limit = min(limit, declared) if isinstance(declared, int) else limit
        return key if len(key) > limit else super().formed(key, demand, wire=wire)


FAULTS: Final = (
    Fault(
        "ignored-key",
        "asks for a key and then ignores it",
        (IgnoredKey,),
        ("IABTechLab/seller-agent#44",),
        ("RPL-14",),
    ),
    Fault(
        "double-header",
        "takes two lines of the header for one key of its own",
        (DoubleHeader,),
        ("grimurrash/test-task2#73",),
        ("KEY-06",),
    ),
    Fault(
        "empty-key-shared",
        "takes an empty or blank key for a key, the same for everybody who sends none",
        (EmptyKeyShared,),
        ("josipmusa/idempotency4j#20", "sns45/anyonce"),
        ("KEY-02", "KEY-03"),
    ),
    Fault(
        "unbounded-key",
        "takes keys of any length",
        (UnboundedKey,),
        ("granit-fx/granit-dotnet#1151",),
        ("KEY-05",),
    ),
    Fault(
        "sf-token-accident",
        "takes bare keys that begin with a letter, as structured-field Tokens, and refuses those that begin with a digit",
        (SfTokenAccident,),
        ("RFC 9651, sections 3.3.3 and 3.3.4",),
        ("KEY-09",),
    ),
    Fault(
        "lookup-before-parse-ignored",
        "ignores a key that it cannot read, and does the work unprotected",
        (UnparsedIgnored,),
        ("RFC 9651, section 4.2", "sns45/anyonce"),
        ("KEY-04", "KEY-09"),
    ),
)
