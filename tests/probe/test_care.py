"""Care for the target and for its secrets: budget, rate, patience, credentials, redirects, and an end that comes at once."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest
from api_server import api_server
from process import environment, idemlint
from small_api import DOCUMENT, problem

import idemlint as package
from idemlint.probe.masking import Masking
from idemlint.probe_report import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.probe.report import Report

TESTS = str(Path(__file__).parents[1])


def run(url: str, **options: Any) -> Report:
    return package.probe(DOCUMENT, url=url, **{"timeout": 5.0, "max_wait": 2.0, **options})


def verdicts(report: Report) -> set[str]:
    return {check.verdict.value for operation in report.operations for check in operation.checks}


# --- budget and rate ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", [1, 2, 3, 10, 40, 90])
@pytest.mark.parametrize("suite", ["core", "full"])
def test_the_budget_is_never_exceeded(budget: int, suite: str) -> None:
    with api_server() as server:
        report = run(server.url, max_requests=budget, suite=suite)
    assert len(server.asked) <= budget
    assert report.requests <= report.budget == budget
    (operation,) = report.operations
    planned = package.probe.api.planned(DOCUMENT, suite=suite).operations[0].checks
    assert [check.id for check in operation.checks] == [check.id for check in planned]
    assert not [check for check in operation.checks if check.verdict is Verdict.FAIL and check.axis != "control"]
    assert any("budget" in check.reason for check in operation.checks)


def test_a_core_run_stays_within_what_it_may_cost_and_is_quick() -> None:
    began = time.perf_counter()
    with api_server() as server:
        report = run(server.url)
    assert report.summary.failed == 0
    assert report.requests <= 200
    assert time.perf_counter() - began < 7.5


def test_the_rate_is_kept() -> None:
    with api_server() as server:
        run(server.url, rate=40, select=["KEY-01", "RPL-01"])
    times = [each.at for each in server.asked]
    assert len(times) > 10
    assert (len(times) - 1) / (times[-1] - times[0]) < 45


# --- patience ----------------------------------------------------------------------------------------------------------


def test_retry_after_is_waited_for_and_the_request_sent_again() -> None:
    refused: list[int] = []

    def meddle(number: int, asked: Any) -> Any:
        if asked.method == "POST" and not refused:
            refused.append(number)
            return 429, {"Retry-After": "1"}, b""
        return None

    with api_server(meddle) as server:
        report = run(server.url, select=["RPL-01"])
    before, after = server.asked[refused[0] - 1 : refused[0] + 1]
    assert after.at - before.at >= 0.95
    assert before.headers["idempotency-key"] == after.headers["idempotency-key"]
    assert report.operations[0].checks[-1].verdict is Verdict.PASS


@pytest.mark.parametrize("headers", [{"Retry-After": "3600"}, {"Retry-After": "Fri, 31 Dec 2060 23:59:59 GMT"}, {}])
def test_a_target_that_only_limits_is_not_waited_for_forever_and_never_blamed(headers: dict[str, str]) -> None:
    began = time.perf_counter()
    with api_server(lambda _number, asked: (429, headers, b"") if asked.method == "POST" else None) as server:
        report = run(server.url, max_wait=0.1)
    assert time.perf_counter() - began < 5
    assert verdicts(report) <= {"inconclusive", "skipped", "pass"}
    assert report.summary.failed == 0
    assert len(server.posted) < 20


def test_after_503_with_retry_after_the_next_request_waits() -> None:
    def meddle(number: int, _asked: Any) -> Any:
        return (503, {"Retry-After": "1"}, b"") if number == 6 else None

    with api_server(meddle) as server:
        run(server.url, select=["RPL-01"])
    assert server.asked[6].at - server.asked[5].at >= 0.95


# --- credentials -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
def test_two_refusals_in_a_row_end_the_run(status: int) -> None:
    with api_server(lambda number, _asked: problem(status, "no") if number > 30 else None) as server:
        report = run(server.url)
    assert report.interrupted == f"authentication was lost: the target answered {status} 2 times in a row"
    assert len(server.asked) <= 32 + 10  # a burst may be under way
    (operation,) = report.operations
    assert operation.checks[-1].reason == report.interrupted
    assert report.summary.failed == 0
    with pytest.raises(AssertionError, match="the run ended early: authentication was lost"):
        report.assert_kept()


def test_a_single_refusal_does_not_end_the_run() -> None:
    with api_server(lambda number, _asked: problem(403, "no") if number % 5 == 0 else None) as server:
        report = run(server.url, select=["RPL-01", "KEY-01"])
    assert report.interrupted == ""
    assert report.summary.failed == 0


def test_redirects_are_not_followed_and_credentials_stay_with_their_host() -> None:
    with api_server() as other:
        target = f"{other.url}/payments"

        def meddle(_number: int, asked: Any) -> Any:
            return (307, {"Location": target}, b"") if asked.method in ("POST", "GET") else None

        with api_server(meddle) as server:
            report = run(server.url, headers={"Authorization": "Bearer secret-credential"}, cleanup=True)
    assert server.posted
    assert other.asked == []
    assert report.summary.failed == 0


def test_a_location_on_another_host_is_not_read() -> None:
    with api_server() as other:

        def meddle(_number: int, asked: Any) -> Any:
            body = json.dumps({"id": f"p{time.perf_counter_ns()}", "amount": 1}).encode()
            where = {"Location": f"{other.url}/payments/1", "Content-Type": "application/json"}
            return (201, where, body) if asked.method == "POST" else None

        with api_server(meddle) as server:
            run(server.url, headers={"Authorization": "Bearer secret-credential"}, cleanup=True, suite="full")
    assert server.posted
    assert other.asked == []


# --- secrets -----------------------------------------------------------------------------------------------------------

TOKEN = 'tok/en "7é9'
SECOND = "second-credential-8821"


@pytest.fixture(scope="module")
def leaky() -> Iterator[str]:
    """Tells everybody who asked with what: in bodies, headers and locations, as it is, quoted and encoded."""

    def meddle(_number: int, asked: Any) -> Any:
        sent = asked.headers.get("authorization", "").encode("latin-1").decode("utf-8", "replace")
        token = sent.rpartition("Bearer ")[2]
        told = {"id": f"p{time.perf_counter_ns()}", "amount": 1, "you": sent, "url": f"/x?t={quote(token)}"}
        fields = {
            "Content-Type": "application/json",
            "Location": f"/payments/{quote(token)}",
            "X-Debug": f"seen {token}".encode().decode("latin-1"),
            "Set-Cookie": f"session={quote(token)}",
        }
        status = 201 if asked.method == "POST" else 200
        body = told if asked.method == "POST" else [told]
        return status, fields, json.dumps(body, ensure_ascii=len(asked.headers) % 2 == 0).encode()

    with api_server(meddle) as server:
        yield server.url


FORMATS = ("text", "json", "junit", "markdown", "html", "github", "sarif", "har", "ndjson")


def test_secrets_are_in_no_report(leaky: str, tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(DOCUMENT))
    done = idemlint(
        *("probe", "openapi.json", "--url", leaky, "--suite", "full", "--max-requests", "400", "--max-wait", "1"),
        *("--auth", "Authorization=Bearer env:TOKEN", "--second-principal", "Authorization: Bearer env:SECOND"),
        *(part for name in FORMATS for part in ("-f", f"{name}=out/{name}")),
        cwd=tmp_path,
        TOKEN=TOKEN,
        SECOND=SECOND,
    )
    assert done.returncode in (0, 1), done.stderr
    written = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert set(written) == set(FORMATS)
    for name, text in {**written, "stdout": done.stdout, "stderr": done.stderr}.items():
        for form in (TOKEN, json.dumps(TOKEN)[1:-1], quote(TOKEN), "7é9", "7\\u00e9", SECOND):
            assert form not in text, (name, text[max(0, text.find(form) - 200) :][:400])
    assert "***" in written["har"]
    assert "***" in written["json"]


@pytest.mark.parametrize(
    "form",
    [
        TOKEN,
        json.dumps(TOKEN)[1:-1],
        json.dumps(TOKEN, ensure_ascii=False)[1:-1],
        quote(TOKEN),
        quote(TOKEN, safe=""),
        quote(TOKEN).lower(),
        quote_plus(TOKEN),
        f"Bearer {TOKEN}",
        base64.b64encode(f"user:{TOKEN}".encode()).decode(),
    ],
)
def test_a_secret_is_masked_in_every_form_in_which_it_may_come_back(form: str) -> None:
    masking = Masking([f"Bearer {TOKEN}", "Basic " + base64.b64encode(f"user:{TOKEN}".encode()).decode()])
    assert masking.text(f"a {form} b") in ("a *** b", "a Bearer *** b")
    assert masking.data({"k": [form, 1, {form: None}]}) in (
        {"k": ["***", 1, {"***": None}]},
        {"k": ["Bearer ***", 1, {"Bearer ***": None}]},
    )


def test_short_secrets_are_masked_where_they_stand_alone() -> None:
    assert Masking(["Bearer x1"]).text('{"token": "x1", "max1": "x12"}') == '{"token": "***", "max1": "x12"}'


# --- an end that comes at once -----------------------------------------------------------------------------------------

BLOCKING = """
import asyncio, time

async def kept(scope, receive, send):
    if scope["type"] != "http":
        return
    HOW
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})

def wsgi(environ, start_response):
    if environ["REQUEST_METHOD"] != "HEAD":
        time.sleep(60)
    start_response("200 OK", [])
    return []
"""


def interrupted(folder: Path, *arguments: str, after: float, number: int = signal.SIGINT) -> tuple[int, float, Any]:
    """Exit code, seconds from the signal to the end, and the JSON report."""
    (folder / "openapi.json").write_text(json.dumps(DOCUMENT))
    process = subprocess.Popen(
        [sys.executable, "-m", "idemlint", "probe", "openapi.json", "-f", "json=report.json", "-f", "text", *arguments],
        cwd=folder,
        env=environment(PYTHONPATH=TESTS),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        time.sleep(after)
        assert process.poll() is None, process.communicate()
        process.send_signal(number)
        began = time.perf_counter()
        output, errors = process.communicate(timeout=20)
        seconds = time.perf_counter() - began
    finally:
        process.kill()
    assert "Traceback" not in errors
    assert "Ended early" in output
    return process.returncode, seconds, json.loads((folder / "report.json").read_text())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_with_a_report_within_a_second(tmp_path: Path, number: int) -> None:
    def slow(count: int, _asked: Any) -> Any:
        time.sleep(30 if count > 12 else 0)

    with api_server(slow) as server:
        code, seconds, report = interrupted(tmp_path, "--url", server.url, "--timeout", "60", after=2.0, number=number)
    assert (code, report["interrupted"]) == (130, "interrupted")
    assert seconds < 1
    (operation,) = report["operations"]
    assert len(operation["checks"]) == 28
    assert operation["checks"][-1]["reason"] == "interrupted"
    assert operation["controls"][0]["verdict"] == "pass"


@pytest.mark.parametrize(
    ("app", "how"),
    [
        ("blocking:kept", "if scope['method'] != 'HEAD': time.sleep(60)"),
        ("blocking:kept", "if scope['method'] != 'HEAD': await asyncio.sleep(60)"),
        ("blocking:wsgi", "pass"),
    ],
)
def test_an_application_in_this_process_cannot_hold_up_the_end(tmp_path: Path, app: str, how: str) -> None:
    (tmp_path / "blocking.py").write_text(BLOCKING.replace("HOW", how))
    code, seconds, report = interrupted(tmp_path, "--app", app, "--timeout", "60", after=2.0)
    assert (code, report["interrupted"]) == (130, "interrupted")
    assert seconds < 1
    assert len(report["operations"][0]["checks"]) == 28


def test_waiting_for_a_server_can_be_interrupted(tmp_path: Path) -> None:
    code, seconds, report = interrupted(tmp_path, "--url", "http://127.0.0.1:1", "--wait-for", "60", after=1.5)
    assert (code, report["interrupted"]) == (130, "interrupted")
    assert seconds < 1


def test_a_second_signal_at_once_does_not_cost_the_report(tmp_path: Path) -> None:
    """The terminal sends one to the whole group, and whoever started us may pass on another."""
    (tmp_path / "openapi.json").write_text(json.dumps(DOCUMENT))
    with api_server(lambda count, _asked: time.sleep(30 if count > 12 else 0)) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "idemlint", "probe", "openapi.json", "--url", server.url, "-f", "json=report.json"],
            cwd=tmp_path,
            env=environment(),
            stderr=subprocess.PIPE,
        )
        time.sleep(2.0)
        for _ in range(3):
            os.kill(process.pid, signal.SIGINT)
            time.sleep(0.05)
        assert process.wait(10) == 130
        process.stderr.close()
    assert json.loads((tmp_path / "report.json").read_text())["interrupted"] == "interrupted"
