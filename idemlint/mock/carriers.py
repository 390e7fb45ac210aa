"""Where a request's key is, and whether it is one (sections 2.1, 2.2 and 5 of the draft; else the vendor's way).

Nothing is guessed: a key that cannot be read is refused, never ignored, for its sender believes to be protected.
"""

from __future__ import annotations

import re
import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

from idemlint.contract.profile import UNKNOWN
from idemlint.mock.answers import key_name
from idemlint.mock.identity import canonical
from idemlint.mock.key_form import wrong_format
from idemlint.mock.media_types import FORM, essence
from idemlint.mock.messages import NOT_JSON, Answer
from idemlint.mock.structured_field import parse_string, serialize_string
from idemlint.openapi.pointers import text_steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.mock.answers import Answers
    from idemlint.mock.messages import Request
    from idemlint.mock.policy import Policy
    from idemlint.mock.routing import Route
    from idemlint.openapi.operations import Operation, Parameter
    from idemlint.openapi.validation import SchemaValidator

_ABSENT: Final = object()
_IMF_FIXDATE: Final = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d\d:\d\d:\d\d GMT"
)


_SAMPLE: Final = "8e03978e-40d5-43e8-bc93-6894a57f9324"


class Demand(NamedTuple):
    """What one operation asks of keys."""

    applies: bool
    """Whether a key is read at all."""
    required: bool
    parameter: Parameter | None = None
    """The document's own declaration of the carrier."""
    validator: SchemaValidator | None = None
    """Of that declaration's schema."""
    bare: bool = False
    """The declaration takes bare keys and no quoted ones, whatever the profile asks: the document is nearer."""


class Carriers:
    """Reads keys by one policy."""

    def __init__(self, policy: Policy, answers: Answers, now: Callable[[], float] = time.time) -> None:
        """`now`: the mock's clock, for the window of Repeatable Requests."""
        self.policy = policy
        self.answers = answers
        self.now = now
        self.location = policy.carrier.location
        name, pointer = policy.carrier.name, policy.carrier.pointer
        self.name = name if name is not UNKNOWN else "Idempotency-Key"
        self.header = self.name.lower()
        self.companion = policy.carrier.companion
        self.path = text_steps(pointer if pointer is not UNKNOWN else "/idempotency_key")
        """Of the body's member, where the key travels in the body."""
        self.names = (self.name, _camel(self.name)) if self.location == "field" else (self.name,)
        """Of the field or parameter, wherever it is bound."""
        self._demands: dict[str, Demand] = {}

    def key(self, request: Request, route: Route) -> str | Answer | None:
        """The key; None if the request has none and may run without; else the refusal."""
        demand = self._demands.get(route.label)
        if demand is None:
            demand = self._demands[route.label] = self.demand(route.operation)
        if not demand.applies:
            return None
        if self.location == "header":
            return self.from_header(request, demand)
        return self.from_member(request, demand)

    def without_key(self, request: Request, route: Route) -> bytes:
        """The payload for comparison: JSON in one spelling and without the key; anything else as it was sent."""
        if not request.body:
            return b""
        value = request.json()
        if value is NOT_JSON:
            return self._form_without_key(request) if self.location in ("field", "parameter") else request.body
        if self.location == "body":
            value = _without(value, self.path)
        elif self.location != "header" and isinstance(value, dict):
            value = {name: member for name, member in value.items() if name not in self.names}
        try:
            return canonical(value)
        except (RecursionError, ValueError):
            return request.body

    # --- steps ---------------------------------------------------------------------------------------------------------

    def demand(self, operation: Operation) -> Demand:
        """Whether a key applies: by the policy's methods, or because the document declares it for the operation."""
        method = operation.label.partition(" ")[0]
        parameter = self._declared(operation)
        if method not in self.policy.methods and parameter is None:
            return Demand(applies=False, required=False)
        required = (parameter is not None and parameter.required) or (
            self.policy.required is True and method in self.policy.methods
        )
        validator = None
        if parameter is not None and (schema := parameter.schema()) is not None:
            from idemlint.openapi.validation import validator_for

            validator = validator_for(parameter.references, schema, direction="request")
        bare = validator is not None and validator.is_valid(_SAMPLE) and not validator.is_valid(f'"{_SAMPLE}"')
        return Demand(applies=True, required=required, parameter=parameter, validator=validator, bare=bare)

    def _declared(self, operation: Operation) -> Parameter | None:
        if self.location == "header":
            return operation.header(self.name)
        if self.location == "body":
            return None
        where = ("query", "formData")
        return next((one for one in operation.parameters() if one.location in where and one.name in self.names), None)

    def from_header(self, request: Request, demand: Demand) -> str | Answer | None:
        name = self.header
        lines = [value for each, value in request.headers if each == name]
        if not lines:
            if self.companion is not None and request.header(self.companion.lower()) is not None:
                return self.answers.malformed(f"{self.companion} came without {self.name}")
            return self.absent(demand)
        if len(lines) > 1:
            return self.answers.malformed(f"{self.name} came {len(lines)} times")
        value = lines[0].strip(" \t")
        if not value:
            return self.blank(demand)
        key = self.unquoted(value, bare=demand.bare)
        if isinstance(key, Answer):
            return key
        if self.companion is not None and (refusal := self._companion(request, self.companion)) is not None:
            return refusal
        return self.formed(key, demand, wire=value)

    def from_member(self, request: Request, demand: Demand) -> str | Answer | None:
        """The key in the body, the query, or a form."""
        found = self._members(request)
        if not found:
            return self.absent(demand)
        if len(found) > 1:
            return self.answers.malformed(f"The key came {len(found)} times")
        key = found[0]
        if not isinstance(key, str):
            return self.answers.malformed(f"{_capital(key_name(self.policy))} is not a string")
        if not key.strip():
            return self.blank(demand)
        return self.formed(key, demand, wire=key)

    def absent(self, demand: Demand) -> str | Answer | None:
        if demand.required:
            name = f"the header {demand.parameter.name}" if demand.parameter and self.location == "header" else ""
            return self.answers.missing(name)
        return str(uuid4()) if self.policy.missing == "generate" else None

    def blank(self, demand: Demand) -> Answer:
        """An empty key is as good as none, but who sends one believes to be protected: it never runs without."""
        return self.answers.missing() if demand.required else self.answers.malformed("The key is empty")

    def unquoted(self, value: str, *, bare: bool = False) -> str | Answer:
        """The key in a header's value. Where both spellings are allowed, `"k"` and `k` are one key."""
        quoted = "either" if bare and self.policy.quoted == "required" else self.policy.quoted
        if value[0] == '"' and quoted != "forbidden":
            key = parse_string(value)
            if key is None:
                return self.answers.malformed("The quoted key is no String of RFC 9651, section 3.3.3")
            return key
        if quoted == "required":
            return self.answers.malformed("The key does not stand in double quotes (RFC 9651, section 3.3.3)")
        if value[0] == '"':
            return self.answers.malformed("The key stands in quotes, which are no part of it")
        if "," in value and (quoted != "forbidden" and not self.policy.pattern.startswith("^")):
            # What proxies make of two field lines, RFC 9110, section 5.3.
            return self.answers.malformed("The header holds a list, not one key")
        return value

    def formed(self, key: str, demand: Demand, *, wire: str) -> str | Answer:
        """The key, if it has the length and the format that the profile and the document ask for."""
        policy = self.policy
        length = len(key)
        if length > policy.max_length:
            return self.answers.malformed(f"The key has {length} characters, and {policy.max_length} are the most")
        if not key.isascii() and len(key.encode("utf-8", "surrogatepass")) > policy.max_bytes:
            return self.answers.malformed(f"The key has more than {policy.max_bytes} bytes")
        if length > policy.max_bytes:
            return self.answers.malformed(f"The key has {length} bytes, and {policy.max_bytes} are the most")
        if not key.strip():
            return self.blank(demand)
        if length < policy.min_length:
            return self.answers.malformed(f"The key has {length} characters, and {policy.min_length} are the least")
        reason = wrong_format(policy.pattern, key)
        if reason:
            return self.answers.malformed(reason)
        if demand.validator is not None:
            broken = self._against_document(demand.validator, key, wire)
            if broken:
                return self.answers.malformed(broken)
        return key if policy.case_sensitive else key.lower()

    def _against_document(self, validator: SchemaValidator, key: str, wire: str) -> str:
        """What the document's own schema holds against the key; a schema may describe it with its quotes or without."""
        if validator.is_valid(key) or validator.is_valid(wire):
            return ""
        with suppress(ValueError):
            if validator.is_valid(serialize_string(key)):
                return ""
        if key.isascii() and key.isdigit() and validator.is_valid(int(key[:18])):
            return ""
        violations = validator.violations(key, 1)
        return f"The document's schema refuses the key: {violations[0].message}" if violations else ""

    def _companion(self, request: Request, name: str) -> Answer | None:
        """OASIS Repeatable Requests 1.0: the time at which the request was first sent, an IMF-fixdate."""
        lines = request.lines(name.lower())
        if len(lines) != 1:
            problem = f"{name} is missing" if not lines else f"{name} came {len(lines)} times"
            return self.answers.malformed(problem)
        sent = _timestamp(lines[0].strip())
        if sent is None:
            return self.answers.malformed(f"{name} is no date like Sun, 06 Nov 1994 08:49:37 GMT")
        window = self.policy.window
        if window is not None and abs(self.now() - sent) > window:
            return self.answers.outside_window(name, window)
        return None

    def _members(self, request: Request) -> list[Any]:
        """All values that the request gives the key, in whatever place the carrier allows."""
        if self.location == "body":
            value = _at(request.json(), self.path) if request.body else _ABSENT
            return [] if value is _ABSENT or value is None else [value]
        found: list[Any] = []
        if request.query:
            found += [value for name, value in _pairs(request.query) if name in self.names]
        if request.body:
            body = request.json()
            if isinstance(body, dict):
                found += [body[name] for name in self.names if body.get(name) is not None]
            elif body is NOT_JSON and _is_form(request):
                found += [value for name, value in _pairs(request.body.decode("latin-1")) if name in self.names]
        return found

    def _form_without_key(self, request: Request) -> bytes:
        if not _is_form(request):
            return request.body
        pairs = [pair for pair in _pairs(request.body.decode("latin-1")) if pair[0] not in self.names]
        return urlencode(pairs, encoding="latin-1").encode()


def _timestamp(value: str) -> float | None:
    """Seconds since 1970 of an IMF-fixdate (RFC 9110, section 5.6.7)."""
    if _IMF_FIXDATE.fullmatch(value) is None:
        return None
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, encoding="latin-1", max_num_fields=10_000)
    except ValueError:
        return []


def _is_form(request: Request) -> bool:
    return essence(request.header("content-type") or "") == FORM


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return _ABSENT
        value = value[step]
    return value


def _without(value: Any, path: tuple[str, ...]) -> Any:
    """A copy without what the path names; the value itself if that does not exist."""
    if not isinstance(value, dict) or path[0] not in value:
        return value
    if len(path) == 1:
        return {name: member for name, member in value.items() if name != path[0]}
    return {**value, path[0]: _without(value[path[0]], path[1:])}


def _camel(name: str) -> str:
    """`request_id` as protobuf's JSON mapping writes it: `requestId`."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
