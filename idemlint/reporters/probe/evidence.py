"""What a check's exchanges amount to, in the form in which every report for people tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from idemlint.probe_report import IN_PROCESS, Verdict
from idemlint.reporters.places import relative

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from idemlint.findings import Severity
    from idemlint.probe_report import (
        BurstRecord,
        CheckResult,
        EffectCount,
        ExchangeRecord,
        OperationResult,
        ProbeReport,
    )


class KeyGroup(NamedTuple):
    """The requests that carried one key, in the order in which they were released or sent."""

    key: str
    """Empty: they carried none."""
    exchanges: tuple[ExchangeRecord, ...]

    @property
    def ran(self) -> tuple[ExchangeRecord, ...]:
        """Those that did work of their own."""
        return tuple(each for each in self.exchanges if each.ran)

    @property
    def twice(self) -> bool:
        """Whether the work of one key ran more than once."""
        return bool(self.key) and len(self.ran) > 1

    @property
    def overlap(self) -> tuple[float, float] | None:
        """From when until when at least two of them were at work at once; None if that is not known.

        At work is a request from its release to the first byte of its answer.
        """
        spans = sorted(
            (each.released, each.first_byte)
            for each in (self.ran if self.twice else self.exchanges)
            if each.released is not None and each.first_byte is not None and each.first_byte > each.released
        )
        best: tuple[float, float] | None = None
        latest = float("-inf")
        for released, first_byte in spans:
            end = min(latest, first_byte)
            if end > released and (best is None or end - released > best[1] - best[0]):
                best = released, end
            latest = max(latest, first_byte)
        return best


def by_key(exchanges: Iterable[ExchangeRecord]) -> list[KeyGroup]:
    """Groups, those first whose work ran more than once."""
    groups: dict[str, list[ExchangeRecord]] = {}
    for each in exchanges:
        groups.setdefault(each.key, []).append(each)
    found = [KeyGroup(key, tuple(sorted(each, key=_sent))) for key, each in groups.items()]
    return sorted(found, key=lambda group: not group.twice)


def _sent(exchange: ExchangeRecord) -> float:
    return exchange.started if exchange.released is None else exchange.released


def of_burst(check: CheckResult, burst: BurstRecord) -> list[KeyGroup]:
    """The exchanges of one burst as far as the check kept them."""
    numbers = set(burst.exchanges)
    return by_key(each for each in check.exchanges if each.number in numbers)


def deciding_burst(check: CheckResult) -> BurstRecord | None:
    """The burst that a story tells of: the one in which a key ran twice, else the first of which enough was kept."""
    best: BurstRecord | None = None
    for burst in check.bursts:
        groups = of_burst(check, burst)
        if any(group.twice for group in groups):
            return burst
        if best is None and sum(len(group.exchanges) for group in groups) > 1:
            best = burst
    return best


_HARM: Final = ("replay", "concurrency", "faults", "scope")
"""Groups whose safety is that of an ordinary retry: the work is done twice, or somebody gets another's answer."""


def failures(report: ProbeReport) -> list[tuple[OperationResult, CheckResult]]:
    """Failed checks, the most harmful first: those that meet an ordinary retry, other safety, conformance; in each the
    graver ones. Of one check all operations stand together, in their order.
    """
    found = report.failures()
    worst: dict[str, tuple[int, Severity]] = {}
    for _, check in found:
        harm = 2 if check.axis != "safety" else 0 if check.group in _HARM else 1
        worst[check.id] = min(worst.get(check.id, (harm, check.severity)), (harm, check.severity))
    order = list(dict.fromkeys(check.id for operation in report.operations for check in operation.checks))
    return sorted(found, key=lambda pair: (worst[pair[1].id], order.index(pair[1].id)))


def said(exchange: ExchangeRecord) -> str:
    """`201`, or why there is no answer."""
    return str(exchange.status) if exchange.status is not None else exchange.error or "no answer"


def hidden(check: CheckResult) -> bool:
    """Whether safety failed on a count of effects, while the answers do not tell which requests caused them."""
    return (
        check.verdict is Verdict.FAIL
        and check.axis == "safety"
        and check.effects is not None
        and check.effects.least > 1
        and all(each.ran is None for each in check.exchanges)
    )


def succeeded(exchange: ExchangeRecord) -> bool:
    return 200 <= (exchange.status or 0) < 300


def note(exchange: ExchangeRecord, *, unclear: bool = False) -> str:
    """`ran`, `replay` or nothing; `unclear`, as `hidden` says: what succeeded may have run, whatever it says of itself."""
    if unclear and succeeded(exchange):
        return "may have run"
    return "ran" if exchange.ran else "replay" if exchange.replay else ""


def identity(exchange: ExchangeRecord) -> str:
    """The end of an answer's Location, or the id in its body: what a person tells resources apart by."""
    if exchange.response is None:
        return ""
    for name, value in exchange.response.headers:
        if name.lower() == "location" and value:
            return value.rstrip("/").rpartition("/")[2][:40]
    import json

    try:
        data = json.loads(exchange.response.body)
    except (ValueError, RecursionError):
        return ""
    found = data.get("id") if isinstance(data, dict) else None
    return str(found)[:40] if isinstance(found, (str, float)) or _small(found) else ""


def _small(value: object) -> bool:
    """A number that may be written out: Python refuses those of more than some thousand digits."""
    return isinstance(value, int) and abs(value) < 1 << 128


def duration(seconds: float) -> str:
    """`38 µs`, `1.2 ms`, `4.0 s`."""
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.1f} ms"
    return f"{seconds:.1f} s"


def spread(exchanges: Sequence[ExchangeRecord]) -> float:
    """Seconds between the first and the last release."""
    moments = [each.released for each in exchanges if each.released is not None]
    return max(moments) - min(moments) if moments else 0.0


def seen_by(effects: EffectCount) -> str:
    """`the mock's counter: 31 before, 71 after`."""
    if effects.before is not None and effects.after is not None:
        text = f"{effects.oracle}, {effects.before} before, {effects.after} after"
    else:
        text = f"{effects.oracle}, {counted(effects.least, 'effect')}"
    if not effects.exact and effects.before is not None:
        text += f" (the answers tell of {effects.least} or more)"
    elif not effects.exact:
        text += " (at least)"
    if not effects.attributed:
        text += " (somebody else may have caused some of them)"
    return text


def racing(check: CheckResult) -> str:
    """`40 effects of 20 keys`, where the check says how many keys it raced for; else empty.

    Those that the answers name count, though the oracle may not show them: they are what failed.
    """
    keys = check.details.get("keys")
    if check.effects is None or not check.bursts or not isinstance(keys, int):
        return ""
    return f"{counted(max(check.effects.least, len(check.effects.ids)), 'effect')} of {counted(keys, 'key')}"


def counted(number: int, noun: str) -> str:
    """`1 effect`, `2 effects`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def sentence(text: str) -> str:
    """With a capital in front and a full stop behind, unless it asks."""
    text = text.strip().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('?', '!')) else '.'}" if text else ""


def tally(report: ProbeReport) -> list[str]:
    """`1 safety failure`, `2 inconclusive`, ...: what there is none of is left out."""
    summary = report.summary
    failed = report.failures()
    safety = sum(check.axis == "safety" for _, check in failed)
    weak = sum(
        check.weak and check.verdict is Verdict.PASS and check.axis != "control"
        for operation in report.operations
        for check in operation.checks
    )
    parts = [
        (safety, counted(safety, "safety failure")),
        (len(failed) - safety, counted(len(failed) - safety, "conformance failure")),
        (summary.inconclusive, f"{summary.inconclusive} inconclusive"),
        (summary.skipped, f"{summary.skipped} skipped"),
        (summary.passed, f"{summary.passed} passed" + (f" ({weak} of them weakly)" if weak else "")),
    ]
    return [text for number, text in parts if number] or ["nothing was checked"]


def concurrency(report: ProbeReport) -> str:
    """How much was raced, and what would have been seen; empty if nothing was."""
    if not report.rounds:
        return ""
    bound = "which windows would have been seen was not measured (--calibrate does)"
    if report.bound is not None:
        bound = f"windows of {duration(report.bound)} or more would have been seen (calibrated)"
    return f"{counted(report.rounds, 'burst')}, overlap shown in {report.overlapping}; {bound}."


def replay_command(report: ProbeReport, operation: OperationResult, check: CheckResult, base: str) -> str:
    """What to type to have one check run again, with the same seed: from the report as JSON where one was written."""
    from shlex import quote

    parts = ["idemlint", "probe"]
    if report.document and not report.document.startswith("<"):
        parts.append(relative(report.document, base))
    if report.saved:
        parts += ["--replay", relative(report.saved, base), "--check", check.id]
    else:
        parts += ["--url", report.target] if report.target != IN_PROCESS else []
        parts += ["--profile", report.profile, "--seed", str(report.seed), "--select", check.id]
    parts += report.again or (["--app", "MODULE:ATTR"] if report.target == IN_PROCESS else [])
    parts += ["--only", operation.operation]
    return " ".join(map(quote, parts))
