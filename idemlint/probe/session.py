"""Puts a run together: document, profile and settings to benches and a `Run`."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Final

from idemlint.errors import IdemlintError
from idemlint.openapi.operations import operations
from idemlint.probe.bench import Bench
from idemlint.probe.changing import changing_oracles
from idemlint.probe.client import Client, RunEndedError
from idemlint.probe.exchange import Call
from idemlint.probe.expectations import expectations_of
from idemlint.probe.facts import Options
from idemlint.probe.keys import KeyForms
from idemlint.probe.listing import list_oracles
from idemlint.probe.masking import Masking
from idemlint.probe.masks import Masks
from idemlint.probe.oracle import Effects, HookCount, MockCounter
from idemlint.probe.plan import chosen_checks, make_plan, probed
from idemlint.probe.principals import FIRST, NOBODY, SECOND, STRANGER, Principal, stranger_to
from idemlint.probe.runner import Run
from idemlint.probe.samples import RequestSample
from idemlint.probe.sampling import SampleMaker
from idemlint.probe.settings import DEFAULT_PROFILE
from idemlint.probe.undeclared import undeclared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.contract.profile import Profile
    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import References
    from idemlint.probe.client import Link
    from idemlint.probe.expectations import Expectations
    from idemlint.probe.oracle import Oracle
    from idemlint.probe.settings import Settings
    from idemlint.probe_report import Plan

_TAG: Final = "idemlint-"


class Session:
    """One target, one document."""

    def __init__(self, references: References, profile: Profile, settings: Settings) -> None:
        self.references = references
        self.profile = profile
        self.settings = settings
        self.checks = chosen_checks(settings)
        known = operations(references)
        # Who names a vendor's profile says that its server takes keys, which most documents never mention.
        self.silent = profile.name != DEFAULT_PROFILE and not any(
            expectations_of(each, profile).keyed for each in known
        )
        found: list[tuple[Operation, Expectations]] = []
        for operation in known:
            expected = self.expectations(operation)
            if probed(operation, expected, profile) and settings.wanted(operation):
                found.append((operation, expected))
        self.operations = found
        self.tag = f"{_TAG}{token_hex(5)}"

    def expectations(self, operation: Operation) -> Expectations:
        return expectations_of(operation, self.profile, silent=self.silent)

    def plan(self) -> Plan:
        return make_plan(self.settings, self.profile, self.operations, self.checks)

    def run(self, link: Link) -> Run:
        """Ready to go; nothing is sent before its events are asked for."""
        settings, plan = self.settings, self.plan()
        principals = dict(settings.principals)
        principals.setdefault(FIRST, Principal(FIRST))
        principals[NOBODY] = Principal(NOBODY)
        principals[STRANGER] = stranger_to(principals[FIRST])
        client = Client(link, principals, budget=plan.budget, rate=settings.rate, max_wait=settings.max_wait)
        masking = Masking(
            secret for each in principals.values() if each.name in (FIRST, SECOND) for secret in each.secrets
        )
        for principal in principals.values():
            for name, _ in principal.headers:
                masking.add_name(name)
        benches = [self._bench(operation, expected, client) for operation, expected in self.operations]
        forms = KeyForms()
        for bench in benches:
            bench.facts.forms = forms
            bench.siblings = tuple(each for each in benches if each is not bench)
        return Run(
            plan=plan,
            benches=benches,
            checks=self.checks,
            client=client,
            masking=masking,
            preparation=_Preparation(self, client, forms),
            keep_exchanges=settings.keep_exchanges,
            calibrate=settings.calibrate,
        )

    @property
    def base_url(self) -> str:
        return self.settings.url.rstrip("/")

    def _bench(self, operation: Operation, expected: Expectations, client: Client) -> Bench:
        settings = self.settings
        bench = Bench(
            operation=operation,
            references=self.references,
            expectations=expected,
            client=client,
            base_url=self.base_url,
            sample=RequestSample(operation.template, {}),
            other=None,
            effects=Effects(None, Masks(ignored=_only_in_replays(self.profile))),
            options=Options(
                seed=settings.seed,
                burst=settings.burst,
                rounds=settings.rounds,
                max_wait=settings.max_wait,
                cleanup=settings.cleanup,
                tag=self.tag,
            ),
        )
        bench.facts.blocked = (
            "the run ended before a request could be made" if expected.keyed else undeclared(operation, expected)
        )
        return bench


def _only_in_replays(profile: Profile) -> frozenset[str]:
    """Members that the profile adds to a replay, which no comparison with the first answer may count."""
    name = profile.replay.body_field
    return frozenset() if name is None else frozenset({f"/{name}"})


class _Preparation:
    """Finds out what the target is, and makes requests that it should take."""

    def __init__(self, session: Session, client: Client, forms: KeyForms) -> None:
        settings = session.settings
        self._session = session
        self._client = client
        self._mock = False
        self._maker = SampleMaker(
            session.references,
            client=client,
            base_url=session.base_url,
            expectations=session.expectations,
            settings=settings.operations,
            hooks=settings.hooks,
            tag=session.tag,
            seed=settings.seed,
            forms=forms,
        )

    async def begin(self, benches: Sequence[Bench]) -> None:
        """Whether the target is idemlint's own mock with its switches on."""
        url = f"{self._session.base_url}/_idemlint/effects"
        exchange = await self._client.send(Call("effects", "GET", url, principal=NOBODY, refusal_expected=True))
        self._mock = (
            exchange.ok and isinstance(exchange.json, dict) and isinstance(exchange.json.get("operations"), dict)
        )

    async def prepare(self, bench: Bench) -> None:
        bench.mock = self._mock
        bench.maker = self._maker
        if not bench.expected.keyed:
            return
        try:
            made = await self._maker.make(bench.operation)
        except RunEndedError:
            raise
        except IdemlintError as error:
            bench.facts.blocked = str(error)
            return
        bench.alternatives = list(made.alternatives)
        bench.other = made.other
        bench.hint = made.hint
        bench.facts.blocked = made.blocked if made.sample is None else ""
        if made.sample is not None:
            bench.sample = made.sample
        bench.oracles = self._oracles(bench.operation, bench.sample, bench.other)

    async def finish(self) -> list[str]:
        return await self._maker.finish(clean_up=self._session.settings.cleanup)

    def _oracles(self, operation: Operation, sample: RequestSample, other: RequestSample | None) -> Sequence[Oracle]:
        """Ways of counting effects, the strongest first."""
        found: list[Oracle] = []
        session, client = self._session, self._client
        hooks = session.settings.hooks
        if hooks is not None and hooks.counts_effects:
            found.append(HookCount("the hook count_effects", lambda: hooks.count_effects(operation.label)))
        if self._mock:
            found.append(MockCounter(client, session.base_url, operation.label))
        lists = list_oracles(
            session.references,
            operation,
            sample,
            client=client,
            base_url=session.base_url,
            tag=session.tag,
            sampler=self._maker.sampler,
            expectations=self._maker.expectations,
        )
        found += lists[:1] if self._mock else lists
        if not found:
            found += changing_oracles(
                session.references, operation, sample, other, client=client, base_url=session.base_url
            )
        return found
