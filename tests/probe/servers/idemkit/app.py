"""idemkit as its README wires it for several tenants: middleware, a scope from the caller's credentials."""

from __future__ import annotations

from fastapi import FastAPI
from idemkit import HttpConfig, IdempotencyMiddleware, InMemoryBackend
from payments_api import payments_api, serve

app = FastAPI()
app.add_middleware(
    IdempotencyMiddleware,
    backend=InMemoryBackend(),
    config=HttpConfig(scope=lambda request: request.headers.get("authorization", "anonymous")),
)
payments_api(app)

if __name__ == "__main__":
    serve(app)
