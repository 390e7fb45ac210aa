"""Every store, empty and with a place of its own, for tests that hold all of them to the same."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import asynccontextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

from idemlint.mock.stores import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path

    import pytest

    from idemlint.mock.stores.protocol import Store

STORES = ("memory", "sqlite", "redis", "postgres", "dynamodb")
SHARED = STORES[1:]


def store_url(name: str, request: pytest.FixtureRequest, folder: Path) -> str:
    """A URL of that store which no other test uses. Starts the service, or skips the test."""
    own = f"test_{uuid.uuid4().hex[:12]}"
    if name == "memory":
        return "memory"
    if name == "sqlite":
        return f"sqlite:{folder / own}.db"
    if name == "redis":
        return f"{request.getfixturevalue('redis_url')}?prefix={own}:"
    if name == "postgres":
        return f"{request.getfixturevalue('postgres_url')}?schema={own}"
    # Patient: what plays DynamoDB here answers one request after another.
    return request.getfixturevalue("dynamodb_url").replace("/idemlint?", f"/{own}?timeout=20&")


@asynccontextmanager
async def opened(url: str, **limits: int) -> AsyncIterator[Store]:
    """An open store, limited as a test wants it, and emptied at the end."""
    store: Any = open_store(url)
    for limit, value in {"sweeping": 0, **limits}.items():
        if hasattr(store, f"_{limit}"):
            setattr(store, f"_{limit}", value)
    await store.open()
    try:
        yield store
        await store.reset()
    finally:
        await store.close()


def on_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that awaits."""

    @wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        asyncio.run(test(*arguments, **named))

    return run
