"""A document x rules to findings, in Spectral's order and with its bookkeeping of paths, messages and duplicates."""

from __future__ import annotations

from idemlint.check.function import UNDEFINED, Issue, RuleContext
from idemlint.check.ruleset import OFF
from idemlint.check.selectors import SelectorError
from idemlint.findings import Finding, Path, Range, Related, Severity
from idemlint.named_tuple import NamedTuple
from idemlint.openapi.references import Node, Policy, References

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from idemlint.check.ruleset import Rule, Ruleset, Then
    from idemlint.check.selectors import Match, Selector
    from idemlint.contract.contract import Contract
    from idemlint.openapi.document import Document

_SEVERITIES = tuple(Severity)
_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"})


class Target(NamedTuple):
    """What a function looks at: a match of `given`, or the `field` of it."""

    path: Path
    value: Any
    document: Document


class Linted(NamedTuple):
    """What came of one document."""

    findings: list[Finding]
    references: References


def lint(document: Document, ruleset: Ruleset, contract: Contract, policy: Policy | None = None) -> Linted:
    """Apply `ruleset` to a root document. Findings stand where the nodes stand, in whichever file."""
    references = References(document, policy or Policy())
    ruleset = ruleset.for_source(document.source)
    run = _Run(references, ruleset, contract)
    for finding in run.all_findings():
        run.add(finding)
    return Linted(sort(run.found.values()), references)


def sort(findings: Iterable[Finding]) -> list[Finding]:
    """Spectral's order: source, start, code, path."""
    return sorted(findings, key=lambda f: (f.source, f.range.start, f.code, ",".join(map(str, f.path))))


class _Run:
    """One document under one ruleset."""

    def __init__(self, references: References, ruleset: Ruleset, contract: Contract) -> None:
        self.references = references
        self.ruleset = ruleset
        self.contract = contract
        self.found: dict[tuple[object, ...], Finding] = {}
        self._formats: tuple[str, ...] = ()

    def add(self, finding: Finding) -> None:
        """The same said twice of one node counts once, as in Spectral."""
        key = (finding.code, finding.path or finding.range, finding.source, finding.message)
        self.found.setdefault(key, finding)

    def all_findings(self) -> Iterator[Finding]:
        yield from self._duplicate_keys()
        yield from self._recognise()
        for rule in self.ruleset.active():
            if rule.formats is None or any(name in self._formats for name in rule.formats):
                yield from self._apply(rule)
        # last, when every document that a rule came across is loaded
        yield from self._invalid_references()

    # --- what no rule says --------------------------------------------------------------------------------------------

    def _duplicate_keys(self) -> Iterator[Finding]:
        severity = self.ruleset.parser_options["duplicateKeys"]
        document = self.references.root
        if severity == OFF:
            return
        for duplicate in document.duplicates:
            yield Finding(
                "parser",
                f"Duplicate key: {duplicate.key}",
                Severity(severity),
                document.source,
                duplicate.path,
                duplicate.again,
                duplicate.again,
                _operation(duplicate.path),
                label="this one wins",
                help="keep one of the two",
                related=(Related(document.source, duplicate.first, "first here"),),
            )

    def _recognise(self) -> Iterator[Finding]:
        """Which of the formats that rules name this document has."""
        formats = self.ruleset.formats
        if not formats:
            return
        from idemlint.check.formats import matches

        root = self.references.root
        self._formats = tuple(name for name in formats if matches(name, root.data))
        if not self._formats:
            whole = root.locate(()).range
            from idemlint.check.formats import display_name

            names = ", ".join(display_name(name) for name in formats)
            message = f"The provided document does not match any of the registered formats [{names}]"
            yield Finding("unrecognized-format", message, Severity.WARN, root.source, (), whole, whole)

    def _invalid_references(self) -> Iterator[Finding]:
        for problem in self.references.problems():
            located = problem.document.locate(problem.path)
            yield Finding(
                "invalid-ref",
                problem.message,
                Severity.ERROR,
                problem.document.source,
                problem.path,
                located.range,
                located.value,
                _operation(problem.path) if problem.document is self.references.root else None,
            )

    # --- rules --------------------------------------------------------------------------------------------------------

    def _apply(self, rule: Rule) -> Iterator[Finding]:
        thens = self.ruleset.then(rule)
        for selector in self.ruleset.given(rule, self._formats):
            for match in self._matches(rule, selector):
                for then in thens:
                    for target in self._targets(match, then.field, resolved=rule.resolved):
                        yield from self._ask(rule, then, target)

    def _matches(self, rule: Rule, selector: Selector) -> Iterator[Match]:
        try:
            yield from selector.select(self.references, resolved=rule.resolved)
        except SelectorError as error:  # a regular expression of a filter that grew too expensive on this document
            message = f'rule "{rule.name}": `given` cannot be applied to {self.references.root.source}: {error}'
            raise rule.aliases_of.error(message, ("rules", rule.name), hint="simplify its regular expression") from None

    def _ask(self, rule: Rule, then: Then, target: Target) -> Iterator[Finding]:
        value = target.value
        if then.function.deep and rule.resolved and isinstance(value, (dict, list)):
            value = self.references.materialize(target.document, value)
        context = RuleContext(target.path, self.references, self.contract, rule.resolved)
        for issue in then.function.run(value, then.options, context):
            finding = self._finding(rule, issue, target.path)
            if finding is not None:
                yield finding

    def _targets(self, match: Match, field: str | None, *, resolved: bool) -> Iterator[Target]:
        """The parts of a match that `field` names; one undefined target where there is none."""
        if field is None or not isinstance(match.value, (dict, list)):
            yield Target(match.path, match.value, match.document)
        elif field == "@key":
            value = match.value
            keys = list(value) if isinstance(value, dict) else [str(index) for index in range(len(value))]
            for key in keys:
                yield Target((*match.path, key), key, match.document)
            if not keys:
                yield Target(match.path, UNDEFINED, match.document)
        elif field.startswith("$"):
            yield from self._selected(match, field, resolved=resolved)
        else:
            yield self._member(match, field, resolved=resolved)

    def _selected(self, match: Match, field: str, *, resolved: bool) -> Iterator[Target]:
        from idemlint.check.selectors import compile_selector

        nothing = True
        for found in compile_selector(field).select_from(
            self.references, match.document, match.value, resolved=resolved
        ):
            nothing = False
            yield Target((*match.path, *found.path), found.value, found.document)
        if nothing:
            yield Target(match.path, UNDEFINED, match.document)

    def _member(self, match: Match, field: str, *, resolved: bool) -> Target:
        steps = to_path(field)
        path = (*match.path, *steps)
        document, value = match.document, match.value
        # as lodash's get: a member that is called just so comes before the dotted path
        for step in (field,) if isinstance(value, dict) and field in value else steps:
            value = _get(value, step)
            if value is UNDEFINED:
                break
            if resolved:
                document, value = self.references.follow(document, value)
        return Target(path, value, document)

    def _finding(self, rule: Rule, issue: Issue, target: Path) -> Finding | None:
        logical = target if issue.path is None else issue.path
        if issue.node is not None:
            document, path = issue.node.document, issue.node.path
            missing: Path = ()
        else:
            document, path, missing = self.references.origin(logical, resolved=rule.resolved)
        severity = rule.severity_at(document.source, path)
        if severity == OFF:
            return None
        located = document.locate(path)
        where = located.range
        if document is not self.references.root and document.source.endswith(".json"):
            # Spectral reads root documents as YAML, whatever they are, but referenced .json files as JSON
            where = located.value
        # a value of several lines is best shown by its key; one on one line by itself, from its very bracket
        several = where.start.line != where.end.line
        key = located.key if located.key is not None else where
        return Finding(
            rule.name,
            self._message(rule, issue, document, path, missing),
            _SEVERITIES[severity],
            document.source,
            path,
            key if issue.on_key else where,
            key if issue.on_key or several else located.value,
            _operation(logical),
            issue.label,
            issue.help,
            rule.documentation_url or "",
            tuple(_related(node, label) for node, label in issue.related),
        )

    def _message(self, rule: Rule, issue: Issue, document: Document, path: Path, missing: Path) -> str:
        error = issue.message
        if rule.message is None and rule.description is not None:
            return rule.description.strip()
        if "{{" not in error and (rule.message is None or rule.message == "{{error}}"):
            return error.strip()
        from idemlint.check import messages

        # JavaScript's slice(-1) for the root: the last missing step alone
        name = messages.print_dotted((*path, *missing)[len(path) - 1 :]) if missing else (path[-1] if path else "")
        asked = f"{error} {rule.message}"
        if "path" not in asked and "value" not in asked:
            return messages.of_property(error, rule.message, name, rule.description)
        pointer = messages.print_pointer(path)
        value = _value_at(document, path)
        for template in (error, rule.message):
            if template is not None:
                error = messages.interpolate(
                    template, property=name, error=error, path=pointer, description=rule.description, value=value
                )
        return error.strip()


def to_path(field: str) -> Path:
    """`a.b[0]["c d"]` to its steps, as lodash's toPath does; digits stay text, as there."""
    if field.isidentifier() or field.isdigit():
        return (field,)
    from idemlint.check.fields import parse_field

    return parse_field(field)


def _get(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(str(step), UNDEFINED)
    if isinstance(value, list):
        if step == "length":
            return len(value)
        text = str(step)
        return value[int(text)] if text.isdecimal() and int(text) < len(value) else UNDEFINED
    return len(value) if isinstance(value, str) and step == "length" else UNDEFINED


def _value_at(document: Document, path: Path) -> Any:
    value = document.data
    for step in path:
        value = _get(value, step)
        if value is UNDEFINED:
            break
    return value


def _operation(path: Path) -> str | None:
    """`POST /payments` for a path inside that operation of the root document."""
    if len(path) < 3 or path[0] != "paths":
        return None
    method = path[2]
    if method == "additionalOperations" and len(path) > 3:
        return f"{path[3]} {path[1]}"
    return f"{str(method).upper()} {path[1]}" if method in _METHODS else None


def _related(node: Node, label: str) -> Related:
    located = node.document.locate(node.path)
    place: Range = located.key if located.key is not None else located.value
    return Related(node.document.source, place, label)
