"""Configuration: `.idemlint.yaml`, or `[tool.idemlint]` in pyproject.toml; found, read, and validated.

`config.schema.json` beside this module says the same for editors; a test holds the two together.
"""

from __future__ import annotations

import os

from idemlint.errors import ConfigError
from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Final

    from idemlint.config_files import Written

FILES: Final = (".idemlint.yaml", ".idemlint.yml")
PYPROJECT: Final = "pyproject.toml"
SEVERITIES: Final = ("error", "warn", "info", "hint")


class Config(NamedTuple):
    """What a configuration says; None and empty where it says nothing. Paths are absolute."""

    source: str = ""
    """The file; empty when there is none."""
    folder: str = ""
    """That of the file: what its relative paths are relative to."""
    documents: tuple[str, ...] = ()
    ruleset: tuple[str, ...] = ()
    profile: str | None = None
    contract: Mapping[str, Any] = {}
    fail_on: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    baseline: str | None = None
    root: str | None = None
    allow_remote_refs: bool = False
    format: tuple[str, ...] = ()
    jobs: int | None = None
    limits: Mapping[str, int] = {}
    rules: Mapping[str, str | bool] = {}
    probe: Mapping[str, Any] = {}
    """What `idemlint probe` would otherwise be told on its command line, by the names of its options."""


def find(folder: str) -> str | None:
    """The configuration that holds in `folder`: there or above, up to the root of the git repository.

    Outside of a repository only `folder` itself counts: what lies above it, say in a shared /tmp, is not the user's.
    """
    found: str | None = None
    here = folder
    while True:
        found = found or _in_folder(here)
        if os.path.exists(os.path.join(here, ".git")):
            return found
        above = os.path.dirname(here)
        if above == here:
            return found if found is not None and os.path.dirname(found) == folder else None
        here = above


def _in_folder(folder: str) -> str | None:
    for name in FILES:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    path = os.path.join(folder, PYPROJECT)
    try:
        with open(path, "rb") as file:
            return path if b"[tool.idemlint" in file.read() else None
    except OSError:
        return None


def load(path: str) -> Config:
    """Read and validate a configuration file. ConfigError with file and line for whatever is wrong with it."""
    from idemlint.config_files import read

    written = read(path)
    return _build(written)


def validate(data: Any) -> Mapping[str, Any]:
    """The mapping behind `[tool.idemlint]`, checked; ConfigError without a place. For those who hold plain data."""
    from idemlint.config_files import Written

    _check(Written("", data, lambda _path: None))
    checked: Mapping[str, Any] = data
    return checked


def _build(written: Written) -> Config:
    _check(written)
    data: dict[str, Any] = written.data
    folder = os.path.dirname(written.source)
    fields: dict[str, Any] = {
        name.replace("-", "_") if name != "except" else "excepted": _KINDS[name].normal(value)
        for name, value in data.items()
    }
    for name in ("baseline", "root"):
        if name in fields:
            fields[name] = _absolute(fields[name], folder)
    fields["ruleset"] = tuple(_ruleset(name, folder) for name in fields.get("ruleset", ()))
    for section in (fields, fields.get("probe", {})):
        if section.get("profile", "").endswith((".yaml", ".yml", ".json")):
            section["profile"] = _absolute(section["profile"], folder)
    for name in fields.get("probe", {}).keys() & {"document", "hooks"}:
        fields["probe"][name] = _absolute(fields["probe"][name], folder)
    return Config(written.source, folder, **fields)


def _absolute(path: str, folder: str) -> str:
    return os.path.normpath(os.path.join(folder, os.path.expanduser(path)))


def _ruleset(name: str, folder: str) -> str:
    """A file if it looks like one; `idemlint:all`, URLs and packages in node_modules stay as they are."""
    path = _absolute(name, folder)
    return path if os.path.isfile(path) or name.startswith((".", "/")) else name


class _Kind(NamedTuple):
    """What the value of a key may be, and how it is kept."""

    wanted: str
    """For the message: `a list of texts`."""
    accepts: Callable[[object], bool]
    normal: Callable[[Any], Any]
    choices: tuple[str, ...] = ()
    members: Mapping[str, _Kind] | None = None
    """For a mapping: the keys that it may have."""
    each: _Kind | None = None
    """For a mapping with keys of any name: what each value is."""


def _check(written: Written) -> None:
    if not isinstance(written.data, dict):
        raise ConfigError("the configuration must be a mapping", source=written.source, hint="write `key: value` lines")
    _check_members(written, (), written.data, _KINDS)


def _check_members(
    written: Written, path: tuple[str, ...], data: Mapping[str, Any], kinds: Mapping[str, _Kind]
) -> None:
    for name, value in data.items():
        here = (*path, str(name))
        kind = kinds.get(name)
        if kind is None:
            raise _error(written, here, f"unknown key {'.'.join(here)!r}", _near(str(name), kinds))
        _check_value(written, here, value, kind)


def _check_value(written: Written, path: tuple[str, ...], value: object, kind: _Kind) -> None:
    name = ".".join(path)
    if not kind.accepts(value):
        hint = _near(value, kind.choices) if isinstance(value, str) and kind.choices else ""
        shown = repr(value) if len(repr(value)) < 80 else type(value).__name__
        raise _error(written, path, f"{name} must be {kind.wanted}, not {shown}", hint)
    if isinstance(value, dict):
        if kind.members is not None:
            _check_members(written, path, value, kind.members)
        elif kind.each is not None:
            for key, each in value.items():
                _check_value(written, (*path, str(key)), each, kind.each)


def _error(written: Written, path: tuple[str, ...], message: str, hint: str) -> ConfigError:
    return ConfigError(message, source=written.source, position=written.locate(path), hint=hint)


def _near(name: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name.lower().replace("_", "-"), list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_texts(value: object) -> bool:
    return _is_text(value) or (isinstance(value, list) and all(map(_is_text, value)))


def _is_count(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return value >= 1 and (isinstance(value, int) or value.is_integer())


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e9


def _is_status(value: object) -> bool:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    is_code = isinstance(value, (int, str)) and not isinstance(value, bool)
    return is_code and len(text) == 3 and text.isascii() and text.isdigit() and text[0] in "12345"


def _is_override(value: object) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and value in (*SEVERITIES, "off"))


def _tuple(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _choice(*choices: str) -> _Kind:
    listed = ", ".join(choices[:-1]) + f" or {choices[-1]}"
    return _Kind(listed, lambda value: isinstance(value, str) and value in choices, str, choices)


def _mapping(members: Mapping[str, _Kind] | None = None, each: _Kind | None = None) -> _Kind:
    return _Kind("a mapping", lambda value: isinstance(value, dict), dict, members=members, each=each)


def _each_whole(value: dict[str, Any]) -> dict[str, int]:
    return {name: int(number) for name, number in value.items()}


_TEXT: Final = _Kind("a text", _is_text, str)
_TEXTS: Final = _Kind("a text or a list of texts", _is_texts, _tuple)
_FLAG: Final = _Kind("true or false", lambda value: isinstance(value, bool), bool)
_COUNT: Final = _Kind("a whole number from 1", _is_count, int)
_OVERRIDE: Final = _Kind(
    "error, warn, info, hint, off, true or false", _is_override, lambda value: value, (*SEVERITIES, "off")
)

_NUMBER: Final = _Kind("a number above 0", _is_number, float)
_ANY: Final = _Kind("anything", lambda _value: True, lambda value: value)

_CONTRACT: Final = {
    "header": _TEXT,
    "methods": _Kind(
        "a list of methods", lambda value: _is_texts(value) and isinstance(value, list) and bool(value), list
    ),
    "key-format": _choice("uuid", "uuid4", "uuid7", "ulid", "pattern", "any"),
    "pattern": _TEXT,
    "min-length": _COUNT,
    "max-length": _COUNT,
    "required": _FLAG,
    "conflict-statuses": _Kind(
        "a list of status codes",
        lambda value: isinstance(value, list) and bool(value) and all(map(_is_status, value)),
        list,
    ),
}
_OPERATION: Final = {
    "path": _mapping(each=_ANY),
    "query": _mapping(each=_ANY),
    "headers": _mapping(each=_ANY),
    "body": _ANY,
    "replace-body": _ANY,
}
_PROBE: Final = {
    "document": _TEXT,
    "url": _TEXT,
    "app": _TEXT,
    "profile": _TEXT,
    "suite": _choice("core", "full"),
    "select": _TEXTS,
    "ignore": _TEXTS,
    "only": _TEXTS,
    "except": _TEXTS,
    "auth": _TEXTS,
    "second-principal": _TEXTS,
    "max-requests": _COUNT,
    "rate": _Kind("a number or a text such as 10/s", lambda value: _is_text(value) or _is_number(value), str),
    "timeout": _NUMBER,
    "max-wait": _NUMBER,
    "wait-for": _NUMBER,
    "seed": _COUNT,
    "burst": _COUNT,
    "rounds": _COUNT,
    "hooks": _TEXT,
    "fail-on": _choice(*SEVERITIES, "never"),
    "strict": _FLAG,
    "format": _TEXTS,
    "operations": _mapping(each=_mapping(_OPERATION)),
}
_KINDS: Final[Mapping[str, _Kind]] = {
    "documents": _TEXTS,
    "ruleset": _TEXTS,
    "profile": _TEXT,
    "contract": _mapping(_CONTRACT),
    "fail-on": _choice(*SEVERITIES, "never"),
    "select": _TEXTS,
    "ignore": _TEXTS,
    "only": _TEXTS,
    "except": _TEXTS,
    "tags": _TEXTS,
    "baseline": _TEXT,
    "root": _TEXT,
    "allow-remote-refs": _FLAG,
    "format": _TEXTS,
    "jobs": _COUNT,
    "limits": _mapping({"max-bytes": _COUNT, "max-depth": _COUNT, "max-nodes": _COUNT})._replace(normal=_each_whole),
    "rules": _mapping(each=_OVERRIDE),
    "probe": _mapping(_PROBE)._replace(normal=lambda value: {name: _PROBE[name].normal(value[name]) for name in value}),
}
