"""asgi-idempotency-header as its README wires it: middleware with the memory back end, UUIDs not enforced."""

from __future__ import annotations

from fastapi import FastAPI
from idempotency_header_middleware import IdempotencyHeaderMiddleware
from idempotency_header_middleware.backends.memory import MemoryBackend
from payments_api import payments_api, serve

app = FastAPI()
app.add_middleware(IdempotencyHeaderMiddleware, backend=MemoryBackend())
payments_api(app)

if __name__ == "__main__":
    serve(app)
