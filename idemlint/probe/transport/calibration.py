"""How short a race the gate finds for certain: measured on canary servers, never extrapolated.

Bursts of one run are correlated, so "k clean bursts exclude a window w", worked out from the odds of a single burst, is
wrong. What holds is a ladder of servers whose window is known: the smallest w such that it and every longer rung were
hit in so many of their bursts that the Clopper-Pearson lower bound of the odds is at least .63; three clean bursts then
exclude w with 95 % (.37 cubed is .05). It holds for servers of the canary's kind, on this machine, as busy as it was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

LADDER: Final = (0.000001, 0.00001, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005)
"""Seconds; what a rung really was is measured, and is some 60 µs longer."""
BURSTS: Final = 60
CLEAN_BURSTS: Final = 3
ENOUGH: Final = 0.63


@dataclass(frozen=True, slots=True)
class Rung:
    window: float
    """Seconds, as measured on the canary."""
    hits: int
    """Bursts that ran the work more than once."""
    bursts: int

    @property
    def lower(self) -> float:
        """The lower end of the 95 % interval of the odds of a hit."""
        return clopper_pearson(self.hits, self.bursts)[0]


@dataclass(frozen=True, slots=True)
class Calibration:
    rungs: tuple[Rung, ...]
    """From the shortest window that was tried to the longest."""

    @property
    def certified(self) -> float | None:
        """Seconds: a window as long or longer is excluded by `CLEAN_BURSTS` clean bursts; None where nothing is."""
        return certified_window(self.rungs)


def certified_window(rungs: Sequence[Rung]) -> float | None:
    """The smallest window such that it and every longer one has a lower bound of at least `ENOUGH`."""
    smallest = None
    for rung in sorted(rungs, key=lambda one: one.window, reverse=True):
        if rung.lower < ENOUGH:
            break
        smallest = rung.window
    return smallest


async def calibrate(
    run_burst: Callable[[float], Awaitable[bool]],
    *,
    ladder: Sequence[float] = LADDER,
    bursts: int = BURSTS,
    measured: Callable[[float], float] = lambda window: window,
) -> Calibration:
    """Climbs down the ladder until a rung fails: the ones below could not be claimed any more.

    `run_burst(window)` sends one burst at the canary with that window, and says whether the work ran more than once.
    `measured(window)`: how long the window really was, asked after the rung's bursts.
    """
    rungs: list[Rung] = []
    for window in sorted(ladder, reverse=True):
        hits = 0
        for _ in range(bursts):
            hits += await run_burst(window)
        rungs.append(Rung(measured(window), hits, bursts))
        if rungs[-1].lower < ENOUGH:
            break
    return Calibration(tuple(sorted(rungs, key=lambda one: one.window)))


def clopper_pearson(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a binomial's odds (Clopper and Pearson 1934), both ends."""
    if not 0 <= hits <= trials or trials < 1 or not 0 < confidence < 1:
        raise ValueError("hits have to lie between 0 and trials, and confidence between 0 and 1")
    tail = (1 - confidence) / 2
    lower = 0.0 if hits == 0 else _solve(lambda odds: _at_least(hits, trials, odds) >= tail)
    upper = 1.0 if hits == trials else _solve(lambda odds: _at_least(hits + 1, trials, odds) >= 1 - tail)
    return lower, upper


def _solve(reached: Callable[[float], bool]) -> float:
    """Where a condition that holds from some odds on begins to hold."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if reached(middle):
            high = middle
        else:
            low = middle
    return high


def _at_least(hits: int, trials: int, odds: float) -> float:
    """The probability of `hits` or more."""
    if odds <= 0:
        return 0.0
    if odds >= 1:
        return 1.0
    log, log_not = math.log(odds), math.log1p(-odds)
    return math.fsum(
        math.exp(_log_choose(trials, count) + count * log + (trials - count) * log_not)
        for count in range(hits, trials + 1)
    )


def _log_choose(trials: int, count: int) -> float:
    return math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
