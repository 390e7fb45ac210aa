"""Which meta-schema a document is held to, and the errors that come of it, brought down to their causes."""

from __future__ import annotations

import sys
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from idemlint.check.structure.causes import Cause, Explainer
from idemlint.check.structure.meta_schemas import DIALECT, VERSIONS, Unsupported, is_valid, meta_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema.protocols import Validator
    from referencing import Registry

_FRAMES: Final = 12_000
"""jsonschema takes some 20 frames a level of nesting, and the loader lets 250 levels through."""
_STACK_BYTES: Final = 128 * 1024 * 1024
_MOST_ERRORS: Final = 500
_OPENAPI_DIALECT: Final = "https://spec.openapis.org/oas/{}/dialect/"


def causes_in(data: dict[str, Any], *, most: int) -> list[Cause]:
    """The causes why `data` is no valid document, at most `most`, in the order of the document's nesting.

    `Unsupported` when its version has no meta-schema here. Runs in a thread of its own, whose stack is deep enough for
    every document that the loader accepts.
    """
    version = version_of(data)
    schema = meta_schema(version)
    takes_dialect = _takes_dialect(data)
    if is_valid(data, version, dialect=takes_dialect):
        return []
    validator = _validator(version, dialect=takes_dialect)
    return _with_deep_stack(lambda: _collect(validator.iter_errors(data), Explainer(schema), most))


def version_of(data: dict[str, Any]) -> str:
    """`2.0`, `3.0`, `3.1` or `3.2`, also where the version is written as a number; `Unsupported` otherwise."""
    member = "openapi" if "openapi" in data else "swagger" if "swagger" in data else ""
    if not member:
        raise Unsupported(
            "the document names no OpenAPI version", hint='begin it with `openapi: 3.1.1`, or `swagger: "2.0"`'
        )
    text = str(data[member])
    version = ".".join(text.split(".")[:2])
    if version not in VERSIONS or (version == "2.0") != (member == "swagger"):
        known = "Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2"
        shown = text if len(text) <= 20 else f"{text[:20]}..."
        raise Unsupported(
            f"`{member}: {shown}` is no version that can be validated", member=member, hint=f"known are {known}"
        )
    return version


def _takes_dialect(data: dict[str, Any]) -> bool:
    """Schemas are held to JSON Schema 2020-12 unless the document chooses another dialect for them."""
    dialect = data.get("jsonSchemaDialect")
    return dialect is None or (
        isinstance(dialect, str)
        and dialect.startswith((DIALECT, *(_OPENAPI_DIALECT.format(each) for each in ("3.1", "3.2"))))
    )


@cache
def _validator(version: str, *, dialect: bool) -> Validator:
    """The validator of jsonschema, since its errors keep what failed below `oneOf`. Its registry fetches nothing."""
    from importlib import import_module

    from jsonschema import Draft202012Validator, validators
    from referencing import Resource

    schema = meta_schema(version)
    whole = schema
    registry: Registry[Any] = import_module("jsonschema_specifications").REGISTRY  # the package has no types
    if "$defs" in schema and dialect:
        # OpenAPI 3.1 and later leave schema objects to a dialect, which is bound by the dynamic anchor `meta`
        registry = Resource.from_contents(schema) @ registry
        bound = {"$dynamicAnchor": "meta", "$ref": DIALECT}
        whole = {"$schema": DIALECT, "$id": "urn:idemlint:document", "$ref": schema["$id"], "$defs": {"schema": bound}}
    # Draft 4, too, takes 1.0 for an integer here, as most tools and our own engine do.
    extend: Any = validators.extend  # its types are missing
    lenient = extend(validators.validator_for(whole), type_checker=Draft202012Validator.TYPE_CHECKER)
    validator: Validator = lenient(whole, registry=registry)
    return validator


def _collect(errors: Iterator[Any], explain: Explainer, most: int) -> list[Cause]:
    found: dict[tuple[object, ...], Cause] = {}
    weak: list[Cause] = []
    for error in islice(errors, _MOST_ERRORS):
        for cause in explain(error):
            if cause.weak:
                weak.append(cause)
            else:
                found.setdefault((cause.path, cause.message), cause)
    # What a member that is known could not be matched with is said by the error inside it, if there is one
    reasons = {cause.path[:length] for cause in found.values() for length in range(len(cause.path) + 1)}
    for cause in weak:
        if cause.path[:-1] not in reasons:
            found.setdefault((cause.path, cause.message), cause)
    return list(found.values())[:most]


def _with_deep_stack(work: Any) -> list[Cause]:
    import threading

    result: list[list[Cause]] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            result.append(work())
        except BaseException as error:  # noqa: BLE001 -- handed on to the caller's thread below
            failure.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size(_STACK_BYTES)
    sys.setrecursionlimit(max(limit, _FRAMES))
    try:
        thread = threading.Thread(target=run, name="openapi-valid", daemon=True)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)
    if failure:
        raise failure[0]
    return result[0]
