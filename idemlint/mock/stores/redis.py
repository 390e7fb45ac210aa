"""The store in Redis or Valkey: one script a transition, in one round trip. See `redis_scripts.py` for what lies where."""

from __future__ import annotations

import asyncio
import math
import re
import time
from hashlib import sha1
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from idemlint.mock import keys
from idemlint.mock.keys import Claim, Record
from idemlint.mock.stores import redis_scripts as scripts
from idemlint.mock.stores.encoding import pack, place, raw, text, unpack
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
from idemlint.mock.stores.redis_lane import Lane

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from idemlint.mock.messages import Answer, Effect

_GRACE: Final = 3600.0
"""Seconds by which Redis keeps a record for longer than it counts: the mock's clock can be put back."""
_SWEPT_AT_ONCE: Final = 1_000
_WRITTEN: Final = (Written.LOST, Written.DONE, Written.STALE)


class RedisStore:
    shared = True

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "idemlint:",
        max_records: int = MAX_RECORDS,
        max_resources: int = MAX_RESOURCES,
    ) -> None:
        client = Redis.from_url(
            url,
            socket_connect_timeout=PATIENCE,
            socket_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        pool = client.connection_pool
        try:
            pool.connection_class(**pool.connection_kwargs)
        except TypeError as error:
            raise ValueError(f"redis-py says: {error}") from error
        self._prefix = prefix
        self._max_records = max_records
        self._max_resources = max_resources
        self._ahead = 0.0
        """Seconds by which the mock's clock was ahead of this machine's when it was last heard of."""
        self._lane = Lane(client)

    async def open(self) -> None:
        await self._lane.send("PING")

    async def close(self) -> None:
        await self._lane.close()

    async def claim(self, key: str, *, fingerprint: str, owner: str, now: float, lease: float) -> Claim:
        self._ahead = now - time.time()
        deadline = now + lease
        head = f"{deadline!r}\n{owner}\n{fingerprint}\n"
        reply = await self._run(
            scripts.CLAIM, key, repr(now), repr(deadline), self._ttl(deadline), head, self._max_records
        )
        return Claim(_record(reply)) if isinstance(reply, bytes) else Claim(None, expired=reply == 1)

    async def complete(
        self, key: str, *, owner: str, answer: Answer, expires: float, effects: Sequence[Effect] = ()
    ) -> Written:
        if stored_size(answer) > MAX_ANSWER:
            return Written.TOO_LARGE if keys.held(await self._find(key), owner) else Written.LOST
        reply = await self._run(
            scripts.COMPLETE,
            key,
            owner,
            repr(expires),
            self._ttl(expires),
            pack(answer),
            self._max_resources,
            *_arguments(effects),
        )
        return _WRITTEN[reply]

    async def release(self, key: str, *, owner: str, effects: Sequence[Effect] = ()) -> Written:
        return _WRITTEN[await self._run(scripts.RELEASE, key, owner, self._max_resources, *_arguments(effects))]

    async def renew(self, key: str, *, owner: str, now: float, lease: float) -> bool:
        self._ahead = now - time.time()
        deadline = now + lease
        return bool(await self._run(scripts.RENEW, key, owner, repr(deadline), self._ttl(deadline)))

    async def read(self, key: str, *, now: float) -> Record | None:
        record = await self._find(key)
        return record if record is not None and now < record.deadline else None

    async def apply(self, effects: Sequence[Effect]) -> Written:
        if not effects:
            return Written.DONE
        return _WRITTEN[await self._run(scripts.APPLY, "", self._max_resources, *_arguments(effects))]

    async def resources(self, collection: str, principal: str) -> list[Resource]:
        found = await self._send("HGETALL", f"{self._prefix}resources:{place(collection, principal)}")
        numbered = sorted((int(number), identifier, value) for identifier, (number, value) in _split(found))
        return [Resource(text(identifier), value) for _, identifier, value in numbered]

    async def resource(self, collection: str, principal: str, identifier: str) -> bytes | None:
        name = f"{self._prefix}resources:{place(collection, principal)}"
        found: bytes | None = await self._send("HGET", name, raw(identifier))
        return None if found is None else found.partition(b" ")[2]

    async def counts(self) -> dict[str, int]:
        found = await self._send("HGETALL", f"{self._prefix}counts")
        return {text(operation): int(number) for operation, number in found.items()}

    async def sweep(self, *, now: float) -> None:
        while await self._run(scripts.SWEEP, repr(now), _SWEPT_AT_ONCE) >= _SWEPT_AT_ONCE:  # noqa: ASYNC110 - in turns
            await asyncio.sleep(0)

    async def reset(self) -> None:
        pattern = re.sub(r"([\\*?\[\]])", r"\\\1", self._prefix) + "*"
        cursor = b"0"
        while True:
            cursor, names = await self._send("SCAN", cursor, "MATCH", pattern, "COUNT", 1_000)
            if names:
                await self._send("UNLINK", *names)
            if int(cursor) == 0:
                return

    def _ttl(self, deadline: float) -> str:
        """Milliseconds from now for Redis; empty for ever."""
        if deadline == keys.FOREVER:
            return ""
        return str(math.ceil(max(0.0, deadline - self._ahead - time.time()) * 1000 + _GRACE * 1000))

    async def _find(self, key: str) -> Record | None:
        found = await self._send("GET", f"{self._prefix}record:{key}")
        return None if found is None else _record(found)

    async def _run(self, script: str, *arguments: str | bytes | float) -> Any:
        """The script's reply. Redis forgets scripts when it starts anew, and is then told once more."""
        command = ("EVALSHA", _HASHES[script], 1, self._prefix, *arguments)
        try:
            return await self._lane.send(*command)
        except NoScriptError:
            await self._send("SCRIPT LOAD", script)
        except RedisError as error:
            raise StoreDownError(f"Redis: {error}") from error
        return await self._send(*command)

    async def _send(self, *command: str | bytes | float) -> Any:
        try:
            return await self._lane.send(*command)
        except RedisError as error:
            raise StoreDownError(f"Redis: {error}") from error


_HASHES: Final = {
    script: sha1(script.encode(), usedforsecurity=False).hexdigest()
    for script in (
        scripts.CLAIM,
        scripts.COMPLETE,
        scripts.RELEASE,
        scripts.APPLY,
        scripts.RENEW,
        scripts.SWEEP,
    )
}
"""What Redis knows a script by."""


def _arguments(effects: Sequence[Effect]) -> Iterator[str | bytes]:
    for effect in effects:
        yield effect.kind
        yield "1" if effect.counted else "0"
        yield raw(effect.operation)
        yield place(effect.collection, effect.principal)
        yield raw(effect.identifier)
        yield effect.value
        yield effect.before


def _split(found: dict[bytes, bytes]) -> Iterator[tuple[bytes, tuple[bytes, bytes]]]:
    for identifier, stored in found.items():
        number, _, value = stored.partition(b" ")
        yield identifier, (number, value)


def _record(stored: bytes) -> Record:
    deadline, owner, fingerprint, answer = stored.split(b"\n", 3)
    return Record(fingerprint.decode(), owner.decode(), float(deadline), unpack(answer) if answer else None)


def store_of(url: str) -> RedisStore:
    """`redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, `rediss://` over TLS, `valkey://` likewise; `?prefix=` names what
    all keys begin with, and other parameters are redis-py's.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    prefix = query.pop("prefix", "idemlint:")
    if not prefix:
        raise ValueError("the prefix is empty")
    scheme = "rediss" if parts.scheme in ("rediss", "valkeys") else "redis"
    if not parts.hostname:
        raise ValueError("it names no host")
    return RedisStore(urlunsplit((scheme, parts.netloc, parts.path, urlencode(query), "")), prefix=prefix)
