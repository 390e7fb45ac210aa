r"""The key state machine: what a request's idempotency key allows it, and what becomes of the key's record.

Written from draft-ietf-httpapi-idempotency-key-header-06, sections 2.2 to 2.7. A record is absent, in progress, or done:

    absent --claim--> in progress --complete--> done --expiry--> absent
                          |  \__release__________________________/^
                          \____lease ends________________________/

The functions are pure: from a record (None: absent) and an event to the record that stands afterwards. The memory store
applies them as they are; the others say the same in SQL, Lua, or conditions, and one conformance suite holds all to it.
Times are seconds of the mock's clock.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from idemlint.mock.messages import Answer

FOREVER: Final = float("inf")


class Record(NamedTuple):
    """What is kept under a key."""

    fingerprint: str
    owner: str
    """Token of the run that claimed the key: nobody else may complete or release it."""
    deadline: float
    """In progress: when the lease ends and the key is free again, so that a crash blocks it no longer than that.
    Done: when the key expires (section 2.3); `FOREVER` if it never does."""
    answer: Answer | None = None
    """None: in progress."""


class Claim(NamedTuple):
    """The answer to a claim."""

    found: Record | None
    """The record that stands in the way; None: the key is the caller's, and the work may run."""
    expired: bool = False
    """With `found` None: whether a record stood there whose time was over."""

    @property
    def won(self) -> bool:
        return self.found is None


class Standing(Enum):
    """What a request is, by the record that it met."""

    MISMATCH = "mismatch"
    """Section 2.7: the key was used with another payload."""
    IN_FLIGHT = "in flight"
    """Section 2.6: a concurrent request."""
    DUPLICATE = "duplicate"
    """Section 2.6: a duplicate of a request that ended."""


def claim(
    record: Record | None, *, fingerprint: str, owner: str, now: float, lease: float
) -> tuple[Record | None, Claim]:
    """An absent key, or one whose time is over, becomes `owner`'s for `lease` seconds; any other stays as it is."""
    if record is not None and now < record.deadline:
        return record, Claim(record)
    return Record(fingerprint, owner, now + lease), Claim(
        None, expired=record is not None and record.answer is not None
    )


def complete(record: Record | None, *, owner: str, answer: Answer, expires: float) -> tuple[Record | None, bool]:
    """The owner's unfinished record keeps the answer until `expires`. False: the claim was lost, nothing may happen."""
    if not held(record, owner):
        return record, False
    assert record is not None  # noqa: S101 - held
    return record._replace(answer=answer, deadline=expires), True


def release(record: Record | None, *, owner: str) -> tuple[Record | None, bool]:
    """The owner's unfinished record goes away, and the next request with the key is a first one."""
    return (None, True) if held(record, owner) else (record, False)


def renew(record: Record | None, *, owner: str, now: float, lease: float) -> tuple[Record | None, bool]:
    """The lease of the owner's unfinished record starts anew. False: somebody else has the key by now."""
    if not held(record, owner):
        return record, False
    assert record is not None  # noqa: S101 - held
    return record._replace(deadline=now + lease), True


def held(record: Record | None, owner: str) -> bool:
    """Whether the record is an unfinished one of that owner; a lease that is over counts until somebody takes the key."""
    return record is not None and record.answer is None and record.owner == owner


def standing(found: Record, fingerprint: str) -> Standing:
    """The payload is compared first: another payload is no duplicate, however far the first request is."""
    if found.fingerprint != fingerprint:
        return Standing.MISMATCH
    return Standing.IN_FLIGHT if found.answer is None else Standing.DUPLICATE
