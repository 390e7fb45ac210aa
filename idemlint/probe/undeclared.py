"""Operations for which the document declares no key under the name that the profile has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idemlint.contract.likely_key import looks_like_a_key

if TYPE_CHECKING:
    from idemlint.openapi.operations import Operation
    from idemlint.probe.expectations import Expectations


def near_miss(operation: Operation, expected: Expectations) -> str:
    """A header of the operation that looks like its key under another name; empty if there is none, or no need of one."""
    if expected.keyed:
        return ""
    names = (each.name for each in operation.parameters() if each.location == "header")
    return next(filter(looks_like_a_key, names), "")


def undeclared(operation: Operation, expected: Expectations) -> str:
    """Why the operation takes no keys, and what to do if it does."""
    told = f"the document declares no {expected.name or 'idempotency key'} here"
    name = near_miss(operation, expected)
    if not name:
        return told
    return (
        f"{told}; its header {name} looks like the key: a profile that says `carrier: {{in: header, name: {name}}}` makes "
        "it that (--profile FILE), as `[tool.idemlint.contract] header` does for `idemlint check`"
    )
