"""A mock in this process whose clock jumps: whoever sleeps on it is woken at once, in the right order.

Races and locks are then the same on each run, and a lock of ten seconds costs a test nothing.
"""

from __future__ import annotations

import asyncio
import json
import selectors
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import httpx

from idemlint.contract.loading import load_profile
from idemlint.mock.assembly import create_app
from idemlint.mock.clock import Clock
from idemlint.openapi.document import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENT = """
openapi: 3.1.0
info: {title: Payments, version: 1.0.0}
security: [{token: []}]
paths:
  /payments:
    get:
      responses:
        "200":
          description: All
          content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Payment'}}, example: []}}
    post:
      parameters: [{$ref: '#/components/parameters/Key'}]
      requestBody: {$ref: '#/components/requestBodies/Payment'}
      responses: {"201": {$ref: '#/components/responses/Payment'}}
  /payments/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      responses: {"200": {$ref: '#/components/responses/Payment'}}
    put:
      parameters: [{$ref: '#/components/parameters/Key'}]
      requestBody: {$ref: '#/components/requestBodies/Payment'}
      responses: {"200": {$ref: '#/components/responses/Payment'}}
    patch:
      parameters: [{$ref: '#/components/parameters/Key'}]
      requestBody: {$ref: '#/components/requestBodies/Payment'}
      responses: {"200": {$ref: '#/components/responses/Payment'}}
  /payments/{id}/captures:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    post:
      parameters: [{$ref: '#/components/parameters/Key'}]
      requestBody: {$ref: '#/components/requestBodies/Payment'}
      responses: {"201": {$ref: '#/components/responses/Payment'}}
  /refunds:
    post:
      parameters: [{$ref: '#/components/parameters/Key'}]
      requestBody: {$ref: '#/components/requestBodies/Payment'}
      responses: {"201": {$ref: '#/components/responses/Payment'}}
  /exports:
    post:
      parameters: [{$ref: '#/components/parameters/Key'}]
      responses:
        "200":
          description: Lines, as they come
          content: {text/event-stream: {schema: {type: string}, example: "data: 1\\n\\ndata: 2\\n\\n"}}
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
  parameters:
    Key: {name: Idempotency-Key, in: header, required: true, schema: {type: string, maxLength: 64}}
  requestBodies:
    Payment:
      content: {application/json: {schema: {$ref: '#/components/schemas/Payment'}}}
  responses:
    Payment:
      description: The payment
      content:
        application/json:
          schema: {$ref: '#/components/schemas/Payment'}
          example: {id: pay_8e03978e40d5, amount: 1, note: example}
  schemas:
    Payment:
      type: object
      properties: {id: {type: string}, amount: {type: integer}, note: {type: string}}
"""


def profile(**stored: bool) -> Any:
    """The draft, except that client errors are not stored: so that there is something for a fault to pin."""
    draft = load_profile("ietf-07")
    return replace(draft, stored=replace(draft.stored, **{"client_error": False, **stored}))


def fresh_key() -> str:
    return f'"{uuid4()}"'


class _Selector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("everybody waits and nothing is going to happen")
            self.skipped += timeout
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._skipping = _Selector()
        super().__init__(self._skipping)

    def time(self) -> float:
        return super().time() + self._skipping.skipped


class _LoopClock(Clock):
    def __init__(self, loop: _Loop) -> None:
        super().__init__()
        self._loop = loop

    def now(self) -> float:
        return 1_800_000_000 + self._loop.time() + self.offset


class Mock:
    """Sends requests one by one (`post`) or at the same time (`together`); what they do is counted."""

    def __init__(self, *faults: str, **options: Any) -> None:
        self.loop = _Loop()
        self.clock = _LoopClock(self.loop)
        options = {"profile": profile(), **options}
        self.app = create_app(parse(DOCUMENT, "payments.yaml"), faults=faults, clock=self.clock, **options)
        self.statuses: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.run_until_complete(self.app.stop())
        self.loop.close()

    def pass_time(self, seconds: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def request(self, method: str, path: str, **how: Any) -> httpx.Response:
        return self.loop.run_until_complete(self.send(method, path, **how))

    def post(self, path: str = "/payments", **how: Any) -> httpx.Response:
        return self.request("POST", path, **how)

    def together(self, *requests: Mapping[str, Any]) -> list[httpx.Response]:
        """POSTs that leave at the same moment, or `after` so many seconds."""

        async def one(after: float = 0.0, path: str = "/payments", **how: Any) -> httpx.Response:
            await asyncio.sleep(after)
            return await self.send("POST", path, **how)

        async def all_of_them() -> list[httpx.Response]:
            return await asyncio.gather(*(one(**request) for request in requests))

        return self.loop.run_until_complete(all_of_them())

    async def send(
        self,
        method: str,
        path: str,
        *,
        key: str | list[str] | None = None,
        body: Any = None,
        by: str | None = "Bearer alice",
        prefer: str = "",
        connection: int = 1,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        lines = [("Idempotency-Key", each) for each in ([key] if isinstance(key, str) else key or [])]
        lines += [("Authorization", by)] if by else []
        lines += [("Prefer", prefer)] if prefer else []
        lines += [("Accept-Encoding", "identity"), *(headers or {}).items()]
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        if content:
            lines.append(("Content-Type", "application/json"))
        transport = httpx.ASGITransport(self.app, client=("127.0.0.1", connection))
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
            request = httpx.Request(method, f"http://mock{path}", headers=lines, content=content)
            response = await client.send(request)
        self.statuses.append(response.status_code)
        return response

    def leave(self, path: str = "/payments", *, key: str, body: Any, prefer: str = "") -> None:
        """Send a POST whole, and go away before the answer comes."""
        lines = {"idempotency-key": key, "authorization": "Bearer alice", "content-type": "application/json"}
        lines.update({"prefer": prefer} if prefer else {})
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in lines.items()],
            "client": ("127.0.0.1", 1),
        }
        messages = [{"type": "http.request", "body": json.dumps(body).encode()}]

        async def receive() -> Any:
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            """Nobody reads it."""

        self.loop.run_until_complete(self.app(scope, receive, send))

    def count(self, operation: str | None = None) -> int:
        """How often it really ran; None: all operations together."""
        effects = self.request("GET", "/_idemlint/effects").json()
        return effects["total"] if operation is None else effects["operations"].get(operation, 0)
