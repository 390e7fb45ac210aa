"""The two files that a configuration may stand in, read as plain data that still knows its lines."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final

from idemlint.errors import ConfigError
from idemlint.findings import Position
from idemlint.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_BYTES: Final = 1_000_000
_MAX_NODES: Final = 20_000
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT: Final = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}")


class Written(NamedTuple):
    """Data as a file has it, and where each key of it stands."""

    source: str
    data: Any
    locate: Callable[[tuple[str, ...]], Position | None]
    """Path of keys to the place of the last of them that is there."""


def read(path: str) -> Written:
    """`[tool.idemlint]` of a `.toml` file, the whole of any other, as YAML. ConfigError when it cannot be read."""
    try:
        with open(path, "rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except OSError as error:
        hint = "name a .toml, .yaml or .json file that is there"
        raise ConfigError(f"cannot be read: {error.strerror}", source=path, hint=hint) from None
    if len(raw) > _MAX_BYTES:
        raise ConfigError("is larger than a configuration can be", source=path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start)
        raise ConfigError("is not UTF-8", source=path, position=Position(line, 0), hint="save it as UTF-8") from None
    return _read_toml(path, text) if path.endswith(".toml") else _read_yaml(path, text)


# --- TOML ------------------------------------------------------------------------------------------------------------


def _read_toml(path: str, text: str) -> Written:
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
        position = Position(int(found[1]) - 1, int(found[2]) - 1) if found else None
        message = re.sub(r" \(at .*\)$", "", str(error))
        raise ConfigError(f"is no valid TOML: {message}", source=path, position=position) from None
    except RecursionError:
        raise ConfigError("is nested too deeply", source=path) from None
    tool = data.get("tool")
    whole = os.path.basename(path) != "pyproject.toml" and not (isinstance(tool, dict) and "idemlint" in tool)
    own = data if whole else (tool or {}).get("idemlint", {})
    prefix = () if whole else ("tool", "idemlint")
    return Written(path, own, lambda keys: _place_in_toml(text, (*prefix, *keys)))


def _place_in_toml(text: str, keys: tuple[str, ...]) -> Position | None:
    """Where the longest known part of `keys` is written. tomllib keeps no places, so tables and keys are looked up line
    by line; inside multi-line strings and inline tables this can only tell the line of the outermost key.
    """
    table: tuple[str, ...] = ()
    best: tuple[int, Position] | None = None
    for number, line in enumerate(text.split("\n")):
        stripped = line.strip()
        indent = len(line) - len(line.lstrip())
        header = re.match(r"\[\[?([^\]]+)\]\]?", stripped)
        if header:
            table = here = _dotted(header[1])
        elif "=" in stripped and not stripped.startswith("#"):
            here = (*table, *_dotted(stripped.partition("=")[0]))
        else:
            continue
        if keys[: len(here)] == here and (best is None or len(here) > best[0]):
            best = (len(here), Position(number, indent))
    return best[1] if best is not None else None


def _dotted(text: str) -> tuple[str, ...]:
    return tuple(
        part[1] or part[2] or part[3] for part in re.finditer(r"""\s*(?:"([^"]*)"|'([^']*)'|([^.\s]+))\s*\.?""", text)
    )


# --- YAML ------------------------------------------------------------------------------------------------------------


def _read_yaml(path: str, text: str) -> Written:
    import yaml

    try:
        # not the one in C: that one crashes the process on deep nesting
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = Position(mark.line, mark.column) if mark is not None else None
        raise ConfigError(
            f"is no valid YAML: {error.problem or error.context}", source=path, position=position
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"is no valid YAML: {str(error).splitlines()[0]}", source=path) from None
    except RecursionError:
        raise ConfigError("is nested too deeply", source=path) from None
    reader = _NodeReader(path)
    data = {} if root is None else reader.value(root, ())
    return Written(path, data, reader.locate)


class _NodeReader:
    """YAML nodes to plain data: the YAML 1.2 core types, so that `off` is a word and not False."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._places: dict[tuple[str, ...], Position] = {}
        self._count = 0

    def locate(self, keys: tuple[str, ...]) -> Position | None:
        while keys and keys not in self._places:
            keys = keys[:-1]
        return self._places.get(keys)

    def value(self, node: Any, path: tuple[str, ...]) -> Any:
        """Nesting is at most six deep in any valid configuration, and bounded here before recursion could run away."""
        self._count += 1
        mark = node.start_mark
        if self._count > _MAX_NODES or len(path) > 20:
            raise ConfigError(
                "is nested too deeply, or too large", source=self._source, position=Position(mark.line, 0)
            )
        if node.id == "sequence":
            return [self.value(item, (*path, str(index))) for index, item in enumerate(node.value)]
        if node.id == "mapping":
            return self._mapping(node, path)
        return _scalar(node.value, quoted=node.style is not None)

    def _mapping(self, node: Any, path: tuple[str, ...]) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for key, item in node.value:
            name = str(key.value) if key.id == "scalar" else ""
            here = (*path, name)
            position = Position(key.start_mark.line, key.start_mark.column)
            if not name or name in members:
                problem = f"the key {name!r} is there twice" if name else "a key must be a text"
                raise ConfigError(problem, source=self._source, position=position)
            self._places[here] = position
            members[name] = self.value(item, here)
        return members


def _scalar(text: str, *, quoted: bool) -> str | float | bool | None:
    if quoted:
        return text
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text in ("", "~") or text.lower() == "null":
        return None
    if _FLOAT.fullmatch(text):
        return float(text)
    return int(text) if _INTEGER.fullmatch(text) else text
