"""`idemlint mock` on the command line: what it accepts, what it says, and what it refuses in one clear sentence."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING

import httpx
import pytest
from process import environment, idemlint
from served import served, wait_until

if TYPE_CHECKING:
    from pathlib import Path

API = """\
openapi: 3.1.0
info: {title: Pay, version: '1'}
paths:
  /payments:
    post:
      security: [{bearer: []}]
      parameters: [{name: Idempotency-Key, in: header, schema: {type: string}}]
      responses: {'201': {description: ok, content: {application/json: {example: {id: p1}}}}}
components: {securitySchemes: {bearer: {type: http, scheme: bearer}}}
"""


@pytest.fixture
def api(tmp_path: Path) -> Path:
    path = tmp_path / "api.yaml"
    path.write_text(API, encoding="utf-8")
    return path


def pay(url: str, key: str = "k-1", **more: object) -> httpx.Response:
    return httpx.post(url + "/payments", json={}, headers={"Idempotency-Key": key}, timeout=15, **more)


def test_nothing_but_the_ready_line_goes_to_standard_output_and_nothing_to_standard_error(api: Path) -> None:
    with served(api) as mock:
        for _ in range(3):
            assert pay(mock.url).status_code == 201
        mock.process.terminate()
        assert mock.process.stdout.read() == ""
        assert mock.process.wait(10) == 0
        assert mock.errors == ""


def test_options_reach_the_server(api: Path) -> None:
    options = ["--delay", "300", "--ttl", "5", "--enforce-security", "--no-admin", "--access-log", "json"]
    with served(api, *options, "--max-body", "10") as mock:
        assert pay(mock.url).status_code == 401
        answer = pay(mock.url, auth=_bearer)
        assert answer.status_code == 201
        assert answer.elapsed.total_seconds() > 0.3
        assert httpx.get(mock.url + "/_idemlint/effects").status_code == 404
        large = httpx.post(mock.url + "/payments", content=b"x" * 11)
        assert large.status_code == 413
        assert wait_until(lambda: len(mock.errors.splitlines()) >= 3)
        assert [json.loads(line)["status"] for line in mock.errors.splitlines()][:3] == [401, 201, 404]


def _bearer(request: httpx.Request) -> httpx.Request:
    request.headers["Authorization"] = "Bearer a"
    return request


def test_a_profile_by_name_and_by_file(api: Path, tmp_path: Path) -> None:
    with served(api, "--profile", "stripe-v1") as mock:
        key = str(uuid.uuid4())
        pay(mock.url, key)
        assert pay(mock.url, key).headers["idempotent-replayed"] == "true"
    own = tmp_path / "own.yaml"
    own.write_text(
        "extends: ietf-07\nsummary: ours\nreplay: {marker: {name: X-Again, value: 'yes'}}\n", encoding="utf-8"
    )
    with served(api, "-p", str(own)) as mock:
        pay(mock.url, '"k"')
        assert pay(mock.url, '"k"').headers["x-again"] == "yes"


def test_a_declared_header_that_the_profile_does_not_read_is_told_of(api: Path) -> None:
    with served(api, "--profile", "square") as mock:
        assert wait_until(lambda: mock.errors)
        assert mock.errors == (
            "warning: POST /payments declares the header Idempotency-Key, which profile square does not read: its key is "
            "the body member /idempotency_key\n"
        )
    with served(api, "--profile", "amazon-pay") as mock:
        assert wait_until(lambda: mock.errors)
        assert "its key is the header x-amz-pay-idempotency-key" in mock.errors.lower()
    api.write_text(API.replace("Idempotency-Key", "idempotency-key"), encoding="utf-8")
    with served(api, "--profile", "stripe-v1") as mock:
        assert mock.errors == ""


def test_a_store_that_lasts(api: Path, tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'keys.sqlite'}"
    with served(api, "--store", url) as mock:
        assert "idempotent-replayed" not in pay(mock.url).headers
    with served(api, "--store", url, "--workers", "2") as mock:
        assert pay(mock.url).headers["idempotent-replayed"] == "true"
        assert "temporary" not in mock.errors


def test_faults_are_composed(api: Path) -> None:
    with served(api, "--fault", "status-flatten", "--fault", "drop-headers") as mock:
        assert pay(mock.url).status_code == 201
        assert pay(mock.url).status_code == 200


def test_the_list_of_faults_names_their_sources() -> None:
    done = idemlint("mock", "--list-faults")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "\ntoctou=MS\n" in f"\n{done.stdout}"
    assert "mastodon/mastodon#37879" in done.stdout
    assert "caught by: CON-01\n" in done.stdout
    assert "caught by: SCP-01 (--suite full --second-principal)\n" in done.stdout


def test_a_document_from_standard_input(api: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "idemlint", "mock", "-", "--port", "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        process.stdin.write(API)
        process.stdin.close()
        url = process.stdout.readline().strip().removeprefix("listening on ")
        assert pay(url).status_code == 201
    finally:
        process.terminate()
        process.wait(10)


def test_other_hosts(api: Path) -> None:
    with served(api, "--host", "localhost") as mock:
        assert mock.url.startswith("http://127.0.0.1:")
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return  # no IPv6 on this computer
    with served(api, "--host", "::1") as mock:
        assert mock.url.startswith("http://[::1]:")
        assert pay(mock.url).status_code == 201


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no document to serve"),
        (["missing.yaml"], "there is no such file"),
        (["api.yaml", "--profile", "strip"], "there is no profile 'strip'"),
        (["api.yaml", "--store", "mongodb://x"], "no store"),
        (["api.yaml", "--fault", "toctoo"], "no fault is called 'toctoo'"),
        (["api.yaml", "--fault", "toctou=much"], "no argument of the fault"),
        (["api.yaml", "--host", "no such host"], "is no address of this computer"),
        (["api.yaml", "--host", "203.0.113.1"], "cannot listen"),
        (["api.yaml", "--keyfile", "key.pem"], "--keyfile without --certfile"),
        (["api.yaml", "--http2"], "--http2 without --certfile"),
        (["api.yaml", "--certfile", "missing.pem"], "certificate"),
        (["api.yaml", "--port", "70000"], "70000 is not in the range"),
        (["api.yaml", "--workers", "0"], "0 is not in the range"),
        (["api.yaml", "--ttl", "0"], "0.0 is not in the range"),
        (["api.yaml", "--ttl", "nan"], "nan is no number"),
        (["api.yaml", "--delay", "inf"], "inf is no number"),
        (["api.yaml", "--access-log", "xml"], "'xml' is not one of"),
        (["empty.yaml"], "no operations to serve"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_wrong_usage_is_one_clear_error(api: Path, arguments: list[str], said: str) -> None:
    (api.parent / "empty.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: a, version: '1'}\npaths: {}\n", encoding="utf-8"
    )
    port = [] if "--port" in arguments else ["--port", "0"]
    done = idemlint("mock", *arguments, *port, cwd=api.parent)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "bug in idemlint" not in done.stderr


def test_help_offers_the_command_and_its_options() -> None:
    assert "mock" in idemlint("--help").stdout
    text = idemlint("mock", "-h").stdout
    for option in ("--store", "--fault", "--workers", "--lease", "--http2", "--enforce-security", "--list-faults"):
        assert option in text
