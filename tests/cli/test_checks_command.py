"""`idemlint checks`, and `explain` for a check, run as a user runs them."""

from __future__ import annotations

import json

import pytest
from process import idemlint

from idemlint.probe.check import all_checks

IDS = [check.id for check in all_checks()]


def test_checks_lists_each_with_its_promise() -> None:
    done = idemlint("checks", COLUMNS="200")
    assert (done.returncode, done.stderr) == (0, "")
    *lines, last = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == IDS
    race = next(line for line in lines if line.startswith("CON-01"))
    assert race.split()[1:4] == ["error", "safety", "core"]
    assert race.endswith("of two requests with one key at the same time, one does the work")
    assert "idemlint explain" in last


def test_checks_fold_to_the_terminal() -> None:
    assert max(map(len, idemlint("checks", COLUMNS="80").stdout.splitlines())) <= 80


def test_checks_as_json_and_by_suite() -> None:
    found = json.loads(idemlint("checks", "-f", "json").stdout)
    assert [each["id"] for each in found] == IDS
    core = json.loads(idemlint("checks", "--suite", "core", "--format", "json").stdout)
    assert [each["id"] for each in core] == [check.id for check in all_checks() if check.core]
    (race,) = [each for each in found if each["id"] == "CON-01"]
    assert (race["axis"], race["severity"], race["suite"], race["group"]) == ("safety", "error", "core", "concurrency")
    assert "effects that can be seen" in race["needs"]


@pytest.mark.parametrize("name", ["CON-01", "con-01"])
def test_explain_tells_of_a_check_as_of_a_rule(name: str) -> None:
    done = idemlint("explain", name, COLUMNS="80")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "CON-01 two concurrent duplicates"
    assert {"Why", "Sequence", "Expected", "What is no failure", "Bad", "Good", "Sources"} <= set(lines)
    assert "\x1b" not in done.stdout
    assert "```" not in done.stdout
    assert max(len(line) for line in lines if "https://" not in line and not line.startswith("    ")) <= 80


def test_explain_as_json_and_markdown() -> None:
    told = json.loads(idemlint("explain", "FPR-01", "-f", "json").stdout)
    assert told["id"] == "FPR-01"
    assert told["severity"] == "error"
    assert "422" in told["good"]
    page = idemlint("explain", "FPR-01", "-f", "markdown").stdout
    assert page == told["text"]
    assert page.startswith("# FPR-01 same key, different payload\n")


def test_explain_of_an_unknown_check() -> None:
    done = idemlint("explain", "CON-99")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no check is called 'CON-99'" in done.stderr
    assert "did you mean 'CON-0" in done.stderr
