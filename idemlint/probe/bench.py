"""`Bench`: one operation under test, with all that a check needs to put questions to it."""

from __future__ import annotations

from dataclasses import replace
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from idemlint.probe.exchange import Call
from idemlint.probe.facts import Facts
from idemlint.probe.keys import fresh_key, goes_quoted, quoted
from idemlint.probe.principals import FIRST, SECOND
from idemlint.probe.samples import as_json, put
from idemlint.probe.uniqueness import for_key

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from idemlint.contract.profile import Profile
    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import References
    from idemlint.probe.client import Client
    from idemlint.probe.exchange import Burst, Exchange, Lines
    from idemlint.probe.expectations import Expectations
    from idemlint.probe.facts import Options
    from idemlint.probe.masks import Masks
    from idemlint.probe.oracle import Effects, Oracle, Reading
    from idemlint.probe.samples import RequestSample
    from idemlint.probe.sampling import SampleMaker
    from idemlint.probe.transport.answers import Hold, Stagger
    from idemlint.probe_report import EffectCount

T = TypeVar("T")


class Bench:
    """Sends what checks ask for, in the form that the operation wants, and remembers what was learned."""

    def __init__(
        self,
        *,
        operation: Operation,
        references: References,
        expectations: Expectations,
        client: Client,
        base_url: str,
        sample: RequestSample,
        other: RequestSample | None,
        effects: Effects,
        options: Options,
        oracles: Sequence[Oracle] = (),
        alternatives: Sequence[RequestSample] = (),
        hint: str = "",
        mock: bool = False,
    ) -> None:
        self.operation = operation
        self.references = references
        self.expected = expectations
        self.client = client
        self.base_url = base_url
        """Without a slash at the end."""
        self.sample = sample
        """`b`: a valid request."""
        self.other = other
        """`b'`: valid too, different in one significant member; None if there is no such."""
        self.effects = effects
        self.options = options
        self.oracles = oracles
        """Ways of counting effects, the strongest first; `effects` takes the first that CTL-01 proves."""
        self.alternatives = list(alternatives)
        """Other valid requests, for the case that the target refuses `sample`."""
        self.hint = hint
        """How the user can give a valid request, where none could be made."""
        self.mock = mock
        """The target is idemlint's own mock with its switches on (gate G8)."""
        self.facts = Facts()
        self.random = Random(f"{options.seed} {operation.label}")  # noqa: S311 - reproducible, not secret
        self.fresh = SystemRandom()
        """For keys: the same seed must not meet the keys of an earlier run."""
        self.quote = goes_quoted(expectations)
        """Whether keys go out in the quotes of a structured field's string (section 2.1 of the draft)."""
        self.log: list[Exchange] = []
        """Exchanges with the operation itself since the current check began."""
        self.bursts: list[Burst] = []
        self.siblings: tuple[Bench, ...] = ()
        """Other operations of the run for which a valid request could be made (FPR-05)."""
        self.maker: SampleMaker | None = None
        """Makes further requests, to another parent say (FPR-06)."""
        self.differences: list[str] = []
        """How the server differs from document or profile."""
        self.observed: dict[str, Any] = {}
        """Members of the suggested `x-idempotency` block."""
        self.renewing = False
        """CTL-01: the target wants some members to be unique, so each key goes with values of its own there."""
        self.read_headers: Lines = (("Accept", "application/json"), ("Cache-Control", "no-cache"))
        """Of the probe's own reads. No key among them: on a GET one could overwrite a stored answer."""
        self.success: Exchange | None = None
        """The latest exchange that succeeded."""
        self._memo: dict[str, Any] = {}
        self._first_sent: dict[str, str] = {}
        """By key, when its first request went out: a retry says the same (Repeatability-First-Sent)."""

    @property
    def label(self) -> str:
        return self.operation.label

    @property
    def profile(self) -> Profile:
        return self.expected.profile

    @property
    def masks(self) -> Masks:
        return self.effects.masks

    @property
    def key_header(self) -> str:
        """Name of the key's header as the document spells it."""
        parameter = self.expected.parameter
        return parameter.name if parameter is not None else self.expected.name

    def wire(self, key: str) -> str:
        """A key as it goes out in a header: quoted where that is asked for."""
        return quoted(key) if self.quote else key

    def key(self) -> str:
        """A fresh key that the operation should take: bare, whatever form it goes out in."""
        return fresh_key(self.fresh, self.expected)

    def uuid(self) -> str:
        return str(UUID(int=self.fresh.getrandbits(128), version=4))

    def call(
        self,
        label: str,
        *,
        key: str | None = None,
        sample: RequestSample | None = None,
        principal: str = FIRST,
        lines: Sequence[str] | None = None,
        more: Lines = (),
        body: bytes | None = None,
        url: str | None = None,
        method: str | None = None,
        refusal_expected: bool = False,
    ) -> Call:
        """A request of the operation, not sent yet.

        `key` is put where the profile carries it, quoted where that is asked for; `lines` instead gives the values of
        the key's header lines exactly as they go out. `more` are header lines on top, `body` replaces the bytes.
        """
        sample = self.sample if sample is None else sample
        if self.renewing:
            sample, body = for_key(sample, body, key if key is not None else "".join(lines or ()))
        headers = list(sample.headers)
        value = sample.value
        query = sample.query
        expected = self.expected
        if expected.location == "header":
            values = lines if lines is not None else [] if key is None else [self.wire(key)]
            headers += [(self.key_header, each) for each in values]
            companion = self.profile.carrier.companion
            if companion is not None and values:
                headers.append((companion, self._first_sent.setdefault(values[0], _http_date())))
        elif key is not None:
            if expected.location == "parameter" and (
                expected.parameter is None or expected.parameter.location == "query"
            ):
                query = (*query, (expected.name, key))
            else:
                name = expected.name
                value = put(value, name if name.startswith("/") else f"/{name}", key)
        content = sample.encode(value) if body is None else body
        if content and sample.media_type is not None:
            headers.append(("Content-Type", sample.media_type))
        headers += more
        return Call(
            label,
            (method or self.operation.method).upper(),
            url or self.base_url + sample.target(query),
            tuple(headers),
            content,
            principal,
            refusal_expected or principal not in (FIRST, SECOND),
        )

    async def send(self, label: str, *, key: str | None = None, **more: Any) -> Exchange:
        """`call`, sent."""
        return await self.send_call(self.call(label, key=key, **more))

    async def send_call(self, call: Call) -> Exchange:
        exchange = await self.client.send(call)
        return self.noted(exchange)

    async def send_lines(self, label: str, *lines: bytes, sample: RequestSample | None = None) -> Exchange:
        """A request whose key stands in exactly these field lines, name, colon and all, as no HTTP library sends them."""
        place = self.uuid()
        sample = self.sample if sample is None else sample
        if self.renewing:
            sample, _ = for_key(sample, None, b"".join(lines[:1]).partition(b":")[2].decode("latin-1"))
        call = self.call(label, lines=[place], sample=replace(sample, unique=()))
        message = self.client.message_of(call)
        head, blank, body = message.partition(b"\r\n\r\n")
        kept: list[bytes] = []
        for line in head.split(b"\r\n"):
            kept += lines if place.encode() in line else (line,)
        return self.noted(await self.client.raw(call, b"\r\n".join(kept) + blank + body))

    async def burst(self, calls: Sequence[Call], *, hold: Hold, stagger: Stagger | None = None) -> Burst:
        burst = await self.client.burst(calls, hold=hold, stagger=stagger)
        self.bursts.append(burst)
        for exchange in burst.exchanges:
            self.noted(exchange)
        return burst

    def noted(self, exchange: Exchange) -> Exchange:
        """Remember an exchange with the operation."""
        self.log.append(exchange)
        if exchange.ok:
            self.success = exchange
            if self.maker is not None:
                self.maker.note(self.operation, exchange)
        if exchange.status is not None and not exchange.call.refusal_expected:
            self.facts.statuses.setdefault(exchange.status, exchange)
        if any(name.lower().startswith("access-control-") for name, _ in exchange.headers):
            self.facts.serves_browsers = True
        return exchange

    def item_call(self, exchange: Exchange | None) -> Call | None:
        """A GET of the resource that an answer tells of: its Location, else its id in an item path of the document."""
        if exchange is None or not exchange.ok:
            return None
        from idemlint.probe.reading import item_url

        url = item_url(self, exchange)
        return None if url is None else Call("read", "GET", url, self.read_headers, principal=exchange.call.principal)

    async def move_clock(self, seconds: float) -> None:
        """The mock's clock, forwards; just with `mock`."""
        body = as_json({"seconds": seconds})
        headers = (("Content-Type", "application/json"),)
        await self.client.send(Call("clock", "POST", f"{self.base_url}/_idemlint/clock", headers, body, "none"))

    async def before(self) -> Reading:
        """Start counting effects."""
        return await self.effects.before(self.client.sent)

    async def since(self, before: Reading, exchanges: Sequence[Exchange]) -> EffectCount:
        """Effects since `before`; `exchanges` are those that may have had one."""
        return await self.effects.since(before, exchanges, sent=lambda: self.client.sent)

    async def once(self, name: str, sequence: Callable[[Bench], Awaitable[T]]) -> T:
        """The result of a sequence that several checks look at, sent just once."""
        if name not in self._memo:
            self._memo[name] = await sequence(self)
        found: T = self._memo[name]
        return found

    def forget(self) -> None:
        """Let go of the answers that were remembered for further checks: they may be large, and operations many."""
        self._memo.clear()
        self._first_sent.clear()
        self.log.clear()
        self.bursts.clear()
        self.facts.statuses.clear()
        self.facts.errors.clear()

    def replayed(self, exchange: Exchange) -> bool | None:
        return self.expected.replayed(exchange)

    def same_answer(self, first: Exchange, second: Exchange) -> bool | None:
        """Whether the second was served with the first's result: by its own word, or because it names what the first made.

        None: the answers of this operation do not tell one execution from another.
        """
        if not (first.ok and second.ok):
            return False
        return True if self.replayed(second) else self.masks.same(first, second)

    def same_resource(self, first: Exchange, second: Exchange) -> bool:
        """Whether requests to different resources were answered with one: their ids differ whether executions do or not."""
        return first.ok and second.ok and (self.masks.alike(first, second) is True or bool(self.replayed(second)))

    def is_marker(self, name: str) -> bool:
        """Whether a response header tells a replay, and so may differ between the first answer and the others."""
        return self.expected.is_marker(name)


def _http_date() -> str:
    from email.utils import formatdate

    return formatdate(usegmt=True)
