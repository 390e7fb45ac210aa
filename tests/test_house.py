"""The house's own rules that no other tool watches: see the sections of pyproject.toml for those that one does."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "idemlint").rglob("*.py"))
LONGEST = 320
MEANINGLESS = {"utils", "util", "helpers", "common", "misc"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_is_short_and_named_for_what_it_does(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= LONGEST
    assert not MEANINGLESS & {part.removesuffix(".py") for part in module.relative_to(ROOT).parts}


def test_changelog_lines_start_with_what_the_user_sees() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if line.startswith("- ")]
    assert entries
    for line in entries:
        assert re.match(r"- [A-Z`]", line), line
        assert not re.match(r"- (Add|Fix|Change|Remove|Refactor|Update|Implement)(s|ed|d)?\b", line), line
    headings = [line for line in lines if line.startswith("### ")]
    assert {heading[4:] for heading in headings} <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_pinned_versions_meet_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    asked = [one for one in groups["test"] + groups["dev"] if isinstance(one, str)] + project["project"]["dependencies"]
    pinned = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / ".ci/requirements.txt").read_text("utf-8"), re.MULTILINE))
    for requirement in map(Requirement, asked):
        assert requirement.specifier.contains(pinned[requirement.name]), f"renew .ci/requirements.txt: {requirement}"


def test_extras_are_all_in_all() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert Requirement(extras["all"][0]).extras == set(extras) - {"all"}


@pytest.mark.parametrize(
    "command",
    [
        ["actionlint"],
        ["zizmor", "--offline", "--quiet", "--no-progress", "--persona", "pedantic", ".github"],
        ["shellcheck", ".ci/run"],
    ],
    ids=lambda command: command[0],
)
def test_ci_files_are_clean(command: list[str]) -> None:
    program = shutil.which(command[0], path=str(Path(sys.executable).parent)) or shutil.which(command[0])
    if program is None or not (ROOT / ".git").exists():
        pytest.skip(f"{command[0]} comes with the group dev on Linux and looks at a clone")
    done = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
