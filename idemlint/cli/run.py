"""One run of `check`: documents found and linted, results written, summary told, exit code decided."""

from __future__ import annotations

import os
import sys

from idemlint.cli.documents import STDIN, expand, read_stdin
from idemlint.cli.linting import Linter, at_least
from idemlint.cli.output import (
    MACHINES,
    PEOPLE,
    Target,
    default_format,
    display,
    parse_targets,
    print_error,
    say,
    speaks_unicode,
    terminal_width,
    wants_color,
    write_file,
    write_stdout,
)
from idemlint.errors import ExitCode, UsageError
from idemlint.named_tuple import NamedTuple
from idemlint.results import CheckResult, DocumentResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from idemlint.cli.settings import Settings
    from idemlint.findings import Finding
    from idemlint.results import RuleInfo

_PROGRESS_FROM = 30
"""Documents from which on a terminal is told how far the run is."""
_COLLECT_AFTER = 4_000_000
"""Characters of documents read."""


_latest: list[CheckResult] = []
"""What the last run came to. It outlives the run because the process ends then: to free every node of every document
would take as long as to report on it."""


class Outcome(NamedTuple):
    """What a run ended with, and all files that had a part in it: what `--watch` looks at."""

    code: int
    files: tuple[str, ...]


def run(options: Mapping[str, Any]) -> Outcome:
    """Run once. `options` are those of the command `check`. IdemlintError when nothing could be run at all."""
    from idemlint.cli.settings import build
    from idemlint.config import Config, find, load

    folder = os.getcwd()
    path = options["config"] or (None if options["isolated"] else find(folder))
    config = Config() if path is None else load(os.path.abspath(path))
    return execute(build(options, config, folder))


def execute(settings: Settings) -> Outcome:
    """The run that `settings` describe."""
    try:
        targets = parse_targets(settings.formats, settings.formats_base) or [Target(default_format(), None)]
    except UsageError as error:
        raise settings.blame("format", error) from None
    sources = expand(settings.documents, settings.documents_base)
    if not sources.found:
        what = ", ".join(repr(name) for name in sources.unmatched)
        hint = "folders are searched for .yaml, .yml and .json files with `openapi` or `swagger` at their root"
        raise UsageError(f"no OpenAPI documents found in {what}", hint=hint)
    for name in sources.unmatched:
        _warn(f"{name!r} matches no OpenAPI document")
    linter = Linter(settings)
    if settings.verbose:
        _tell_what_is_used(settings, linter, sources.found)
    result = CheckResult(list(_lint_all(linter, sources.found)), _rules(linter, targets))
    _latest[:] = [result]
    for document in result.documents:
        if document.error is not None:
            print_error(document.error, color=settings.color)
    if settings.only:
        _ensure_chosen(settings, result)
    _warn_of_strangers(result)
    files = _files(settings, linter, result)
    unread = any(document.error is not None for document in result.documents)
    if settings.write_baseline:
        return Outcome(_write_baseline(settings, result, unread=unread), files)
    result = _without_known(settings, result)
    for target in targets:
        _write(result, target, settings)
    _summarise(result, targets, settings)
    if unread:
        return Outcome(ExitCode.TROUBLE, files)
    failed = at_least(result.findings, settings.fail_on) and not settings.exit_zero
    return Outcome(ExitCode.FINDINGS if failed else ExitCode.OK, files)


# --- linting -----------------------------------------------------------------------------------------------------------


def _lint_all(linter: Linter, sources: list[str]) -> Iterator[DocumentResult]:
    if len(sources) == 1:
        yield _lint(linter, sources[0])
        return
    from idemlint.cli.held_documents import HeldDocuments
    from idemlint.cli.parallel import check_all, processes

    held = HeldDocuments(linter.limits)
    jobs = 1 if STDIN in sources else processes(sources, linter.settings.jobs)
    results = check_all(linter, sources, jobs) if jobs > 1 else _one_by_one(linter, sources)
    shown = (
        not linter.settings.quiet and len(sources) >= _PROGRESS_FROM and sys.stderr is not None and sys.stderr.isatty()
    )
    for number, result in enumerate(results, 1):
        if shown:
            say(f"\r{number} of {len(sources)} documents", end="")
        view = held.view_of(result.documents) if jobs > 1 else held.view(result.documents)
        yield result._replace(documents=view)
    if shown:
        say("\r\x1b[K", end="")


def _one_by_one(linter: Linter, sources: list[str]) -> Iterator[DocumentResult]:
    """Each in turn. The collector is off while the program runs; what big documents leave behind is collected here."""
    import gc

    size = 0
    for source in sources:
        if size > _COLLECT_AFTER:
            gc.collect()
            size = 0
        result = _lint(linter, source)
        size += sum(len(document.text) for document in result.documents.values())
        yield result
        del result


def _lint(linter: Linter, source: str) -> DocumentResult:
    if source != STDIN:
        return linter.check(source)
    return linter.check_stdin(read_stdin)


def _rules(linter: Linter, targets: list[Target]) -> tuple[RuleInfo, ...]:
    return linter.rules() if any(target.format == "sarif" for target in targets) else ()


def _ensure_chosen(settings: Settings, result: CheckResult) -> None:
    """A run that looks at no operation must not look green: UsageError where the command line names one that is not there.

    A pattern may well match nothing in today's documents, and so may the configuration in those of today's run.
    """
    read = [document for document in result.documents if document.error is None]
    if not read or any(document.passed_over is None for document in read):
        return
    patterns = ", ".join(map(repr, settings.only))
    besides = " that --except leaves" if settings.excepted else ""
    if "only" in settings.configured or any("*" in pattern or "?" in pattern for pattern in settings.only):
        _warn(f"{patterns} matches no operation of the documents{besides}")
        return
    from difflib import get_close_matches

    close = get_close_matches(settings.only[0], [label for each in read for label in each.passed_over or ()], 1)
    hint = f"did you mean {close[0]!r}?" if close else "write 'POST /payments', '* /payments/**' or 'tag:Payments'"
    raise UsageError(f"--only {patterns} matches no operation of the documents{besides}", hint=hint)


def _files(settings: Settings, linter: Linter, result: CheckResult) -> tuple[str, ...]:
    named = [settings.config.source, settings.baseline or "", *linter.ruleset.sources]
    read = [source for document in result.documents for source in (document.source, *document.documents)]
    return tuple(dict.fromkeys(source for source in (*named, *read) if source))


# --- baseline ----------------------------------------------------------------------------------------------------------


def _write_baseline(settings: Settings, result: CheckResult, *, unread: bool) -> int:
    if unread:
        hint = "mend the documents first; a baseline without them would hide nothing and miss much"
        raise UsageError("the baseline was not written: not every document could be checked", hint=hint)
    from idemlint.check.baseline import write_baseline

    path = settings.baseline or ""
    number = write_baseline(result.documents, path)
    if not settings.quiet:
        say(f"{number} finding{'' if number == 1 else 's'} written to {display(path)}")
    return ExitCode.OK


def _without_known(settings: Settings, result: CheckResult) -> CheckResult:
    if settings.baseline is None:
        return result
    from idemlint.check.baseline import apply_baseline, read_baseline

    applied = apply_baseline(result.documents, read_baseline(settings.baseline))
    if applied.stale and not settings.quiet:
        entries = "1 entry is" if applied.stale == 1 else f"{applied.stale} entries are"
        _warn(f"{entries} in the baseline but not in the documents any more; --write-baseline takes them out")
    documents = [document._replace(findings=new) for document, new in zip(result.documents, applied.new, strict=True)]
    return result._replace(documents=documents, suppressed=applied.known)


# --- results -----------------------------------------------------------------------------------------------------------


def _write(result: CheckResult, target: Target, settings: Settings) -> None:
    from idemlint import __version__, reporters
    from idemlint.reporters.options import ReportOptions

    to_file = target.path is not None
    people = target.format in PEOPLE
    options = ReportOptions(
        base=settings.folder,
        color=people and not to_file and wants_color(settings.color, sys.stdout),
        width=terminal_width(None if to_file else sys.stdout),
        unicode=to_file or speaks_unicode(sys.stdout),
        summary=to_file,
        version=__version__,
        explained=_explained() if target.format == "text" else frozenset(),
        fingerprints=lambda findings: _fingerprints(findings, result, settings.folder),
    )
    text = reporters.lookup(target.format)(result, options)
    if target.path is not None:
        write_file(target.path, text)
    else:
        write_stdout(text, people=people)


def _explained() -> frozenset[str]:
    from idemlint.check.loading import bundled_rules

    return bundled_rules()


def _fingerprints(findings: Sequence[Finding], result: CheckResult, base: str) -> list[str]:
    from collections import ChainMap

    from idemlint.check.baseline import fingerprints

    documents = [dict(document.documents) for document in result.documents]
    return fingerprints(findings, ChainMap(*documents), base)


def _summarise(result: CheckResult, targets: list[Target], settings: Settings) -> None:
    """Numbers for people, unless standard output is a machine's: then its reader knows them."""
    to_machine = any(target.path is None and target.format in MACHINES for target in targets)
    silent = settings.quiet or (to_machine and not settings.verbose)
    if silent and not settings.statistics:
        return
    from idemlint.reporters.summary import statistics, summary

    if settings.statistics:
        for number, code in statistics(result):
            say(f"{number:6}  {code}")
    if not silent:
        say(summary(result, separator=" · " if speaks_unicode(sys.stderr) else " - "))


# --- what else people are told -----------------------------------------------------------------------------------------


def _warn(text: str) -> None:
    say(f"warning: {text}", bold=("warning", "33"))


def _warn_of_strangers(result: CheckResult) -> None:
    """A document that is none of OpenAPI's must not look as if it were in order, whatever the ruleset says of formats."""
    for document in result.documents:
        if document.is_openapi:
            continue
        if not any(finding.code == "unrecognized-format" for finding in document.findings):
            _warn(
                f"{display(document.source)} says neither `openapi` nor `swagger` at its root: not an OpenAPI document"
            )


def _tell_what_is_used(settings: Settings, linter: Linter, sources: list[str]) -> None:
    say(f"configuration: {display(settings.config.source) if settings.config.source else 'none'}")
    for source in linter.ruleset.sources:
        say(f"ruleset: {display(source)}")
    say(f"rules: {', '.join(rule.name for rule in linter.ruleset.active())}")
    say(f"contract: {settings.profile or 'idemlint default'}")
    for source in sources:
        say(f"document: {display(source)}")
