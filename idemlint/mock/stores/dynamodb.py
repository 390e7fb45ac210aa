"""The store in DynamoDB: conditional writes, and a transaction where an effect belongs to a record.

See `dynamodb_items.py` for what lies where. DynamoDB deletes what its TTL attribute says is over within days, which is why
each read and each condition compares the deadline itself.
"""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import suppress
from random import randrange
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from idemlint.mock import keys
from idemlint.mock.keys import Claim, Record
from idemlint.mock.stores import dynamodb_items as items
from idemlint.mock.stores.dynamodb_table import PARTITION, SORT, THREADS, TTL, Refused, Table
from idemlint.mock.stores.encoding import pack, text
from idemlint.mock.stores.protocol import (
    MAX_ANSWER,
    MAX_RECORDS,
    MAX_RESOURCES,
    PATIENCE,
    Resource,
    StoreDownError,
    Written,
    stored_size,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.mock.messages import Answer, Effect

_GRACE: Final = 3600.0
"""Seconds by which DynamoDB keeps a record for longer than it counts: the mock's clock can be put back."""
_SWEEPING: Final = 300.0
"""Seconds of the mock's clock between two sweeps: each reads the whole table, which AWS charges for."""
_TRIES: Final = 5


class DynamoDbStore:
    """A resource may have 350 KB here; an answer has the same limit as elsewhere and is kept in several items."""

    shared = True

    def __init__(
        self,
        table: Table,
        *,
        max_records: int = MAX_RECORDS,
        max_resources: int = MAX_RESOURCES,
        sweeping: float = _SWEEPING,
    ) -> None:
        self._table = table
        self._max_records = max_records
        self._max_resources = max_resources
        self._sweeping = sweeping
        self._swept = -math.inf
        self._ahead = 0.0
        """Seconds by which the mock's clock was ahead of this machine's when it was last heard of."""
        self._made = 0
        first = randrange(32) * THREADS  # noqa: S311 - no secret
        self._shards = [first + at for at in range(THREADS)]
        """Counters that no transaction of this process is writing to, and seldom one of another."""
        self._free = asyncio.Semaphore(THREADS)

    async def open(self) -> None:
        await self._table.open()

    async def close(self) -> None:
        await self._table.close()

    async def claim(self, key: str, *, fingerprint: str, owner: str, now: float, lease: float) -> Claim:
        self._ahead = now - time.time()
        for _ in range(_TRIES):
            try:
                reply = await self._table.call(
                    "put_item",
                    Item={
                        **items.record_key(key),
                        "fingerprint": {"S": fingerprint},
                        "run_by": {"S": owner},
                        **self._ends(now + lease),
                    },
                    ConditionExpression=f"attribute_not_exists({PARTITION}) OR ends_at <= :now",
                    ExpressionAttributeValues={":now": items.number(now)},
                    ReturnValues="ALL_OLD",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except Refused as refused:
                record = await self._record(key, refused.found) if refused.found else await self._find(key)
                if record is not None and now < record.deadline:
                    return Claim(record)
                continue  # it went away since
            return Claim(None, expired="finished" in reply.get("Attributes", {}))
        raise StoreDownError(f"DynamoDB: a record changed {_TRIES} times while it was read")

    async def complete(
        self, key: str, *, owner: str, answer: Answer, expires: float, effects: Sequence[Effect] = ()
    ) -> Written:
        packed = pack(answer)
        if stored_size(answer) > MAX_ANSWER or _oversized(effects):
            return await self._if_held(key, owner, Written.TOO_LARGE)
        ends = self._ends(expires)
        parts = [packed[at : at + items.PART] for at in range(0, len(packed), items.PART)]
        if len(parts) > 1:
            # Before the record: it is finished when all of them are there, and without it they mean nothing.
            writes = [
                self._table.call("put_item", Item={**items.part_key(key, owner, at), "content": {"B": part}, **ends})
                for at, part in enumerate(parts)
            ]
            await asyncio.gather(*writes)
        first = items.completion(key, owner=owner, answer=packed, parts=len(parts) if len(parts) > 1 else 0, ends=ends)
        return await self._settle(key, owner, first, effects)

    async def release(self, key: str, *, owner: str, effects: Sequence[Effect] = ()) -> Written:
        if _oversized(effects):
            return await self._if_held(key, owner, Written.TOO_LARGE)
        return await self._settle(key, owner, items.removal(key, owner=owner), effects)

    async def renew(self, key: str, *, owner: str, now: float, lease: float) -> bool:
        self._ahead = now - time.time()
        ends = self._ends(now + lease)
        try:
            await self._table.call(
                "update_item",
                Key=items.record_key(key),
                UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in ends),
                ConditionExpression=items.UNFINISHED,
                ExpressionAttributeValues={
                    ":owner": {"S": owner},
                    **{f":{name}": value for name, value in ends.items()},
                },
            )
        except Refused:
            return False
        return True

    async def read(self, key: str, *, now: float) -> Record | None:
        record = await self._find(key)
        return record if record is not None and now < record.deadline else None

    async def apply(self, effects: Sequence[Effect]) -> Written:
        if not effects:
            return Written.DONE
        return Written.TOO_LARGE if _oversized(effects) else await self._write([], effects)

    async def resources(self, collection: str, principal: str) -> list[Resource]:
        found = [
            (int(item["made_at"]["N"]), text(item[SORT]["B"][1:]), item["content"]["B"])
            async for item in self._table.pages(
                "query",
                KeyConditionExpression=f"{PARTITION} = :where",
                ExpressionAttributeValues={":where": items.collection_key(collection, principal)},
            )
        ]
        return [Resource(identifier, value) for _, identifier, value in sorted(found)]

    async def resource(self, collection: str, principal: str, identifier: str) -> bytes | None:
        reply = await self._table.call(
            "get_item", Key=items.resource_key(collection, principal, identifier), ConsistentRead=True
        )
        value: bytes | None = reply["Item"]["content"]["B"] if "Item" in reply else None
        return value

    async def counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        async for item in self._table.pages(
            "query",
            KeyConditionExpression=f"{PARTITION} = :where",
            ExpressionAttributeValues={":where": {"S": "count"}},
        ):
            operation = text(item[SORT]["B"][2:])
            counts[operation] = counts.get(operation, 0) + int(item["times"]["N"])
        return counts

    async def sweep(self, *, now: float) -> None:
        if abs(now - self._swept) < self._sweeping:
            return
        self._swept = now
        over: list[dict[str, Any]] = []
        records: list[tuple[bool, float, str]] = []
        resources: list[tuple[int, str, bytes]] = []
        async for item in self._table.pages(
            "scan", ProjectionExpression=f"{PARTITION}, {SORT}, ends_at, made_at, finished"
        ):
            partition, sort = item[PARTITION]["S"], item[SORT]["B"]
            if "made_at" in item:
                resources.append((int(item["made_at"]["N"]), partition, sort))
            elif "ends_at" in item and items.deadline_of(item) <= now:
                over.append(item)
            elif sort == b"record":
                records.append(("finished" not in item, items.deadline_of(item), partition))
        await self._forget(over, now)
        excess = [(partition, b"record") for _, _, partition in _excess(records, self._max_records)]
        excess += [(partition, sort) for _, partition, sort in _excess(resources, self._max_resources)]
        await self._table.delete([{PARTITION: {"S": partition}, SORT: {"B": sort}} for partition, sort in excess])

    async def reset(self) -> None:
        scan = self._table.pages("scan", ProjectionExpression=f"{PARTITION}, {SORT}")
        await self._table.delete([item async for item in scan])

    def _ends(self, deadline: float) -> dict[str, Any]:
        if deadline == keys.FOREVER:
            return {"ends_at": items.number(deadline)}
        return {"ends_at": items.number(deadline), TTL: {"N": str(math.ceil(deadline - self._ahead + _GRACE))}}

    async def _find(self, key: str) -> Record | None:
        reply = await self._table.call("get_item", Key=items.record_key(key), ConsistentRead=True)
        return await self._record(key, reply["Item"]) if "Item" in reply else None

    async def _record(self, key: str, item: dict[str, Any]) -> Record | None:
        """The record of an item; None if the parts of its answer are gone, as they are once it is over."""
        if "parts" not in item:
            return items.record_of(item, item["answer"]["B"] if "answer" in item else b"")
        parts = [
            await self._table.call("get_item", Key=items.part_key(key, item["run_by"]["S"], at), ConsistentRead=True)
            for at in range(int(item["parts"]["N"]))
        ]
        if not all("Item" in part for part in parts):
            return None
        return items.record_of(item, b"".join(part["Item"]["content"]["B"] for part in parts))

    async def _if_held(self, key: str, owner: str, written: Written) -> Written:
        return written if keys.held(await self._find(key), owner) else Written.LOST

    async def _settle(self, key: str, owner: str, first: dict[str, Any], effects: Sequence[Effect]) -> Written:
        written = await self._write([first], effects)
        return await self._if_held(key, owner, written) if written is Written.STALE else written

    async def _write(self, first: list[dict[str, Any]], effects: Sequence[Effect]) -> Written:
        async with self._free:
            shard = self._shards.pop()
            try:
                changes = items.changes(effects, shard=shard, made_at=self._number)
                if changes is None:
                    return Written.STALE
                for each in (transaction := [*first, *changes]):
                    for action in each.values():
                        action["TableName"] = self._table.name
                await self._table.call("transact_write_items", TransactItems=transaction)
            except Refused as refused:
                return Written.LOST if first and 0 in refused.items else Written.STALE
            finally:
                self._shards.append(shard)
        return Written.DONE

    def _number(self) -> int:
        """Grows from one resource to the next, and with time over processes."""
        self._made = max(self._made + 1, time.time_ns())
        return self._made

    async def _forget(self, over: list[dict[str, Any]], now: float) -> None:
        async def forget(item: dict[str, Any]) -> None:
            with suppress(Refused):  # claimed anew since
                await self._table.call(
                    "delete_item",
                    Key={name: item[name] for name in (PARTITION, SORT)},
                    ConditionExpression="ends_at <= :now",
                    ExpressionAttributeValues={":now": items.number(now)},
                )

        for start in range(0, len(over), THREADS):
            await asyncio.gather(*(forget(item) for item in over[start : start + THREADS]))


def _excess(held: list[Any], limit: int) -> list[Any]:
    return sorted(held)[: max(0, len(held) - limit)]


def _oversized(effects: Sequence[Effect]) -> bool:
    return any(len(effect.value) > items.PART for effect in effects)


def store_of(url: str) -> DynamoDbStore:
    """`dynamodb:///TABLE?region=…` with AWS's own configuration, `dynamodb://[KEY:SECRET@]HOST:PORT/TABLE` for what runs
    elsewhere; `&tls=true` speaks HTTPS to it, `&timeout=5` waits for so many seconds.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    name = parts.path.strip("/") or "idemlint"
    endpoint = None
    if parts.hostname:
        scheme = "https" if query.get("tls", "").lower() in ("1", "true", "yes") else "http"
        endpoint = f"{scheme}://{parts.netloc.rpartition('@')[2]}"
    credentials = (unquote(parts.username), unquote(parts.password)) if parts.username and parts.password else None
    region = query.get("region") or ("us-east-1" if endpoint else None)
    if not 3 <= len(name) <= 255 or "/" in name:
        raise ValueError("a table's name has 3 to 255 characters")
    _ = parts.port  # ValueError for what is no port
    patience = float(query.get("timeout", PATIENCE))
    if not 0 < patience < math.inf:
        raise ValueError("the timeout is no number of seconds")
    return DynamoDbStore(Table(name, endpoint=endpoint, region=region, credentials=credentials, patience=patience))
