"""How many keyed requests a second one core answers: `idemlint mock` beside `prism mock`, in one run.

    IDEMLINT_NODE_MODULES=node_modules python tests/benchmarks/mock_throughput.py

wrk sends POSTs with distinct keys over 64 connections. The server has one core and wrk another. Rounds are paired: in each,
every server runs once, and a ratio is the median of the rounds' ratios. `per CPU s` is what the server answers in a second
of its own computing time, which says the same where other programs want the core as well.

Needs wrk and, on Linux, taskset; Prism (`@stoplight/prism-cli`) in IDEMLINT_NODE_MODULES, and redis-server, are left out
where they are missing. Exits with 1 if a bar is missed: 3 times Prism's requests a second with the store in memory, 1.5
times with Redis, at most half of its p99.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
DOCUMENT = HERE / "payments.yaml"
SCRIPT = HERE / "distinct_keys.lua"
CONNECTIONS = 64
BARS = {"memory": 3.0, "redis": 1.5}
"""Times Prism's requests a second."""
SLOWNESS = 0.5
"""Of Prism's p99."""
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


class Load(NamedTuple):
    """What wrk saw."""

    requests: float
    """A second."""
    p50: float
    """Milliseconds."""
    p99: float
    refused: int
    """Answers that were no 2xx."""
    per_cpu_second: float = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk sends the requests: apt-get install wrk")
    with contextlib.ExitStack() as stack:
        commands = {"memory": mock("--store", "memory")}
        redis = stack.enter_context(redis_server())
        if redis:
            commands["redis"] = mock("--store", redis)
        prism = prism_command()
        if prism:
            commands["prism"] = prism
        rounds = [
            {name: measured(command, options.seconds) for name, command in commands.items()}
            for _ in range(options.rounds)
        ]
    return report(rounds)


def mock(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "idemlint", "mock", str(DOCUMENT), "--port", "{port}", *arguments]


def prism_command() -> list[str] | None:
    modules = os.environ.get("IDEMLINT_NODE_MODULES")
    program = Path(modules, ".bin", "prism") if modules else None
    if program is None or not program.exists():
        say("prism: left out, IDEMLINT_NODE_MODULES names no folder with @stoplight/prism-cli")
        return None
    return [str(program), "mock", "--port", "{port}", str(DOCUMENT)]


@contextlib.contextmanager
def redis_server() -> Iterator[str | None]:
    program = shutil.which("redis-server")
    if program is None:
        say("redis: left out, redis-server is not installed")
        yield None
        return
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        with running(on_core(1, command), port):
            yield f"redis://127.0.0.1:{port}/0"


def measured(command: list[str], seconds: int) -> Load:
    port = free_port()
    with running(on_core(0, [part.replace("{port}", str(port)) for part in command]), port) as pid:
        load(port, 1)  # all compile and fill their caches with the first requests
        before = cpu_seconds(pid)
        found = load(port, seconds)
        used = cpu_seconds(pid) - before
        return found._replace(per_cpu_second=found.requests * seconds / used if used else 0.0)


def cpu_seconds(pid: int) -> float:
    """Of a process so far, on Linux; 0 elsewhere."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(port: int, seconds: int) -> Load:
    url = f"http://127.0.0.1:{port}/payments"
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(SCRIPT), url]
    text = subprocess.run(on_core(1, command), capture_output=True, text=True, check=True).stdout
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return Load(
        float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        latency(text, "50%"),
        latency(text, "99%"),
        int(refused[1]) if refused else 0,
    )


def latency(text: str, share: str) -> float:
    number, unit = re.search(rf"^\s+{share}\s+([\d.]+)([a-z]+)", text, re.MULTILINE).groups()
    return float(number) * UNITS[unit]


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[int]:
    """Until the end of the block; from when the port is listened to. Gives the process's number."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while not listened_to(port):
            if process.poll() is not None or time.monotonic() > end:
                sys.exit(f"{command} did not start")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def listened_to(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def on_core(number: int, command: list[str]) -> list[str]:
    taskset = shutil.which("taskset")
    cores = sorted(os.sched_getaffinity(0)) if taskset else []
    return [taskset, "-c", str(cores[number % len(cores)]), *command] if taskset else command


def report(rounds: list[dict[str, Load]]) -> int:
    print(
        f"{'':8} {'requests/s':>11} {'per CPU s':>10} {'p50 ms':>8} {'p99 ms':>8} {'to Prism':>9} {'p99 to Prism':>13}"
    )
    failures = []
    for name in rounds[0]:
        loads = [one[name] for one in rounds]
        middle = [statistics.median(column) for column in zip(*loads, strict=True)]
        line = f"{name:8} {middle[0]:11.0f} {middle[4]:10.0f} {middle[1]:8.1f} {middle[2]:8.1f}"
        if any(load.refused for load in loads):
            failures.append(f"{name}: answers that were no 2xx")
        if name in BARS and "prism" in rounds[0]:
            times = statistics.median(one[name].requests / one["prism"].requests for one in rounds)
            slowness = statistics.median(one[name].p99 / one["prism"].p99 for one in rounds)
            line += f" {times:8.2f}x {slowness:12.2f}x"
            if times < BARS[name]:
                failures.append(f"{name}: {times:.2f} times Prism's requests a second, {BARS[name]} are wanted")
            if slowness > SLOWNESS:
                failures.append(f"{name}: {slowness:.2f} of Prism's p99, {SLOWNESS} are allowed")
        print(line)
    for failure in failures:
        say(failure)
    return 1 if failures else 0


def say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
