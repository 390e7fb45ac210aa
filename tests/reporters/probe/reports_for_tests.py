"""Reports made by hand: a double execution, another payload that ran, doubts, and a server that is hostile everywhere."""

from __future__ import annotations

import json
from typing import Any

from idemlint.findings import Position, Range, Severity
from idemlint.probe_report import (
    BurstRecord,
    CheckResult,
    EffectCount,
    ExchangeRecord,
    Message,
    OperationResult,
    ProbeReport,
    Verdict,
)

BASE = "/project"
KEY = "4ed8c74a-9dff-442b-85a8-55fc4806cfd1"
OTHER_KEY = "7d8c2870-6ccf-4b56-9a07-61d2c21e170d"
PLACE = Range(Position(8, 4), Position(8, 8))
DRAFT = "draft-ietf-httpapi-idempotency-key-header-06, section 2.6"

NASTY = (
    "</script><script>alert(1)</script></style><img src=x onerror=1>|`code`|@team #1 https://evil.example "
    "\"'--><!-- ::error::\x1b[31m\x9b\u202e\x00\n::warning::%0A::error::x]]>&amp;&\ud800 ```\n## heading"
)
"""Ends every context that a report could put it into, if it is not escaped there."""


def exchange(number: int, status: int | None = 201, **changes: Any) -> ExchangeRecord:
    """`POST /payments`, released at `number` microseconds, answered 20 ms later with a payment of its own."""
    identity = changes.pop("identity", f"pay_{number}")
    response = None
    if status is not None:
        body = json.dumps({"id": identity, "amount": 10} if status < 400 else {"title": "refused"})
        response = Message(f"HTTP/1.1 {status}", (("content-type", "application/json"),), body, len(body))
    made = ExchangeRecord(
        number=number,
        label=f"duplicate {number}",
        url="http://127.0.0.1:4010/payments?page=1",
        request=Message(
            "POST /payments?page=1 HTTP/1.1",
            (("Idempotency-Key", KEY), ("Content-Type", "application/json"), ("Authorization", "Bearer ***")),
            '{"amount":10}',
            13,
        ),
        response=response,
        error="" if status is not None else "connection reset",
        started=1.0,
        ended=1.021,
        released=1.0 + number * 1e-6,
        first_byte=1.02 if status is not None else None,
        ran=status is not None and status < 400,
        key=KEY,
    )
    return made._replace(**changes)


def check(**changes: Any) -> CheckResult:
    """CON-01, failed: of three requests with one key two ran; another key of the same burst behaved."""
    exchanges = (
        exchange(3),
        exchange(7),
        exchange(8, 409, ran=None),
        exchange(9, key=OTHER_KEY),
        exchange(10, 409, key=OTHER_KEY, ran=None),
    )
    made = CheckResult(
        id="CON-01",
        name="two concurrent duplicates",
        group="concurrency",
        axis="safety",
        severity=Severity.ERROR,
        verdict=Verdict.FAIL,
        reason="3 requests with one key, released within 5 µs, had 2 effects",
        promise="of two requests with one key at the same time, one does the work",
        why="a retry that arrives while the first request is at work does the work twice",
        source=DRAFT,
        exchanges=exchanges,
        bursts=(BurstRecord((3, 7, 8, 9, 10), "head", "HTTP/1.1", 7e-6, overlap=True, effects=3),),
        effects=EffectCount(3, exact=True, oracle="GET /payments", before=1, after=4, ids=("pay_3", "pay_7")),
        details={"keys": 2, "ran_twice": 1},
        reproduce="curl -i -X POST http://127.0.0.1:4010/payments\ncurl -i -X POST http://127.0.0.1:4010/payments",
    )
    return made._replace(**changes)


def passed(identifier: str = "RPL-01", group: str = "replay", **changes: Any) -> CheckResult:
    made = check(
        id=identifier,
        name="sequential replay, one effect",
        group=group,
        verdict=Verdict.PASS,
        reason="one effect; 3 duplicates got 201",
        exchanges=(),
        bursts=(),
        effects=None,
        details={},
        reproduce="",
    )
    return made._replace(**changes)


def control(verdict: Verdict = Verdict.PASS) -> CheckResult:
    return passed("CTL-01", "controls", axis="control", verdict=verdict, severity=Severity.INFO)


def payload() -> CheckResult:
    """FPR-01, failed: another payload ran and got an answer of its own."""
    first = exchange(20, released=None, label="first")
    other = exchange(21, released=None, label="other payload", started=2.0, ended=2.1)
    other = other._replace(request=other.request._replace(body='{"amount":11}'))
    return check(
        id="FPR-01",
        name="same key, different payload",
        group="payload",
        axis="conformance",
        severity=Severity.WARN,
        reason="another payload ran",
        exchanges=(first, other),
        bursts=(),
        details={},
    )


def operation(label: str = "POST /payments", *checks: CheckResult, **changes: Any) -> OperationResult:
    made = OperationResult(
        label,
        checks or (control(), passed(), check(), payload(), passed("FMT-01", "format", verdict=Verdict.SKIPPED)),
        source="/project/payments.yaml",
        place=PLACE,
        oracle="GET /payments",
        suggestion={"onMissing": 400, "scope": ["account", "path"], "ttl": "PT24H"},
        differences=("in flight: 201 in the place of 409",),
    )
    return made._replace(**changes)


def blocked(label: str = "POST /refunds") -> OperationResult:
    reason = "no valid request could be made: payment_id must exist"
    return OperationResult(
        label,
        (control(Verdict.INCONCLUSIVE), passed(verdict=Verdict.INCONCLUSIVE, reason=reason)),
        source="/project/payments.yaml",
        place=PLACE,
        blocked=reason,
    )


def report(*operations: OperationResult, **changes: Any) -> ProbeReport:
    made: dict[str, Any] = {
        "target": "http://127.0.0.1:4010",
        "profile": "ietf-07",
        "suite": "core",
        "seed": 8191,
        "operations": operations or (operation(), blocked()),
        "requests": 312,
        "budget": 400,
        "seconds": 6.2,
        "rounds": 60,
        "overlapping": 58,
        "bound": 140e-6,
        "notes": ("the clock of the target is 3 s ahead",),
        "tool": "idemlint 1.2.3",
        "document": "/project/payments.yaml",
        "saved": "/project/report.json",
        "began": 1_700_000_000.0,
    }
    return ProbeReport(**{**made, **changes})


def clean() -> ProbeReport:
    """Everything kept."""
    kept = (control(), passed(), passed("CON-01", "concurrency", weak=True))
    return report(operation("POST /payments", *kept, differences=(), suggestion={}))


def many(count: int = 200) -> ProbeReport:
    """`count` operations: one in ten fails, one in ten cannot be asked, one has an open question of its own."""
    operations = []
    for number in range(count):
        label = f"POST /things/{number}/parts"
        if number % 10 == 0:
            operations.append(
                operation(label, control(), *(passed(f"KEY-{place:02}", "key") for place in range(20)), check())
            )
        elif number % 10 == 1:
            operations.append(blocked(label))
        else:
            doubt = passed("FLT-01", "faults", verdict=Verdict.INCONCLUSIVE, reason=f"no answer from {number % 7}")
            operations.append(operation(label, control(), passed(), *([doubt] if number % 10 == 2 else [])))
    return report(*operations)


def hostile(text: str = NASTY) -> ProbeReport:
    """`text` wherever a document or a server can put one."""
    message = Message(f"HTTP/1.1 201 {text}", ((text, text), ("Location", text)), text, 9)
    bad = exchange(1, label=text, url=f"http://127.0.0.1/{text}", key=text, error=text)
    bad = bad._replace(request=bad.request._replace(start=f"POST /{text} HTTP/1.1", headers=((text, text),), body=text))
    sent = (bad, bad._replace(number=2, response=message), bad._replace(number=3, response=None))
    made = check(
        name=text,
        reason=text,
        promise=text,
        why=text,
        source=text,
        exchanges=sent,
        bursts=(BurstRecord((1, 2, 3), text, text, 1e-6, overlap=True),),
        effects=EffectCount(2, exact=False, oracle=text, ids=(text, text), attributed=False),
        details={"differing": [text, {text: float("nan")}], text: 1 << 5000},
        reproduce=text,
    )
    doubt = made._replace(id="RPL-01", group="replay", verdict=Verdict.INCONCLUSIVE)
    apart = made._replace(id="FPR-01", group="payload", bursts=())
    whole = OperationResult(
        f"POST /{text}",
        (made, doubt, apart),
        source=f"/project/{text}",
        place=PLACE,
        blocked="",
        oracle=text,
        suggestion={text: [text, {"a": text}], "b": float("inf")},
        differences=(text,),
    )
    return report(
        whole,
        whole._replace(operation=text, blocked=text, source="", place=None),
        target=text,
        profile=text,
        document=f"/project/{text}",
        interrupted=text,
        notes=(text,),
        tool=text,
    )
