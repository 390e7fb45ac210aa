"""`errorMessage` (ajv-errors 3): a rule's own words in place of those that its schema's other keywords found.

Only with `allErrors`, as in Spectral; it comes last in its schema, looks at what was noted before, and replaces it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from idemlint.check.json_schema.errors import Failure, pointer, steps
from idemlint.check.json_schema.place import Mode
from idemlint.check.json_schema.values import json_text
from idemlint.named_tuple import NamedTuple
from idemlint.openapi.member_order import own_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.check.json_schema.errors import Evaluated, Failures, Trail
    from idemlint.check.json_schema.place import Check, Place

_KEYWORD = "errorMessage"
_PROPERTY_PARAMETERS = {"required": "missingProperty", "dependencies": "property", "dependentRequired": "property"}
_INTERPOLATION = re.compile(r"\$\{([^}]+)\}")


class _Words(NamedTuple):
    """The keyword's value, sorted by what is to be replaced."""

    keywords: dict[str, str]
    by_property: dict[str, dict[str, str]]
    """For `required` and its kind: words for each member."""
    members: dict[str, str]
    items: dict[str, str]
    everything: str


def _sorted(value: str | dict[str, Any]) -> _Words:
    if isinstance(value, str):
        return _Words({}, {}, {}, {}, value)
    words = _Words({}, {}, {}, {}, value.get("_") or "")
    for name in own_keys(value):
        said = value[name]
        if name == "properties" and isinstance(said, dict):
            words.members.update(said)
        elif name == "items" and isinstance(said, list):
            words.items.update({str(i): one for i, one in enumerate(said)})
        elif isinstance(said, dict):
            words.by_property[name] = said
        else:
            words.keywords[name] = said
    return words


def _error_message(place: Place, value: Any, _kind: str) -> Check | None:
    if place.mode is Mode.SILENT:
        return None
    if not isinstance(value, (str, dict)):
        raise place.broken('errorMessage value must be ["string","object"]')
    words = _sorted(value)
    schema_path = place.schema_path

    def error_message(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        if not failures:
            return True
        here = pointer(steps(trail))

        def of_this_schema(failure: Failure) -> bool:
            rest = failure.schema_path.removeprefix(schema_path)
            return (
                not failure.used
                and failure.keyword != _KEYWORD
                and pointer(steps(failure.trail)) == here
                and rest != failure.schema_path
                and re.fullmatch("/[^/]*", rest) is not None
            )

        def report(where: Trail, said: str, replaced: list[Failure]) -> None:
            text = _INTERPOLATION.sub(lambda match: _interpolated(match[1], failures.root, trail), said)
            failures.append(Failure(where, _KEYWORD, f"{schema_path}/{_KEYWORD}", text, {"errors": replaced}))

        _replace_keywords(failures, words.keywords, of_this_schema, trail, report)
        _replace_properties(failures, words.by_property, of_this_schema, trail, report)
        if isinstance(instance, dict):
            _replace_children(failures, words.members, here, trail, report)
        elif isinstance(instance, list):
            _replace_children(failures, words.items, here, trail, report)
        if words.everything:
            _replace_all(failures, words.everything, here, schema_path, trail, report)
        failures[:] = [failure for failure in failures if not failure.used]
        return True

    return error_message


def _replace_keywords(
    failures: Failures,
    messages: dict[str, str],
    of_this_schema: Callable[[Failure], bool],
    trail: Trail,
    report: Callable[[Trail, str, list[Failure]], None],
) -> None:
    found: dict[str, list[Failure]] = {name: [] for name in messages}
    for failure in failures:
        if failure.keyword in found and of_this_schema(failure):
            found[failure.keyword].append(failure)
            failure.used = True
    for name, replaced in found.items():
        if replaced:
            report(trail, messages[name], replaced)


def _replace_properties(
    failures: Failures,
    messages: dict[str, dict[str, str]],
    of_this_schema: Callable[[Failure], bool],
    trail: Trail,
    report: Callable[[Trail, str, list[Failure]], None],
) -> None:
    found: dict[str, dict[str, list[Failure]]] = {
        name: {member: [] for member in own_keys(words)} for name, words in messages.items()
    }
    for failure in failures:
        if failure.keyword in found and of_this_schema(failure):
            member = failure.params.get(_PROPERTY_PARAMETERS.get(failure.keyword, ""))
            if member in found[failure.keyword]:
                found[failure.keyword][member].append(failure)
                failure.used = True
    for name, by_member in found.items():
        for member, replaced in by_member.items():
            if replaced:
                report(trail, messages[name][member], replaced)


def _replace_children(
    failures: Failures,
    messages: dict[str, str],
    here: str,
    trail: Trail,
    report: Callable[[Trail, str, list[Failure]], None],
) -> None:
    found: dict[str, list[Failure]] = {name: [] for name in own_keys(messages)}
    for failure in failures:
        rest = pointer(steps(failure.trail))
        if failure.keyword == _KEYWORD or failure.used or not rest.startswith(here):
            continue
        match = re.match("/([^/]*)(?:/|\\Z)", rest[len(here) :])
        child = match[1].replace("~1", "/").replace("~0", "~") if match is not None else None
        if child in found:
            found[child].append(failure)
            failure.used = True
    for name, replaced in found.items():
        if replaced:
            report((trail, name), messages[name], replaced)


def _replace_all(
    failures: Failures,
    message: str,
    here: str,
    schema_path: str,
    trail: Trail,
    report: Callable[[Trail, str, list[Failure]], None],
) -> None:
    replaced = [failure for failure in failures if _below(failure, here, schema_path)]
    for failure in replaced:
        failure.used = True
    if replaced:
        report(trail, message, replaced)


def _below(failure: Failure, here: str, schema_path: str) -> bool:
    path = pointer(steps(failure.trail))
    return (
        failure.keyword != _KEYWORD
        and not failure.used
        and (path == here or path.startswith(here + "/"))
        and failure.schema_path.startswith(schema_path + "/")
    )


def _interpolated(reference: str, root: Any, trail: Trail) -> str:
    """The value at a JSON pointer, absolute or relative (`1/name`), as JSON."""
    path = list(steps(trail))
    if not reference.startswith("/"):
        match = re.fullmatch(r"([0-9]+)(#|/.*)?", reference)
        if match is None:
            return "undefined"
        up, rest = int(match[1]), match[2] or ""
        if up > len(path) or (rest == "#" and up >= len(path)):
            return "undefined"
        if rest == "#":
            return json_text(path[len(path) - up - 1])
        path = path[: len(path) - up]
        reference = rest
    else:
        path = []
    path += [token.replace("~1", "/").replace("~0", "~") for token in reference.split("/") if token]
    value = root
    for step in path:
        if value is None or value is False or value in ("", 0):
            # ajv's expression is `root && root.a && root.a.b`.
            break
        if isinstance(value, dict) and step in value:
            value = value[str(step)]
        elif isinstance(value, list) and str(step).isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return "undefined"
    return json_text(value)


KEYWORDS: dict[str, Callable[[Place, Any, str], Check | None]] = {_KEYWORD: _error_message}
