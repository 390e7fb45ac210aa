"""The worked example in fixtures/plugin, installed from its wheel into a fresh environment, adds what it says it adds."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import httpx
import process
import pytest
from served import served

ROOT = Path(__file__).parents[1]
PLUGIN = ROOT / "fixtures" / "plugin"
KEYED = (ROOT / "fixtures" / "apis" / "mock" / "payments.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the example, and this environment's packages to stand on."""
    home = tmp_path_factory.mktemp("plugin")
    source = home / "source"
    shutil.copytree(PLUGIN, source, ignore=shutil.ignore_patterns("__pycache__"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(home)]
    subprocess.run(build, cwd=source, check=True, timeout=120)
    (wheel,) = home.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(home / "fresh")], check=True, timeout=120)
    python = home / "fresh" / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(pip, check=True, timeout=120, env=process.environment())
    where = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = subprocess.run(where, check=True, capture_output=True, text=True, timeout=60).stdout.strip()
    # beside the packages that idemlint needs, idemlint itself: this environment may have it as a link to the source
    lines = [sysconfig.get_path("purelib"), str(ROOT)]
    Path(site, "beside.pth").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return python


def idemlint(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(python), "-m", "idemlint", *arguments],
        cwd=folder,
        env=process.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def test_the_rule_function(python: Path, tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(KEYED, encoding="utf-8")
    rule = "{given: '$.paths[*].post.operationId', then: {function: verbFirst, functionOptions: {verbs: [create]}}}"
    (tmp_path / "rules.yaml").write_text(f"rules:\n  verb-first: {rule}\n", encoding="utf-8")
    done = idemlint(python, tmp_path, "check", "-f", "json", "-r", "rules.yaml", "api.yaml")
    assert [each["message"] for each in json.loads(done.stdout)] == ["capturePayment begins with none of create"]
    (tmp_path / "rules.yaml").write_text(f"rules:\n  verb-first: {rule.replace('[create]', '[]')}\n", encoding="utf-8")
    done = idemlint(python, tmp_path, "check", "-r", "rules.yaml", "api.yaml")
    assert done.returncode == 2, done.stdout
    assert "rules.yaml:2" in done.stderr


def test_the_profile(python: Path, tmp_path: Path) -> None:
    listed = " ".join(idemlint(python, tmp_path, "profiles").stdout.split())
    assert re.search(r"\bacme-payments Acme: .*? Key: header Acme-Request-Key; mismatch 422;", listed)
    (tmp_path / "api.yaml").write_text(KEYED, encoding="utf-8")
    done = idemlint(python, tmp_path, "check", "-p", "acme-payments", "-f", "json", "api.yaml")
    assert done.returncode == 1, done.stderr
    assert all("Acme-Request-Key" in each["message"] for each in json.loads(done.stdout))
    (tmp_path / "api.yaml").write_text(KEYED.replace("name: Idempotency-Key", "name: Acme-Request-Key"), "utf-8")
    done = idemlint(
        python, tmp_path, "check", "-p", "acme-payments", "--select", "idempotency-key-required", "api.yaml"
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    done = idemlint(python, tmp_path, "check", "-p", "acme-paymnts", "api.yaml")
    assert done.returncode == 2
    assert "did you mean 'acme-payments'?" in done.stderr


def test_the_store_the_check_and_the_reporters(python: Path, tmp_path: Path) -> None:
    document = tmp_path / "api.yaml"
    document.write_text(KEYED, encoding="utf-8")
    journal = tmp_path / "claims.log"
    # served() runs this test's Python; the program that it is given runs the other one
    run = f"import os; os.execv({str(python)!r}, [{str(python)!r}, '-m', 'idemlint', *__import__('sys').argv[1:]])"
    with served(document, "--store", f"journal:{journal}", command=("-c", run)) as mock:
        headers = {"Idempotency-Key": "3f0a7c1e-7f53-4f0b-9d3e-0d7f8f6a2b11"}
        body = {"amount": 1, "currency": "EUR"}
        for _ in range(2):
            assert httpx.post(f"{mock.url}/payments", json=body, headers=headers).status_code == 201
        assert [line.split()[0] for line in journal.read_text(encoding="utf-8").splitlines()] == ["won", "lost"]
        arguments = ("--url", mock.url, "--select", "ACM", "--only", "POST /payments", "--seed", "7")
        formats = ("-f", "tsv", "-f", "text=report.txt", "-f", "markdown=summary.md")
        done = idemlint(python, tmp_path, "probe", "api.yaml", *arguments, *formats)
    assert done.returncode in {0, 1}, done.stderr
    verdicts = {line.split("\t")[1]: line.split("\t") for line in done.stdout.splitlines()}
    assert verdicts["ACM-01"][0] in {"pass", "fail"}, done.stdout
    assert verdicts["ACM-01"][2] == "POST /payments"
    assert re.search(r"^\| operation \|.* acm \|$", (tmp_path / "summary.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert "acm" in (tmp_path / "report.txt").read_text(encoding="utf-8").lower()
    done = idemlint(python, tmp_path, "check", "-f", "tsv", "api.yaml")
    assert all(line.count("\t") == 3 for line in done.stdout.splitlines())
    assert done.stdout.startswith(("error\t", "warn\t"))
    done = idemlint(python, tmp_path, "check", "-f", "csv", "api.yaml")
    assert done.returncode == 2
    assert "tsv" in done.stderr


@pytest.mark.parametrize(
    ("group", "name", "line", "arguments"),
    [
        ("idemlint.profiles", "bad", "bad = stranger:MISSING", ("check", "-p", "bad", "api.yaml")),
        ("idemlint.profiles", "bad", "bad = stranger:NUMBER", ("check", "-p", "bad", "api.yaml")),
        ("idemlint.reporters", "bad", "bad = stranger:NUMBER", ("check", "-f", "bad", "api.yaml")),
        ("idemlint.reporters", "bad", "bad = stranger:crash", ("check", "-f", "bad", "api.yaml")),
        ("idemlint.reporters", "bad", "bad = stranger:nothing", ("check", "-f", "bad", "api.yaml")),
        ("idemlint.reporters.probe", "bad", "bad = nowhere:x", ("probe", "api.yaml", "--url", "http://127.0.0.1:1")),
        ("idemlint.checks", "bad", "bad = exiting", ("probe", "api.yaml", "--url", "http://127.0.0.1:1", "--dry-run")),
        ("idemlint.checks", "bad", "bad = twice", ("probe", "api.yaml", "--url", "http://127.0.0.1:1", "--dry-run")),
    ],
)
def test_a_package_that_is_broken_is_named(
    tmp_path: Path, group: str, name: str, line: str, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "api.yaml").write_text(KEYED, encoding="utf-8")
    (tmp_path / "stranger.py").write_text(
        "NUMBER = 3\ndef crash(result, options):\n    raise RuntimeError('no')\ndef nothing(result, options):\n    pass\n",
        encoding="utf-8",
    )
    (tmp_path / "exiting.py").write_text("raise SystemExit(0)\n", encoding="utf-8")
    twice = "import idemlint.probe.checks.replay\nfrom idemlint.probe.check import ERROR, check\n"
    texts = ", ".join(f"{name}='x'" for name in ("promise", "why", "source"))
    twice += f"check('RPL-01', 'x', axis='safety', severity=ERROR, requests=1, {texts})(print)\n"
    (tmp_path / "twice.py").write_text(twice, encoding="utf-8")
    metadata = tmp_path / "stranger-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{line}\n", encoding="utf-8")
    more = ("-f", "bad") if group.endswith("probe") else ()
    done = process.idemlint(*arguments, *more, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert done.returncode == 2, done.stdout
    assert f"the entry point 'bad' of {group} cannot be used: " in done.stderr
    assert "bug in idemlint" not in done.stderr
