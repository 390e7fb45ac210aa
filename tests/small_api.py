"""A payments API in a few lines, as an ASGI and as a WSGI application: one that keeps its promises, and one that races."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from typing import Any

KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
PAYMENT = {
    "type": "object",
    "required": ["id", "amount"],
    "properties": {"id": {"type": "string"}, "amount": {"type": "integer"}, "note": {"type": "string"}},
}
PROBLEM = {"description": "No", "content": {"application/problem+json": {"schema": {"type": "object"}}}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Payments", "version": "1"},
    "paths": {
        "/payments": {
            "get": {
                "responses": {
                    "200": {
                        "description": "All",
                        "content": {"application/json": {"schema": {"type": "array", "items": PAYMENT}}},
                    }
                }
            },
            "post": {
                "parameters": [KEY],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["amount", "note"],
                                "properties": {
                                    "amount": {"type": "integer", "minimum": 1, "maximum": 1000},
                                    "note": {"type": "string", "minLength": 1, "maxLength": 200},
                                },
                            }
                        }
                    },
                },
                "responses": {
                    "201": {"description": "Made", "content": {"application/json": {"schema": PAYMENT}}},
                    "400": PROBLEM,
                    "409": PROBLEM,
                    "422": PROBLEM,
                },
            },
        }
    },
}

Answer = tuple[int, dict[str, str], bytes]
WORK = 0.002
"""Seconds."""


class Payments:
    """What both applications share: keys, payments, and the decision about a key."""

    def __init__(self, *, races: bool = False) -> None:
        self.races = races
        self.payments: list[dict[str, Any]] = []
        self.keys: dict[str, tuple[bytes, Answer | None]] = {}
        self.seen: list[dict[str, str]] = []
        self.lock = threading.Lock()

    def look_up(self, key: str | None, body: bytes) -> Answer | None:
        """The answer without any work; None: do the work. The careful one claims the key at once."""
        if not key or len(key) > 255 or "," in key:
            return problem(400, "no key, one that is too long, or two")
        with self.lock:
            known = self.keys.get(key)
            if known is None:
                if not self.races:
                    self.keys[key] = (fingerprint(body), None)
                return None
        if known[0] != fingerprint(body):
            return problem(422, "the key belongs to another payload")
        if known[1] is None:
            return problem(409, "at work")
        status, headers, stored = known[1]
        return status, {**headers, "Idempotent-Replayed": "true"}, stored

    def make(self, key: str, body: bytes) -> Answer:
        payment = {"id": f"pay_{len(self.payments) + 1}", **json.loads(body)}
        self.payments.append(payment)
        answer = (201, {"Content-Type": "application/json"}, json.dumps(payment).encode())
        self.keys[key] = (fingerprint(body), answer)
        return answer

    def read(self) -> Answer:
        return 200, {"Content-Type": "application/json"}, json.dumps(self.payments).encode()

    def refused(self, method: str, path: str, body: bytes) -> Answer | None:
        if path != "/payments" or method not in ("GET", "POST"):
            return problem(404, "not here")
        if method == "GET":
            return self.read()
        try:
            data = json.loads(body)
        except ValueError:
            return problem(400, "no JSON")
        if not isinstance(data, dict) or not isinstance(data.get("amount"), int) or data["amount"] < 1:
            return problem(400, "no payment")
        return None


class AsgiPayments(Payments):
    """With a lifespan: it serves nothing before start-up."""

    def __init__(self, *, races: bool = False) -> None:
        super().__init__(races=races)
        self.life: list[str] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.lifespan(scope, receive, send)
            return
        assert self.life == ["startup"], "a request before start-up or after shutdown"
        assert scope["state"]["rate"] == 7
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.seen.append(headers)
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        status, fields, content = await self.answer(scope["method"], scope["path"], headers, body)
        raw = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": content[:3], "more_body": True})
        await send({"type": "http.response.body", "body": content[3:]})

    async def lifespan(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        while True:
            event = (await receive())["type"].rpartition(".")[2]
            self.life.append(event)
            scope["state"]["rate"] = 7
            await send({"type": f"lifespan.{event}.complete"})
            if event == "shutdown":
                return

    async def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        refused = self.refused(method, path, body)
        if refused is not None:
            return refused
        key = headers.get("idempotency-key", "").strip('"')
        known = self.look_up(key, body)
        if known is not None:
            return known
        await asyncio.sleep(WORK)
        return self.make(key, body)


class WsgiPayments(Payments):
    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        headers = {name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name[:5] == "HTTP_"}
        self.seen.append(headers)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, fields, content = self.answer(environ["REQUEST_METHOD"], environ["PATH_INFO"], headers, body)
        start_response(f"{status} -", list(fields.items()))
        return [content[:3], content[3:]]

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        refused = self.refused(method, path, body)
        if refused is not None:
            return refused
        key = headers.get("idempotency-key", "").strip('"')
        known = self.look_up(key, body)
        if known is not None:
            return known
        time.sleep(WORK)
        with self.lock:
            return self.make(key, body)


def problem(status: int, title: str) -> Answer:
    return status, {"Content-Type": "application/problem+json"}, json.dumps({"title": title}).encode()


def fingerprint(body: bytes) -> bytes:
    return re.sub(rb"\s", b"", json.dumps(json.loads(body), sort_keys=True).encode())


kept, racy = AsgiPayments(), AsgiPayments(races=True)
wsgi_kept, wsgi_racy = WsgiPayments(), WsgiPayments(races=True)
