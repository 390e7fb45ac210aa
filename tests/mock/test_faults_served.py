"""Faults over real connections: the windows are there, and clients get into them."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from faulty_mock import DOCUMENT, fresh_key

from idemlint.mock.assembly import create_app
from idemlint.mock.pytest_plugin import RunningMock
from idemlint.openapi.document import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

BODY = json.dumps({"amount": 5, "note": "tea"})


@contextmanager
def served(*faults: str, document: str = DOCUMENT, **options: object) -> Iterator[RunningMock]:
    mock = RunningMock(create_app(parse(document, "payments.yaml"), faults=faults, **options))
    try:
        yield mock
    finally:
        mock.stop()


def connect(mock: RunningMock) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(mock.url).netloc, timeout=10)


def post(
    mock: RunningMock, key: str, *, name: str = "Idempotency-Key", prefer: str = "", keep: bool = False
) -> tuple[int, str]:
    """Status and place of what was made, over a connection of its own."""
    connection = connect(mock)
    headers = {name: key, "Content-Type": "application/json"} | ({"Prefer": prefer} if prefer else {})
    connection.request("POST", "/payments", body=BODY, headers=headers)
    answer = connection.getresponse()
    answer.read()
    if not keep:
        connection.close()
    return answer.status, answer.headers.get("Location", "")


def race(mock: RunningMock, key: str, *, number: int = 2, prefer: str = "") -> list[int]:
    """Statuses of requests that are sent but for their last byte, and then let go."""
    connections = [socket.create_connection(urlsplit(mock.url).netloc.split(":")) for _ in range(number)]
    head = f"POST /payments HTTP/1.1\r\nHost: mock\r\nIdempotency-Key: {key}\r\nContent-Type: application/json\r\n"
    head += f"Prefer: {prefer}\r\n" if prefer else ""
    whole = f"{head}Content-Length: {len(BODY)}\r\nConnection: close\r\n\r\n{BODY}".encode()
    for connection in connections:
        connection.sendall(whole[:-1])
    time.sleep(0.02)
    for connection in connections:
        connection.sendall(whole[-1:])
    statuses = []
    for connection in connections:
        with connection, connection.makefile("rb") as answer:
            statuses.append(int(answer.read().split(b" ", 2)[1]))
    return sorted(statuses)


def test_without_faults() -> None:
    with served() as mock:
        for _ in range(5):
            assert set(race(mock, fresh_key())) <= {201, 409}
        assert mock.effects() == {"POST /payments": 5}


@pytest.mark.parametrize(
    ("fault", "statuses", "ran"),
    [
        ("toctou", [201, 201], 2),
        ("overwrite-reservation", [201, 201], 2),
        ("no-reread", [201, 201], 2),
        ("race-503", [201, 503], 1),
    ],
)
def test_a_race_over_two_connections(fault: str, statuses: list[int], ran: int) -> None:
    with served(fault) as mock:
        rounds = [race(mock, fresh_key()) for _ in range(5)]
        assert rounds.count(statuses) >= 4
        assert mock.effects()["POST /payments"] >= 4 * ran + 1


@pytest.mark.parametrize(("fault", "ran"), [("lock-ttl=0.1", 2), ("foreign-unlock=0.1", 2), ("toctou", 2)])
def test_a_duplicate_of_slow_work(fault: str, ran: int) -> None:
    with served(fault) as mock:
        key = fresh_key()
        first = threading.Thread(target=post, args=(mock, key), kwargs={"prefer": "delay=400"})
        first.start()
        time.sleep(0.2)
        assert post(mock, key)[0] == 201
        first.join()
        assert mock.effects() == {"POST /payments": ran}


@pytest.mark.parametrize("reset", [True, False], ids=["RST", "FIN"])
@pytest.mark.parametrize(("faults", "ran"), [((), 1), (("abort-cancels-store",), 2)], ids=["clean", "faulty"])
def test_a_client_that_hangs_up(faults: tuple[str, ...], ran: int, reset: bool) -> None:
    with served(*faults) as mock:
        key = fresh_key()
        connection = connect(mock)
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        connection.request("POST", "/payments", body=BODY, headers=headers)
        time.sleep(0.05)
        if reset:
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        time.sleep(0.2)
        assert mock.effects() == {"POST /payments": 1}
        assert post(mock, key)[0] == 201
        assert post(mock, key)[0] == 201
        assert mock.effects() == {"POST /payments": ran}


@pytest.mark.parametrize(("faults", "different"), [((), 1), (("per-instance",), 2)])
def test_connections_of_their_own(faults: tuple[str, ...], different: int) -> None:
    with served(*faults) as mock:
        key = fresh_key()
        assert len({post(mock, key)[1] for _ in range(4)}) == different
        connection = connect(mock)
        places = set()
        key = fresh_key()
        for _ in range(4):
            headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
            connection.request("POST", "/payments", body=BODY, headers=headers)
            answer = connection.getresponse()
            answer.read()
            places.add(answer.headers["Location"])
        connection.close()
        assert len(places) == 1


@pytest.mark.parametrize("name", ["idempotency-key", "IDEMPOTENCY-KEY", "Idempotency-key"])
def test_the_spelling_of_the_header(name: str) -> None:
    with served() as mock:
        key = fresh_key()
        assert post(mock, key) == post(mock, key, name=name)
    with served("header-case") as mock:
        key = fresh_key()
        assert post(mock, key)[0] == 201
        assert post(mock, key, name=name)[0] == 400
        assert post(mock, key)[0] == 201
        assert mock.effects() == {"POST /payments": 1}


def test_the_spelling_is_that_of_the_profile() -> None:
    document = DOCUMENT.replace("Idempotency-Key", "cko-idempotency-key").replace(
        "required: true, schema: {type: string, m", "schema: {type: string, m"
    )
    with served("header-case", document=document, profile="checkout-com") as mock:
        assert post(mock, "k", name="Cko-Idempotency-Key") == post(mock, "k", name="Cko-Idempotency-Key")
        assert post(mock, "k", name="cko-idempotency-key") != post(mock, "k", name="cko-idempotency-key")


def test_a_length_that_belongs_to_another_body() -> None:
    """The connection stays usable: nothing is sent beyond the length that was said."""
    with served("length-mismatch") as mock:
        key, connection, lengths = fresh_key(), connect(mock), []
        for _ in range(3):
            headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
            connection.request("POST", "/payments", body=BODY, headers=headers)
            lengths.append(len(connection.getresponse().read()))
        connection.close()
        assert len(set(lengths)) == 1
