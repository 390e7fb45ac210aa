"""`idempotencyConflictResponse`: an operation in scope declares what a duplicate gets that cannot be served."""

from __future__ import annotations

from idemlint.check.function import Function, Issue
from idemlint.check.scope import declared_conflicts, for_operations, place_of_use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.check.function import RuleContext
    from idemlint.openapi.operations import Operation


def _judge(operation: Operation, context: RuleContext) -> Iterator[Issue]:
    """Flags the operation's `responses`; the operation's key when it has none. `4XX` and `default` do not count."""
    contract = context.contract
    if not contract.conflict_statuses or declared_conflicts(operation, contract):
        return
    if operation.has_unread_responses():
        return  # a finding of its own
    responses = context.references.child(operation.node, "responses")
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
        on_key=responses is None or responses.value is None,
        label="what does a duplicate get while the first request is at work?",
        related=place_of_use(operation),
        help=f"declare a {contract.conflict_statuses[0]} response with a JSON schema",
    )


FUNCTION = Function("idempotencyConflictResponse", for_operations(_judge), None)
