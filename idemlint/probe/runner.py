"""A run, as a stream of events: operation by operation, check by check, until the plan, the budget or the user ends it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

from idemlint.errors import IdemlintError
from idemlint.probe.check import inconclusive
from idemlint.probe.client import AuthLostError, BudgetUsedUpError, RunEndedError, TargetLostError
from idemlint.probe.needs import KEYED
from idemlint.probe.recording import record, result_of
from idemlint.probe_report import (
    CheckFinished,
    CheckResult,
    CheckStarted,
    OperationFinished,
    OperationResult,
    OperationStarted,
    ProbeReport,
    RunFinished,
    RunStarted,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Check, Outcome
    from idemlint.probe.client import Client
    from idemlint.probe.exchange import Exchange
    from idemlint.probe.masking import Masking
    from idemlint.probe_report import Event, ExchangeRecord, Plan

_HOPEFUL: Final = 2
"""A check is tried while half of what it may need at most is left: few need that much."""


class Preparation(Protocol):
    """Makes what a bench needs before the first check: may send requests, and end the run by RunEndedError."""

    async def begin(self, benches: Sequence[Bench]) -> None: ...

    async def prepare(self, bench: Bench) -> None: ...

    async def finish(self) -> list[str]:
        """After the last check: what was made is taken down. Notes for the report."""


class Run:
    """One probe of one target. `events` may be left at any moment; `report` then says what is known."""

    def __init__(
        self,
        *,
        plan: Plan,
        benches: Sequence[Bench],
        checks: Sequence[Check],
        client: Client,
        masking: Masking,
        preparation: Preparation,
        keep_exchanges: bool = False,
        calibrate: bool = False,
    ) -> None:
        self.plan = plan
        self.benches = benches
        self.checks = checks
        self.client = client
        self.masking = masking
        self.origin = time.perf_counter()
        self.began = time.time()
        self.ended = ""
        """Why the run ended early."""
        self.lost = False
        """It ended since the target no longer answers, or no longer takes the credentials."""
        self.bound: float | None = None
        self.notes: list[str] = list(plan.notes)
        self.tool = ""
        self.document = benches[0].references.root.source if benches else ""
        self._preparation = preparation
        self._calibrate = calibrate
        self._finished: list[OperationResult] = []
        self._current: list[CheckResult] = []
        """Of the operation behind the finished ones."""
        self._rounds = 0
        self._overlapping = 0
        self._shown = 0
        """Exchanges that results hold as evidence."""
        self._kept: list[ExchangeRecord] = []
        if keep_exchanges:
            client.watch = lambda exchange: self._kept.append(record(exchange, masking, origin=self.origin))

    async def events(self) -> AsyncIterator[Event]:
        """Never raises for what the target does."""
        yield RunStarted(self.plan)
        await self._prepare()
        for bench in self.benches:
            self._current = []
            yield OperationStarted(bench.label, len(self.checks))
            for check in self.checks:
                yield CheckStarted(bench.label, check.id)
                result = await self._result(check, bench)
                self._current.append(result)
                yield CheckFinished(bench.label, result, self.client.sent)
            self._finished.append(_operation(bench, self._current, self.masking))
            self._current = []
            bench.forget()
            yield OperationFinished(self._finished[-1])
        await self._calibrated()
        await self.finish()
        yield RunFinished(self.report())

    async def _calibrated(self) -> None:
        """Measure which windows the bursts would have shown, if that is wanted and there were bursts enough to say so."""
        if not self._calibrate or self.ended:
            return
        from idemlint.probe.transport.calibration import CLEAN_BURSTS
        from idemlint.probe.transport.canary import calibrate_gate

        if not self.client.link.over_the_wire:
            self.notes.append("not calibrated: the canaries are servers, and the application runs in this process")
        elif self._overlapping < CLEAN_BURSTS:
            self.notes.append(f"not calibrated: overlap was shown in fewer than {CLEAN_BURSTS} bursts")
        else:
            try:
                self.bound = (await calibrate_gate(self.benches[0].options.burst)).certified
            except RuntimeError as error:
                self.notes.append(f"not calibrated: {error}")
                return
            if self.bound is None:
                self.notes.append("calibrated: this machine is too busy for the shortest race that could be claimed")

    async def finish(self) -> None:
        """To be called by whoever leaves `events` before its end."""
        try:
            self.notes += await self._preparation.finish()
        except Exception as error:  # noqa: BLE001 - the user's own code among others
            self.notes.append(f"cleaning up failed: {type(error).__name__}: {error}"[:300])

    def report(self) -> ProbeReport:
        """What is known by now. Where the run ended early, what was not asked any more is inconclusive for that reason."""
        operations = list(self._finished)
        left = self.benches[len(operations) :]
        if self.ended:
            for index, bench in enumerate(left):
                known = self._current if index == 0 else []
                operations.append(
                    _operation(bench, [*known, *self._unasked(bench, self.checks[len(known) :])], self.masking)
                )
        elif left and self._current:
            operations.append(_operation(left[0], self._current, self.masking))
        return ProbeReport(
            target=self.plan.target,
            profile=self.plan.profile,
            suite=self.plan.suite,
            seed=self.plan.seed,
            operations=tuple(operations),
            requests=self.client.sent,
            budget=self.client.budget,
            seconds=time.perf_counter() - self.origin,
            interrupted=self.ended,
            rounds=self._rounds,
            overlapping=self._overlapping,
            bound=self.bound,
            notes=tuple(dict.fromkeys(map(self.masking.text, self.notes))),
            tool=self.tool,
            document=self.document,
            began=self.began,
            exchanges=tuple(self._kept),
        )

    async def _prepare(self) -> None:
        try:
            await self._preparation.begin(self.benches)
            for bench in self.benches:
                await self._prepare_one(bench)
        except RunEndedError as reason:
            self._end(reason)

    async def _prepare_one(self, bench: Bench) -> None:
        """What goes wrong with one operation must not keep the others from being probed."""
        try:
            await self._preparation.prepare(bench)
        except RunEndedError:
            raise
        except Exception as error:  # noqa: BLE001
            where = f"{type(error).__name__}: {error}"[:300]
            bench.facts.blocked = f"no request could be made: {where}"
            self.notes.append(f"{bench.label}: making a request failed ({where}); please report it")

    async def _result(self, check: Check, bench: Bench) -> CheckResult:
        """Whatever a server sends, the other checks and the report go on."""
        try:
            outcome = await self._outcome(check, bench)
            result = self._recorded(check, outcome, bench)
        except Exception as error:  # noqa: BLE001
            where = f"{type(error).__name__}: {error}"
            self.notes.append(
                f"{check.id} could not judge what it saw on {bench.label} ({where[:300]}); please report it"
            )
            return self._recorded(check, inconclusive(f"the check itself failed: {where[:300]}"), bench)
        self._count(bench)
        if outcome.difference:
            bench.differences.append(outcome.difference)
        bench.observed.update(outcome.observed)
        return result

    async def _outcome(self, check: Check, bench: Bench) -> Outcome:
        if self.ended:
            return self._unasked_outcome(check, bench)
        for need in check.needs:
            missing = need.missing(bench)
            if missing is not None:
                return missing
        if check.requests > _HOPEFUL * self.client.left:
            return self._too_dear(f"budget: needs up to {check.requests} requests, {self.client.left} are left")
        bench.log.clear()
        bench.bursts.clear()
        try:
            return await check.run(bench)
        except BudgetUsedUpError as reason:
            return self._too_dear(f"budget: {reason}", tuple(bench.log))
        except RunEndedError as reason:
            self._end(reason)
            return inconclusive(self.ended, exchanges=tuple(bench.log))
        except IdemlintError as error:  # of the user's own hooks
            return inconclusive(str(error), exchanges=tuple(bench.log))

    def _too_dear(self, reason: str, exchanges: tuple[Exchange, ...] = ()) -> Outcome:
        """Of one check; others may need less."""
        self.notes.append(f"the budget of {self.client.budget} requests was too small for all checks (--max-requests)")
        return inconclusive(reason, exchanges=exchanges)

    def _end(self, reason: RunEndedError) -> None:
        self.ended = str(reason)
        self.lost = isinstance(reason, (AuthLostError, TargetLostError))

    def _recorded(self, check: Check, outcome: Outcome, bench: Bench) -> CheckResult:
        result = result_of(check, outcome, bench, self.masking, origin=self.origin, kept=self._shown)
        self._shown += len(result.exchanges)
        return result

    def _unasked(self, bench: Bench, checks: Sequence[Check]) -> list[CheckResult]:
        """Of checks that the end of the run prevented; the first of them may have been under way."""
        return [self._recorded(check, self._unasked_outcome(check, bench), bench) for check in checks]

    def _unasked_outcome(self, check: Check, bench: Bench) -> Outcome:
        missing = KEYED.missing(bench) if KEYED in check.needs else None
        return inconclusive(self.ended) if missing is None else missing

    def _count(self, bench: Bench) -> None:
        """All bursts that the check sent, also those that its evidence leaves out."""
        self._rounds += len(bench.bursts)
        self._overlapping += sum(burst.overlap for burst in bench.bursts)


def _operation(bench: Bench, results: Sequence[CheckResult], masking: Masking) -> OperationResult:
    node = bench.operation.use
    located = node.document.locate(node.path)
    return OperationResult(
        operation=bench.label,
        checks=tuple(results),
        source=node.document.source,
        place=located.key or located.value,
        blocked=masking.text(bench.facts.blocked),
        oracle=masking.text(bench.effects.name),
        suggestion=masking.data(dict(bench.observed)),
        differences=tuple(dict.fromkeys(map(masking.text, bench.differences))),
    )
