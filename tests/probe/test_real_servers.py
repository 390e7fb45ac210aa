"""Servers that nobody here wrote: published packages, each in a small app, probed as users do, over a socket.

`servers/NAME/expected.yaml` holds what plain requests showed of each before it was probed, and the verdicts that follow.
Python packages need an environment of their own (`servers/requirements.txt`), which `IDEMLINT_SERVERS_PYTHON` names; Node's
come from the folder that `IDEMLINT_NODE_MODULES` names.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from process import environment, idemlint
from services import free_port, missing, redis_url, wait_until_listening

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVERS = Path(__file__).parent / "servers"
NAMES = sorted(folder.parent.name for folder in SERVERS.glob("*/expected.yaml"))
READY_WITHIN = 30.0
ABSENT = ("ModuleNotFoundError", "Cannot find module")
CREDENTIALS = ("-H", "Authorization: Bearer alice-token", "--second-principal", "Authorization: env:BOB")


@contextlib.contextmanager
def serving(name: str, **extra: str) -> Iterator[str]:
    """The server's URL, ready."""
    folder = SERVERS / name
    if (folder / "app.py").exists():
        python = os.environ.get("IDEMLINT_SERVERS_PYTHON", sys.executable)
        command = [python, "app.py"]
        extra |= {"PYTHONPATH": str(SERVERS), "PYTHONDONTWRITEBYTECODE": "1"}
        mend = f"install {SERVERS.name}/requirements.txt, and set IDEMLINT_SERVERS_PYTHON to that environment's python"
    else:
        command = ["node", "app.cjs"]
        extra |= {"NODE_PATH": os.environ.get("IDEMLINT_NODE_MODULES", ""), "NODE_ENV": "production"}
        mend = "npm ci of .ci/package.json, and set IDEMLINT_NODE_MODULES to its node_modules"
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(**extra),
        )
    except FileNotFoundError:
        missing(command[0], mend)
    try:
        ready, _, _ = select.select([process.stdout], [], [], READY_WITHIN)
        line = process.stdout.readline() if ready else ""
        if not line.startswith("listening on "):
            process.kill()
            told = process.communicate()[1]
            if any(word in told for word in ABSENT):
                missing(f"the package of {name}", mend)
            raise AssertionError(f"{name} did not start: {told}")
        yield line.removeprefix("listening on ").strip()
    finally:
        process.kill()
        process.communicate()


def probed(document: Path, url: str, folder: Path, *options: str) -> dict[str, Any]:
    """The JSON report of `idemlint probe --suite full`."""
    report = folder / "report.json"
    done = idemlint(
        *("probe", document, "--isolated", "--url", url, "--suite", "full", "--seed", "1", "--quiet", "--exit-zero"),
        *(*CREDENTIALS, "--format", f"json={report}", *options),
        BOB="Bearer bob-token",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(report.read_text("utf-8"))


def allowed(row: dict[str, Any] | None, operation: str) -> list[str]:
    """Verdicts that the table has for a check; one that it does not name must not cast blame, nor be left open."""
    if row is None:
        return ["pass", "skipped"]
    verdict = row.get("refunds", row["verdict"]) if operation == "POST /refunds" else row["verdict"]
    return verdict if isinstance(verdict, list) else [verdict]


@pytest.mark.parametrize("name", NAMES)
def test_verdicts_are_those_that_plain_requests_established(name: str, tmp_path: Path) -> None:
    table = yaml.safe_load((SERVERS / name / "expected.yaml").read_text("utf-8"))
    with contextlib.ExitStack() as stack:
        extra = {"IDEMLINT_REDIS_URL": stack.enter_context(redis_url())} if table["store"] == "Redis" else {}
        url = stack.enter_context(serving(name, **extra))
        report = probed(SERVERS / name / "openapi.yaml", url, tmp_path)
    assert [each["operation"] for each in report["operations"]] == ["POST /payments", "POST /refunds"]
    wrong = []
    for operation in report["operations"]:
        checks = operation["checks"]
        assert set(table["expected"]) <= {each["id"] for each in checks}
        for check in checks:
            expected = allowed(table["expected"].get(check["id"]), operation["operation"])
            assert check["reason"], check["id"]
            if check["verdict"] not in expected:
                told = f"{check['verdict']} ({check['reason']}), expected {' or '.join(expected)}"
                wrong.append(f"{operation['operation']} {check['id']}: {told}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("mode", [(), ("--dynamic",)], ids=["examples", "generated"])
def test_prism_is_told_from_a_server_that_is_broken(mode: tuple[str, ...], tmp_path: Path) -> None:
    modules = os.environ.get("IDEMLINT_NODE_MODULES", "")
    prism = Path(modules, "@stoplight/prism-cli/dist/index.js")
    if not modules or not prism.exists():
        missing("Prism", "npm ci of .ci/package.json, and set IDEMLINT_NODE_MODULES to its node_modules")
    document, port = SERVERS / "idemkit/openapi.yaml", free_port()
    command = ["node", str(prism), "mock", *mode, "--host", "127.0.0.1", "--port", str(port), str(document)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
    try:
        wait_until_listening(port, process)
        report = probed(document, f"http://127.0.0.1:{port}", tmp_path)
    finally:
        process.kill()
        process.wait()
    for operation in report["operations"]:
        controls = {each["id"]: each["verdict"] for each in operation["controls"]}
        assert controls["CTL-04"] == "fail", "the mock was not recognised"
        assert {each["verdict"] for each in operation["checks"]} == {"skipped"}
