"""The user's own code: what it may say, what becomes of it, and how its faults are told."""

from __future__ import annotations

import asyncio
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from bank import DOCUMENT, bank

from idemlint.contract.loading import load_profile
from idemlint.openapi.document import parse
from idemlint.openapi.operations import operations
from idemlint.openapi.references import References
from idemlint.probe.client import Client
from idemlint.probe.expectations import expectations_of
from idemlint.probe.hooks import HookError, load_hooks
from idemlint.probe.link import NetworkLink
from idemlint.probe.principals import FIRST, Principal
from idemlint.probe.samples import RequestSample
from idemlint.probe.sampling import SampleMaker
from idemlint.probe.session import Session
from idemlint.probe.settings import Settings
from idemlint.probe.transport import GatedTransport

if TYPE_CHECKING:
    from pathlib import Path

    from bank import Bank

    from idemlint.probe.hooks import Hooks
    from idemlint.probe.sampling import Made
    from idemlint.probe_report import ProbeReport

PROFILE = load_profile("ietf-07")
REFERENCES = References(parse(DOCUMENT, "bank.yaml"))
SAMPLE = RequestSample("/p/{id}", {"id": "1"}, media_type="application/json", value={"amount": 1, "to": {"id": "x"}})


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def written(text: str) -> Hooks:
        file = tmp_path / "hooks.py"
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return load_hooks(file)

    return written


def probed(open_bank: Bank, hooks: Hooks, label: str) -> ProbeReport:
    async def run() -> ProbeReport:
        settings = Settings(open_bank.url, wanted=lambda each: each.label == label, select=("RPL-01",), hooks=hooks)
        link = NetworkLink(GatedTransport())
        try:
            going = Session(REFERENCES, PROFILE, settings).run(link)
            async for _ in going.events():
                pass
            return going.report()
        finally:
            await link.close()

    return asyncio.run(run())


def made(open_bank: Bank, hooks: Hooks, label: str) -> Made:
    async def run() -> Made:
        client = Client(NetworkLink(GatedTransport()), {FIRST: Principal(FIRST)}, budget=100)
        try:
            maker = SampleMaker(
                REFERENCES,
                client=client,
                base_url=open_bank.url,
                expectations=lambda each: expectations_of(each, PROFILE),
                settings={},
                hooks=hooks,
                tag="idemlint-1",
                seed=1,
            )
            return await maker.make(next(each for each in operations(REFERENCES) if each.label == label))
        finally:
            await client.close()

    return asyncio.run(run())


def test_a_hook_changes_what_it_wants_and_the_rest_is_still_found(write: Any) -> None:
    hooks = write("""
        def request(operation, sample):
            if operation == "POST /payments":
                sample["body"]["amount"] = 4200
                sample["headers"]["X-Branch"] = "7"
                sample["query"]["mode"] = "test"
            return sample
    """)
    with bank() as open_bank:
        found = made(open_bank, hooks, "POST /payments")
        assert found.sample.value["amount"] == 4200
        assert found.sample.value["account_id"] in open_bank.accounts  # not the hook's business
        assert ("X-Branch", "7") in found.sample.headers
        assert found.sample.query == (("mode", "test"),)
        assert found.other.difference == "/amount"


def test_what_a_hook_names_is_not_looked_for(write: Any) -> None:
    hooks = write("""
        async def request(operation, sample):
            if operation.startswith("POST /payments/"):
                return {"path": {"payment_id": "pay_mine"}}
    """)
    with bank() as open_bank:
        found = made(open_bank, hooks, "POST /payments/{payment_id}/capture")
        assert found.sample.target() == "/payments/pay_mine/capture"
        assert not open_bank.seen


def test_set_up_comes_first_and_taking_down_last(write: Any, tmp_path: Path) -> None:
    log = tmp_path / "log"
    hooks = write(f"""
        def note(text):
            with open({str(log)!r}, "a") as file:
                file.write(text + "\\n")

        async def setup(operation):
            note(f"up {{operation}}")

        def request(operation, sample):
            note("request")

        def teardown(operation):
            note(f"down {{operation}}")
    """)
    with bank() as open_bank:
        report = probed(open_bank, hooks, "POST /customers")
    lines = log.read_text().splitlines()
    assert lines[0] == "up POST /customers"
    assert lines[-1] == "down POST /customers"
    assert "request" in lines
    assert report.notes == ()


@pytest.mark.parametrize("how", ["def", "async def"])
def test_a_hook_counts_effects(write: Any, how: str) -> None:
    with bank() as open_bank:
        hooks = write(f"{how} count_effects(operation):\n    return bank.sites.__len__()\n")
        hooks._functions["count_effects"].__globals__["bank"] = open_bank
        assert hooks.counts_effects
        open_bank.sites |= {"a", "b"}
        assert asyncio.run(hooks.count_effects("POST /sites")) == 2
        hooks._functions["count_effects"].__globals__["bank"] = type("Seen", (), {"sites": open_bank.payments})
        report = probed(open_bank, hooks, "POST /payments")
        assert report.operations[0].oracle == "the hook count_effects"


def test_a_hook_that_raises_in_a_check_is_told_and_the_run_goes_on(write: Any) -> None:
    hooks = write("""
        def count_effects(operation):
            rows = []
            return rows[0]
    """)
    with bank() as open_bank:
        report = probed(open_bank, hooks, "POST /payments")
    (first, *_) = report.operations[0].checks
    assert first.id == "CTL-01"
    assert first.verdict.value == "inconclusive"
    assert "hooks.py:4:1: the hook count_effects raised IndexError: list index out of range" in first.reason
    assert not any("report it" in note for note in report.notes)


def test_a_hook_that_raises_in_its_set_up_blocks_its_operation(write: Any) -> None:
    hooks = write("""
        def setup(operation):
            raise RuntimeError("no\\n database")
        def teardown(operation):
            raise KeyError("x")
    """)
    with bank() as open_bank:
        report = probed(open_bank, hooks, "POST /payments")
    assert "hooks.py:3:1: the hook setup raised RuntimeError: no database" in report.operations[0].blocked
    assert any("the hook teardown raised KeyError: 'x'" in note for note in report.notes)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("def setup(operation:\n  pass\n", "the hooks file is no Python", 1),
        ("x = 1\n\nraise ValueError('bad')\n", "the hooks file raised ValueError: bad", 3),
        ("import no_such_module_here\n", "raised ModuleNotFoundError", 1),
        ("def seutp(operation): pass\n", "defines none of the hooks", None),
        ("\ndef setup(): pass\n", "the hook setup is wrong: it takes other arguments", 2),
        ("def request(operation, sample, more): pass\n", "the hook request is wrong", 1),
        ("def count_effects(operation): return 'many'\n", "it returned str 'many'", 1),
        ("def count_effects(operation): return True\n", "it returned bool True", 1),
        ("\n\nasync def count_effects(operation): return 1 / 0\n", "raised ZeroDivisionError: division by zero", 3),
        ("def request(operation, sample): return 5\n", "it returned int 5", 1),
        ("def request(operation, sample): return {'bdy': 1}\n", "a member 'bdy'", 1),
        ("def request(operation, sample): return {'path': 1}\n", "its path is int 1", 1),
    ],
)
def test_faults_are_told_with_their_place(write: Any, text: str, message: str, line: int | None) -> None:
    async def use(hooks: Hooks) -> None:
        if hooks.counts_effects:
            await hooks.count_effects("POST /p/{id}")
        if hooks.makes_requests:
            await hooks.request("POST /p/{id}", SAMPLE)

    with pytest.raises(HookError) as caught:
        asyncio.run(use(write(text)))
    assert message in caught.value.message
    assert caught.value.source.endswith("hooks.py")
    assert (caught.value.position.line + 1 if caught.value.position else None) == line
    assert "\n" not in caught.value.message


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(HookError, match="cannot be read: No such file"):
        load_hooks(tmp_path / "none.py")


def test_just_what_a_hook_changed_counts_as_given(write: Any) -> None:
    hooks = write("""
        def request(operation, sample):
            sample["body"]["to"]["id"] = "y"
            return {"body": sample["body"], "path": {"id": "1"}}
    """)
    sample, given = asyncio.run(hooks.request("POST /p/{id}", SAMPLE))
    assert sample.value == {"amount": 1, "to": {"id": "y"}}
    assert given == {"body/to/id"}
    assert SAMPLE.value["to"]["id"] == "x"
