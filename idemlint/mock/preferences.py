"""What a request asks of the mock itself, in `Prefer` (RFC 7240).

`code=404` and `example=name` are Prism's. For tests, where the mock's own endpoints are on: `fail=before-effect`,
`fail=after-effect`, `fail=store` (of keys, which is down then), `delay=250` (milliseconds), `size=100000` (bytes).
Anything else is left alone, as the RFC asks.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

FAILURES: Final = ("before-effect", "after-effect", "store")
_LONGEST_NAME: Final = 200
_MAX_DELAY: Final = 60_000
_MAX_SIZE: Final = 64 * 1024 * 1024


class Preferences(NamedTuple):
    code: int | None = None
    """The status to answer with."""
    example: str = ""
    """The name of an entry of `examples`."""
    fail: str = ""
    """One of `FAILURES`, or nothing."""
    delay: float = 0.0
    """Seconds that the work takes."""
    size: int = 0
    """Bytes that the answer's body has at least."""


NO_PREFERENCES: Final = Preferences()


@lru_cache(maxsize=256)
def parse_preferences(header: str, *, testing: bool) -> Preferences:
    """The first value of each name counts (RFC 7240, section 2). `testing`: whether the mock's own names count."""
    found: dict[str, str] = {}
    for part in header.replace(";", ",").split(","):
        name, equals, value = part.partition("=")
        if equals:
            found.setdefault(name.strip().lower(), value.strip().strip('"'))
    code = _number(found.get("code", ""), 599)
    fail = found.get("fail", "")
    return Preferences(
        code=code if code is not None and code >= 200 else None,
        example=found.get("example", "")[:_LONGEST_NAME],
        fail=fail if testing and fail in FAILURES else "",
        delay=(_number(found.get("delay", ""), _MAX_DELAY) or 0) / 1000 if testing else 0.0,
        size=(_number(found.get("size", ""), _MAX_SIZE) or 0) if testing else 0,
    )


def _number(text: str, most: int) -> int | None:
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 12 else None
