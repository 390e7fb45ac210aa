"""Applications in this process: ASGI and WSGI, with and without races, and whatever else an application may do."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from small_api import DOCUMENT, AsgiPayments, WsgiPayments

import idemlint
from idemlint.errors import UsageError
from idemlint.probe.asgi import AsgiLink
from idemlint.probe.in_process import is_asgi, link_of, load_app
from idemlint.probe.transport.answers import Hold
from idemlint.probe.wsgi import WsgiLink
from idemlint.probe_report import CheckFinished, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from idemlint.probe.report import Report

APPS = [AsgiPayments, WsgiPayments]


def verdicts(report: Report) -> dict[str, str]:
    (operation,) = report.operations
    return {check.id: check.verdict.value for check in operation.checks}


@pytest.mark.parametrize("kind", APPS)
def test_an_application_that_keeps_its_promises_passes(kind: type[Any]) -> None:
    app = kind()
    report = idemlint.probe(DOCUMENT, app=app)
    report.assert_kept()
    found = verdicts(report)
    assert [found[each] for each in ("RPL-01", "CON-01", "CON-02", "FPR-01", "KEY-01")] == ["pass"] * 5
    assert report.overlapping == report.rounds > 0
    assert report.requests >= len(app.seen) > 50


@pytest.mark.parametrize("kind", APPS)
def test_a_race_is_found_and_told(kind: type[Any]) -> None:
    report = idemlint.probe(DOCUMENT, app=kind(races=True), select=["CON-01", "RPL-01"])
    assert {"RPL-01": "pass", "CON-01": "fail"}.items() <= verdicts(report).items()
    with pytest.raises(AssertionError, match=r"CON-01.*POST /payments.*safety · error") as caught:
        report.assert_kept()
    text = str(caught.value)
    assert "had 2 effects" in text
    assert "201  pay_" in text
    assert "GET /payments" in text


def test_what_needs_a_connection_is_skipped_with_the_reason() -> None:
    report = idemlint.probe(DOCUMENT, app=AsgiPayments(), select=["FLT-02", "FLT-03"])
    (operation,) = report.operations
    skipped = {check.id: check.reason for check in operation.checks if check.verdict is Verdict.SKIPPED}
    assert "needs a real connection; the app runs in this process" in skipped.values()


def test_the_lifespan_is_begun_once_and_ended() -> None:
    app = AsgiPayments()
    idemlint.probe(DOCUMENT, app=app, select=["RPL-01"])
    assert app.life == ["startup", "shutdown"]


def test_events_are_shown_as_they_come_and_the_async_form_gives_the_same() -> None:
    events: list[object] = []

    async def both() -> Report:
        with pytest.raises(UsageError, match="an event loop is running here"):
            idemlint.probe(DOCUMENT, app=AsgiPayments())
        return await idemlint.probe_async(DOCUMENT, app=AsgiPayments(), select=["RPL-01"], on_event=events.append)

    report = asyncio.run(both())
    assert report.operations[0].checks[-1].verdict is Verdict.PASS
    assert [each.result for each in events if isinstance(each, CheckFinished)] == list(report.operations[0].checks)


def test_the_same_seed_makes_the_same_payloads() -> None:
    def amounts(seed: int) -> list[int]:
        app = WsgiPayments()
        idemlint.probe(DOCUMENT, app=app, seed=seed, select=["RPL-01"])
        return [each["amount"] for each in app.payments]

    assert amounts(3) == amounts(3) != amounts(4)


# --- links ---------------------------------------------------------------------------------------------------------------


def post(body: bytes = b'{"amount": 1}', **headers: str) -> httpx.Request:
    return httpx.Request("POST", "http://app.invalid/a%20b?c=%20d", content=body, headers=headers)


def test_a_wsgi_application_gets_what_a_server_would_give_it() -> None:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read())
        start_response("200 OK", [("X-A", "1"), ("X-A", "2")])
        return [b"o", b"k"]

    request = httpx.Request(
        "POST", "http://app.invalid/a%20b/é?c=%20d", content=b"{}", headers=[("K", "1"), ("k", "2"), ("C-T", "x")]
    )
    answer = asyncio.run(WsgiLink(app).send(request))
    assert (answer.status, answer.headers, answer.body, answer.error) == (
        200,
        [("X-A", "1"), ("X-A", "2")],
        b"ok",
        None,
    )
    assert seen["PATH_INFO"] == "/a b/é".encode().decode("latin-1")
    assert (seen["QUERY_STRING"], seen["HTTP_K"], seen["CONTENT_LENGTH"], seen["body"]) == ("c=%20d", "1,2", "2", b"{}")


def test_an_asgi_application_gets_what_a_server_would_give_it() -> None:
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise ValueError("no lifespan here")
        seen.update(scope, message=await receive())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"1")]})
        await send({"type": "http.response.body", "body": b"ok"})
        seen["after"] = await receive()

    async def main() -> Any:
        link = AsgiLink(app)
        answer = await link.send(post(K="1"))
        await asyncio.sleep(0)
        await link.close()
        return answer

    answer = asyncio.run(main())
    assert (answer.status, answer.headers, answer.body) == (200, [("x", "1")], b"ok")
    assert (seen["path"], seen["raw_path"], seen["query_string"]) == ("/a b", b"/a%20b", b"c=%20d")
    assert (b"k", b"1") in seen["headers"]
    assert seen["message"]["body"] == b'{"amount": 1}'
    assert seen["after"] == {"type": "http.disconnect"}


async def failing(_scope: Any, _receive: Any, _send: Any) -> None:
    raise KeyError("bug")


async def silent(_scope: Any, _receive: Any, _send: Any) -> None:
    return


async def broken_off(scope: Any, _receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
    raise KeyError("bug")


async def stuck(scope: Any, _receive: Any, _send: Any) -> None:
    if scope["type"] == "http":
        await asyncio.sleep(60)


def wsgi_failing(_environ: Any, _start: Any) -> list[bytes]:
    raise KeyError("bug")


def wsgi_silent(_environ: Any, _start: Any) -> list[bytes]:
    return []


def wsgi_broken_off(_environ: Any, start: Any) -> Any:
    start("200 OK", [])
    yield b"a"
    raise KeyError("bug")


def wsgi_stuck(_environ: Any, start: Any) -> list[bytes]:
    time.sleep(1.5)
    start("200 OK", [])
    return [b""]


@pytest.mark.parametrize(
    ("app", "status", "error"),
    [
        (failing, 500, None),
        (silent, None, "ended before its answer was whole"),
        (broken_off, 200, "failed in the middle of its answer: KeyError"),
        (stuck, None, "timed out after 0.3 s"),
        (wsgi_failing, 500, None),
        (wsgi_silent, None, "ended without calling start_response"),
        (wsgi_broken_off, 200, "failed in the middle of its answer: KeyError"),
        (wsgi_stuck, None, "timed out after 0.3 s"),
    ],
)
def test_what_goes_wrong_in_an_application_is_an_answer_or_an_error(
    app: Any, status: int | None, error: str | None
) -> None:
    async def main() -> Any:
        link = link_of(app, timeout=0.3)
        try:
            return await link.send(post()), await link.burst([post()] * 3, hold=Hold.TAIL, stagger=None)
        finally:
            await link.close()

    began = time.perf_counter()
    answer, burst = asyncio.run(main())
    assert time.perf_counter() - began < 3
    for each in (answer, *burst.answers):
        assert each.status == status
        assert (each.error is None) if error is None else (error in each.error)


@pytest.mark.parametrize("hold", list(Hold))
@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
def test_requests_of_a_burst_meet(kind: str, hold: Hold) -> None:
    """Each waits until all ten are inside: that ends only if they are at work at the same time."""
    inside = threading.Barrier(10)
    count, everybody = 0, asyncio.Event()

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        nonlocal count
        if scope["type"] != "http":
            return
        await asyncio.sleep(0.005)  # middleware at work before the body is read
        while (await receive())["more_body"]:
            pass
        count += 1
        if count == 10:
            everybody.set()
        await everybody.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    def wsgi(environ: Any, start: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        inside.wait(3)
        start("200 OK", [])
        return []

    async def main() -> Any:
        link = link_of(asgi if kind == "asgi" else wsgi, timeout=5)
        try:
            return await link.burst([post()] * 10, hold=hold, stagger=None)
        finally:
            await link.close()

    burst = asyncio.run(main())
    assert [each.status for each in burst.answers] == [200] * 10
    assert burst.overlap
    assert burst.spread < 0.05


def test_a_task_that_goes_on_after_the_answer_does_not_hold_up_the_next_request() -> None:
    done: list[float] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 202, "headers": []})
        await send({"type": "http.response.body"})
        await asyncio.sleep(0.2)
        done.append(time.perf_counter())

    async def main() -> None:
        link = AsgiLink(app)
        began = time.perf_counter()
        for _ in range(3):
            assert (await link.send(post())).status == 202
        assert time.perf_counter() - began < 0.15
        await asyncio.sleep(0.3)
        await link.close()

    asyncio.run(main())
    assert len(done) == 3


# --- which application -----------------------------------------------------------------------------------------------


def test_applications_are_told_apart() -> None:
    async def plain(scope: Any, receive: Any, send: Any) -> None: ...
    def wrapped(scope: Any, receive: Any, send: Any) -> Any: ...
    def wsgi(environ: Any, start_response: Any) -> Any: ...

    assert [is_asgi(each) for each in (plain, wrapped, AsgiPayments(), wsgi, WsgiPayments())] == [True] * 3 + [
        False
    ] * 2
    flask = pytest.importorskip("flask")
    assert isinstance(link_of(flask.Flask("x")), WsgiLink)


@pytest.mark.parametrize(
    ("app", "hint"),
    [(lambda: None, "factory"), (AsgiPayments, "factory"), (7, "name an ASGI"), (lambda _a, _b, _c, _d: 0, "these")],
)
def test_what_is_no_application_is_refused(app: Any, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        link_of(app)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("nocolon", "is not MODULE:ATTR", "--app payments.main:app"),
        ("no_such_module:app", "cannot import no_such_module", "run it from the application's folder"),
        ("broken_app:app", "broken_app fails while it is imported: SystemExit: 3", ""),
        ("small_app:nope", "has no 'nope'", "names there: bad, create, kept"),
        ("small_app:create(1)", "has no 'create(1)'", ""),
        ("small_app:bad()", "fails: ZeroDivisionError", ""),
    ],
)
def test_what_is_wrong_with_a_name_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str, hint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    (tmp_path / "broken_app.py").write_text("raise SystemExit(3)\n")
    (tmp_path / "small_app.py").write_text(
        "def create(): return kept\ndef kept(environ, start_response): ...\ndef bad(): 1 / 0\n"
    )
    with pytest.raises(UsageError) as caught:
        load_app(name)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert load_app("small_app:create()") is load_app("small_app:kept")
    __import__("sys").modules.pop("small_app", None)


# --- the call itself -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "url or app, and just one"),
        ({"app": AsgiPayments(), "url": "http://127.0.0.1:1"}, "url or app, and just one"),
        ({"url": "https://api.example.com"}, "is not on the loopback range"),
        ({"url": "ftp://127.0.0.1"}, "no http or https URL"),
        ({"url": "http://user:secret@127.0.0.1"}, "a URL with a password in it"),
        ({"app": AsgiPayments(), "select": ["XYZ-01"]}, "there is no check 'XYZ-01'"),
        ({"app": AsgiPayments(), "only": ["nonsense"]}, "is no pattern for operations"),
        ({"app": AsgiPayments(), "operations": {"POST /nope": {}}}, "the document has no such operation"),
    ],
)
def test_contradictions_are_typed_errors(options: dict[str, Any], message: str) -> None:
    with pytest.raises(idemlint.errors.IdemlintError, match=message):
        idemlint.probe(DOCUMENT, **options)


@pytest.mark.parametrize("document", [{"paths": {}}, {"openapi": {1, 2}}])
def test_a_document_that_is_none_is_a_typed_error(document: Any) -> None:
    with pytest.raises(idemlint.errors.DocumentError):
        idemlint.probe(document, app=AsgiPayments())


def test_an_application_that_does_not_start_is_a_typed_error() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(UsageError, match="does not start: no database"):
        idemlint.probe(DOCUMENT, app=app)


def test_the_package_is_a_function_and_still_a_package(tmp_path: Path) -> None:
    from idemlint.probe import api

    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(DOCUMENT))
    report = idemlint.probe(path, app=AsgiPayments(), select=["RPL-01"])
    assert idemlint.probe.api is api  # type checkers see the function only
    assert "RPL" not in str(report)
    assert "1 passed" in str(report)


def test_a_report_written_operation_by_operation_is_the_report() -> None:
    from dataclasses import replace

    from idemlint.reporters.options import ReportOptions
    from idemlint.reporters.probe import report_json

    report = idemlint.probe(DOCUMENT, app=AsgiPayments(races=True), select=["CON-01", "RPL-01"])
    (operation,) = report.operations
    odd = operation._replace(differences=('lines\n\u2028\x0b\x85 and "operations": []',))
    for several in ((), (odd,), (odd, operation, odd)):
        whole = replace(report, operations=several)
        text = report_json.render(whole, ReportOptions("/"))
        data = report_json.as_data(whole, "/")
        assert json.loads(text) == json.loads(json.dumps(data))
        assert text.splitlines()[1] == '  "schema_version": 1,'


def test_a_run_keeps_less_evidence_the_more_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    from idemlint.probe import recording

    monkeypatch.setattr(recording, "_ROOM", 0)
    report = idemlint.probe(DOCUMENT, app=AsgiPayments(races=True), select=["RPL-01", "CON-01", "KEY-01"])
    checks = {check.id: check for check in report.operations[0].checks}
    assert checks["RPL-01"].verdict is Verdict.PASS
    assert checks["RPL-01"].exchanges == ()
    assert checks["RPL-01"].details["exchanges_left_out"] > 0
    assert checks["CON-01"].verdict is Verdict.FAIL
    assert len(checks["CON-01"].bursts) == 1
    assert len(checks["CON-01"].exchanges) > 1
    assert report.rounds > 1
