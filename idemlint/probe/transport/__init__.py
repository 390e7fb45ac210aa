"""How the probe speaks to a server: httpx as usual, the burst gate, and requests that are cut off or oddly spelled.

    async with httpx.AsyncClient(transport=GatedTransport(verify=context), auth=auth) as client:
        requests = [client.build_request("POST", url, headers={"Idempotency-Key": key}, json=body) for _ in range(10)]
        result = await burst(client, requests, hold=Hold.HEAD, timeout=10)
        result.overlap, result.spread, [answer.status for answer in result.answers]

All functions take a client on a `GatedTransport`, so that its auth, cookies and hooks apply, or the transport itself.
`send_raw` sends exact bytes, `send_partial` cuts a request off, `send_and_abort` leaves before the answer is read.
`calibration` and `canary` measure how short a race the gate finds for certain: `await calibrate_gate(10)`.
What a server or a network does becomes a `BurstAnswer.error`, never an exception.
"""

from idemlint.probe.transport.answers import BurstAnswer, BurstResult, Hold, Stagger
from idemlint.probe.transport.gate import GatedTransport, burst
from idemlint.probe.transport.raw import send_and_abort, send_partial, send_raw
from idemlint.probe.transport.wire import wire

__all__ = [
    "BurstAnswer",
    "BurstResult",
    "GatedTransport",
    "Hold",
    "Stagger",
    "burst",
    "send_and_abort",
    "send_partial",
    "send_raw",
    "wire",
]
