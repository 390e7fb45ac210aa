"""RPL: what an answer says of itself: that it is a replay, or that it is not (ietf-wg-httpapi/idempotency#46)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idemlint.contract.profile import UNKNOWN
from idemlint.probe.check import ERROR, INFO, check, failed, passed
from idemlint.probe.checks.duplicates import not_replayed, sequence, unusable_sequence
from idemlint.probe.checks.replay import shown
from idemlint.probe.needs import EFFECTS, known

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome


@check(
    "RPL-05",
    "marker on replay",
    axis="conformance",
    severity=ERROR,
    promise="a replay says that it is one, where that is promised",
    why="without it, a client cannot tell a replay from a second execution",
    source="ietf-wg-httpapi/idempotency#46; the profile's own page",
    requests=16,
    needs=(*EFFECTS, known("replay.marker", lambda bench: bench.profile.replay.marker)),
    core=True,
)
async def marker_on_replay(bench: Bench) -> Outcome:
    replays = await bench.once("replays", sequence)
    unusable = unusable_sequence(replays) or not_replayed(bench, replays)
    if unusable is not None:
        return unusable
    marker = bench.profile.replay.marker
    said = [bench.replayed(duplicate) for duplicate in replays.answers(bench)]
    evidence = {"exchanges": (replays.first, *replays.answers(bench))}
    if marker is UNKNOWN or marker is None:
        if any(said):
            return passed("replays are marked, which nothing asks for", severity=INFO, **evidence)
        return passed("no marker is promised, and none is sent", severity=INFO, **evidence)
    unmarked = [
        each for each in replays.answers(bench) if (each.header(marker.name) or "").lower() != marker.value.lower()
    ]
    if not unmarked:
        return passed(f"{marker.name}: {marker.value} on each replay", **evidence)
    seen = unmarked[0].header(marker.name)
    return failed(
        f"{bench.profile.name} promises {marker.name}: {marker.value} on a replay; it is {shown([seen] if seen else [])}",
        exchanges=(replays.first, unmarked[0]),
        difference=f"replay: {marker.name} is {'absent' if seen is None else repr(seen)}",
    )


@check(
    "RPL-06",
    "no true marker on the first answer",
    axis="conformance",
    severity=ERROR,
    promise="a first answer does not say that it is a replay",
    why="a client would believe that somebody else had done this already",
    source="ietf-wg-httpapi/idempotency#46",
    requests=16,
    needs=EFFECTS,
    core=True,
)
async def no_marker_on_first(bench: Bench) -> Outcome:
    replays = await bench.once("replays", sequence)
    unusable = unusable_sequence(replays)
    if unusable is not None:
        return unusable
    if bench.replayed(replays.first):
        return failed("the first answer to a fresh key says that it is a replay", exchanges=(replays.first,))
    return passed("no marker, or a false one", exchanges=(replays.first,))
