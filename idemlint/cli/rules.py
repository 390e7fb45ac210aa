"""`idemlint rules`, `checks`, `profiles` and `explain`: what there is, and what it means."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from idemlint.cli.group import CONTEXT, QuickCommand
from idemlint.cli.output import speaks_unicode, terminal_width, wants_color, write_stdout
from idemlint.reporters.columns import wrap
from idemlint.reporters.escaping import terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from idemlint.contract.profile import Maybe, Profile
    from idemlint.probe.check import Check

_CHECK: Final = re.compile(r"[A-Za-z]+-\d+")
"""How checks are called; no rule is called so."""

_FORMAT = click.option(
    "-f",
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    help="text (default), or json.",
)
_COLOR = click.option("--color/--no-color", default=None, help="Colour or not, whatever the terminal says.")


def _command(summary: str) -> Callable[[Callable[..., int]], click.Command]:
    return click.command(cls=QuickCommand, context_settings=CONTEXT, short_help=summary)


@_command("List the rules.")
@click.option(
    "-r", "--ruleset", multiple=True, metavar="FILE_OR_NAME", help="The rules of this ruleset instead. Repeatable."
)
@_FORMAT
def rules(ruleset: tuple[str, ...], output_format: str) -> int:
    """List the rules that come along, with their severity in each bundled ruleset; or those of a ruleset of your own."""
    from idemlint.check.catalogue import all_rules
    from idemlint.check.runner import WITHOUT_RULE

    if ruleset:
        return _rules_of(ruleset, output_format)

    entries = all_rules()
    if output_format == "json":
        return _print_json(
            {
                "name": entry.name,
                "description": entry.description,
                "severity": entry.severity.label,
                "rulesets": {f"idemlint:{name}": severity.label for name, severity in entry.rulesets.items()},
                "url": entry.url,
            }
            for entry in entries
        )
    rows = []
    for entry in entries:
        where = ", ".join(
            name if severity == entry.severity else f"{name} ({severity.label})"
            for name, severity in entry.rulesets.items()
        )
        rows.append((entry.name, f"{entry.severity.label:5}  {entry.description}. In {where}"))
    _print_table(rows)
    return _print(
        f"`idemlint explain RULE` tells more about each, and about what no rule finds:\n{', '.join(WITHOUT_RULE)}.\n"
    )


def _rules_of(names: tuple[str, ...], output_format: str) -> int:
    """The rules as `check -r` would run them; those that are off as well. Code that a ruleset brings is not run."""
    import os

    from idemlint.check.loading import RulesetLoader
    from idemlint.findings import Severity

    loaded = RulesetLoader().load(names, os.getcwd())
    active = {rule.name for rule in loaded.active()}
    found = [
        {
            "name": rule.name,
            "description": (rule.description or "").strip(),
            "severity": Severity(rule.severity).label if rule.name in active else "off",
            "source": rule.definition.document.source,
            "url": rule.documentation_url or "",
        }
        for rule in loaded.rules.values()
    ]
    if output_format == "json":
        return _print_json(found)
    _print_table([(terminal(rule["name"]), terminal(f"{rule['severity']:5}  {rule['description']}")) for rule in found])
    return 0


@_command("List the probe's checks.")
@click.option(
    "--suite", type=click.Choice(["core", "full"]), default="full", help="Those of this suite. Default: full."
)
@_FORMAT
def checks(suite: str, output_format: str) -> int:
    """List what `idemlint probe` asks of a server: each check's promise, axis and severity."""
    from idemlint.probe.check import all_checks

    chosen = [check for check in all_checks() if check.core or suite == "full"]
    if output_format == "json":
        return _print_json(_check_facts(check) for check in chosen)
    rows = [
        (check.id, f"{check.severity.label:5}  {check.axis:11}  {'core' if check.core else '    '}  {check.promise}")
        for check in chosen
    ]
    _print_table(rows, hang=26)
    return _print("`idemlint explain CHECK` tells more about each.\n")


def _check_facts(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "name": check.name,
        "group": check.group,
        "axis": check.axis,
        "severity": check.severity.label,
        "suite": "core" if check.core else "full",
        "promise": check.promise,
        "requests": check.requests,
        "needs": [need.name for need in check.needs],
    }


@_command("Say what a rule or a check wants, why, and how to do it right.")
@click.argument("name", metavar="RULE_OR_CHECK")
@click.option(
    "-f",
    "--format",
    "output_format",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    help="text (default), markdown (as it was written), or json.",
)
@_COLOR
def explain(name: str, output_format: str, color: bool | None) -> int:
    """Say what a rule of `check` or a check of `probe` wants and why, with bad and good examples and sources.

    \b
    idemlint explain idempotency-key-required
    idemlint explain CON-01
    """
    found = _rule_page(name) if not _CHECK.fullmatch(name) else _check_page(name)
    if output_format == "json":
        return _print_json(found)
    if output_format == "markdown":
        return _print(found["text"])
    return _print(_readable(found["text"], painted=wants_color(color, sys.stdout)))


def _rule_page(name: str) -> dict[str, Any]:
    """All that is known of a rule; `text` is its page."""
    from idemlint.check.catalogue import all_rules, rule_documentation

    documentation = rule_documentation(name)
    if documentation is None:
        from idemlint.check.loading import bundled_rules
        from idemlint.cli.suggestions import did_you_mean
        from idemlint.errors import UsageError

        hint = _another_kind(name)
        if hint is None:
            hint = did_you_mean(name, sorted(bundled_rules()), label="rules")
            hint = f"{hint}; `idemlint checks` lists the probe's checks"
        raise UsageError(f"no rule is called {name!r}", hint=hint)
    entry = next((entry for entry in all_rules() if entry.name == name), None)
    severity = None if entry is None else entry.severity.label
    parts = {part: getattr(documentation, part) for part in ("name", "summary", "why", "bad", "good", "sources")}
    return {**parts, "severity": severity, "text": documentation.text}


def _another_kind(name: str) -> str | None:
    """What else in idemlint bears the name, and where it is told of."""
    from idemlint.contract.loading import profile_names
    from idemlint.mock.faults import FAULTS
    from idemlint.probe.check import all_checks

    group = [check.id for check in all_checks() if name.upper() in (check.group.upper(), check.id.partition("-")[0])]
    if group:
        return f"it is a group of checks: idemlint explain {group[0]}" + (f" to {group[-1]}" if group[1:] else "")
    if name in FAULTS:
        checks = " or ".join(f"idemlint explain {check}" for check in FAULTS[name].caught_by)
        return f"it is a fault of the mock: idemlint mock --list-faults; what notices it: {checks}"
    if name in profile_names():
        return "it is a profile: `idemlint profiles` says what it promises"
    return None


def _check_page(name: str) -> dict[str, Any]:
    """All that is known of a check; `text` is its page."""
    from idemlint.probe.catalogue import check_documentation

    documentation = check_documentation(name)
    if documentation is None:
        from idemlint.cli.suggestions import did_you_mean
        from idemlint.errors import UsageError
        from idemlint.probe.check import all_checks

        hint = did_you_mean(name, [check.id for check in all_checks()], label="checks")
        raise UsageError(f"no check is called {name!r}", hint=hint)
    parts = ("sequence", "expected", "no_failure", "bad", "good", "sources")
    told = {part: getattr(documentation, part) for part in parts}
    return {**_check_facts(documentation.check), "why": documentation.check.why, **told, "text": documentation.text}


@_command("List the profiles.")
@_FORMAT
def profiles(output_format: str) -> int:
    """List the bundled profiles: what known APIs promise about idempotency keys. Use one with `check --profile NAME`."""
    from idemlint.contract.loading import load_profile, profile_names

    loaded = [load_profile(name) for name in profile_names()]
    if output_format == "json":
        return _print_json({"name": profile.name, "summary": "", **profile.data} for profile in loaded)
    _print_table([(profile.name, f"{profile.summary}. {_promise(profile)}") for profile in loaded])
    return 0


def _promise(profile: Profile) -> str:
    """Where the key travels, and what a mismatch and a request in flight get: `header Idempotency-Key; mismatch 422`."""
    from idemlint.contract.profile import UNKNOWN

    def statuses(what: str, model: Maybe[str], status: Maybe[tuple[int, ...]]) -> str:
        numbers = "" if status is UNKNOWN else " or ".join(map(str, status))
        word = "" if model is UNKNOWN or model == "reject" else str(model)
        return f"{what} {' '.join(filter(None, (word, numbers))) or 'unknown'}"

    carrier = profile.carrier
    name = carrier.pointer if carrier.location == "body" else carrier.name
    return "; ".join(
        (
            f"Key: {carrier.location} {'of unknown name' if name is UNKNOWN else name}",
            statuses("mismatch", profile.mismatch.model, profile.mismatch.status),
            statuses("in flight", profile.in_flight.model, profile.in_flight.status),
        )
    )


def _readable(text: str, *, painted: bool) -> str:
    """The page, its paragraphs folded to the terminal; Markdown reads well enough as it is."""
    columns = min(terminal_width(sys.stdout), 100)
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced:
            lines.append(f"    {line}".rstrip())
        elif line.startswith("#"):
            heading = line.lstrip("# ")
            lines.append(f"\x1b[1m{heading}\x1b[0m" if painted else heading)
        else:
            lines += _folded(line, columns)
    return "\n".join(lines) + "\n"


def _folded(line: str, columns: int) -> list[str]:
    if "|" in line[:2]:  # a table's row
        return [line]
    hang = "  " if line.startswith("- ") else ""
    first, *rest = wrap(line, columns - len(hang)) or [""]
    return [first, *(hang + part for part in rest)]


def _print_table(rows: list[tuple[str, str]], *, hang: int = 0) -> None:
    """Names, and behind them texts that go on below each other; `hang` columns of a text are a table of their own."""
    indent = max((len(name) for name, _ in rows), default=0) + 2
    columns = max(terminal_width(sys.stdout) - indent - hang, 30)
    lines = []
    for name, text in rows:
        first, *rest = wrap(text[hang:], columns) or [""]
        lines.append(f"{name:{indent}}{text[:hang]}{first}\n")
        lines += [f"{'':{indent + hang}}{part}\n" for part in rest]
    _print("".join(lines))


def _print(text: str) -> int:
    if not speaks_unicode(sys.stdout):
        text = text.replace("…", "...").replace("–", "-")
    write_stdout(text, people=True)
    return 0


def _print_json(value: dict[str, Any] | Iterable[dict[str, Any]]) -> int:
    import json

    plain = value if isinstance(value, dict) else list(value)
    write_stdout(json.dumps(plain, indent=2, ensure_ascii=False, default=_plain) + "\n", people=False)
    return 0


def _plain(value: object) -> object:
    """Mappings that are no dict, and members of enumerations."""
    return dict(value) if isinstance(value, Mapping) else str(value)
