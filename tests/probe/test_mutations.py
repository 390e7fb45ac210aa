"""The mock's faults are the mutation test of the probe: each is caught by its check, and the clean mock by none.

Every run goes over real sockets to a server in a process of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mock_stores import SHARED, store_url
from probed import SHOP, failures, probed, results, shop
from served import served

from idemlint.contract.loading import profile_names
from idemlint.mock.faults import FAULTS
from idemlint.probe_report import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from idemlint.probe_report import ProbeReport

SLOW = ("CON-04", "CON-05", "CON-07", "FLT-04", "EXP")
"""Checks that take seconds an operation; the clean mock meets them once."""
WHOLE = ("stripe-v1", "mangopay", "square", "azure-repeatability")
"""Profiles of four different kinds that are put through the full suite."""
GUARDS = {"eventual": "eventual=100", "flaky-429": "flaky-429=0.2"}
PATIENT = ("KEY-01", "RPL-01", "RPL-02", "ERR-05", "FPR-01", "CON-01", "CON-02", "FMT-06")
"""What is enough where each 429 is waited out."""
ARGUMENTS = {"lock-ttl": "lock-ttl=0.5"}
CONTRACTS = {
    # where the draft leaves open what the fault breaks
    "store-4xx": "modern-treasury",
    "store-5xx": "modern-treasury",
    "sweep-race": "modern-treasury",
}
CLAIMS = ("toctou", "overwrite-reservation", "no-reread", "foreign-unlock", "lock-ttl")


def caught(report: ProbeReport, fault: str) -> list[str]:
    found = failures(report)
    return [check for check in FAULTS[fault].caught_by if check in found]


@pytest.mark.parametrize("profile", profile_names())
def test_clean_mock_fails_nothing_under_any_profile(profile: str, tmp_path: Path) -> None:
    document = tmp_path / "shop.yaml"
    document.write_text(shop(profile))
    with served(document, "--profile", profile) as server:
        report = probed(
            document.read_text(),
            server.url,
            profile=profile,
            suite="full" if profile in WHOLE else "core",
            ignore=SLOW,
            wanted=lambda operation: operation.label in ("POST /payments", "PATCH /payments/{payment_id}"),
        )
    assert failures(report) == {}
    assert report.summary.passed > 10, report.summary
    assert not report.notes


def test_clean_mock_fails_nothing_in_the_full_suite() -> None:
    with served(SHOP) as server:
        report = probed(SHOP.read_text(), server.url, suite="full")
    assert failures(report) == {}
    assert report.summary.passed > 150, report.summary
    assert not report.notes


@pytest.mark.parametrize("fault", [name for name, fault in FAULTS.items() if not fault.guard])
def test_each_fault_is_caught_by_its_check(fault: str, tmp_path: Path) -> None:
    profile = CONTRACTS.get(fault, "ietf-07")
    document = tmp_path / "shop.yaml"
    document.write_text(shop(profile))
    with served(document, "--profile", profile, "--fault", ARGUMENTS.get(fault, fault)) as server:
        slow = any(check.startswith(SLOW) for check in FAULTS[fault].caught_by)
        report = probed(
            document.read_text(),
            server.url,
            profile=profile,
            select=FAULTS[fault].caught_by,
            wanted=lambda operation: not slow or operation.label == "POST /payments",
        )
    assert caught(report, fault), [
        (check.id, check.verdict.value, check.reason)
        for operation in report.operations
        for check in operation.checks
        if check.axis != "control"
    ]


@pytest.mark.parametrize("fault", CLAIMS)
@pytest.mark.parametrize("store", SHARED)
def test_races_are_caught_on_every_store(
    fault: str, store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = store_url(store, request, tmp_path)
    with served(SHOP, "--store", url, "--fault", ARGUMENTS.get(fault, fault)) as server:
        report = probed(
            SHOP.read_text(),
            server.url,
            select=FAULTS[fault].caught_by,
            wanted=lambda operation: operation.label == "POST /payments",
        )
    assert caught(report, fault), [(each.id, each.reason) for each in report.operations[0].checks]


@pytest.mark.parametrize("guard", [name for name, fault in FAULTS.items() if fault.guard])
def test_guards_are_never_taken_for_failures(guard: str) -> None:
    with served(SHOP, "--fault", GUARDS.get(guard, guard)) as server:
        report = probed(
            SHOP.read_text(),
            server.url,
            suite="full",
            select=PATIENT if guard == "flaky-429" else (),
            rounds=6,
            ignore=SLOW,
            wanted=lambda operation: operation.label == "POST /payments",
        )
    assert failures(report) == {}


def test_static_answers_are_recognised() -> None:
    with served(SHOP, "--fault", "static", "--no-admin") as server:
        report = probed(SHOP.read_text(), server.url, wanted=lambda operation: operation.label == "POST /payments")
    assert [each.verdict for each in results(report, "CTL-04")] == [Verdict.FAIL]
    assert report.summary.passed + report.summary.failed == 0


def test_500_control_bursts_show_no_double_execution() -> None:
    with served(SHOP) as server:
        report = probed(
            SHOP.read_text(),
            server.url,
            select=("CON-01",),
            rounds=2_000,
            wanted=lambda operation: operation.label == "POST /payments",
        )
    result = results(report, "CON-01")[0]
    assert result.verdict is Verdict.PASS, result.reason
    assert report.rounds == 500
    assert "0 double executions in 2000 rounds" in result.reason


def test_actions_whose_answers_look_alike_are_not_taken_for_leaks() -> None:
    """A capture shows the payment, whoever captures it, and however often: its id tells no execution from another."""
    document = SHOP.parent.parent / "mock" / "payments.yaml"
    with served(document) as server:
        report = probed(document.read_text(), server.url, suite="full", ignore=SLOW)
    assert failures(report) == {}
    scopes = {check.id: check.verdict for check in report.operations[-1].checks if check.id.startswith("SCP")}
    assert scopes
