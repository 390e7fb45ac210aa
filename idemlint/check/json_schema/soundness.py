"""Is a schema one? What the drafts' meta-schemas demand, as one table and one walk, with messages for people.

The meta-schemas themselves would do, but reading and compiling them takes longer than the check of a small document.
What the table cannot say (patterns that are none, `nullable` without `type`, references) is left to the compiler.
"""

from __future__ import annotations

from idemlint.check.javascript import is_number
from idemlint.check.json_schema.errors import BrokenSchemaError, SchemaError, pointer
from idemlint.check.json_schema.values import TYPE_TESTS, equal, is_integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_SCHEMA, _SCHEMAS, _MEMBERS = "a schema", "a list of schemas", "a mapping of schemas"

_KINDS = {
    "string": "$id $schema $ref $comment title description format contentMediaType contentEncoding pattern",
    "boolean": "uniqueItems readOnly",
    "number": "maximum minimum exclusiveMaximum exclusiveMinimum",
    "positive": "multipleOf",
    "count": "maxLength minLength maxItems minItems maxProperties minProperties",
    "names": "required",
    "types": "type",
    "enum": "enum",
    "list": "examples",
    _SCHEMA: "not if then else contains propertyNames additionalProperties additionalItems items",
    _SCHEMAS: "allOf anyOf oneOf",
    _MEMBERS: "properties patternProperties definitions",
    "dependencies": "dependencies",
}
_RECENT = {
    "boolean": "writeOnly deprecated",
    "count": "maxContains minContains",
    "string": "$dynamicRef $recursiveRef",
    "names of members": "dependentRequired",
    "anchor": "$anchor $dynamicAnchor",
    _SCHEMA: "unevaluatedProperties unevaluatedItems contentSchema",
    _SCHEMAS: "prefixItems",
    _MEMBERS: "$defs dependentSchemas",
}
# Of these the last are later drafts' keywords: ajv obeys them in draft 4, too, but draft 4's meta-schema says nothing.
_BOOLEAN_IN_DRAFT4 = tuple(
    (name,) for name in ("additionalProperties", "additionalItems", "contains", "propertyNames", "if", "then", "else")
)
_tables: dict[str, dict[str, str]] = {}


def _table(dialect: str) -> dict[str, str]:
    table = _tables.get(dialect)
    if table is None:
        recent = dialect in ("draft2019-09", "draft2020-12")
        table = {}
        for kinds in (_KINDS, _RECENT) if recent else (_KINDS,):
            for kind, keywords in kinds.items():
                table.update(dict.fromkeys(keywords.split(), kind))
        if dialect == "draft4":
            table.update({"exclusiveMaximum": "boolean", "exclusiveMinimum": "boolean", "id": "string"})
            for name in ("examples", "readOnly", "$id", "$comment", "contentMediaType", "contentEncoding"):
                del table[name]
        elif dialect in ("draft6", "draft7"):
            table["$id"] = "string"
        if dialect == "draft2019-09":
            del table["prefixItems"]
        elif dialect == "draft2020-12":
            del table["additionalItems"]
        _tables[dialect] = table
    return table


def find_faults(schema: Any, dialect: str) -> list[SchemaError]:
    """All values of keywords that the dialect's meta-schema refuses, in the order of the schema."""
    table = _table(dialect)
    faults: list[SchemaError] = []
    stack: list[tuple[Any, tuple[str | int, ...]]] = [(schema, ())]
    seen: set[int] = set()
    while stack:
        node, path = stack.pop()
        if isinstance(node, bool) and (dialect != "draft4" or path[-1:] in _BOOLEAN_IN_DRAFT4):
            continue
        if not isinstance(node, dict):
            faults.append(_fault(path, "schema", "must be a schema: " + _mapping(dialect)))
            continue
        if id(node) in seen:
            continue
        seen.add(id(node))
        below: list[tuple[Any, tuple[str | int, ...]]] = []
        for keyword, value in node.items():
            kind = table.get(keyword)
            if kind is None:
                continue
            where = (*path, keyword)
            if kind in (_SCHEMA, _SCHEMAS, _MEMBERS, "dependencies"):
                below += _subschemas(keyword, kind, value, where, faults, dialect)
                continue
            wanted = _VALUES[kind](value, dialect)
            if wanted:
                faults.append(_fault(where, keyword, "must be " + wanted))
        stack += reversed(below)
    return faults


def demand_soundness(schema: Any, dialect: str) -> None:
    """Raise BrokenSchemaError for the first fault, so that the compiler may rely on what it meets."""
    faults = find_faults(schema, dialect)
    if faults:
        fault = faults[0]
        raise BrokenSchemaError(f"schema is invalid: data{pointer(fault.path)} {fault.message}", fault.schema_path)


def as_fault(schema: Any, error: BrokenSchemaError) -> SchemaError:
    """What the compiler found, with its schema path as a path, as far as it leads into this schema."""
    path: list[str | int] = []
    node = schema
    for token in error.schema_path.removeprefix("#").split("/")[1:]:
        from urllib.parse import unquote

        name = unquote(token).replace("~1", "/").replace("~0", "~")
        step: str | int = int(name) if isinstance(node, list) and name.isdigit() else name
        if isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        elif isinstance(node, dict) and step in node:
            node = node[str(step)]
        else:
            break
        path.append(step)
    return _fault(tuple(path), str(path[-1]) if path else "schema", error.message)


def _fault(path: tuple[str | int, ...], keyword: str, message: str) -> SchemaError:
    return SchemaError(path, message, keyword, "#" + pointer(path), {})


def _mapping(dialect: str) -> str:
    return "a mapping" if dialect == "draft4" else "a mapping, true or false"


def _subschemas(
    keyword: str,
    kind: str,
    value: Any,
    where: tuple[str | int, ...],
    faults: list[SchemaError],
    dialect: str,
) -> Iterator[tuple[Any, tuple[str | int, ...]]]:
    """The schemas that the keyword holds; a value of the wrong shape is a fault."""
    if keyword == "items" and isinstance(value, list) and dialect != "draft2020-12":
        kind = _SCHEMAS
    if kind == _SCHEMA:
        yield value, where
    elif kind == _SCHEMAS:
        if not isinstance(value, list) or not value:
            faults.append(_fault(where, keyword, "must be a list of at least one schema"))
        else:
            for i, item in enumerate(value):
                yield item, (*where, i)
    elif not isinstance(value, dict):
        faults.append(_fault(where, keyword, f"must be {_MEMBERS}"))
    else:
        for name, item in value.items():
            if kind == "dependencies" and isinstance(item, list):
                wanted = _names(item, dialect)
                if wanted:
                    faults.append(_fault((*where, name), keyword, "must be " + wanted))
            else:
                yield item, (*where, name)


def _string(value: Any, _dialect: str) -> str:
    return "" if isinstance(value, str) else "text"


def _boolean(value: Any, _dialect: str) -> str:
    return "" if isinstance(value, bool) else "true or false"


def _number(value: Any, _dialect: str) -> str:
    return "" if is_number(value) else "a number"


def _positive(value: Any, _dialect: str) -> str:
    return "" if is_number(value) and value > 0 else "a number above 0"


def _count(value: Any, _dialect: str) -> str:
    return "" if is_integer(value) and value >= 0 else "a whole number from 0 up"


def _repeats(items: list[Any]) -> bool:
    return any(equal(item, other) for i, item in enumerate(items) for other in items[:i])


def _names(value: Any, dialect: str) -> str:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return "a list of names"
    if dialect == "draft4" and not value:
        return "a list of at least one name"
    return "a list of names that differ" if len(set(value)) != len(value) else ""


def _names_of_members(value: Any, dialect: str) -> str:
    sound = isinstance(value, dict) and not any(_names(item, dialect) for item in value.values())
    return "" if sound else "a mapping of lists of names"


def _types(value: Any, _dialect: str) -> str:
    if isinstance(value, str):
        sound = value in TYPE_TESTS
    else:
        sound = (
            isinstance(value, list)
            and bool(value)
            and all(isinstance(item, str) and item in TYPE_TESTS for item in value)
            and len(set(value)) == len(value)
        )
    return "" if sound else "one of " + ", ".join(TYPE_TESTS) + ", or a list of them"


def _enum(value: Any, dialect: str) -> str:
    if not isinstance(value, list) or not value:
        return "a list of at least one value"
    recent = dialect in ("draft2019-09", "draft2020-12")
    return "a list of values that differ" if not recent and _repeats(value) else ""


def _anchor(value: Any, _dialect: str) -> str:
    import re

    sound = isinstance(value, str) and re.fullmatch("[A-Za-z_][-A-Za-z0-9._]*", value) is not None
    return "" if sound else "a name: a letter or _, then letters, digits, - . and _"


def _list(value: Any, _dialect: str) -> str:
    return "" if isinstance(value, list) else "a list"


_VALUES: dict[str, Callable[[Any, str], str]] = {
    "string": _string,
    "boolean": _boolean,
    "number": _number,
    "positive": _positive,
    "count": _count,
    "names": _names,
    "names of members": _names_of_members,
    "types": _types,
    "enum": _enum,
    "list": _list,
    "anchor": _anchor,
}
