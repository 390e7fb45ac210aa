"""`idemlint demo`: a document that promises one payment a key, a server that does not keep it, and the probe that sees it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

import click

from idemlint.cli.group import CONTEXT, QuickCommand
from idemlint.cli.output import speaks_unicode, terminal_width, wants_color, write_stdout
from idemlint.errors import ExitCode

if TYPE_CHECKING:
    from idemlint.probe_report import CheckResult, ProbeReport
    from idemlint.reporters.options import ReportOptions

_FAULT: Final = "toctou"
_RACE: Final = "CON-01"
_DELAY: Final = "5"
"""Milliseconds that a payment takes."""
_SEED: Final = 1
_BUDGET: Final = 450
_WIDEST: Final = 100


@click.command(cls=QuickCommand, context_settings=CONTEXT, short_help="Watch a race being found, in ten seconds.")
@click.option("--document", is_flag=True, help="Print the document that the demo uses, and do nothing else.")
@click.option("--color/--no-color", default=None, help="Colour or not, whatever the terminal says.")
def demo(document: bool, color: bool | None) -> int:
    """Check a document, probe a server that races, then the same server without the race. Nothing leaves this machine.

    Exit codes: 0 it went as told, 2 it did not, 130 interrupted.
    """
    text = read_document()
    if document:
        write_stdout(text, people=False)
        return ExitCode.OK
    return _Demo(text, color=color).run()


def read_document() -> str:
    """The demo's OpenAPI document."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "demo.yaml"), encoding="utf-8") as file:
        return file.read()


class _Demo:
    """The four scenes, on a screen of some width."""

    def __init__(self, document: str, *, color: bool | None) -> None:
        from idemlint.reporters.options import ReportOptions

        self.document = document
        self.options: ReportOptions = ReportOptions(
            base=os.getcwd(),
            color=wants_color(color, sys.stdout),
            width=min(terminal_width(sys.stdout), _WIDEST),
            unicode=speaks_unicode(sys.stdout),
        )

    def run(self) -> int:
        """ExitCode.OK if the race was found where it is, and nothing where it is not."""
        import time

        began = time.perf_counter()
        self.tell("One operation, POST /payments, and one promise: a key pays once.")
        self.title(1, "The document", "idemlint check payments.yaml")
        self.tell(self.checked())

        self.title(2, "A server with a race in it", f"idemlint mock payments.yaml --fault {_FAULT}")
        self.tell("It looks the key up, pays, and stores the key when it is done.")
        racing = self.probed(3, "The probe", ("--fault", _FAULT))
        seen = _result(racing, _RACE)
        if seen is None or not _failed(seen):
            return self.astray("the race was not found", seen)
        self.story(racing, seen)

        clean = self.probed(4, "The race taken away: the key is claimed first", ())
        kept = _result(clean, _RACE)
        failures = clean.failures()
        if kept is None or not _passed(kept) or failures:
            return self.astray("the server without the race did not pass", failures[0][1] if failures else kept)
        self.tell(f"{self.paint('✓', '32')} {_RACE} {kept.reason}.")

        sent = racing.requests + clean.requests
        self.tell(f"\n{sent} requests in {time.perf_counter() - began:.0f} s, all of them to 127.0.0.1. Your turn:")
        self.tell("  idemlint check openapi.yaml", whole=True)
        self.tell("  idemlint probe openapi.yaml --url http://127.0.0.1:8000", whole=True)
        self.tell(f"  idemlint explain {_RACE}", whole=True)
        self.tell("  idemlint demo --document > payments.yaml", whole=True)
        return ExitCode.OK

    def checked(self) -> str:
        """The sum of `idemlint check`: nothing to mend."""
        from idemlint.check.loading import RulesetLoader
        from idemlint.check.runner import check_document
        from idemlint.contract.contract import DEFAULT
        from idemlint.openapi.document import parse
        from idemlint.reporters.summary import summary
        from idemlint.results import CheckResult as Checked

        rules = RulesetLoader().load(["idemlint:recommended"], os.getcwd())
        result = Checked([check_document(parse(self.document, "payments.yaml"), rules, DEFAULT)])
        return summary(result)

    def probed(self, number: int, what: str, faults: tuple[str, ...]) -> ProbeReport:
        """A scene: the mock started, probed and stopped, and the matrix of what was found, with its legend just once."""
        from idemlint.cli.demo_server import serving
        from idemlint.reporters.probe.text_matrix import draw

        with serving(self.document, "--delay", _DELAY, *faults) as url:
            if not faults:
                self.title(number, what, "idemlint mock payments.yaml")
            else:
                self.title(number, what, f"idemlint probe payments.yaml --url {url}")
            report = self.report_on(url)
        drawn = draw(report.operations, self.options).rstrip("\n").split("\n")
        self.tell("\n".join(drawn if faults else drawn[: _legend_at(drawn)]), whole=True)
        return report

    def report_on(self, url: str) -> ProbeReport:
        """What `idemlint probe` finds there."""
        import asyncio

        from idemlint.contract.loading import load_profile
        from idemlint.openapi.document import parse
        from idemlint.openapi.references import References
        from idemlint.probe.link import network_link
        from idemlint.probe.session import Session
        from idemlint.probe.settings import DEFAULT_PROFILE, Settings

        references = References(parse(self.document, "payments.yaml"))
        settings = Settings(url=url, seed=_SEED, max_requests=_BUDGET)
        session = Session(references, load_profile(DEFAULT_PROFILE), settings)

        async def follow() -> ProbeReport:
            link = network_link(timeout=settings.timeout)
            run = session.run(link)
            try:
                async for _ in run.events():
                    pass
            finally:
                await link.close()
            return run.report()

        return asyncio.run(follow())

    def story(self, report: ProbeReport, race: CheckResult) -> None:
        """The two requests that paid twice."""
        from idemlint.reporters.probe.evidence import sentence
        from idemlint.reporters.probe.request_lines import request_lines

        passed = report.summary.passed
        self.tell(f"\nOne request after the other, all is well: {passed} checks passed. Then two at a time:")
        self.tell(f"{self.paint('✗', '1;31')} {self.paint(f'{_RACE} {race.name}', '1')}  {race.axis}")
        self.tell(sentence(race.reason), indent="  ")
        for line in request_lines(race, self.options.width - 6):
            self.tell("      " + (self.paint(line, "31") if line.endswith(" effect") else line), whole=True)
        self.tell("Both answers say 201 and look right. The customer paid twice.", indent="  ")

    def title(self, number: int, what: str, command: str) -> None:
        """`1  The document` and, at the right edge if there is room, the command that does it."""
        from idemlint.reporters.columns import width

        head = f"{number}  {what}"
        room = self.options.width - width(head) - len(command)
        told = self.paint(command, "2")
        self.tell(f"\n{self.paint(head, '1')}" + (f"{' ' * room}{told}" if room > 2 else f"\n   {told}"), whole=True)

    def astray(self, what: str, check: CheckResult | None) -> int:
        """It did not go as it should."""
        from idemlint.cli.output import say

        told = f": {check.id} {check.verdict}: {check.reason}" if check is not None else ""
        say(f"error: {what}{told}", bold=("error", "31"))
        say("  hint: the machine may be too busy to race; run it again, and report it if it stays so")
        return ExitCode.TROUBLE

    def tell(self, text: str, *, indent: str = "", whole: bool = False) -> None:
        """Lines that fit the screen; those that are `whole` fit already."""
        from idemlint.reporters.columns import wrap

        lines = []
        for line in text.split("\n"):
            fitting = [line] if whole else wrap(line, self.options.width - len(indent)) or [""]
            lines += [indent + part for part in fitting]
        told = "\n".join(lines) + "\n"
        write_stdout(told if self.options.unicode else told.translate(_ASCII), people=True)

    def paint(self, text: str, color: str) -> str:
        return f"\x1b[{color}m{text}\x1b[0m" if self.options.color else text


_ASCII: Final = str.maketrans({"·": "-", "µ": "u", "…": "...", "✓": "+", "✗": "x"})


def _legend_at(drawn: list[str]) -> int:
    """Where the rows end: the legend begins with a symbol and its word, and rows are not told in words."""
    return next((place for place, line in enumerate(drawn) if "passed" in line), len(drawn))


def _result(report: ProbeReport, identifier: str) -> CheckResult | None:
    return next(
        (check for operation in report.operations for check in operation.checks if check.id == identifier), None
    )


def _failed(check: CheckResult) -> bool:
    from idemlint.probe_report import Verdict

    return check.verdict is Verdict.FAIL


def _passed(check: CheckResult) -> bool:
    from idemlint.probe_report import Verdict

    return check.verdict is Verdict.PASS
