"""fastapi-idempotency-key as its README wires it: middleware with the memory back end, here with keys required."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi_idempotency_key import IdempotencyMiddleware
from fastapi_idempotency_key.backends.memory import MemoryBackend
from payments_api import payments_api, serve

app = FastAPI()
app.add_middleware(IdempotencyMiddleware, backend=MemoryBackend(), required=True)
payments_api(app)

if __name__ == "__main__":
    serve(app)
