"""idemgate as its README wires it: a route class, decorated endpoints, Redis, and a namespace that verifies the caller."""

from __future__ import annotations

import os

from fastapi import FastAPI
from idemgate import IdempotencyRoute, idempotent
from idemgate.redis_store import RedisAcquirer
from payments_api import caller, payments_api, serve
from redis.asyncio import Redis

app = FastAPI()
app.router.route_class = IdempotencyRoute
app.state.idempotency_store = RedisAcquirer(Redis.from_url(os.environ["IDEMLINT_REDIS_URL"]))
payments_api(app, idempotent(ttl=3600, namespace=caller))

if __name__ == "__main__":
    serve(app)
