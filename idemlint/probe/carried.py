"""The idempotency key of a request that was sent, wherever the profile carries it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.exchange import Exchange

_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:;.*)?')
"""A structured field's string, parameters behind it or not (RFC 9651, sections 3.1.2 and 3.3.3)."""


def keys_of(exchange: Exchange, bench: Bench) -> tuple[str, ...]:
    """Bare, as they went out; several just where several different ones did. Empty ones are none."""
    expected = bench.expected
    if expected.location == "header":
        wanted = bench.key_header.lower()
        lines = exchange.sent or exchange.call.headers
        values = [_bare(value.strip()) for name, value in lines if name.lower() == wanted]
    else:
        values = parse_qs(urlsplit(exchange.call.url).query).get(expected.name, [])[:1] or [_in_body(exchange, bench)]
    return tuple(dict.fromkeys(each for each in values if each))


def _bare(value: str) -> str:
    found = _QUOTED.fullmatch(value)
    return value if found is None else re.sub(r"\\(.)", r"\1", found[1])


def _in_body(exchange: Exchange, bench: Bench) -> str:
    try:
        value = json.loads(exchange.call.body)
    except (ValueError, RecursionError):
        return ""
    for part in bench.expected.name.lstrip("/").split("/"):
        value = value.get(part) if isinstance(value, dict) else None
    return str(value) if isinstance(value, (str, int)) else ""
