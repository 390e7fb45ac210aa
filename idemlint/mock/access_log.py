"""The access log: one line a request on standard error, as JSON or as text. Keys are hashed."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from idemlint.mock.identity import digest

if TYPE_CHECKING:
    from idemlint.mock.messages import Answer, Request

FORMATS: Final = ("json", "text")
_TRACE: Final = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")


def hashed(key: str) -> str:
    """A key as logs and traces may hold it: enough to tell keys apart, too little to use one."""
    return digest((key,))[:16] if key else ""


def trace_id(request: Request) -> str:
    """Of the header `traceparent` (W3C Trace Context, 3.2); empty without a valid one."""
    line = request.header("traceparent") or ""
    match = _TRACE.fullmatch(line) if len(line) <= 256 and line[:2] != "ff" else None
    return match[1] if match is not None else ""


class AccessLog:
    """Writes a line for each answer."""

    def __init__(self, form: str) -> None:
        """`form`: one of `FORMATS`."""
        self._form = form

    def write(self, request: Request, answer: Answer, seconds: float) -> None:
        text = self._json(request, answer, seconds) if self._form == "json" else self._text(request, answer, seconds)
        stream = sys.stderr
        if stream is None:
            return
        try:
            stream.write(text + "\n")
            stream.flush()
        except (OSError, ValueError):
            return  # a reader that went away is no reason to fail a request

    def _json(self, request: Request, answer: Answer, seconds: float) -> str:
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "method": request.method,
            "path": request.path,
            "operation": request.operation or None,
            "status": answer.status,
            "duration_ms": round(seconds * 1000, 3),
            "idempotency.key": hashed(request.key) or None,
            "idempotency.result": request.result or None,
            "client": request.client,
            "request_id": answer.header("x-request-id"),
            "trace_id": trace_id(request) or None,
        }
        return json.dumps(line, separators=(",", ":"))

    def _text(self, request: Request, answer: Answer, seconds: float) -> str:
        place = ascii(request.path)[1:-1][:500]
        result = f" {request.result} key {hashed(request.key)}" if request.result else ""
        method = ascii(request.method)[1:-1]
        return f"{method} {place} {answer.status} {seconds * 1000:.1f} ms{result}"
