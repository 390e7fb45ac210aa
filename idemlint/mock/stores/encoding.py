"""How stores that keep bytes spell an answer, a text, and the place of a resource."""

from __future__ import annotations

import json
from typing import Final

from idemlint.mock.identity import digest
from idemlint.mock.messages import Answer
from idemlint.mock.stores.protocol import StoreDownError

_LENGTH: Final = 4
_LONGEST: Final = 1_000
_BEGINNING: Final = 200
"""Characters, of four bytes at most."""


def pack(answer: Answer) -> bytes:
    """Length of the head in 4 bytes, the head `[status, headers]` as JSON, and the body as it is."""
    head = json.dumps((answer.status, answer.headers), separators=(",", ":")).encode()
    return len(head).to_bytes(_LENGTH) + head + answer.body


def unpack(packed: bytes) -> Answer:
    """Raises StoreDownError for bytes that `pack` never wrote."""
    end = _LENGTH + int.from_bytes(packed[:_LENGTH])
    try:
        status, headers = json.loads(packed[_LENGTH:end])
        return Answer(status, tuple([(name, value) for name, value in headers]), packed[end:])
    except (ValueError, TypeError) as error:
        raise StoreDownError("the store holds a record that is not idemlint's: give the mock a store of its own") from (
            error
        )


def raw(text: str) -> bytes:
    """Any text that a path or a document can hold, NUL and lone surrogates among them, which databases refuse as text.

    More than `_LONGEST` bytes are kept as their beginning and a hash: databases limit what they can look up.
    """
    whole = text.encode("utf-8", "surrogatepass")
    if len(whole) <= _LONGEST:
        return whole
    return text[:_BEGINNING].encode("utf-8", "surrogatepass") + b"~" + digest((whole,)).encode()


def text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")


def place(collection: str, principal: str) -> str:
    """One collection of one principal: what its resources are filed under."""
    return digest((collection, principal))
