"""CON: what a request is told that came while the first was at work (section 2.6 of the draft)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idemlint.probe.check import ERROR, INFO, WARN, check, failed, inconclusive, passed
from idemlint.probe.checks.concurrency import pairs
from idemlint.probe.client import retry_after
from idemlint.probe.needs import EFFECTS
from idemlint.probe.verdicts import GATEWAY

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange


@check(
    "CON-08",
    "Retry-After on the in-flight refusal",
    axis="conformance",
    severity=INFO,
    promise="the refusal of a concurrent request says when to come back",
    why="clients that guess come back too soon, or give up",
    source="RFC 9110, section 10.2.3",
    requests=60,
    needs=EFFECTS,
)
async def in_flight_retry_after(bench: Bench) -> Outcome:
    rounds = await bench.once("pairs", pairs)
    loser = next((each for group in rounds.overlapping for each in group.refused if group.served), None)
    if loser is None or loser.status in (429, *GATEWAY):
        return inconclusive("no concurrent request was refused")
    declared = _declares_retry_after(bench, loser)
    value = loser.header("retry-after")
    if value is None:
        if declared:
            return failed(
                f"the document declares Retry-After on {loser.status}; it is absent", severity=ERROR, exchanges=(loser,)
            )
        return passed("none, and none is promised", exchanges=(loser,))
    seconds = retry_after(loser)
    if seconds is None or seconds > 120:
        return failed(f"Retry-After: {value} is no time within two minutes", exchanges=(loser,))
    return passed(f"Retry-After: {value}", exchanges=(loser,))


def _declares_retry_after(bench: Bench, exchange: Exchange) -> bool:
    response = bench.operation.response(str(exchange.status))
    headers = bench.references.child(response, "headers") if response is not None else None
    return (
        headers is not None
        and isinstance(headers.value, dict)
        and "retry-after" in {str(each).lower() for each in headers.value}
    )


@check(
    "CON-10",
    "no interim status as an answer",
    axis="conformance",
    severity=WARN,
    promise="every answer ends with a final status",
    why="HTTP clients wait for the answer after a 1xx, and time out (Interchecks documents 102)",
    source="RFC 9110, section 15.2",
    requests=60,
    needs=EFFECTS,
)
async def no_interim_answer(bench: Bench) -> Outcome:
    rounds = await bench.once("pairs", pairs)
    only = [each for each in rounds.exchanges if each.interim and each.status is None]
    if only:
        return failed(
            f"a duplicate got {only[0].interim[-1]} and then nothing", exchanges=(only[0],), bursts=rounds.bursts[:1]
        )
    return passed("every answer ended with a final status")
