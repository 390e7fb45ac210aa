"""What the step "Run" of action.yml does: inputs to one run of idemlint, and its reports to the places GitHub reads.

Inputs come as INPUT_* variables, never as words of a shell's command line. Whatever documents, servers or the caller's
service say is printed between `::stop-commands::` and a random word, so that none of it is a workflow command
(https://docs.github.com/actions/reference/workflow-commands-for-github-actions). Findings do not fail this step: the
exit code is an output, and the last step of the action applies it once everything is uploaded.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from idemlint.cli.output import write_stdout
from idemlint.errors import ExitCode, IdemlintError, UsageError
from idemlint.named_tuple import NamedTuple
from idemlint.reporters.escaping import command_data, markdown, terminal_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idemlint.cli.action_service import Service

FILES: Final = {
    "github": "annotations.txt",
    "json": "report.json",
    "junit": "junit.xml",
    "markdown": "summary.md",
    "sarif": "idemlint.sarif",
    "text": "report.txt",
}
"""Formats of the one run to the files that they go to."""
SERVICE_LOG: Final = "service.log"
_LAST_LINES: Final = 50
_PATIENCE: Final = 5.0
"""Seconds that an interrupted run has to write what it knows: GitHub kills a cancelled step 10 s after asking it to end."""
_OF_CHECK: Final = ("RULESET", "BASELINE")
_OF_PROBE: Final = ("URL", "SERVICE", "AUTH")


class Run(NamedTuple):
    """What a run came to."""

    code: int
    output: str
    errors: str


def main(environ: Mapping[str, str]) -> int:
    """Run once and publish. 0 unless GitHub's own files are missing."""
    reports = Path(tempfile.mkdtemp(prefix="reports-", dir=_folder(environ)))
    try:
        command = _command(environ)
        run = _run(arguments(environ, reports), _service(environ, reports), _seconds(environ))
    except IdemlintError as error:
        command, run = "check", Run(ExitCode.TROUBLE, "", f"error: {error}\n")
    with open(environ["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as file:
        file.write(_publish(run, reports))
    told = {
        **totals(reports),
        "exit-code": str(int(run.code)),
        "reports": str(reports),
        "artifact-name": environ.get("INPUT_ARTIFACT_NAME") or f"idemlint-{command}",
    }
    with open(environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
        for name, value in told.items():
            mark = secrets.token_hex(16)
            file.write(f"{name}<<{mark}\n{value}\n{mark}\n")
    return ExitCode.OK


def arguments(environ: Mapping[str, str], reports: Path) -> list[str]:
    """The command line. Values stand behind `=`, documents behind `--`: none of them can be taken for an option."""
    command = _command(environ)
    others = _OF_PROBE if command == "check" else _OF_CHECK
    for name in others:
        if environ.get(f"INPUT_{name}"):
            other = "probe" if command == "check" else "check"
            raise UsageError(f"the input {name.lower()} goes with the command {other}, not with {command}")
    words = [command]
    words += [f"--format={name}={reports / file}" for name, file in FILES.items()]
    for option in ("profile", "fail-on", "baseline", "url", "wait-for"):
        value = _text(environ, option)
        if value and not (option == "wait-for" and command == "check"):
            words.append(f"--{option}={value}")
    for option in ("ruleset", "select", "ignore", "only", "except", "auth"):
        words += [f"--{option}={line}" for line in _lines(environ, option)]
    if _flag(environ, "allow-writes"):
        if command == "check":
            raise UsageError("the input allow-writes goes with the command probe, not with check")
        words.append("--allow-writes")
    return [*words, *_lines(environ, "arguments"), "--", *_lines(environ, "documents")]


def _command(environ: Mapping[str, str]) -> str:
    command = _text(environ, "command") or "check"
    if command not in ("check", "probe"):
        raise UsageError(f"the input command is {command!r}", hint="it is check or probe")
    return command


def _text(environ: Mapping[str, str], name: str) -> str:
    return environ.get(f"INPUT_{name.upper().replace('-', '_')}", "").strip()


def _lines(environ: Mapping[str, str], name: str) -> list[str]:
    return [line.strip() for line in _text(environ, name).splitlines() if line.strip()]


def _flag(environ: Mapping[str, str], name: str) -> bool:
    value = _text(environ, name).lower()
    if value not in ("true", "false", ""):
        raise UsageError(f"the input {name} is {value!r}", hint="it is true or false")
    return value == "true"


def _seconds(environ: Mapping[str, str]) -> float:
    value = _text(environ, "wait-for") or "60"
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3600:
        raise UsageError(f"the input wait-for is {value!r}", hint="it is a number of seconds, up to 3600")
    return seconds


def _service(environ: Mapping[str, str], reports: Path) -> Service | None:
    text = _text(environ, "service")
    if not text:
        return None
    from idemlint.cli.action_service import Service, split

    return Service(split(text), _text(environ, "url"), reports / SERVICE_LOG)


def _folder(environ: Mapping[str, str]) -> str:
    folder = os.path.join(environ["RUNNER_TEMP"], "idemlint")
    os.makedirs(folder, exist_ok=True)
    return folder


# --- running -----------------------------------------------------------------------------------------------------------


def _run(words: list[str], service: Service | None, patience: float) -> Run:
    """A process of its own for idemlint, beside the caller's service, which is stopped whatever happens."""
    signal.signal(signal.SIGTERM, _interrupt)
    with service.running(patience) if service is not None else contextlib.nullcontext():
        program = [sys.executable, "-I", "-X", "utf8", "-m", "idemlint", *words]
        process = subprocess.Popen(  # noqa: S603 - idemlint itself, without a shell
            program,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
            env={**os.environ, "NO_COLOR": "1"},
        )
        try:
            output, errors = process.communicate()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
            try:
                output, errors = process.communicate(timeout=_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                output, errors = process.communicate()
        return Run(process.returncode, output, errors)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


# --- telling -----------------------------------------------------------------------------------------------------------


def _publish(run: Run, reports: Path) -> str:
    """Print the log and the annotations; give the job's summary."""
    written = {name: _read(reports / file) for name, file in FILES.items() if name in ("github", "markdown", "text")}
    (reports / FILES["github"]).unlink(missing_ok=True)  # of use here only
    log = reports / SERVICE_LOG
    texts = [written["text"] or run.output, run.errors]
    if run.code not in (ExitCode.OK, ExitCode.FINDINGS) and log.exists():
        texts += ["the service's last lines:", *_read(log).splitlines()[-_LAST_LINES:]]
    _print(_inert("\n".join(texts)))
    if written["github"] or written["markdown"]:
        _print(written["github"])
        return written["markdown"]
    told = (run.errors.strip() or run.output.strip() or f"idemlint ended with {run.code}")[-2000:]
    if run.code != ExitCode.OK:
        _print(f"::error title=idemlint::{command_data(terminal_lines(told))}\n")
    return f"## idemlint\n\nCould not run: {markdown(told)}\n"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="backslashreplace")
    except FileNotFoundError:
        return ""


def _inert(text: str) -> str:
    """The text, so that GitHub takes no line of it for a command, whatever it begins with."""
    word = secrets.token_hex(16)
    return f"::stop-commands::{word}\n{text}\n::{word}::\n"


def _print(text: str) -> None:
    write_stdout(text, people=False)


def totals(reports: Path) -> dict[str, str]:
    """The outputs that are numbers or files; of what was not written, nothing."""
    sarif, report = reports / FILES["sarif"], reports / FILES["json"]
    if not (sarif.exists() and report.exists()):
        return {}
    run = json.loads(sarif.read_text(encoding="utf-8"))["runs"][0]
    levels = [result["level"] for result in run["results"]]
    return {
        "findings": str(len(levels)),
        "errors": str(levels.count("error")),
        "warnings": str(levels.count("warning")),
        "coverage": _coverage(run.get("properties", {}), json.loads(report.read_text(encoding="utf-8"))),
        "sarif-file": str(sarif),
        "report-file": str(report),
    }


def _coverage(properties: dict[str, Any], report: Any) -> str:
    """Whole per cent, rounded down, so that 100 is all of it; empty where there is nothing to cover."""
    if isinstance(report, dict):
        summary = report["summary"]
        part = summary["pass"] + summary["fail"]
        whole = part + summary["inconclusive"]
    else:
        coverage = properties.get("coverage", {})
        part, whole = coverage.get("key_required", 0), coverage.get("in_scope", 0)
    return str(100 * part // whole) if whole else ""


if __name__ == "__main__":
    try:
        sys.exit(main(os.environ))
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
