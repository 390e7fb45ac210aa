"""Which operations the contract's rules look at, and where an operation declares its key.

The four base rules and the summary's coverage ask the same questions, so both ask them here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.named_tuple import NamedTuple

if TYPE_CHECKING:
    from idemlint.check.function import RuleContext
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
    """The list entry by which the operation takes it, when that is another place than `node`."""


def operation_in_scope(context: RuleContext) -> Operation | None:
    """The operation at the context's path, if the contract's rules are to look at it: its method, and no exemption."""
    operation = operation_of_method(context)
    return None if operation is None or exemption(operation) else operation


def operation_of_method(context: RuleContext) -> Operation | None:
    """The operation at the context's path, if its method is one of the contract's."""
    method = context.path[-1] if context.path else ""
    if not isinstance(method, str) or method.lower() not in context.contract.methods:
        return None
    from idemlint.openapi.operations import operation_at

    return operation_at(context.references, context.path)


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
        name = contract.header.lower()
        for parameter in operation.parameters():
            if parameter.location == "header" and parameter.name.lower() == name:
                return _parameter_key(parameter)
        return None
    if contract.carrier != "body":
        for parameter in operation.parameters():
            if parameter.location in ("query", "formData") and parameter.name == contract.field:
                return _parameter_key(parameter)
    from idemlint.check.body_key import body_key

    pointer = (
        contract.field if contract.carrier == "body" else "/" + contract.field.replace("~", "~0").replace("/", "~1")
    )
    return body_key(operation, pointer, references)


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
    kinds = {"header": "header", "body": "body member", "field": "field", "parameter": "parameter"}
    return f"{kinds[contract.carrier]} {contract.carrier_name}"


def place_of_use(operation: Operation) -> tuple[tuple[Node, str], ...]:
    """For an operation that is itself a `$ref`: where its path item names it."""
    return () if same_place(operation.use, operation.node) else ((operation.use, f"used here as {operation.label}"),)
