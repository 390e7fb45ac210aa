"""`idempotencyExemption`: who exempts an operation from the contract says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.function import Function, Issue
from idemlint.check.scope import REASON, exemption, operation_of_method

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.check.function import RuleContext


def _run(target: Any, options: Any, context: RuleContext) -> Iterator[Issue]:  # noqa: ARG001 -- the functions' signature
    """Flags the `x-idempotency`, of an operation or path item, that gives no reason."""
    operation = operation_of_method(context)
    exempt = exemption(operation) if operation is not None else None
    if operation is None or exempt is None or exempt.reason:
        return
    yield Issue(
        f"{operation.label} is exempt from the idempotency contract without a reason",
        node=exempt.node,
        on_key=True,
        label="nobody can tell later whether this still holds",
        help=f'write `x-idempotency: {{exempt: "the reason"}}`, or add `{REASON}`',
    )


FUNCTION = Function("idempotencyExemption", _run, None)
