"""The line that a terminal shows while a probe runs."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from reporters.probe.reports_for_tests import check, passed, report

from idemlint.cli import probe_progress
from idemlint.cli.probe_progress import Progress
from idemlint.probe_report import (
    CheckFinished,
    CheckStarted,
    Plan,
    PlannedCheck,
    PlannedOperation,
    RunFinished,
    RunStarted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

LABEL = "POST /payments/\x1b[31m{id}"
PLAN = Plan(
    "http://127.0.0.1",
    "ietf-07",
    "core",
    1,
    400,
    (
        PlannedOperation(
            LABEL, (PlannedCheck("RPL-01", 9), PlannedCheck("CON-01", 89), PlannedCheck("SCP-01", 60, "one account"))
        ),
    ),
)


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Clock:
    """Moves ten seconds whenever it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 10
        return self.now


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    terminal = Terminal()
    monkeypatch.setattr(probe_progress, "sys", SimpleNamespace(stderr=terminal))
    monkeypatch.setenv("COLUMNS", "60")
    return terminal


def test_it_tells_where_the_run_is_and_about_how_long_it_takes(screen: Terminal) -> None:
    progress = Progress(quiet=False, ndjson=False, clock=Clock())
    progress.show(RunStarted(PLAN))
    progress.show(CheckStarted(LABEL, "RPL-01"))
    progress.show(CheckFinished(LABEL, passed(), 9))
    progress.show(CheckStarted(LABEL, "CON-01"))
    progress.show(CheckFinished(LABEL, check(), 90))
    lines = screen.getvalue().split("\r\x1b[K")
    # 10 of 101 planned requests took 20 s when CON-01 began
    assert lines[1:] == [
        "0/3 checks, 0 requests  RPL-01 POST /payments/\\x1b[31m{id}",
        "1/3 checks, 9 requests, about 3 min left  CON-01 POST /pay",
    ]
    progress.end()
    assert screen.getvalue().endswith("\r\x1b[K")


def test_nothing_is_written_where_nobody_looks(screen: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = Progress(quiet=True, ndjson=False)
    monkeypatch.setattr(screen, "isatty", lambda: False)
    piped = Progress(quiet=False, ndjson=False)
    for progress in (quiet, piped):
        progress.show(RunStarted(PLAN))
        progress.show(CheckStarted(LABEL, "RPL-01"))
        progress.end()
    assert screen.getvalue() == ""


def test_a_terminal_that_went_away_is_no_reason_to_fail(screen: Terminal) -> None:
    progress = Progress(quiet=False, ndjson=False)
    progress.show(RunStarted(PLAN))
    screen.close()
    progress.show(CheckStarted(LABEL, "RPL-01"))
    progress.end()


def test_events_go_to_standard_output_when_they_happen(screen: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(quiet=True, ndjson=True)
    progress.show(RunStarted(PLAN))
    assert json.loads(capsys.readouterr().out)["requests_planned"] == 158
    progress.show(RunFinished(report()))
    assert json.loads(capsys.readouterr().out)["event"] == "run_finished"
    assert screen.getvalue() == ""
