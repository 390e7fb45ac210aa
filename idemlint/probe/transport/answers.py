"""What goes into a burst and what comes out of it: plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Hold(Enum):
    """What is withheld until the release.

    Servers look the key up before or after they read the body, and each way of holding is blind to one of them:
    alternate.
    """

    HEAD = "head"
    """The last byte of the head and all that follows. HTTP/2: everything from HEADERS on."""
    TAIL = "tail"
    """The last byte of the body; of the head where there is no body. HTTP/2: what bears END_STREAM."""


@dataclass(frozen=True, slots=True)
class Stagger:
    """When each request is released: seconds from the release, by index, starting over where there are more requests."""

    offsets: tuple[float, ...] = (0.0,)

    def __post_init__(self) -> None:
        if not self.offsets or min(self.offsets) < 0:
            raise ValueError("a stagger needs at least one offset, none of them negative")

    def of(self, index: int) -> float:
        return self.offsets[index % len(self.offsets)]

    @classmethod
    def none(cls) -> Stagger:
        return cls()

    @classmethod
    def at(cls, *offsets: float) -> Stagger:
        return cls(offsets)

    @classmethod
    def uniform(cls, span: float, count: int) -> Stagger:
        """A comb: `count` offsets evenly over 0 to `span`."""
        return cls(tuple(span * step / max(1, count - 1) for step in range(max(1, count))))

    @classmethod
    def sweep(cls, latency: float, count: int, *, leaders: int = 1, low: float = 0.85, high: float = 1.05) -> Stagger:
        """`leaders` requests at once, the others over `low` to `high` of `latency`, the measured time of one request.

        Hits a window late in the handler, such as a lock that is let go before the answer is stored, which a
        simultaneous burst never sees.
        """
        late = count - leaders
        step = (high - low) / max(1, late - 1)
        return cls((0.0,) * min(leaders, count) + tuple(latency * (low + step * place) for place in range(late)))


@dataclass(frozen=True, slots=True)
class BurstAnswer:
    """What one request got. Times are `time.perf_counter()` seconds; headers and body stay out of the repr."""

    index: int
    status: int | None = None
    """Of the final response; None where none came."""
    headers: list[tuple[str, str]] = field(default_factory=list, repr=False)
    """In the order and spelling of the wire (HTTP/2: lower case)."""
    body: bytes = field(default=b"", repr=False)
    """Decoded as Content-Encoding says, up to the limit that is kept."""
    error: str | None = None
    """What went wrong: connect, reset, timeout, protocol. A response may be there in part."""
    released: float = 0.0
    """When its last byte had been handed to the system."""
    first_byte: float | None = None
    """When the first byte of any response to it was there."""
    ended: float | None = None
    interim: tuple[int, ...] = ()
    """1xx statuses in the order in which they came."""
    size: int = 0
    """Bytes of the body on the wire, those that were not kept included."""

    @property
    def latency(self) -> float | None:
        """Seconds from the release to the first byte: what `Stagger.sweep` wants of a first-time request."""
        return None if self.first_byte is None or not self.released else self.first_byte - self.released


@dataclass(frozen=True, slots=True)
class BurstResult:
    answers: tuple[BurstAnswer, ...]
    """By index."""
    hold: Hold
    protocol: str
    """`HTTP/1.1`, `HTTP/2`, or `HTTP/1.1 and HTTP/2` where requests ask for either (extension `http_version`)."""
    spread: float
    """Seconds between the first and the last release."""
    overlap: bool
    """Two requests were under way at the server at the same time: see `overlapping`."""
    redialled: int = 0
    """Connections that had to be opened anew for this burst, because they were worn or the server had closed them."""


def overlapping(answers: tuple[BurstAnswer, ...]) -> bool:
    """Whether some pair's intervals from release to first byte intersect once both were released.

    An answer that was there before its request was released whole (a refusal after the head, say) proves nothing, and
    neither does a request without an answer: it may never have reached the application.
    """
    open_until = float("-inf")
    for answer in sorted(answers, key=lambda one: one.released):
        if answer.first_byte is None or answer.released <= 0 or answer.first_byte <= answer.released:
            continue
        if answer.released < open_until:
            return True
        open_until = max(open_until, answer.first_byte)
    return False
