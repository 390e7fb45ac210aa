"""`idemlint probe`: the truth about a running server.

For tests in Python the package itself can be called: `idemlint.probe("openapi.yaml", app=app).assert_kept()`, and
`await idemlint.probe_async(...)` does the same where an event loop runs. `idemlint.probe.api` has both under their names.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from idemlint.probe.report import Report


class _CallablePackage(ModuleType):
    """A package and a function by one name: the command's, the code's and the call's."""

    def __call__(self, document: Any, **options: Any) -> Report:
        from idemlint.probe.api import probe

        return probe(document, **options)


sys.modules[__name__].__class__ = _CallablePackage
