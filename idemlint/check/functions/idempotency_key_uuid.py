"""`idempotencyKeyUuid`: a declared key's schema admits just what the contract allows, which is UUIDs by default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.check.function import Function, Issue
from idemlint.check.scope import declared_key, operation_in_scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.check.function import RuleContext
    from idemlint.check.scope import Key
    from idemlint.contract.contract import Contract
    from idemlint.contract.key_format import Judgement
    from idemlint.openapi.references import References

_PLURALS: Final = {"uuid": "UUIDs", "uuid4": "version 4 UUIDs", "uuid7": "version 7 UUIDs", "ulid": "ULIDs"}
_MENDS: Final = {
    "uuid": "add `format: uuid`",
    "uuid4": "add `pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'`",
    "uuid7": "add `pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'`",
    "ulid": "add `pattern: '^[0-7][0-9A-HJKMNP-TV-Z]{25}$'`",
}
_LONGEST_QUOTE: Final = 60
_remembered: dict[tuple[int, Contract], tuple[Any, References, Judgement]] = {}
"""Verdicts on schemas that many operations share; holds the schema, so that its identity stays its own."""
_REMEMBERED_MOST: Final = 1_000


def _run(target: Any, options: Any, context: RuleContext) -> Iterator[Issue]:  # noqa: ARG001 -- the functions' signature
    """Flags the parameter's schema; the parameter itself when it has none."""
    operation = operation_in_scope(context)
    if operation is None:
        return
    contract = context.contract
    key = declared_key(operation, contract, context.references)
    if key is None:
        return
    place = key.schema if key.schema is not None else key.node
    judgement = _judge(key, contract, context.references)
    if judgement.demands:
        return
    if judgement.accepted:
        message = f"the key of {operation.label} accepts more than {_wanted(contract)}"
        label = "accepts " + " and ".join(_quote(text) for text in judgement.accepted)
    else:
        message = f"the key of {operation.label} does not accept {_wanted(contract)}"
        label = "refuses every key that the contract allows"
    yield Issue(
        message,
        node=place,
        label=label,
        help=_help(key.name, contract),
        related=((key.use, f"used here by {operation.label}"),) if key.use is not None else (),
    )


def _judge(key: Key, contract: Contract, references: References) -> Judgement:
    from idemlint.contract.key_format import Ask, judge

    if key.schema is None:
        return judge(True, contract)
    document, schema = key.schema.document, key.schema.value
    if isinstance(key.node.value, dict) and "schema" in key.node.value:
        # As written: what stands beside a `$ref` counts since OpenAPI 3.1.
        document, schema = key.node.document, key.node.value["schema"]
    handle = (id(schema), contract)
    known = _remembered.get(handle)
    if known is not None and known[0] is schema and known[1] is references:
        return known[2]
    data = references.root.data
    version = data.get("openapi") if isinstance(data, dict) else None
    siblings = isinstance(version, str) and not version.startswith("3.0")
    judgement = judge(schema, contract, Ask(document, references.follow, siblings))
    if len(_remembered) >= _REMEMBERED_MOST:
        _remembered.clear()
    _remembered[handle] = (schema, references, judgement)
    return judgement


def _wanted(contract: Contract) -> str:
    return _PLURALS.get(contract.key_format) or "the contract allows"


def _help(name: str, contract: Contract) -> str:
    mend = _MENDS.get(contract.key_format)
    if mend is None:
        mend = f"add `pattern: '{contract.pattern}'`" if contract.pattern else _lengths(contract)
    return f"{mend} to the schema of {name}"


def _lengths(contract: Contract) -> str:
    wanted = (("minLength", contract.min_length), ("maxLength", contract.max_length))
    return "add " + " and ".join(f"`{keyword}: {length}`" for keyword, length in wanted if length is not None)


def _quote(text: str) -> str:
    if len(text) > _LONGEST_QUOTE:
        return f"a key of {len(text)} characters"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return (
        '"' + "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in escaped) + '"'
    )


FUNCTION = Function("idempotencyKeyUuid", _run, None)
