"""The store in a SQLite file, for one process or several on one machine. See `sqlite_file.py` for how."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from idemlint.mock import keys
from idemlint.mock.keys import Claim, Record
from idemlint.mock.stores.encoding import pack, place, raw, text, unpack
from idemlint.mock.stores.protocol import MAX_ANSWER, MAX_RECORDS, MAX_RESOURCES, Resource, Written, stored_size
from idemlint.mock.stores.sqlite_file import SqliteFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.mock.messages import Answer, Effect

_SWEPT_AT_ONCE: Final = 1_000
"""Records that a sweep forgets before requests get their turn again."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS records (
  key TEXT NOT NULL PRIMARY KEY, fingerprint TEXT NOT NULL, owner TEXT NOT NULL, deadline REAL NOT NULL, answer BLOB
);
CREATE INDEX IF NOT EXISTS records_by_deadline ON records (deadline);
CREATE TABLE IF NOT EXISTS resources (
  number INTEGER PRIMARY KEY, place TEXT NOT NULL, identifier BLOB NOT NULL, value BLOB NOT NULL,
  UNIQUE (place, identifier)
);
CREATE TABLE IF NOT EXISTS counts (operation BLOB NOT NULL PRIMARY KEY, number INTEGER NOT NULL);
"""


class SqliteStore:
    shared = True

    def __init__(self, path: str, *, max_records: int = MAX_RECORDS, max_resources: int = MAX_RESOURCES) -> None:
        self._file = SqliteFile(path, _SCHEMA)
        self._max_records = max_records
        self._max_resources = max_resources
        self._created = 0
        self._claimed = 0

    async def open(self) -> None:
        await self._file.open()

    async def close(self) -> None:
        await self._file.close()

    async def claim(self, key: str, *, fingerprint: str, owner: str, now: float, lease: float) -> Claim:
        def step() -> Claim:
            record = self._find(key)
            after, claim = keys.claim(record, fingerprint=fingerprint, owner=owner, now=now, lease=lease)
            if claim.won:
                self._write(key, after)
                if _due(self._claimed, self._max_records):
                    self._trim_records()
                self._claimed += 1
            return claim

        return await self._file.write(step)

    async def complete(
        self, key: str, *, owner: str, answer: Answer, expires: float, effects: Sequence[Effect] = ()
    ) -> Written:
        def step() -> Written:
            after, done = keys.complete(self._find(key), owner=owner, answer=answer, expires=expires)
            if not done:
                return Written.LOST
            if stored_size(answer) > MAX_ANSWER:
                return Written.TOO_LARGE
            return self._settle(key, after, effects)

        return await self._file.write(step)

    async def release(self, key: str, *, owner: str, effects: Sequence[Effect] = ()) -> Written:
        def step() -> Written:
            after, done = keys.release(self._find(key), owner=owner)
            return self._settle(key, after, effects) if done else Written.LOST

        return await self._file.write(step)

    async def renew(self, key: str, *, owner: str, now: float, lease: float) -> bool:
        def step() -> bool:
            after, done = keys.renew(self._find(key), owner=owner, now=now, lease=lease)
            if done:
                self._write(key, after)
            return done

        return await self._file.write(step)

    async def read(self, key: str, *, now: float) -> Record | None:
        record = await self._file.read(lambda: self._find(key))
        return record if record is not None and now < record.deadline else None

    async def apply(self, effects: Sequence[Effect]) -> Written:
        return await self._file.write(lambda: self._happen(effects)) if effects else Written.DONE

    async def resources(self, collection: str, principal: str) -> list[Resource]:
        rows = await self._file.read(
            lambda: self._file.rows(
                "SELECT identifier, value FROM resources WHERE place = ? ORDER BY number", place(collection, principal)
            )
        )
        return [Resource(text(identifier), value) for identifier, value in rows]

    async def resource(self, collection: str, principal: str, identifier: str) -> bytes | None:
        return await self._file.read(lambda: self._value(place(collection, principal), raw(identifier)))

    async def counts(self) -> dict[str, int]:
        rows = await self._file.read(lambda: self._file.rows("SELECT operation, number FROM counts"))
        return {text(operation): number for operation, number in rows}

    async def sweep(self, *, now: float) -> None:
        while await self._file.write(lambda: self._forget_some(now)) == _SWEPT_AT_ONCE:  # noqa: ASYNC110 - lets requests in between
            await asyncio.sleep(0)

    async def reset(self) -> None:
        def step() -> None:
            for table in ("records", "resources", "counts"):
                self._file.run(f"DELETE FROM {table}")  # noqa: S608 - our own names

        await self._file.write(step)

    def _find(self, key: str) -> Record | None:
        row = self._file.run("SELECT fingerprint, owner, deadline, answer FROM records WHERE key = ?", key).fetchone()
        if row is None:
            return None
        fingerprint, owner, deadline, answer = row
        return Record(fingerprint, owner, deadline, None if answer is None else unpack(answer))

    def _write(self, key: str, record: Record | None) -> None:
        if record is None:
            self._file.run("DELETE FROM records WHERE key = ?", key)
            return
        self._file.run(
            "INSERT INTO records (key, fingerprint, owner, deadline, answer) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, owner = excluded.owner, "
            "deadline = excluded.deadline, answer = excluded.answer",
            key,
            record.fingerprint,
            record.owner,
            record.deadline,
            None if record.answer is None else pack(record.answer),
        )

    def _settle(self, key: str, record: Record | None, effects: Sequence[Effect]) -> Written:
        written = self._happen(effects)
        if written is Written.DONE:
            self._write(key, record)
        return written

    def _happen(self, effects: Sequence[Effect]) -> Written:
        for effect in effects:
            if effect.kind in ("update", "delete"):
                held = self._value(place(effect.collection, effect.principal), raw(effect.identifier))
                if held != effect.before:
                    return Written.STALE
        for effect in effects:
            if effect.counted:
                self._file.run(
                    "INSERT INTO counts VALUES (?, 1) ON CONFLICT (operation) DO UPDATE SET number = number + 1",
                    raw(effect.operation),
                )
            if effect.kind != "other":
                self._change(effect)
        return Written.DONE

    def _change(self, effect: Effect) -> None:
        where = (place(effect.collection, effect.principal), raw(effect.identifier))
        if effect.kind == "delete":
            self._file.run("DELETE FROM resources WHERE place = ? AND identifier = ?", *where)
            return
        self._file.run(
            "INSERT INTO resources (place, identifier, value) VALUES (?, ?, ?) "
            "ON CONFLICT (place, identifier) DO UPDATE SET value = excluded.value",
            *where,
            effect.value,
        )
        if _due(self._created, self._max_resources):
            self._trim_resources()
        self._created += 1

    def _value(self, where: str, identifier: bytes) -> bytes | None:
        row = self._file.run(
            "SELECT value FROM resources WHERE place = ? AND identifier = ?", where, identifier
        ).fetchone()
        return None if row is None else row[0]

    def _forget_some(self, now: float) -> int:
        return self._file.run(
            "DELETE FROM records WHERE rowid IN (SELECT rowid FROM records WHERE deadline <= ? LIMIT ?)",
            now,
            _SWEPT_AT_ONCE,
        ).rowcount

    def _trim_records(self) -> None:
        (held,) = self._file.run("SELECT count(*) FROM records").fetchone()
        for which in ("answer IS NOT NULL", "answer IS NULL"):
            if held > self._max_records:
                held -= self._file.run(
                    f"DELETE FROM records WHERE rowid IN (SELECT rowid FROM records WHERE {which} "  # noqa: S608 - ours
                    "ORDER BY deadline, rowid LIMIT ?)",
                    held - self._max_records,
                ).rowcount

    def _trim_resources(self) -> None:
        (held,) = self._file.run("SELECT count(*) FROM resources").fetchone()
        if held > self._max_resources:
            self._file.run(
                "DELETE FROM resources WHERE number IN (SELECT number FROM resources ORDER BY number LIMIT ?)",
                held - self._max_resources,
            )


def _due(done: int, limit: int) -> bool:
    """Whether to look if there are too many: at first, and then often enough for at most one per cent too many."""
    return done % max(1, limit // 100) == 0


def store_of(url: str) -> SqliteStore:
    """`sqlite:PATH`, and `sqlite:///ABSOLUTE/PATH` as other tools write it."""
    path = url.partition(":")[2]
    path = path.removeprefix("//") if path.startswith("//") else path
    if not path or path == ":memory:":
        raise ValueError("it names no file; what stays in memory is `--store memory`")
    return SqliteStore(path)
