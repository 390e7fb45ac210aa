"""fastapi-idempotency as its README wires it: middleware with all its defaults, among them the store in memory."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi_idempotency import IdempotencyMiddleware
from payments_api import payments_api, serve

app = FastAPI()
app.add_middleware(IdempotencyMiddleware)
payments_api(app)

if __name__ == "__main__":
    serve(app)
