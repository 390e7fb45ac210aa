"""What a rule function is: the seam between the ruleset engine and the functions that rules name."""

from __future__ import annotations

from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Final, TypeAlias

    from idemlint.contract.contract import Contract
    from idemlint.findings import Path
    from idemlint.openapi.references import Node, References


class Undefined:
    """JavaScript's `undefined`: the target of a `field` that is not there. Distinct from `null` (None)."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED: Final = Undefined()


class Issue(NamedTuple):
    """What a function has to say about its target."""

    message: str
    path: Path | None = None
    """Path in the resolved root document; None is the target's own."""
    node: Node | None = None
    """The place itself, for functions that already hold it; wins over `path`."""
    on_key: bool = False
    """The finding's range is the key token, not the value."""
    label: str = ""
    help: str = ""
    related: tuple[tuple[Node, str], ...] = ()


class RuleContext(NamedTuple):
    """What a function may know besides its target."""

    path: Path
    """Path of the target in the resolved root document (as `given` and `field` saw it)."""
    references: References
    """The root document (`references.root`) and everything it refers to."""
    contract: Contract
    resolved: bool = True


if TYPE_CHECKING:
    RuleFunction: TypeAlias = Callable[[Any, Any, RuleContext], Iterable[Issue]]
    """`(target value or UNDEFINED, functionOptions or None, context) -> issues`. A `$ref` in the target's own place is
    followed already; those below it only for functions that are `deep`."""


class Function(NamedTuple):
    """A rule function with the JSON Schema that its options must meet (None: takes no options)."""

    name: str
    run: RuleFunction
    options: dict[str, Any] | None
    deep: bool = False
    """True: the target is handed over with every `$ref` below it replaced (cycles keep their `$ref`)."""
