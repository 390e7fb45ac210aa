"""Which operations the contract's rules look at, and where an operation declares its key.

The four base rules and the summary's coverage ask the same questions, so both ask them here.
"""

from __future__ import annotations

from idemlint.contract.contract import CARRIERS
from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Final

    from idemlint.check.function import Issue, RuleContext, RuleFunction
    from idemlint.contract.contract import Contract
    from idemlint.openapi.operations import Operation, Parameter
    from idemlint.openapi.references import Node, References

EXTENSION: Final = "x-idempotency"
REASON: Final = "x-idempotency-reason"


class Exemption(NamedTuple):
    """`x-idempotency: false` or `x-idempotency: {exempt: reason}` on the operation, or else on its path item."""

    reason: str
    """Empty when none is given."""
    node: Node
    """The value of `x-idempotency`."""


class Key(NamedTuple):
    """The place where an operation declares its idempotency key."""

    name: str
    """As the document spells it."""
    required: bool
    node: Node
    """The parameter, or the body's member, where it really stands."""
    schema: Node | None
    use: Node | None
    """The list entry by which the operation takes it, when that is another place than `node`; for a key in the body the
    operation's own `requestBody`, when `node` is not inside it."""
    others: tuple[Node, ...] = ()
    """Schemas that a key in the body has in the other branches of a `oneOf` or `anyOf`."""
    unlisted: str = ""
    """The member of the body, the key or one above it, that the `required` of its schema leaves out."""
    body: Node | None = None
    """The request body that holds the key and is itself optional; in Swagger 2.0 its parameter."""


def for_operations(judge: Callable[[Operation, RuleContext], Iterable[Issue]], *, exempt: bool = False) -> RuleFunction:
    """A rule function that asks `judge` of each operation at or below the target that the contract's rules look at.

    That is one of the contract's methods, and not exempt unless `exempt`. The rules start from `$.paths`: in the tree that
    `given` walks, as in Spectral's, what stands next to a path item's `$ref` is not there, and operations may.
    """

    def run(_target: Any, _options: Any, context: RuleContext) -> Iterator[Issue]:
        for operation in _operations(context):
            if operation.method.lower() in context.contract.methods and (exempt or exemption(operation) is None):
                for issue in judge(operation, context):
                    yield issue._replace(path=operation.path)

    return run


def _operations(context: RuleContext) -> list[Operation]:
    from idemlint.openapi.operations import operation_at, operations

    operation = operation_at(context.references, context.path)
    if operation is not None:
        return [operation] if operation.path == context.path else []
    depth = len(context.path)
    return [each for each in operations(context.references) if each.path[:depth] == context.path]


def exemption(operation: Operation) -> Exemption | None:
    """How the document exempts the operation, if it does. What the operation says wins over its path item."""
    said = operation.extension(EXTENSION)
    if said is None:
        return None
    reason: object = None
    if said.value is False:
        given = operation.extension(REASON)
        reason = given.value if given is not None else None
    elif isinstance(said.value, dict) and said.value.get("exempt") not in (None, False):
        reason = said.value["exempt"]
    else:
        return None
    return Exemption(reason.strip() if isinstance(reason, str) else "", said)


def declared_key(operation: Operation, contract: Contract, references: References) -> Key | None:
    """Where the operation declares the key that the contract asks for; effective parameters, `$ref` followed."""
    if contract.carrier == "header":
        parameter = operation.header(contract.header)
        return None if parameter is None else _parameter_key(parameter)
    in_body = contract.carrier == "body"
    pointer = contract.field if in_body else _pointer(contract.field)
    # Swagger 2.0 describes the members of a form as parameters.
    places = frozenset({"formData"} if in_body else {"formData", "query"})
    for parameter in operation.parameters():
        if parameter.location in places and _pointer(parameter.name) == pointer:
            return _parameter_key(parameter)
    from idemlint.check.body_key import body_key

    return body_key(operation, pointer, references)


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _parameter_key(parameter: Parameter) -> Key:
    use = None if same_place(parameter.use, parameter.node) else parameter.use
    return Key(parameter.name, parameter.required, parameter.node, parameter.schema(), use)


def same_place(one: Node, other: Node) -> bool:
    return one.document is other.document and one.path == other.path


def declared_conflicts(operation: Operation, contract: Contract) -> list[str]:
    """Those of the contract's conflict statuses that the operation declares."""
    responses = operation.responses()
    declared = responses.value if responses is not None and isinstance(responses.value, dict) else {}
    return [status for status in contract.conflict_statuses if status in declared]


def key_phrase(contract: Contract) -> str:
    """How messages call the carrier: `header Idempotency-Key`, `body member /idempotency_key`."""
    return f"{CARRIERS[contract.carrier]} {contract.carrier_name}"


def place_of_use(operation: Operation) -> tuple[tuple[Node, str], ...]:
    """For an operation that is itself a `$ref`: where its path item names it."""
    return () if same_place(operation.use, operation.node) else ((operation.use, f"used here as {operation.label}"),)
