"""Command line over configuration: the one value that says what a run of `check` is."""

from __future__ import annotations

import os

from idemlint.errors import ConfigError, IdemlintError, UsageError
from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from idemlint.config import Config

BASELINE = ".idemlint-baseline.json"
SEVERITIES = ("error", "warn", "info", "hint")
_ALIASES = {"warning": "warn", "information": "info", "warnings": "warn", "errors": "error", "none": "never"}


class Settings(NamedTuple):
    """All paths are absolute, or relative to `folder`. Sent to worker processes, so plain data only."""

    folder: str
    """Where the program was started: what paths are shown relative to."""
    config: Config
    documents: tuple[str, ...]
    documents_base: str
    """What `documents` are relative to: `folder`, or the configuration's folder when they come from there."""
    rulesets: tuple[str, ...]
    """Empty: `.spectral.yaml` if there is one, else idemlint:recommended."""
    rulesets_explicit: bool
    """Named on the command line, so that rules which the configuration adjusts may be missing."""
    profile: str | None
    fail_on: int | None
    """The least grave severity that fails; None: never."""
    exit_zero: bool
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    only: tuple[str, ...]
    excepted: tuple[str, ...]
    baseline: str | None
    write_baseline: bool
    stdin_filepath: str | None
    allow_remote: bool
    allow_code: bool
    root: str | None
    jobs: int | None
    """None: as many as pay."""
    limits: Mapping[str, int]
    """Keys as in `openapi.limits.Limits`."""
    formats: tuple[str, ...]
    """`NAME[=PATH]`; empty: what suits standard output."""
    formats_base: str
    statistics: bool
    quiet: bool
    verbose: bool
    color: bool | None
    configured: frozenset[str]
    """Those of `select`, `ignore`, `only`, `except`, `format` and `profile` that the configuration gives."""

    def blame(self, setting: str, error: IdemlintError) -> IdemlintError:
        """What is wrong with a setting's value, told of the configuration where no option gave it."""
        if setting not in self.configured:
            return error
        message = error.message.removeprefix(f"--{setting}: ")
        return ConfigError(f"{setting}: {message}", source=self.config.source, hint=error.hint)

    @property
    def with_coverage(self) -> bool:
        """Counting operations takes a walk over all of them: only when some report tells the numbers."""
        from idemlint.cli.output import MACHINES

        # what goes to a file leaves standard error to the summary
        return self.verbose or not self.formats or any(value not in MACHINES for value in self.formats)


def build(options: Mapping[str, Any], config: Config, folder: str) -> Settings:
    """`options` are the command line's; what they leave out, `config` says. UsageError for contradictions."""
    documents = tuple(options["documents"])
    rulesets = tuple(options["ruleset"])
    formats = tuple(options["format"])
    only = split(options["only"], commas=False)
    baseline = options["baseline"] or config.baseline
    if options["write_baseline"] and baseline is None:
        baseline = BASELINE
    if options["write_baseline"] and (only or options["excepted"] or options["select"] or options["ignore"]):
        raise UsageError(
            "a baseline holds all that is known: written for a choice of operations or rules, it would lose the rest",
            hint="leave --only, --except, --select and --ignore out, or set them in the configuration",
        )
    if options["stdin_filepath"] and "-" not in documents:
        raise UsageError("--stdin-filepath is for a document from standard input", hint="add - as the document")
    if not documents and not config.documents:
        raise UsageError(
            "no documents to check",
            hint="name files, folders or globs, or set `documents` in the configuration: idemlint check openapi.yaml",
        )
    given = {
        "select": options["select"],
        "ignore": options["ignore"],
        "only": only,
        "except": options["excepted"],
        "format": formats,
        "profile": options["profile"],
    }
    return Settings(
        folder=folder,
        config=config,
        documents=documents or config.documents,
        documents_base=folder if documents else config.folder,
        rulesets=rulesets or config.ruleset,
        rulesets_explicit=bool(rulesets),
        profile=options["profile"] or config.profile,
        fail_on=severity(options["fail_on"] or config.fail_on or "error"),
        exit_zero=options["exit_zero"],
        select=split(options["select"]) or config.select,
        ignore=split(options["ignore"]) or config.ignore,
        only=only or (*config.only, *(f"tag:{tag}" for tag in config.tags)),
        excepted=split(options["excepted"], commas=False) or config.excepted,
        baseline=_absolute(baseline, folder),
        write_baseline=options["write_baseline"],
        stdin_filepath=_absolute(options["stdin_filepath"], folder),
        allow_remote=options["allow_remote_refs"] or config.allow_remote_refs,
        allow_code=options["allow_code"],
        root=_absolute(options["root"] or config.root, folder),
        jobs=options["jobs"] or config.jobs,
        limits=_limits(options, config),
        formats=formats or config.format,
        formats_base=folder if formats or not config.folder else config.folder,
        statistics=options["statistics"],
        quiet=options["quiet"],
        verbose=options["verbose"],
        color=options["color"],
        configured=frozenset(setting for setting, value in given.items() if not value),
    )


def _limits(options: Mapping[str, Any], config: Config) -> dict[str, int]:
    limits = {name.replace("-", "_"): value for name, value in config.limits.items()}
    if options["max_bytes"]:
        limits["max_bytes"] = options["max_bytes"]
    return limits


def _absolute(path: str | None, folder: str) -> str | None:
    return None if path is None else os.path.normpath(os.path.join(folder, os.path.expanduser(path)))


def split(values: Iterable[str], *, commas: bool = True) -> tuple[str, ...]:
    """`a,b` and repeated options alike; patterns for paths are not split, since paths may hold commas."""
    parts = [part.strip() for value in values for part in (value.split(",") if commas else [value])]
    return tuple(part for part in parts if part)


def severity(name: str) -> int | None:
    """The number of a severity, None for `never`. UsageError with a suggestion for anything else."""
    folded = name.lower()
    folded = _ALIASES.get(folded, folded)
    if folded == "never":
        return None
    if folded not in SEVERITIES:
        from idemlint.cli.suggestions import did_you_mean

        raise UsageError(f"--fail-on {name!r} is no severity", hint=did_you_mean(name, (*SEVERITIES, "never")))
    return SEVERITIES.index(folded)
