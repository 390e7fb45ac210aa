"""What other distributions add: entry points by group and name, loaded when they are asked for.

`importlib.metadata` reads the metadata of every installed package, so nothing asks before what comes with idemlint has
been looked at. What a stranger's package raises is told as its fault, not as a bug of idemlint.
"""

from __future__ import annotations

from typing import Any

from idemlint.errors import ConfigError


def names(group: str) -> tuple[str, ...]:
    """Names of a group's entry points, sorted."""
    from importlib.metadata import entry_points

    return tuple(sorted(entry.name for entry in entry_points(group=group)))


def load(group: str, name: str) -> Any:
    """The object behind an entry point; None if no package has it. ConfigError if its package cannot deliver."""
    from importlib.metadata import entry_points

    for entry in entry_points(group=group, name=name):
        try:
            return entry.load()
        except (Exception, SystemExit) as error:  # what a stranger's module raises is not ours to know
            raise broken(group, name, error) from error
    return None


def broken(group: str, name: str, why: object) -> ConfigError:
    """The error for an entry point that does not keep what its group promises."""
    reason = f"{type(why).__name__}: {why}" if isinstance(why, BaseException) else str(why)
    return ConfigError(
        f"the entry point {name!r} of {group} cannot be used: {reason}",
        hint="mend or remove the package that brings it",
    )
