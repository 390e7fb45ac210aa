"""Rounds of truly concurrent requests: which shapes are sent, and what each key's requests show.

After what was measured on real servers: the head is held back in half of the bursts and the tail in the other half, since
each way is blind to one place of the look-up; several keys a burst hit short windows more often than many requests with
one key; and a window late in the handler is hit only by duplicates that come when the first request is about to end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from idemlint.probe.transport.answers import Hold, Stagger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.probe.bench import Bench
    from idemlint.probe.exchange import Burst, Call, Exchange
    from idemlint.probe.samples import RequestSample
    from idemlint.probe_report import EffectCount

EVERY_LATE: Final = 4
"""One burst of this many is a sweep of arrivals late in the first request."""


@dataclass(frozen=True, slots=True)
class Group:
    """The requests of one burst that carried one key."""

    key: str
    exchanges: tuple[Exchange, ...]

    @property
    def overlap(self) -> bool:
        """Whether two of them were at work at once: each was released before the first byte of the other's answer."""
        spans = sorted(
            (each.released, each.first_byte)
            for each in self.exchanges
            if each.released is not None and each.first_byte is not None and each.first_byte > each.released
        )
        latest = float("-inf")
        for released, first_byte in spans:
            if released < latest:
                return True
            latest = max(latest, first_byte)
        return False

    @property
    def served(self) -> tuple[Exchange, ...]:
        return tuple(each for each in self.exchanges if each.ok)

    @property
    def refused(self) -> tuple[Exchange, ...]:
        return tuple(each for each in self.exchanges if each.status is not None and not each.ok)


@dataclass(frozen=True, slots=True)
class Rounds:
    """All that was sent, key by key, and how many effects it had."""

    groups: tuple[Group, ...]
    bursts: tuple[Burst, ...]
    effects: EffectCount

    @property
    def overlapping(self) -> tuple[Group, ...]:
        return tuple(group for group in self.groups if group.overlap)

    @property
    def served(self) -> int:
        """Keys of which a request succeeded: so many effects there are at least."""
        return sum(1 for group in self.groups if group.served)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return tuple(each for burst in self.bursts for each in burst.exchanges)

    def doubles(self, bench: Bench) -> list[Group]:
        """Keys whose successful answers tell of more than one resource."""
        return [group for group in self.groups if len(bench.effects.identities(group.exchanges)) > 1]

    def burst_of(self, group: Group) -> Burst:
        numbers = {each.number for each in group.exchanges}
        return next(burst for burst in self.bursts if numbers & set(burst.record.exchanges))


async def run_rounds(
    bench: Bench,
    *,
    bursts: int,
    keys: int,
    per_key: int,
    samples: Sequence[RequestSample] | None = None,
    late: bool = True,
) -> Rounds:
    """`bursts` bursts of `keys` x `per_key` requests; `samples` are taken in turn by the requests of one key."""
    before = await bench.before()
    groups: list[Group] = []
    sent: list[Burst] = []
    for index in range(bursts):
        fresh = [bench.key() for _ in range(keys)]
        slow = (("Prefer", "delay=20"),) if bench.mock and index % 2 else ()
        calls: list[Call] = []
        for key in fresh:  # those of one key side by side: measured to meet more often than taken in turns
            for place in range(per_key):
                sample = samples[place % len(samples)] if samples else None
                calls.append(bench.call(f"duplicate {place + 1}", key=key, sample=sample, more=slow))
        stagger = None
        if late and bursts > 1 and index % EVERY_LATE == EVERY_LATE - 1:
            stagger = _late(bench.facts.latency, keys, per_key)
        hold = Hold.HEAD if index % 2 == 0 else Hold.TAIL
        burst = await bench.burst(calls, hold=hold, stagger=stagger)
        sent.append(burst)
        groups += [
            Group(key, burst.exchanges[place * per_key : (place + 1) * per_key]) for place, key in enumerate(fresh)
        ]
        if stagger is None:
            bench.facts.latency = _latency(burst, bench.facts.latency)
    exchanges = [each for burst in sent for each in burst.exchanges]
    return Rounds(tuple(groups), tuple(sent), await bench.since(before, exchanges))


def _late(latency: float, keys: int, per_key: int) -> Stagger:
    """One request of each key at once, the others when the first is about to end: over 85 to 105 % of its latency."""
    late = Stagger.sweep(latency, keys * (per_key - 1) + 1, leaders=1).offsets[1:]
    offsets: list[float] = []
    for key in range(keys):
        offsets += (0.0, *late[key::keys])
    return Stagger.at(*offsets)


def _latency(burst: Burst, before: float) -> float:
    """Half old, half new: the time of a request that did the work under the load of a burst."""
    served = sorted(each.latency for each in burst.exchanges if each.ok)
    return before if not served else max(0.0005, (before + served[len(served) // 2]) / 2)
