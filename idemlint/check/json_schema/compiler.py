"""From schemas to closures."""

from __future__ import annotations

import sys

from idemlint.check.json_schema.combination import combine, keyword_check
from idemlint.check.json_schema.drafts import Dialect, dialect_named
from idemlint.check.json_schema.errors import BrokenSchemaError, Evaluated, Failures, SchemaError, Trail, steps
from idemlint.check.json_schema.place import Function, Mode, Place, failing, holds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from idemlint.check.json_schema.place import Answer, Check

_DEEP = 30_000
"""Frames that a validation may use when the ordinary limit is not enough; about where V8's own stack ends."""


class Compiler:
    """One root schema and all that it refers to."""

    def __init__(self, root: Any, dialect: Dialect, *, all_errors: bool) -> None:
        self.root = root
        self.dialect = dialect
        self.mode = Mode.ALL if all_errors else Mode.FIRST
        self.anchors: set[str] = set()
        """Dynamic anchors met so far: ajv follows only those that stand before the reference."""
        self.tracking = dialect.unevaluated and _mentions(root, ("unevaluatedProperties", "unevaluatedItems"))
        self._functions: dict[tuple[int, str], Function] = {}
        self._resources: Any = None

    @property
    def resources(self) -> Any:
        """Where references lead."""
        if self._resources is None:
            from idemlint.check.json_schema.resources import Resources

            self._resources = Resources(self.root, self.dialect)
        return self._resources

    def function(self, schema: Any, base: str) -> Function:
        key = (id(schema), base)
        function = self._functions.get(key)
        if function is None:
            function = self._functions[key] = Function(schema)
            function.check = self.compile(schema, self.mode, "#", base, function)
        return function

    def compile(self, schema: Any, mode: Mode, schema_path: str, base: str, function: Function) -> Check:
        if schema is True:
            return holds
        if schema is False:
            fail = failing(mode, "false schema", f"{schema_path}/false schema")

            def never(_instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
                return fail(trail, failures, "boolean schema is false", {})

            return never
        if not isinstance(schema, dict):
            raise BrokenSchemaError("schema must be object or boolean", schema_path)
        own = schema.get(self.dialect.id_keyword)
        if isinstance(own, str) and own and schema is not function.schema:
            base = self.resources.join(base, own)
        place = Place(self, schema, mode, schema_path, base, function)
        only_ref = "$ref" in schema and not any(name in self.dialect.keywords and name != "$ref" for name in schema)
        if only_ref:
            check = keyword_check(place, "$ref", "")
            return check or holds
        return combine(place)


def _mentions(schema: Any, keywords: tuple[str, ...]) -> bool:
    stack = [schema]
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if id(node) in seen:
                continue
            seen.add(id(node))
            if any(keyword in node for keyword in keywords):
                return True
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return False


class Validator:
    """A compiled schema."""

    def __init__(self, schema: Any, dialect: str = "draft2020-12", *, all_errors: bool = False) -> None:
        self.schema = schema
        self.dialect = dialect
        compiler = Compiler(schema, dialect_named(dialect, all_errors=all_errors), all_errors=all_errors)
        meta_schema = schema.get("$schema") if isinstance(schema, dict) else None
        if meta_schema is not None and not isinstance(meta_schema, str):
            raise BrokenSchemaError("$schema must be a string", "#/$schema")
        if meta_schema and meta_schema.removesuffix("#") not in compiler.dialect.meta_schemas:
            raise BrokenSchemaError(f'no schema with key or ref "{meta_schema}"', "#/$schema")

        def compile_root() -> Check:
            base = ""
            if isinstance(schema, dict) and isinstance(schema.get(compiler.dialect.id_keyword), str):
                base = compiler.resources.base
            return compiler.function(schema, base).check or holds

        try:
            self._check: Check = _deeply(compile_root)
        except RecursionError:
            raise BrokenSchemaError("the schema is nested too deeply") from None
        self._tracking = compiler.tracking

    def validate(self, instance: Any) -> list[SchemaError]:
        """The errors in ajv's order. Raises BrokenSchemaError when the schema refers to itself without end."""
        failures = Failures(instance, {})
        evaluated = Evaluated() if self._tracking else None
        check = self._check
        try:
            valid = check(instance, None, failures, evaluated)
        except RecursionError:

            def again() -> Answer:
                failures.clear()
                return check(instance, None, failures, Evaluated() if self._tracking else None)

            try:
                valid = _deeply(again)
            except RecursionError:
                raise BrokenSchemaError("Maximum call stack size exceeded") from None
        if valid is not False:
            return []
        return [SchemaError(steps(f.trail), f.message, f.keyword, f.schema_path, f.params) for f in failures]


def _deeply(action: Callable[[], Any]) -> Any:
    """Run it, with a higher recursion limit if need be: Python's own calls use no C stack, so that is harmless."""
    try:
        return action()
    except RecursionError:
        limit = sys.getrecursionlimit()
        if limit >= _DEEP:
            raise
        sys.setrecursionlimit(_DEEP)
        try:
            return action()
        finally:
            sys.setrecursionlimit(limit)
