"""The application, asked without a server between: routing, who asks, browsers, the mock's own endpoints, logs and traces."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from served import served

from idemlint.errors import ConfigError, DocumentError, UsageError
from idemlint.mock import create_app
from idemlint.mock.access_log import hashed
from idemlint.mock.limits import Limits
from idemlint.openapi.document import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.mock.app import MockApp

DOCUMENT = Path(__file__).parents[1] / "benchmarks" / "payments.yaml"
BODY = {"amount": 100, "currency": "EUR"}


class Client:
    """Asks an application, each request on an event loop of its own."""

    def __init__(self, app: MockApp) -> None:
        self.app = app

    def __call__(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
                return await client.request(method, path, **more)

        return asyncio.run(ask())

    def pay(self, key: str | None = None, **headers: str) -> httpx.Response:
        return self("POST", "/payments", json=BODY, headers={"Idempotency-Key": key or str(uuid.uuid4()), **headers})

    @property
    def total(self) -> int:
        total = self("GET", "/_idemlint/effects").json()["total"]
        assert isinstance(total, int)
        return total


def client(document: Any = DOCUMENT, **options: Any) -> Client:
    """`document`: a path, or the data of one."""
    if isinstance(document, dict):
        document = parse(json.dumps(document), "api.json")
    return Client(create_app(document, **options))


def api(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "info": {"title": 'A "quoted" title', "version": "1"}, "paths": paths, **more}


def answering(*statuses: str) -> dict[str, Any]:
    return {"responses": {status: {"description": "-"} for status in statuses}}


# --- documents and options ---------------------------------------------------------------------------------------------


def test_documents_come_as_path_text_or_data(tmp_path: Path) -> None:
    from idemlint.openapi.references import References

    document = parse(DOCUMENT.read_bytes(), "payments.yaml")
    for each in (DOCUMENT, str(DOCUMENT), document, References(document)):
        assert client(each).pay().status_code == 201


@pytest.mark.parametrize(
    ("text", "said"),
    [("a: 1", "not an OpenAPI document"), ("openapi: 3.1.0\npaths: {}", "no operations"), ("[", "api.yaml")],
)
def test_documents_that_cannot_be_served_are_typed_errors(text: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        create_app(parse(text, "api.yaml"))


def test_options_that_do_not_exist_are_typed_errors() -> None:
    with pytest.raises(ConfigError, match="no profile 'strip'"):
        create_app(DOCUMENT, profile="strip")
    with pytest.raises(UsageError, match="no store"):
        create_app(DOCUMENT, store="mongodb://x")
    with pytest.raises(UsageError, match="no fault"):
        create_app(DOCUMENT, faults=["toctoo"])


def test_without_a_profile_keys_may_come_with_or_without_quotes_and_replays_are_marked() -> None:
    ask = client()
    key = str(uuid.uuid4())
    first, again = ask.pay(key), ask.pay(f'"{key}"')
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    plain = api({"/payments": {"post": answering("201")}})  # and says nothing of keys
    strict = client(plain, profile="ietf-07")
    assert strict.pay(key).status_code == 400
    assert strict.pay(f'"{key}"').status_code == 201
    assert "idempotent-replayed" not in strict.pay(f'"{key}"').headers
    assert client(plain).pay(key).status_code == 201


# --- routing -----------------------------------------------------------------------------------------------------------


def test_concrete_paths_come_before_templates_and_base_paths_are_accepted() -> None:
    paths = {
        "/things/{id}": {"get": answering("200"), "delete": answering("204")},
        "/things/mine": {"get": answering("203")},
        "/things/{id}:cancel": {"post": answering("202")},
        "/things/{other}/parts/{part}": {"get": answering("206")},
        "/things/{id}/parts/all": {"get": answering("207")},
        "/": {"get": answering("201")},
    }
    ask = client(api(paths, servers=[{"url": "https://{host}/{base}/v1/", "variables": {"base": {"default": "api"}}}]))
    expected = {
        "/things/mine": 203,
        "/things/m%69ne": 203,
        "/things/1/parts/2": 206,
        "/things/1/parts/all": 207,
        "/": 201,
        "/api/v1/things/mine": 203,
        "/api/v1/": 201,
        "/api/v1": 201,
        "/v1/things/mine": 404,
        "/things": 404,
        "/things/": 404,
        "/things/1/": 404,
        "/things/1/parts": 404,
        "/THINGS/mine": 404,
    }
    assert {path: ask("GET", path).status_code for path in expected} == expected
    assert ask("POST", "/things/1:cancel").status_code == 202
    assert ask("DELETE", "/things/1:cancel").status_code == 405


def test_other_methods_get_405_and_the_list_of_those_that_work() -> None:
    ask = client()
    answer = ask("PUT", "/payments")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert answer.headers["content-type"] == "application/problem+json"
    options = ask("OPTIONS", "/payments")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert ask("OPTIONS", "/nothing").status_code == 404


def test_head_is_get_without_a_body() -> None:
    ask = client()
    ask.pay()
    get, head = ask("GET", "/payments"), ask("HEAD", "/payments")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(len(get.content))
    assert ask("HEAD", "/nothing").status_code == 404


def test_each_answer_has_a_request_id_of_its_own() -> None:
    ask = client()
    key = str(uuid.uuid4())
    answers = [ask.pay(key), ask.pay(key), ask("GET", "/nothing"), ask("GET", "/_idemlint/effects")]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 4


def test_headers_that_a_document_wants_cannot_end_the_head_early() -> None:
    headers = {
        "X-Evil": {"schema": {"type": "string"}, "example": "a\r\nSet-Cookie: b=c"},
        "Bad Name": {"schema": {"type": "string"}, "example": "x"},
        "Transfer-Encoding": {"schema": {"type": "string"}, "example": "chunked"},
    }
    ask = client(api({"/x": {"get": {"responses": {"200": {"description": "-", "headers": headers}}}}}))
    answer = ask("GET", "/x")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "transfer-encoding" not in answer.headers
    assert not re.search(r"[\r\n]", answer.headers.get("x-evil", ""))


def test_bodies_beyond_the_limit_get_413() -> None:
    ask = client(limits=Limits(body_bytes=100))
    answer = ask("POST", "/payments", content=b"x" * 101)
    assert answer.status_code == 413
    assert answer.json()["status"] == 413


def test_a_bug_inside_is_a_problem_document_and_a_line_for_the_operator(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = client()

    async def broken(*_: object) -> None:
        raise ValueError("secret\nsecond line")

    monkeypatch.setattr(ask.app.handling, "admitted", broken)
    answer = ask.pay()
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    line = capsys.readouterr().err
    assert line == "idemlint: this is a bug in idemlint: POST /payments: ValueError: secret\\nsecond line\n"


# --- who asks ----------------------------------------------------------------------------------------------------------

SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "token"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
    "mutual": {"type": "mutualTLS"},
    "strange": {"$ref": "#/components/securitySchemes/nowhere"},
}


def secured(*requirements: dict[str, list[str]]) -> dict[str, Any]:
    operation = {**answering("201"), "security": list(requirements)}
    return api({"/x": {"post": operation}}, components={"securitySchemes": SCHEMES})


CREDENTIALS: list[tuple[dict[str, list[str]], dict[str, Any], str]] = [
    ({"bearer": []}, {"headers": {"Authorization": "Bearer a"}}, 'Bearer realm="A quoted title"'),
    ({"basic": []}, {"headers": {"Authorization": "BASIC YTpi"}}, 'Basic realm="A quoted title"'),
    ({"key": []}, {"headers": {"x-key": "a"}}, 'ApiKey realm="A quoted title"'),
    ({"query": []}, {"params": {"token": "a"}}, 'ApiKey realm="A quoted title"'),
    ({"cookie": []}, {"headers": {"Cookie": "a=b; session=c"}}, 'ApiKey realm="A quoted title"'),
    ({"strange": []}, {"headers": {"Authorization": "anything"}}, 'Bearer realm="A quoted title"'),
]


@pytest.mark.parametrize(("requirement", "credential", "challenge"), CREDENTIALS, ids=lambda value: str(value)[:30])
def test_enforced_security(requirement: dict[str, list[str]], credential: dict[str, Any], challenge: str) -> None:
    ask = client(secured(requirement), enforce_security=True)
    refused = ask("POST", "/x")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == challenge
    assert ask("POST", "/x", **credential).status_code == 201
    assert client(secured(requirement))("POST", "/x").status_code == 201


def test_alternatives_and_combinations_of_schemes() -> None:
    both = client(secured({"bearer": [], "key": []}), enforce_security=True)
    assert both("POST", "/x", headers={"X-Key": "a"}).status_code == 401
    assert both("POST", "/x", headers={"X-Key": "a", "Authorization": "Bearer b"}).status_code == 201
    either = client(secured({"bearer": []}, {"key": []}), enforce_security=True)
    assert either("POST", "/x", headers={"X-Key": "a"}).status_code == 201
    assert either("POST", "/x").headers["www-authenticate"].count("realm") == 2
    optional = client(secured({"bearer": []}, {}), enforce_security=True)
    assert optional("POST", "/x").status_code == 201
    mutual = client(secured({"mutual": []}), enforce_security=True)
    assert mutual("POST", "/x").status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer invalid"},
        {"Authorization": "Bearer sk_test_REVOKED_1"},
        {"Authorization": "Basic aW52YWxpZDp4"},
        {"X-API-Key": "my-invalid-key"},
    ],
)
def test_credentials_that_say_they_are_bad_are_refused_always(headers: dict[str, str]) -> None:
    ask = client()
    answer = ask.pay(**headers)
    assert answer.status_code == 401
    assert "www-authenticate" in answer.headers
    assert ask.total == 0


def test_keys_of_different_principals_do_not_meet() -> None:
    ask = client()
    key = str(uuid.uuid4())
    credentials = [
        {},
        {"Authorization": "Bearer a"},
        {"Authorization": "Bearer b"},
        {"X-API-Key": "a"},
        {"Cookie": "s=a"},
    ]
    first = [ask.pay(key, **credential).json()["id"] for credential in credentials]
    again = [ask.pay(key, **credential).json()["id"] for credential in credentials]
    assert len(set(first)) == len(credentials)
    assert first == again
    assert ask.total == len(credentials)


# --- browsers ----------------------------------------------------------------------------------------------------------


def test_browsers_may_send_the_key_and_read_what_tells_of_a_replay() -> None:
    ask = client()
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    preflight = ask("OPTIONS", "/payments", headers={**asked, "Access-Control-Request-Headers": "x-mine, bad name"})
    assert preflight.status_code == 204
    allowed = preflight.headers["access-control-allow-headers"].lower().split(", ")
    assert {"idempotency-key", "content-type", "authorization", "x-mine"} <= set(allowed)
    assert "bad name" not in allowed
    assert preflight.headers["access-control-allow-origin"] == "https://shop.example"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    for answer in (ask.pay(Origin="https://shop.example"), ask.pay("", Origin="https://shop.example")):
        shown = answer.headers["access-control-expose-headers"].lower().split(", ")
        assert {"idempotent-replayed", "retry-after", "location", "x-request-id"} <= set(shown)
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-origin" not in ask.pay().headers


def test_what_was_shown_to_one_origin_is_not_replayed_to_another() -> None:
    ask = client()
    key = str(uuid.uuid4())
    assert ask.pay(key, Origin="https://a.example").headers["access-control-allow-origin"] == "https://a.example"
    assert ask.pay(key, Origin="https://b.example").headers["access-control-allow-origin"] == "https://b.example"
    assert "access-control-allow-origin" not in ask.pay(key).headers


# --- the mock's own endpoints ------------------------------------------------------------------------------------------


def test_effects_reset_and_clock() -> None:
    ask = client(ttl=60)
    key = str(uuid.uuid4())
    first = ask.pay(key).json()
    ask.pay()
    assert ask("GET", "/_idemlint/effects").json() == {"operations": {"POST /payments": 2}, "total": 2}
    assert ask("POST", "/_idemlint/clock", json={"seconds": 59}).json()["offset"] == 59
    assert ask.pay(key).json() == first
    assert ask("POST", "/_idemlint/clock", json=1.5).json()["offset"] == 60.5
    assert ask.pay(key).json() != first
    assert ask("POST", "/_idemlint/reset").json() == {"reset": True}
    assert ask("GET", "/_idemlint/effects").json() == {"operations": {}, "total": 0}
    assert ask("GET", "/_idemlint/clock").json()["offset"] == 0
    assert ask("GET", "/payments").json() == []


@pytest.mark.parametrize(
    "body", [b"", b"soon", b"[]", b'{"minutes": 1}', b"true", b'"60"', b"1e300", b"NaN", b"Infinity"]
)
def test_a_clock_that_is_to_be_moved_by_nonsense_stays(body: bytes) -> None:
    ask = client()
    answer = ask("POST", "/_idemlint/clock", content=body)
    assert answer.status_code == 400
    assert "seconds" in answer.text
    assert ask("GET", "/_idemlint/clock").json()["offset"] == 0


def test_the_mocks_own_endpoints_can_be_turned_off() -> None:
    ask = client(admin=False)
    for method, path in (("GET", "effects"), ("POST", "reset"), ("POST", "clock")):
        assert ask(method, f"/_idemlint/{path}").status_code == 404
    on = client()
    assert on("GET", "/_idemlint/nothing").status_code == 404
    assert on("DELETE", "/_idemlint/effects").status_code == 405


# --- the client goes away ----------------------------------------------------------------------------------------------


def test_a_task_that_is_cancelled_does_not_cancel_the_work() -> None:
    app = create_app(DOCUMENT, delay=0.2)
    key = str(uuid.uuid4())

    async def run() -> tuple[int, httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mock") as asking:

            async def pay() -> httpx.Response:
                return await asking.post("/payments", json=BODY, headers={"Idempotency-Key": key})

            task = asyncio.create_task(pay())
            await asyncio.sleep(0.05)
            task.cancel()
            await asyncio.sleep(0.4)
            return (await app.handling.store.counts())["POST /payments"], await pay()

    count, again = asyncio.run(run())
    assert count == 1
    assert again.headers["idempotent-replayed"] == "true"


def test_a_body_that_never_ends_is_no_request() -> None:
    app = create_app(DOCUMENT)
    messages = [
        {"type": "http.request", "body": b'{"amount": 100, "cur', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"idempotency-key", b"8e03978e-40d5-43e8-bc93-6894a57f9324"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/payments", "query_string": b"", "headers": headers}
    asyncio.run(app(scope, receive, send))
    assert sent == []
    assert Client(app).total == 0


# --- log and traces ----------------------------------------------------------------------------------------------------

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def test_the_access_log_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    ask = client(access_log="json")
    key = str(uuid.uuid4())
    for headers in ({"traceparent": PARENT}, {"traceparent": "00-" + "0" * 32 + "-00f067aa0ba902b7-01"}):
        ask.pay(key, **headers)
    ask("GET", "/nothing")
    text = capsys.readouterr().err
    assert key not in text
    first, again, lost = map(json.loads, text.splitlines())
    assert first["operation"] == "POST /payments"
    assert (first["status"], first["idempotency.result"], first["trace_id"]) == (201, "MISS", TRACE)
    assert (again["idempotency.result"], again["trace_id"]) == ("HIT", None)
    assert first["idempotency.key"] == again["idempotency.key"] == hashed(key)
    assert first["duration_ms"] > 0
    assert (lost["status"], lost["operation"], lost["idempotency.key"]) == (404, None, None)


def test_the_access_log_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    ask = client(access_log="text")
    ask.pay()
    line = capsys.readouterr().err
    assert re.fullmatch(r"POST /payments 201 \d+\.\d ms MISS key [0-9a-f]{16}\n", line)


@pytest.fixture
def spans() -> Callable[..., tuple[Client, Callable[[], list[Any]], Callable[[], dict[str, Any]]]]:
    """A mock that reports to memory, its spans, and its metrics."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from idemlint.mock.telemetry import Telemetry

    def start(**options: Any) -> tuple[Client, Callable[[], list[Any]], Callable[[], dict[str, Any]]]:
        exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
        tracers = TracerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(exporter))
        ask = client(telemetry=Telemetry(tracers, MeterProvider([reader])), **options)

        def metrics() -> dict[str, Any]:
            data = reader.get_metrics_data()
            found = data.resource_metrics[0].scope_metrics[0].metrics if data else []
            return {metric.name: metric.data.data_points for metric in found}

        return ask, lambda: list(exporter.get_finished_spans()), metrics

    return start


def test_spans_and_metrics(spans: Any) -> None:
    ask, finished, metrics = spans(ttl=60)
    key = str(uuid.uuid4())
    ask.pay(key, traceparent=PARENT)
    ask.pay(key)
    ask("POST", "/payments", json={**BODY, "amount": 1}, headers={"Idempotency-Key": key})
    ask.app.handling.clock.move(61)  # the endpoint would have the record swept away as well
    ask.pay(key)
    checks = [span for span in finished() if span.name == "idempotency.check"]
    assert [span.attributes["idempotency.result"] for span in checks] == ["MISS", "HIT", "MISMATCH", "EXPIRED"]
    assert {span.attributes["idempotency.key"] for span in checks} == {hashed(key)}
    requests = [span for span in finished() if span.name == "POST /payments"]
    assert [span.attributes["idempotency.result"] for span in requests] == ["MISS", "HIT", "MISMATCH", "EXPIRED"]
    assert [span.attributes["http.response.status_code"] for span in requests] == [201, 201, 422, 201]
    assert requests[0].attributes["http.route"] == "/payments"
    assert format(requests[0].context.trace_id, "032x") == TRACE
    assert requests[0].parent.span_id == 0x00F067AA0BA902B7
    assert checks[0].parent.span_id == requests[0].context.span_id
    assert requests[1].parent is None
    points = metrics()["idempotency.checks"]
    assert {(point.attributes["idempotency.result"], point.value) for point in points} == {
        ("MISS", 1),
        ("HIT", 1),
        ("MISMATCH", 1),
        ("EXPIRED", 1),
    }
    assert sum(point.count for point in metrics()["http.server.request.duration"]) == 4


def test_a_request_in_flight_is_told_as_a_conflict(spans: Any) -> None:
    ask, finished, _ = spans(delay=0.2)
    key = str(uuid.uuid4())

    async def both() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(ask.app), base_url="http://mock") as asking:
            headers = {"Idempotency-Key": key}
            answers = await asyncio.gather(*(asking.post("/payments", json=BODY, headers=headers) for _ in range(2)))
            return sorted(answer.status_code for answer in answers)

    assert asyncio.run(both()) == [201, 409]
    checks = [span for span in finished() if span.name == "idempotency.check"]
    assert sorted(span.attributes["idempotency.result"] for span in checks) == ["CONFLICT", "MISS"]


def test_traces_and_metrics_arrive_over_otlp() -> None:
    """A real process, a real collector's end: one small HTTP server."""
    arrived: dict[str, bytes] = {}

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            arrived[self.path] = arrived.get(self.path, b"") + body
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    collector = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=collector.serve_forever, daemon=True)
    thread.start()
    try:
        key = str(uuid.uuid4())
        endpoint = f"http://127.0.0.1:{collector.server_port}"
        with served(DOCUMENT, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_SERVICE_NAME="payments-mock") as mock:
            headers = {"Idempotency-Key": key, "traceparent": PARENT}
            assert httpx.post(mock.url + "/payments", json=BODY, headers=headers).status_code == 201
            assert mock.stop() == 0
            assert "Traceback" not in mock.errors
    finally:
        collector.shutdown()
        thread.join()
        collector.server_close()
    traces, metrics = arrived["/v1/traces"], arrived["/v1/metrics"]
    assert bytes.fromhex(TRACE) in traces
    for word in (b"idempotency.check", b"MISS", b"payments-mock", hashed(key).encode()):
        assert word in traces
    assert key.encode() not in traces + metrics
    assert b"idempotency.checks" in metrics


def test_a_collector_that_is_not_there_keeps_nobody_waiting() -> None:
    with served(DOCUMENT, "--otel", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1") as mock:
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        assert httpx.post(mock.url + "/payments", json=BODY, headers=headers).status_code == 201
        started = time.monotonic()
        assert mock.stop() == 0
        assert time.monotonic() - started < 6
