"""`idempotencyConflictResponse`: an operation in scope declares what a duplicate gets that cannot be served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.function import Function, Issue
from idemlint.check.scope import declared_conflicts, operation_in_scope, place_of_use

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.check.function import RuleContext


def _run(target: Any, options: Any, context: RuleContext) -> Iterator[Issue]:  # noqa: ARG001 -- the functions' signature
    """Flags the operation's `responses`; the operation's key when it has none. `4XX` and `default` do not count."""
    operation = operation_in_scope(context)
    contract = context.contract
    if operation is None or not contract.conflict_statuses or declared_conflicts(operation, contract):
        return
    responses = operation.responses()
    statuses = " or ".join(contract.conflict_statuses)
    ranges = [f"{status[0]}XX" for status in contract.conflict_statuses if operation.has_range(status)]
    catch_all = list(dict.fromkeys(ranges)) + ["default"] * operation.has_default()
    message = f"{operation.label} declares no {statuses}"
    if catch_all:
        stand = "does" if len(catch_all) == 1 else "do"
        message += f" ({' and '.join(catch_all)} {stand} not count: a client cannot tell a conflict from another error)"
    yield Issue(
        message,
        node=operation.node if responses is None else responses,
        on_key=responses is None,
        label="what does a duplicate get while the first request is at work?",
        related=place_of_use(operation) if responses is None else (),
        help=f"declare a {contract.conflict_statuses[0]} response with a JSON schema",
    )


FUNCTION = Function("idempotencyConflictResponse", _run, None)
