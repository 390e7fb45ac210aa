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


def suggestions(operations: Sequence[OperationResult]) -> list[Suggestion]:
    """Equal blocks told once, in the order of their first operation."""
    found: dict[str, list[str]] = {}
    for operation in operations:
        if operation.suggestion:
            found.setdefault(as_yaml(operation), []).append(operation.operation)
    return [Suggestion(yaml, tuple(labels)) for yaml, labels in found.items()]


def as_yaml(operation: OperationResult) -> str:
    """`x-idempotency:` with its members below, the line break at the end included."""
    import yaml

    data = {"x-idempotency": plain(dict(operation.suggestion))}
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=False, width=72)
    return terminal_lines(text)
