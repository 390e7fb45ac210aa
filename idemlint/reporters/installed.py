"""Reporters that installed packages bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.entry_points import broken, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.reporters.options import ReportOptions


def renderer(group: str, name: str) -> Callable[[Any, ReportOptions], str]:
    """The function behind a format's entry point; KeyError if there is none, ConfigError if it does not do its work."""
    render = load(group, name)
    if render is None:
        raise KeyError(name)
    if not callable(render):
        raise broken(group, name, f"it is {type(render).__name__}, not a function")

    def guarded(result: Any, options: ReportOptions) -> str:
        try:
            text = render(result, options)
        except Exception as error:
            raise broken(group, name, error) from error
        if not isinstance(text, str):
            raise broken(group, name, f"it gave {type(text).__name__}, not a text")
        return text

    return guarded
