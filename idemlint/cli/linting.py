"""Settings to results: ruleset, contract and scope assembled once, then one document after the other."""

from __future__ import annotations

import os

from idemlint.check.runner import WITHOUT_RULE, check_document
from idemlint.contract.contract import DEFAULT, Contract
from idemlint.errors import ConfigError, DocumentError, IdemlintError, UsageError
from idemlint.openapi.document import Limits, parse, read
from idemlint.openapi.references import Policy
from idemlint.results import DocumentResult, RuleInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from idemlint.check.ruleset import Rule, Ruleset
    from idemlint.cli.settings import Settings
    from idemlint.findings import Finding
    from idemlint.openapi.scope import Scope


class InternalError(IdemlintError):
    """A bug of ours that one document brought to light; the others are linted all the same."""


class Linter:
    """What stays the same from document to document."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ruleset = _load_ruleset(settings)
        self.contract = _load_contract(settings)
        self.limits = Limits(**settings.limits)
        self.policy = Policy(
            root=settings.root,
            allow_remote=settings.allow_remote,
            stdin_path=settings.stdin_filepath,
            limits=self.limits,
        )
        self.scope = _load_scope(settings)
        self._selected = _code_filter(settings.select, settings.ignore)

    def check(self, source: str, raw: bytes | None = None) -> DocumentResult:
        """Lint one document: the file `source`, or `raw` for standard input. Never raises for what a document holds."""
        try:
            return self._check(source, raw)
        except IdemlintError as error:
            return DocumentResult(source, [], error)
        except RecursionError:
            return DocumentResult(source, [], DocumentError("the document nests too deep", source=source))
        except Exception as error:
            if os.environ.get("IDEMLINT_DEBUG"):
                raise
            return DocumentResult(source, [], _internal_error(source, error))

    def _check(self, source: str, raw: bytes | None) -> DocumentResult:
        if source.startswith(("http://", "https://")):
            hint = "download it first, or pipe it in: curl -s URL | idemlint check - --stdin-filepath api.yaml"
            raise DocumentError("documents are read from files, not from servers", source=source, hint=hint)
        document = read(source, self.limits) if raw is None else parse(raw, source, self.limits)
        if not isinstance(document.data, dict):
            raise DocumentError("not an OpenAPI document: its root is no mapping", source=source)
        result = check_document(
            document, self.ruleset, self.contract, self.policy, self.scope, with_coverage=self.settings.with_coverage
        )
        if self._selected is not None:
            kept = [finding for finding in result.findings if self._selected(finding.code)]
            result = result._replace(findings=kept)
        if "openapi" not in document.data and "swagger" not in document.data:
            result = result._replace(is_openapi=False)
        return result

    def check_stdin(self, read_stdin: Callable[[int], bytes]) -> DocumentResult:
        """As `check`, for what `read_stdin`, given the greatest size, reads from standard input."""
        source = self.settings.stdin_filepath or "<stdin>"
        try:
            raw = read_stdin(self.limits.max_bytes)
        except IdemlintError as error:
            return DocumentResult(source, [], error)
        return self.check(source, raw)

    def rules(self) -> tuple[RuleInfo, ...]:
        """What reports say about the rules that were run."""
        from idemlint.check.catalogue import rule_documentation
        from idemlint.check.loading import bundled_folder
        from idemlint.findings import Severity

        found = []
        for rule in self.ruleset.active():
            ours = rule.written_in.document.source.startswith(bundled_folder())
            page = rule_documentation(rule.name) if ours else None
            found.append(
                RuleInfo(
                    rule.name,
                    rule.description or rule.name,
                    Severity(max(rule.severity, 0)),
                    rule.documentation_url or "",
                    page.text if page is not None else "",
                )
            )
        return tuple(found)


def _internal_error(source: str, error: Exception) -> InternalError:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno})" if trace is not None else ""
    return InternalError(
        f"this is a bug in idemlint, not in your document: {type(error).__name__}: {str(error)[:300]}{place}",
        source=source,
        hint="set IDEMLINT_DEBUG=1 to see the traceback, and please report it with the document if you can",
    )


# --- ruleset, contract and scope ----------------------------------------------------------------------------------------


def _load_ruleset(settings: Settings) -> Ruleset:
    from idemlint.check.loading import RulesetLoader, find_default

    names = settings.rulesets
    if not names:
        found = find_default(settings.folder)
        names = (found,) if found is not None else ("idemlint:recommended",)
    loader = RulesetLoader(allow_code=settings.allow_code, allow_remote=settings.allow_remote)
    ruleset = loader.load(names, settings.folder)
    _refuse_unknown_rules(settings, ruleset)
    overrides = settings.config.rules
    if overrides or settings.select or settings.ignore:
        ruleset.change(_adjustment(overrides, settings.select, settings.ignore))
    return ruleset


def _adjustment(
    overrides: Mapping[str, str | bool], select: Sequence[str], ignore: Sequence[str]
) -> Callable[[Ruleset], None]:
    """What configuration and command line make of a ruleset's rules."""
    selected = _code_filter(select, ignore)

    def adjust(ruleset: Ruleset) -> None:
        for name, value in overrides.items():
            if name in ruleset.rules:
                ruleset.set_severity(name, value)
        for rule in ruleset.rules.values():
            if selected is not None and not selected(rule.name):
                rule.enabled = False
            elif rule.name in select:
                _switch_on(rule)

    return adjust


def _switch_on(rule: Rule) -> None:
    """A rule that is named in full is wanted, even if the ruleset does not recommend it."""
    rule.enabled = True
    rule.severity = max(rule.severity, 0) if rule.severity >= 0 else 1


def _code_filter(select: Sequence[str], ignore: Sequence[str]) -> Callable[[str], bool] | None:
    if not select and not ignore:
        return None
    selected, ignored = tuple(select), tuple(ignore)
    return lambda code: (not selected or code.startswith(selected)) and not (ignored and code.startswith(ignored))


def _refuse_unknown_rules(settings: Settings, ruleset: Ruleset) -> None:
    known = (*ruleset.rules, *WITHOUT_RULE)
    for setting, names in (("select", settings.select), ("ignore", settings.ignore)):
        for name in names:
            if not any(code.startswith(name) for code in known):
                raise settings.blame(setting, _no_such_rule(name, known, f"--{setting}: "))
    for name in () if settings.rulesets_explicit else settings.config.rules:
        if name not in known:
            error = _no_such_rule(name, known, "rules: ")
            raise ConfigError(error.message, source=settings.config.source, hint=error.hint)


def _no_such_rule(name: str, known: Sequence[str], where: str) -> UsageError:
    from idemlint.cli.suggestions import did_you_mean

    return UsageError(f"{where}no rule is called {name!r}", hint=did_you_mean(name, known))


def _load_scope(settings: Settings) -> Scope | None:
    if not settings.only and not settings.excepted:
        return None
    from idemlint.openapi.scope import Scope

    for setting, patterns in (("only", settings.only), ("except", settings.excepted)):
        try:
            Scope(patterns, ())
        except UsageError as error:
            raise settings.blame(setting, error) from None
    return Scope(settings.only, settings.excepted)


def _load_contract(settings: Settings) -> Contract:
    contract = DEFAULT
    own = settings.config.contract
    if settings.profile is not None:
        from idemlint.contract.loading import load_profile

        try:
            profile = load_profile(settings.profile, folder=settings.folder)
        except ConfigError as error:
            raise (error if error.source else settings.blame("profile", error)) from None
        return Contract.from_profile(profile, own, source=settings.config.source)
    return Contract.from_settings(own, contract, source=settings.config.source) if own else contract


def at_least(findings: Sequence[Finding], severity: int | None) -> bool:
    """Whether one of `findings` is as grave as `severity`."""
    return severity is not None and any(finding.severity <= severity for finding in findings)
