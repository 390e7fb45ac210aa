"""Values for path, query, header and cookie parameters: the document's own first, else made from their schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idemlint.openapi.references import Node
from idemlint.openapi.samples import MISSING, SampleError, media_example
from idemlint.openapi.validation import encode_parameter

if TYPE_CHECKING:
    from idemlint.openapi.operations import Operation, Parameter
    from idemlint.openapi.references import References
    from idemlint.openapi.samples import Sampler
    from idemlint.probe.exchange import Lines
    from idemlint.probe.expectations import Expectations

_NOT_OURS: Final = frozenset(
    [
        "accept",
        "content-type",
        "authorization",
        "host",
        "content-length",
        "connection",
        "transfer-encoding",
        "user-agent",
        "cookie",
    ]
)
"""Header parameters that are none (OpenAPI 3.0.4, Parameter Object: Accept, Content-Type, Authorization), or that the
connection or the principal brings along."""
_DATES: Final = ("date", "date-time", "time")


class Arguments(NamedTuple):
    """Of one operation, without its key and its credentials."""

    path: dict[str, str]
    query: tuple[tuple[str, str], ...]
    headers: Lines
    constants: frozenset[str]
    """Path parameters that name no resource: one of a few words, a date, a flag."""
    documented: frozenset[str]
    """Path parameters whose value is the document's own."""


def arguments_of(sampler: Sampler, operation: Operation, expected: Expectations) -> Arguments:
    """Of all path parameters, and of the query, header and cookie parameters that are required."""
    skipped = {expected.name.lower(), *_credentials(operation.references)}
    if expected.parameter is not None:
        skipped.add(expected.parameter.name.lower())
    if expected.profile.carrier.companion is not None:
        skipped.add(expected.profile.carrier.companion.lower())
    path: dict[str, str] = {}
    query: list[tuple[str, str]] = []
    headers: list[tuple[str, str]] = []
    cookies: list[str] = []
    constants: set[str] = set()
    documented: set[str] = set()
    for parameter in operation.parameters():
        name, where = parameter.name, parameter.location
        if where == "path":
            value, origin = value_of(sampler, parameter)
            path[name] = _text(encode_parameter(parameter, value)) or "1"
            if origin == "enum" or _is_constant(parameter):
                constants.add(name)
            if origin != "generated":
                documented.add(name)
        elif parameter.required and name.lower() not in skipped:
            if where == "query":
                encoded = encode_parameter(parameter, value_of(sampler, parameter)[0])
                query += encoded if isinstance(encoded, list) else [(name, encoded)]
            elif where == "header" and name.lower() not in _NOT_OURS:
                headers.append((name, _line(_text(encode_parameter(parameter, value_of(sampler, parameter)[0])))))
            elif where == "cookie":
                cookies.append(f"{name}={_line(_text(encode_parameter(parameter, value_of(sampler, parameter)[0])))}")
    if cookies:
        headers.append(("Cookie", "; ".join(cookies)))
    return Arguments(path, tuple(query), tuple(headers), frozenset(constants), frozenset(documented))


def value_of(sampler: Sampler, parameter: Parameter) -> tuple[Any, str]:
    """A value that the parameter's schema takes, and where it comes from: `example`, `default`, `enum`, `generated`."""
    schema = parameter.schema()
    example = media_example(parameter.references, parameter.node)
    if example is MISSING:
        example = parameter.node.value.get("x-example", MISSING)
    if example is not MISSING and (schema is None or sampler.is_valid(schema, example)):
        return example, "example"
    if schema is None:
        return "sample", "generated"
    try:
        sample = sampler.sample(schema, hint=parameter.name)
    except SampleError:
        return ("sample", "generated") if example is MISSING else (example, "example")
    return sample.value, sample.origin


def _is_constant(parameter: Parameter) -> bool:
    schema = parameter.schema()
    value = schema.value if schema is not None else None
    if not isinstance(value, dict):
        return False
    return "enum" in value or "const" in value or value.get("type") == "boolean" or value.get("format") in _DATES


def _credentials(references: References) -> set[str]:
    """Names of the headers, query parameters and cookies that security schemes speak for, in lower case."""
    root = Node(references.root, (), references.root.data)
    found: set[str] = set()
    components = references.child(root, "components")
    holders = [
        references.child(components, "securitySchemes") if components is not None else None,
        references.child(root, "securityDefinitions"),
    ]
    for holder in holders:
        for name in holder.value if holder is not None and isinstance(holder.value, dict) else ():
            scheme = references.child(holder, name) if holder is not None else None
            if scheme is not None and isinstance(scheme.value, dict) and isinstance(scheme.value.get("name"), str):
                found.add(scheme.value["name"].lower())
    return found


def _text(encoded: list[tuple[str, str]] | str) -> str:
    return encoded if isinstance(encoded, str) else ",".join(value for _, value in encoded)


def _line(text: str) -> str:
    """Fit for a header line."""
    return "".join(char if char.isprintable() and ord(char) < 256 else " " for char in text).strip()
