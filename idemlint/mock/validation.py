"""Does the document allow this request? Parameters, media type, and body, each refused with a problem that says where.

OpenAPI 3.1.1, sections Parameter Object and Request Body Object; Swagger 2.0, Parameter Object. The key's own header is
left to `carriers.py`, and so are the headers that OpenAPI says to ignore.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl

from idemlint.mock.bodies import NOT_READABLE, OPAQUE, body_value, form_pairs, is_deep
from idemlint.mock.media_types import FORM, MULTIPART, declared_for, is_json
from idemlint.mock.responses import offered
from idemlint.openapi.validation import DEEPEST_VALUE, decode_parameter, parameter_texts, validator_for

if TYPE_CHECKING:
    from idemlint.mock.answers import Answers
    from idemlint.mock.messages import Answer, Request
    from idemlint.mock.routing import Route
    from idemlint.openapi.operations import Operation, Parameter
    from idemlint.openapi.references import Node
    from idemlint.openapi.validation import SchemaValidator

_IGNORED: Final = frozenset({"accept", "content-type", "authorization"})
_NONE: Final[list[str]] = []
_JSON: Final = "application/json"
_LIMIT: Final = 20


class _Media(NamedTuple):
    schema: Node | None
    validator: SchemaValidator | None


class _Plan(NamedTuple):
    """What one operation asks of its requests."""

    parameters: tuple[tuple[Parameter, SchemaValidator | None], ...]
    """Those of path, query, header and cookie."""
    form: tuple[tuple[Parameter, SchemaValidator | None], ...]
    """Swagger 2.0: fields of the form."""
    media: dict[str, _Media]
    """Media types of the body; empty if the operation declares none."""
    required: bool
    """Whether there has to be a body."""
    refused: int
    """The status for what breaks a schema."""
    responses: tuple[str, ...]
    """Media types of the successful answer."""


class Validation:
    """Holds requests to their operations."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        carrier = answers.policy.carrier
        self._key = str(carrier.name).lower() if carrier.location == "header" else ""
        self._plans: dict[str, _Plan] = {}

    def refusal(self, request: Request, route: Route) -> Answer | None:
        """The problem that the request is answered with; None if it is valid."""
        plan = self._plans.get(route.label)
        if plan is None:
            plan = self._plans[route.label] = self.plan(route.operation)
        if plan.parameters:
            violations = self.parameters(request, route, plan)
            if violations:
                return self.answers.invalid(violations, plan.refused)
        if plan.responses:
            accept = request.header("accept")
            if accept is not None and accept != "*/*" and offered(accept, plan.responses) is None:
                return self.answers.not_acceptable(plan.responses)
        if request.body.count(b"[") + request.body.count(b"{") > DEEPEST_VALUE and is_deep(request, DEEPEST_VALUE):
            return self.answers.invalid([f"The body nests more than {DEEPEST_VALUE} levels deep."], 400)
        return self.body(request, route, plan) if plan.media or plan.form else None

    # --- steps ---------------------------------------------------------------------------------------------------------

    def plan(self, operation: Operation) -> _Plan:
        from idemlint.mock.responses import success_media_types

        parameters: list[tuple[Parameter, SchemaValidator | None]] = []
        form: list[tuple[Parameter, SchemaValidator | None]] = []
        media: dict[str, _Media] = {}
        required = False
        for parameter in operation.parameters():
            if parameter.location == "body":
                required = parameter.required
                names = _consumes(operation) or [_JSON]
                media.update((name, _media(parameter.schema(), operation)) for name in names)
            elif parameter.location == "formData":
                form.append((parameter, _validator(parameter)))
            elif parameter.location != "header" or parameter.name.lower() not in (*_IGNORED, self._key):
                parameters.append((parameter, _validator(parameter)))
        if form and not media:
            names = [name for name in _consumes(operation) if name in (FORM, MULTIPART)] or [FORM, MULTIPART]
            media.update((name, _Media(None, None)) for name in names)
        references = operation.references
        body = references.child(operation.node, "requestBody")
        if body is not None and isinstance(body.value, dict):
            required = body.value.get("required") is True
            content = references.child(body, "content")
            if content is not None and isinstance(content.value, dict):
                for name in content.value:
                    one = references.child(content, name)
                    media[name] = _media(references.child(one, "schema") if one is not None else None, operation)
        refused = 422 if operation.response("422") is not None else 400
        return _Plan(tuple(parameters), tuple(form), media, required, refused, success_media_types(operation))

    def parameters(self, request: Request, route: Route, plan: _Plan) -> list[dict[str, Any]]:
        """What is wrong with parameters of path, query, header and cookie."""
        violations: list[dict[str, Any]] = []
        query: list[tuple[str, str]] | None = None
        for parameter, validator in plan.parameters:
            location = parameter.location
            if location == "path":
                text = route.arguments.get(parameter.name)
                raw = [text] if text is not None else _NONE
            elif location == "query":
                if query is None:
                    query = _pairs(request.query)
                raw = parameter_texts(parameter, query) if query else _NONE
            elif location == "header":
                lines = request.lines(parameter.name.lower())
                raw = [", ".join(lines)] if lines else _NONE
            elif location == "cookie":
                raw = parameter_texts(parameter, _cookies(request))
            else:
                continue
            violations += _held(parameter, validator, raw)
        return violations[:_LIMIT]

    def body(self, request: Request, route: Route, plan: _Plan) -> Answer | None:
        if not request.body:
            if plan.required or any(parameter.required for parameter, _ in plan.form):
                return self.answers.invalid(["The request has no body, and this operation needs one."])
            return None
        encoding = request.header("content-encoding")
        if encoding is not None and encoding.strip().lower() not in ("", "identity"):
            answer = self.answers.unsupported_media_type(plan.media)
            return answer.with_headers(("accept-encoding", "identity"))
        content_type = request.header("content-type")
        if content_type:
            name = declared_for(content_type, plan.media)
            if name is None:
                return self.answers.unsupported_media_type(plan.media)
            read_as = content_type
        else:
            name = read_as = next(iter(plan.media))
        media = plan.media[name]
        if plan.form:
            return self._form(request, plan)
        value = body_value(request, read_as, route.operation.references, media.schema)
        if value is OPAQUE:
            return None
        if value is NOT_READABLE:
            what = "JSON text (RFC 8259)" if is_json(read_as) else "form of its media type"
            return self.answers.invalid([f"The body is no well-formed {what}."])
        if (b"NaN" in request.body or b"Infinity" in request.body) and not _strict(request.body):
            return self.answers.invalid(["The body is no well-formed JSON text (RFC 8259): NaN and Infinity are none."])
        if media.validator is None or media.validator.is_valid(value):
            return None
        violations = [
            {"detail": f"{one.pointer or 'The body'}: {one.message}", "pointer": "#" + one.pointer}
            for one in media.validator.violations(value, _LIMIT)
        ]
        return self.answers.invalid(violations, plan.refused) if violations else None

    def _form(self, request: Request, plan: _Plan) -> Answer | None:
        pairs = form_pairs(request)
        if pairs is None:
            return self.answers.invalid(["The body is no well-formed form of its media type."])
        violations: list[dict[str, Any]] = []
        for parameter, validator in plan.form:
            is_file = parameter.node.value.get("type") == "file"
            violations += _held(parameter, None if is_file else validator, parameter_texts(parameter, pairs))
        return self.answers.invalid(violations[:_LIMIT], plan.refused) if violations else None


def _held(parameter: Parameter, validator: SchemaValidator | None, raw: list[str]) -> list[dict[str, Any]]:
    """What is wrong with the texts of one parameter."""
    name = f"{parameter.location} parameter {parameter.name}"
    if not raw:
        if not parameter.required:
            return []
        return [{"detail": f"The {name} is missing.", "parameter": parameter.name}]
    if validator is None or (raw == [""] and parameter.node.value.get("allowEmptyValue") is True):
        return []
    value = decode_parameter(parameter, raw)
    if validator.is_valid(value):
        return []
    return [
        {"detail": f"The {name}: {one.message}", "parameter": parameter.name}
        for one in validator.violations(value, _LIMIT)
    ]


def _validator(parameter: Parameter) -> SchemaValidator | None:
    schema = parameter.schema()
    return validator_for(parameter.references, schema, direction="request") if schema is not None else None


def _media(schema: Node | None, operation: Operation) -> _Media:
    if schema is None:
        return _Media(None, None)
    return _Media(schema, validator_for(operation.references, schema, direction="request"))


def _consumes(operation: Operation) -> list[str]:
    for holder in (operation.node.value, operation.references.root.data):
        listed = holder.get("consumes")
        if isinstance(listed, list):
            return [name for name in listed if isinstance(name, str)]
    return []


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=10_000) if query else []
    except ValueError:
        return []


def _cookies(request: Request) -> list[tuple[str, str]]:
    pairs = []
    for line in request.lines("cookie"):
        for part in line.split(";"):
            name, equals, value = part.strip().partition("=")
            if equals:
                pairs.append((name, value.strip('"')))
    return pairs


def _strict(body: bytes) -> bool:
    """Whether the body is JSON without the words that Python reads and RFC 8259 does not know."""
    try:
        json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(word: str) -> None:
    raise ValueError(word)
