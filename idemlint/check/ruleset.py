"""Spectral's ruleset model: rules with given, then, severity, formats, and what overrides make of them for a file."""

from __future__ import annotations

import os

from idemlint.errors import RulesetError
from idemlint.findings import Path, Severity
from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from idemlint.check.function import Function
    from idemlint.check.selectors import Selector
    from idemlint.openapi.document import Document

OFF = -1
SEVERITIES = {"error": 0, "warn": 1, "info": 2, "hint": 3, "off": OFF}


class Definition(NamedTuple):
    """A ruleset as it was written, before anything is merged."""

    data: dict[str, Any]
    document: Document
    """Where it was written; for positions in errors."""
    functions: Mapping[str, Function] = {}
    """Functions of the user's own, by name."""
    trusted: bool = False
    """Ours: it needs no validation at each start (the tests do that)."""

    def error(self, message: str, path: Path, hint: str = "") -> RulesetError:
        located = self.document.locate(path)
        place = located.key if located.key is not None else located.value
        return RulesetError(message, source=self.document.source, position=place.start, hint=hint)


class Then(NamedTuple):
    """One check of a rule, ready to run."""

    field: str | None
    function: Function
    options: Any


class Rule:
    """One rule; mutable, since whoever extends a ruleset may change severity, given or then of its rules."""

    __slots__ = (
        "aliases_of",
        "definition",
        "description",
        "documentation_url",
        "enabled",
        "extensions",
        "formats",
        "given",
        "message",
        "name",
        "path",
        "pointer_severities",
        "recommended",
        "resolved",
        "severity",
        "then",
        "written_in",
    )

    def __init__(self, name: str, raw: dict[str, Any], definition: Definition, path: Path) -> None:
        self.name = name
        self.definition = definition
        """Of the ruleset that introduced the rule: its formats hold for the rule."""
        self.enabled = True
        self.description: str | None = None
        self.message: str | None = None
        self.documentation_url: str | None = None
        self.severity: int = Severity.WARN
        self.recommended = True
        self.resolved = True
        self.formats: tuple[str, ...] | None = None
        self.extensions: dict[str, Any] = {}
        self.pointer_severities: list[PointerSeverity] = []
        self.given: list[str] = []
        self.then: list[dict[str, Any]] = []
        self.update(raw, definition, path)

    def update(self, raw: dict[str, Any], definition: Definition, path: Path) -> None:
        """Take over what `raw`, written in `definition` at `path`, says."""
        if "given" in raw:
            given = raw["given"]
            self.given = list(given) if isinstance(given, list) else [given]
            self.aliases_of = definition
        if "then" in raw:
            then = raw["then"]
            self.then = list(then) if isinstance(then, list) else [then]
            self.written_in = definition
            self.path = path
        if "severity" in raw:
            self.severity = severity_number(raw["severity"])
        if "formats" in raw:
            self.formats = canonical_formats(raw["formats"])
        self.description = raw.get("description", self.description)
        self.message = raw.get("message", self.message)
        self.documentation_url = raw.get("documentationUrl", self.documentation_url)
        self.recommended = raw.get("recommended", self.recommended)
        self.resolved = raw.get("resolved", self.resolved)
        self.extensions = raw.get("extensions", self.extensions)

    def severity_at(self, source: str, path: Path) -> int:
        """The severity for a finding at `path` of `source`; the longest pointer among the overrides wins."""
        severity, closest = self.severity, ""
        if self.pointer_severities:
            pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
            for override in self.pointer_severities:
                longer = len(override.pointer) >= len(closest)
                if longer and override.covers(source) and f"{pointer}/".startswith(f"{override.pointer}/"):
                    severity, closest = override.severity, override.pointer
        return severity


class PointerSeverity(NamedTuple):
    """`overrides: [{files: ["v1.yaml#/paths"], rules: {x: off}}]`."""

    glob: str
    ruleset: str
    """The ruleset's own file: the glob is relative to its folder."""
    pointer: str
    """Without `#` and percent-encoding: `/paths/~1payments~1{id}`."""
    severity: int

    def covers(self, source: str) -> bool:
        from idemlint.check.globs import matches

        return matches(relative_to_ruleset(source, self.ruleset), self.glob)


class Ruleset:
    """Rules by name, ready to be applied to documents."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.rules: dict[str, Rule] = {}
        self.formats: dict[str, None] = {}
        """Every format that a rule names, in the order of first mention."""
        self.parser_options: dict[str, int] = {"duplicateKeys": Severity.ERROR, "incompatibleValues": Severity.ERROR}
        self.sources: dict[str, None] = {}
        """All files it was made of: what `--watch` looks at."""
        self.rebuild: Callable[[str], Ruleset | None] | None = None
        """Gives the ruleset for one source where overrides apply."""
        self.adjust: Callable[[Ruleset], None] | None = None
        """What command line and configuration change; repeated on each rebuilt ruleset."""
        self._prepared: dict[Rule, tuple[Then, ...]] = {}
        self._selectors: dict[tuple[Rule, tuple[str, ...]], tuple[Selector, ...]] = {}

    def for_source(self, source: str) -> Ruleset:
        """This ruleset with the overrides that match the file `source` (absolute path)."""
        rebuilt = self.rebuild(source) if self.rebuild is not None else None
        return self if rebuilt is None else rebuilt

    def change(self, adjust: Callable[[Ruleset], None]) -> None:
        """Change rules now and in whatever overrides make of this ruleset later."""
        self.adjust = adjust
        adjust(self)

    def set_severity(self, name: str, value: object) -> None:
        """What `rules: {name: value}` says: a severity, `off`, or a boolean."""
        rule = self.rules[name]
        if isinstance(value, bool):
            rule.enabled = value
            return
        rule.severity = severity_number(value)
        rule.enabled = rule.severity != OFF

    def active(self) -> Iterable[Rule]:
        return [
            rule for rule in self.rules.values() if rule.enabled and (rule.severity != OFF or rule.pointer_severities)
        ]

    def then(self, rule: Rule) -> tuple[Then, ...]:
        """The functions of a rule, looked up and their options validated: once."""
        prepared = self._prepared.get(rule)
        if prepared is None:
            prepared = tuple(_prepare(rule, index, raw) for index, raw in enumerate(rule.then))
            self._prepared[rule] = prepared
        return prepared

    def given(self, rule: Rule, formats: Iterable[str]) -> tuple[Selector, ...]:
        """The compiled selectors of a rule, aliases replaced, for a document of these formats."""
        key = (rule, tuple(formats))
        selectors = self._selectors.get(key)
        if selectors is None:
            expressions: Iterable[str] = rule.given
            if any(given.startswith("#") for given in rule.given):
                from idemlint.check.aliases import expand

                expressions = [found for given in rule.given for found in expand(rule, given, key[1])]
            selectors = tuple(_selector(rule, expression) for expression in dict.fromkeys(expressions))
            self._selectors[key] = selectors
        return selectors


def canonical_formats(names: Iterable[str]) -> tuple[str, ...]:
    """Formats under one spelling each, so that `oas3.1` of an alias meets `oas3_1` of a rule."""
    from idemlint.check.formats import canonical

    return tuple(canonical(name) or name for name in names)


def severity_number(value: object) -> int:
    """Spectral's names, and its numbers -1 to 3, also as text."""
    name = str(value)
    return SEVERITIES[name] if name in SEVERITIES else int(name)


def relative_to_ruleset(source: str, ruleset: str) -> str:
    """Patterns are relative to the folder of the ruleset."""
    relative = os.path.relpath(source, os.path.dirname(ruleset) or ".")
    return relative.replace(os.sep, "/")


def _prepare(rule: Rule, index: int, raw: dict[str, Any]) -> Then:
    from idemlint.check.functions import lookup

    name = raw["function"]
    definition = rule.written_in
    function = definition.functions.get(name) or lookup(name)
    place: Path = (*rule.path, "then", index) if isinstance(_written_then(rule), list) else (*rule.path, "then")
    if function is None:
        from idemlint.check.functions import names

        raise definition.error(
            f'rule "{rule.name}" names the function "{name}", which does not exist',
            (*place, "function"),
            hint=did_you_mean(name, [*names(), *definition.functions]),
        )
    options = raw.get("functionOptions")
    if not definition.trusted:
        from idemlint.check.validation import check_function_options

        check_function_options(rule, function, options, place)
    return Then(raw.get("field"), function, options)


def _written_then(rule: Rule) -> object:
    node: Any = rule.written_in.data
    for step in rule.path:
        node = node[step]
    return node["then"]


def _selector(rule: Rule, expression: str) -> Selector:
    from idemlint.check.selectors import SelectorError, compile_selector

    try:
        return compile_selector(expression)
    except SelectorError as error:
        definition = rule.aliases_of
        path = (*rule.path, "given") if definition is rule.written_in else ()
        raise definition.error(
            f'rule "{rule.name}": `given` cannot be read: {error}', path, hint=f"the expression is {expression!r}"
        ) from None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), n=1)
    return f'did you mean "{close[0]}"?' if close else f"known are {', '.join(sorted(set(known)))}"
