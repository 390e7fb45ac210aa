"""The check `idempotent_replay` for Schemathesis: a request that succeeded is sent again with its key.

    SCHEMATHESIS_HOOKS=idemlint.probe.schemathesis_check st run openapi.yaml --url http://127.0.0.1:8000

It fails where the second answer is another one: another status, another resource, another body; or where the honest
retry is refused. `IDEMLINT_PROFILE` names the contract to hold the server to (default: the IETF draft), which says where
the key travels and what a duplicate gets. What says nothing of keys is never held against the server: no answer, 401,
403, 429, and 5xx. Registered with what Schemathesis documents for hooks: https://schemathesis.readthedocs.io
"""

from __future__ import annotations

import json
import os
import re
import time
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import schemathesis

from idemlint.contract.loading import load_profile
from idemlint.contract.profile import UNKNOWN
from idemlint.probe.masks import leaves, names_id
from idemlint.probe.settings import DEFAULT_PROFILE

if TYPE_CHECKING:
    from idemlint.contract.profile import Profile

_SILENT: Final = frozenset({401, 403, 408, 425, 429, *range(500, 600)})
"""Statuses that say nothing of keys."""
_AT_WORK: Final = 409
_PATIENCE: Final = (0.1, 0.4)
"""Seconds to wait for a first request that the server holds to be at work still."""
_TIMEOUT: Final = 10.0
_PER_REQUEST: Final = re.compile(r"(?:request|correlation|trace|span)[_\-]?id$", re.IGNORECASE)
"""Names of members that tell one exchange from another, not one resource from another."""
_SENDING: Final = ("timeout", "verify", "cert", "proxies")
_KEPT: Final = 500
"""Characters of a body in a message."""


@schemathesis.check
def idempotent_replay(ctx: Any, response: Any, case: Any) -> bool | None:
    """Nothing is said (None) of requests without a key, and of those that did not succeed."""
    profile = _profile()
    if not 200 <= response.status_code < 300 or case.method.upper() not in profile.methods:
        return None
    key = _key(response.request.headers, profile)
    if key is None:
        return None
    again = _again(ctx, response, case)
    if again is None or again.status_code in _SILENT:
        return None
    difference = _difference(profile, response, again, lambda: _again(ctx, response, case))
    if difference is None:
        return None
    title, what = difference
    raise schemathesis.core.failures.Failure(
        operation=case.operation.label,
        title=f"Idempotent replay: {title}",
        message=f"{what}\n\nKey: `{key}`\n\n{_shown('First', response)}\n{_shown('Again', again)}",
    )


@cache
def _profile() -> Profile:
    return load_profile(os.environ.get("IDEMLINT_PROFILE", DEFAULT_PROFILE), folder=os.getcwd())


def _key(headers: Any, profile: Profile) -> str | None:
    """The request's key. In a body or a query it is part of what is sent again anyway, and needs no look."""
    carrier = profile.carrier
    if carrier.location != "header":
        return "in the request"
    name = "Idempotency-Key" if carrier.name is UNKNOWN else carrier.name
    value: str | bytes | None = headers.get(name)
    if not value:
        return None
    return value if isinstance(value, str) else value.decode("latin-1")


def _again(ctx: Any, response: Any, case: Any) -> Any:
    """The answer to the same request, byte for byte where it goes over a network; None if there is none."""
    for wait in (*_PATIENCE, None):
        answer = _sent(ctx, response, case)
        if answer is None or answer.status_code != _AT_WORK or wait is None:
            return answer
        time.sleep(wait)
    return None


def _sent(ctx: Any, response: Any, case: Any) -> Any:
    import requests

    if case.operation.app is not None:
        return case.derive(keep_auth=True).call()
    given = getattr(getattr(ctx, "internals", None), "transport_kwargs", None) or {}
    options = {name: given[name] for name in _SENDING if given.get(name) is not None}
    options.setdefault("verify", response.verify)
    options.setdefault("timeout", _TIMEOUT)
    with requests.Session() as session:
        try:
            return session.send(response.request, allow_redirects=False, **options)
        except requests.RequestException:
            return None


def _difference(profile: Profile, first: Any, again: Any, once_more: Any) -> tuple[str, str] | None:
    """A title and a sentence for what the second answer does otherwise; None if all is well."""
    model = profile.replay.model
    refused = again.status_code >= 400
    if refused:
        if model == "refuse":
            return None
        what = f"The server answered `{first.status_code}`, and refused the same request with the same key"
        return "an honest retry is refused", f"{what} with `{again.status_code}`."
    before, after = _value(first), _value(again)
    ids = [
        pointer
        for pointer in _differing(before, after)
        if names_id(pointer) and _PER_REQUEST.search(pointer.rpartition("/")[2]) is None
    ]
    places = (_location(first), _location(again))
    if ids or (None not in places and places[0] != places[1]):
        where = (
            f"`{ids[0]}`: {leaves(before)[ids[0]]!r}, then {leaves(after)[ids[0]]!r}" if ids else f"Location: {places}"
        )
        return "a second effect", f"One key made two resources ({where}): the work ran twice."
    if model in ("current", UNKNOWN):
        return None
    pinned = () if profile.replay.status is UNKNOWN else profile.replay.status
    if again.status_code not in (first.status_code, *pinned):
        return "another status", f"The first answer was `{first.status_code}`, its replay `{again.status_code}`."
    if first.content == again.content:
        return None
    if before is None or after is None:
        return "another body", "The replay has another body than the first answer."
    third = once_more()
    volatile = set(_differing(after, _value(third))) if third is not None else set()
    changed = [pointer for pointer in _differing(before, after) if pointer not in volatile]
    if changed:
        return "another body", f"The replay differs from the first answer at {', '.join(map(repr, changed[:5]))}."
    return None


def _value(response: Any) -> Any:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return None


def _differing(before: Any, after: Any) -> list[str]:
    first, second, missing = leaves(before), leaves(after), object()
    return [each for each in dict.fromkeys((*first, *second)) if first.get(each, missing) != second.get(each, missing)]


def _location(response: Any) -> str | None:
    """Headers are lists with Schemathesis, and texts with requests."""
    value = response.headers.get("location") or response.headers.get("Location")
    found: str | None = value[0] if isinstance(value, list) else value
    return found


def _shown(what: str, response: Any) -> str:
    text = response.content[: 4 * _KEPT].decode("utf-8", "replace")
    return f"{what}: [{response.status_code}] {text[:_KEPT]}"
