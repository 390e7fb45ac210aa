"""SCP: whose keys meet whose (draft-ietf-httpapi-idempotency-key-header-06, sections 2.2 and 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.probe.check import ERROR, INFO, WARN, check, failed, inconclusive, passed, skipped
from idemlint.probe.needs import BASIC, EFFECTS, OTHER_PAYLOAD, SECOND_PRINCIPAL, SENSITIVE
from idemlint.probe.principals import FIRST, NOBODY, SECOND, STRANGER
from idemlint.probe.verdicts import UNTOLD, not_about_keys

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange

_DRAFT: Final = "draft-ietf-httpapi-idempotency-key-header-06, section 5"
_SHARED: Final = ("company-account", "organisation", "organization", "account", "merchant-account")
"""Profiles' words for scopes that several users of one account share, as documented."""


async def _different_accounts(bench: Bench) -> bool | None:
    """Whether the two principals see different resources: the second cannot read what the first made. None: unknown."""
    made = await bench.send("first account's own", key=bench.key())
    read = bench.item_call(made)
    if read is None or not made.ok:
        return None
    mine = await bench.client.send(read)
    from dataclasses import replace

    theirs = await bench.client.send(replace(read, principal=SECOND, refusal_expected=True))
    if not mine.ok:
        return None
    return not theirs.ok


@check(
    "SCP-01",
    "different tenant",
    axis="safety",
    severity=ERROR,
    promise="a key of one account is nothing to another account",
    why="a tenant reads another's stored answer: payment, address and all",
    source=f"{_DRAFT}; paveg/hono-idempotency#126",
    requests=16,
    needs=(*EFFECTS, SECOND_PRINCIPAL),
)
async def different_tenant(bench: Bench) -> Outcome:
    separate = await bench.once("separate accounts", _different_accounts)
    key = bench.key()
    before = await bench.before()
    first = await bench.send("account A", key=key)
    second = await bench.send("account B, same key and payload", key=key, principal=SECOND)
    effects = await bench.since(before, [first, second])
    evidence: dict[str, Any] = {"exchanges": (first, second), "effects": effects}
    if not first.ok:
        return inconclusive(f"account A got {first.said}", **evidence)
    same = bench.same_answer(first, second)
    if same is None:  # then it is the count of effects that tells
        if not effects.exact:
            return inconclusive(UNTOLD, **evidence)
        same = effects.least < 2
    if same:
        if separate is False:
            return inconclusive(
                "B got A's answer, but B can read A's resources anyway: one account, perhaps", **evidence
            )
        if separate is None and bench.expected.profile.scope.principal in _SHARED:
            return inconclusive("B got A's answer; whether they are different accounts could not be proven", **evidence)
        proven = "" if separate else " (that they are different accounts is what --second-principal says)"
        return failed(f"account B got the stored answer of account A{proven}", **evidence)
    if second.ok:
        return passed("each account has an effect and an answer of its own", weak=separate is None, **evidence)
    innocent = not_about_keys([second])
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    alone = await bench.send("account B, fresh key", key=bench.key(), principal=SECOND)
    if not alone.ok:
        return inconclusive(f"account B cannot use the operation at all: {alone.status}", **evidence)
    return failed(
        f"account B is refused with {second.status} for a key that only account A used",
        severity=WARN,
        **evidence,
    )


@check(
    "SCP-02",
    "different payload, different tenant",
    axis="safety",
    severity=WARN,
    promise="whether a key exists in another account cannot be found out",
    why="a 422 tells a stranger that somebody used this key",
    source=_DRAFT,
    requests=8,
    needs=(*EFFECTS, SECOND_PRINCIPAL, OTHER_PAYLOAD),
)
async def existence_oracle(bench: Bench) -> Outcome:
    key = bench.key()
    first = await bench.send("account A", key=key)
    second = await bench.send("account B, other payload", key=key, sample=bench.other, principal=SECOND)
    evidence: dict[str, Any] = {"exchanges": (first, second)}
    if not first.ok:
        return inconclusive(f"account A got {first.said}", **evidence)
    if second.ok:
        same = bench.same_answer(first, second)
        if same is None:
            return inconclusive(UNTOLD, **evidence)
        if same:
            return failed("account B got account A's answer for another payload", severity=ERROR, **evidence)
        return passed("account B's request ran", **evidence)
    alone = await bench.send("account B, fresh key", key=bench.key(), sample=bench.other, principal=SECOND)
    if not alone.ok:
        return inconclusive(f"account B gets {alone.status} with a fresh key as well", exchanges=(first, second, alone))
    if await bench.once("separate accounts", _different_accounts) is False:
        return inconclusive("A and B see the same resources: one account, perhaps", **evidence)
    return failed(
        f"account B is told {second.status} about a key that only account A used", exchanges=(first, second, alone)
    )


@check(
    "SCP-03",
    "another user of the same account",
    axis="conformance",
    severity=INFO,
    promise="whether the users of one account share keys is as the profile says",
    why="a client library in two services of one company meets itself",
    source="docs.moderntreasury.com (separate by API key); docs.adyen.com, developers.telnyx.com (shared)",
    requests=8,
    needs=(*EFFECTS, SECOND_PRINCIPAL),
)
async def another_user(bench: Bench) -> Outcome:
    separate = await bench.once("separate accounts", _different_accounts)
    if separate is not False:
        return skipped("the two principals are not known to be of one account")
    key = bench.key()
    first = await bench.send("user A", key=key)
    second = await bench.send("user B of the same account", key=key, principal=SECOND)
    evidence: dict[str, Any] = {"exchanges": (first, second)}
    if not (first.ok and second.ok):
        return inconclusive(not_about_keys([first, second]) or f"{first.status} and {second.status}", **evidence)
    shared = bench.same_answer(first, second)
    if shared is None:
        return inconclusive(UNTOLD, **evidence)
    return passed("users of one account share keys" if shared else "each user's keys are their own", **evidence)


@check(
    "SCP-04",
    "anonymous callers",
    axis="safety",
    severity=ERROR,
    promise="callers without an account do not share keys",
    why="everybody who sends the same weak key gets the first one's answer",
    source="KanishJebaMathewM/Truxify#2382",
    requests=4,
    needs=BASIC,
)
async def anonymous_pool(bench: Bench) -> Outcome:
    key = bench.key()
    first = await bench.send("anonymous", key=key, principal=NOBODY, more=(("Cookie", "session=one"),))
    if not first.ok:
        return skipped(f"the operation is not open to anonymous callers ({first.said})", exchanges=(first,))
    second = await bench.send("another anonymous caller", key=key, principal=NOBODY, more=(("Cookie", "session=two"),))
    evidence: dict[str, Any] = {"exchanges": (first, second)}
    if bench.same_answer(first, second) is not False:
        return inconclusive("two anonymous callers from one address got one answer, which is innocent", **evidence)
    return passed(f"the second caller got {second.said}", **evidence)


@check(
    "SCP-05",
    "authorisation checked again",
    axis="safety",
    severity=ERROR,
    promise="a stored answer is given to nobody whose credentials are not good",
    why="whoever learns a key, from a log say, reads the answer without any account",
    source=f"{_DRAFT}; margince/margince#5315, MCKRUZ/microsoft-agentic-harness#127",
    requests=8,
    needs=(*BASIC, SENSITIVE),
)
async def authorisation_again(bench: Bench) -> Outcome:
    if not bench.client.principals[FIRST].headers:
        return skipped("the run has no credentials, so there are none to be checked")
    key = bench.key()
    first = await bench.send("first", key=key)
    if not first.ok:
        return inconclusive(f"the first request got {first.said}", exchanges=(first,))
    without = await bench.send("no credentials", key=key, principal=NOBODY)
    bad = await bench.send("bad credentials", key=key, principal=STRANGER)
    seen = (first, without, bad)
    for exchange in (without, bad):
        if bench.same_answer(first, exchange) is not False:
            open_to_all = await bench.send(
                "no credentials, fresh key", key=bench.key(), principal=exchange.call.principal
            )
            if open_to_all.ok:
                return inconclusive("the operation is open to everybody", exchanges=(*seen, open_to_all))
            return failed(f"the stored answer was given with {exchange.call.label}", exchanges=(*seen, open_to_all))
    if all(exchange.ok for exchange in (without, bad)):
        return skipped("the operation is open to everybody", exchanges=seen)
    return passed(f"without credentials {without.said}, with bad ones {bad.said}", exchanges=seen)


@check(
    "SCP-06",
    "delimiter collision",
    axis="safety",
    severity=ERROR,
    promise="no two requests meet because their parts, put together, read the same",
    why="a key chosen with care gives the answer to somebody else's request",
    source="paveg/hono-idempotency#22",
    requests=16,
    needs=EFFECTS,
)
async def delimiter_collision(bench: Bench) -> Outcome:
    if bench.expected.location != "header":
        return skipped("the key does not travel in a header")
    target, path = bench.sample.target(()), bench.operation.template
    if not path.endswith("}"):
        return skipped("the path does not end with text that a client chooses, so parts cannot run together")
    seen: list[Exchange] = []
    for mark in (":", "|", "/", "-", "_", ".", "#"):
        base = bench.key()
        one = await bench.send("first", lines=[bench.wire(f"x{mark}{base}")])
        url = f"{bench.base_url}{target}{'%23' if mark == '#' else mark}x"
        two = await bench.send("collides", lines=[bench.wire(base)], url=url, refusal_expected=True)
        seen += [one, two]
        if bench.same_resource(one, two):
            return failed(
                f"the path {target} and a path that goes on with {mark!r} met over one key", exchanges=(one, two)
            )
    if not any(one.ok for one in seen[::2]):
        return skipped("keys with delimiters are refused", exchanges=tuple(seen[:4]))
    return passed("no delimiter made two requests meet", exchanges=tuple(seen[:4]))


@check(
    "SCP-07",
    "key echoed in errors",
    axis="conformance",
    severity=INFO,
    promise="whether error bodies repeat the key is known",
    why="keys get into logs and screenshots, and with keys that accounts share, a key is a way to an answer",
    source="developers.sinch.com/docs/errors/registry/idempotency-conflict",
    requests=4,
    needs=(*BASIC, OTHER_PAYLOAD),
)
async def key_echo(bench: Bench) -> Outcome:
    key = bench.key()
    await bench.send("first", key=key)
    other = await bench.send("other payload", key=key, sample=bench.other)
    evidence: dict[str, Any] = {"exchanges": (other,)}
    if other.ok or other.status is None:
        return inconclusive("no error about the key was seen", **evidence)
    if key.encode() in other.body:
        return passed(f"the {other.status} repeats the key in its body", weak=True, **evidence)
    return passed("the error does not repeat the key", **evidence)


@check(
    "SCP-08",
    "replays in shared caches",
    axis="conformance",
    severity=WARN,
    promise="answers to keyed requests are not for shared caches",
    why="a proxy gives one client's answer to another",
    source="RFC 9111, section 5.2.2.9",
    requests=4,
    needs=BASIC,
)
async def shared_caches(bench: Bench) -> Outcome:
    key = bench.key()
    first = await bench.send("first", key=key)
    again = await bench.send("duplicate", key=key)
    for exchange in (first, again):
        control = (exchange.header("cache-control") or "").lower()
        if "public" in [part.strip().partition("=")[0] for part in control.split(",")]:
            return failed(f"Cache-Control: {control} on the {exchange.call.label}", exchanges=(first, again))
    return passed("no answer is marked public", exchanges=(first, again))
