"""`idempotencyConflictSchema`: a declared conflict response has a JSON body that clients can tell apart."""

from __future__ import annotations

from idemlint.check.function import Function, Issue
from idemlint.check.scope import declared_conflicts, for_operations, place_of_use, same_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.check.function import RuleContext
    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import Node


def _judge(operation: Operation, context: RuleContext) -> Iterator[Issue]:
    """Flags the response, where it really stands, when no JSON media type of it has a schema that says something."""
    responses = operation.responses()
    for status in declared_conflicts(operation, context.contract):
        response = operation.response(status)
        if response is None or responses is None or _has_schema(operation, response):
            continue
        entry = responses._replace(path=(*responses.path, status), value=responses.value[status])
        shared = not same_place(entry, response)
        yield Issue(
            f"the {status} of {operation.label} has no JSON schema",
            node=response,
            on_key=response.value is None,
            label=f"a client cannot read from this {status} whether to wait, to retry or to stop",
            help=_help(status, response, context),
            related=((entry, f"used here by {operation.label}"),) if shared else place_of_use(operation),
        )


def _help(status: str, response: Node, context: RuleContext) -> str:
    root = context.references.root.data
    if not (isinstance(root, dict) and "swagger" in root):
        return f"give the {status} `application/problem+json` content with a schema that names its error codes"
    members = response.value if isinstance(response.value, dict) else {}
    if members.get("schema"):
        return "add `application/problem+json` to `produces`: the schema holds for the media types that it lists"
    mend = f"give the {status} a `schema` that names its error codes"
    return f"{mend}: Swagger 2.0 reads no `content`, which is OpenAPI 3's" if "content" in members else mend


def _has_schema(operation: Operation, response: Node) -> bool:
    if isinstance(response.value, dict) and isinstance(response.value.get("$ref"), str):
        return True  # cannot be followed: a finding of its own
    return any(
        _is_json(media_type) and schema is not None and isinstance(schema.value, dict) and bool(schema.value)
        for media_type, schema in operation.response_content(response)
    )


def _is_json(media_type: str) -> bool:
    """`application/json` with or without parameters, any other `.../json` or `...+json`, and `*/*` (RFC 6839, 3.1)."""
    essence = media_type.split(";", 1)[0].strip().lower()
    return essence == "*/*" or essence.endswith(("/json", "+json"))


FUNCTION = Function("idempotencyConflictSchema", for_operations(_judge), None)
