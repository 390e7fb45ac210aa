"""The wrappers of `fixtures/clients` against `idemlint mock`, with a proxy between that loses four answers in ten."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import requests
from idempotent_httpx import AsyncIdempotentTransport, IdempotentTransport
from idempotent_requests import IdempotentAdapter, idempotent_session
from retry_policy import RetryPolicy
from typescript import compile_typescript, node
from wrapped_calls import CALLS, assert_one_effect_a_call, payment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dropping_proxy import DroppingProxy

    Sender = Callable[..., int]

WRAPPER = Path(__file__).parents[2] / "fixtures" / "clients" / "typescript" / "idempotentFetch.ts"
PATIENT = RetryPolicy(attempts=12, backoff=0.002)


def test_httpx(mock: str, proxy: DroppingProxy) -> None:
    with httpx.Client(base_url=proxy.url, transport=IdempotentTransport(policy=PATIENT)) as client:
        answers = [client.post("/payments", json=payment(amount)) for amount in range(1, CALLS + 1)]
    assert {answer.status_code for answer in answers} == {201}
    assert_one_effect_a_call([answer.json()["id"] for answer in answers], mock, proxy)


def test_httpx_async(mock: str, proxy: DroppingProxy) -> None:
    async def send() -> list[httpx.Response]:
        transport = AsyncIdempotentTransport(policy=PATIENT)
        async with httpx.AsyncClient(base_url=proxy.url, transport=transport) as client:
            return [await client.post("/payments", json=payment(amount)) for amount in range(1, CALLS + 1)]

    answers = asyncio.run(send())
    assert {answer.status_code for answer in answers} == {201}
    assert_one_effect_a_call([answer.json()["id"] for answer in answers], mock, proxy)


def test_requests(mock: str, proxy: DroppingProxy) -> None:
    with idempotent_session(PATIENT) as session:
        answers = [session.post(f"{proxy.url}/payments", json=payment(amount)) for amount in range(1, CALLS + 1)]
    assert {answer.status_code for answer in answers} == {201}
    assert_one_effect_a_call([answer.json()["id"] for answer in answers], mock, proxy)


def test_without_a_wrapper_the_same_calls_fail(mock: str, proxy: DroppingProxy) -> None:
    """The control: the proxy really loses answers, and a retry with a new key really pays again."""
    lost = 0
    for amount in range(1, 41):
        with httpx.Client(base_url=proxy.url) as client:
            for key in ("11111111-1111-4111-8111-", "22222222-2222-4222-8222-"):
                try:
                    client.post("/payments", json=payment(amount), headers={"Idempotency-Key": f"{key}{amount:012}"})
                    break
                except httpx.TransportError:
                    lost += 1
    assert lost > 10
    assert httpx.get(f"{mock}/_idemlint/effects").json()["total"] > 40


class Scripted:
    """A server that gives each answer of a list in turn, the last one for ever, and keeps what it was sent."""

    def __init__(self) -> None:
        self.script: list[tuple[int, dict[str, str]]] = []
        self.requests: list[tuple[str, str | None, bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.requests.append((self.command, self.headers.get("Idempotency-Key"), body))
                status, headers = outer.script.pop(0) if len(outer.script) > 1 else outer.script[0]
                self.send_response(status)
                for name, value in {**headers, "Content-Length": "2"}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"{}")

            do_GET = do_POST = do_PATCH = answer  # noqa: N815

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.server.shutdown()
    server.server.server_close()


def with_httpx(policy: RetryPolicy, url: str, method: str, **given: object) -> int:
    with httpx.Client(transport=IdempotentTransport(policy=policy)) as client:
        return client.request(method, url, **given).status_code


def with_httpx_async(policy: RetryPolicy, url: str, method: str, **given: object) -> int:
    async def send() -> int:
        async with httpx.AsyncClient(transport=AsyncIdempotentTransport(policy=policy)) as client:
            return (await client.request(method, url, **given)).status_code

    return asyncio.run(send())


def with_requests(policy: RetryPolicy, url: str, method: str, **given: object) -> int:
    with idempotent_session(policy) as session:
        return session.request(method, url, **given).status_code


SENDERS = [with_httpx, with_httpx_async, with_requests]


@pytest.mark.parametrize("send", SENDERS)
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_server_errors_are_retried_with_the_same_key(send: Sender, status: int, scripted: Scripted) -> None:
    scripted.script = [(status, {}), (status, {}), (201, {})]
    assert send(PATIENT, scripted.url, "POST", json=payment(1)) == 201
    assert len(scripted.requests) == 3
    assert len(set(scripted.requests)) == 1
    assert scripted.requests[0][1]


@pytest.mark.parametrize("send", SENDERS)
def test_in_flight_waits_as_long_as_it_is_told(send: Sender, scripted: Scripted) -> None:
    scripted.script = [(409, {"Retry-After": "1"}), (201, {})]
    began = time.monotonic()
    assert send(PATIENT, scripted.url, "PATCH", json=payment(1)) == 201
    assert 0.9 < time.monotonic() - began < 3
    assert len({key for _, key, _ in scripted.requests}) == 1


@pytest.mark.parametrize("send", SENDERS)
@pytest.mark.parametrize("status", [400, 401, 404, 409, 422])
def test_what_a_retry_cannot_mend_is_sent_once(send: Sender, status: int, scripted: Scripted) -> None:
    """A 409 without Retry-After among them; a mismatch is final even if it says when to come back."""
    scripted.script = [(status, {"Retry-After": "0"} if status == 422 else {})]
    assert send(PATIENT, scripted.url, "POST", json=payment(1)) == status
    assert len(scripted.requests) == 1


@pytest.mark.parametrize("send", SENDERS)
def test_the_last_answer_comes_back_when_patience_ends(send: Sender, scripted: Scripted) -> None:
    scripted.script = [(503, {})]
    assert send(RetryPolicy(attempts=3, backoff=0.001), scripted.url, "POST", json=payment(1)) == 503
    assert len(scripted.requests) == 3


@pytest.mark.parametrize("send", SENDERS)
def test_the_callers_key_is_kept(send: Sender, scripted: Scripted) -> None:
    scripted.script = [(500, {}), (201, {})]
    send(PATIENT, scripted.url, "POST", json=payment(1), headers={"idempotency-key": "mine"})
    assert [key for _, key, _ in scripted.requests] == ["mine", "mine"]


@pytest.mark.parametrize("send", SENDERS)
def test_each_call_has_a_key_of_its_own(send: Sender, scripted: Scripted) -> None:
    scripted.script = [(201, {})]
    for _ in range(3):
        send(PATIENT, scripted.url, "POST", json=payment(1))
    assert len({key for _, key, _ in scripted.requests}) == 3


@pytest.mark.parametrize("send", SENDERS)
def test_a_get_passes_through(send: Sender, scripted: Scripted) -> None:
    scripted.script = [(503, {})]
    assert send(PATIENT, scripted.url, "GET") == 503
    assert scripted.requests == [("GET", None, b"")]


def test_bodies_that_can_be_read_once_are_sent_whole_each_time(scripted: Scripted) -> None:
    scripted.script = [(500, {}), (201, {}), (500, {}), (201, {})]
    with_httpx(PATIENT, scripted.url, "POST", content=iter([b"one ", b"two"]), headers={"Content-Length": "7"})
    with_requests(PATIENT, scripted.url, "POST", data=iter([b"one ", b"two"]))
    assert [body for _, _, body in scripted.requests] == [b"one two"] * 4


@pytest.mark.parametrize("send", SENDERS)
def test_a_server_that_is_gone_is_an_error_that_names_the_key(send: Sender) -> None:
    policy = RetryPolicy(attempts=2, backoff=0.001)
    with pytest.raises((httpx.ConnectError, requests.ConnectionError)) as raised:
        send(policy, "http://127.0.0.1:9", "POST", json=payment(1))
    assert raised.value.request.headers["Idempotency-Key"]


def test_retry_after_as_a_date_and_as_nonsense() -> None:
    policy = RetryPolicy(backoff=0.1, longest=30)
    wait = policy.wait(1, 503, {"Retry-After": formatdate(time.time() + 10, usegmt=True)})
    assert wait == pytest.approx(10, abs=2)
    assert policy.wait(1, 409, {"Retry-After": "999999"}) == 30
    assert policy.wait(1, 409, {"Retry-After": "soon"}) is None
    assert 0.05 <= policy.wait(1, 503, {"Retry-After": "soon"}) <= 0.1
    assert 0.4 <= policy.wait(4, 503, {}) <= 0.8


def test_a_session_covers_both_schemes() -> None:
    session = idempotent_session()
    for url in ("http://a.example/", "https://a.example/"):
        assert isinstance(session.get_adapter(url), IdempotentAdapter)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the TypeScript wrapper as JavaScript."""
    return compile_typescript(tmp_path_factory.mktemp("typescript"), WRAPPER)


def test_typescript_fetch(compiled: Path, mock: str, proxy: DroppingProxy) -> None:
    shutil.copy(Path(__file__).with_name("drive.mjs"), compiled)
    assert_one_effect_a_call(json.loads(node(compiled / "drive.mjs", proxy.url, str(CALLS))), mock, proxy)


TYPESCRIPT_CASE = """
import { idempotentFetch } from "./idempotentFetch.js";
const [url, method, key, attempts] = process.argv.slice(2);
const send = idempotentFetch({ attempts: Number(attempts), backoff: 1 });
const headers = key ? { "idempotency-key": key } : {};
const response = await send(url, { method, headers, body: method === "GET" ? undefined : "{}" });
console.log(response.status);
"""


@pytest.mark.parametrize(
    ("script", "method", "key", "sent", "status"),
    [
        ([(500, {}), (503, {}), (201, {})], "POST", "", 3, 201),
        ([(409, {"Retry-After": "0"}), (201, {})], "PATCH", "", 2, 201),
        ([(409, {}), (201, {})], "POST", "", 1, 409),
        ([(422, {"Retry-After": "0"}), (201, {})], "POST", "", 1, 422),
        ([(503, {})], "POST", "", 4, 503),
        ([(500, {}), (201, {})], "POST", "mine", 2, 201),
        ([(503, {}), (200, {})], "GET", "", 1, 503),
    ],
)
def test_typescript_fetch_decides_as_the_others_do(
    script: list[tuple[int, dict[str, str]]],
    method: str,
    key: str,
    sent: int,
    status: int,
    compiled: Path,
    scripted: Scripted,
) -> None:
    scripted.script = list(script)
    (compiled / "case.mjs").write_text(TYPESCRIPT_CASE, encoding="utf-8")
    assert node(compiled / "case.mjs", scripted.url, method, key, "4").strip() == str(status)
    assert len(scripted.requests) == sent
    (used,) = {each for _, each, _ in scripted.requests}
    assert used == (None if method == "GET" else key or used)
    assert method == "GET" or used
