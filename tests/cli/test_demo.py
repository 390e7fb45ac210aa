"""`idemlint demo` as a user runs it: the story, the exit code, and nothing left behind however it ends."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from process import environment, idemlint
from served import children, wait_until

WITHIN = 20
URL = re.compile(r"http://127\.0\.0\.1:(\d+)")


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def told() -> tuple[subprocess.CompletedProcess[str], float]:
    began = time.monotonic()
    done = idemlint(
        "demo", NO_COLOR="1", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9"
    )
    return done, time.monotonic() - began


def test_it_finds_the_race_and_then_none(told: tuple[subprocess.CompletedProcess[str], float]) -> None:
    done, seconds = told
    assert (done.returncode, done.stderr) == (0, "")
    before, after = done.stdout.split("\n4  ")
    assert "no findings in 1 operation of 1 document" in before
    assert "✗ CON-01 two concurrent duplicates" in before
    assert before.count("  201  ") == 2
    assert "second effect" in before
    assert "✗" not in after
    assert "✓ CON-01 0 double executions" in after
    assert seconds < WITHIN


def test_it_fits_one_screen(told: tuple[subprocess.CompletedProcess[str], float]) -> None:
    lines = told[0].stdout.splitlines()
    assert len(lines) <= 45
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in told[0].stdout


def test_its_server_is_gone(told: tuple[subprocess.CompletedProcess[str], float]) -> None:
    found = URL.search(told[0].stdout)
    assert found is not None
    assert not listening(int(found[1]))


def test_the_document_works_with_the_commands_that_the_demo_names(tmp_path: Path) -> None:
    printed = idemlint("demo", "--document")
    assert (printed.returncode, printed.stderr) == (0, "")
    (tmp_path / "payments.yaml").write_text(printed.stdout, encoding="utf-8")
    checked = idemlint("check", "-r", "idemlint:all", "payments.yaml", cwd=tmp_path)
    assert (checked.returncode, checked.stdout) == (0, "")


def test_colours_and_ascii_where_the_terminal_wants_them() -> None:
    done = idemlint("demo", "--color", PYTHONIOENCODING="ascii", COLUMNS="60")
    assert (done.returncode, done.stderr) == (0, "")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    assert plain != done.stdout
    assert plain.isascii()
    assert "\\x" not in plain
    assert "\\u" not in plain
    assert max(len(line) for line in plain.splitlines() if "idemlint " not in line) <= 60


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send these signals to another process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_takes_its_server_with_it(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "idemlint", "demo"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        found = next(filter(None, map(URL.search, process.stdout)))
        servers = children(process.pid)
        assert len(servers) == 1
        process.send_signal(number)
        _, errors = process.communicate(timeout=WITHIN)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, errors.strip()) == (130, "")
    assert not listening(int(found[1]))
    assert wait_until(lambda: not Path(f"/proc/{servers[0]}").exists())


def test_a_server_that_does_not_start_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text("raise RuntimeError('broken on purpose')\n", encoding="utf-8")
    (tmp_path / "httptools.py").write_text("raise RuntimeError('broken on purpose')\n", encoding="utf-8")
    done = idemlint("demo", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("error: the demo's server did not start: ")
    assert "broken on purpose" in done.stderr
    assert "Traceback" not in done.stderr
