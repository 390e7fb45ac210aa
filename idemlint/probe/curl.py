"""Requests as `curl` commands, to be copied into a shell."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from idemlint.probe.exchange import Exchange
    from idemlint.probe.masking import Masking

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CURLS_OWN: Final = frozenset({"host", "content-length", "accept-encoding", "connection", "user-agent"})
_NAMED_BY: Final = 6


def curl(exchange: Exchange, body: str, key: str, masking: Masking) -> str:
    """A command that sends the request again, secrets left as `***`.

    The server has seen a `key` of the run already, so a UUID is made anew: the first command that is pasted makes it, and
    the others with the same key take it over. Any other key is the check's point and stays.
    """
    parts = ["curl", "-i", "-X", exchange.call.method]
    for name, value in masking.lines(exchange.sent or exchange.call.headers):
        if name.lower() not in _CURLS_OWN:
            parts += ["-H", f"{name}: {value}" if value else f"{name};"]
    if exchange.call.body:
        parts += ["--data-raw", masking.text(body)]
    parts.append(masking.text(exchange.call.url))
    if not _UUID.fullmatch(key):
        return shlex.join(parts)
    fresh = f"${{key_{key[:_NAMED_BY]}:=$(uuidgen)}}"
    return " ".join(_with_fresh(part, key, fresh) for part in parts)


def _with_fresh(word: str, key: str, fresh: str) -> str:
    """The word as a shell reads it, an expansion in the place of the key."""
    if key not in word:
        return shlex.quote(word)
    if re.search(r'[\\"$`!]', word):  # what would mean something between double quotes
        return f'"{fresh}"'.join(_quoted(part) for part in word.split(key))
    return f'"{word.replace(key, fresh)}"'


def _quoted(part: str) -> str:
    return shlex.quote(part) if part else ""
