"""idemlint against Spectral and Redocly CLI with equal rules, in one run: `python tests/benchmarks/run.py`.

Needs IDEMLINT_NODE_MODULES (see .ci/package.json) and the public documents beside the checkout. Each bar of the project is
printed with what was measured; the exit code is 1 when one is missed. Runs are paired: in each of 7 rounds every program
runs once, and a ratio is the median of the rounds' ratios. Seconds are of a whole process, as a user waits for it.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import corpus
from conformance import harness

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROUNDS = int(os.environ.get("IDEMLINT_BENCHMARK_ROUNDS", "7"))
SMALL_DOCUMENTS = 1000
MIB = 1024
TO_JSON = """
import json
from idemlint.openapi.document import read
with open("stripe.json", "w") as out:
    json.dump(read("stripe.yaml").data, out, indent=2)
"""


class Run(NamedTuple):
    """Seconds on the clock, seconds of all cores together, and the greatest resident size in MiB."""

    wall: float
    cpu: float
    peak: float


class Bar(NamedTuple):
    name: str
    value: float
    limit: float


def measure(command: list[str], folder: Path) -> Run:
    """Run once. Exit codes of linters are no matter here, but a program that cannot start is."""
    started = time.perf_counter()
    child = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
    )
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in {0, 1}:
        sys.exit(f"exit {child.returncode}: {' '.join(command[:4])} ...")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / MIB)


def environment() -> dict[str, str]:
    """Without what would keep Python from using compiled modules."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}


def install(home: Path) -> Path:
    """A fresh environment with a compiled, ordinary install; its scripts folder."""
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    pip = [str(home / "bin/python"), "-m", "pip", "install", "--quiet", "--compile"]
    requirements = ["--require-hashes", "-r", str(ROOT / ".ci/requirements.txt")]
    subprocess.run([*pip, *requirements], check=True, env=environment())
    subprocess.run([*pip, "--no-deps", str(ROOT)], check=True, env=environment())
    return home / "bin"


class Bench:
    """The programs, the documents, and the table as it grows."""

    def __init__(self, scripts: Path, modules: Path, folder: Path) -> None:
        self.folder = folder
        self.bars: list[Bar] = []
        for name in ("rules.yaml", "redocly.yaml", "plugin.cjs"):
            shutil.copy(HERE / name, folder)
        bins = modules / ".bin"
        self.idemlint = [str(scripts / "idemlint"), "check", "-f", "json", "-r", "rules.yaml"]
        self.spectral = [str(bins / "spectral"), "lint", "-q", "-f", "json", "-r", "rules.yaml"]
        self.redocly = [
            *(str(bins / "redocly"), "lint", "--config", "redocly.yaml", "--format", "json", "--max-problems", "100000")
        ]
        self.bare = [str(scripts / "python"), "-c", "pass"]

    def compare(
        self, name: str, documents: list[str], *, peers: tuple[str, ...] = ("spectral", "redocly")
    ) -> dict[str, list[Run]]:
        commands = {
            "idemlint": [*self.idemlint, *documents],
            "spectral": [*self.spectral, *documents],
            "redocly": [*self.redocly, *documents],
            "bare Python": self.bare,
        }
        runs: dict[str, list[Run]] = {who: [] for who in ("idemlint", *peers, "bare Python")}
        for who in runs:
            measure(commands[who], self.folder)  # warms the disk's cache
        for _ in range(ROUNDS):
            for who, taken in runs.items():
                taken.append(measure(commands[who], self.folder))
        print(f"\n{name}\n  {'':12} {'wall s':>8} {'CPU s':>8} {'peak MiB':>9}")
        for who, taken in runs.items():
            wall, cpu, peak = (statistics.median(column) for column in zip(*taken, strict=True))
            print(f"  {who:12} {wall:8.3f} {cpu:8.3f} {peak:9.0f}")
        return runs

    def bar(self, name: str, value: float, limit: float) -> None:
        self.bars.append(Bar(name, value, limit))

    def ratio(self, name: str, runs: dict[str, list[Run]], peer: str, limit: float, column: str = "wall") -> None:
        pairs = zip(runs["idemlint"], runs[peer], strict=True)
        value = statistics.median(getattr(ours, column) / getattr(theirs, column) for ours, theirs in pairs)
        self.bar(f"{name}: {'CPU' if column == 'cpu' else column} against {peer}", value, limit)


def documents_into(folder: Path, python: Path) -> None:
    """Stripe's document as it is and as JSON, and the small ones."""
    stripe = next(entry.path for entry in corpus.entries() if "stripe" in str(entry.path))
    shutil.copy(stripe, folder / "stripe.yaml")
    # in a process of its own: a child's peak memory is counted from what its parent had when it was forked
    subprocess.run([str(python), "-c", TO_JSON], cwd=folder, check=True)
    small = (HERE / "small.yaml").read_text(encoding="utf-8")
    (folder / "small.yaml").write_text(small, encoding="utf-8")
    (folder / "many").mkdir()
    for number in range(SMALL_DOCUMENTS):
        text = small.replace("/payments", f"/payments-{number}")
        (folder / "many" / f"{number:04}.yaml").write_text(text, encoding="utf-8")


def main() -> int:
    modules = harness.node_modules()
    if modules is None or not corpus.entries():
        sys.exit("set IDEMLINT_NODE_MODULES, and IDEMLINT_CORPUS where the documents do not lie beside the checkout")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = Bench(install(folder / "environment"), modules, folder)
        documents_into(folder, folder / "environment/bin/python")
        stripe = bench.compare("Stripe, YAML", ["stripe.yaml"])
        bench.ratio("Stripe YAML", stripe, "spectral", 0.08)
        bench.ratio("Stripe YAML", stripe, "redocly", 0.30)
        bench.bar("Stripe YAML: peak MiB", max(run.peak for run in stripe["idemlint"]), 120)
        as_json = bench.compare("Stripe, JSON", ["stripe.json"])
        bench.ratio("Stripe JSON", as_json, "spectral", 0.03)
        bench.ratio("Stripe JSON", as_json, "redocly", 0.10)
        bench.bar("Stripe JSON: peak MiB", max(run.peak for run in as_json["idemlint"]), 120)
        small = bench.compare("one small document", ["small.yaml"])
        bench.ratio("small", small, "spectral", 0.10)
        bench.ratio("small", small, "redocly", 0.20)
        bench.ratio("small", small, "bare Python", 6, column="cpu")
        many = bench.compare(f"{SMALL_DOCUMENTS:,} small documents", ["many/*.yaml"], peers=("spectral",))
        bench.ratio(f"{SMALL_DOCUMENTS:,} documents", many, "spectral", 0.05)
    print(f"\n{'bar':48} {'measured':>9} {'limit':>7}")
    for bar in bench.bars:
        print(f"{bar.name:48} {bar.value:9.3f} {bar.limit:7g}  {'ok' if bar.value <= bar.limit else 'MISSED'}")
    return int(any(bar.value > bar.limit for bar in bench.bars))


if __name__ == "__main__":
    sys.exit(main())
