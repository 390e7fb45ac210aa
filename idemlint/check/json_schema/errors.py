"""What a validation says, and what makes a schema unusable."""

from __future__ import annotations

from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

Trail: TypeAlias = "tuple[Trail, str | int] | None"
"""Path as a linked list from the end: descending costs one small tuple, and text is built only for errors."""


class SchemaError(NamedTuple):
    """One broken keyword."""

    path: tuple[str | int, ...]
    """Where in the instance: member names and indices."""
    message: str
    """ajv's text: `must be string`."""
    keyword: str
    schema_path: str
    """Where in the schema, as ajv has it: `#/properties/name/type`."""
    params: dict[str, Any]


class BrokenSchemaError(Exception):
    """The schema cannot be compiled."""

    def __init__(self, message: str, schema_path: str = "#") -> None:
        super().__init__(message)
        self.message = message
        self.schema_path = schema_path


class MissingReferenceError(BrokenSchemaError):
    """A `$ref` leads nowhere. Spectral holds its tongue about these in rules that see the resolved document."""


class Failure:
    """A SchemaError in the making; `errorMessage` has to look at and mark those that were found before it."""

    __slots__ = ("keyword", "message", "params", "schema_path", "trail", "used")

    def __init__(self, trail: Trail, keyword: str, schema_path: str, message: str, params: dict[str, Any]) -> None:
        self.trail = trail
        self.keyword = keyword
        self.schema_path = schema_path
        self.message = message
        self.params = params
        self.used = False


class Failures(list[Failure]):
    """The failures of one schema function (the root, or a `$ref` target that is not inlined).

    `returned`: ajv left the function at the failure, so that nothing further up in it may add to the list.
    """

    __slots__ = ("anchors", "returned", "root")

    def __init__(self, root: Any, anchors: dict[str, Any]) -> None:
        super().__init__()
        self.root = root
        self.anchors = anchors
        self.returned = False


class Evaluated:
    """Members and items that some keyword has looked at, for `unevaluatedProperties` and `unevaluatedItems`."""

    __slots__ = ("items", "properties")

    def __init__(self) -> None:
        self.properties: set[str] | bool = False
        """Names; True: all of them."""
        self.items: int | bool = 0
        """How many from the front; True: all of them."""

    def merge(self, other: Evaluated) -> None:
        if other.properties is True:
            self.properties = True
        elif other.properties and self.properties is not True:
            self.properties = self.properties | other.properties if self.properties else set(other.properties)
        if other.items is True:
            self.items = True
        elif self.items is not True:
            self.items = max(self.items, other.items)

    def add(self, names: set[str]) -> None:
        if self.properties is not True:
            self.properties = self.properties | names if self.properties else set(names)


def steps(trail: Trail) -> tuple[str | int, ...]:
    """The path, root first."""
    path: list[str | int] = []
    while trail is not None:
        trail, step = trail
        path.append(step)
    path.reverse()
    return tuple(path)


def escape(step: str | int) -> str:
    """As a token of a JSON pointer (RFC 6901, section 3)."""
    return str(step).replace("~", "~0").replace("/", "~1")


def pointer(path: tuple[str | int, ...]) -> str:
    return "".join(["/" + escape(step) for step in path])
