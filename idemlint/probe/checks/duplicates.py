"""A request and its plain duplicates: sent once an operation, and what several checks know of it.

It shows what duplicates get (RPL), and whether there is anything that a duplicate in another form can be blamed for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from idemlint.probe.check import inconclusive, skipped

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange
    from idemlint.probe_report import EffectCount

_DUPLICATES: Final = 3


@dataclass(frozen=True, slots=True)
class Replays:
    """One request and its duplicates."""

    first: Exchange
    duplicates: tuple[Exchange, ...]
    effects: EffectCount

    @property
    def all(self) -> tuple[Exchange, ...]:
        return (self.first, *self.duplicates)

    @property
    def served(self) -> tuple[Exchange, ...]:
        """Duplicates that got a successful answer."""
        return tuple(each for each in self.duplicates if each.ok)

    def answers(self, bench: Bench) -> tuple[Exchange, ...]:
        """Duplicates that got the first answer, under whatever status: some packages give it with a 409."""
        if bench.profile.replay.model == "refuse":
            return self.served
        return tuple(each for each in self.duplicates if each.ok or self._is_first(bench, each))

    def _is_first(self, bench: Bench, duplicate: Exchange) -> bool:
        return bench.masks.alike(self.first, duplicate) is True and bench.masks.equal(self.first, duplicate)[0]


async def sequence(bench: Bench) -> Replays:
    """`R(k,b)`, then `R(k,b)` three times more."""
    before = await bench.before()
    key = bench.key()
    first = await bench.send("first", key=key)
    duplicates = [await bench.send("duplicate", key=key) for _ in range(_DUPLICATES)] if first.ok else []
    return Replays(first, tuple(duplicates), await bench.since(before, [first, *duplicates]))


def unusable_sequence(replays: Replays) -> Outcome | None:
    """Why the sequence says nothing."""
    if not replays.first.ok:
        said = replays.first.said
        return inconclusive(f"the first request did not succeed: {said}", exchanges=replays.all)
    return None


async def runs_anyway(bench: Bench) -> Outcome | None:
    """Where a plain duplicate does the work again, nothing special about another one can be blamed for it."""
    replays = await bench.once("replays", sequence)
    if replays.first.ok and replays.effects.least > 1:
        return inconclusive("a plain duplicate runs as well (see RPL-01)", exchanges=replays.all)
    return None


def not_replayed(bench: Bench, replays: Replays) -> Outcome | None:
    """The shape of replays can be judged only where there were replays."""
    if replays.effects.least > 1:
        return inconclusive("the duplicates ran instead of being replayed (see RPL-01)", exchanges=replays.all)
    if not replays.answers(bench):
        model = bench.profile.replay.model
        if model == "refuse":
            return skipped(f"{bench.profile.name} refuses duplicates, so there is no replay")
        return inconclusive("no duplicate got a successful answer", exchanges=replays.all)
    return None
