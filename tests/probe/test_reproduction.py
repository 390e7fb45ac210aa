"""What a report holds of a request is what went out, and its commands show the same again: by a real curl, on a socket."""

from __future__ import annotations

import contextlib
import copy
import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from api_server import api_server
from probed import probed, results
from small_api import DOCUMENT, problem

from idemlint.reporters.options import ReportOptions
from idemlint.reporters.probe.har import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from api_server import ApiServer, Asked
    from small_api import Answer

    from idemlint.probe_report import CheckResult

real_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


def statuses(commands: str) -> list[int]:
    """Of the answers that the commands get, in their order."""
    done = subprocess.run(["bash", "-c", commands], capture_output=True, timeout=30, check=False)
    return [int(each) for each in re.findall(r"HTTP/1\.1 (\d{3}) ", done.stdout.decode())]


def keyed(asked: Asked) -> str | None:
    return asked.headers.get("idempotency-key")


def run(server: ApiServer, *wanted: str, document: dict[str, Any] = DOCUMENT, **settings: Any) -> list[CheckResult]:
    report = probed(json.dumps(document), server.url, **{"select": wanted, **settings})
    return [results(report, each)[0] for each in wanted]


def breaks_on_empty(_: int, asked: Asked) -> Answer | None:
    return problem(500, "no key at hand") if keyed(asked) == "" else None


def test_the_lines_that_went_out_are_what_is_recorded() -> None:
    with api_server(breaks_on_empty) as server:
        report = probed(json.dumps(DOCUMENT), server.url, select=("KEY-02", "KEY-06", "KEY-08"), keep_exchanges=True)
    [empty], [twice], [spelled] = (results(report, each) for each in ("KEY-02", "KEY-06", "KEY-08"))
    lines = [_keys(each.request.headers) for each in empty.exchanges]
    assert lines == [["Idempotency-Key: "], ["Idempotency-Key: "], ['Idempotency-Key: ""'], ['Idempotency-Key: ""']]
    double, single = twice.exchanges
    assert _keys(double.request.headers) == _keys(single.request.headers) * 2
    assert double.key == single.key != ""
    assert [_keys(each.request.headers)[0].partition(":")[0] for each in spelled.exchanges] == [
        "idempotency-key",
        "IDEMPOTENCY-KEY",
        "Idempotency-Key",
    ]
    assert len({each.key for each in spelled.exchanges}) == 1
    archive = json.loads(render(report, ReportOptions("/")))
    entry = next(each for each in archive["log"]["entries"] if each["_number"] == double.number)
    assert sum(line["name"] == "Idempotency-Key" for line in entry["request"]["headers"]) == 2


def _keys(headers: tuple[tuple[str, str], ...]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers if name.lower() == "idempotency-key"]


def say_plainly(server: ApiServer, refusal: int) -> None:
    """From now on the server refuses with that status in plain text."""
    answer = server.api.answer

    def plain(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        status, fields, content = answer(method, path, headers, body)
        return (status, {"Content-Type": "text/plain"}, b"no") if status == refusal else (status, fields, content)

    server.api.answer = plain


@real_curl
def test_an_empty_key_breaks_it_again() -> None:
    with api_server(breaks_on_empty) as server:
        [empty] = run(server, "KEY-02")
        assert empty.verdict == "fail"
        assert statuses(empty.reproduce)[0] == 500


@contextlib.contextmanager
def served_as(rewrite: Callable[[str], str]) -> Iterator[ApiServer]:
    """A server that takes a key for another one."""
    with api_server() as server:
        answer = server.api.answer

        def rewriting(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
            key = headers.get("idempotency-key")
            return answer(method, path, headers if key is None else {"idempotency-key": rewrite(key)}, body)

        server.api.answer = rewriting
        yield server


@real_curl
def test_a_key_in_two_lines_is_another_again() -> None:
    with served_as(lambda key: key.replace(",", "+")) as server:
        [twice] = run(server, "KEY-06")
        assert twice.verdict == "fail", twice.reason
        before = len(server.api.payments)
        assert statuses(twice.reproduce) == [201, 201]
        assert len(server.api.payments) == before + 2


@real_curl
def test_the_quoted_and_the_bare_key_are_what_is_sent_again() -> None:
    with served_as(lambda key: key.replace('"', "q")) as server:
        [form] = run(server, "KEY-09", profile="telnyx")
        assert form.reason == 'a key quoted ("k") and bare (k) is two keys: the work ran twice'
        sent = [line for line in form.reproduce.split("\n") if line.startswith("curl")]
        first, second = (re.findall(r"Idempotency-Key: ([^']*)", line)[0] for line in sent)
        assert first == f'"{second}"'
        before = len(server.api.payments)
        assert statuses(form.reproduce) == [201, 201]
        assert len(server.api.payments) == before + 2


@real_curl
def test_work_that_runs_twice_runs_twice_again() -> None:
    with api_server(lambda _, asked: _forgetful(server, asked)) as server:
        [replay] = run(server, "RPL-01")
        assert replay.verdict == "fail"
        assert all(each.key not in replay.reproduce for each in replay.exchanges)
        before = len(server.api.payments)
        assert statuses(replay.reproduce) == [201, 201]
        assert len(server.api.payments) == before + 2


def _forgetful(server: ApiServer, asked: Asked) -> None:
    if asked.method == "POST":
        server.api.keys.clear()


@real_curl
def test_unique_values_are_new_again() -> None:
    """A server that takes an order number once: with the run's own the commands would show its refusal, and no more."""
    document = copy.deepcopy(DOCUMENT)
    schema = document["paths"]["/payments"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schema["properties"]["order_number"] = {"type": "string", "minLength": 4, "maxLength": 40}
    schema["required"].append("order_number")
    with api_server() as server:
        answer, taken = server.api.answer, set[str]()

        def once(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
            if method == "POST":
                server.api.keys.clear()
                number = f"{json.loads(body)['order_number']} {headers.get('idempotency-key')}"
                if number.partition(" ")[0] in {each.partition(" ")[0] for each in taken - {number}}:
                    return problem(409, "that order was placed")
                taken.add(number)
            return answer(method, path, headers, body)

        server.api.answer = once
        [replay] = run(server, "RPL-01", document=document)
        assert replay.verdict == "fail"
        assert statuses(replay.reproduce) == [201, 201]


@real_curl
def test_a_refusal_in_flight_comes_of_two_commands_at_once() -> None:
    """The 409 has a media type that the document does not declare."""
    with api_server() as server:
        say_plainly(server, 409)
        [refusal] = run(server, "FMT-02")
        assert refusal.verdict == "fail", refusal.reason
        lines = refusal.reproduce.split("\n")
        assert [line.endswith(" &") for line in lines if line.startswith("curl")] == [True, True]
        assert lines[-1] == "wait"
        assert len(statuses(refusal.reproduce)) == 2


@real_curl
def test_half_a_body_is_half_a_body_again() -> None:
    bodies: list[bytes] = []
    with api_server() as server:
        answer = server.api.answer

        def listening(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
            if method == "POST":
                bodies.append(body)
                server.api.keys.clear()
                if len(body) < int(headers["content-length"]):  # makes do with what came
                    body = bodies[-2]
            return answer(method, path, headers, body)

        server.api.answer = listening
        [half] = run(server, "FLT-03")
        assert half.verdict == "fail", half.reason
        cut = half.exchanges[0]
        assert 0 < cut.request.size < half.exchanges[1].request.size
        assert "# the body was cut off after" in half.reproduce
        bodies.clear()
        statuses(half.reproduce)
    assert len(bodies[0]) < len(bodies[1])


def test_accounts_are_told_apart_in_commands_and_records_and_yet_masked() -> None:
    with api_server() as server:
        [tenants] = run(server, "SCP-01")
    assert "Bearer ***'" in tenants.reproduce
    assert "Bearer *** (account B)'" in tenants.reproduce
    assert "credential" not in tenants.reproduce
    shown = {dict(each.request.headers)["Authorization"] for each in tenants.exchanges}
    assert shown == {"Bearer ***", "Bearer *** (account B)"}


@real_curl
def test_a_refusal_of_another_payload_is_refused_again() -> None:
    """The 422 has a media type that the document does not declare."""
    with api_server() as server:
        say_plainly(server, 422)
        [refusal] = run(server, "FMT-03")
        assert refusal.verdict == "fail", refusal.reason
        assert statuses(refusal.reproduce) == [201, 422]


@real_curl
def test_a_lone_refusal_keeps_its_key() -> None:
    """What made the server refuse it was an earlier request, which the check does not show."""
    with api_server() as server:
        answer = server.api.answer

        def odd(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
            status, fields, content = answer(method, path, headers, body)
            return (418, fields, content) if status == 422 else (status, fields, content)

        server.api.answer = odd
        [undeclared] = run(server, "FMT-06", select=("FPR-01", "FMT-06"))
        assert undeclared.reason == "not declared: 418"
        assert statuses(undeclared.reproduce) == [418]
