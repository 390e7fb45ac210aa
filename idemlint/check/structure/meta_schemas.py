"""The official meta-schemas, as openapi-spec-validator ships them, and a quick verdict by them."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

VERSIONS: Final = {"2.0": "v2", "3.0": "v30", "3.1": "v31", "3.2": "v32"}
"""OpenAPI versions, and how openapi-spec-validator names their meta-schemas."""
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
"""What OpenAPI 3.1 and later hold a schema object to when the document does not choose otherwise."""


class Unsupported(Exception):  # noqa: N818 -- it says what the document is, not what went wrong
    """There is no meta-schema for the document."""

    def __init__(self, message: str, *, member: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.member = member
        """Where the version stands; empty when it does not."""
        self.help = hint


@cache
def meta_schema(version: str) -> dict[str, Any]:
    """The meta-schema of `2.0`, `3.0`, `3.1` or `3.2`; `Unsupported` when the installed package has none."""
    content = _shipped(version)
    if content is None:
        # another layout than the one known: the package's own way, which imports 0.3 s worth of modules
        from openapi_spec_validator import schemas

        read = getattr(schemas, f"get_schema_content_{VERSIONS[version]}", None)
        if read is None:
            raise Unsupported(
                f"the installed openapi-spec-validator does not know OpenAPI {version}",
                member="openapi",
                hint="install a newer one: pip install -U openapi-spec-validator",
            )
        content = read()
    return _with_siblings(content)


def _with_siblings(content: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI 3.1 lets a path item stand beside its `$ref`; the meta-schema of 2022-10-07 does not, later ones do."""
    kinds = content.get("$defs", {})
    if "path-item-or-reference" in kinds:
        kinds["path-item"]["properties"]["$ref"] = {"type": "string", "format": "uri-reference"}
        kinds["path-item-or-reference"] = {"$ref": "#/$defs/path-item"}
    return content


def _shipped(version: str) -> dict[str, Any] | None:
    """The package's data file, read without importing the package."""
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec("openapi_spec_validator")
    for folder in (spec and spec.submodule_search_locations) or ():
        file = Path(folder, "resources", "schemas", f"v{version}", "schema.json")
        if file.is_file():
            content: dict[str, Any] = json.loads(file.read_bytes())
            return content
    return None


def is_valid(data: Any, version: str, *, dialect: bool) -> bool:
    """Whether our own engine finds nothing wrong, ten times faster than jsonschema, which knows the causes.

    It accepts nothing that jsonschema refuses; False may also mean that it gave up. `dialect`: whether schema objects
    are held to `DIALECT`.
    """
    from idemlint.check.json_schema import BrokenSchemaError, validate

    try:
        name = "draft2020-12" if "$defs" in meta_schema(version) else "draft4"
        return not validate(_static(version, dialect=dialect), data, dialect=name)
    except (BrokenSchemaError, RecursionError, ValueError):  # too deep, or a pattern that takes too long on a text
        return False


@cache
def _static(version: str, *, dialect: bool) -> Any:
    """The meta-schema with its dynamic reference bound: what a schema object is, is known beforehand."""
    return _bound(meta_schema(version), DIALECT if dialect else "#/$defs/schema")


def _bound(node: Any, schema_object: str) -> Any:
    if isinstance(node, list):
        return [_bound(item, schema_object) for item in node]
    if not isinstance(node, dict):
        return node
    bound = {name: _bound(member, schema_object) for name, member in node.items()}
    if bound.get("$dynamicRef") == "#meta":
        del bound["$dynamicRef"]
        bound["$ref"] = schema_object
    return bound
