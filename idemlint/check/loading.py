"""From ruleset files to a Ruleset: extends, rules and overrides merged in Spectral's order."""

from __future__ import annotations

import os

from idemlint.check.ruleset import (
    Definition,
    PointerSeverity,
    Rule,
    Ruleset,
    canonical_formats,
    did_you_mean,
    relative_to_ruleset,
    severity_number,
)
from idemlint.errors import RulesetError
from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from idemlint.check.function import Function

BUNDLED = ("recommended", "all", "ietf", "seed")
"""Rulesets that come along, as `idemlint:NAME`."""
DEFAULT_FILES = (".spectral.yaml", ".spectral.yml", ".spectral.json", "spectral.yaml", "spectral.yml", "spectral.json")


class Extension(NamedTuple):
    """One entry of `extends`."""

    name: str
    severity: str
    """`recommended`, `all` or `off`."""
    explicit: bool
    """Written as `[name, severity]`: then it overrules what the extended ruleset itself switched."""


class RulesetLoader:
    """Reads rulesets; what a run may read and execute is decided here, once."""

    def __init__(self, *, allow_code: bool = False, allow_remote: bool = False) -> None:
        self._allow_code = allow_code
        self._allow_remote = allow_remote
        self._definitions: dict[str, Definition] = {}
        self._stack: list[str] = []

    def load(self, names: Sequence[str], folder: str) -> Ruleset:
        """The ruleset made of all `names`: files, relative to `folder`, or `idemlint:NAME`; the last one wins."""
        if len(names) == 1:
            return self._finished(self._open(names[0], folder, None))
        from idemlint.openapi.document import parse

        return self._finished(Definition({"extends": list(names)}, parse("{}", os.path.join(folder, "command line"))))

    def _finished(self, definition: Definition) -> Ruleset:
        ruleset = self._build(definition, "recommended", explicit=False, nested=False)
        overrides = _overrides(definition.data)
        if overrides:
            cache: dict[tuple[int, ...], Ruleset] = {}

            def rebuild(source: str) -> Ruleset | None:
                return self._overridden(ruleset, overrides, source, cache)

            ruleset.rebuild = rebuild
        return ruleset

    def _build(self, definition: Definition, severity: str, *, explicit: bool, nested: bool) -> Ruleset:
        ruleset = Ruleset(definition)
        source = definition.document.source
        ruleset.sources[source] = None
        self._stack.append(source)
        for extension in _extensions(definition.data):
            self._extend(ruleset, extension, severity, forced=nested and explicit)
        self._stack.pop()
        self._merge_rules(ruleset, definition, severity, explicit=explicit)
        for name, value in (definition.data.get("parserOptions") or {}).items():
            ruleset.parser_options[name] = severity_number(value)
        return ruleset

    def _extend(self, ruleset: Ruleset, extension: Extension, severity: str, *, forced: bool) -> None:
        definition = ruleset.definition
        child_definition = self._open(extension.name, os.path.dirname(definition.document.source), definition)
        if child_definition.document.source in self._stack:
            return
        child = self._build(child_definition, extension.severity, explicit=extension.explicit, nested=True)
        ruleset.formats.update(child.formats)
        ruleset.sources.update(child.sources)
        for rule in child.rules.values():
            ruleset.rules[rule.name] = rule
            if forced:
                rule.enabled = _is_enabled(rule, severity)

    def _merge_rules(self, ruleset: Ruleset, definition: Definition, severity: str, *, explicit: bool) -> None:
        data = definition.data
        own_formats = canonical_formats(data["formats"]) if data.get("formats") else None
        ruleset.formats.update(dict.fromkeys(own_formats or ()))
        for name, raw in (data.get("rules") or {}).items():
            rule = _merge_rule(ruleset, definition, name, raw)
            own = rule.definition is definition
            if own or explicit:
                rule.enabled = _is_enabled(rule, severity)
            if rule.formats is not None:
                ruleset.formats.update(dict.fromkeys(rule.formats))
            elif own:
                rule.formats = own_formats
            elif rule.definition.data.get("formats"):
                rule.formats = canonical_formats(rule.definition.data["formats"])
            if data.get("documentationUrl") and rule.documentation_url is None:
                rule.documentation_url = f"{data['documentationUrl']}#{name}"

    # --- files -------------------------------------------------------------------------------------------------------

    def _open(self, name: str, folder: str, asked_by: Definition | None) -> Definition:
        source = self._locate(name, folder, asked_by)
        definition = self._definitions.get(source)
        if definition is None:
            definition = self._read(source, trusted=name.startswith("idemlint:"))
            self._definitions[source] = definition
        return definition

    def _read(self, source: str, *, trusted: bool) -> Definition:
        from idemlint.errors import DocumentError
        from idemlint.openapi.document import read

        try:
            document = self._fetch(source) if source.startswith(("http://", "https://")) else read(source)
        except DocumentError as error:
            raise RulesetError(
                error.message, source=error.source, position=error.position, hint=error.hint or "mend the ruleset"
            ) from None
        if trusted:
            return Definition(document.data, document, {}, trusted=True)
        from idemlint.check.validation import check_definition

        definition = Definition(document.data, document, {})
        check_definition(definition)
        return definition._replace(data=_without_except(document.data), functions=self._functions(definition))

    def _locate(self, name: str, folder: str, asked_by: Definition | None) -> str:
        if name.startswith("idemlint:"):
            bundled = name.partition(":")[2]
            if bundled not in BUNDLED:
                known = [f"idemlint:{known}" for known in BUNDLED]
                raise _refused(f'there is no ruleset "{name}"', asked_by, did_you_mean(name, known))
            return os.path.join(bundled_folder(), f"{bundled}.yaml")
        from idemlint.check.ruleset_files import locate

        return locate(name, folder, asked_by, allow_remote=self._allow_remote)

    def _fetch(self, source: str) -> Any:
        from idemlint.check.ruleset_files import fetch

        return fetch(source)

    def _functions(self, definition: Definition) -> Mapping[str, Function]:
        if not definition.data.get("functions"):
            return {}
        from idemlint.check.ruleset_files import load_functions

        return load_functions(definition, allow_code=self._allow_code)

    # --- overrides ---------------------------------------------------------------------------------------------------

    def _overridden(
        self, ruleset: Ruleset, overrides: list[dict[str, Any]], source: str, cache: dict[tuple[int, ...], Ruleset]
    ) -> Ruleset | None:
        """What `overrides` make of the ruleset for `source`; None where none of them matches."""
        definition = ruleset.definition
        matched = _Matched.of(overrides, source, definition.document.source)
        if not matched.whole and not matched.pointers:
            return None
        if matched.key in cache:
            return cache[matched.key]
        rebuilt = self._build(definition, "recommended", explicit=False, nested=False)
        merged = _merge_overrides([overrides[index] for index in matched.whole])
        if merged:
            patch = definition._replace(data=merged)
            self._stack.append(definition.document.source)
            below = Ruleset(patch)
            for extension in _extensions(merged):
                self._extend(below, extension, "recommended", forced=False)
            self._stack.pop()
            rebuilt.rules = {**below.rules, **rebuilt.rules}
            rebuilt.formats.update(below.formats)
            rebuilt.sources.update(below.sources)
            # aliases of an override add to those of the ruleset
            aliases = {**(definition.data.get("aliases") or {}), **(merged.get("aliases") or {})}
            self._merge_rules(
                rebuilt, patch._replace(data={**merged, "aliases": aliases}), "recommended", explicit=False
            )
            for name, value in (merged.get("parserOptions") or {}).items():
                rebuilt.parser_options[name] = severity_number(value)
        for name, severities in matched.pointers.items():
            if name in rebuilt.rules:
                rebuilt.rules[name].pointer_severities = severities
                rebuilt.rules[name].enabled = True
        if ruleset.adjust is not None:
            rebuilt.change(ruleset.adjust)
        cache[matched.key] = rebuilt
        return rebuilt


class _Matched(NamedTuple):
    """Which overrides speak of a file."""

    whole: list[int]
    pointers: dict[str, list[PointerSeverity]]
    key: tuple[int, ...]

    @classmethod
    def of(cls, overrides: list[dict[str, Any]], source: str, ruleset: str) -> _Matched:
        from urllib.parse import unquote

        from idemlint.check.globs import matches

        relative = relative_to_ruleset(source, ruleset)
        whole: list[int] = []
        pointers: dict[str, list[PointerSeverity]] = {}
        key: list[int] = []
        for index, override in enumerate(overrides):
            for number, pattern in enumerate(override["files"]):
                glob, hash_sign, pointer = pattern.partition("#")
                if not matches(relative, glob):
                    continue
                key += (index, number)
                if not hash_sign:
                    if index not in whole:
                        whole.append(index)
                    continue
                for name, value in override["rules"].items():
                    severity = PointerSeverity(glob, ruleset, unquote(pointer).rstrip("/"), severity_number(value))
                    pointers.setdefault(name, []).append(severity)
        return cls(whole, pointers, tuple(key))


def bundled_folder() -> str:
    """Where the rulesets lie: in the wheel beside this package's modules, in a checkout at the top level."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    packed = os.path.join(package, "_rules")
    return packed if os.path.isdir(packed) else os.path.join(os.path.dirname(package), "rules")


def bundled_rules() -> frozenset[str]:
    """The rules that `idemlint explain` knows: those with a page among the bundled documentation."""
    folder = os.path.join(bundled_folder(), "docs")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return frozenset(name[:-3] for name in names if name.endswith(".md"))


def find_default(folder: str) -> str | None:
    """The ruleset that Spectral would take from `folder`, if there is one."""
    for name in DEFAULT_FILES:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    return None


def _extensions(data: dict[str, Any]) -> Iterable[Extension]:
    extends = data.get("extends") or []
    for entry in extends if isinstance(extends, list) else [extends]:
        if isinstance(entry, list):
            yield Extension(entry[0], entry[1], explicit=True)
        else:
            yield Extension(entry, "recommended", explicit=False)


def _overrides(data: dict[str, Any]) -> list[dict[str, Any]]:
    return data.get("overrides") or []


def _merge_overrides(overrides: list[dict[str, Any]]) -> dict[str, Any]:
    """Several overrides that match one file: keys of the later win, rules and aliases are joined."""
    merged: dict[str, Any] = {}
    for override in overrides:
        rules = {**merged.get("rules", {}), **(override.get("rules") or {})}
        aliases = {**merged.get("aliases", {}), **(override.get("aliases") or {})}
        merged = {**merged, **override, "rules": rules, "aliases": aliases}
    merged.pop("files", None)
    return merged


def _without_except(data: dict[str, Any]) -> dict[str, Any]:
    """`except` of older rulesets, as overrides that switch the rules off."""
    if not data.get("except"):
        return data
    overrides = list(_overrides(data))
    for pattern, names in data["except"].items():
        files = [f"**{pattern}" if pattern.startswith("#") else pattern]
        overrides.append({"files": files, "rules": dict.fromkeys(names, "off")})
    return {**data, "overrides": overrides}


def _merge_rule(ruleset: Ruleset, definition: Definition, name: str, raw: Any) -> Rule:
    existing = ruleset.rules.get(name)
    path = ("rules", name)
    if isinstance(raw, dict):
        if existing is None:
            existing = ruleset.rules[name] = Rule(name, raw, definition, path)
        else:
            existing.update(raw, definition, path)
            existing.enabled = True
        return existing
    if existing is None:
        hint = did_you_mean(name, [*ruleset.rules]) if ruleset.rules else "add the ruleset that defines it to `extends`"
        raise definition.error(f'rule "{name}" is not defined by any extended ruleset', path, hint)
    ruleset.set_severity(name, raw)
    return existing


def _is_enabled(rule: Rule, severity: str) -> bool:
    return severity == "all" or (severity == "recommended" and rule.recommended)


def _refused(message: str, asked_by: Definition | None, hint: str) -> RulesetError:
    return RulesetError(message, hint=hint) if asked_by is None else asked_by.error(message, ("extends",), hint)
