"""Whether the target answers at all, before anything else is sent."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx

from idemlint.errors import IdemlintError
from idemlint.probe.link import THERE

if TYPE_CHECKING:
    from idemlint.probe.client import Client
    from idemlint.probe.transport import BurstAnswer

_PAUSE = 0.2


class TargetError(IdemlintError):
    """The target cannot be reached."""


async def reach(client: Client, url: str, *, wait: float | None = None) -> None:
    """Any answer is good enough, whatever its status, and so is a server that takes the connection and then errs: it is
    there. `wait` gives it so many seconds to come up. An application in this process is started by this.

    TargetError: nobody is there.
    """
    until = time.perf_counter() + (wait or 0.0)
    request = httpx.Request("HEAD", url or "/", headers={"User-Agent": "idemlint"})
    while True:
        answer = await client.link.send(request)
        if answer.status is not None or not client.link.over_the_wire or _is_there(answer):
            client.sent += 1
            return
        if time.perf_counter() >= until:
            raise TargetError(
                f"{url} does not answer: {answer.error}", hint="is the server running? --wait-for 30 waits for it"
            )
        await asyncio.sleep(_PAUSE)


def _is_there(answer: BurstAnswer) -> bool:
    return answer.error is not None and answer.error.startswith(THERE)
