"""What is known of an operation under test, and what the user asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from idemlint.probe.keys import KeyForms

if TYPE_CHECKING:
    from idemlint.probe.exchange import Exchange


@dataclass(slots=True)
class Facts:
    """What the controls found out, and what checks learned for those after them."""

    blocked: str = ""
    """Why no valid request could be made; empty if one could."""
    sensitive: bool = False
    """CTL-01: two keys gave two effects, and both were seen."""
    deduplicates: bool = False
    """CTL-01: two keys gave one resource: the endpoint goes by content."""
    natural: bool = False
    """CTL-02: two requests without any key had one effect."""
    static: bool = False
    """CTL-04: the answers are canned."""
    clock_skew: float | None = None
    """CTL-05: seconds that the target's clock is ahead of ours."""
    limit_left: int | None = None
    """CTL-05: what a RateLimit header leaves."""
    counts_own: bool = False
    """RPL-01: the count showed the same double work three times running: what it shows is this run's."""
    latency: float = 0.05
    """Seconds that a first request took."""
    serves_browsers: bool = False
    """A CORS header was seen."""
    collision_control: bool | None = None
    """Whether a second request with a fresh key and the same body succeeded: if not, a unique constraint is at work."""
    statuses: dict[int, Exchange] = field(default_factory=dict)
    """Every status that the operation answered with, with the first example (FMT-06)."""
    forms: KeyForms = field(default_factory=KeyForms)
    """In which form keys are taken; the same for all operations of a run."""
    errors: dict[str, Exchange] = field(default_factory=dict)
    """Error answers by what they are for: `missing`, `mismatch`, `in flight`, `malformed`."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for, as far as checks need to know."""

    seed: int = 0
    burst: int = 10
    """Requests a burst."""
    rounds: int = 20
    """Bursts a concurrency check."""
    max_wait: float = 30.0
    """Seconds that a check may wait in all."""
    cleanup: bool = False
    tag: str = ""
    """Stands in a free-text member of every request of this run."""
