"""What was observed, as `x-idempotency` blocks to paste into the document."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from idemlint.reporters.escaping import terminal_lines
from idemlint.reporters.probe.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.probe_report import OperationResult


class Suggestion(NamedTuple):
    """One block, and the operations that it was observed at."""

    yaml: str
    operations: tuple[str, ...]


def suggestions(operations: Sequence[OperationResult], columns: int = 90) -> list[Suggestion]:
    """Equal blocks told once, in the order of their first operation; in lines of at most some `columns`."""
    found: dict[str, list[str]] = {}
    for operation in operations:
        if operation.suggestion:
            found.setdefault(as_yaml(operation, columns), []).append(operation.operation)
    return [Suggestion(yaml, tuple(labels)) for yaml, labels in found.items()]


def as_yaml(operation: OperationResult, columns: int = 90) -> str:
    """`x-idempotency: {...}` in as few lines as hold it, the line break at the end included."""
    import yaml

    members = plain(dict(operation.suggestion))
    # PyYAML begins a line when the last is too long already, and knows nothing of the key that stands before the first;
    # it takes no width below 5.
    room = max(columns - 35, 5)
    text: str = yaml.safe_dump(members, sort_keys=False, allow_unicode=False, width=room, default_flow_style=True)
    # Further lines come indented: deeper than the key that stands before them.
    return terminal_lines(f"x-idempotency: {text}")
