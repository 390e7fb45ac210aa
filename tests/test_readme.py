"""Every code block of the README holds: commands run, documents and configurations load, shown output is real output.

How a block is taken, by its language:
- `sh`: each line runs in one folder that holds the fixtures and what earlier blocks wrote; it may find something (exit 1) but
  not go wrong. What sets up an environment (pip, uv, git clone) or runs the tests is left to `.ci/run`, which runs the two
  lines under "Quick start" and "Tests" as they stand.
- `yaml`, `toml`, `json`: written to the file that the first line's comment or the info string names (```yaml api.yaml), and
  checked: a document or ruleset by a run of idemlint, a configuration likewise.
- `python`: compiled and run.
- `text`: the output of the `sh` block before it, or of checking the document before it; `...` stands for left-out lines.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import process
import pytest
import yaml

ROOT = Path(__file__).parents[1]
SETS_UP = re.compile(r"(python3?(\.\d+)? -m )?(pip|pipx|uv|uvx|venv|git|npm|npx|docker|brew|source|cd|\.)\b")
RUNS_TESTS = re.compile(r"(ruff|mypy|lint-imports|pytest|bash \.ci/run|python -m pytest)\b")


class Block(NamedTuple):
    heading: str
    language: str
    name: str
    text: str
    line: int


def blocks() -> list[Block]:
    found = []
    heading = language = name = ""
    body: list[str] | None = None
    for number, line in enumerate((ROOT / "README.md").read_text(encoding="utf-8").splitlines(), start=1):
        fence = re.match(r"```(\w*)\s*(\S*)", line)
        if body is not None and line.startswith("```"):
            found.append(Block(heading, language, name, "\n".join(body) + "\n", number - len(body)))
            body = None
        elif body is not None:
            body.append(line)
        elif fence:
            language, name, body = fence[1], fence[2], []
        elif line.startswith("#"):
            heading = line.lstrip("# ")
    return found


BLOCKS = blocks()


def first_command(heading: str) -> str:
    return next(block.text for block in BLOCKS if block.heading == heading and block.language == "sh").splitlines()[0]


def test_the_two_commands_are_where_they_are_looked_for() -> None:
    assert "idemlint check" in first_command("Quick start")
    assert "pytest" in first_command("Tests")


def test_every_block_has_a_language_that_this_test_knows() -> None:
    assert {block.language for block in BLOCKS} <= {"sh", "yaml", "toml", "json", "python", "text"}


def test_blocks(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "fixtures", tmp_path / "fixtures")
    said = ""
    for block in BLOCKS:
        where = f"README.md:{block.line}"
        if block.language == "sh":
            said = "".join(run_line(line, tmp_path, where) for line in joined_lines(block.text))
        elif block.language == "yaml":
            said = take_yaml(block, tmp_path, where) or said
        elif block.language == "toml":
            tomllib.loads(block.text)
            (tmp_path / (block.name or "pyproject.toml")).write_text(block.text, encoding="utf-8")
            checked(tmp_path, where)
            (tmp_path / (block.name or "pyproject.toml")).unlink()
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "python":
            exec(compile(block.text, where, "exec"), {"__name__": "readme"})  # the README's own code
        else:
            assert_shown(block.text, said, where)


def joined_lines(text: str) -> list[str]:
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]


def run_line(line: str, folder: Path, where: str) -> str:
    """What the line's own commands say on both streams; setting up and testing is left out."""
    commands = [part.strip().removeprefix("$ ") for part in re.split(r"&&", line.split(" #")[0])]
    kept = [part for part in commands if not SETS_UP.match(part) and not RUNS_TESTS.match(part)]
    if not kept:
        return ""
    scripts = Path(sys.executable).parent
    done = process.subprocess.run(
        ["bash", "-c", " && ".join(kept)],
        cwd=folder,
        env=process.environment() | {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
        stdout=process.subprocess.PIPE,
        stderr=process.subprocess.STDOUT,
        stdin=process.subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.returncode in {0, 1}, f"{where}: {line}\n{done.stdout}"
    assert "Traceback" not in done.stdout, where
    return done.stdout


def take_yaml(block: Block, folder: Path, where: str) -> str:
    content = yaml.safe_load(block.text)
    comment = re.match(r"# (\S+\.ya?ml)\b", block.text)
    name = block.name or (comment[1] if comment else "")
    if not isinstance(content, dict):
        return ""
    if "openapi" in content or "swagger" in content:
        (folder / (name or "api.yaml")).write_text(block.text, encoding="utf-8")
        return checked(folder, where, name or "api.yaml")
    if content.keys() & {"rules", "extends", "overrides"}:
        (folder / (name or "ruleset.yaml")).write_text(block.text, encoding="utf-8")
        return checked(folder, where, "-r", name or "ruleset.yaml", "fixtures/apis/payments.yaml")
    if name:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(block.text, encoding="utf-8")
        return checked(folder, where) if name == ".idemlint.yaml" else ""
    return ""


def checked(folder: Path, where: str, *arguments: str) -> str:
    done = process.idemlint("check", "-f", "text", *(arguments or ["fixtures/apis/payments.yaml"]), cwd=folder)
    assert done.returncode in {0, 1}, f"{where}\n{done.stderr}"
    return done.stdout + done.stderr


def assert_shown(shown: str, said: str, where: str) -> None:
    """Each run of lines between `...` stands in what was said, in order."""
    lines = [line.rstrip() for line in said.splitlines()]
    start = 0
    for part in re.split(r"^\s*(?:\.\.\.|…)\s*$\n?", shown, flags=re.MULTILINE):
        wanted = [line.rstrip() for line in part.rstrip("\n").splitlines() if not line.startswith("$ ")]
        at = next((i for i in range(start, len(lines) + 1) if lines[i : i + len(wanted)] == wanted), None)
        assert at is not None, f"{where}: not what is printed:\n{part}\n--- printed:\n{said}"
        start = at + len(wanted)


@pytest.mark.parametrize(("shown", "said"), [("a\n...\nc\n", "a\nb\nc\n"), ("$ x\nb\n", "a\nb \n")])
def test_shown_output_may_leave_out_lines(shown: str, said: str) -> None:
    assert_shown(shown, said, "here")


def test_shown_output_must_be_real() -> None:
    with pytest.raises(AssertionError, match="not what is printed"):
        assert_shown("a\nc\n", "a\nb\nc\n", "here")
