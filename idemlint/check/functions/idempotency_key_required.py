"""`idempotencyKeyRequired`: an operation in scope requires its idempotency key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.function import Function, Issue
from idemlint.check.scope import declared_key, key_phrase, operation_in_scope, place_of_use

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.check.function import RuleContext


def _run(target: Any, options: Any, context: RuleContext) -> Iterator[Issue]:  # noqa: ARG001 -- the functions' signature
    """Flags the operation's key when no effective parameter is the header, the parameter itself when it is optional."""
    operation = operation_in_scope(context)
    if operation is None:
        return
    contract = context.contract
    key = declared_key(operation, contract, context.references)
    name = contract.carrier_name
    if key is None:
        verb = "require" if contract.required else "declare"
        article = "an" if name[:1] in "AEIOUaeiou" else "a"
        thing = f"{article} {name}" if contract.carrier == "header" else f"the {key_phrase(contract)}"
        yield Issue(
            f"{operation.label} does not {verb} {thing}",
            node=operation.node,
            on_key=True,
            label="a client that times out here may do this twice when it retries",
            help=_help(context),
            related=place_of_use(operation),
        )
    elif contract.required and not key.required:
        yield Issue(
            f"{operation.label} declares {key.name} but does not require it",
            node=key.node,
            label="optional: a client that leaves it out is not protected when it retries",
            help=f"set `required: true` on {key.name}, or set `required = false` in the contract if it is meant so",
            related=((key.use, f"used here by {operation.label}"),) if key.use is not None else (),
        )


def _help(context: RuleContext) -> str:
    contract = context.contract
    kind = " with `format: uuid`" if contract.key_format == "uuid" else ""
    required = "required " if contract.required else ""
    if contract.carrier == "header":
        return f"add a {required}header parameter {contract.header}{kind}"
    return f"add a {required}{key_phrase(contract)}{kind}"


FUNCTION = Function("idempotencyKeyRequired", _run, None)
