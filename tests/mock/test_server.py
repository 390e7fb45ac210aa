"""The server as a process: it starts when it says so, survives its workers and its clients, and ends when it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import tracemalloc
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import trustme
from process import environment, idemlint
from served import children, served, wait_until

from idemlint.mock import create_app
from idemlint.mock.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.mock.pytest_plugin import RunningMock

DOCUMENT = Path(__file__).parents[1] / "benchmarks" / "payments.yaml"
BODY = {"amount": 100, "currency": "EUR"}


def post(url: str, key: str | None = None, **more: object) -> httpx.Response:
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    return httpx.post(url + "/payments", json=BODY, headers=headers, timeout=15, **more)


def total(url: str) -> int:
    count = httpx.get(url + "/_idemlint/effects", timeout=15).json()["total"]
    assert isinstance(count, int)
    return count


# --- start and stop ----------------------------------------------------------------------------------------------------


def test_it_says_where_it_listens_and_replays() -> None:
    with served(DOCUMENT) as mock:
        assert re.fullmatch(r"listening on http://127\.0\.0\.1:\d+\n", mock.line)
        key = str(uuid.uuid4())
        first, again = post(mock.url, key), post(mock.url, key)
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        assert "idempotent-replayed" not in first.headers
        assert again.headers["idempotent-replayed"] == "true"
        assert first.headers["x-request-id"] != again.headers["x-request-id"]
        assert first.headers["date"]
        assert "server" not in first.headers
        assert total(mock.url) == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_signal_ends_it_at_once_and_frees_the_port(number: int, code: int, workers: str) -> None:
    with served(DOCUMENT, "--workers", workers) as mock, httpx.Client(base_url=mock.url) as client:
        assert client.get("/payments").status_code == 200  # and the connection stays open
        pids = children(mock.process.pid)
        started = time.monotonic()
        assert mock.stop(number) == code
        assert time.monotonic() - started < 4
        assert wait_until(lambda: not any(alive(pid) for pid in pids), 5)  # multiprocessing's own process ends last
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind((mock.host, mock.port))
        assert "Traceback" not in mock.errors


@pytest.mark.parametrize("workers", ["1", "3"])
def test_ctrl_c_in_a_terminal_reaches_all_processes_at_once(workers: str) -> None:
    with served(DOCUMENT, "--workers", workers) as mock:
        pids = serving(mock.process.pid)
        started = time.monotonic()
        os.killpg(mock.process.pid, signal.SIGINT)
        assert mock.process.wait(10) == 130
        assert time.monotonic() - started < 4
        assert not any(alive(pid) for pid in pids)
        assert "Traceback" not in mock.errors
        assert "died" not in mock.errors


def test_requests_at_work_come_to_their_end_when_it_stops() -> None:
    with served(DOCUMENT, "--delay", "700") as mock, ThreadPoolExecutor() as threads:
        answer = threads.submit(post, mock.url)
        time.sleep(0.3)
        mock.process.send_signal(signal.SIGTERM)
        assert answer.result(10).status_code == 201
        assert mock.process.wait(10) == 0


def test_a_port_in_use_is_one_clear_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = idemlint("mock", DOCUMENT, "--port", str(port))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[0] == f"error: port {port} on 127.0.0.1 is in use"
    assert "--port 0" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_store_that_is_down_is_one_clear_error(workers: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        done = idemlint("mock", DOCUMENT, "--port", "0", "--workers", workers, "--store", f"redis://127.0.0.1:{port}/0")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


# --- workers -----------------------------------------------------------------------------------------------------------


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def serving(pid: int) -> list[int]:
    """The children that serve: multiprocessing's resource tracker is one as well."""
    found = []
    for child in children(pid):
        try:
            command = Path(f"/proc/{child}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):  # it has ended since it was listed
            continue
        if b"spawn_main" in command:
            found.append(child)
    return found


def test_workers_share_one_store_and_the_clock() -> None:
    with served(DOCUMENT, "--workers", "3", "--ttl", "60") as mock:
        assert wait_until(lambda: "temporary SQLite" in mock.errors)
        assert len(serving(mock.process.pid)) == 3
        key = str(uuid.uuid4())
        with ThreadPoolExecutor(24) as threads:
            answers = list(threads.map(lambda _: post(mock.url, key), range(24)))
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert total(mock.url) == 1
        bodies = {post(mock.url, key).text for _ in range(12)}  # each on a connection of its own
        assert len(bodies) == 1
        httpx.post(mock.url + "/_idemlint/clock", json={"seconds": 61})
        offsets = {httpx.get(mock.url + "/_idemlint/clock").json()["offset"] for _ in range(12)}
        assert offsets == {61.0}
        assert post(mock.url, key).text not in bodies
        assert total(mock.url) == 2


def test_a_worker_that_dies_is_started_again_and_its_keys_are_kept() -> None:
    with served(DOCUMENT, "--workers", "2") as mock:
        key = str(uuid.uuid4())
        first = post(mock.url, key)
        before = serving(mock.process.pid)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        assert wait_until(lambda: len(set(serving(mock.process.pid)) - set(before)) == 2)
        assert wait_until(lambda: mock.errors.count("a worker died (exit code -9) and is started again") == 2)
        assert post(mock.url, key).json() == first.json()
        assert total(mock.url) == 1


def test_workers_end_with_a_parent_that_is_killed_and_leave_nothing_behind(tmp_path: Path) -> None:
    with served(DOCUMENT, "--workers", "2", TMPDIR=str(tmp_path)) as mock:
        pids = serving(mock.process.pid)
        assert len(pids) == 2
        assert list(tmp_path.glob("idemlint-mock-*"))
        mock.process.kill()
        mock.process.wait()
        assert wait_until(lambda: not any(alive(pid) for pid in pids), 5)
        assert wait_until(lambda: not list(tmp_path.glob("idemlint-mock-*")), 5)
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind((mock.host, mock.port))


def test_the_temporary_store_is_removed_at_the_end(tmp_path: Path) -> None:
    with served(DOCUMENT, "--workers", "2", TMPDIR=str(tmp_path)) as mock:
        post(mock.url)
        assert mock.stop() == 0
    assert not list(tmp_path.iterdir())


# --- clients that go away, or take their time ---------------------------------------------------------------------------


@pytest.fixture
def mock(idemlint_mock: Callable[..., RunningMock]) -> RunningMock:
    limits = Limits(head_seconds=0.5, body_seconds=1.0, idle_seconds=1.5, linger_seconds=0.5, connections=20)
    return idemlint_mock(DOCUMENT, limits=limits, delay=0.2, lease=10)


def connect(mock: RunningMock) -> socket.socket:
    host, _, port = mock.url.removeprefix("http://").rpartition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def raw(key: str, body: bytes | None = None) -> bytes:
    body = json.dumps(BODY).encode() if body is None else body
    head = f"POST /payments HTTP/1.1\r\nHost: mock\r\nContent-Type: application/json\r\nIdempotency-Key: {key}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def everything(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_a_client_that_leaves_in_the_middle_of_its_body_leaves_no_trace(mock: RunningMock) -> None:
    key = str(uuid.uuid4())
    with connect(mock) as connection:
        connection.sendall(raw(key)[:-3])
    time.sleep(0.5)
    assert mock.effects() == {}
    answer = post(mock.url, key)
    assert answer.status_code == 201
    assert "idempotent-replayed" not in answer.headers


def test_the_work_of_a_client_that_leaves_behind_its_body_is_done_and_kept(mock: RunningMock) -> None:
    key = str(uuid.uuid4())
    with connect(mock) as connection:
        connection.sendall(raw(key))
        time.sleep(0.05)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, no farewell
    assert wait_until(lambda: mock.effects() == {"POST /payments": 1})
    answer = post(mock.url, key)
    assert answer.status_code == 201
    assert answer.headers["idempotent-replayed"] == "true"
    assert mock.effects() == {"POST /payments": 1}


def test_a_client_that_only_says_that_it_sends_no_more_gets_its_answer(mock: RunningMock) -> None:
    with connect(mock) as connection:
        connection.sendall(raw(str(uuid.uuid4())))
        connection.shutdown(socket.SHUT_WR)
        assert everything(connection).startswith(b"HTTP/1.1 201 Created\r\n")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"POST /payments HT", b"HTTP/1.1 408 "),
        (raw("k", b"{}")[:-1], b"HTTP/1.1 408 "),
        (b"GET /payments HTTP/1.1\r\nHost: mock\r\n\r\nGET /pay", b"HTTP/1.1 200 "),
        (b"", b""),
    ],
    ids=["head", "body", "second head", "nothing"],
)
def test_slow_clients_are_shown_out(mock: RunningMock, sent: bytes, expected: bytes) -> None:
    with connect(mock) as connection:
        started = time.monotonic()
        connection.sendall(sent)
        answer = everything(connection)
        assert time.monotonic() - started < 5
    assert answer.startswith(expected)
    assert bool(answer) == bool(expected)


def test_a_byte_now_and_then_is_no_progress(mock: RunningMock) -> None:
    request = raw(str(uuid.uuid4()))
    with connect(mock) as connection:
        started = time.monotonic()
        with contextlib.suppress(OSError):
            for byte in request:
                connection.sendall(bytes([byte]))
                time.sleep(0.1)
        assert time.monotonic() - started < 6
    assert mock.effects() == {}


def test_a_delay_is_no_slowness_of_the_client(idemlint_mock: Callable[..., RunningMock]) -> None:
    mock = idemlint_mock(DOCUMENT, limits=Limits(head_seconds=0.2, body_seconds=0.2, idle_seconds=0.2), delay=2.5)
    assert post(mock.url).status_code == 201


def test_connections_beyond_the_limit_get_503(mock: RunningMock) -> None:
    held = [connect(mock) for _ in range(20)]
    try:
        with connect(mock) as connection:
            assert everything(connection).startswith(b"HTTP/1.1 503 ")
    finally:
        for connection in held:
            connection.close()


def test_an_answer_that_nobody_reads_is_given_up(idemlint_mock: Callable[..., RunningMock]) -> None:
    mock = idemlint_mock(DOCUMENT, limits=Limits(body_seconds=0.5))
    large = b"\r\nPrefer: size=8000000\r\n"
    with connect(mock) as connection:
        connection.sendall(b"".join(raw(str(uuid.uuid4())).replace(b"\r\n", large, 1) for _ in range(4)))
        assert wait_until(lambda: mock.effects() == {"POST /payments": 1})
        assert len(mock.connections) == 1
        assert wait_until(lambda: not mock.connections, 5)
        assert mock.effects() == {"POST /payments": 1}  # the next one waited for the answer to go
    assert httpx.get(mock.url + "/payments").status_code == 200


# --- memory ------------------------------------------------------------------------------------------------------------


async def _load(url: str, number: int) -> None:
    """Keyed POSTs with distinct keys over 16 connections, each written by hand: httpx would take most of the time."""
    host, _, port = url.removeprefix("http://").rpartition(":")

    async def some(share: int) -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for _ in range(share):
            writer.write(raw(str(uuid.uuid4())))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 201 ")
            length = re.search(rb"content-length: (\d+)", head)
            assert length
            await reader.readexactly(int(length[1]))
        writer.close()

    await asyncio.gather(*(some(number // 16) for _ in range(16)))


def rss(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_an_hour_of_keys_leaves_no_memory_behind(tmp_path: Path) -> None:
    """Sixty minutes by the mock's clock, each with new keys; those of an earlier minute are over by then.

    What the work makes is kept on purpose, so that this document's work makes nothing to keep.
    """
    document = tmp_path / "api.yaml"
    text = DOCUMENT.read_text(encoding="utf-8")
    document.write_text(text[: text.index("    get:")] + text[text.index("components:") :], encoding="utf-8")
    with served(document, "--ttl", "60") as mock:

        def minute(keys: int) -> int:
            asyncio.run(_load(mock.url, keys))
            held = rss(mock.process.pid)
            assert httpx.post(mock.url + "/_idemlint/clock", json=61).status_code == 200
            return held

        for _ in range(3):
            minute(1600)
        start = rss(mock.process.pid)
        highest = max(minute(240) for _ in range(57))
        end = rss(mock.process.pid)
    assert end < start * 1.1, f"{start} at the start, {highest} at the most, {end} at the end"


def test_many_keys_at_once_are_forgotten_whole(idemlint_mock: Callable[..., RunningMock]) -> None:
    """What Python has allocated, which says more than what the process holds."""
    mock = idemlint_mock(DOCUMENT, ttl=3600)
    asyncio.run(_load(mock.url, 320))
    mock.reset()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        asyncio.run(_load(mock.url, 3200))
        full = tracemalloc.get_traced_memory()[0] - before
        mock.move_clock(3601)
        counted = mock.effects()
        mock.reset()
        gc.collect()
        left = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert counted == {"POST /payments": 3200}
    assert full > 1_000_000
    assert left < full / 10


# --- TLS ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    key.write_bytes(issued.private_key_pem.bytes())
    # with the authority's own at its end, the chain is what clients trust, too
    cert.write_bytes(b"".join(blob.bytes() for blob in (*issued.cert_chain_pems, authority.cert_pem)))
    return cert, key


@pytest.mark.parametrize(("http2", "version"), [(False, "HTTP/1.1"), (True, "HTTP/2")])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_https(certificate: tuple[Path, Path], http2: bool, version: str, workers: str) -> None:
    cert, key = certificate
    options = ["--certfile", str(cert), "--keyfile", str(key), "--workers", workers, *(["--http2"] if http2 else [])]
    context = ssl.create_default_context(cafile=str(cert))
    with served(DOCUMENT, *options) as mock:
        assert mock.url.startswith("https://")
        with httpx.Client(base_url=mock.url, verify=context, http2=True) as client:
            headers = {"Idempotency-Key": str(uuid.uuid4())}
            first, again = (client.post("/payments", json=BODY, headers=headers) for _ in range(2))
            assert first.http_version == version
            assert first.status_code == 201
            assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
            large = client.post("/payments", content=b"x" * (17 << 20), headers=headers)
            assert large.status_code == 413
        started = time.monotonic()
        assert mock.stop() == 0
        assert time.monotonic() - started < 5


@pytest.mark.parametrize("more", [(), ("--http2",)], ids=["http1", "http2"])
def test_what_clients_do_to_a_tls_port_is_no_news(certificate: tuple[Path, Path], more: tuple[str, ...]) -> None:
    cert, key = certificate
    context = ssl.create_default_context(cafile=str(cert))
    with served(DOCUMENT, "--certfile", str(cert), "--keyfile", str(key), "--delay", "30000", *more) as mock:
        for sent in (b"GET / HTTP/1.1\r\nHost: mock\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"\x00" * 5000, b""):
            with socket.create_connection((mock.host, mock.port), timeout=10) as connection:
                connection.sendall(sent)
        host = (mock.host, mock.port)
        with (
            socket.create_connection(host, timeout=10) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
        ):
            secure.sendall(raw(str(uuid.uuid4()))[:-1])
        with (
            socket.create_connection(host, timeout=10) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
        ):
            secure.sendall(raw(str(uuid.uuid4())))
            time.sleep(0.2)
            started = time.monotonic()
            assert mock.stop() == 0  # with work under way
            assert time.monotonic() - started < 5
        assert mock.errors == ""


def test_files_that_are_no_certificate_are_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("nonsense", encoding="ascii")
    for more in ([], ["--http2"]):
        done = idemlint("mock", DOCUMENT, "--port", "0", "--certfile", tmp_path / "cert.pem", *more)
        assert done.returncode == 2
        assert done.stderr.startswith("error: the certificate or its key cannot be used")
        assert "Traceback" not in done.stderr


# --- in a test's own process -------------------------------------------------------------------------------------------


def test_the_pytest_fixture_serves_and_can_be_asked(idemlint_mock: Callable[..., RunningMock]) -> None:
    mock = idemlint_mock(DOCUMENT, ttl=60)
    other = idemlint_mock(DOCUMENT)
    assert mock.url != other.url
    key = str(uuid.uuid4())
    first = post(mock.url, key).json()
    assert post(mock.url, key).json() == first
    assert mock.effects() == {"POST /payments": 1}
    assert other.effects() == {}
    mock.move_clock(61)
    assert post(mock.url, key).json() != first
    mock.reset()
    assert mock.effects() == {}


def test_a_mock_that_cannot_start_says_so_in_the_test(idemlint_mock: Callable[..., RunningMock]) -> None:
    from idemlint.mock.stores.protocol import StoreDownError

    with pytest.raises(StoreDownError):
        idemlint_mock(DOCUMENT, store="redis://127.0.0.1:1/0")


def test_it_can_be_served_by_uvicorn_from_its_name(tmp_path: Path) -> None:
    (tmp_path / "mocked.py").write_text(
        f"from idemlint.mock import create_app\napp = create_app({str(DOCUMENT)!r})\n", encoding="utf-8"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "mocked:app", "--port", str(port), "--log-level", "warning"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment(PYTHONPATH=str(tmp_path)))
    try:
        url = f"http://127.0.0.1:{port}"

        def up() -> bool:
            try:
                return httpx.get(url + "/payments").status_code == 200
            except httpx.TransportError:
                return False

        assert wait_until(up)
        key = str(uuid.uuid4())
        assert post(url, key).json() == post(url, key).json()
    finally:
        process.terminate()
        process.wait(10)


def test_create_app_without_a_server_opens_its_store_by_itself() -> None:
    async def run() -> None:
        app = create_app(DOCUMENT)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
            headers = {"Idempotency-Key": str(uuid.uuid4())}
            answers = [await client.post("/payments", json=BODY, headers=headers) for _ in range(2)]
            assert answers[0].json() == answers[1].json()
            assert (await client.get("/_idemlint/effects")).json()["total"] == 1

    asyncio.run(run())
