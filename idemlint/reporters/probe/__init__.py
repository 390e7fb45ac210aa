"""Pure functions from a probe's report to text, one format a module, imported when it is asked for.

Each module has `render(report: ProbeReport, options: ReportOptions) -> str`; `ndjson` also has `line(event) -> str`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.probe_report import ProbeReport
    from idemlint.reporters.options import ReportOptions

GROUP: Final = "idemlint.reporters.probe"
"""Entry points of other distributions: the name is the format's, the object a function like `render`."""
NAMES: Final = ("text", "json", "junit", "markdown", "html", "github", "sarif", "har", "ndjson")
_MODULES: Final = {"json": "report_json", "html": "html_page"}
"""Where a module is not called like its format: `json` would hide the standard library's from a careless import."""


def lookup(name: str) -> Callable[[ProbeReport, ReportOptions], str]:
    """The renderer of one of `NAMES` or of an installed package's format; KeyError for any other."""
    if name not in NAMES:
        from idemlint.reporters.installed import renderer

        return renderer(GROUP, name)
    from importlib import import_module

    render: Callable[[ProbeReport, ReportOptions], str] = import_module(f"{__name__}.{_MODULES.get(name, name)}").render
    return render
