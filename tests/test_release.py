"""What a release does: the steps of release.yml as they stand there, and the wheel on every CPython that is at hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from actions_runner import ROOT, Job, Step, environment
from services import missing

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="releases are built on Linux")
SHIPPED = ("CHANGELOG.md", "LICENSE", "README.md", "fixtures", "idemlint", "pyproject.toml", "rules", "tests")
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))
MINORS = range(11, 16)
MOST_PACKAGES = 50


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    for tool in ("twine", "check_wheel_contents", "cyclonedx_py"):
        if find_spec(tool) is None:
            missing(tool, "the group release of pyproject.toml brings it")
    folder = tmp_path_factory.mktemp("release")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    job = Job(folder, folder / "temp", environment(PATH=path))
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, job.workspace / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copy(ROOT / name, job.workspace / name)
    return job


@pytest.fixture(scope="module")
def steps(job: Job) -> dict[str, Step]:
    """The programs of the job `build`, but for the tools, which this environment has."""
    job.contexts["github"]["ref_name"] = "v" + version(job.workspace)
    wanted = [
        step for step in WORKFLOW["jobs"]["build"]["steps"] if "run" in step and "requirements.txt" not in step["run"]
    ]
    done = job.run_steps(wanted, dict(job.contexts), job.environ)
    listed = next(step for step in done if step.name == "List what an installation brings")
    if "No matching distribution" in listed.log:
        missing("a package index", listed.log)
    return {step.name: step for step in done}


def version(folder: Path) -> str:
    command = [sys.executable, "-m", "hatchling", "version"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


@pytest.fixture(scope="module")
def wheel(job: Job, steps: dict[str, Step]) -> Path:
    (path,) = (job.workspace / "dist").glob("*.whl")
    return path


def test_the_build_runs(steps: dict[str, Step]) -> None:
    assert [f"{step.name}: {step.log}" for step in steps.values() if step.conclusion != "success"] == []
    assert steps["Look at the packages"].log.count("PASSED") == 2
    assert ".whl: OK" in steps["Look at the packages"].log


def test_a_tag_that_is_not_the_version_ends_it(job: Job) -> None:
    step = next(step for step in WORKFLOW["jobs"]["build"]["steps"] if step["name"] == "The tag names the version")
    contexts = {**job.contexts, "github": {**job.contexts["github"], "ref_name": "v0.0.0; true"}}
    assert job.run_steps([step], contexts, job.environ)[0].conclusion == "failure"


def test_the_bill_of_materials(job: Job, steps: dict[str, Step]) -> None:
    """CycloneDX, with idemlint at its root and each package that an installation brings: no more than fifty."""
    bill = json.loads((job.workspace / "idemlint.cdx.json").read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "idemlint"
    names = {each["name"].lower() for each in bill["components"]}
    assert {"click", "httpx", "jsonschema", "pyyaml"} <= names
    assert len(names | {"idemlint"}) <= MOST_PACKAGES


def test_only_the_publishing_job_gets_a_token_for_it() -> None:
    jobs = WORKFLOW["jobs"]
    assert WORKFLOW["permissions"] == {}
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["environment"] == "release"
    assert "secrets." not in json.dumps(jobs)


def interpreter(minor: int) -> Path | None:
    """A CPython 3.`minor` that runs, from the PATH or from pyenv."""
    name = f"python3.{minor}"
    home = os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv"
    known = [shutil.which(name), *sorted(Path(home, "versions").glob(f"3.{minor}.*/bin/python"))]
    for program in filter(None, known):
        done = subprocess.run([str(program), "-c", ""], capture_output=True, check=False, timeout=60)
        if done.returncode == 0:
            return Path(program)
    return None


@pytest.mark.parametrize("minor", MINORS)
def test_the_wheel_installs_and_runs(wheel: Path, tmp_path: Path, minor: int) -> None:
    python = interpreter(minor)
    if python is None:
        pytest.skip(f"no CPython 3.{minor} on this machine")
    subprocess.run([str(python), "-m", "venv", str(tmp_path / "fresh")], check=True, timeout=120)
    programs = tmp_path / "fresh" / ("Scripts" if os.name == "nt" else "bin")
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    pip = [uv, "pip", "install", "--python"] if uv else []
    command = [*pip, str(programs / "python"), *([] if uv else ["-m", "pip", "install"]), "--quiet", str(wheel)]
    installed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if installed.returncode:
        missing("a package index", installed.stderr)
    document = str(ROOT / "fixtures/apis/payments.yaml")
    for arguments, code in ((["check", document], 1), (["mock", "--list-faults"], 0), (["probe", "--help"], 0)):
        done = subprocess.run(
            [str(programs / "idemlint"), *arguments], cwd=tmp_path, capture_output=True, check=False, timeout=60
        )
        assert done.returncode == code, done.stderr
