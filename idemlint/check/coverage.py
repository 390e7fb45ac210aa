"""How far the contract reaches in a document: the counts of the summary's last line."""

from __future__ import annotations

from idemlint.check.scope import declared_conflicts, declared_key, exemption
from idemlint.results import Coverage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from idemlint.contract.contract import Contract
    from idemlint.openapi.references import References


def coverage(
    references: References, contract: Contract, operations: Container[tuple[str, Sequence[str]]] | None = None
) -> Coverage:
    """Count the operations of the root document; `operations` holds `(label, tags)` of those that the run speaks of."""
    from idemlint.openapi.operations import operations as all_operations

    total = in_scope = keyed = conflicts = exempt = 0
    for operation in all_operations(references):
        total += 1
        if operation.method.lower() not in contract.methods:
            continue
        if operations is not None and (operation.label, operation.tags) not in operations:
            continue
        if exemption(operation) is not None:
            exempt += 1
            continue
        in_scope += 1
        key = declared_key(operation, contract, references)
        keyed += key is not None and (key.required or not contract.required)
        conflicts += bool(declared_conflicts(operation, contract))
    return Coverage(total, in_scope, keyed, conflicts, exempt)
