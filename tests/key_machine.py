"""Three clients that use two keys in every order, with crashes and expiry at each step, against a model of a few lines."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from idemlint.mock.keys import FOREVER, Record, Standing, standing
from idemlint.mock.messages import Answer, Effect

LEASE = 30.0
TTL = 100.0
OPERATION = "POST /payments"
KEYS = ("a" * 32, "b" * 32)
CLIENTS = ("one", "two", "three")

keys = st.sampled_from(KEYS)
clients = st.sampled_from(CLIENTS)
payloads = st.sampled_from(["payload", "another payload"])
lives = st.sampled_from([TTL, TTL, 0.25, FOREVER])
pauses = st.sampled_from([0.0, 0.5, LEASE - 0.5, LEASE, TTL - LEASE, TTL, 1000.0])


class Run(NamedTuple):
    """What a client that won a key remembers."""

    key: str
    owner: str
    payload: str
    claimed: float


class Fact(NamedTuple):
    """All that the model knows of a key: from `until` on, it is free."""

    owner: str
    payload: str
    until: float
    answer: Answer | None


class KeyMachine(RuleBasedStateMachine):
    """`backend` has the methods of a store, without `await`."""

    backend: Any

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_700_000_000.0
        self.serial = 0
        self.runs: dict[str, Run] = {}
        self.ended: dict[str, str] = {}
        """Owner token of each client's last run that it ended itself."""
        self.facts: dict[str, Fact] = {}
        self.effects: dict[str, list[tuple[float, float]]] = {key: [] for key in KEYS}
        """When the run of each effect was claimed, and when its record ends."""

    @initialize()
    def start(self) -> None:
        self.backend.reset()

    def fact(self, key: str) -> Fact | None:
        """What stands in the way of a claim."""
        fact = self.facts.get(key)
        return fact if fact is not None and self.now < fact.until else None

    def owns(self, run: Run) -> bool:
        fact = self.facts.get(run.key)
        return fact is not None and fact.owner == run.owner and fact.answer is None

    @rule(client=clients, key=keys, payload=payloads)
    def request(self, client: str, key: str, payload: str) -> None:
        self.serial += 1
        owner = f"{client}-{self.serial}"
        fact = self.fact(key)
        before = self.facts.get(key)
        claim = self.backend.claim(key, fingerprint=payload, owner=owner, now=self.now, lease=LEASE)
        assert claim.won is (fact is None)
        if fact is None:
            # A crashed run's lease shows as no expiry of a key; a finished one's end does.
            assert claim.expired is (before is not None and before.answer is not None)
            self.runs[client] = Run(key, owner, payload, self.now)
            self.facts[key] = Fact(owner, payload, self.now + LEASE, None)
            return
        assert claim.found == Record(fact.payload, fact.owner, fact.until, fact.answer)
        if fact.payload != payload:
            assert standing(claim.found, payload) is Standing.MISMATCH
        else:
            assert standing(claim.found, payload) is (Standing.IN_FLIGHT if fact.answer is None else Standing.DUPLICATE)

    @rule(client=clients, life=lives, body=st.binary(max_size=20))
    def finish(self, client: str, life: float, body: bytes) -> None:
        run = self.runs.pop(client, None)
        if run is None:
            return
        self.ended[client] = run.owner
        answer = Answer(201, (("content-type", "text/plain"), ("x-run", run.owner)), body)
        effect = Effect(OPERATION, "create", "", run.key, run.owner, b"{}")
        owns = self.owns(run)
        written = self.backend.complete(
            run.key, owner=run.owner, answer=answer, expires=self.now + life, effects=[effect]
        )
        assert written.value == ("done" if owns else "lost")
        if owns:
            self.facts[run.key] = Fact(run.owner, run.payload, self.now + life, answer)
            self.effects[run.key].append((run.claimed, self.now + life))

    @rule(client=clients)
    def give_up(self, client: str) -> None:
        run = self.runs.pop(client, None)
        if run is not None:
            self.ended[client] = run.owner
            owns = self.owns(run)
            assert self.backend.release(run.key, owner=run.owner).value == ("done" if owns else "lost")
            if owns:
                del self.facts[run.key]

    @rule(client=clients)
    def stay_alive(self, client: str) -> None:
        run = self.runs.get(client)
        if run is not None:
            assert self.backend.renew(run.key, owner=run.owner, now=self.now, lease=LEASE) is self.owns(run)
            if self.owns(run):
                self.facts[run.key] = self.facts[run.key]._replace(until=self.now + LEASE)

    @rule(client=clients, key=keys)
    def meddle(self, client: str, key: str) -> None:
        """An owner that has ended its run, or never had one."""
        owner = self.ended.get(client, f"{client}-0")
        before = self.backend.read(key, now=0.0)
        answer = Answer(500, ())
        assert self.backend.complete(key, owner=owner, answer=answer, expires=FOREVER).value == "lost"
        assert self.backend.release(key, owner=owner).value == "lost"
        assert self.backend.renew(key, owner=owner, now=self.now, lease=LEASE) is False
        assert self.backend.read(key, now=0.0) == before

    @rule(client=clients)
    def crash(self, client: str) -> None:
        self.runs.pop(client, None)

    @rule(seconds=pauses)
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def sweep(self) -> None:
        """What is over goes; who still runs past its lease finds its claim lost."""
        self.backend.sweep(now=self.now)
        self.facts = {key: fact for key, fact in self.facts.items() if self.now < fact.until}

    @invariant()
    def work_ran_once_while_its_record_stood(self) -> None:
        for happened in self.effects.values():
            for (_, ended), (claimed, _) in pairwise(happened):
                assert claimed >= ended
        done = sum(map(len, self.effects.values()))
        assert self.backend.counts() == ({OPERATION: done} if done else {})

    @invariant()
    def records_are_what_the_model_knows(self) -> None:
        for key in KEYS:
            fact = self.fact(key)
            expected = None if fact is None else Record(fact.payload, fact.owner, fact.until, fact.answer)
            assert self.backend.read(key, now=self.now) == expected
