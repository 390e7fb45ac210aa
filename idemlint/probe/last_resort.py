"""Values for schemas that our own sampler has none for: schemathesis searches for one, where it is installed."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING, Any, Final

from idemlint.openapi.schema_bundle import bundle_for
from idemlint.openapi.validation import validator_for

if TYPE_CHECKING:
    from idemlint.openapi.references import Node, References

_SECONDS: Final = 5.0
_EXAMPLES: Final = 60


def searched(references: References, schema: Node, *, seed: int) -> tuple[Any] | None:
    """A value that the schema takes, the same for the same seed; None if none turned up in time.

    The value stands in a tuple, since null is one as well. The schema goes to schemathesis as JSON Schema 2020-12, as an
    OpenAPI 3.1 document of one operation.
    """
    try:
        import schemathesis
        from hypothesis import HealthCheck, Phase, find, settings
        from hypothesis.errors import HypothesisException
        from schemathesis.core.errors import SchemathesisError
    except ImportError:
        return None
    bundle = bundle_for(references, "request")
    name = bundle.define(schema)
    media = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "one schema", "version": "1"},
        "paths": {
            "/": {
                "post": {
                    "requestBody": {"required": True, "content": media},
                    "responses": {"200": {"description": "any"}},
                }
            }
        },
        "components": {"schemas": _moved(bundle.reachable(name))},
    }
    is_valid = validator_for(references, schema, direction="request").is_valid
    ends = time.monotonic() + _SECONDS
    found: list[Any] = []

    def fits(case: Any) -> bool:
        if time.monotonic() > ends:
            return True
        if is_valid(case.body):
            found.append(case.body)
            return True
        return False

    quietly = settings(
        max_examples=_EXAMPLES, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    try:
        strategy = schemathesis.openapi.from_dict(document)["/"]["POST"].as_strategy()
        find(strategy, fits, settings=quietly, random=Random(seed))  # noqa: S311 - reproducible, not secret
    except (HypothesisException, SchemathesisError, RecursionError, ValueError, KeyError, TypeError):
        pass
    return (found[0],) if found else None


def _moved(value: Any) -> Any:
    """References to `$defs` as references to components."""
    if isinstance(value, dict):
        return {
            key: member.replace("#/$defs/", "#/components/schemas/")
            if key == "$ref" and isinstance(member, str)
            else _moved(member)
            for key, member in value.items()
        }
    return [_moved(item) for item in value] if isinstance(value, list) else value
