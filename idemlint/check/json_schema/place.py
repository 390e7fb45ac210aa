"""Where a schema stands on its way to a check, what that means for failures, and the functions that schemas become.

A check is `(instance, trail, failures, evaluated) -> True | False | None | FAILS_LATER`: it holds, it does not, it holds
and ajv skips the rest of the group, or it does not hold and ajv goes through the rest of the group all the same. ajv's
order and its short cuts differ by where a schema stands; that is its `Mode`.
"""

from __future__ import annotations

from enum import IntEnum

from idemlint.check.json_schema.errors import BrokenSchemaError, Evaluated, Failure, Failures, Trail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final, TypeAlias

    from idemlint.check.json_schema.compiler import Compiler


FAILS_LATER: Final = "fails later"
"""The answer of a keyword that failed without ending its group."""

if TYPE_CHECKING:
    Answer: TypeAlias = bool | str | None
    Check: TypeAlias = Callable[[Any, Trail, Failures, Evaluated | None], Answer]
    Fail: TypeAlias = Callable[[Trail, Failures, str, dict[str, Any]], bool]


class Mode(IntEnum):
    """What happens at the first failure."""

    FIRST = 0
    """It is the only one: leave the function."""
    BRANCH = 1
    """Inside `anyOf` and its kind: note it and leave the branch."""
    ALL = 2
    """Note it and go on (`allErrors`)."""
    SILENT = 3
    """Inside `not` and `if`: only the answer counts."""

    @property
    def branch(self) -> Mode:
        """The mode of a subschema whose failure is not yet the schema's."""
        return Mode.BRANCH if self is Mode.FIRST else self


class Place:
    """One schema on its way to a check: what a keyword needs to know to compile itself."""

    __slots__ = ("base", "compiler", "function", "keyword", "mode", "schema", "schema_path", "value")

    def __init__(
        self, compiler: Compiler, schema: dict[str, Any], mode: Mode, schema_path: str, base: str, function: Function
    ) -> None:
        self.compiler = compiler
        self.schema = schema
        self.mode = mode
        self.schema_path = schema_path
        self.base = base
        self.function = function
        self.keyword = ""
        self.value: Any = None

    def fail(self, keyword: str | None = None, *, append: bool = False) -> Fail:
        """How to report that the keyword does not hold. `append`: keep what is noted already about branches."""
        keyword = keyword or self.keyword
        return failing(self.mode, keyword, f"{self.schema_path}/{keyword}", append=append)

    def subschema(self, schema: Any, *step: str, mode: Mode | None = None) -> Check:
        """The check for a schema below the keyword; `step`: what follows the keyword in its schema path."""
        path = "/".join([self.schema_path, self.keyword, *step])
        return self.compiler.compile(schema, self.mode if mode is None else mode, path, self.base, self.function)

    def says_nothing(self, schema: Any) -> bool:
        """Whether the schema holds for everything because it has no keywords that check."""
        if isinstance(schema, bool):
            return schema
        keywords = self.compiler.dialect.keywords
        return isinstance(schema, dict) and not any(name in keywords for name in schema)

    def child_evaluated(self) -> Evaluated | None:
        return Evaluated() if self.compiler.tracking else None

    def broken(self, message: str) -> BrokenSchemaError:
        return BrokenSchemaError(message, f"{self.schema_path}/{self.keyword}")


class Function:
    """What ajv compiles to a function of its own: the root, and targets of `$ref` that hold references themselves."""

    __slots__ = ("check", "schema")

    def __init__(self, schema: Any) -> None:
        self.schema = schema
        self.check: Check | None = None

    def call(self, instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        """As a part of another function: failures are added to that one's."""
        own = Failures(failures.root, failures.anchors)
        inner = None if evaluated is None else Evaluated()
        assert self.check is not None  # noqa: S101 - calls happen when all is compiled
        if self.check(instance, trail, own, inner) is not False:
            if evaluated is not None and inner is not None:
                evaluated.merge(inner)
            return True
        failures.extend(own)
        return False


def failing(mode: Mode, keyword: str, schema_path: str, *, append: bool = False) -> Fail:
    if mode is Mode.SILENT:
        return _silent
    if mode is Mode.FIRST:

        def fail_first(trail: Trail, failures: Failures, message: str, params: dict[str, Any]) -> bool:
            if not append:
                failures.clear()
            failures.append(Failure(trail, keyword, schema_path, message, params))
            failures.returned = True
            return False

        return fail_first

    def fail(trail: Trail, failures: Failures, message: str, params: dict[str, Any]) -> bool:
        failures.append(Failure(trail, keyword, schema_path, message, params))
        return False

    return fail


def _silent(_trail: Trail, _failures: Failures, _message: str, _params: dict[str, Any]) -> bool:
    return False


def holds(_instance: Any, _trail: Trail, _failures: Failures, _evaluated: Evaluated | None) -> bool:
    """The check of a schema that says nothing."""
    return True
