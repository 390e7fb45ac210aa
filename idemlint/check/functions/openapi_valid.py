"""`openapiValid`: the document has the structure that its OpenAPI version prescribes.

openapi-spec-validator brings the official meta-schemas. Our own engine tells whether there is anything to say; only then
is jsonschema imported, whose errors lead to the causes. Nothing is fetched and no `$ref` of the document is followed:
each place is judged as it is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.check.function import Function, Issue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.check.function import RuleContext
    from idemlint.check.structure.causes import Cause
    from idemlint.findings import Path

_MOST_ISSUES: Final = 50


def _run(target: Any, options: Any, context: RuleContext) -> Iterator[Issue]:  # noqa: ARG001 -- the functions' signature
    """At most 50 issues, each at the place of the true cause, however deep below `oneOf` it lies."""
    from idemlint.check.structure.meta_schemas import Unsupported
    from idemlint.check.structure.validation import causes_in

    document = context.references.root
    try:
        causes = causes_in(document.data, most=_MOST_ISSUES)
    except Unsupported as refusal:
        yield Issue(
            str(refusal), (refusal.member,) if refusal.member else (), on_key=bool(refusal.member), help=refusal.help
        )
        return
    except RecursionError:
        yield Issue("the document is nested too deeply to be validated", help="use `$ref` to components instead")
        return
    except Exception as error:  # noqa: BLE001 -- what the library raises over a hostile document is not ours to know
        yield Issue(f"the document cannot be validated: {type(error).__name__}: {str(error)[:200]}")
        return
    for cause in causes:
        yield _issue(cause, context)


def _issue(cause: Cause, context: RuleContext) -> Issue:
    from idemlint.openapi.references import Node

    document = context.references.root
    node = Node(document, cause.path, _value(document.data, cause.path))
    return Issue(cause.message, cause.path, node, on_key=cause.on_key, help=cause.help)


def _value(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


FUNCTION = Function("openapiValid", _run, None)
