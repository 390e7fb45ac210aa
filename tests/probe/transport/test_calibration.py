"""The bound: exact intervals, the ladder's rule, and a real canary."""

from __future__ import annotations

import asyncio
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idemlint.probe.transport.calibration import Calibration, Rung, calibrate, certified_window, clopper_pearson
from idemlint.probe.transport.canary import Canary, calibrate_gate


@pytest.mark.parametrize(
    ("hits", "trials", "interval"),
    [
        (0, 10, (0.0, 0.3084971)),
        (10, 10, (0.6915029, 1.0)),
        (5, 10, (0.1870860, 0.8129140)),
        (0, 500, (0.0, 0.0073506)),  # 1 - .025 ** (1 / 500)
    ],
)
def test_known_intervals(hits: int, trials: int, interval: tuple[float, float]) -> None:
    assert clopper_pearson(hits, trials) == pytest.approx(interval, abs=2e-5)


@given(st.integers(1, 80), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_ends_leave_half_of_the_rest_on_either_side(trials: int, data: st.DataObject, confidence: float) -> None:
    hits = data.draw(st.integers(0, trials))
    low, high = clopper_pearson(hits, trials, confidence)
    tail = (1 - confidence) / 2

    def between(first: int, last: int, odds: float) -> float:
        return sum(comb(trials, k) * odds**k * (1 - odds) ** (trials - k) for k in range(first, last + 1))

    assert low == 0.0 if hits == 0 else between(hits, trials, low) == pytest.approx(tail, rel=1e-6)
    assert high == 1.0 if hits == trials else between(0, hits, high) == pytest.approx(tail, rel=1e-6)


@pytest.mark.parametrize(("hits", "trials", "confidence"), [(-1, 5, 0.95), (6, 5, 0.95), (0, 0, 0.95), (1, 5, 1.0)])
def test_senseless_counts_are_refused(hits: int, trials: int, confidence: float) -> None:
    with pytest.raises(ValueError, match="between"):
        clopper_pearson(hits, trials, confidence)


def rungs(**hits: int) -> tuple[Rung, ...]:
    return tuple(Rung(int(name[1:]) / 1e6, count, 60) for name, count in hits.items())


def test_the_smallest_window_below_which_every_rung_holds() -> None:
    assert certified_window(rungs(w50=10, w100=46, w200=59, w500=60)) == 100 / 1e6
    assert certified_window(rungs(w500=60, w50=60, w200=10, w100=60)) == 500 / 1e6  # a hole above spoils what is below
    assert certified_window(rungs(w50=60, w100=45)) is None  # 45 of 60: .62
    assert certified_window(()) is None
    assert Calibration(rungs(w50=60)).certified == 50 / 1e6


def test_the_climb_ends_at_the_first_rung_that_fails() -> None:
    tried: list[float] = []

    async def run_burst(window: float) -> bool:
        tried.append(window)
        return window > 0.002

    calibration = asyncio.run(
        calibrate(run_burst, ladder=(0.001, 0.005, 0.002, 0.003), bursts=20, measured=lambda window: window + 1)
    )
    assert tried == [0.005] * 20 + [0.003] * 20 + [0.002] * 20
    assert [(rung.window, rung.hits) for rung in calibration.rungs] == [(1.002, 0), (1.003, 20), (1.005, 20)]
    assert calibration.certified == 1.003


def test_the_gate_hits_a_long_window_of_a_real_canary_each_time() -> None:
    calibration = asyncio.run(calibrate_gate(3, ladder=(0.2,), bursts=8))
    (rung,) = calibration.rungs
    assert (rung.hits, rung.bursts) == (8, 8)
    assert 0.2 <= rung.window < 1
    assert calibration.certified == rung.window


def test_a_canary_leaves_with_the_one_who_asked() -> None:
    async def go() -> int | None:
        async with Canary() as canary:
            assert canary.url(0.00005).endswith("/50")
            process = canary._process
        return process.returncode

    assert asyncio.run(go()) is not None
