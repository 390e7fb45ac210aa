"""Where in a body a resource is, or the array of a list, and which member of a resource is its identifier."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from idemlint.mock.shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Iterable

Place: TypeAlias = tuple[str | int, ...]
"""`()` the whole, `("data",)` a member, `("data", 0)` the first item of one."""

_WORD: Final = re.compile(r"[^a-z0-9]")
_NAMES: Final = (
    "id",
    "uuid",
    "guid",
    "sid",
    "uid",
    "token",
    "key",
    "reference",
    "name",
    "slug",
    "code",
    "number",
)
_NATURAL: Final = frozenset({"name", "slug", "code", "number", "email", "domain", "username", "login", "key"})
"""Names of identifiers that the client chooses."""
_LISTS: Final = ("data", "items", "results", "records", "entries", "values", "objects", "content", "list")


def inside(shape: Shape, place: Place) -> Shape:
    """The shape of what is at a place."""
    for step in place:
        if isinstance(step, int):
            shape = shape.items()
            continue
        members = shape.member(step)
        base = shape.base.get(step) if isinstance(shape.base, dict) else None
        fitting = [member for member in members if member.is_valid(base)]
        shape = (fitting or members or [Shape(shape.references, None, base)])[0]
    return shape


def placed(base: Any, place: Place, value: Any) -> Any:
    """A copy of the base with the value at the place; an array on the way holds nothing else."""
    if not place:
        return value
    step = place[0]
    if isinstance(step, int):
        return [placed(base[0] if isinstance(base, list) and base else {}, place[1:], value)]
    held = base if isinstance(base, dict) else {}
    return {**held, step: placed(held.get(step), place[1:], value)}


def identifier_name(names: Iterable[str], parameter: str, noun: str) -> str | None:
    """Which member of a resource holds its identifier: the path parameter's name says so, or custom."""
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(_plain(name), name)
    singular = _singular(_plain(noun))
    wanted = _plain(parameter)
    candidates = [wanted] if wanted.endswith(tuple(_NAMES)) else []
    if singular and wanted.startswith(singular):
        candidates.append(wanted[len(singular) :])
    candidates += ["id", singular + "id", _plain(noun) + "id"]
    candidates += [singular + name for name in ("uuid", "guid", "sid", "key", "token", "number", "code")]
    candidates += _NAMES
    candidates += [name for name in known if len(name) > 1 and wanted.endswith(name)]
    candidates += ["ip", "address", wanted]
    for candidate in candidates:
        if candidate in known:
            return known[candidate]
    return None


def is_natural(name: str) -> bool:
    """Whether an identifier of that name is the client's to choose, a domain's name, say."""
    return _plain(name) in _NATURAL


def resource_place(shape: Shape, parameter: str, noun: str) -> tuple[Place, str | None] | None:
    """Where in a body the resource is, and the member with its identifier; None if the body holds no object."""
    base = shape.base
    if isinstance(base, list):
        if base and isinstance(base[0], dict):
            return (0,), identifier_name(_names(shape.items(), base[0]), parameter, noun)
        return None
    if not isinstance(base, dict):
        return None
    name = identifier_name(_names(shape, base), parameter, noun)
    if name is not None and (_plain(name) not in ("name", "key", "code", "number") or not _wrapper(base, noun)):
        return (), name
    wrapper = _wrapper(base, noun)
    if wrapper is not None:
        place: Place = (wrapper, 0) if isinstance(base[wrapper], list) else (wrapper,)
        within = inside(shape, place)
        if isinstance(within.base, dict):
            found = identifier_name(_names(within, within.base), parameter, noun)
            if found is not None:
                return place, found
    return (), name


def list_place(shape: Shape, noun: str) -> Place | None:
    """Where in the body of a list its array is; None if there is none."""
    if shape.schema is not None and not isinstance(shape.base, dict):
        return () if isinstance(shape.base, list) else None
    base = shape.base
    if isinstance(base, list):
        return ()
    arrays = [name for name in {**base, **shape.members} if _is_array(shape, name)]
    if arrays:
        wanted = (*_LISTS, _plain(noun))
        named = [name for name in arrays if _plain(name) in wanted]
        if named or len(arrays) == 1:
            return ((named or arrays)[0],)
    for name, member in base.items():
        if isinstance(member, dict):
            for inner, value in member.items():
                if isinstance(value, list) and (_plain(inner) in (*_LISTS, _plain(noun)) or name == "_embedded"):
                    return (name, inner)
    return None


def _is_array(shape: Shape, name: str) -> bool:
    if isinstance(shape.base, dict) and name in shape.base:
        return isinstance(shape.base[name], list)
    return any("items" in schema.value for schema in shape.members.get(name, ()) if isinstance(schema.value, dict))


def _names(shape: Shape, base: dict[str, Any]) -> list[str]:
    """Members that may be identifiers: no objects, no arrays."""
    found = [name for name, value in base.items() if not isinstance(value, dict | list)]
    for name, schemas in shape.members.items():
        types = [schema.value.get("type") for schema in schemas if isinstance(schema.value, dict)]
        if name not in base and not {"object", "array"} & {kind for kind in types if isinstance(kind, str)}:
            found.append(name)
    return found


def _wrapper(base: dict[str, Any], noun: str) -> str | None:
    """The member that the resource stands in: `data`, the noun, or the only object among the members."""
    objects = [
        name
        for name, value in base.items()
        if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict))
    ]
    wanted = ("data", "result", "item", "resource", _plain(noun), _singular(_plain(noun)))
    named = next((name for name in objects if _plain(name) in wanted), None)
    return named or (objects[0] if len(objects) == 1 and len(base) <= 3 else None)


def _plain(name: str) -> str:
    return _WORD.sub("", name.lower())


def _singular(noun: str) -> str:
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    if noun.endswith(("sses", "shes", "ches", "xes")):
        return noun[:-2]
    return noun[:-1] if noun.endswith("s") and not noun.endswith("ss") else noun
