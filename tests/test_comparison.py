"""What the README says idemlint does that Spectral, Prism and Schemathesis do not: each row against the real thing.

The tools run as their users run them, with every check that they have. A row that stops being true fails here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from oracle import need_spectral
from process import environment, idemlint
from served import served
from services import free_port, missing, wait_until_listening

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "idemlint" / "cli" / "demo.yaml"
KEY = "3f2a1c9e-8d4b-4f6a-9c1e-2b7d5a8e0f13"

CONFLICT = """
        "409":
          description: Still at work
          content: {application/problem+json: {schema: {type: object, required: [type], properties: {type: {type: string}}}}}
"""
EFFECTIVE = f"""\
openapi: 3.1.0
info: {{title: Payments, version: 1.0.0}}
paths:
  /payments:
    parameters:
      - {{name: idempotency-key, in: header, required: true, schema: {{type: string, format: uuid}}}}
    post:
      responses:
        "201": {{description: Created}}{CONFLICT}
  /refunds:
    parameters:
      - {{name: Idempotency-Key, in: header, required: true, schema: {{type: string, format: uuid}}}}
    post:
      parameters:
        - {{name: Idempotency-Key, in: header, required: false, schema: {{type: string, format: uuid}}}}
      responses:
        "201": {{description: Created}}{CONFLICT}
"""


def with_key(schema: str, name: str = "Idempotency-Key") -> str:
    return f"""\
openapi: 3.1.0
info: {{title: Payments, version: 1.0.0, description: Payments, contact: {{name: a, url: "https://a.example", email: a@a.example}}}}
servers: [{{url: "https://api.example.org"}}]
tags: [{{name: payments, description: Payments}}]
paths:
  /payments:
    post:
      operationId: pay
      description: Pay
      summary: Pay
      tags: [payments]
      parameters:
        - {{name: {name}, in: header, required: true, schema: {schema}}}
      responses:
        "201": {{description: Created}}{CONFLICT}
"""


def peer(name: str) -> list[str]:
    """The command of an npm package's program."""
    return ["node", str(Path(need_spectral(), ".bin", name).resolve())]


def spectral(document: Path, ruleset: Path) -> list[tuple[str, str]]:
    """Code and path of each finding."""
    done = subprocess.run(
        [*peer("spectral"), "lint", "-q", "-f", "json", "-r", str(ruleset), "--fail-severity", "error", str(document)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.returncode in (0, 1), done.stderr
    return [(each["code"], "/".join(map(str, each["path"]))) for each in json.loads(done.stdout)]


def checked(document: Path, *options: str) -> list[tuple[str, str, str]]:
    """Code, operation and message of each finding."""
    done = idemlint("check", "--isolated", "-f", "json", *options, document)
    assert done.returncode in (0, 1), done.stderr
    return [(each["code"], each.get("operation", ""), each["message"]) for each in json.loads(done.stdout)]


def test_the_operation_as_it_holds_in_the_end(tmp_path: Path) -> None:
    """Path-level parameters, the case of names, and an operation that makes the key optional again."""
    document = tmp_path / "api.yaml"
    document.write_text(EFFECTIVE, encoding="utf-8")
    found = checked(document)
    assert [(code, operation) for code, operation, _ in found] == [("idempotency-key-required", "POST /refunds")]
    copied = {path for _, path in spectral(document, ROOT / "rules" / "seed.yaml")}
    assert any(path.startswith("paths//payments/post") for path in copied)  # a false alarm
    assert not any(path.startswith("paths//refunds") for path in copied)  # and the optional key is missed


def test_whether_a_schema_admits_just_uuids(tmp_path: Path) -> None:
    (tmp_path / "oas.yaml").write_text('extends: [["spectral:oas", all]]\n', encoding="utf-8")
    strict = "'^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'"
    for pattern, loose in ((strict, False), ("'^[a-zA-Z0-9-]{36}$'", True), ("'[0-9a-f-]{36}'", True)):
        document = tmp_path / "api.yaml"
        document.write_text(with_key(f"{{type: string, pattern: {pattern}}}"), encoding="utf-8")
        assert ("idempotency-key-uuid" in {code for code, _, _ in checked(document)}) is loose
        assert not [path for _, path in spectral(document, tmp_path / "oas.yaml") if "schema" in path]


def test_what_a_vendor_documents(tmp_path: Path) -> None:
    document = tmp_path / "api.yaml"
    document.write_text(with_key("{type: string, maxLength: 38}", name="PayPal-Request-Id"), encoding="utf-8")
    assert "idempotency-key-required" in {code for code, _, _ in checked(document)}
    assert "idempotency-key-required" not in {code for code, _, _ in checked(document, "--profile", "paypal")}
    assert len(json.loads(idemlint("profiles", "-f", "json").stdout)) >= 28


def pay(url: str, amount: int) -> httpx.Response:
    headers = {"Idempotency-Key": KEY}
    return httpx.post(f"{url}/payments", json={"amount": amount, "currency": "EUR"}, headers=headers, timeout=30)


@contextmanager
def prism() -> Iterator[str]:
    command = peer("prism")
    port = free_port()
    process = subprocess.Popen(
        [*command, "mock", "--port", str(port), str(DOCUMENT)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until_listening(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def test_a_mock_that_keeps_keys() -> None:
    with served(DOCUMENT) as mock:
        first, again, other = (pay(mock.url, amount) for amount in (1200, 1200, 900))
        assert [each.status_code for each in (first, again, other)] == [201, 201, 422]
        assert first.json() == again.json()
        assert first.json()["amount"] == 1200
        assert len(httpx.get(f"{mock.url}/payments").json()) == 1
        assert httpx.get(f"{mock.url}/_idemlint/effects").json()["total"] == 1
    with prism() as url:
        first, other = pay(url, 1200), pay(url, 900)
        assert (first.status_code, other.status_code) == (201, 201)
        assert first.json() == other.json()  # what was sent plays no part


def probed(url: str, *options: str) -> tuple[int, dict[str, str]]:
    """Exit code, and check to verdict."""
    done = idemlint(
        "probe", "--isolated", DOCUMENT, "--url", url, "--seed", "1", "--max-requests", "450", "-f", "json", *options
    )
    report = json.loads(done.stdout)
    return done.returncode, {check["id"]: check["verdict"] for check in report["operations"][0]["checks"]}


def schemathesis(folder: Path, url: str, *options: str) -> tuple[int, str]:
    """Exit code and output of a run with all its checks."""
    program = Path(sys.executable).with_name("schemathesis")
    if not program.exists() and shutil.which("schemathesis") is None:
        missing("Schemathesis", "pip install schemathesis")
    done = subprocess.run(
        [
            str(program),
            "run",
            str(DOCUMENT),
            "-u",
            url,
            "--checks",
            "all",
            "--max-examples",
            "10",
            "--seed",
            "1",
            *options,
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment(),
        cwd=folder,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(("fault", "noticed"), [("toctou", "CON-01"), ("ignored-key", "RPL-01")])
def test_work_that_is_done_twice(fault: str, noticed: str, tmp_path: Path) -> None:
    """Under two requests at once, and under one after the other: the probe tells, Schemathesis has no question for it."""
    with served(DOCUMENT, "--fault", fault) as mock:
        code, verdicts = probed(mock.url)
        assert (code, verdicts[noticed]) == (1, "fail")
        told, output = schemathesis(tmp_path, mock.url, "--exclude-checks", "positive_data_acceptance")
        assert told == 0, output


def test_a_refusal_of_a_used_key_is_no_defect(tmp_path: Path) -> None:
    """A server that does everything right: nothing to report, and that it refused another payload is what was wanted."""
    with served(DOCUMENT) as mock:
        code, verdicts = probed(mock.url)
        assert code == 0
        assert "fail" not in verdicts.values()
        assert (verdicts["FPR-01"], verdicts["CON-01"]) == ("pass", "pass")
        told, output = schemathesis(tmp_path, mock.url)
        assert told == 1
        assert "Schema-valid request rejected" in output
        assert "Idempotency key reused" in output


def test_a_mock_that_breaks_promises_on_request() -> None:
    listed = idemlint("mock", "--list-faults").stdout
    faults = [line for line in listed.splitlines() if line and not line.startswith(" ")]
    assert len(faults) >= 40
    assert listed.count("caught by:") >= 40
    helped = subprocess.run([*peer("prism"), "mock", "--help"], capture_output=True, text=True, timeout=60, check=False)
    assert "--port" in helped.stdout
    assert "--fault" not in helped.stdout
