"""An ordinary `idemlint check` read without Click: to import that takes as long as to lint a small document.

Ordinary are documents and options by their whole names, each value an argument of its own. All else is left to Click:
numbers, `--name=value`, `-qv`, help, every other command, and whatever is wrong. The tests hold the two to one answer.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Final

LISTS: Final = {
    "-r": "ruleset",
    "--ruleset": "ruleset",
    "-f": "format",
    "--format": "format",
    "--select": "select",
    "--ignore": "ignore",
    "--only": "only",
    "--except": "excepted",
}
"""Options that may be repeated, to the names under which `settings.build` knows them."""

TEXTS: Final = {
    "-p": "profile",
    "--profile": "profile",
    "--fail-on": "fail_on",
    "--baseline": "baseline",
    "--stdin-filepath": "stdin_filepath",
    "--root": "root",
    "--config": "config",
}
"""Options of which the last counts."""

FLAGS: Final = {
    "--exit-zero": ("exit_zero", True),
    "--write-baseline": ("write_baseline", True),
    "--allow-remote-refs": ("allow_remote_refs", True),
    "--allow-code": ("allow_code", True),
    "--statistics": ("statistics", True),
    "-q": ("quiet", True),
    "--quiet": ("quiet", True),
    "-v": ("verbose", True),
    "--verbose": ("verbose", True),
    "--color": ("color", True),
    "--no-color": ("color", False),
    "--isolated": ("isolated", True),
}

LEFT_TO_CLICK: Final = {"jobs": None, "max_bytes": None, "watch": False}


def run(arguments: Sequence[str]) -> int:
    """Run the command line and give the exit code."""
    options = None if "_IDEMLINT_COMPLETE" in os.environ else read(arguments)
    if options is None:
        from idemlint.cli.group import run as run_by_click

        return run_by_click(list(arguments))
    from idemlint.cli.run import run as run_check
    from idemlint.errors import ExitCode, IdemlintError

    try:
        return run_check(options).code
    except IdemlintError as error:
        from idemlint.cli.output import print_error

        print_error(error)
        return ExitCode.TROUBLE


def read(arguments: Sequence[str]) -> dict[str, Any] | None:
    """What Click would hand to the command `check`; None for what is left to it."""
    if arguments[:1] != ["check"]:
        return None
    lists: dict[str, list[str]] = {name: [] for name in ("documents", *LISTS.values())}
    options: dict[str, Any] = dict.fromkeys(TEXTS.values())
    options.update((name, None if name == "color" else False) for name, _ in FLAGS.values())
    rest = iter(arguments[1:])
    for argument in rest:
        if argument in FLAGS:
            name, value = FLAGS[argument]
            options[name] = value
        elif argument in LISTS or argument in TEXTS:
            text = next(rest, "")
            if not text or text.startswith("-"):
                return None
            if argument in LISTS:
                lists[LISTS[argument]].append(text)
            else:
                options[TEXTS[argument]] = text
        elif argument == "-" or (argument and not argument.startswith("-")):
            lists["documents"].append(argument)
        else:
            return None
    return {**options, **{name: tuple(values) for name, values in lists.items()}, **LEFT_TO_CLICK}
