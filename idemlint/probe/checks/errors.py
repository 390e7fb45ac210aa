"""ERR: which answers are kept under a key, and which must not be (section 2.6: "success or an error")."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from idemlint.contract.profile import UNKNOWN
from idemlint.probe.check import ERROR, INFO, check, failed, inconclusive, passed, skipped
from idemlint.probe.checks.business import provoke_business_error
from idemlint.probe.checks.concurrency import pairs
from idemlint.probe.checks.faults import in_progress, retry_until_answered
from idemlint.probe.checks.fingerprint import mismatch_sequence
from idemlint.probe.needs import BASIC, EFFECTS, JSON_BODY, OTHER_PAYLOAD, SWITCHES
from idemlint.probe.principals import FIRST, STRANGER
from idemlint.probe.verdicts import not_about_keys

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome

_DRAFT: Final = "draft-ietf-httpapi-idempotency-key-header-06, section 2.6"
_ISSUE: Final = "ietf-wg-httpapi/idempotency#41"


@check(
    "ERR-01",
    "replay after a refusal for business reasons",
    axis="conformance",
    severity=ERROR,
    promise="whether a refusal that depends on state is kept under the key is as the profile says",
    why="a refusal that is pinned to the key stays when its reason has gone",
    source=f"{_DRAFT}; KanishJebaMathewM/Truxify#2869",
    requests=16,
    needs=EFFECTS,
)
async def after_business_error(bench: Bench) -> Outcome:
    provoked = await provoke_business_error(bench)
    if isinstance(provoked, str):
        return skipped(provoked)
    refused, mended = provoked
    evidence: dict[str, Any] = {"exchanges": (refused, mended)}
    innocent = not_about_keys([mended])
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    kept = mended.status == refused.status
    promised = bench.profile.stored.client_error
    observed = {"stores4xx": kept}
    if promised is UNKNOWN:
        said = "kept" if kept else "not kept"
        return passed(
            f"the {refused.status} is {said}; {bench.profile.name} does not say",
            weak=True,
            observed=observed,
            **evidence,
        )
    if kept != promised:
        verb = "is pinned to the key" if kept else "was not kept"
        return failed(f"a {refused.status} that depends on state {verb}", observed=observed, **evidence)
    return passed("kept, as promised" if kept else f"run again: {mended.status}", observed=observed, **evidence)


@check(
    "ERR-02",
    "replay after a server error",
    axis="safety",
    severity=ERROR,
    promise="after a 5xx the retry gets an answer in the end, and the work runs once at most",
    why="a passing failure pins the key: the client can neither finish nor start again",
    source=f"{_ISSUE}; LabsCrypt/remitlend#1329; ikyriak/IdempotentAPI#37",
    requests=24,
    needs=(*EFFECTS, SWITCHES),
)
async def after_server_error(bench: Bench) -> Outcome:
    key = bench.key()
    before = await bench.before()
    first = await bench.send("fails", key=key, more=(("Prefer", "fail=before-effect"),), refusal_expected=True)
    retries = await retry_until_answered(bench, key, limit=5.0)
    last = retries[-1]
    effects = await bench.since(before, [first, *retries])
    evidence: dict[str, Any] = {"exchanges": (first, *retries[-3:]), "effects": effects}
    if first.status is None or first.status < 500:
        return inconclusive(f"the server did not fail as it was asked to: {first.said}", **evidence)
    if effects.least > 1:
        return failed(f"{effects.least} effects after a server error", **evidence)
    if in_progress(last) and last.status != first.status:
        return failed(f"after a {first.status} the key stays in progress ({last.status})", **evidence)
    kept = last.status == first.status
    promised = bench.profile.stored.server_error
    observed = {"stores5xx": kept}
    if promised is UNKNOWN or promised == "contested":
        if kept and not bench.profile.stored.success:
            return inconclusive("nothing is said of server errors", **evidence)
        if kept:
            return failed(
                f"a passing {first.status} is pinned to the key, which {bench.profile.name} does not promise",
                axis="conformance",
                severity=INFO if promised is UNKNOWN else ERROR,
                observed=observed,
                **evidence,
            )
        return passed(f"run again: {last.status}", observed=observed, **evidence)
    if kept and not promised:
        return failed(
            f"a passing {first.status} is pinned to the key", axis="conformance", observed=observed, **evidence
        )
    if not kept and promised and last.ok:
        return failed(
            f"{bench.profile.name} replays server errors; this one was run again",
            axis="conformance",
            observed=observed,
            **evidence,
        )
    return passed("replayed, as promised" if kept else f"run again: {last.status}", observed=observed, **evidence)


@check(
    "ERR-03",
    "validation error not kept",
    axis="conformance",
    severity=INFO,
    promise="what a request that was never valid leaves under its key is known",
    why="a client that mends its request has to know whether it needs a new key",
    source=f"{_DRAFT}; docs.stripe.com/error-low-level",
    requests=10,
    needs=(*EFFECTS, JSON_BODY),
)
async def validation_error(bench: Bench) -> Outcome:
    if not isinstance(bench.sample.value, dict) or bench.expected.location != "header":
        return skipped("no invalid payload could be made")
    key = bench.key()
    before = await bench.before()
    bad = await bench.send("invalid", key=key, body=b'{"', refusal_expected=True)
    good = await bench.send("mended", key=key)
    effects = await bench.since(before, [bad, good])
    evidence: dict[str, Any] = {"exchanges": (bad, good), "effects": effects}
    if bad.status is None or not 400 <= bad.status < 500:
        return inconclusive(f"a body that is no JSON got {bad.said}", **evidence)
    innocent = not_about_keys([good])
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    if good.ok:
        return passed("the mended request runs under the same key", observed={"storesValidation": False}, **evidence)
    return passed(
        f"the mended request gets {good.status}: it needs a new key",
        weak=True,
        observed={"storesValidation": True},
        **evidence,
    )


@check(
    "ERR-04",
    "refused credentials not kept",
    axis="safety",
    severity=ERROR,
    promise="a 401 is never replayed to the caller whose credentials are good",
    why="somebody without credentials can block another's key",
    source="docs.stripe.com/error-low-level: 401 and 429 come before a key is stored",
    requests=10,
    needs=EFFECTS,
)
async def refused_credentials(bench: Bench) -> Outcome:
    if not bench.client.principals[FIRST].headers:
        return skipped("the run has no credentials")
    key = bench.key()
    before = await bench.before()
    bad = await bench.send("bad credentials", key=key, principal=STRANGER)
    good = await bench.send("good credentials", key=key)
    effects = await bench.since(before, [bad, good])
    evidence: dict[str, Any] = {"exchanges": (bad, good), "effects": effects}
    if bad.status not in (401, 403):
        return inconclusive(f"bad credentials got {bad.said}: the operation does not look at them", **evidence)
    if good.status == bad.status:
        again = await bench.send("good credentials, fresh key", key=bench.key())
        if again.ok:
            return failed(f"a {bad.status} was kept and replayed to the valid caller", **evidence)
        return inconclusive(f"the good credentials get {again.status} too by now: a lockout, perhaps", **evidence)
    innocent = not_about_keys([good])
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    return passed(f"the valid caller got {good.status}", weak=not effects.exact, **evidence)


@check(
    "ERR-05",
    "mismatch does not poison",
    axis="safety",
    severity=ERROR,
    promise="a refused payload leaves what is stored under the key as it was",
    why="one mistaken request, and the honest client can no longer learn what became of its order",
    source="draft-ietf-httpapi-idempotency-key-header-06, section 2.7",
    requests=12,
    needs=(*EFFECTS, OTHER_PAYLOAD),
    core=True,
)
async def mismatch_does_not_poison(bench: Bench) -> Outcome:
    seen = await bench.once("mismatch", mismatch_sequence)
    evidence: dict[str, Any] = {"exchanges": seen.all, "effects": seen.effects}
    if not seen.first.ok:
        return inconclusive(f"the first request got {seen.first.said}", **evidence)
    if seen.other.ok:
        return inconclusive("the other payload was not refused (see FPR-01)", **evidence)
    innocent = not_about_keys([seen.other, seen.again])
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    if seen.again.ok:
        if bench.masks.alike(seen.first, seen.again) is False:
            return failed("after a refused payload, the retry of the first request gets another answer", **evidence)
        return passed("the first answer is still there", weak=not seen.effects.exact, **evidence)
    if bench.profile.replay.model == "refuse":
        return passed(f"the retry is refused with {seen.again.status}, as duplicates are", **evidence)
    if bench.facts.collision_control is False:
        return inconclusive("natural-constraint", **evidence)
    if seen.again.status == seen.other.status:
        plain = await _plain_retry(bench)
        if not plain:
            return inconclusive(
                f"duplicates get {seen.again.status} without a mismatch as well (see RPL-01)", **evidence
            )
    return failed(f"after a refused payload, the retry of the first request gets {seen.again.status}", **evidence)


async def _plain_retry(bench: Bench) -> bool:
    """Whether a duplicate is served when no other payload came between."""
    key = bench.key()
    first = await bench.send("first", key=key)
    again = await bench.send("duplicate", key=key)
    return first.ok and again.ok


@check(
    "ERR-06",
    "in-flight refusal not kept",
    axis="safety",
    severity=ERROR,
    promise="whoever was told to wait gets the answer when the first request has ended",
    why="the client is refused for good by an answer that said 'for now'",
    source=f"{_DRAFT}; margince/margince#423",
    requests=50,
    needs=EFFECTS,
    core=True,
)
async def in_flight_refusal(bench: Bench) -> Outcome:
    rounds = await bench.once("pairs", pairs)
    group = next((each for each in rounds.overlapping if each.served and each.refused), None)
    if group is None:
        if any(each.overlap for each in rounds.groups):
            return passed(
                "no concurrent request was refused, so none can be stuck", weak=True, bursts=rounds.bursts[:2]
            )
        return inconclusive("no-overlap", bursts=rounds.bursts[:2])
    winner, loser = group.served[0], group.refused[0]
    if loser.status is not None and (loser.status == 429 or loser.status >= 500):
        return inconclusive(f"the loser got {loser.status}", exchanges=(winner, loser))
    await asyncio.sleep(max(0.05, 3 * winner.latency))
    retries = await retry_until_answered(bench, group.key, label="the loser again", limit=15.0)
    last = retries[-1]
    evidence: dict[str, Any] = {"exchanges": (winner, loser, *retries[-3:])}
    if last.ok:
        return passed(f"the loser's retry got {last.status}", **evidence)
    innocent = not_about_keys([last])
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    if bench.profile.replay.model == "refuse":
        return passed(f"the loser's retry got {last.status}, as duplicates do", weak=True, **evidence)
    replays = await _plain_retry(bench)
    if not replays:
        return inconclusive(f"duplicates of ended requests get {last.status} as well (see RPL-01)", **evidence)
    return failed(f"the loser still gets {last.status} long after the winner ended", **evidence)


@check(
    "ERR-07",
    "route errors not kept",
    axis="conformance",
    severity=INFO,
    promise="what a wrong content type leaves under the key is known",
    why="a client that mends its request has to know whether it needs a new key",
    source=_DRAFT,
    requests=6,
    needs=(*BASIC, JSON_BODY),
)
async def route_errors(bench: Bench) -> Outcome:
    if bench.expected.location != "header":
        return skipped("the key is part of the body")
    key = bench.key()
    call = bench.call("wrong content type", key=key, refusal_expected=True).with_header("Content-Type", "text/plain")
    wrong = await bench.send_call(call)
    right = await bench.send("right content type", key=key)
    evidence: dict[str, Any] = {"exchanges": (wrong, right)}
    if wrong.ok:
        return skipped("another content type is taken", **evidence)
    innocent = not_about_keys([wrong, right])
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    if right.ok:
        return passed(f"{wrong.status}, then {right.status}", **evidence)
    return passed(f"{wrong.status}, then {right.status}: a new key is needed", weak=True, **evidence)
