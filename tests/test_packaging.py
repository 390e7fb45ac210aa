"""What a user installs is whole: built from a clean copy, installed into a fresh environment, run far from the source."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHIPPED = ("CHANGELOG.md", "LICENSE", "README.md", "fixtures", "idemlint", "pyproject.toml", "rules", "tests")
DOCUMENT = ROOT / "fixtures" / "apis" / "payments.yaml"


def build(project: Path, out: Path) -> None:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(out)], cwd=project, check=True, timeout=120)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel."""
    project = tmp_path_factory.mktemp("clean") / "idemlint"
    project.mkdir()
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copy(ROOT / name, project / name)
    out = tmp_path_factory.mktemp("built")
    build(project, out)
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts folder of an environment that has the wheel, and this environment's packages to stand on."""
    home = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, timeout=120)
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(pip, check=True, timeout=120, env=environment())
    site = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout.strip()
    # a line in a .pth file adds the folder at the end, so that the wheel's own idemlint wins
    Path(site, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python.parent


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def run(scripts: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(scripts / "idemlint"), *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


def test_the_wheel_holds_the_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    rulesets = {f"idemlint/_rules/{path.name}" for path in (ROOT / "rules").glob("*.yaml")}
    profiles = {
        f"idemlint/contract/profiles/{path.name}" for path in (ROOT / "idemlint/contract/profiles").glob("*.yaml")
    }
    assert len(rulesets) >= 4
    assert len(profiles) >= 28
    pages = {
        f"idemlint/_rules/{path.relative_to(ROOT / 'rules').as_posix()}" for path in (ROOT / "rules").glob("*/*.md")
    }
    assert len(pages) >= 100
    assert names >= pages | rulesets | profiles | {
        "idemlint/py.typed",
        "idemlint/config.schema.json",
        "idemlint/cli/demo.yaml",
    }
    assert not [name for name in names if name.split("/")[0] in {"tests", "fixtures", "rules"}]


def test_the_sdist_builds_the_same_wheel(built: Path, wheel: Path, tmp_path: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (project,) = tmp_path.iterdir()
    assert {"LICENSE", "README.md", "rules", "fixtures", "tests"} <= {path.name for path in project.iterdir()}
    build(project, tmp_path / "again")
    (again,) = (tmp_path / "again").glob("*.whl")
    assert sorted(zipfile.ZipFile(again).namelist()) == sorted(zipfile.ZipFile(wheel).namelist())


def test_the_installed_wheel_checks_a_document(scripts: Path, tmp_path: Path) -> None:
    shutil.copy(DOCUMENT, tmp_path / "api.yaml")
    done = run(scripts, tmp_path, "check", "-f", "json", "-r", "idemlint:recommended", "api.yaml")
    assert done.returncode == 1, done.stderr
    findings = json.loads(done.stdout)
    assert "idempotency-key-required" in {finding["code"] for finding in findings}
    assert {finding["source"] for finding in findings} == {str((tmp_path / "api.yaml").resolve())}


@pytest.mark.parametrize("ruleset", ["idemlint:recommended", "idemlint:all", "idemlint:ietf", "idemlint:seed"])
def test_every_bundled_ruleset_is_found(scripts: Path, tmp_path: Path, ruleset: str) -> None:
    shutil.copy(DOCUMENT, tmp_path / "api.yaml")
    done = run(scripts, tmp_path, "check", "-r", ruleset, "api.yaml")
    assert done.returncode in {0, 1}, done.stderr


def test_the_installed_wheel_lists_and_explains_its_rules(scripts: Path, tmp_path: Path) -> None:
    listed = run(scripts, tmp_path, "rules")
    assert listed.returncode == 0, listed.stderr
    assert "idempotency-key-required" in listed.stdout
    explained = run(scripts, tmp_path, "explain", "idempotency-key-required")
    assert explained.returncode == 0, explained.stderr


def test_the_installed_wheel_comes_from_the_wheel(scripts: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(scripts / "python"), "-c", "import idemlint; print(idemlint.__file__)"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert Path(done.stdout.strip()).is_relative_to(scripts.parent)
