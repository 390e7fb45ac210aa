"""Changes to a JSON value: merge patches (RFC 7396) and JSON patches (RFC 6902)."""

from __future__ import annotations

from typing import Any, Final

from idemlint.openapi.pointers import text_steps

MERGE_PATCH: Final = "application/merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
_MAX_OPERATIONS: Final = 1_000
_ABSENT: Final = object()


class PatchError(ValueError):
    """A JSON patch that cannot be applied (RFC 6902, section 5); nothing of it was."""


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, member in patch.items():
        if member is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), member)
    return merged


def is_json_patch(value: Any) -> bool:
    """Whether a body is a JSON patch, whatever its media type says: many documents have it as plain JSON."""
    return isinstance(value, list) and all(
        isinstance(one, dict) and isinstance(one.get("op"), str) and isinstance(one.get("path"), str) for one in value
    )


def json_patch(target: Any, operations: list[dict[str, Any]]) -> Any:
    """RFC 6902; the target stays as it is. PatchError: an operation that cannot be done, or a test that fails."""
    if len(operations) > _MAX_OPERATIONS:
        raise PatchError(f"the patch has more than {_MAX_OPERATIONS} operations")
    for number, operation in enumerate(operations):
        try:
            target = _applied(target, operation)
        except PatchError as error:
            raise PatchError(f"operation {number}: {error}") from None
    return target


def _applied(target: Any, operation: dict[str, Any]) -> Any:
    kind, path = operation["op"], _steps(operation["path"])
    if kind in ("add", "replace", "test") and "value" not in operation:
        raise PatchError(f"{kind} has no value")
    if kind in ("move", "copy"):
        source = operation.get("from")
        if not isinstance(source, str):
            raise PatchError(f"{kind} has no from")
        start = _steps(source)
        value = _found(target, start)
        if kind == "copy":
            return _set(target, path, value, insert=True)
        if len(start) < len(path) and path[: len(start)] == start:
            raise PatchError("a value cannot be moved into itself")
        return _set(_set(target, start, _ABSENT, insert=False), path, value, insert=True)
    if kind == "test":
        if not _equal(_found(target, path), operation["value"]):
            raise PatchError(f"{operation['path']!r} is another value")
        return target
    if kind == "add":
        return _set(target, path, operation["value"], insert=True)
    if kind == "replace":
        _found(target, path)
        return _set(target, path, operation["value"], insert=False)
    if kind == "remove":
        _found(target, path)
        return _set(target, path, _ABSENT, insert=False)
    raise PatchError(f"{kind!r} is no operation")


def _steps(pointer: str) -> list[str]:
    """RFC 6901."""
    if pointer and not pointer.startswith("/"):
        raise PatchError(f"{pointer!r} is no JSON pointer")
    return list(text_steps(pointer))


def _found(value: Any, steps: list[str]) -> Any:
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and _is_index(step) and int(step) < len(value):
            value = value[int(step)]
        else:
            raise PatchError(f"there is no {step!r}")
    return value


def _set(target: Any, steps: list[str], value: Any, *, insert: bool) -> Any:
    """A copy in which the place holds the value, or is gone if that is `_ABSENT`."""
    if not steps:
        return None if value is _ABSENT else value
    step, rest = steps[0], steps[1:]
    if isinstance(target, dict):
        if rest and step not in target:
            raise PatchError(f"there is no {step!r}")
        if not rest and value is _ABSENT:
            return {name: member for name, member in target.items() if name != step}
        return {**target, step: _set(target.get(step), rest, value, insert=insert) if rest else value}
    if not isinstance(target, list):
        raise PatchError(f"there is no {step!r}")
    end = step == "-" and not rest and insert
    if not end and (not _is_index(step) or int(step) > len(target) - (0 if insert and not rest else 1)):
        raise PatchError(f"there is no {step!r}")
    index = len(target) if end else int(step)
    if rest:
        return [*target[:index], _set(target[index], rest, value, insert=insert), *target[index + 1 :]]
    if value is _ABSENT:
        return [*target[:index], *target[index + 1 :]]
    return [*target[:index], value, *target[index if insert else index + 1 :]]


def _is_index(step: str) -> bool:
    return step.isascii() and step.isdigit() and (step == "0" or step[0] != "0") and len(step) < 10


def _equal(one: Any, two: Any) -> bool:
    """Section 4.6: numbers are equal by their value, and true is not 1."""
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(_equal(one[name], two[name]) for name in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(_equal, one, two))
    return bool(one == two)
