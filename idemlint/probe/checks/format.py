"""FMT: the shape of what the server says about keys, against document and draft (section 2.7; RFC 9457)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from idemlint.probe.check import ERROR, WARN, check, failed, inconclusive, passed, skipped
from idemlint.probe.checks.concurrency import pairs
from idemlint.probe.checks.fingerprint import mismatch_sequence
from idemlint.probe.exchange import NOT_JSON
from idemlint.probe.needs import BASIC

if TYPE_CHECKING:
    from idemlint.openapi.references import Node
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange

_DRAFT: Final = "draft-ietf-httpapi-idempotency-key-header-06, section 2.7"
_GATEWAY: Final = (408, 413, 414, 429, 431, 502, 503, 504)
_TRACE: Final = re.compile(
    r"Traceback \(most recent call last\)|\bat [\w.$<>]+\([\w.]+\.(?:java|kt|scala|cs|js|ts|go|rb|php):\d+|"
    r"^\s+at .+ \(.+:\d+:\d+\)|File \"[^\"]+\", line \d+|panic: |goroutine \d+ \[|"
    r"(?:ORA-\d{5}|SQLSTATE|psycopg|sqlite3?\.|Duplicate entry '.+' for key|duplicate key value violates|ER_DUP_ENTRY)",
    re.MULTILINE,
)


def _declared(bench: Bench, exchange: Exchange) -> Node | None:
    """The response that the document declares for an answer's status."""
    status = str(exchange.status)
    for name in (status, f"{status[0]}XX", f"{status[0]}xx", "default"):
        node = bench.operation.response(name)
        if node is not None:
            return node
    return None


async def refusals(bench: Bench) -> None:
    """See to it that each kind of refusal was met, if the server gives it at all."""
    if "missing" not in bench.facts.errors and bench.expected.missing == "reject":
        exchange = await bench.send("no key", key=None)
        if exchange.status in (400, 409, 412, 422, 428):
            bench.facts.errors["missing"] = exchange
    if bench.other is not None:
        await bench.once("mismatch", mismatch_sequence)
    if "in flight" not in bench.facts.errors:
        rounds = await bench.once("pairs", pairs)
        losers = [each for group in rounds.overlapping for each in group.refused if group.served]
        if losers and losers[0].status != 429 and (losers[0].status or 500) < 500:
            bench.facts.errors["in flight"] = losers[0]


async def against_schema(bench: Bench, what: str) -> Outcome:
    """A refusal that was met against what the document declares for its status."""
    await bench.once("refusals", refusals)
    exchange = bench.facts.errors.get(what)
    if exchange is None:
        return skipped(
            f"no refusal for a key that is {what} was seen" if what == "missing" else f"no {what} refusal was seen"
        )
    evidence: dict[str, Any] = {"exchanges": await _with_first(bench, what, exchange)}
    response = _declared(bench, exchange)
    if response is None:
        return skipped(f"{exchange.status} is not declared (see FMT-06)", **evidence)
    content = bench.operation.response_content(response)
    if not content:
        return passed(f"the document declares no content for {exchange.status}", weak=True, **evidence)
    schema = next((schema for name, schema in content if _same_type(name, exchange.media_type)), None)
    names = ", ".join(name for name, _ in content)
    if not any(_same_type(name, exchange.media_type) for name, _ in content):
        return failed(
            f"the {exchange.status} comes as {exchange.media_type or 'nothing'}; declared is {names}", **evidence
        )
    if schema is None:
        return passed(f"the document declares no schema for {exchange.status}", weak=True, **evidence)
    if exchange.json is NOT_JSON:
        return failed(f"the body of the {exchange.status} is no JSON", **evidence)
    from idemlint.openapi.validation import validator_for

    violations = validator_for(bench.references, schema, direction="response").violations(exchange.json)
    if violations:
        shown = "; ".join(f"{each.pointer or 'the body'}: {each.message}" for each in violations[:3])
        return failed(f"the {exchange.status} breaks its declared schema: {shown}", **evidence)
    return passed(f"the {exchange.status} is as declared", **evidence)


async def _with_first(bench: Bench, what: str, refusal: Exchange) -> tuple[Exchange, ...]:
    """The refusal behind the request without which there would be none."""
    if what != "mismatch" or bench.other is None:
        return (refusal,)
    seen = await bench.once("mismatch", mismatch_sequence)
    return (seen.first, refusal) if refusal is seen.other else (refusal,)


def _same_type(declared: str, actual: str) -> bool:
    declared = declared.partition(";")[0].strip().lower()
    if declared in ("*/*", actual):
        return True
    return declared.endswith("/*") and actual.startswith(declared[:-1])


@check(
    "FMT-01",
    "body of the missing-key refusal",
    axis="conformance",
    severity=ERROR,
    promise="the refusal of a request without a key is as the document declares it",
    why="generated clients cannot read it",
    source=_DRAFT,
    requests=12,
    needs=BASIC,
)
async def missing_body(bench: Bench) -> Outcome:
    return await against_schema(bench, "missing")


@check(
    "FMT-02",
    "body of the in-flight refusal",
    axis="conformance",
    severity=ERROR,
    promise="the refusal of a concurrent request is as the document declares it",
    why="generated clients cannot tell 'wait' from 'never'",
    source=_DRAFT,
    requests=12,
    needs=BASIC,
    core=True,
)
async def in_flight_body(bench: Bench) -> Outcome:
    return await against_schema(bench, "in flight")


@check(
    "FMT-03",
    "body of the mismatch refusal",
    axis="conformance",
    severity=ERROR,
    promise="the refusal of another payload is as the document declares it",
    why="generated clients cannot read it",
    source=_DRAFT,
    requests=12,
    needs=BASIC,
)
async def mismatch_body(bench: Bench) -> Outcome:
    return await against_schema(bench, "mismatch")


@check(
    "FMT-04",
    "pointer to documentation",
    axis="conformance",
    severity=WARN,
    promise="an error about a key points to documentation, in `type` or in a Link",
    why="the developer who meets it has to guess what to do",
    source=f"{_DRAFT}; RFC 9457, section 3.1.1; RFC 8288",
    requests=12,
    needs=BASIC,
)
async def documentation_link(bench: Bench) -> Outcome:
    if bench.profile.errors.docs_link is None:
        return skipped(f"{bench.profile.name} does not ask for one")
    await bench.once("refusals", refusals)
    for what, exchange in bench.facts.errors.items():
        if what == "malformed":
            continue
        if not (_type_links(exchange) or _link_header(exchange)):
            return failed(
                f"the {exchange.status} for '{what}' has neither a `type` that is a URI nor a Link",
                exchanges=await _with_first(bench, what, exchange),
            )
    if not bench.facts.errors:
        return inconclusive("no error about a key was seen")
    return passed("each error points to documentation", exchanges=tuple(bench.facts.errors.values()))


def _type_links(exchange: Exchange) -> bool:
    value = exchange.json.get("type") if isinstance(exchange.json, dict) else None
    return isinstance(value, str) and value != "about:blank" and urlsplit(value).scheme != ""


def _link_header(exchange: Exchange) -> bool:
    return any("describedby" in line.lower() or "help" in line.lower() for line in exchange.lines("link"))


@check(
    "FMT-05",
    "media type of errors",
    axis="conformance",
    severity=WARN,
    promise="errors come in the media type that document or profile name",
    why="clients that dispatch on problem+json do not see the problem",
    source="RFC 9457, section 3; knocklabs/one_and_done#4",
    requests=12,
    needs=BASIC,
)
async def error_media_type(bench: Bench) -> Outcome:
    await bench.once("refusals", refusals)
    judged = []
    for what, exchange in bench.facts.errors.items():
        response = _declared(bench, exchange)
        content = bench.operation.response_content(response) if response is not None else []
        names = [name.partition(";")[0].strip().lower() for name, _ in content]
        if names:
            judged.append(exchange)
            if not any(_same_type(name, exchange.media_type) for name in names):
                came, asked = exchange.media_type or "nothing", ", ".join(names)
                return failed(
                    f"the {exchange.status} for '{what}' comes as {came}; declared is {asked}",
                    exchanges=await _with_first(bench, what, exchange),
                )
        elif (
            bench.profile.errors.media == "application/problem+json"
            and exchange.media_type != "application/problem+json"
        ):
            told = f"the {exchange.status} for '{what}' comes as {exchange.media_type or 'nothing'}"
            return passed(
                f"{told}; {bench.profile.name} shows application/problem+json, which nothing here declares",
                weak=True,
                exchanges=(exchange,),
            )
    if not bench.facts.errors:
        return inconclusive("no error about a key was seen")
    return passed("as declared", weak=not judged, exchanges=tuple(bench.facts.errors.values()))


@check(
    "FMT-06",
    "undeclared status",
    axis="conformance",
    severity=ERROR,
    promise="the document declares every status that the operation answers with",
    why="generated clients throw on what they do not know",
    source="OpenAPI 3.1.1, section Responses Object",
    requests=12,
    needs=BASIC,
)
async def undeclared_status(bench: Bench) -> Outcome:
    odd = {status: exchange for status, exchange in bench.facts.statuses.items() if not bench.expected.declares(status)}
    if not odd:
        return passed(f"met: {', '.join(map(str, sorted(bench.facts.statuses)))}")
    told = ", ".join(map(str, sorted(odd)))
    # a failure of the server itself is nothing that a document has to declare, and no answer that a client relies on
    own = sorted(status for status in odd if status not in _GATEWAY and status < 500)
    if not own:
        return passed(f"not declared: {told}, of a gateway or a failure", weak=True, exchanges=tuple(odd.values())[:5])
    told = ", ".join(map(str, own))
    return failed(
        f"not declared: {told}",
        exchanges=tuple(odd[status] for status in own[:5]),
        difference=f"statuses that the document does not declare: {told}",
    )


@check(
    "FMT-07",
    "leakage in errors",
    axis="safety",
    severity=WARN,
    promise="errors show no stack trace and no SQL",
    why="they tell an attacker what runs there",
    source="CWE-209",
    requests=12,
    needs=BASIC,
)
async def leakage(bench: Bench) -> Outcome:
    for status, exchange in bench.facts.statuses.items():
        if status >= 400 and _TRACE.search(exchange.body[:65_536].decode("utf-8", "replace")):
            return failed(f"the {status} shows the inside of the server", exchanges=(exchange,))
    return passed("no error shows the inside of the server")
