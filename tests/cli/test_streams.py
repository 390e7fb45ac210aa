"""Broken pipes, full disks, closed streams, colours, encodings, and text that means harm."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from process import environment, idemlint

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND = [sys.executable, "-m", "idemlint"]
FULL = Path("/dev/full")


def shell(script: str, folder: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """`script` with `$IDEMLINT` standing for the program."""
    return subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", script],
        cwd=folder,
        env=environment(IDEMLINT=" ".join(COMMAND), **extra),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def many_findings(folder: Path) -> None:
    paths = "".join(f"  /p{number}:\n    post:\n      responses: {{}}\n" for number in range(3000))
    text = f"openapi: 3.0.3\ninfo:\n  title: a\n  version: '1'\npaths:\n{paths}"
    (folder / "many.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", ["json", "concise", "text"])
def test_a_reader_that_goes_away_is_no_error(folder: Path, name: str) -> None:
    many_findings(folder)
    done = shell(f"$IDEMLINT check many.yaml -q -f {name} | head -c 10 >/dev/null; echo ${{PIPESTATUS[0]}}", folder)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_closed_stdout_is_trouble_only_when_there_is_something_to_say(folder: Path) -> None:
    done = shell("$IDEMLINT check flawed.yaml -q >&-", folder)
    assert done.returncode == 2
    assert "standard output is closed" in done.stderr
    assert shell("$IDEMLINT check flawed.yaml -q -f json=out.json >&-", folder).returncode == 1
    assert shell("$IDEMLINT check clean.yaml >&- 2>&-", folder).returncode == 0


def test_closed_stdin_and_stderr(folder: Path) -> None:
    done = shell("$IDEMLINT check - <&-", folder)
    assert done.returncode == 2
    assert "standard input" in done.stderr
    assert shell("$IDEMLINT check flawed.yaml 2>&-", folder).returncode == 1
    assert shell("$IDEMLINT check nope.yaml 2>&-", folder).returncode == 2


@pytest.mark.skipif(not FULL.exists(), reason="just Linux has /dev/full, a disk that is always full")
def test_a_full_disk_is_two(folder: Path) -> None:
    for target in ("-f json > /dev/full", "-f json=/dev/full", "> /dev/full"):
        done = shell(f"$IDEMLINT check flawed.yaml {target}", folder)
        assert (target, done.returncode) == (target, 2)
        assert "No space left on device" in done.stderr
        assert "Traceback" not in done.stderr
    assert shell("$IDEMLINT --version > /dev/full", folder).returncode == 2
    assert shell("$IDEMLINT check flawed.yaml 2> /dev/full", folder).returncode == 1


@pytest.mark.parametrize(
    ("options", "extra", "colored"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "0"}, False),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
        (["--color"], {"NO_COLOR": "1"}, True),
        (["--no-color"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_when_there_is_colour(folder: Path, options: list[str], extra: dict[str, str], *, colored: bool) -> None:
    for name in ("text", "concise"):
        done = idemlint("check", "flawed.yaml", "missing.yaml", "-f", name, *options, cwd=folder, **extra)
        assert ("\x1b[" in done.stdout, "\x1b[" in done.stderr) == (colored, colored)


def test_files_and_machine_formats_are_never_coloured(folder: Path) -> None:
    done = idemlint("check", "flawed.yaml", "--color", "-f", "json", "-f", "text=t.txt", cwd=folder)
    assert "\x1b" not in done.stdout
    assert "\x1b" not in (folder / "t.txt").read_text(encoding="utf-8")


HOSTILE = "/a\\u001b]0;owned\\u0007\\u009b31m\\u202egpj.exe\\r\\n::error::x"


def test_nothing_in_a_document_reaches_the_terminal_as_a_command(folder: Path) -> None:
    text = f'{{"openapi": "3.0.3", "paths": {{"{HOSTILE}": {{"post": {{"responses": {{}}}}}}}}}}'
    (folder / "hostile.json").write_text(text, encoding="utf-8")
    for name in ("text", "concise", "markdown", "github", "junit"):
        done = idemlint("check", "hostile.json", "-f", name, cwd=folder)
        assert done.returncode == 1
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", done.stdout)
        # a workflow command counts at the beginning of a line
        assert not re.search(r"(?m)^::error::x", done.stdout)
    assert "\\x1b]0;owned\\x07\\x9b31m\\u202egpj.exe" in idemlint("check", "hostile.json", cwd=folder).stdout
    path = json.loads(idemlint("check", "hostile.json", "-f", "json", cwd=folder).stdout)[0]["path"][1]
    assert path == json.loads(f'"{HOSTILE}"')


def test_hostile_file_names(folder: Path) -> None:
    name = "a\x1b[31m\n::error::x.yaml"
    (folder / name).write_text((folder / "flawed.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    for form in ("text", "concise", "markdown", "github", "junit", "sarif", "gitlab", "json"):
        done = idemlint("check", name, "nope\x1b31m.yaml", "-f", form, cwd=folder)
        assert done.returncode == 2
        assert "\x1b" not in done.stdout + done.stderr
        assert not re.search(r"(?m)^::error::x", done.stdout)


@pytest.mark.parametrize("extra", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_a_locale_without_utf8(folder: Path, extra: dict[str, str]) -> None:
    text = "openapi: 3.0.3\npaths:\n  /zahlung-ü-支付:\n    post:\n      responses: {}\n"
    (folder / "ü.yaml").write_text(text, encoding="utf-8")
    done = idemlint("check", "ü.yaml", "-f", "text", "-f", "json=o.json", cwd=folder, **extra)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    report = (folder / "o.json").read_text(encoding="utf-8")
    assert json.loads(report)[0]["operation"] == "POST /zahlung-ü-支付"
    done = idemlint("check", "ü.yaml", "-f", "json", cwd=folder, **extra)
    assert json.loads(done.stdout)[0]["operation"] == "POST /zahlung-ü-支付"


def test_a_terminal_that_cannot_draw_gets_ascii(folder: Path) -> None:
    done = idemlint("check", "flawed.yaml", "-f", "text", cwd=folder, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.stdout.isascii()
    assert done.stderr.isascii()
    assert "  --> flawed.yaml:7:5\n  |\n7 |     post:\n  |     ^^^^" in done.stdout


def test_lone_surrogates_break_no_format(folder: Path) -> None:
    text = '{"openapi": "3.0.3", "paths": {"/a\\ud800": {"post": {"responses": {}}}}}'
    (folder / "s.json").write_text(text, encoding="utf-8")
    for name in ("text", "concise", "json", "sarif", "junit", "github", "markdown", "gitlab"):
        done = idemlint("check", "s.json", "-f", name, cwd=folder)
        assert (name, done.returncode) == (name, 1)
    done = idemlint("check", "s.json", "-f", "json", cwd=folder)
    assert json.loads(done.stdout)[0]["path"][1].startswith("/a")


# --- watching ----------------------------------------------------------------------------------------------------------


def test_watch_runs_again_when_a_file_changes_and_ends_on_ctrl_c_with_130(folder: Path) -> None:
    output, errors = folder / "out", folder / "err"
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(
            [*COMMAND, "check", "flawed.yaml", "--watch"], cwd=folder, env=environment(), stdout=out, stderr=err
        )
    try:
        _wait(lambda: b"watching" in errors.read_bytes())
        assert output.read_bytes().count(b"declares no 409") == 2
        (folder / "flawed.yaml").write_text((folder / "clean.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        _wait(lambda: errors.read_bytes().count(b"watching") == 2)
        assert b"no findings in 1 operation" in errors.read_bytes()
        (folder / "flawed.yaml").unlink()
        _wait(lambda: b"there is no such file" in errors.read_bytes())
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
    finally:
        process.kill()
        process.wait()
    assert b"Traceback" not in errors.read_bytes()


def test_standard_input_cannot_be_watched(folder: Path) -> None:
    assert idemlint("check", "-", "--watch", cwd=folder, stdin=b"").returncode == 2


def _wait(reached: Callable[[], bool]) -> None:
    """Until `reached()`, twenty seconds at most."""
    end = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_ctrl_c_during_a_run_is_130(folder: Path) -> None:
    os.mkfifo(folder / "slow.yaml")
    process = subprocess.Popen(
        [*COMMAND, "check", "slow.yaml"], cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in errors


def test_ctrl_c_ends_all_processes(folder: Path) -> None:
    os.mkfifo(folder / "slow.yaml")
    process = subprocess.Popen(
        [*COMMAND, "check", "flawed.yaml", "slow.yaml", "clean.yaml", "--jobs", "2"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in errors
    with pytest.raises(ProcessLookupError):
        _until_the_group_is_gone(process.pid)


def _until_the_group_is_gone(group: int) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        os.killpg(group, 0)
        time.sleep(0.05)


def test_on_a_terminal_text_in_colour_and_in_its_width_is_the_default(folder: Path) -> None:
    pty = pytest.importorskip("pty", reason="this system has no pseudo terminals")
    primary, secondary = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "check", "flawed.yaml"],
        cwd=folder,
        env=environment(TERM="xterm", COLUMNS="50"),
        stdin=subprocess.DEVNULL,
        stdout=secondary,
        stderr=secondary,
    )
    os.close(secondary)
    shown = b""
    try:
        while part := os.read(primary, 65536):
            shown += part
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(primary)
    assert process.wait(timeout=20) == 1
    plain = re.sub("\x1b\\[[0-9;]*m", "", shown.decode())
    assert shown.startswith(b"\x1b[1;31merror[")
    assert "7 │     post:" in plain
    assert plain.rstrip().endswith("conflict declared on 0 of 2")
    notes = [line for line in plain.splitlines() if "= help" in line or line.startswith("    ")]
    assert all(len(line) <= 50 for line in notes)
