"""What every store does, and how it says that it cannot.

A store keeps two things together: the records of keys and what the work changed (resources, and how often each operation
ran). Together, because an effect and the record of its key have to be written in one step: a process that dies between
the two would leave an effect that the retry repeats.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.mock.keys import Claim, Record
    from idemlint.mock.messages import Answer, Effect

MAX_ANSWER: Final = 8 * 1024 * 1024
"""Bytes of an answer that a record keeps, headers and body; a longer one is `TOO_LARGE`."""
MAX_RESOURCES: Final = 100_000
"""Resources that are kept in all; the oldest go first. Stores that several processes share look now and then, and may
hold a few per cent more for a while."""
MAX_RECORDS: Final = 1_000_000
"""Records that are kept in all; those go first whose time ends first, unfinished ones last."""
MAX_BYTES: Final = 1024 * 1024 * 1024
"""What bodies and resources may take in the memory store, in bytes."""
PATIENCE: Final = 1.5
"""Seconds that a store may take to answer before it counts as down."""


class StoreDownError(Exception):
    """The store cannot be reached or does not answer: the request gets 503, and nothing was done."""


class Written(Enum):
    """What became of a write."""

    DONE = "done"
    LOST = "lost"
    """The claim was somebody else's by then: nothing was written, no effect happened."""
    STALE = "stale"
    """A resource was no longer what an effect was worked out from: nothing was written; run the work again."""
    TOO_LARGE = "too large"
    """The answer is longer than a record may be: nothing was written."""


class Resource(NamedTuple):
    identifier: str
    value: bytes
    """JSON."""


def stored_size(answer: Answer) -> int:
    """Bytes of an answer as `MAX_ANSWER` counts them."""
    return len(answer.body) + sum(len(name) + len(value) for name, value in answer.headers)


class Store(Protocol):
    """All times are seconds of the mock's clock, keys are hashes of fixed length. Each method may raise StoreDownError.

    Several processes may use one store at the same time, if `shared`.
    """

    shared: bool

    async def open(self) -> None:
        """Connect and make what is missing; called once in each process. StoreDownError says what to do."""

    async def close(self) -> None: ...

    async def claim(self, key: str, *, fingerprint: str, owner: str, now: float, lease: float) -> Claim:
        """`keys.claim`, atomically."""

    async def complete(
        self, key: str, *, owner: str, answer: Answer, expires: float, effects: Sequence[Effect] = ()
    ) -> Written:
        """`keys.complete` and all the effects, in one step or not at all."""

    async def release(self, key: str, *, owner: str, effects: Sequence[Effect] = ()) -> Written:
        """`keys.release` and all the effects, in one step or not at all."""

    async def renew(self, key: str, *, owner: str, now: float, lease: float) -> bool:
        """`keys.renew`."""

    async def read(self, key: str, *, now: float) -> Record | None:
        """The record as it stands; None if there is none or its time is over."""

    async def apply(self, effects: Sequence[Effect]) -> Written:
        """Effects of work without a key, all or none: DONE or STALE."""

    async def resources(self, collection: str, principal: str) -> list[Resource]:
        """Those of one principal, the oldest first."""

    async def resource(self, collection: str, principal: str, identifier: str) -> bytes | None: ...

    async def counts(self) -> dict[str, int]:
        """Operation to the number of times that its work really ran (effects that are `counted`)."""

    async def sweep(self, *, now: float) -> None:
        """Forget records whose time is over; called now and then."""

    async def reset(self) -> None:
        """Forget all of it."""
