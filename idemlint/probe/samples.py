"""`RequestSample`: one valid request for an operation, without its key."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from idemlint.probe.exchange import Lines

NO_BODY: Final = object()
_PATH_SAFE: Final = "-._~!$&'()*+,;=:@"


@dataclass(frozen=True, slots=True)
class RequestSample:
    """Path arguments, query, headers and body that the document allows."""

    template: str
    """`/accounts/{id}/payments`."""
    arguments: Mapping[str, str]
    """Of the template, not encoded yet."""
    query: tuple[tuple[str, str], ...] = ()
    headers: Lines = ()
    """Required ones but for credentials, Content-Type and the key."""
    media_type: str | None = None
    value: Any = NO_BODY
    """The body: a JSON value, text, or bytes; `NO_BODY` if there is none."""
    origin: str = "generated"
    """`example`, `default`, `enum`, `generated`, `configured`, `hook`: where the body comes from."""
    tag: str | None = None
    """JSON pointer of the member that holds the run's tag."""
    difference: str = ""
    """For `b'`: JSON pointer of the member in which it differs from `b`."""
    notes: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    """JSON pointers of members that a server may want to see just once: an email address, an order number."""
    fixed: tuple[str, ...] = ()
    """JSON pointers of members that name what had to exist; they are never varied."""
    is_valid: Callable[[Any], bool] | None = field(default=None, repr=False, compare=False)
    """Whether the document's schema takes a body; None if it has none."""

    def target(self, query: tuple[tuple[str, str], ...] | None = None) -> str:
        """Path and query as they go into the request line."""
        path = self.template
        for name, value in self.arguments.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=_PATH_SAFE))
        pairs = self.query if query is None else query
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def encode(self, value: Any) -> bytes:
        """A body of this sample's media type."""
        if value is NO_BODY:
            return b""
        if isinstance(value, bytes):
            return value
        if isinstance(value, str) and not self.is_json:
            return value.encode("utf-8", "surrogatepass")
        kind = (self.media_type or "").lower()
        if kind.startswith("application/x-www-form-urlencoded"):
            return urlencode(form_pairs(value)).encode()
        if kind.startswith("multipart/form-data"):
            return _parts(value)
        return as_json(value)

    @property
    def is_json(self) -> bool:
        kind = (self.media_type or "").partition(";")[0].strip().lower()
        return kind.endswith(("/json", "+json"))

    def renew(self, random: Random) -> RequestSample:
        """The same request with new values where a server may want unique ones; equal for equal random states.

        With one generator for each key, seeded by the key, a payload stays the same for its key and is new for the next.
        """
        from idemlint.probe.uniqueness import renewed

        if not self.unique or self.value is NO_BODY:
            return self
        return replace(self, value=renewed(self.value, self.unique, random, self.is_valid))

    def with_value(self, value: Any, *, difference: str = "") -> RequestSample:
        return replace(self, value=value, difference=difference)

    def with_query(self, *pairs: tuple[str, str]) -> RequestSample:
        """The same with these query parameters in the place of those of the same names."""
        names = {name for name, _ in pairs}
        return replace(self, query=(*(pair for pair in self.query if pair[0] not in names), *pairs))

    def with_arguments(self, **arguments: str) -> RequestSample:
        return replace(self, arguments={**self.arguments, **arguments})


def as_json(value: Any) -> bytes:
    """Compact JSON text in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def put(value: Any, pointer: str, member: Any) -> Any:
    """A copy in which the pointer (RFC 6901) leads to `member`. Objects on the way there are made if need be; a value
    that the pointer cannot lead through is returned as it is.
    """
    if not pointer:
        return member
    step, slash, rest = pointer[1:].partition("/")
    key = step.replace("~1", "/").replace("~0", "~")
    if isinstance(value, list) and key.isascii() and key.isdigit() and int(key) < len(value):
        copy = list(value)
        copy[int(key)] = put(value[int(key)], slash + rest, member)
        return copy
    if isinstance(value, dict):
        return {**value, key: put(value.get(key, {} if slash else None), slash + rest, member)}
    return value


def form_pairs(value: Any, name: str = "") -> list[tuple[str, str]]:
    """A value as form fields, nested members in brackets (`metadata[order]`), as most servers read them."""
    if isinstance(value, dict):
        return [
            pair for key, member in value.items() for pair in form_pairs(member, f"{name}[{key}]" if name else str(key))
        ]
    if isinstance(value, list):
        return [pair for item in value for pair in form_pairs(item, f"{name}[]")]
    if value is None:
        return []
    return [(name, "true" if value is True else "false" if value is False else str(value))]


BOUNDARY: Final = "idemlint-7d3f9a2c51e84b06"
"""Between the parts of a form; fixed, so that one payload is one string of bytes."""


def _parts(value: Any) -> bytes:
    """RFC 7578; objects as JSON, arrays item by item (OpenAPI 3.0.4, Special Considerations for multipart Content)."""
    lines: list[bytes] = []
    for name, member in value.items() if isinstance(value, dict) else ():
        shown = str(name).replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        for item in member if isinstance(member, list) else [member]:
            lines += [f"--{BOUNDARY}".encode(), f'Content-Disposition: form-data; name="{shown}"'.encode()]
            if isinstance(item, str):
                lines += [b"", item.encode("utf-8", "surrogatepass")]
            else:
                lines += [b"Content-Type: application/json", b"", as_json(item)]
    return b"\r\n".join([*lines, f"--{BOUNDARY}--".encode(), b""])
