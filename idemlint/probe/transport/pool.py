"""Idle lanes, kept warm from one burst to the next."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from idemlint.probe.transport.lane import Lane, WireError

if TYPE_CHECKING:
    from idemlint.probe.transport.dial import Dialler
    from idemlint.probe.transport.lane import Origin

WORN: Final = 10
"""Bursts after which a lane is dialled anew: on long-lived connections the release spreads out, measured."""
_IDLE: Final = 1.5
"""Seconds after which an idle lane is not trusted: gunicorn closes after two, others after five, and what is sent at
that very moment is lost."""
_MAX_IDLE: Final = 64


class LanePool:
    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler
        self._idle: dict[Origin, list[Lane]] = {}

    def may_speak_http2(self, origin: Origin) -> bool:
        return self._dialler.may_speak_http2(origin)

    async def dial(self, origin: Origin) -> Lane:
        """A lane of its own. Raises `WireError`."""
        return await self._dialler.dial(origin)

    async def take(self, origin: Origin, count: int) -> tuple[list[Lane | WireError], int]:
        """`count` lanes, those that could not be dialled as the error; and how many of them replace a lost one."""
        idle = self._idle.get(origin, [])
        warm: list[Lane | WireError] = []
        lost = 0
        while idle and len(warm) < count:
            lane = idle.pop()
            if lane.uses < WORN and time.perf_counter() - lane.idle_since < _IDLE and lane.is_alive():
                warm.append(lane)
            else:
                lane.close()
                lost += 1
        dialling = [asyncio.ensure_future(self._dial(origin)) for _ in range(count - len(warm))]
        try:
            fresh = await asyncio.gather(*dialling)
        except asyncio.CancelledError:
            for opened in (*warm, *(one.result() for one in dialling if one.done() and not one.cancelled())):
                if isinstance(opened, Lane):
                    opened.close()
            raise
        return [*warm, *fresh], min(lost, len(fresh))

    def give_back(self, lane: Lane, *, reusable: bool) -> None:
        lane.uses += 1
        lane.idle_since = time.perf_counter()
        idle = self._idle.setdefault(lane.origin, [])
        if reusable and not lane.closed and len(idle) < _MAX_IDLE:
            idle.append(lane)
        else:
            lane.close()

    def close(self) -> None:
        for lanes in self._idle.values():
            for lane in lanes:
                lane.close()
        self._idle.clear()

    async def _dial(self, origin: Origin) -> Lane | WireError:
        try:
            return await self._dialler.dial(origin)
        except WireError as error:
            return error
