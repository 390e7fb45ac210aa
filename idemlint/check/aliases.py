"""Aliases of a ruleset: `#Name` at the start of a `given`, plain or by the document's format."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from idemlint.check.ruleset import Rule

_NAME = re.compile(r"#([A-Za-z0-9_-]+)")


def expand(rule: Rule, given: str, formats: Sequence[str], stack: tuple[str, ...] = ()) -> list[str]:
    """The expressions that `given` stands for in a document of `formats`; RulesetError where an alias is amiss."""
    if not given.startswith("#"):
        return [given]
    definition = rule.aliases_of
    found = _NAME.match(given)
    name = found[1] if found else ""
    aliases: dict[str, Any] = definition.data.get("aliases") or {}
    path = (*rule.path, "given") if definition is rule.written_in else ()
    if name not in aliases:
        from idemlint.check.ruleset import did_you_mean

        hint = did_you_mean(name, aliases) if aliases else "define it under `aliases`"
        raise definition.error(f'rule "{rule.name}": alias "{name}" does not exist', path, hint)
    if name in stack:
        chain = " -> ".join([*stack[stack.index(name) :], name])
        raise definition.error(f'rule "{rule.name}": alias "{name}" is circular', path, f"it goes {chain}")
    rest = given[len(name) + 1 :]
    expressions = _expressions(aliases[name], formats)
    return [full for part in expressions for full in expand(rule, part + rest, formats, (*stack, name))]


def _expressions(alias: Any, formats: Sequence[str]) -> list[str]:
    if isinstance(alias, str):
        return [alias]
    if isinstance(alias, list):
        return alias
    # by format: the last target that fits wins, as in Spectral
    from idemlint.check.ruleset import canonical_formats

    for target in reversed(alias["targets"]):
        if any(name in formats for name in canonical_formats(target["formats"])):
            given = target["given"]
            return given if isinstance(given, list) else [given]
    return []
