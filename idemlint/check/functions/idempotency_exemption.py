"""`idempotencyExemption`: who exempts an operation from the contract says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idemlint.check.function import Function, Issue
from idemlint.check.scope import REASON, exemption, for_operations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.check.function import RuleContext
    from idemlint.openapi.operations import Operation


def _judge(operation: Operation, _context: RuleContext) -> Iterator[Issue]:
    """Flags the `x-idempotency`, of an operation or path item, that gives no reason."""
    exempt = exemption(operation)
    if exempt is None or exempt.reason:
        return
    yield Issue(
        f"{operation.label} is exempt from the idempotency contract without a reason",
        node=exempt.node,
        on_key=True,
        label="nobody can tell later whether this still holds",
        help=f'write `x-idempotency: {{exempt: "the reason"}}`, or add `{REASON}`',
    )


FUNCTION = Function("idempotencyExemption", for_operations(_judge, exempt=True), None)
