"""Whatever a server does, the report comes out, says nothing that is not so, and the probe stays small."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import trustme
from process import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = Path(__file__).parents[1] / "hostile_server.py"
MANNERS = ("kind", "resets", "stalls", "chunked", "gzip", "large", "invalid", "dies", "everything")
MEGABYTE = 1024  # ru_maxrss counts in KiB

# A process between: what the kernel counts for a child begins with the size of the process that started it.
MEASURED = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""


def document(count: int) -> dict[str, Any]:
    """So many operations that take keys."""
    key = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string", "minLength": 1}}
    schema = {
        "type": "object",
        "required": ["amount"],
        "properties": {"amount": {"type": "integer", "minimum": 1}, "note": {"type": "string", "maxLength": 90}},
    }
    answer = {"description": "-", "content": {"application/json": {"schema": {"type": ["object", "array"]}}}}
    post = {
        "parameters": [key],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"201": answer, "default": answer},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {f"/things{number}": {"get": {"responses": {"200": answer}}, "post": post} for number in range(count)},
    }


@contextlib.contextmanager
def hostile(manner: str, certificate: str = "") -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, str(SERVER), manner, certificate],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(),
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class Done(NamedTuple):
    code: int
    report: dict[str, Any]
    errors: str
    seconds: float
    memory: float
    """MB at its most."""


def probe(folder: Path, url: str, count: int, *arguments: str) -> Done:
    (folder / "openapi.json").write_text(json.dumps(document(count)))
    errors = folder / "stderr"
    began = time.perf_counter()
    with errors.open("wb") as stream:
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", MEASURED, str(folder / "memory")),
                *(sys.executable, "-m", "idemlint", "probe", "openapi.json", "--url", url, "--seed", "1"),
                *("-f", "json=report.json", "-f", "html=report.html", "-f", "har=run.har", "-f", "text", *arguments),
            ],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stream,
            env=environment(),
        )
        process.wait()
    seconds = time.perf_counter() - began
    text = errors.read_text()
    assert "Traceback" not in text, text
    assert "bug in idemlint" not in text, text
    report = json.loads((folder / "report.json").read_text())
    json.loads((folder / "run.har").read_text())
    assert "</html>" in (folder / "report.html").read_text()
    return Done(process.returncode, report, text, seconds, int((folder / "memory").read_text()) / MEGABYTE)


def failures(report: dict[str, Any]) -> list[str]:
    return [
        f"{check['id']} {operation['operation']}: {check['reason']}"
        for operation in report["operations"]
        for check in operation["checks"]
        if check["verdict"] == "fail"
    ]


SURE = ("RPL-01", "CON-01", "FPR-01", "KEY-01")


@pytest.mark.parametrize("manner", MANNERS)
def test_the_report_always_comes_out_and_blames_nobody_for_bad_manners(tmp_path: Path, manner: str) -> None:
    with hostile(manner) as url:
        done = probe(tmp_path, url, 6, "--select", ",".join(SURE), "--timeout", "5", "--max-wait", "1", "--rounds", "4")
    assert done.code == (2 if manner == "dies" else 0), (done.errors, failures(done.report))
    assert failures(done.report) == []
    assert len(done.report["operations"]) == 6
    assert all([check["id"] for check in each["checks"]] for each in done.report["operations"])
    assert not [note for note in done.report["notes"] if "please report it" in note]
    assert done.memory < 200
    if manner in ("kind", "chunked", "gzip"):
        assert done.report["summary"]["pass"] == 6 * len(SURE)


def test_http2_connections_that_go_away(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    with hostile("goaway", str(tmp_path / "server.pem")) as url:
        done = probe(
            *(tmp_path, url, 4, "--http2", "--cacert", str(tmp_path / "ca.pem"), "--timeout", "3", "--max-wait", "1"),
            *("--select", ",".join(SURE), "--rounds", "4"),
        )
    assert done.code in (0, 2), done.errors
    assert failures(done.report) == []
    assert len(done.report["operations"]) == 4
    assert not [note for note in done.report["notes"] if "please report it" in note]


def test_two_hundred_operations_fit_into_200_mb(tmp_path: Path) -> None:
    with hostile("everything") as url:
        done = probe(
            *(tmp_path, url, 200, "--max-requests", "900", "--timeout", "2", "--max-wait", "0.5", "--rounds", "4"),
            *("--select", ",".join(SURE)),
        )
    assert done.code in (0, 2), (done.errors, failures(done.report))
    assert len(done.report["operations"]) == 200
    assert done.report["summary"]["requests"] <= 900
    assert done.memory < 200
