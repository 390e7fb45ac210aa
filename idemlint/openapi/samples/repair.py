"""A value that breaks its schema, without the optional members that do so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.openapi.samples.draw import copied
from idemlint.openapi.samples.variation import at_pointer

if TYPE_CHECKING:
    from idemlint.openapi.validation import SchemaValidator, Violation

_MOST_ROUNDS = 25
_SEEN = 5


def pruned(value: Any, violations: list[Violation], validator: SchemaValidator) -> tuple[Any] | None:
    """The value with members left out until it is valid, in a tuple since it may be null; None if that does not help."""
    value = copied(value)
    for _ in range(_MOST_ROUNDS):
        smaller = _smaller(value, violations, validator)
        if smaller is None:
            return None
        value, violations = smaller
        if not violations:
            return (value,)
    return None


def _smaller(value: Any, violations: list[Violation], validator: SchemaValidator) -> tuple[Any, list[Violation]] | None:
    before = {violation.pointer for violation in violations}
    for violation in violations:
        steps = violation.pointer
        while steps:
            parent, key = at_pointer(value, steps)
            if type(parent) is dict or (type(parent) is list and key == len(parent) - 1):
                candidate = copied(value)
                inside, key = at_pointer(candidate, steps)
                del inside[key]
                left = validator.violations(candidate, _SEEN)
                if not left or (steps not in {one.pointer for one in left} and not _worse(left, before, steps)):
                    return candidate, left
            steps = steps.rpartition("/")[0]
    return None


def _worse(left: list[Violation], before: set[str], steps: str) -> bool:
    """Whether leaving the member out made the object around it complain anew."""
    parent = steps.rpartition("/")[0]
    return any(one.pointer == parent and parent not in before for one in left)
