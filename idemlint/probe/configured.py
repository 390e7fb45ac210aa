"""Requests as the configuration wants them: `[tool.idemlint.probe.operations."POST /refunds"]`.

`path`, `query` and `headers` are tables of texts; `body` is merged into the body that was made, dotted names going into
nested members; `replace-body` stands in its place.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from idemlint.errors import ConfigError
from idemlint.openapi.operations import operations
from idemlint.openapi.pointers import encode_pointer
from idemlint.probe.samples import NO_BODY, put

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from idemlint.openapi.references import References
    from idemlint.probe.samples import RequestSample

_KEYS: Final = ("path", "query", "headers", "body", "replace-body")


def check_entries(references: References, entries: Mapping[str, Mapping[str, Any]]) -> None:
    """ConfigError for an operation that the document does not have, and for a member that means nothing."""
    labels = [each.label for each in operations(references)]
    for label, entry in entries.items():
        where = f"[tool.idemlint.probe.operations.{label!r}]".replace("'", '"')
        if label not in labels:
            close = get_close_matches(label, labels, 1)
            hint = (
                f"did you mean {close[0]!r}?"
                if close
                else "write the method in capitals and the path as it stands there"
            )
            raise ConfigError(f"{where}: the document has no such operation", hint=hint)
        if not hasattr(entry, "items"):
            raise ConfigError(f"{where} must be a table", hint=f"it takes {', '.join(_KEYS)}")
        for key, value in entry.items():
            if key not in _KEYS:
                close = get_close_matches(key, _KEYS, 1)
                hint = f"did you mean {close[0]!r}?" if close else f"it takes {', '.join(_KEYS)}"
                raise ConfigError(f"{where}: {key!r} means nothing here", hint=hint)
            if key in ("path", "query", "headers") and not hasattr(value, "items"):
                raise ConfigError(f"{where}: {key} must be a table", hint=f'{key}.NAME = "value"')


def with_entry(sample: RequestSample, entry: Mapping[str, Any]) -> tuple[RequestSample, frozenset[str]]:
    """The sample with what the configuration, or a hook, gives; and the places that it gives.

    A place is `path.NAME`, `query.NAME`, `headers.name`, or `body` followed by a JSON pointer.
    """
    given: set[str] = set()
    path = {name: _text(value) for name, value in entry.get("path", {}).items()}
    if path:
        sample = sample.with_arguments(**path)
        given |= {f"path.{name}" for name in path}
    for name, value in entry.get("query", {}).items():
        values = value if isinstance(value, list) else [value]
        sample = sample.with_query(*((name, _text(each)) for each in values))
        given.add(f"query.{name}")
    for name, value in entry.get("headers", {}).items():
        kept = tuple(line for line in sample.headers if line[0].lower() != name.lower())
        sample = replace(sample, headers=(*kept, (name, _text(value))))
        given.add(f"headers.{name.lower()}")
    if "replace-body" in entry:
        media_type = sample.media_type or "application/json"
        sample = replace(sample, value=entry["replace-body"], media_type=media_type, origin="configured")
        given.add("body")
    if "body" in entry:
        body = entry["body"]
        value = {} if sample.value is NO_BODY else sample.value
        if isinstance(body, dict) and isinstance(value, dict):
            for pointer, member in _members(body):
                value = put(value, pointer, member)
                given.add(f"body{pointer}")
        else:
            value = body
            given.add("body")
        media_type = sample.media_type or "application/json"
        sample = replace(sample, value=value, media_type=media_type, origin="configured")
    return sample, frozenset(given)


def is_given(given: frozenset[str], place: str) -> bool:
    """Whether a place was given, by itself or with what it lies in."""
    return place in given or any(place.startswith(f"{each}/") for each in given if each.startswith("body"))


def _members(body: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Pointers and values; a dot in a name goes one level down, as it does in TOML where it is not quoted."""
    for name, value in body.items():
        path = (*above, *(str(name).split(".") if str(name).strip(".") else (str(name),)))
        if isinstance(value, dict) and value:
            yield from _members(value, path)
        else:
            yield encode_pointer(path)[1:], value


def _text(value: Any) -> str:
    return "true" if value is True else "false" if value is False else str(value)
