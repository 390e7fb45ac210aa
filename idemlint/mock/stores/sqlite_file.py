"""One connection to the SQLite file: steps that share transactions, and patience with other processes.

Write-ahead logging, so that readers wait for nobody; a write that returned is in the log, which survives the process being
killed (`synchronous=NORMAL`: a power cut may cost the last writes, and never the file). Steps run on the event loop, not
in a thread: a step takes some 20 µs, less than handing it over. All steps that one turn of the loop asks for share one
transaction, and who finds the file locked by another process comes back later without blocking the loop.
"""

from __future__ import annotations

import asyncio
import sqlite3
from random import random
from typing import TYPE_CHECKING, Any, Final, TypeVar

from idemlint.mock.stores.protocol import PATIENCE, StoreDownError

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable

T = TypeVar("T")

_APPLICATION: Final = 0x1DE317
"""`PRAGMA application_id` of a file that this module made (sqlite.org, file format, 1.3.17)."""
_OPENING: Final = 10.0
"""Seconds that the processes of one server may keep one another from opening the file."""
_PAUSE: Final = 0.002
"""At most that many seconds until the next attempt at a file which another process has locked."""


class SqliteFile:
    def __init__(self, path: str, schema: str) -> None:
        self._path = path
        self._schema = schema
        self._database: sqlite3.Connection | None = None
        self._steps: list[tuple[Callable[[], Any], Future[Any]]] = []
        self._locked_since: float | None = None

    async def open(self) -> None:
        until = asyncio.get_running_loop().time() + _OPENING
        while True:
            try:
                self._database = self._connect()
            except sqlite3.Error as error:
                # Going over to the write-ahead log needs the file alone and does not wait for it.
                if not _locked(error) or asyncio.get_running_loop().time() > until:
                    raise StoreDownError(f"cannot open {self._path}: {error}") from error
                await asyncio.sleep(25 * _pause())
            else:
                return

    async def close(self) -> None:
        if self._database is not None:
            self._flush()
            self._fail(StoreDownError("the store was closed"))
            self._database.close()
            self._database = None

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            self._check(database)
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute("PRAGMA cache_size = -16384")  # KiB
            database.executescript(f"BEGIN IMMEDIATE; PRAGMA application_id = {_APPLICATION}; {self._schema} COMMIT;")
            database.execute("PRAGMA busy_timeout = 0")
        except BaseException:
            database.close()
            raise
        return database

    def _check(self, database: sqlite3.Connection) -> None:
        """No other program's file is touched."""
        # in this order: another worker may make both between the two
        (tables,) = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        (application,) = database.execute("PRAGMA application_id").fetchone()
        if tables and application != _APPLICATION:
            raise StoreDownError(f"{self._path} is a database of something else: name another file")

    async def write(self, step: Callable[[], T]) -> T:
        """What the step gives, once it is committed. A step looks before it writes: it does all of it or nothing."""
        loop = asyncio.get_running_loop()
        future: Future[T] = loop.create_future()
        self._steps.append((step, future))
        if len(self._steps) == 1:
            loop.call_soon(self._flush)
        return await future

    def _flush(self) -> None:
        """All steps that were asked for, in one transaction."""
        if not self._steps:
            return
        if self._database is None:
            self._fail(StoreDownError("the store is closed"))
            return
        try:
            self.run("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self._put_off(error)
            return
        self._locked_since = None
        results: list[tuple[Future[Any], Any]] = []
        try:
            for step, future in self._steps:
                if not future.done():  # who asked may have gone away since
                    results.append((future, step()))
            self.run("COMMIT")
        except Exception as error:  # noqa: BLE001 - each of the steps has to hear of it
            if self._database.in_transaction:
                self.run("ROLLBACK")
            self._fail(self._down(error) if isinstance(error, sqlite3.Error) else error)
            return
        self._steps.clear()
        for future, result in results:
            future.set_result(result)

    def _put_off(self, error: sqlite3.Error) -> None:
        """Try again soon if another process has the file, up to `PATIENCE`."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._locked_since is None:
            self._locked_since = now
        if _locked(error) and now - self._locked_since < PATIENCE:
            loop.call_later(_pause(), self._flush)
            return
        self._locked_since = None
        self._fail(self._down(error))

    def _fail(self, error: Exception) -> None:
        steps, self._steps = self._steps, []
        for _, future in steps:
            if not future.done():
                future.set_exception(error)

    async def read(self, step: Callable[[], T]) -> T:
        until = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                return step()
            except sqlite3.Error as error:
                if not _locked(error) or asyncio.get_running_loop().time() > until:
                    raise self._down(error) from error
            await asyncio.sleep(_pause())

    def _down(self, error: sqlite3.Error) -> StoreDownError:
        return StoreDownError(f"{self._path}: {error}")

    def run(self, statement: str, *values: object) -> sqlite3.Cursor:
        if self._database is None:
            raise StoreDownError("the store is closed")
        return self._database.execute(statement, values)

    def rows(self, statement: str, *values: object) -> list[Any]:
        return self.run(statement, *values).fetchall()


def _locked(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _pause() -> float:
    """Not the same for all, or they would meet again."""
    return _PAUSE * random()  # noqa: S311 - no secret
