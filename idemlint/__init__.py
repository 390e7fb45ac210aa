"""The tool that makes retries safe to promise.

From Python: `idemlint.probe(...)` and `await idemlint.probe_async(...)` probe a server or an application in this process
(`idemlint/probe/api.py`), `idemlint.mock.create_app(...)` makes one that keeps its promises, or breaks them on request.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # by these names type checkers know them; the package `probe` can be called as well
    from typing import Any

    from idemlint import mock as mock
    from idemlint.probe.api import probe as probe
    from idemlint.probe.api import probe_async as probe_async

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Imported when it is asked for: `idemlint check` has no use for either."""
    if name in ("probe", "mock", "probe_async"):
        from importlib import import_module

        if name == "probe_async":
            return import_module(f"{__name__}.probe.api").probe_async
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
