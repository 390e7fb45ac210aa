"""KEY: the forms in which one key can arrive: twice, in another spelling of its name, quoted, with parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.probe.check import ERROR, INFO, WARN, check, failed, inconclusive, passed, skipped
from idemlint.probe.checks.duplicates import runs_anyway
from idemlint.probe.keys import quoted, uuid4
from idemlint.probe.needs import EFFECTS, HEADER_KEY, HTTP1, OTHER_PAYLOAD, WIRE
from idemlint.probe.verdicts import not_about_keys

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange

_DRAFT: Final = "draft-ietf-httpapi-idempotency-key-header-06, section 2.1"
_ON_THE_WIRE: Final = (*EFFECTS, HEADER_KEY, WIRE, HTTP1)


def _line(bench: Bench, value: str, name: str | None = None) -> bytes:
    wire = quoted(value) if bench.quote else value
    return f"{name or bench.key_header}: {wire}".encode()


def _broken(exchanges: tuple[Exchange, ...]) -> Exchange | None:
    return next((each for each in exchanges if each.status is not None and each.status >= 500), None)


@check(
    "KEY-06",
    "duplicated header, same value",
    axis="safety",
    severity=ERROR,
    promise="a key that is sent in two field lines is refused, or is the key that it is",
    why="a proxy that adds the header again makes a third key, and the retry runs",
    source=f"{_DRAFT}; grimurrash/test-task2#73",
    requests=10,
    needs=_ON_THE_WIRE,
    core=True,
)
async def twice_the_same(bench: Bench) -> Outcome:
    key = bench.key()
    line = _line(bench, key)
    before = await bench.before()
    double = await bench.send_lines("two lines", line, line)
    single = await bench.send("one line", key=key)
    effects = await bench.since(before, [double, single])
    evidence: dict[str, Any] = {"exchanges": (double, single), "effects": effects}
    if not double.ok:
        broken = _broken((double,))
        if broken is not None:
            return failed(
                f"the header in two lines gets {broken.status}", axis="conformance", severity=WARN, **evidence
            )
        innocent = not_about_keys([double])
        return inconclusive(innocent, **evidence) if innocent else passed(f"refused with {double.status}", **evidence)
    if effects.least > 1:
        anyway = await runs_anyway(bench)
        if anyway is not None:
            return anyway
        return failed("a key in two lines was another key than the same in one: the work ran twice", **evidence)
    innocent = not_about_keys([single])
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    return passed("two lines are the key itself", weak=not effects.exact, **evidence)


@check(
    "KEY-07",
    "duplicated header, different values",
    axis="safety",
    severity=ERROR,
    promise="a request with two keys is refused, or one of them owns what it did",
    why="whichever key the client retries with, the work may run again",
    source=_DRAFT,
    requests=12,
    needs=_ON_THE_WIRE,
)
async def twice_different(bench: Bench) -> Outcome:
    one, two = bench.key(), bench.key()
    before = await bench.before()
    both = await bench.send_lines("two keys", _line(bench, one), _line(bench, two))
    seen = [both, await bench.send("the first key", key=one), await bench.send("the second key", key=two)]
    effects = await bench.since(before, seen)
    evidence: dict[str, Any] = {"exchanges": tuple(seen), "effects": effects}
    if not both.ok:
        innocent = not_about_keys([both])
        return inconclusive(innocent, **evidence) if innocent else passed(f"refused with {both.status}", **evidence)
    if effects.least > 2:
        return failed("neither of the two keys owns what the request did", **evidence)
    return failed(
        "a request with two keys was taken, and one of the keys counts for nothing",
        axis="conformance",
        severity=WARN,
        **evidence,
    )


@check(
    "KEY-08",
    "case of the header's name",
    axis="safety",
    severity=ERROR,
    promise="the header is read in whatever case it comes",
    why="HTTP/2 and many libraries send lower case: to a server that reads one spelling they send no key at all",
    source="RFC 9110, section 5.1; TrueLayer/truelayer-signing#95",
    requests=12,
    needs=_ON_THE_WIRE,
    core=True,
)
async def name_case(bench: Bench) -> Outcome:
    key, name = bench.key(), bench.key_header
    names = (name.lower(), name.upper(), name.title())
    before = await bench.before()
    seen = [await bench.send_lines(f"as {each}", _line(bench, key, each)) for each in names]
    effects = await bench.since(before, seen)
    evidence: dict[str, Any] = {"exchanges": tuple(seen), "effects": effects}
    served = [each for each in seen if each.ok]
    if effects.least > 1:
        anyway = await runs_anyway(bench)
        if anyway is not None:
            return anyway
        return failed(f"one key under {len(names)} spellings of {name} had {effects.least} effects", **evidence)
    refused = [each for each in seen if not each.ok]
    innocent = not_about_keys(refused)
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    missing = bench.facts.errors.get("missing")
    by_name = not seen[0].ok or (missing is not None and bool(refused) and refused[0].status == missing.status)
    if refused and served and by_name and bench.profile.replay.model != "refuse":
        spelled, read = names[seen.index(refused[0])], names[seen.index(served[0])]
        told = f"the header as {spelled} gets {refused[0].status}, as {read} it is read"
        return failed(told, axis="conformance", telling=(refused[0], served[0]), **evidence)
    if not served:
        return inconclusive(f"no spelling was taken: {refused[0].status}", **evidence)
    if refused:
        return passed(f"duplicates in another spelling get {refused[0].status}", weak=True, **evidence)
    return passed("read in each spelling", weak=not effects.exact, **evidence)


@check(
    "KEY-09",
    "quoted and bare",
    axis="conformance",
    severity=WARN,
    promise="bare keys are taken or refused whatever digit they begin with, and a key is the same quoted and bare",
    why="a server that reads half of the bare UUIDs as a token refuses ten clients in sixteen, at random",
    source="RFC 9651, sections 3.3.3 and 4.2; draft section 2.1",
    requests=16,
    needs=(*EFFECTS, HEADER_KEY),
    core=True,
)
async def quoted_and_bare(bench: Bench) -> Outcome:
    digit, letter = uuid4(bench.fresh, first="7"), uuid4(bench.fresh, first="c")
    bare_digit = await bench.send("bare, begins with a digit", lines=[digit])
    bare_letter = await bench.send("bare, begins with a letter", lines=[letter])
    key = uuid4(bench.fresh, first="3")
    before = await bench.before()
    in_quotes = await bench.send("quoted", lines=[quoted(key)])
    without = await bench.send("the same, bare", lines=[key])
    effects = await bench.since(before, [in_quotes, without])
    seen = (bare_digit, bare_letter, in_quotes, without)
    matrix = {each.call.label: each.status for each in seen}
    evidence: dict[str, Any] = {"exchanges": seen, "effects": effects, "details": {"outcomes": matrix}}
    innocent = not_about_keys(seen)
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    if bare_digit.ok != bare_letter.ok:
        taken, refused = ("letter", "digit") if bare_letter.ok else ("digit", "letter")
        return failed(
            f"a bare key that begins with a {taken} is taken, one that begins with a {refused} is refused: "
            "it is parsed as a structured field's token or integer",
            severity=ERROR,
            telling=(bare_digit, bare_letter),
            difference="key: bare keys are taken by their first character",
            **evidence,
        )
    if in_quotes.ok and without.ok and effects.least > 1:
        anyway = await runs_anyway(bench)
        if anyway is not None:
            return anyway
        return failed(
            'a key quoted ("k") and bare (k) is two keys: the work ran twice',
            axis="safety",
            severity=WARN,
            telling=(in_quotes, without),
            difference="key: quoted and bare are two keys",
            **evidence,
        )
    demand = bench.profile.key.quoted
    observed = {"quoted": in_quotes.ok, "bare": bare_digit.ok}
    if not bench.quote and demand == "required" and not bare_digit.ok:
        return passed("bare keys are refused, quoted ones are taken", observed=observed, **evidence)
    if demand == "forbidden" and in_quotes.ok and bench.expected.parameter is None:
        return failed(
            "quoted keys are taken, which the profile excludes", severity=INFO, telling=(in_quotes,), **evidence
        )
    form = _form(in_quotes, bare_digit)
    if demand == "required" and bare_digit.ok and not in_quotes.ok:
        odd = f"key: refused with {in_quotes.status} in the quotes that {bench.profile.name} puts it in"
        return passed(form, observed=observed, weak=True, difference=odd, **evidence)
    return passed(form, observed=observed, weak=not effects.exact, **evidence)


def _form(in_quotes: Exchange, bare: Exchange) -> str:
    if in_quotes.ok and bare.ok:
        return "quoted and bare are one key"
    if bare.ok:
        return f"bare keys are taken, quoted ones refused with {in_quotes.status}"
    return f"quoted keys are taken, bare ones refused with {bare.status}"


@check(
    "KEY-15",
    "structured-field parameters",
    axis="conformance",
    severity=INFO,
    promise="parameters behind the key do not make another key",
    why="a library that adds one would lose the protection",
    source="RFC 9651, section 3.1.2",
    requests=20,
    needs=(*EFFECTS, HEADER_KEY, OTHER_PAYLOAD),
)
async def field_parameters(bench: Bench) -> Outcome:
    if bench.profile.key.quoted != "required":
        return skipped(f"{bench.profile.name} does not say that keys are structured fields")
    key = bench.key()
    before = await bench.before()
    with_parameter = await bench.send("with a parameter", lines=[f"{quoted(key)};v=1"])
    plain = await bench.send("without", lines=[quoted(key)])
    effects = await bench.since(before, [with_parameter, plain])
    evidence: dict[str, Any] = {"exchanges": (with_parameter, plain), "effects": effects}
    innocent = not_about_keys((with_parameter, plain))
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    if with_parameter.ok and plain.ok and effects.least > 1:
        if not await _one_key_in_either_form(bench):
            return passed("keys are opaque text here, quotes and parameters included", weak=True, **evidence)
        return failed("a key with a parameter is another key than without", **evidence)
    return passed(f"with a parameter {with_parameter.status}, without {plain.status}", **evidence)


async def _one_key_in_either_form(bench: Bench) -> bool:
    """Whether the server reads quotes as a structured field's: only then could it read parameters so."""
    key = bench.key()
    before = await bench.before()
    seen = [await bench.send(form, lines=[line]) for form, line in (("quoted", quoted(key)), ("bare", key))]
    effects = await bench.since(before, seen)
    return all(each.ok for each in seen) and effects.least < 2
