"""Is a ruleset well formed? Each complaint names the rule and its line.

Spectral checks rulesets against a JSON Schema and answers in the schema's words; here the checks are written out, so
that the message can say what is wanted. Only rulesets of users come here: ours are checked by the tests.
"""

from __future__ import annotations

import re

from idemlint.check.ruleset import SEVERITIES, Definition, Rule, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Final

    from idemlint.check.function import Function
    from idemlint.findings import Path

_RULESET_KEYS: Final = (
    "rules", "extends", "formats", "documentationUrl", "description", "aliases", "overrides", "parserOptions",
    "functions", "functionsDir", "except",
)  # fmt: skip
_RULE_KEYS: Final = (
    "description", "message", "given", "then", "severity", "formats", "recommended", "resolved", "documentationUrl",
    "tags", "type", "extensions",
)  # fmt: skip
_OVERRIDE_KEYS: Final = ("files", "rules", "extends", "formats", "aliases", "parserOptions")
_THEN_KEYS: Final = ("field", "function", "functionOptions")
_TYPES: Final = {"text": str, "a list": list, "a mapping": dict, "true or false": bool}


def check_definition(definition: Definition) -> None:
    """Raise RulesetError at the first thing amiss."""
    data: Any = definition.data
    if not isinstance(data, dict):
        raise definition.error("a ruleset is a mapping with `rules` or `extends`", (), "see the README for an example")
    _known_keys(definition, data, _RULESET_KEYS, (), "ruleset")
    if not any(key in data for key in ("rules", "extends", "overrides", "except")):
        raise definition.error("the ruleset has neither `rules` nor `extends`", (), "add rules, or extend a ruleset")
    _typed(definition, data, "description", "text")
    _typed(definition, data, "documentationUrl", "text")
    _typed(definition, data, "functionsDir", "text")
    _typed(definition, data, "functions", "a list")
    _typed(definition, data, "except", "a mapping")
    _check_parts(definition, data, ())
    for index, override in enumerate(_typed(definition, data, "overrides", "a list") or ()):
        _check_override(definition, override, ("overrides", index))


def _check_parts(definition: Definition, data: dict[str, Any], path: Path) -> None:
    """What a ruleset and an override have in common."""
    _check_extends(definition, data.get("extends"), (*path, "extends"))
    _check_formats(definition, data, path)
    _check_aliases(definition, _typed(definition, data, "aliases", "a mapping", path) or {}, (*path, "aliases"))
    options = _typed(definition, data, "parserOptions", "a mapping", path) or {}
    _known_keys(definition, options, ("duplicateKeys", "incompatibleValues"), (*path, "parserOptions"), "parserOptions")
    for name, value in options.items():
        _check_severity(definition, value, (*path, "parserOptions", name))
    for name, rule in (_typed(definition, data, "rules", "a mapping", path) or {}).items():
        _check_rule(definition, name, rule, (*path, "rules", name))


def _check_extends(definition: Definition, extends: Any, path: Path) -> None:
    if extends is None or isinstance(extends, str):
        return
    if not isinstance(extends, list):
        raise definition.error("`extends` is a ruleset's name or a list of them", path)
    for index, entry in enumerate(extends):
        place = (*path, index)
        if isinstance(entry, str):
            continue
        if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[0], str):
            raise definition.error("an entry of `extends` is a name, or [name, all | recommended | off]", place)
        if entry[1] not in ("all", "recommended", "off"):
            raise definition.error(f"`extends` knows all, recommended and off, not {entry[1]!r}", (*place, 1))


def _check_rule(definition: Definition, name: str, rule: Any, path: Path) -> None:
    if not isinstance(rule, dict):
        if not isinstance(rule, bool):
            _check_severity(definition, rule, path, f'rule "{name}"')
        return
    rule_name = f'rule "{name}"'
    _known_keys(definition, {key: 0 for key in rule if not key.startswith("x-")}, _RULE_KEYS, path, rule_name)
    for key in ("given", "then"):
        if key not in rule:
            raise definition.error(f"{rule_name} has no `{key}`", path, "a rule has at least `given` and `then`")
    for key, kind in (("description", "text"), ("message", "text"), ("documentationUrl", "text")):
        _typed(definition, rule, key, kind, path, rule_name)
    for key in ("recommended", "resolved"):
        _typed(definition, rule, key, "true or false", path, rule_name)
    _typed(definition, rule, "extensions", "a mapping", path, rule_name)
    if "severity" in rule:
        _check_severity(definition, rule["severity"], (*path, "severity"), rule_name)
    _check_formats(definition, rule, path)
    _check_given(definition, rule["given"], (*path, "given"), rule_name)
    then = rule["then"]
    if isinstance(then, list):
        for index, entry in enumerate(then):
            _check_then(definition, entry, (*path, "then", index), rule_name)
    else:
        _check_then(definition, then, (*path, "then"), rule_name)


def _check_given(definition: Definition, given: Any, path: Path, owner: str) -> None:
    for index, expression in enumerate(given if isinstance(given, list) else [given]):
        place = (*path, index) if isinstance(given, list) else path
        if not isinstance(expression, str) or not expression.startswith(("$", "#")):
            raise definition.error(
                f"{owner}: `given` is a JSONPath expression that starts with $, or an #Alias, not {expression!r}", place
            )


def _check_then(definition: Definition, then: Any, path: Path, owner: str) -> None:
    if not isinstance(then, dict) or not isinstance(then.get("function"), str):
        raise definition.error(f"{owner}: `then` names a `function`", path, "for example `then: {function: truthy}`")
    _known_keys(definition, then, _THEN_KEYS, path, f"{owner}: `then`")
    _typed(definition, then, "field", "text", path, owner)


def _check_severity(definition: Definition, value: Any, path: Path, owner: str = "") -> None:
    numeric = isinstance(value, int) and not isinstance(value, bool) and -1 <= value <= 3
    if not numeric and str(value) not in SEVERITIES and str(value) not in ("-1", "0", "1", "2", "3"):
        hint = did_you_mean(str(value), SEVERITIES)
        raise definition.error(f"{owner + ': ' if owner else ''}{value!r} is no severity", path, hint)


def _check_formats(definition: Definition, data: dict[str, Any], path: Path) -> None:
    formats = _typed(definition, data, "formats", "a list", path)
    if not formats:
        return
    from idemlint.check.formats import canonical, names

    for index, name in enumerate(formats):
        if not isinstance(name, str) or canonical(name) is None:
            raise definition.error(
                f"there is no format {name!r}", (*path, "formats", index), did_you_mean(str(name), names())
            )


def _check_aliases(definition: Definition, aliases: dict[str, Any], path: Path) -> None:
    for name, alias in aliases.items():
        place = (*path, name)
        if not re.fullmatch("[A-Za-z][A-Za-z0-9_-]*", name):
            raise definition.error(
                f"{name!r} is no name for an alias", place, "start with a letter; letters, digits, _ and - may follow"
            )
        if not isinstance(alias, dict):
            _check_given(definition, alias, place, f'alias "{name}"')
            continue
        targets = _typed(definition, alias, "targets", "a list", place, f'alias "{name}"')
        if not targets:
            raise definition.error(f'alias "{name}" has no targets', place, "list `formats` and `given` of each")
        for index, target in enumerate(targets):
            where = (*place, "targets", index)
            if not isinstance(target, dict) or not target.get("formats") or "given" not in target:
                raise definition.error(f'alias "{name}": a target has `formats` and `given`', where)
            _check_formats(definition, target, where)
            _check_given(definition, target["given"], (*where, "given"), f'alias "{name}"')


def _check_override(definition: Definition, override: Any, path: Path) -> None:
    if not isinstance(override, dict):
        raise definition.error('an override is a mapping, for example {files: ["v2/**/*.yaml"], rules: {…}}', path)
    _known_keys(definition, override, _OVERRIDE_KEYS, path, "override")
    files = override.get("files")
    if not isinstance(files, list) or not files or not all(isinstance(name, str) and name for name in files):
        raise definition.error("`files` of an override is a list of patterns", (*path, "files"))
    if any("#" in name for name in files):
        if "rules" not in override or override.keys() - {"files", "rules"}:
            raise definition.error("an override with a JSON pointer holds `files` and `rules`, nothing else", path)
        for name, value in override["rules"].items():
            if not isinstance(value, (str, int)) or isinstance(value, bool):
                raise definition.error(
                    "an override with a JSON pointer can only change severities", (*path, "rules", name)
                )
    elif "rules" not in override and "extends" not in override:
        raise definition.error("an override has `rules` or `extends`", path)
    _check_parts(definition, override, path)


def check_function_options(rule: Rule, function: Function, options: Any, path: Path) -> None:
    """Options against the function's own schema; RulesetError with the rule, the place and what is wanted."""
    definition = rule.written_in
    if function.options is None:
        if options is not None:
            raise definition.error(
                f'rule "{rule.name}": function "{function.name}" takes no options', (*path, "functionOptions")
            )
        return
    from idemlint.check.json_schema import check_schema, validate

    place = (*path, "functionOptions")
    problems = validate(function.options, options)
    if problems:
        problem = problems[0]
        where = problem.path
        unknown = problem.params.get("additionalProperty")
        if unknown is not None:
            where = (*where, unknown)
        option = f' option "{".".join(str(step) for step in where)}"' if where else " options"
        said = "is unknown" if unknown is not None else problem.message
        raise definition.error(f'rule "{rule.name}": function "{function.name}",{option} {said}', (*place, *where))
    if function.name == "pattern":
        _check_patterns(rule, options, place)
    if function.name == "schema":
        dialect, all_errors = options.get("dialect", "auto"), options.get("allErrors") is True
        for fault in check_schema(options["schema"], dialect, all_errors=all_errors):
            if fault.keyword == "$ref":
                continue  # Spectral passes over it in silence
            raise definition.error(
                f'rule "{rule.name}": the schema is none: {fault.message}', (*place, "schema", *fault.path)
            )


def _check_patterns(rule: Rule, options: dict[str, Any], place: Path) -> None:
    from idemlint.check.functions.pattern import compile_option
    from idemlint.openapi.ecma_regex import PatternError

    for name in ("match", "notMatch"):
        if name in options:
            try:
                compile_option(options[name])
            except PatternError as error:
                message = f'rule "{rule.name}": `{name}` is no regular expression: {error}'
                raise rule.written_in.error(message, (*place, name)) from None


def _known_keys(definition: Definition, data: dict[str, Any], known: Iterable[str], path: Path, owner: str) -> None:
    for key in data:
        if key not in known:
            raise definition.error(f"{owner} has an unknown key `{key}`", (*path, key), did_you_mean(key, known))


def _typed(definition: Definition, data: dict[str, Any], key: str, kind: str, path: Path = (), owner: str = "") -> Any:
    value = data.get(key)
    if key in data and not isinstance(value, _TYPES[kind]):
        raise definition.error(f"{owner + ': ' if owner else ''}`{key}` must be {kind}", (*path, key))
    return value
