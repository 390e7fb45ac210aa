"""From a path of the resolved document back to the place in a file, as Spectral 6.16 finds it (`DocumentInventory`)."""

from __future__ import annotations

from idemlint.openapi.pointers import closest, member, pointer_steps, split_reference
from idemlint.openapi.references import Node, Origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from idemlint.findings import Path
    from idemlint.openapi.references import References


def origin(references: References, path: Path, *, resolved: bool) -> Origin:
    """See `References.origin`.

    Where a path leads through a reference, its origin is in the target; where it ends on a mapping that is nothing but
    a `$ref`, it is the target itself; on a `$ref` with siblings, it is that mapping.
    """
    root = references.root
    value = root.data
    steps: list[str | int] = []
    led = False
    for step in path:
        inside = member(value, step)
        if inside is None:
            break
        if type(value) is dict and "$ref" in value:
            led = led or _is_reference(value)
        steps.append(inside[0])
        value = inside[1]
    here = tuple(steps)
    missing = path[len(here) :]
    if not resolved:
        return Origin(root, here, missing)
    if not missing:
        if not (_is_reference(value) and len(value) == 1):
            return Origin(root, here, ())
    elif not (led or _is_reference(value)):
        return Origin(root, here, missing)
    existing = _closest_resolved(references, path)
    rest = _behind_reference(root.data, existing)
    if rest is None:
        return Origin(root, here, missing)
    if rest is _LOST:
        return Origin(root, existing)
    missing = ()
    if rest:
        last = max(index for index, step in enumerate(path) if str(step) == str(rest[-1]))
        missing = path[last + 1 :]
    return _through_references(references, path, missing)


_LOST: Path = ("lost",)
"""The unresolved document has no such place, though the resolved one has: below the sibling of a `$ref`."""


def _is_reference(value: Any) -> bool:
    return type(value) is dict and type(value.get("$ref")) is str


def _closest_resolved(references: References, path: Path) -> Path:
    """The longest prefix of `path` that exists in the resolved document."""
    node = _enter(references, Node(references.root, (), references.root.data))
    found: list[str | int] = []
    for step in path:
        inside = member(node.value, step)
        if inside is None:
            break
        found.append(inside[0])
        node = _enter(references, Node(node.document, (*node.path, inside[0]), inside[1]))
    return tuple(found)


def _enter(references: References, node: Node) -> Node:
    """The node that stands at this place in the resolved document."""
    if _is_reference(node.value) and not references.circular(node.document, node.value):
        return references.resolve(node)
    return node


def _behind_reference(value: Any, path: Path) -> Path | None:
    """What remains of `path` at the first reference on it; None without one, `_LOST` where the way ends.

    A member next to a `$ref` is taken before the reference is.
    """
    for index, step in enumerate(path):
        inside = member(value, step)
        if inside is None:
            return path[index:] if _is_reference(value) else _LOST
        value = inside[1]
    return () if _is_reference(value) and len(value) == 1 else None


def _through_references(references: References, path: Path, missing: Path) -> Origin:
    document = references.root
    here: Path = ()
    value: Any = document.data
    exists = True
    for step in (None, *path):
        if step is not None:
            inside = member(value, step) if exists else None
            exists = inside is not None
            here = (*here, step if inside is None else inside[0])
            value = None if inside is None else inside[1]
        seen: set[int] = set()
        while exists and _is_reference(value) and id(value) not in seen:
            seen.add(id(value))
            ref = value["$ref"]
            node = references.target(document, ref)
            uri, fragment = split_reference(ref)
            if node is None:
                if uri:
                    found = closest(document.data, path)
                    return Origin(document, found, path[len(found) :])
                here = pointer_steps(fragment) if fragment[1:2] == "/" else here
                exists = False
                break
            if not uri and references.circular(document, value):
                break
            document, here, value = node
    found = here if exists else closest(document.data, here)
    return Origin(document, found, missing)
