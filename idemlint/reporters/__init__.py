"""Pure functions from results to text, one format a module, imported when it is asked for.

Each module has `render(result: CheckResult, options: ReportOptions) -> str`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

    from idemlint.reporters.options import ReportOptions
    from idemlint.results import CheckResult

GROUP: Final = "idemlint.reporters"
"""Entry points of other distributions: the name is the format's, the object a function like `render`."""
NAMES: Final = ("text", "concise", "json", "sarif", "junit", "github", "markdown", "gitlab")
_MODULES: Final = {"json": "spectral_json"}
"""Where a module is not called like its format: `json` would hide the standard library's from a careless import."""


def lookup(name: str) -> Callable[[CheckResult, ReportOptions], str]:
    """The renderer of one of `NAMES` or of an installed package's format; KeyError for any other."""
    if name not in NAMES:
        from idemlint.reporters.installed import renderer

        return renderer(GROUP, name)
    # not `importlib`, whose own import takes longer than that of all but the largest of our modules
    module = __import__(f"{__name__}.{_MODULES.get(name, name)}", fromlist=["render"])
    render: Callable[[CheckResult, ReportOptions], str] = module.render
    return render
