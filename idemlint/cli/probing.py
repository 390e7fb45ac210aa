"""A run of the probe from options to exit code: settings, target, events on the screen, reports in their places."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from idemlint.cli.output import (
    Target,
    ensure_writable,
    print_error,
    say,
    speaks_unicode,
    terminal_width,
    wants_color,
    write_file,
    write_stdout,
)
from idemlint.cli.probe_config import read_config, with_config
from idemlint.cli.probe_options import ensure_matches, principals_of, read_references, wanted_by
from idemlint.errors import ExitCode, UsageError
from idemlint.findings import Severity
from idemlint.probe_report import IN_PROCESS, Verdict
from idemlint.reporters.options import ReportOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.cli.probe_interruption import Interruption
    from idemlint.cli.probe_progress import Progress
    from idemlint.probe.client import Link
    from idemlint.probe.hooks import HookError, Hooks
    from idemlint.probe.runner import Run
    from idemlint.probe.session import Session
    from idemlint.probe_report import ProbeReport

_FAIL_ON: Final = {
    "error": Severity.ERROR,
    "warn": Severity.WARN,
    "info": Severity.INFO,
    "hint": Severity.HINT,
    "never": None,
}
_INTERRUPTED: Final = "interrupted"
_CLOSING: Final = 0.3
"""Seconds that connections, or an application in this process, have to come to an end after Ctrl-C."""


def execute(options: dict[str, Any]) -> int:
    """The whole command; errors that a user can cause are raised as typed ones."""
    gc.enable()  # off while the program starts; a run is long, and what network libraries leave behind is cyclic
    if options["replay"]:
        from idemlint.cli.probe_replay import with_report

        options = with_report(options)
    elif options["checks"]:
        raise UsageError("--check goes with --replay", hint=f"--select {','.join(options['checks'])} runs just these")
    options = with_config(options, read_config(options))
    fail_on = _fail_on(options["fail_on"])
    targets = parse_targets(options["format"], options["formats_base"])
    session = _session(options, keep_exchanges=any(target.format == "har" for target in targets))
    if options["dry_run"] or not _consented(options):
        from idemlint.cli.probe_plan import tell

        wanted = targets if options["dry_run"] else [Target("text", None)]
        tell(session.plan(), wanted, consented=options["dry_run"])
        return ExitCode.OK if options["dry_run"] else ExitCode.TROUBLE
    for target in targets:
        if target.path is not None:
            ensure_writable(target.path)
    run, interrupted = _run(session, targets, options)
    report = run.report()
    _write(report, targets, options)
    if interrupted:
        return ExitCode.INTERRUPTED
    hooks = session.settings.hooks
    return _exit_code(report, fail_on, options, lost=run.lost, broken=hooks.failed if hooks is not None else ())


def _session(options: dict[str, Any], *, keep_exchanges: bool) -> Session:
    from idemlint.contract.loading import load_profile
    from idemlint.probe.consent import base_url
    from idemlint.probe.session import Session
    from idemlint.probe.settings import DEFAULT_PROFILE, Settings

    if options["document"] is None:
        raise UsageError("no document", hint="idemlint probe openapi.yaml --url http://127.0.0.1:8000")
    if (options["url"] is None) == (options["app"] is None):
        raise UsageError("give the target as --url or --app, and just one of them", hint="--url http://127.0.0.1:8000")
    settings = Settings(
        url=base_url(options["url"]) if options["url"] is not None else IN_PROCESS,
        suite=options["suite"],
        select=_listed(options["select"]),
        ignore=_listed(options["ignore"]),
        wanted=wanted_by(options["only"], options["excepted"]),
        principals=principals_of(options["headers"], options["auth"], options["second_principal"]),
        max_requests=options["max_requests"],
        rate=_rate(options["rate"]),
        timeout=options["timeout"],
        max_wait=options["max_wait"],
        seed=options["seed"] if options["seed"] is not None else random.SystemRandom().randrange(10_000),
        burst=options["burst"],
        rounds=options["rounds"],
        hooks=_hooks(options["hooks"]),
        operations=options["operations"],
        cleanup=options["cleanup"],
        calibrate=options["calibrate"],
        http2=options["http2"],
        keep_exchanges=keep_exchanges,
    )
    references = read_references(options["document"], allow_remote=options["allow_remote_refs"])
    ensure_matches(options["only"], references)
    return Session(references, load_profile(options["profile"] or DEFAULT_PROFILE, folder=os.getcwd()), settings)


def _hooks(path: str | None) -> Hooks | None:
    if path is None:
        return None
    from idemlint.probe.hooks import load_hooks

    return load_hooks(path)


def _listed(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def _rate(text: str | None) -> float | None:
    if text is None:
        return None
    number, _, unit = text.partition("/")
    try:
        value = float(number)
    except ValueError:
        value = 0.0
    per = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}.get(unit.strip())
    if value <= 0 or per is None:
        raise UsageError(f"--rate {text!r} is no rate", hint="--rate 10/s")
    return value / per


def _fail_on(text: str | None) -> Severity | None:
    name = text or "error"
    if name not in _FAIL_ON:
        raise UsageError(f"--fail-on {name!r} is no severity", hint=f"known are {', '.join(_FAIL_ON)}")
    return _FAIL_ON[name]


def parse_targets(values: tuple[str, ...], base: str) -> list[Target]:
    """`-f` values; text to standard output where there is none."""
    from idemlint.cli.output import parse_targets as parse
    from idemlint.reporters import probe

    return parse(values, base, names=probe.NAMES, group=probe.GROUP) or [Target("text", None)]


def _consented(options: dict[str, Any]) -> bool:
    """Whether writes are permitted: asked for, in this process, or on the loopback range."""
    from idemlint.probe.consent import is_loopback

    if options["allow_writes"] or options["app"] is not None:
        return True
    return is_loopback(options["url"])


def _link(options: dict[str, Any]) -> Link:
    if options["app"] is not None:
        from idemlint.probe.in_process import link_to

        return link_to(options["app"], timeout=options["timeout"])
    from idemlint.probe.link import network_link

    return network_link(
        http2=options["http2"],
        timeout=options["timeout"],
        proxy=options["proxy"],
        cacert=options["cacert"],
        cert=options["cert"],
        insecure=options["insecure"],
    )


def _run(session: Session, targets: list[Target], options: dict[str, Any]) -> tuple[Run, bool]:
    """The run at its end, and whether the user ended it."""
    from idemlint import __version__
    from idemlint.cli.probe_interruption import Interruption
    from idemlint.cli.probe_progress import Progress

    link = _link(options)
    run = session.run(link)
    run.tool = f"idemlint {__version__}"
    progress = Progress(quiet=options["quiet"], ndjson=Target("ndjson", None) in targets)

    def finish_late() -> None:
        run.ended = run.ended or _INTERRUPTED
        progress.end()
        _write(run.report(), targets, options)

    with Interruption(finish_late) as interruption, asyncio.Runner() as runner:
        runner.run(_events(run, link, progress, interruption, options))
    return run, interruption.stopped


async def _events(
    run: Run, link: Link, progress: Progress, interruption: Interruption, options: dict[str, Any]
) -> None:
    """Show events as they come, until the last one or an interruption."""
    from idemlint.probe.reaching import reach

    task = asyncio.current_task()
    if task is not None:
        interruption.follow(task)
    try:
        await reach(run.client, options["url"] or run.plan.target, wait=options["wait_for"])
        async for event in run.events():
            progress.show(event)
    except asyncio.CancelledError:
        if not interruption.stopped:
            raise
        run.ended = _INTERRUPTED
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING):
                await run.finish()
    finally:
        interruption.unfollow()
        progress.end()
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_CLOSING if interruption.stopped else None):
                await link.close()


def _write(report: ProbeReport, targets: list[Target], options: dict[str, Any]) -> None:
    from idemlint import __version__
    from idemlint.reporters.probe import lookup

    saved = next((target.path for target in targets if target.format == "json" and target.path), None)
    report = replace(report, saved=os.path.abspath(saved) if saved is not None else "", again=_again(options))
    for target in targets:
        to_screen = target.path is None
        settings = ReportOptions(
            base=os.getcwd(),
            color=to_screen and target.format == "text" and wants_color(options["color"], sys.stdout),
            width=terminal_width(sys.stdout) if to_screen else 100,
            unicode=speaks_unicode(sys.stdout) if to_screen else True,
            version=__version__,
        )
        if target.format == "ndjson" and to_screen:
            continue  # each event went out when it happened
        text = lookup(target.format)(report, settings)
        if target.path is None:
            write_stdout(text, people=target.format == "text")
        else:
            write_file(target.path, text)


def _again(options: dict[str, Any]) -> tuple[str, ...]:
    """What is given to a run and does not stand in its report. Credentials just where they are named, not told."""
    single = {
        "--app": options["app"],
        "--hooks": options["hooks"],
        "--cacert": options["cacert"],
        "--cert": options["cert"],
    }
    told = [part for name, value in single.items() if value is not None for part in (name, value)]
    named = {"--auth": options["auth"], "-H": options["headers"], "--second-principal": options["second_principal"]}
    told += [part for name, values in named.items() for value in values if "env:" in value for part in (name, value)]
    return (*told, *(["--allow-writes"] if options["allow_writes"] else []), *(["--http2"] if options["http2"] else []))


def _exit_code(
    report: ProbeReport, fail_on: Severity | None, options: dict[str, Any], *, lost: bool, broken: Sequence[HookError]
) -> int:
    """A target that was lost on the way, or hooks that broke, are trouble, unless failures were found all the same."""
    from idemlint.probe.settings import DEFAULT_PROFILE

    if not report.operations:
        say("no operation of the document takes keys: nothing was probed")
    elif all(operation.blocked for operation in report.operations) and not lost:
        said = "warning: nothing could be probed: the report says why"
        if report.profile == DEFAULT_PROFILE:
            said += (
                "\n  hint: if the server takes keys all the same, name the profile that it follows (idemlint profiles)"
            )
        say(said, bold=("warning", "33"), color=options["color"])
    failing = fail_on is not None and not options["exit_zero"]
    if lost and not (failing and fail_on is not None and report.failures(fail_on)):
        say(f"error: {report.interrupted}", bold=("error", "31"), color=options["color"])
        return ExitCode.TROUBLE
    if failing and fail_on is not None and report.failures(fail_on):
        return ExitCode.FINDINGS
    if broken:
        print_error(broken[0], color=options["color"])
        return ExitCode.TROUBLE
    if not failing or fail_on is None:
        return ExitCode.OK
    if options["strict"] and any(
        check.verdict is Verdict.INCONCLUSIVE and check.axis != "control"
        for operation in report.operations
        for check in operation.checks
    ):
        return ExitCode.FINDINGS
    return ExitCode.OK
