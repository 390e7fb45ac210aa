"""Commands to Redis that share round trips: what is asked for while one trip is under way goes with the next."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeAlias

from idemlint.mock.stores.protocol import PATIENCE, StoreDownError

if TYPE_CHECKING:
    from asyncio import Future, Task

    from redis.asyncio import Redis

Command: TypeAlias = tuple[str | bytes | int | float, ...]


class Lane:
    """A pipeline costs a client about the same for one command as for fifty, so that 64 connections pay it once."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._waiting: list[tuple[Command, Future[Any]]] = []
        self._trips: Task[None] | None = None
        self._closed = False

    async def send(self, *command: str | bytes | float) -> Any:
        """The reply; an error reply is raised as it is, and StoreDownError if Redis does not answer in time."""
        if self._closed:
            raise StoreDownError("the store is closed")
        loop = asyncio.get_running_loop()
        future: Future[Any] = loop.create_future()
        self._waiting.append((command, future))
        if self._trips is None:
            self._trips = loop.create_task(self._travel())
        return await future

    async def close(self) -> None:
        self._closed = True
        await self._client.aclose()

    async def _travel(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    replies = await self._trip([command for command, _ in batch])
                except Exception as error:  # noqa: BLE001 - whatever it is, nobody may be left waiting
                    # Who waits behind has waited as long, and hears the same.
                    batch, self._waiting = batch + self._waiting, []
                    reason = str(error) or f"{type(error).__name__} after {PATIENCE} s at most"
                    replies = [StoreDownError(f"Redis: {reason}") for _ in batch]
                    await self._client.connection_pool.disconnect()
                for (_, future), reply in zip(batch, replies, strict=True):
                    if future.done():
                        continue
                    if isinstance(reply, Exception):
                        future.set_exception(reply)
                    else:
                        future.set_result(reply)
        finally:
            self._trips = None

    async def _trip(self, commands: list[Command]) -> list[Any]:
        async with asyncio.timeout(PATIENCE), self._client.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            return await pipeline.execute(raise_on_error=False)
