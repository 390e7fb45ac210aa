"""The key state machine by itself: every order of three clients' steps, and the answers one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from key_machine import KeyMachine

from idemlint.mock import keys
from idemlint.mock.keys import FOREVER, Record, Standing
from idemlint.mock.messages import Answer
from idemlint.mock.stores.protocol import Written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.mock.messages import Effect

ANSWER = Answer(201, (("content-type", "application/json"),), b"{}")
UNFINISHED = Record("fingerprint", "owner", 130.0)
DONE = Record("fingerprint", "owner", 200.0, ANSWER)


class Pure:
    """The functions over a dictionary, and a count of effects."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.records: dict[str, Record] = {}
        self.ran: dict[str, int] = {}

    def write(self, key: str, record: Record | None) -> None:
        if record is None:
            self.records.pop(key, None)
        else:
            self.records[key] = record

    def claim(self, key: str, *, fingerprint: str, owner: str, now: float, lease: float) -> keys.Claim:
        record, claim = keys.claim(self.records.get(key), fingerprint=fingerprint, owner=owner, now=now, lease=lease)
        self.write(key, record)
        return claim

    def complete(
        self, key: str, *, owner: str, answer: Answer, expires: float, effects: Sequence[Effect] = ()
    ) -> Written:
        record, done = keys.complete(self.records.get(key), owner=owner, answer=answer, expires=expires)
        self.write(key, record)
        for effect in effects if done else ():
            self.ran[effect.operation] = self.ran.get(effect.operation, 0) + 1
        return Written.DONE if done else Written.LOST

    def release(self, key: str, *, owner: str) -> Written:
        record, done = keys.release(self.records.get(key), owner=owner)
        self.write(key, record)
        return Written.DONE if done else Written.LOST

    def renew(self, key: str, *, owner: str, now: float, lease: float) -> bool:
        record, done = keys.renew(self.records.get(key), owner=owner, now=now, lease=lease)
        self.write(key, record)
        return done

    def read(self, key: str, *, now: float) -> Record | None:
        record = self.records.get(key)
        return record if record is not None and now < record.deadline else None

    def counts(self) -> dict[str, int]:
        return dict(self.ran)

    def sweep(self, *, now: float) -> None:
        self.records = {key: record for key, record in self.records.items() if now < record.deadline}


class PureMachine(KeyMachine):
    def __init__(self) -> None:
        self.backend = Pure()
        super().__init__()


TestEveryOrder = PureMachine.TestCase
TestEveryOrder.settings = settings(max_examples=200, stateful_step_count=60)


@pytest.mark.parametrize(
    ("record", "now", "won", "expired"),
    [
        (None, 100.0, True, False),
        (UNFINISHED, 129.99, False, False),
        (UNFINISHED, 130.0, True, False),
        (DONE, 199.99, False, False),
        (DONE, 200.0, True, True),
        (DONE._replace(deadline=FOREVER), 1e15, False, False),
    ],
)
def test_a_key_is_free_when_its_time_is_over_to_the_instant(
    record: Record | None, now: float, won: bool, expired: bool
) -> None:
    after, claim = keys.claim(record, fingerprint="another", owner="next", now=now, lease=30.0)
    assert (claim.won, claim.expired) == (won, expired)
    assert after == (Record("another", "next", now + 30.0) if won else record)
    assert claim.found == (None if won else record)


@pytest.mark.parametrize("record", [None, UNFINISHED._replace(owner="another"), DONE])
def test_who_does_not_hold_the_key_changes_nothing(record: Record | None) -> None:
    assert keys.complete(record, owner="owner", answer=ANSWER, expires=300.0) == (record, False)
    assert keys.release(record, owner="owner") == (record, False)
    assert keys.renew(record, owner="owner", now=150.0, lease=30.0) == (record, False)


def test_a_late_owner_completes_as_long_as_nobody_took_the_key() -> None:
    assert keys.complete(UNFINISHED, owner="owner", answer=ANSWER, expires=500.0) == (
        DONE._replace(deadline=500.0),
        True,
    )


@pytest.mark.parametrize(
    ("record", "fingerprint", "standing"),
    [
        (UNFINISHED, "fingerprint", Standing.IN_FLIGHT),
        (DONE, "fingerprint", Standing.DUPLICATE),
        (UNFINISHED, "another", Standing.MISMATCH),
        (DONE, "another", Standing.MISMATCH),
    ],
)
def test_the_payload_is_compared_before_the_state(record: Record, fingerprint: str, standing: Standing) -> None:
    assert keys.standing(record, fingerprint) is standing
