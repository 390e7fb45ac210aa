"""A few connections to PostgreSQL: statements that wait for one, and for an answer, no longer than `PATIENCE`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.errors import AdminShutdown, DeadlockDetected, IdleSessionTimeout, SerializationFailure

from idemlint.mock.stores.protocol import PATIENCE, StoreDownError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from typing import LiteralString

T = TypeVar("T")

_CONNECTIONS: Final = 8
"""In each process: enough to keep a disk busy, and several workers stay below PostgreSQL's own 100."""
_MAKING: Final = 10.0
"""Seconds that the workers of a server may take to make their tables, one after another."""
_TRIES: Final = _CONNECTIONS + 4
"""How often a statement is sent that PostgreSQL rolled back, in favour of another or with its connection: all of them may
have been closed."""
_ROLLED_BACK: Final = (AdminShutdown, DeadlockDetected, IdleSessionTimeout, SerializationFailure)
_LANES: Final = 512


class Pool:
    """All connections commit by themselves: a statement is a transaction."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._idle: list[AsyncConnection[tuple[Any, ...]]] = []
        self._free = asyncio.Semaphore(_CONNECTIONS)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def run(self, statement: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        """The rows. `LANE` among the values stands for a number that few connections share.

        Given up, not cancelled, when it takes too long: libpq waits for the server when it cancels.
        """
        return await self._within(PATIENCE, self._execute(statement, values))

    async def make(self, script: LiteralString) -> None:
        """Run several statements."""
        await self._within(_MAKING, self._make(script))

    async def _within(self, seconds: float, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            task.cancel()
            raise StoreDownError(f"PostgreSQL: no answer within {seconds} s")
        try:
            return task.result()
        except (psycopg.Error, OSError) as error:
            raise StoreDownError(f"PostgreSQL: {error}") from error

    async def close(self) -> None:
        self._closed = True
        for task in self._tasks:
            task.cancel()
        while self._idle:
            await self._idle.pop().close()

    async def _execute(self, statement: LiteralString, values: Sequence[object]) -> list[tuple[Any, ...]]:
        async with self._free:
            if self._closed:
                raise StoreDownError("the store is closed")
            for _ in range(_TRIES):
                connection = await self._take()
                lane = connection.info.backend_pid % _LANES
                try:
                    cursor = await connection.execute(
                        statement, [lane if value is LANE else value for value in values], binary=True
                    )
                    rows = await cursor.fetchall() if cursor.description else []
                except _ROLLED_BACK:
                    self._idle.append(connection)
                    continue
                except BaseException:
                    await connection.close()
                    raise
                self._idle.append(connection)
                return rows
            raise StoreDownError(f"PostgreSQL rolled a statement back {_TRIES} times")

    async def _make(self, script: LiteralString) -> None:
        async with await AsyncConnection.connect(self._conninfo, autocommit=True, connect_timeout=2) as connection:
            await connection.execute(script)

    async def _take(self) -> AsyncConnection[tuple[Any, ...]]:
        while self._idle:
            connection = self._idle.pop()
            if connection.closed:
                continue
            try:
                connection.pgconn.consume_input()  # hears of a connection that was closed at the other end
            except psycopg.OperationalError:
                await connection.close()
            else:
                return connection
        connection = await AsyncConnection.connect(self._conninfo, autocommit=True, connect_timeout=2)
        try:
            # The server gives up first: then it is certain that nothing was done.
            await connection.execute(f"SET statement_timeout = {int(PATIENCE * 800)}")
        except BaseException:
            await connection.close()
            raise
        return connection


LANE: Final = object()
