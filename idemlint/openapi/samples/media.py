"""Which body goes with an operation: media type, schema, value.

OpenAPI 3.0.4, Media Type Object: `example` and `examples` of the media type come before those of the schema. Swagger 2.0:
the parameters in `body` or `formData`, the `examples` of a response by media type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from idemlint.openapi.references import Node
from idemlint.openapi.samples.draw import copied
from idemlint.openapi.samples.sampler import Sample
from idemlint.openapi.schema_annotations import MISSING

if TYPE_CHECKING:
    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import References
    from idemlint.openapi.samples.sampler import Sampler

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_ORDER = (*_FORMS, "text/", "application/octet-stream")


class BodySample(NamedTuple):
    """A body, not yet encoded."""

    media_type: str
    """As the document spells it; `application/json` where it has `*/*`."""
    schema: Node | None
    sample: Sample


def media_example(references: References, media_type: Node) -> Any:
    """The example that a Media Type Object, or a response of Swagger 2.0, bears; MISSING if it bears none.

    `example`, else the first of `examples` that has a `value` (`dataValue` in OpenAPI 3.2), else those of the schema. An
    `externalValue` is left unread. The value is the document's own: never change it.
    """
    value = references.resolve(media_type).value
    if type(value) is not dict:
        return MISSING
    if "example" in value:
        return value["example"]
    examples = references.child(media_type, "examples")
    if examples is not None and type(examples.value) is dict:
        for name in examples.value:
            example = references.child(examples, name)
            if example is None:
                continue
            if "/" in name:
                return example.value
            for keyword in ("value", "dataValue"):
                if type(example.value) is dict and keyword in example.value:
                    return example.value[keyword]
    schema = references.child(media_type, "schema")
    if schema is not None and type(schema.value) is dict:
        if "example" in schema.value:
            return schema.value["example"]
        listed = schema.value.get("examples")
        if type(listed) is list and listed:
            return listed[0]
    return MISSING


def body_sample(
    sampler: Sampler, operation: Operation, *, variant: int = 0, media_type: str | None = None
) -> BodySample | None:
    """A request body; None where the operation takes none. Raises SampleError.

    JSON before forms before text, unless `media_type` says which.
    """
    references = operation.references
    content = _request_content(operation)
    chosen = _chosen(list(content), media_type)
    return None if chosen is None else _sampled(sampler, references, chosen, *content[chosen], variant)


def response_sample(
    sampler: Sampler, operation: Operation, response: Node, *, variant: int = 0, media_type: str | None = None
) -> BodySample | None:
    """A body for a response of the operation; None where it has none. Raises SampleError."""
    references = operation.references
    response = references.resolve(response)
    content = references.child(response, "content")
    found: dict[str, tuple[Node | None, Node | None]] = {}
    for name, schema in operation.response_content(response):
        found[name] = (references.child(content, name) if content is not None else None, schema)
    if content is None:
        found = {name: (_swagger_example(references, response, name), schema) for name, (_, schema) in found.items()}
    chosen = _chosen(list(found), media_type)
    return None if chosen is None else _sampled(sampler, references, chosen, *found[chosen], variant)


def _sampled(
    sampler: Sampler,
    references: References,
    name: str,
    holder: Node | None,
    schema: Node | None,
    variant: int,
) -> BodySample:
    shown = "application/json" if name.startswith("*/*") else name
    example = media_example(references, holder) if holder is not None else MISSING
    if example is not MISSING:
        if schema is None or sampler.is_valid(schema, example):
            value = copied(example)
            return BodySample(shown, schema, Sample(sampler.renewed(schema, value, variant), "example"))
        sampler.note(f"an example of {name} is not valid against its schema")
    if schema is None:
        return BodySample(shown, None, Sample({} if _rank(name) < 2 else "sample", "generated"))
    return BodySample(shown, schema, sampler.sample(schema, variant=variant))


def _request_content(operation: Operation) -> dict[str, tuple[Node | None, Node | None]]:
    """Media types with the object that bears the example, and the schema."""
    references = operation.references
    body = references.child(operation.node, "requestBody")
    content = references.child(body, "content") if body is not None else None
    found: dict[str, tuple[Node | None, Node | None]] = {}
    if content is not None and type(content.value) is dict:
        for name in content.value:
            holder = references.child(content, name)
            found[name] = (holder, references.child(holder, "schema") if holder is not None else None)
        return found
    parameters = operation.parameters()
    consumes = _consumes(operation)
    for parameter in parameters:
        if parameter.location == "body":
            return dict.fromkeys(consumes or ["application/json"], (parameter.node, parameter.schema()))
    if any(parameter.location == "formData" for parameter in parameters):
        form = _form(operation)
        files = any(parameter.node.value.get("type") == "file" for parameter in parameters)
        names = [name for name in consumes if name in _FORMS] or [_FORMS[files]]
        return dict.fromkeys(names, (None, form))
    return found


def _form(operation: Operation) -> Node:
    """The fields of a form (Swagger 2.0) as the object that they make up; made once, since schemas go by identity."""
    memo = operation.references.schema_memo
    key = ("form", operation.path)
    known: Node | None = memo.get(key)
    if known is None:
        fields = [parameter for parameter in operation.parameters() if parameter.location == "formData"]
        value = {
            "type": "object",
            "properties": {parameter.name: parameter.node.value for parameter in fields},
            "required": [parameter.name for parameter in fields if parameter.required],
        }
        known = memo[key] = Node(operation.node.document, (*operation.node.path, "parameters"), value)
    return known


def _swagger_example(references: References, response: Node, name: str) -> Node | None:
    """The response with the one example that is for the media type."""
    examples = references.child(response, "examples")
    example = references.child(examples, name) if examples is not None else None
    if example is None:
        return None
    return Node(example.document, example.path, {"example": example.value})


def _consumes(operation: Operation) -> list[str]:
    for value in (operation.node.value, operation.references.root.data):
        consumes = value.get("consumes")
        if type(consumes) is list:
            return [name for name in consumes if type(name) is str]
    return []


def _chosen(names: list[str], wanted: str | None) -> str | None:
    if wanted is not None:
        return wanted if wanted in names else None
    return min(names, key=_rank, default=None)


def _rank(name: str) -> int:
    essence = name.partition(";")[0].strip().lower()
    if essence in {"application/json", "*/*", "application/*"}:
        return 0
    if essence.endswith("+json") or essence in {"text/json", "application/json-patch"}:
        return 1
    for rank, start in enumerate(_ORDER):
        if essence.startswith(start):
            return rank + 2
    return len(_ORDER) + 2
