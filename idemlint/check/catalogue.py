"""The rules that come along and what there is to know about each: for `idemlint rules`, `explain`, SARIF and the catalogue.

A rule is its entry in a ruleset under `rules/`; its text is `rules/docs/RULE.md`. A plain check reads none of this.
`python -m idemlint.check.catalogue` writes `rules/README.md` anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

from idemlint.check.loading import BUNDLED, bundled_folder
from idemlint.check.ruleset import severity_number
from idemlint.findings import Severity
from idemlint.pages import fenced_text, one_deeper
from idemlint.pages import sections as sections_of

BUILT_IN: Final = {
    "invalid-ref": Severity.ERROR,
    "parser": Severity.ERROR,
    "unrecognized-format": Severity.WARN,
    "unused-ignore": Severity.WARN,
}
"""Codes of findings that no rule of a ruleset makes."""


class RuleEntry(NamedTuple):
    """A rule as the bundled rulesets have it."""

    name: str
    description: str
    severity: Severity
    """In the ruleset that defines it."""
    rulesets: dict[str, Severity]
    """Bundled ruleset (`recommended`, ...) to the rule's severity there."""
    url: str
    """The standard's section, or empty."""


class RuleDocumentation(NamedTuple):
    """`rules/docs/RULE.md`, in its parts. Texts are Markdown."""

    name: str
    summary: str
    """What the rule wants."""
    why: str
    bad: str
    """A whole document that breaks the rule, YAML; empty for built-in codes."""
    good: str
    """The same document, mended."""
    sections: dict[str, str]
    """All sections by heading, in order, `Why`, `Bad`, `Good` and `Sources` included."""
    sources: tuple[str, ...]
    text: str
    """The whole file."""


def all_rules() -> list[RuleEntry]:
    """Each rule of the bundled rulesets, in their order."""
    severities: dict[str, dict[str, Severity]] = {}
    definitions: dict[str, dict[str, Any]] = {}
    for ruleset in BUNDLED:
        for name, (severity, definition) in _rules_of(ruleset).items():
            severities.setdefault(name, {})[ruleset] = severity
            definitions.setdefault(name, definition)
    return [
        RuleEntry(
            name,
            str(definition.get("description", "")),
            Severity(severity_number(definition.get("severity", "warn"))),
            severities[name],
            str(definition.get("documentationUrl", "")),
        )
        for name, definition in definitions.items()
    ]


def rule_documentation(name: str) -> RuleDocumentation | None:
    """What there is to read about a rule, or about one of the `BUILT_IN` codes; None when the name is unknown."""
    if not name.replace("-", "").isalnum():
        return None
    file = Path(bundled_folder()) / "docs" / f"{name}.md"
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8")
    sections = dict(sections_of(text))
    summary = sections.pop("")
    sources = tuple(line.removeprefix("- ") for line in sections.get("Sources", "").splitlines() if line)
    return RuleDocumentation(
        name,
        summary,
        sections.get("Why", ""),
        fenced_text(sections.get("Bad", "")),
        fenced_text(sections.get("Good", "")),
        sections,
        sources,
        text,
    )


def page() -> str:
    """`rules/README.md`: a table of all rules, then the text of each."""
    lines = [
        "# Rules",
        "",
        "Generated from the rulesets and from `docs/` by `python -m idemlint.check.catalogue`; edit those.",
        "",
        "| rule | wants | " + " | ".join(f"`idemlint:{ruleset}`" for ruleset in BUNDLED) + " |",
        "| --- | --- |" + " --- |" * len(BUNDLED),
    ]
    rules = all_rules()
    for rule in rules:
        cells = [rule.rulesets[ruleset].label if ruleset in rule.rulesets else "" for ruleset in BUNDLED]
        lines.append(f"| [{rule.name}](#{rule.name}) | {rule.description} | {' | '.join(cells)} |")
    lines += ["", "Codes of findings that no rule makes, and that every run reports:", ""]
    lines += [f"- [{code}](#{code}) ({severity.label})" for code, severity in BUILT_IN.items()]
    for name in (*(rule.name for rule in rules), *BUILT_IN):
        documentation = rule_documentation(name)
        if documentation is not None:
            lines += ["", one_deeper(documentation.text).rstrip()]
    return "\n".join(lines) + "\n"


def _rules_of(ruleset: str) -> dict[str, tuple[Severity, dict[str, Any]]]:
    """Rules of a bundled ruleset with what it extends: name to severity and defining entry."""
    from idemlint.openapi.document import read

    data = read(str(Path(bundled_folder()) / f"{ruleset}.yaml")).data
    rules: dict[str, tuple[Severity, dict[str, Any]]] = {}
    extends = data.get("extends", [])
    for base in [extends] if isinstance(extends, str) else extends:
        rules.update(_rules_of(base.removeprefix("idemlint:")))
    for name, entry in data["rules"].items():
        definition = entry if isinstance(entry, dict) else rules[name][1]
        severity = entry.get("severity", "warn") if isinstance(entry, dict) else entry
        rules[name] = (Severity(severity_number(severity)), definition)
    return rules


if __name__ == "__main__":
    (Path(bundled_folder()) / "README.md").write_text(page(), encoding="utf-8")
