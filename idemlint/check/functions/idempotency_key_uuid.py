"""`idempotencyKeyUuid`: a declared key's schema admits just what the contract allows, which is UUIDs by default."""

from __future__ import annotations

from idemlint.check.function import Function, Issue
from idemlint.check.scope import declared_key, for_operations, same_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Final

    from idemlint.check.function import RuleContext
    from idemlint.check.scope import Key
    from idemlint.contract.contract import Contract
    from idemlint.contract.key_format import Ask, Judgement
    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import Node, References

_PLURALS: Final = {"uuid": "UUIDs", "uuid4": "version 4 UUIDs", "uuid7": "version 7 UUIDs", "ulid": "ULIDs"}
_MENDS: Final = {
    "uuid": "add `format: uuid`",
    "uuid4": "add `pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'`",
    "uuid7": "add `pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'`",
    "ulid": "add `pattern: '^[0-7][0-9A-HJKMNP-TV-Z]{25}$'`",
}
_LONGEST_QUOTE: Final = 60
_SPACE: Final = r"\x20"
_remembered: dict[tuple[int, Contract], tuple[Any, References, Judgement]] = {}
"""Verdicts on schemas that many operations share; holds the schema, so that its identity stays its own."""
_REMEMBERED_MOST: Final = 1_000


def _issues(operation: Operation, context: RuleContext) -> Iterator[Issue]:
    """Flags the parameter's schema; the parameter itself when it has none."""
    contract = context.contract
    declared = declared_key(operation, contract, context.references)
    if declared is None:
        return
    for key in (declared, *(declared._replace(node=other, schema=other) for other in declared.others)):
        judgement = _judge(key, contract, context.references)
        if judgement.demands:
            continue
        place = key.schema if key.schema is not None else key.node
        use = key.use
        if use is None and not same_place(written := _written(key), place):
            use = written  # the parameter is the operation's own, but its schema is shared
        message, label = _told(judgement, contract)
        yield Issue(
            f"the key of {operation.label} {message}",
            node=place,
            label=label,
            help=_help(key, contract, judgement, context.references),
            related=((use, f"used here by {operation.label}"),) if use is not None else (),
        )
        return


def _told(judgement: Judgement, contract: Contract) -> tuple[str, str]:
    """What the key does, and the proof of it."""
    wanted = _PLURALS.get(contract.key_format)
    if judgement.accepted:
        message = f"accepts more than {wanted or 'the contract allows'}"
        if judgement.broken:
            pattern = judgement.broken
            shown = _escaped(pattern if len(pattern) <= _LONGEST_QUOTE else f"{pattern[:_LONGEST_QUOTE]}...")
            return message, f'"{shown}" is no regular expression of ECMA-262, so it counts for nothing'
        return message, "accepts " + " and ".join(dict.fromkeys(map(_quote, judgement.accepted)))
    if judgement.listed:
        message = f"accepts just the {wanted or 'keys'} that its schema lists"
        return (
            message,
            f"refuses others, such as {_quote(judgement.refused)}" if judgement.refused else "refuses others",
        )
    message = f"does not accept {wanted or 'what the contract allows'}"
    return message, f"refuses {_quote(judgement.refused)}" if judgement.refused else "refuses every key"


def _written(key: Key) -> Node:
    """The schema as it is written, a `$ref` perhaps."""
    if (
        isinstance(key.node.value, dict)
        and "schema" in key.node.value
        and not same_place(key.node, key.schema or key.node)
    ):
        return key.node._replace(path=(*key.node.path, "schema"), value=key.node.value["schema"])
    return key.schema or key.node


def _judge(key: Key, contract: Contract, references: References) -> Judgement:
    from idemlint.contract.key_format import judge

    if key.schema is None:
        return judge(True, contract)
    written = _written(key)  # what stands beside a `$ref` counts since OpenAPI 3.1
    document, schema = written.document, written.value
    handle = (id(schema), contract)
    known = _remembered.get(handle)
    if known is not None and known[0] is schema and known[1] is references:
        return known[2]
    judgement = judge(schema, contract, _ask(document, references))
    if len(_remembered) >= _REMEMBERED_MOST:
        _remembered.clear()
    _remembered[handle] = (schema, references, judgement)
    return judgement


def _help(key: Key, contract: Contract, judgement: Judgement, references: References) -> str:
    """How the schema comes to demand what the contract asks, seen from what it says now."""
    from idemlint.contract.key_format import fits_uuids, judge
    from idemlint.contract.schema_samples import takes_strings

    mend = _MENDS.get(contract.key_format) or f"add {_demand(contract)}"
    schema = key.schema.value if key.schema is not None and isinstance(key.schema.value, dict) else {}
    written = _written(key).value
    where = f"in the schema of {key.name}"
    if isinstance(written, dict) and "$ref" in written and not _ask(None, references).siblings:
        beside = _without(written, "$ref")
        if beside and judge(beside, contract).demands:
            return f"{mend} to what the `$ref` of {key.name} names: beside a `$ref`, OpenAPI 3.0 ignores it"
    if judgement.listed:
        return f"put {mend.removeprefix('add ')} in the place of the list {where}"
    if not takes_strings(schema):
        enough = judge(_without(schema, "type"), contract).demands
        return f"set `type: string` {where}" if enough else f"set `type: string` and {mend} {where}"
    if schema.get("format") == "uuid" and not fits_uuids(contract):
        if judge(_without(schema, "format"), contract).demands:
            return f"remove `format: uuid` from the schema of {key.name}"
        return f"replace `format: uuid` by {mend.removeprefix('add ')} {where}"
    return f"{mend} to the schema of {key.name}"


def _demand(contract: Contract) -> str:
    if contract.pattern:
        return f"`pattern: '{contract.pattern}'`"
    wanted = (("minLength", contract.min_length), ("maxLength", contract.max_length))
    return " and ".join(f"`{keyword}: {length}`" for keyword, length in wanted if length is not None)


def _without(schema: dict[str, Any], keyword: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != keyword}


def _ask(document: Any, references: References) -> Ask:
    from idemlint.contract.key_format import Ask

    data = references.root.data
    version = data.get("openapi") if isinstance(data, dict) else None
    return Ask(document, references.follow, isinstance(version, str) and not version.startswith("3.0"))


def _quote(text: str) -> str:
    if len(text) > _LONGEST_QUOTE:
        return f"a key of {len(text)} characters"
    escaped = _escaped(text.replace("\\", "\\\\").replace('"', '\\"'))
    # A report breaks lines at spaces, and then those at the ends would be gone.
    start, end = len(escaped) - len(escaped.lstrip(" ")), len(escaped) - len(escaped.rstrip(" "))
    middle = escaped[start : len(escaped) - end] if start < len(escaped) else ""
    return f'"{_SPACE * start}{middle}{_SPACE * end if middle else ""}"'


def _escaped(text: str) -> str:
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


FUNCTION = Function("idempotencyKeyUuid", for_operations(_issues), None)
