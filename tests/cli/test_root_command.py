"""What stands at the root of the command line: version, help, completion."""

from __future__ import annotations

import re

from process import idemlint

from idemlint import __version__

COMMANDS = ["check", "checks", "demo", "explain", "mock", "probe", "profiles", "rules"]


def test_version_and_help_everywhere() -> None:
    assert idemlint("--version").stdout == f"idemlint {__version__}\n"
    for command in COMMANDS:
        short, long = idemlint(command, "-h"), idemlint(command, "--help")
        assert short.returncode == long.returncode == 0
        assert short.stdout == long.stdout
        assert short.stdout.startswith(f"Usage: idemlint {command} ")
        assert all(len(line) <= 100 for line in short.stdout.splitlines())


def test_help_offers_what_works_and_nothing_else() -> None:
    done = idemlint("-h")
    assert done.returncode == 0
    listed = re.findall(r"(?m)^  (\w+)  ", done.stdout.partition("Commands:")[2])
    assert listed == COMMANDS
    options = idemlint("check", "-h").stdout
    assert not re.search("--(fix|diff|since|unsafe-fixes)", options)
    assert "html" not in options


def test_no_arguments_show_help_and_are_wrong_usage() -> None:
    done = idemlint()
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: idemlint" in done.stderr


def test_shell_completion() -> None:
    done = idemlint(_IDEMLINT_COMPLETE="bash_source")
    assert "_idemlint_completion" in done.stdout
    done = idemlint(_IDEMLINT_COMPLETE="bash_complete", COMP_WORDS="idemlint exp", COMP_CWORD="1")
    assert done.stdout == "plain,explain\n"
