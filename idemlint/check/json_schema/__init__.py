"""A JSON Schema engine of our own: drafts 4 to 2020-12, compiled to closures, with ajv's order and text of errors.

Why not `jsonschema`: it takes 60 ms to import, and Spectral's messages, which rules and baselines depend on, are a
matter of what ajv says first. Use `validate` or `compile_schema` for values, `check_schema` for users' schemas.
"""

from __future__ import annotations

from idemlint.check.json_schema.errors import BrokenSchemaError, MissingReferenceError, SchemaError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from idemlint.check.json_schema.compiler import Validator

__all__ = [
    "BrokenSchemaError",
    "MissingReferenceError",
    "SchemaError",
    "check_schema",
    "compile_schema",
    "detect_dialect",
    "validate",
]

_CACHE_LIMIT = 512

_compiled: dict[tuple[int, str, bool], tuple[Any, Validator]] = {}


def detect_dialect(schema: Any) -> str:
    """The dialect that the schema's `$schema` names, draft 7 when it names none that is known (as Spectral has it)."""
    if isinstance(schema, dict) and "$schema" in schema:
        from idemlint.check.json_schema.drafts import dialect_of

        return dialect_of(schema["$schema"]) or "draft7"
    return "draft7"


def compile_schema(schema: Any, dialect: str = "auto", *, all_errors: bool = False) -> Validator:
    """Compile once per schema object; the object must not change afterwards.

    Raises BrokenSchemaError for a schema that ajv would refuse to compile, MissingReferenceError (one of its kind)
    for a `$ref` that leads nowhere.
    """
    if dialect == "auto":
        dialect = detect_dialect(schema)
    key = (id(schema), dialect, all_errors)
    known = _compiled.get(key)
    if known is not None:
        return known[1]
    from idemlint.check.json_schema.compiler import Validator
    from idemlint.check.json_schema.soundness import demand_soundness

    demand_soundness(schema, dialect)
    validator = Validator(schema, dialect, all_errors=all_errors)
    if len(_compiled) >= _CACHE_LIMIT:
        _compiled.clear()
    # The schema is kept beside its validator, or its id could be given to another object.
    _compiled[key] = (schema, validator)
    return validator


def validate(schema: Any, instance: Any, *, dialect: str = "auto", all_errors: bool = False) -> list[SchemaError]:
    """What is wrong with `instance`, in ajv's order; only the first error unless `all_errors`.

    Raises as `compile_schema` does.
    """
    return compile_schema(schema, dialect, all_errors=all_errors).validate(instance)


def check_schema(schema: Any, dialect: str = "auto", *, all_errors: bool = False) -> list[SchemaError]:
    """What is wrong with the schema itself; paths lead into it. Catches what ajv refuses, without its meta-schemas.

    The last stage compiles the schema, so that a rule's later `compile_schema` costs nothing. A `$ref` that leads
    nowhere is told too (keyword `$ref`), though Spectral would just never find anything with such a schema.
    """
    from idemlint.check.json_schema.soundness import as_fault, find_faults

    dialect = detect_dialect(schema) if dialect == "auto" else dialect
    faults = find_faults(schema, dialect)
    if not faults:
        try:
            compile_schema(schema, dialect, all_errors=all_errors)
        except BrokenSchemaError as error:
            faults.append(as_fault(schema, error))
    return faults
