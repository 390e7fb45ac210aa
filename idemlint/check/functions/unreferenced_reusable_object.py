"""`unreferencedReusableObject`: each member of the target must be the target of some `$ref`.

As in Spectral, only a `$ref` to the very object counts, not one into it, and none from within itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.function import Function, Issue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.check.function import RuleContext
    from idemlint.findings import Path
    from idemlint.openapi.references import References


def run(target: Any, options: Any, context: RuleContext) -> Iterator[Issue]:
    if not isinstance(target, dict):
        return
    location = _path(options["reusableObjectsLocation"])
    orphans = {str(name) for name in target}
    owners: dict[int, str] | None = None
    for path, mapping in _references(context.references):
        if len(path) != len(location) + 1 or path[:-1] != location or path[-1] not in orphans:
            continue
        if owners is None:
            owners = _owners(target)
        if owners.get(id(mapping)) != path[-1]:
            orphans.discard(str(path[-1]))
    for name in target:
        if name in orphans:
            yield Issue("Potential orphaned reusable object has been detected", (*location, name))


def _references(references: References) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each reference that leads into the root document: where to, and the mapping that holds it."""
    root = references.root
    name = _file_name(root.source)
    for document in list(references.documents.values()) or [root]:
        for mapping in document.references:
            file, _, fragment = mapping["$ref"].partition("#")
            if not file and document is root:
                yield _path(fragment), mapping
            elif file and _file_name(file) == name:
                found = references.target(document, mapping["$ref"])
                if found is not None and found.document is root:
                    yield _path(fragment), mapping


def _owners(target: dict[str, Any]) -> dict[int, str]:
    """Which member of the target each mapping that holds a `$ref` stands in, by identity."""
    owners: dict[int, str] = {}
    seen: set[int] = set()
    stack: list[tuple[Any, str]] = [(value, name) for name, value in target.items()]
    while stack:
        node, owner = stack.pop()
        if id(node) in seen:
            continue
        if isinstance(node, dict):
            seen.add(id(node))
            if "$ref" in node:
                owners[id(node)] = owner
            stack.extend((value, owner) for value in node.values())
        elif isinstance(node, list):
            seen.add(id(node))
            stack.extend((value, owner) for value in node)
    return owners


def _path(pointer: str) -> Path:
    """The members that a JSON pointer names (RFC 6901, section 6: as a URI fragment)."""
    pointer = pointer.removeprefix("#")
    if "%" in pointer:
        from urllib.parse import unquote

        pointer = unquote(pointer)
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _file_name(source: str) -> str:
    return source.replace("\\", "/").rpartition("/")[2]


FUNCTION = Function(
    "unreferencedReusableObject",
    run,
    {
        "type": "object",
        "properties": {"reusableObjectsLocation": {"type": "string", "pattern": "^#(?:/(?:[^~]|~[01])*)*$"}},
        "additionalProperties": False,
        "required": ["reusableObjectsLocation"],
    },
)
