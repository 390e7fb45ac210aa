"""`idempotencyKeyRequired`: an operation in scope requires its idempotency key."""

from __future__ import annotations

from idemlint.check.function import Function, Issue
from idemlint.check.scope import declared_key, for_operations, key_phrase, place_of_use, same_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.check.function import RuleContext
    from idemlint.check.scope import Key
    from idemlint.openapi.operations import Operation


def _judge(operation: Operation, context: RuleContext) -> Iterator[Issue]:
    """Flags the operation's key when no effective parameter is the header, the parameter itself when it is optional."""
    contract = context.contract
    key = declared_key(operation, contract, context.references)
    name = contract.carrier_name
    if key is None and operation.has_unread_parameters():
        return  # the key may be what cannot be read, which is a finding of its own
    if key is None:
        verb = "require" if contract.required else "declare"
        thing = f"{_article(name)} {name}" if contract.carrier == "header" else f"the {key_phrase(contract)}"
        yield Issue(
            f"{operation.label} does not {verb} {thing}",
            node=operation.node,
            on_key=True,
            label="a client that times out here may do this twice when it retries",
            help=_help(context),
            related=place_of_use(operation),
        )
    elif contract.required and not key.required:
        body = key.body if not key.unlisted else None
        place = key.node if body is None else body
        yield Issue(
            f"{operation.label} declares {key.name} but does not require {'it' if body is None else 'the body that holds it'}",
            node=place,
            label="optional: a client that leaves it out is not protected when it retries",
            help=f"{_mend(key)}, or set `required = false` in the contract if it is meant so",
            related=((key.use, f"used here by {operation.label}"),)
            if key.use is not None and not same_place(key.use, place)
            else (),
        )


def _article(name: str) -> str:
    """As it is spoken: a letter that stands alone has its own name, "an X-Request-Id"."""
    alone = not name[1:2].isalpha()
    return "an" if name[:1].upper() in ("AEFHILMNORSX" if alone else "AEIOU") else "a"


def _help(context: RuleContext) -> str:
    contract = context.contract
    kind = " with `format: uuid`" if contract.key_format == "uuid" else ""
    required = "required " if contract.required else ""
    if contract.carrier == "header":
        return f"add a {required}header parameter {contract.header}{kind}"
    return f"add a {required}{key_phrase(contract)}{kind}"


def _mend(key: Key) -> str:
    if key.unlisted or key.body is not None:
        mends = [f"add `{key.unlisted}` to the `required` list of its schema"] if key.unlisted else []
        if key.body is not None:
            swagger = isinstance(key.body.value, dict) and "in" in key.body.value
            mends.append(f"set `required: true` on the {'body parameter' if swagger else 'request body'}")
        return " and ".join(mends)
    mend = f"set `required: true` on {key.name}"
    if key.use is not None and isinstance(key.use.value, dict) and "required" in key.use.value:
        mend += " itself (beside a `$ref` it is ignored)"
    return mend


FUNCTION = Function("idempotencyKeyRequired", for_operations(_judge), None)
