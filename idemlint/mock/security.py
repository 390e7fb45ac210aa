"""Who asks: the credential that the document's security schemes name, else the one that a request happens to carry.

OpenAPI 3.1.1, Security Requirement Object and Security Scheme Object; Swagger 2.0 `securityDefinitions`. No credential is
known to the mock, so each is taken for the name of its owner, except that one with `invalid` or `revoked` in it is refused.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qsl

from idemlint.mock.identity import ANONYMOUS, Principal, digest
from idemlint.openapi.references import Node

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idemlint.mock.answers import Answers
    from idemlint.mock.messages import Answer, Request
    from idemlint.mock.routing import Route
    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import References

_USUAL: Final = ("authorization", "x-api-key", "api-key", "apikey", "cookie")
"""Headers in which credentials travel where the document says nothing; the first one that is there counts."""
_USUAL_NAMES: Final = frozenset(_USUAL)
_REFUSED: Final = re.compile("invalid|revoked", re.IGNORECASE)
_MAX_NAMES: Final = 4_096
_QUOTED: Final = re.compile(r"[^ -!#-\[\]-~]+")
"""What may not stand in a quoted string (RFC 9110, 5.6.4)."""


class _Scheme(NamedTuple):
    """Where a scheme's credential travels."""

    location: str
    """`header`, `query`, `cookie`; empty: outside of the message (mutual TLS), never missed here."""
    name: str
    """In lower case for headers."""
    prefix: str
    """The authentication scheme in front of the credential, `bearer `, in lower case; may be empty."""
    challenge: str
    """For `WWW-Authenticate`."""


class _Requirements(NamedTuple):
    alternatives: tuple[tuple[_Scheme, ...], ...]
    """One of these, each with all its schemes. An empty one: no credential will do."""
    challenge: str


class Security:
    """Finds the principal of a request; refuses it where it shows no good credential."""

    def __init__(
        self, references: References, operations: Iterable[Operation], answers: Answers, *, enforce: bool = False
    ) -> None:
        """`enforce`: a request without what the document requires gets 401."""
        self._answers = answers
        self._enforce = enforce
        self._names: dict[str, Principal] = {}
        reader = _Reader(references)
        self._required = {operation.label: reader.requirements(operation) for operation in operations}

    def principal(self, request: Request, route: Route) -> Principal | Answer:
        required = self._required[route.label]
        credential = self._credential(request, required)
        if credential is None:
            if self._enforce:
                return self._answers.unauthorized(required.challenge)
            credential = self._usual(request)
            if credential is None:
                return ANONYMOUS
        if not credential:
            return ANONYMOUS
        if refused(credential):
            return self._answers.unauthorized(required.challenge)
        known = self._names.get(credential)
        if known is None:
            if len(self._names) >= _MAX_NAMES:
                self._names.clear()
            known = self._names[credential] = Principal(digest((credential,)))
        return known

    def _credential(self, request: Request, required: _Requirements) -> str | None:
        """What the first alternative that the request satisfies is satisfied by; empty: it needs nothing."""
        for alternative in required.alternatives:
            found = []
            for scheme in alternative:
                value = _presented(request, scheme)
                if value is None:
                    break
                found.append(value)
            else:
                credential = "\n".join(value for value in found if value)
                return credential or self._usual(request) or ""
        return None if required.alternatives else self._usual(request) or ""

    def _usual(self, request: Request) -> str | None:
        found: dict[str, str] | None = None
        for name, value in request.headers:
            if name in _USUAL_NAMES:
                found = found or {}
                found.setdefault(name, value)
        if found is None:
            return None
        name = next(name for name in _USUAL if name in found)
        return f"{name}:{found[name]}"


def refused(credential: str) -> bool:
    """Whether it says of itself that it is bad, be it in Basic's base64."""
    if _REFUSED.search(credential) is not None:
        return True
    _, _, encoded = credential.rpartition(":")
    if encoded[:6].lower() != "basic ":
        return False
    try:
        return _REFUSED.search(b64decode(encoded[6:]).decode("latin-1")) is not None
    except ValueError:
        return False


def _presented(request: Request, scheme: _Scheme) -> str | None:
    """The credential with the place where it stood, so that equal values in two places stay two; None: absent."""
    if not scheme.location:
        return ""
    value: str | None = None
    if scheme.location == "header":
        value = request.header(scheme.name)
        if value is not None and not value.lower().startswith(scheme.prefix):
            return None
    elif scheme.location == "query":
        value = dict(parse_qsl(request.query)).get(scheme.name) if request.query else None
    else:
        value = _cookies(request).get(scheme.name)
    return f"{scheme.name}:{value}" if value else None


def _cookies(request: Request) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in request.lines("cookie"):
        for pair in line.split(";"):
            name, _, value = pair.strip().partition("=")
            found.setdefault(name, value)
    return found


class _Reader:
    """Security requirements of a document, schemes looked up."""

    def __init__(self, references: References) -> None:
        self._references = references
        root = self._root = Node(references.root, (), references.root.data)
        holder = references.child(root, "securityDefinitions")
        if holder is None:
            components = references.child(root, "components")
            holder = references.child(components, "securitySchemes") if components is not None else None
        self._holder = holder
        title = references.child(root, "info")
        name = title.value.get("title") if title is not None and isinstance(title.value, dict) else None
        self._realm = _QUOTED.sub("", name)[:80] if isinstance(name, str) else "mock"

    def requirements(self, operation: Operation) -> _Requirements:
        declared = self._references.child(operation.node, "security")
        if declared is None:
            declared = self._references.child(self._root, "security")
        entries = declared.value if declared is not None and isinstance(declared.value, list) else []
        alternatives = tuple(self._alternative(entry) for entry in entries if isinstance(entry, dict))
        challenges = dict.fromkeys(scheme.challenge for schemes in alternatives for scheme in schemes)
        usual = f'Bearer realm="{self._realm}"'
        return _Requirements(alternatives, ", ".join(each for each in challenges if each) or usual)

    def _alternative(self, entry: dict[str, object]) -> tuple[_Scheme, ...]:
        return tuple(self._scheme(name) for name in entry)

    def _scheme(self, name: str) -> _Scheme:
        node = self._references.child(self._holder, name) if self._holder is not None else None
        value = node.value if node is not None and isinstance(node.value, dict) else {}
        kind = str(value.get("type", "")).lower()
        realm = f'realm="{self._realm}"'
        if kind == "apikey":
            location, field = str(value.get("in", "header")), str(value.get("name", "X-API-Key"))
            place = location if location in ("query", "cookie") else "header"
            return _Scheme(place, field.lower() if place == "header" else field, "", f"ApiKey {realm}")
        if kind == "mutualtls":
            return _Scheme("", "", "", "")
        if kind == "basic" or (kind == "http" and str(value.get("scheme", "")).lower() == "basic"):
            return _Scheme("header", "authorization", "basic ", f"Basic {realm}")
        if kind == "http" and str(value.get("scheme", "bearer")).lower() != "bearer":
            word = str(value.get("scheme"))
            token = word if re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", word) else "Bearer"
            return _Scheme("header", "authorization", token.lower() + " ", f"{token} {realm}")
        return _Scheme("header", "authorization", "bearer " if kind != "" else "", f"Bearer {realm}")
