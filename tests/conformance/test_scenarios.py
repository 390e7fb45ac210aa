"""idemlint and the real Spectral say the same of the same documents, scenario by scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import oracle
import pytest
import yaml
from conformance import harness

NAMES = [scenario.stem for scenario in harness.SCENARIOS]
BUGS: dict[str, dict[str, Any]] = {
    entry["scenario"]: entry
    for entry in yaml.safe_load((harness.HERE / "spectral_bugs.yaml").read_text(encoding="utf-8")) or []
}


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, harness.Job]:
    root = tmp_path_factory.mktemp("scenarios")
    return {scenario.stem: harness.lay_out(scenario, root) for scenario in harness.SCENARIOS}


@pytest.fixture(scope="module")
def recorded() -> dict[str, harness.Answer]:
    return harness.recorded()


def test_there_are_enough_scenarios() -> None:
    assert len(NAMES) >= 80


@pytest.mark.parametrize("name", NAMES)
def test_idemlint_agrees(name: str, jobs: dict[str, harness.Job], recorded: dict[str, harness.Answer]) -> None:
    spectral, ours = recorded[name], harness.run_idemlint(jobs[name])
    bug = BUGS.get(name, {})
    differences = {
        "only Spectral": sorted(spectral.rows - ours.rows),
        "only idemlint": sorted(ours.rows - spectral.rows),
    }
    listed = {
        "only Spectral": sorted(tuple(row) for row in bug.get("only_spectral", [])),
        "only idemlint": sorted(tuple(row) for row in bug.get("only_idemlint", [])),
    }
    assert differences == listed, ours.error
    if bug.get("spectral_error"):
        assert bug["spectral_error"] in spectral.error
        assert not ours.error
    else:
        assert bool(ours.error) == bool(spectral.error), ours.error or spectral.error


def test_every_listed_bug_names_a_scenario_and_a_reason() -> None:
    assert set(BUGS) <= set(NAMES)
    assert all(len(entry["reason"]) > 20 for entry in BUGS.values())


def test_what_is_recorded_is_what_spectral_says(
    jobs: dict[str, harness.Job], recorded: dict[str, harness.Answer]
) -> None:
    modules = Path(oracle.need_spectral()).resolve()
    now = harness.run_spectral(list(jobs.values()), modules)
    assert now == recorded
