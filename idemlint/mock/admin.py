"""`/_idemlint/`: what tests ask of the mock itself. Not part of the mocked API, and off with `--no-admin`.

GET /_idemlint/effects   how often each operation really ran
POST /_idemlint/reset    forget keys, resources, counts and the moved clock
POST /_idemlint/clock    move the clock: {"seconds": 3600}, or the number alone
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from idemlint.mock.messages import NOT_JSON, Answer

if TYPE_CHECKING:
    from idemlint.mock.answers import Answers
    from idemlint.mock.clock import Clock
    from idemlint.mock.messages import Request
    from idemlint.mock.stores.protocol import Store

PREFIX: Final = "/_idemlint/"
_MAX_SECONDS: Final = 1e10
"""Some 300 years: further on, the sums of seconds lose their fractions."""
_METHODS: Final = {"effects": ("GET", "HEAD"), "reset": ("POST",), "clock": ("GET", "HEAD", "POST")}


class Admin:
    """Answers requests below `PREFIX`."""

    def __init__(self, store: Store, clock: Clock, answers: Answers) -> None:
        self._store = store
        self._clock = clock
        self._answers = answers

    async def handle(self, request: Request) -> Answer:
        name = request.path.removeprefix(PREFIX)
        methods = _METHODS.get(name)
        if methods is None:
            return self._answers.not_found()
        if request.method not in methods:
            return self._answers.method_not_allowed(methods)
        if name == "effects":
            counts = await self._store.counts()
            return _json({"operations": dict(sorted(counts.items())), "total": sum(counts.values())})
        if name == "reset":
            await self._store.reset()
            self._clock.reset()
            return _json({"reset": True})
        return await self._move(request)

    async def _move(self, request: Request) -> Answer:
        if request.method == "POST":
            seconds = _seconds(request.json())
            if seconds is None:
                return _json({"error": 'send {"seconds": 3600}, or a number of seconds alone'}, status=400)
            self._clock.move(seconds)
            await self._store.sweep(now=self._clock.now())
        return _json({"now": self._clock.now(), "offset": self._clock.offset})


def _seconds(value: Any) -> float | None:
    if value is not NOT_JSON and isinstance(value, dict):
        value = value.get("seconds")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) <= _MAX_SECONDS and math.isfinite(value) else None


def _json(value: Any, *, status: int = 200) -> Answer:
    headers = (("content-type", "application/json"), ("cache-control", "no-store"))
    return Answer(status, headers, json.dumps(value).encode())
