"""What a run of `probe` comes to: the input of its reporters, and the events that lead there.

Plain data, secrets masked already. Times are seconds since the run began unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from idemlint.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idemlint.findings import Range

SCHEMA_VERSION: Final = 1
IN_PROCESS: Final = "http://app.invalid"
"""Target of a run against an application in this process: a name that can have no server (RFC 6761, section 6.4)."""
Axis: TypeAlias = Literal["safety", "conformance", "control"]

GROUPS: Final = (
    "controls",
    "key",
    "replay",
    "errors",
    "payload",
    "scope",
    "concurrency",
    "faults",
    "expiry",
    "format",
    "cors",
    "methods",
    "carriers",
)
"""Columns of the matrix, in their order."""


class Verdict(StrEnum):
    """What a check found."""

    PASS = "pass"  # noqa: S105 - a verdict
    """The promise was kept, and what had to be proven first was proven."""
    FAIL = "fail"
    """The promise was refuted by evidence that the report holds."""
    INCONCLUSIVE = "inconclusive"
    """Something that had to be proven first was not, or what was seen has an innocent explanation."""
    SKIPPED = "skipped"
    """It does not apply, is not permitted, or the profile does not know."""


class Message(NamedTuple):
    """One side of an exchange as it went over the wire, masked."""

    start: str
    """`POST /payments HTTP/1.1`, or `HTTP/1.1 201 Created`."""
    headers: tuple[tuple[str, str], ...]
    body: str
    """Text; binary as `base64:...`; cut at `BODY_KEPT` characters."""
    size: int = 0
    """Bytes of the whole body."""


BODY_KEPT: Final = 16_384


class ExchangeRecord(NamedTuple):
    """What was sent and what was seen."""

    number: int
    """Counts from 1 over the run."""
    label: str
    """What it was for: `first`, `duplicate`, `other payload`, `list`."""
    url: str
    request: Message
    response: Message | None
    error: str
    """Why there is no response: `connection reset`, `timed out after 10 s`; empty if there is one."""
    started: float
    ended: float
    released: float | None = None
    """In a burst: when its last byte went out."""
    first_byte: float | None = None
    ran: bool | None = None
    """Whether this one did work of its own, where that could be told."""
    replay: bool | None = None
    """Whether the answer said of itself that it is a replay."""
    key: str = ""
    """The idempotency key that it carried, wherever that stands; empty if it carried none."""

    @property
    def status(self) -> int | None:
        return int(self.response.start.split(" ")[1]) if self.response is not None else None


class BurstRecord(NamedTuple):
    """Requests that were released together."""

    exchanges: tuple[int, ...]
    """Their numbers, in the order of release."""
    hold: str
    """`head` or `tail`: which part was withheld until the release."""
    protocol: str
    spread: float
    """Seconds between the first and the last release."""
    overlap: bool
    """Whether two of them were proven to be at work at once."""
    effects: int | None = None


class EffectCount(NamedTuple):
    """How often the work ran, by one oracle."""

    least: int
    exact: bool
    """False: there may be more, hidden ones."""
    oracle: str
    """`the mock's counter`, `GET /payments`, `ids in the answers`."""
    before: int | None = None
    after: int | None = None
    ids: tuple[str, ...] = ()
    attributed: bool = True
    """False: somebody else may have caused some of them."""


class CheckResult(NamedTuple):
    """One check of one operation."""

    id: str
    name: str
    group: str
    axis: Axis
    severity: Severity
    verdict: Verdict
    reason: str
    """One or two sentences; for a failure what happened, in numbers."""
    weak: bool = False
    """A pass that rests on less than it should; `reason` says what is missing."""
    promise: str = ""
    """What a server that keeps it does, in a sentence."""
    why: str = ""
    """Why it matters."""
    source: str = ""
    """The section of the standard, or the vendor's page, that asks for it."""
    exchanges: tuple[ExchangeRecord, ...] = ()
    bursts: tuple[BurstRecord, ...] = ()
    effects: EffectCount | None = None
    details: Mapping[str, Any] = {}
    """What else belongs to the evidence, as plain JSON data."""
    reproduce: str = ""
    """`curl` commands."""

    @property
    def evidence(self) -> dict[str, Any]:
        """As the JSON report has it."""
        evidence: dict[str, Any] = dict(self.details)
        if self.effects is not None:
            evidence["effects"] = self.effects._asdict()
        if self.exchanges:
            evidence["exchanges"] = [_exchange(exchange) for exchange in self.exchanges]
        if self.bursts:
            evidence["bursts"] = [burst._asdict() for burst in self.bursts]
        return evidence


def _exchange(exchange: ExchangeRecord) -> dict[str, Any]:
    data = exchange._asdict()
    data["request"] = exchange.request._asdict()
    data["response"] = exchange.response._asdict() if exchange.response is not None else None
    return data


class OperationResult(NamedTuple):
    """All checks of one operation."""

    operation: str
    """`POST /payments`."""
    checks: tuple[CheckResult, ...]
    """Controls first."""
    source: str = ""
    """The document in which the operation stands, and where its key is: for formats that point at a line."""
    place: Range | None = None
    blocked: str = ""
    """Why nothing could be asked of it at all, and how to mend that."""
    oracle: str = ""
    """How effects were counted."""
    suggestion: Mapping[str, Any] = {}
    """What was observed, as an `x-idempotency` block for the document."""
    differences: tuple[str, ...] = ()
    """Where the server does otherwise than the document or the profile says."""


class Summary(NamedTuple):
    passed: int = 0
    failed: int = 0
    inconclusive: int = 0
    skipped: int = 0
    requests: int = 0


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """A whole run, or as much of it as there was before it was stopped."""

    target: str
    profile: str
    suite: str
    seed: int
    operations: tuple[OperationResult, ...]
    requests: int = 0
    budget: int = 0
    seconds: float = 0.0
    interrupted: str = ""
    """Why it ended early: `interrupted`, `authentication was lost`, `the budget of 400 requests was used up`."""
    rounds: int = 0
    """Bursts of the concurrency checks."""
    overlapping: int = 0
    """Those of them in which overlap was proven."""
    bound: float | None = None
    """Seconds: a window of that length or more would have been seen. None: not calibrated."""
    notes: tuple[str, ...] = ()
    tool: str = ""
    """`idemlint 0.1.0`."""
    exchanges: tuple[ExchangeRecord, ...] = field(default=(), repr=False)
    """Every exchange of the run, where they were kept (`-f har`)."""
    document: str = ""
    """Absolute path or URL of the OpenAPI document; `<stdin>` if it came that way."""
    again: tuple[str, ...] = ()
    """Options that another run needs as well: the application, where credentials stand, hooks."""
    saved: str = ""
    """Absolute path of this report as JSON, which `--replay` reads; empty if it is not written."""
    began: float | None = None
    """When the run began, in seconds since 1970: what the times of its exchanges count from."""

    @property
    def summary(self) -> Summary:
        """Controls are not counted."""
        counts = dict.fromkeys(Verdict, 0)
        for operation in self.operations:
            for check in operation.checks:
                if check.axis != "control":
                    counts[check.verdict] += 1
        return Summary(
            counts[Verdict.PASS],
            counts[Verdict.FAIL],
            counts[Verdict.INCONCLUSIVE],
            counts[Verdict.SKIPPED],
            self.requests,
        )

    def failures(self, worst: Severity = Severity.HINT) -> list[tuple[OperationResult, CheckResult]]:
        """Failed checks as grave as `worst` or graver."""
        return [
            (operation, check)
            for operation in self.operations
            for check in operation.checks
            if check.verdict is Verdict.FAIL and check.axis != "control" and check.severity <= worst
        ]


class PlannedCheck(NamedTuple):
    """A check that will be tried with at most so many requests, or why not."""

    id: str
    requests: int
    skip: str = ""
    is_control: bool = False


class PlannedOperation(NamedTuple):
    operation: str
    checks: tuple[PlannedCheck, ...]
    blocked: str = ""


class Plan(NamedTuple):
    """What a run will do (`--dry-run` prints it)."""

    target: str
    profile: str
    suite: str
    seed: int
    budget: int
    operations: tuple[PlannedOperation, ...]
    notes: tuple[str, ...] = ()


class RunStarted(NamedTuple):
    plan: Plan


class OperationStarted(NamedTuple):
    operation: str
    checks: int


class CheckStarted(NamedTuple):
    operation: str
    id: str


class CheckFinished(NamedTuple):
    operation: str
    result: CheckResult
    requests: int
    """Sent so far in the run."""


class OperationFinished(NamedTuple):
    result: OperationResult


class RunFinished(NamedTuple):
    report: ProbeReport


Event: TypeAlias = RunStarted | OperationStarted | CheckStarted | CheckFinished | OperationFinished | RunFinished
