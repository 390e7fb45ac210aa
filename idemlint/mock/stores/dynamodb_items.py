"""Items of the DynamoDB store, and the transaction that a record and its effects make.

`record:KEY` holds the record under `record` and a long answer in parts under `answer:OWNER:N`; `resource:PLACE` holds one
principal's resources of a collection by identifier; `count` holds the counters, each spread over several items so that
transactions do not meet in one. `ends_at` is the deadline, `forget_at` the TTL attribute.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from idemlint.mock import keys
from idemlint.mock.keys import Record
from idemlint.mock.stores.dynamodb_table import PARTITION, SORT
from idemlint.mock.stores.encoding import place, raw, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from idemlint.mock.messages import Effect

PART: Final = 350_000
"""Bytes that one item holds of an answer or a resource: an item may have 400 KB, names and all."""
UNFINISHED: Final = "run_by = :owner AND attribute_not_exists(finished)"
_FOREVER: Final = "1e100"
"""DynamoDB knows no infinite number."""


def number(value: float) -> dict[str, str]:
    return {"N": _FOREVER if value == keys.FOREVER else repr(value)}


def deadline_of(item: dict[str, Any]) -> float:
    deadline = float(item["ends_at"]["N"])
    return keys.FOREVER if deadline >= float(_FOREVER) else deadline


def record_key(key: str) -> dict[str, Any]:
    return {PARTITION: {"S": f"record:{key}"}, SORT: {"B": b"record"}}


def part_key(key: str, owner: str, at: int) -> dict[str, Any]:
    return {PARTITION: {"S": f"record:{key}"}, SORT: {"B": f"answer:{owner}:".encode() + at.to_bytes(2)}}


def collection_key(collection: str, principal: str) -> dict[str, str]:
    return {"S": f"resource:{place(collection, principal)}"}


def resource_key(collection: str, principal: str, identifier: str) -> dict[str, Any]:
    return {PARTITION: collection_key(collection, principal), SORT: {"B": b"=" + raw(identifier)}}


def record_of(item: dict[str, Any], answer: bytes) -> Record:
    finished = unpack(answer) if "finished" in item else None
    return Record(item["fingerprint"]["S"], item["run_by"]["S"], deadline_of(item), finished)


def completion(key: str, *, owner: str, answer: bytes, parts: int, ends: dict[str, Any]) -> dict[str, Any]:
    """The transaction's part that finishes a record: `answer` itself, or how many parts it was written in."""
    settings = {
        **ends,
        "finished": {"N": "1"},
        **({"parts": {"N": str(parts)}} if parts else {"answer": {"B": answer}}),
    }
    removed = [] if "forget_at" in ends else ["forget_at"]
    names = {f"#{name}": name for name in (*settings, *removed)}
    return {
        "Update": {
            "Key": record_key(key),
            "UpdateExpression": "SET "
            + ", ".join(f"#{name} = :{name}" for name in settings)
            + "".join(f" REMOVE #{name}" for name in removed),
            "ConditionExpression": UNFINISHED,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {
                ":owner": {"S": owner},
                **{f":{name}": value for name, value in settings.items()},
            },
        }
    }


def removal(key: str, *, owner: str) -> dict[str, Any]:
    """The transaction's part that gives a key free."""
    return {
        "Delete": {
            "Key": record_key(key),
            "ConditionExpression": UNFINISHED,
            "ExpressionAttributeValues": {":owner": {"S": owner}},
        }
    }


def changes(effects: Sequence[Effect], *, shard: int, made_at: Callable[[], int]) -> list[dict[str, Any]] | None:
    """The transaction's parts for effects; None if two of them start from different states, which makes one stale.

    A transaction may touch an item once, so that what several effects do to one is put together.
    """
    before: dict[tuple[str, str, str], bytes] = {}
    after: dict[tuple[str, str, str], bytes | None] = {}
    for effect in effects:
        item = (effect.collection, effect.principal, effect.identifier)
        if effect.kind in ("update", "delete") and before.setdefault(item, effect.before) != effect.before:
            return None
        if effect.kind != "other":
            after[item] = None if effect.kind == "delete" else effect.value
    counted = Counter(effect.operation for effect in effects if effect.counted)
    return [
        *(_change(item, before.get(item), value, made_at) for item, value in after.items()),
        *(_count(operation, times, shard) for operation, times in counted.items()),
    ]


def _change(
    item: tuple[str, str, str], before: bytes | None, after: bytes | None, made_at: Callable[[], int]
) -> dict[str, Any]:
    written: dict[str, Any] = {"Key": resource_key(*item)}
    values: dict[str, Any] = {}
    if before is not None:
        written["ConditionExpression"] = "content = :before"
        values[":before"] = {"B": before}
    if after is not None:
        written["UpdateExpression"] = "SET content = :after, made_at = if_not_exists(made_at, :made_at)"
        values |= {":after": {"B": after}, ":made_at": {"N": str(made_at())}}
    if values:
        written["ExpressionAttributeValues"] = values
    return {"Delete" if after is None else "Update": written}


def _count(operation: str, times: int, shard: int) -> dict[str, Any]:
    return {
        "Update": {
            "Key": {PARTITION: {"S": "count"}, SORT: {"B": shard.to_bytes(2) + raw(operation)}},
            "UpdateExpression": "ADD times :times",
            "ExpressionAttributeValues": {":times": {"N": str(times)}},
        }
    }
