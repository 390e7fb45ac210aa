"""The short way from arguments to a check says what Click says, and leaves to Click what it does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from process import idemlint

from idemlint.cli.check import check
from idemlint.cli.quick import FLAGS, LEFT_TO_CLICK, LISTS, TEXTS, read

if TYPE_CHECKING:
    from pathlib import Path

NUMBERS_AND_WATCH = {"--jobs", "--max-bytes", "--watch"}


def by_click(arguments: list[str]) -> dict[str, Any]:
    with check.make_context("check", list(arguments)) as context:
        return context.params


def test_every_option_is_known_or_left_to_click() -> None:
    options = [parameter for parameter in check.params if isinstance(parameter, click.Option)]
    written = {name for option in options for name in (*option.opts, *option.secondary_opts)}
    assert written == {*LISTS, *TEXTS, *FLAGS, *NUMBERS_AND_WATCH}
    assert {name for option in options for name in [option.name] if option.opts[-1] in NUMBERS_AND_WATCH} == {
        *LEFT_TO_CLICK
    }


VALUES = st.sampled_from(["json", "a.yaml", "-", "", "-f", "--isolated", "x=y", "POST /a b", "é"])
ARGUMENTS = st.lists(
    st.sampled_from([*LISTS, *TEXTS, *FLAGS, *NUMBERS_AND_WATCH, "--", "-qv", "-fjson", "--format=json", "--no", "-h"])
    | VALUES,
    max_size=8,
)


@given(ARGUMENTS)
@example([])
@example(["a.yaml", "-f", "json", "-r", "b.yaml", "c.yaml", "-f", "sarif=d", "--no-color", "--root", ".", "-"])
@example(["--color", "--no-color", "--root", "a", "--root", "b"])
def test_both_read_the_same(arguments: list[str]) -> None:
    ours = read(["check", *arguments])
    if ours is not None:
        assert ours == by_click(arguments)


@given(
    st.lists(
        st.sampled_from([*FLAGS, "a.yaml", "-"]) | st.sampled_from([*LISTS, *TEXTS]).map(lambda name: name), max_size=6
    )
)
def test_what_is_ordinary_takes_the_short_way(names: list[str]) -> None:
    arguments = [text for name in names for text in ([name, "v"] if name in LISTS or name in TEXTS else [name])]
    assert read(["check", *arguments]) == by_click(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["rules"],
        ["--version"],
        ["check", "--help"],
        ["check", "-q", "-v", "-h"],
        ["check", "-qv"],
        ["check", "--format=json"],
        ["check", "-f"],
        ["check", "-f", ""],
        ["check", "-r", "-"],
        ["check", ""],
        ["check", "--", "a.yaml"],
        ["check", "--jobs", "2", "a.yaml"],
        ["check", "--nonsense"],
    ],
)
def test_all_else_is_left_to_click(arguments: list[str]) -> None:
    assert read(arguments) is None


def test_the_two_ways_end_alike(folder: Path) -> None:
    short = idemlint("check", "flawed.yaml", "-f", "json", cwd=folder)
    long = idemlint("check", "flawed.yaml", "--format=json", cwd=folder)
    assert (short.returncode, short.stdout, short.stderr) == (long.returncode, long.stdout, long.stderr)
    assert short.returncode == 1
    broken = idemlint("check", "flawed.yaml", "-r", "no.yaml", cwd=folder)
    assert broken.returncode == 2
    assert "no.yaml" in broken.stderr
    assert "Traceback" not in broken.stderr


def test_completion_is_left_to_click(folder: Path) -> None:
    done = idemlint("check", "flawed.yaml", cwd=folder, _IDEMLINT_COMPLETE="bash_source")
    assert "complete" in done.stdout
    assert "flawed.yaml:" not in done.stdout
