"""The store in PostgreSQL: each transition a function there. See `postgres_schema.py` for what lies where."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from idemlint.mock import keys
from idemlint.mock.keys import Claim, Record
from idemlint.mock.stores import postgres_schema as sql
from idemlint.mock.stores.encoding import pack, place, raw, text, unpack
from idemlint.mock.stores.postgres_pool import LANE, Pool
from idemlint.mock.stores.protocol import MAX_ANSWER, MAX_RECORDS, MAX_RESOURCES, Resource, Written, stored_size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import LiteralString

    from idemlint.mock.messages import Answer, Effect

_LOCK: Final = 0x1DE317
"""Advisory lock under which the workers of a server make the schema, one after another."""
_SWEPT_AT_ONCE: Final = 1_000


class PostgresStore:
    shared = True

    def __init__(
        self,
        url: str,
        *,
        schema: str = "idemlint",
        max_records: int = MAX_RECORDS,
        max_resources: int = MAX_RESOURCES,
    ) -> None:
        self._pool = Pool(url)
        self._schema = schema
        self._max_records = max_records
        self._max_resources = max_resources
        self._claimed = 0
        self._created = 0

    async def open(self) -> None:
        tables, functions = (each.format(schema=self._schema) for each in (sql.TABLES, sql.FUNCTIONS))
        # Who may use a schema need not be allowed to make one.
        ((made,),) = await self._pool.run("SELECT to_regclass(%s) IS NOT NULL", f"{self._schema}.counts")
        making = "" if made else tables
        await self._pool.make(f"BEGIN; SELECT pg_advisory_xact_lock({_LOCK}); {making} {functions} COMMIT")

    async def close(self) -> None:
        await self._pool.close()

    async def claim(self, key: str, *, fingerprint: str, owner: str, now: float, lease: float) -> Claim:
        ((won, expired, *found),) = await self._run(sql.CLAIM, key, fingerprint, owner, now, now + lease)
        if not won:
            return Claim(_record(found))
        if _due(self._claimed, self._max_records):
            await self._run(sql.TRIM_RECORDS, self._max_records)
        self._claimed += 1
        return Claim(None, expired=expired)

    async def complete(
        self, key: str, *, owner: str, answer: Answer, expires: float, effects: Sequence[Effect] = ()
    ) -> Written:
        if stored_size(answer) > MAX_ANSWER:
            return Written.TOO_LARGE if keys.held(await self._find(key), owner) else Written.LOST
        return await self._settle(effects, sql.COMPLETE, key, owner, pack(answer), expires)

    async def release(self, key: str, *, owner: str, effects: Sequence[Effect] = ()) -> Written:
        return await self._settle(effects, sql.COMPLETE, key, owner, None, 0.0)

    async def renew(self, key: str, *, owner: str, now: float, lease: float) -> bool:
        return bool(await self._run(sql.RENEW, now + lease, key, owner))

    async def read(self, key: str, *, now: float) -> Record | None:
        record = await self._find(key)
        return record if record is not None and now < record.deadline else None

    async def apply(self, effects: Sequence[Effect]) -> Written:
        return await self._settle(effects, sql.APPLY) if effects else Written.DONE

    async def resources(self, collection: str, principal: str) -> list[Resource]:
        rows = await self._run(sql.RESOURCES, place(collection, principal))
        return [Resource(text(identifier), value) for identifier, value in rows]

    async def resource(self, collection: str, principal: str, identifier: str) -> bytes | None:
        rows = await self._run(sql.RESOURCE, place(collection, principal), raw(identifier))
        return rows[0][0] if rows else None

    async def counts(self) -> dict[str, int]:
        return {text(operation): number for operation, number in await self._run(sql.COUNTS)}

    async def sweep(self, *, now: float) -> None:
        while (await self._run(sql.FORGET, now, _SWEPT_AT_ONCE))[0][0] == _SWEPT_AT_ONCE:  # noqa: ASYNC110 - in turns
            await asyncio.sleep(0)

    async def reset(self) -> None:
        await self._run(sql.RESET)

    async def _run(self, statement: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        return await self._pool.run(statement.format(schema=self._schema), *values)

    async def _find(self, key: str) -> Record | None:
        rows = await self._run(sql.FIND, key)
        return _record(rows[0]) if rows else None

    async def _settle(self, effects: Sequence[Effect], statement: LiteralString, *values: object) -> Written:
        ((written,),) = await self._run(
            statement,
            *values,
            LANE,
            [raw(effect.operation) for effect in effects],
            [effect.counted for effect in effects],
            [effect.kind for effect in effects],
            [place(effect.collection, effect.principal) for effect in effects],
            [raw(effect.identifier) for effect in effects],
            [effect.value for effect in effects],
            [effect.before for effect in effects],
        )
        if written == "done":
            await self._make_room(effects)
        return Written(written)

    async def _make_room(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            if effect.kind == "create":
                if _due(self._created, self._max_resources):
                    await self._run(sql.TRIM_RESOURCES, self._max_resources)
                self._created += 1


def _due(done: int, limit: int) -> bool:
    """Whether to look if there are too many: at first, and then often enough for at most one per cent too many."""
    return done % max(1, limit // 100) == 0


def _record(row: Sequence[Any]) -> Record:
    fingerprint, owner, deadline, answer = row
    return Record(fingerprint, owner, deadline, None if answer is None else unpack(answer))


def store_of(url: str) -> PostgresStore:
    """`postgresql://[USER:PASSWORD@]HOST[:PORT]/DATABASE`; `?schema=` names the schema, and other parameters are libpq's."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    schema = query.pop("schema", "idemlint")
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", schema):
        raise ValueError("a schema is named by small letters, digits and underscores")
    plain = urlunsplit(parts._replace(query=urlencode(query)))
    try:
        conninfo_to_dict(plain)
    except psycopg.ProgrammingError:
        # What libpq says may quote the password.
        raise ValueError("PostgreSQL's client cannot read it") from None
    return PostgresStore(plain, schema=schema)
