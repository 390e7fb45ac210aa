"""How much a client may ask of the server. All bounds of the HTTP side stand here, and README names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HEAD_BYTES: Final = 64 * 1024
"""Request line and header fields; more gets 431."""
HEAD_FIELDS: Final = 200
"""Header fields; more gets 431."""
HEAD_SECONDS: Final = 10.0
"""From a request's first byte to the end of its head; then 408."""
BODY_BYTES: Final = 16 * 1024 * 1024
"""A request's body; more gets 413, at once if `Content-Length` says so."""
BODY_SECONDS: Final = 60.0
"""From the end of the head to the end of the body; then 408."""
IDLE_SECONDS: Final = 75.0
"""An open connection on which nothing is asked."""
LINGER_SECONDS: Final = 2.0
"""How long what still comes is thrown away after an early refusal, so that the client gets to read it."""
CONNECTIONS: Final = 4_096
"""Open connections of one process; one more gets 503."""
STOP_SECONDS: Final = 2.0
"""What requests at work get to end in when the server is asked to stop."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one server."""

    head_bytes: int = HEAD_BYTES
    head_fields: int = HEAD_FIELDS
    head_seconds: float = HEAD_SECONDS
    body_bytes: int = BODY_BYTES
    body_seconds: float = BODY_SECONDS
    idle_seconds: float = IDLE_SECONDS
    linger_seconds: float = LINGER_SECONDS
    connections: int = CONNECTIONS
    stop_seconds: float = STOP_SECONDS


DEFAULT_LIMITS: Final = Limits()
