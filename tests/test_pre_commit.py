"""The hooks with the real pre-commit: installed by it from a clone of the project, run on a repository with commits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

import process
import pytest
from services import missing

ROOT = Path(__file__).parents[1]
FAILING = (ROOT / "fixtures/apis/payments.yaml").read_text(encoding="utf-8")
SHOP = ROOT / "fixtures/apis/shop"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """No network for pip: the clone's idemlint is installed, on top of the packages of this environment."""
    if find_spec("pre_commit") is None:
        missing("pre-commit", "pip install pre-commit")
    return process.environment(
        PRE_COMMIT_HOME=str(tmp_path_factory.mktemp("cache")),
        PYTHONPATH=sysconfig.get_path("purelib"),
        PIP_NO_DEPS="1",
        PIP_NO_INDEX="1",
        PIP_NO_BUILD_ISOLATION="0",  # pip's own spelling of yes
        PIP_IGNORE_INSTALLED="1",
        GIT_AUTHOR_NAME="a",
        GIT_AUTHOR_EMAIL="a@example.com",
        GIT_COMMITTER_NAME="a",
        GIT_COMMITTER_EMAIL="a@example.com",
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_NOSYSTEM="1",
    )


def git(folder: Path, environment: dict[str, str], *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "init.defaultBranch=main", *arguments], cwd=folder, env=environment, check=True, timeout=60
    )


@pytest.fixture(scope="module")
def hooks(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as a repository with one commit."""
    clone = tmp_path_factory.mktemp("project") / "idemlint"
    clone.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, clone / name)
    for name in ("idemlint", "rules"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    git(clone, environment, "init", "--quiet")
    git(clone, environment, "add", "--all")
    git(clone, environment, "commit", "--quiet", "--message=x")
    return clone


@pytest.fixture
def repository(tmp_path: Path, environment: dict[str, str]) -> Path:
    git(tmp_path, environment, "init", "--quiet")
    return tmp_path


def run(repository: Path, hooks: Path, environment: dict[str, str], hook: str) -> subprocess.CompletedProcess[str]:
    """`pre-commit try-repo`, which installs the hook's environment and runs it on all files."""
    git(repository, environment, "add", "--all")
    command = [
        sys.executable,
        "-m",
        "pre_commit",
        "try-repo",
        str(hooks),
        hook,
        "--all-files",
        "--verbose",
        "--color=never",
    ]
    return subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


def test_manifest() -> None:
    if find_spec("pre_commit") is None:
        missing("pre-commit", "pip install pre-commit")
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_changed_documents(repository: Path, hooks: Path, environment: dict[str, str]) -> None:
    """Those with the name of one, wherever they are, and no other file."""
    (repository / "-rapis").mkdir()
    (repository / "-rapis" / "openapi.v1.yaml").write_text(FAILING, encoding="utf-8")
    (repository / "swagger.yaml").write_text(FAILING, encoding="utf-8")
    (repository / "docker-compose.yaml").write_text("services: {}\n", encoding="utf-8")
    (repository / "payments.yaml").write_text(FAILING, encoding="utf-8")
    done = run(repository, hooks, environment, "idemlint")
    assert done.returncode == 1, done.stdout + done.stderr
    found = [line for line in done.stdout.splitlines() if "error idempotency-key-required POST /payments" in line]
    assert sorted(line.partition(":")[0] for line in found) == [str(Path("-rapis", "openapi.v1.yaml")), "swagger.yaml"]


def test_a_clean_repository(repository: Path, hooks: Path, environment: dict[str, str]) -> None:
    (repository / "openapi.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: x, version: '1'}\npaths: {}\n", encoding="utf-8"
    )
    done = run(repository, hooks, environment, "idemlint")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout


def test_documents_that_refer_to_a_changed_file(repository: Path, hooks: Path, environment: dict[str, str]) -> None:
    shutil.copytree(SHOP, repository / "shop")
    (repository / ".idemlint.yaml").write_text("documents: [shop/openapi.yaml]\n", encoding="utf-8")
    done = run(repository, hooks, environment, "idemlint-all")
    lines = [line for line in done.stdout.splitlines() if line.startswith("shop/")]
    assert done.returncode == (1 if any(" error " in line for line in lines) else 0), done.stdout + done.stderr
    assert "no documents to check" not in done.stdout
    (repository / ".idemlint.yaml").write_text("documents: [gone.yaml]\n", encoding="utf-8")
    done = run(repository, hooks, environment, "idemlint-all")
    assert "exit code: 2" in done.stdout
