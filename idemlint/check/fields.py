"""`then.field`: lodash's path syntax, `a.b[0]["c d"]`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from idemlint.findings import Path

_STEP = re.compile(
    r"""\[(?P<index>-?\d+(?:\.\d+)?)\]          # a number in brackets
      | \[(?P<quote>["'])(?P<quoted>(?:\\.|(?!(?P=quote)).)*)(?P=quote)\]
      | \[(?P<bare>[^\[\]"']*)\]
      | (?P<name>[^.\[\]]+)
      | (?P<empty>\.(?=\.|$|\[\]))               # nothing between two dots is a name, too
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)")


def parse_field(field: str) -> Path:
    """The steps of a field. All are text, as in lodash's toPath: `["a", "0"]` for `a[0]`."""
    steps: list[str] = [""] if field.startswith(".") else []
    for found in _STEP.finditer(field):
        if found["quote"] is not None:
            steps.append(_ESCAPE.sub(r"\1", found["quoted"]))
        elif found["empty"] is not None:
            steps.append("")
        else:
            steps.append(next(part for part in (found["index"], found["bare"], found["name"]) if part is not None))
    return tuple(steps)
