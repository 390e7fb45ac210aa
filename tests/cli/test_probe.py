"""`idemlint probe` as a process: exit codes, plans, consent, formats, replays, configuration, and what is wrong usage."""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from api_server import api_server
from process import environment, idemlint
from small_api import DOCUMENT, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api_server import ApiServer

TESTS = str(Path(__file__).parents[1])
NOBODY = "http://127.0.0.1:1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "openapi.json").write_text(json.dumps(DOCUMENT))
    return tmp_path


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    with api_server() as running:
        yield running


@pytest.fixture(scope="module")
def racy() -> Iterator[ApiServer]:
    with api_server(races=True) as running:
        yield running


def probe(folder: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    done = idemlint("probe", *arguments, cwd=folder, PYTHONPATH=TESTS, **extra)
    assert "Traceback" not in done.stderr
    return done


# --- exit codes --------------------------------------------------------------------------------------------------------


def test_kept_promises_are_0(folder: Path, server: ApiServer) -> None:
    done = probe(folder, "openapi.json", "--url", server.url, "--seed", "5", "--select", "RPL-01,CON-01")
    assert (done.returncode, done.stderr) == (0, "")
    assert "ietf-07 · suite core · seed 5" in done.stdout
    assert "2 passed" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 1),
        (("--exit-zero",), 0),
        (("--fail-on", "never"), 0),
        (("--fail-on", "warn"), 1),
        (("--ignore", "CON-01"), 0),
        (("--except", "POST /payments"), 0),
    ],
)
def test_a_broken_promise_is_1_unless_told_otherwise(
    folder: Path, racy: ApiServer, arguments: tuple[str, ...], code: int
) -> None:
    done = probe(folder, "openapi.json", "--url", racy.url, "--select", "CON-01,RPL-01", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert ("CON-01 two concurrent duplicates" in done.stdout) is (
        code == 1 or "--exit-zero" in arguments or "never" in arguments
    )


def test_inconclusive_is_0_and_1_with_strict(folder: Path) -> None:
    with api_server(lambda _number, asked: problem(500, "no") if asked.method == "POST" else None) as broken:
        arguments = ("openapi.json", "--url", broken.url, "--select", "RPL-01", "--max-wait", "1")
        assert probe(folder, *arguments).returncode == 0
        assert probe(folder, *arguments, "--strict").returncode == 1
        assert probe(folder, *arguments, "--strict", "--exit-zero").returncode == 0


def test_a_document_without_keys_is_0_and_says_so(folder: Path, server: ApiServer) -> None:
    (folder / "none.json").write_text(json.dumps({**DOCUMENT, "paths": {}}))
    done = probe(folder, "none.json", "--url", server.url)
    assert done.returncode == 0
    assert "no operation of the document takes keys: nothing was probed" in done.stderr


def test_lost_credentials_are_2_and_the_report_is_there(folder: Path) -> None:
    with api_server(
        lambda number, asked: problem(401, "no") if number > 20 and asked.method == "POST" else None
    ) as closed:
        done = probe(folder, "openapi.json", "--url", closed.url, "-f", "json=r.json", "-f", "text")
    assert done.returncode == 2
    assert "error: authentication was lost: the target answered 401 2 times in a row" in done.stderr
    assert json.loads((folder / "r.json").read_text())["interrupted"].startswith("authentication was lost")


def test_credentials_that_were_never_taken_are_told(folder: Path) -> None:
    with api_server(lambda _number, asked: problem(401, "no") if asked.method == "POST" else None) as closed:
        done = probe(folder, "openapi.json", "--url", closed.url)
    assert done.returncode == 0
    assert "401" in done.stdout
    assert "warning: nothing could be probed" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("openapi.json", "--url", NOBODY), f"{NOBODY} does not answer: no connection", "is the server running?"),
        (("--url", NOBODY), "no document", "idemlint probe openapi.yaml"),
        (("openapi.json",), "give the target as --url or --app", "--url http://127.0.0.1:8000"),
        (("openapi.json", "--url", NOBODY, "--app", "a:b"), "give the target as --url or --app", "--url"),
        (("openapi.json", "--url", "127.0.0.1:80"), "'127.0.0.1:80' is no http or https URL", "http://127.0.0.1:8000"),
        (("openapi.json", "--url", "http://[x"), "'http://[x' is no http or https URL", "http://127.0.0.1:8000"),
        (("openapi.json", "--url", "http://a b"), "'http://a b' is no http or https URL", "http://127.0.0.1:8000"),
        (("openapi.json", "--url", "http://a:0"), "'http://a:0' is no http or https URL", "http://127.0.0.1:8000"),
        (("openapi.json", "--url", "http://a:70000"), "'http://a:70000' is no http", "http://127.0.0.1:8000"),
        (("openapi.json", "--url", "http://a:b@127.0.0.1"), "a password in it", "as a header"),
        (("openapi.json", "--url", "http://127.0.0.1/?a=1"), "a query or a fragment", ""),
        (("nowhere.json", "--url", NOBODY), "nowhere.json", ""),
        (("openapi.json", "--app", "small_api:nobody"), "small_api has no 'nobody'", "names there:"),
        (("openapi.json", "--url", NOBODY, "--select", "RPL-1"), "there is no check 'RPL-1'", "did you mean RPL-1"),
        (("openapi.json", "--url", NOBODY, "--profile", "strype-v1"), "strype-v1", "stripe-v1"),
        (("openapi.json", "--url", NOBODY, "--only", "payments"), "'payments' is no pattern", "'POST /payments'"),
        (("openapi.json", "--url", NOBODY, "--only", "POST /paymnets"), "matches no operation", "'POST /payments'?"),
        (("openapi.json", "--url", NOBODY, "-f", "json=openapi.json/r.json"), "openapi.json/r.json: Not a dir", ""),
        (("openapi.json", "--url", NOBODY, "-f", "html=."), "cannot write .: Is a directory", ""),
        (("openapi.json", "--url", NOBODY, "-H", "Bad Name: x"), "'Bad Name: x' is no header", "env:VAR"),
        (
            ("openapi.json", "--url", NOBODY, "--second-principal", "Authorization=env:NOPE"),
            "'Authorization=env:NOPE' is no header",
            "'Authorization: env:VAR'",
        ),
        (("openapi.json", "--url", NOBODY, "-H", "novalue"), "'novalue' is no header", "env:VAR"),
        (("openapi.json", "--url", NOBODY, "--auth", "Authorization=env:NOT_SET"), "NOT_SET is not set", "export"),
        (("openapi.json", "--url", NOBODY, "--rate", "fast"), "--rate 'fast' is no rate", "--rate 10/s"),
        (("openapi.json", "--url", NOBODY, "--fail-on", "fatal"), "--fail-on 'fatal' is no severity", "error, warn"),
        (("openapi.json", "--url", NOBODY, "-f", "jsn"), "unknown format 'jsn'", "json"),
        (("openapi.json", "--url", NOBODY, "--cacert", "nowhere.pem"), "certificates or proxy cannot be used", "PEM"),
        (("openapi.json", "--url", NOBODY, "--hooks", "nowhere.py"), "hooks file cannot be read", "Python file"),
        (("openapi.json", "--url", NOBODY, "--check", "RPL-01"), "--check goes with --replay", "--select RPL-01"),
        (("openapi.json", "--url", NOBODY, "--replay", "openapi.json"), "no report of this version", "-f json="),
        (("openapi.json", "--url", NOBODY, "--replay", "nowhere.json"), "cannot read the report nowhere.json", ""),
        (("openapi.json", "--url", NOBODY, "--timeout", "0"), "0", ""),
    ],
)
def test_wrong_usage_is_2_with_a_hint(folder: Path, arguments: tuple[str, ...], message: str, hint: str) -> None:
    done = probe(folder, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert hint in done.stderr


def test_a_document_that_is_no_openapi_is_2(folder: Path) -> None:
    (folder / "other.json").write_text("{}")
    done = probe(folder, "other.json", "--url", NOBODY)
    assert done.returncode == 2
    assert "not an OpenAPI document" in done.stderr


@pytest.mark.parametrize(
    ("select", "options", "code"),
    [
        ("RPL-01,CON-01", (), 2),
        ("RPL-01,CON-01", ("--exit-zero",), 2),
        ("RPL-02", (), 2),
    ],
)
def test_hooks_that_break_are_2_after_the_report(
    folder: Path, racy: ApiServer, select: str, options: tuple[str, ...], code: int
) -> None:
    (folder / "hooks.py").write_text("def count_effects(operation):\n    return [][0]\n")
    given = ("openapi.json", "--url", racy.url, "--hooks", "hooks.py", "--select", select, *options)
    done = probe(folder, *given)
    assert "inconclusive" in done.stdout
    assert done.returncode == code, done.stdout + done.stderr
    assert "error: hooks.py:2:1: the hook count_effects raised IndexError: list index out of range" in done.stderr


# --- consent and plans -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["https://api.example.com", "http://10.0.0.1", "http://127.0.0.1.example.com"])
def test_a_target_off_loopback_is_only_planned(folder: Path, url: str) -> None:
    done = probe(folder, "openapi.json", "--url", url, "-f", "html=report.html")
    assert done.returncode == 2
    assert not (folder / "report.html").exists()
    assert "Nothing was sent: the target is not on the loopback range. --allow-writes gives consent." in done.stdout
    assert "POST /payments" in done.stdout


@pytest.mark.parametrize("name", ["localhost", "127.8.9.1", "[::1]", "shop.localhost", "LOCALHOST."])
def test_loopback_has_many_names(name: str) -> None:
    from idemlint.probe.consent import is_loopback

    assert is_loopback(f"http://{name}:80/v1")


def test_a_dry_run_sends_nothing(folder: Path) -> None:
    with api_server() as quiet:
        done = probe(folder, "openapi.json", "--url", quiet.url, "--dry-run", "--seed", "9", "--max-requests", "77")
        assert quiet.asked == []
    assert done.returncode == 0
    assert "seed 9 · budget 77 requests" in done.stdout
    told = done.stdout.splitlines()
    assert told[2] == "POST /payments  28 checks and 5 controls, up to 653 requests"
    assert done.stdout.count("RPL-01") == 1
    assert max(map(len, told)) <= 80


def test_a_plan_in_json(folder: Path) -> None:
    options = ("openapi.json", "--url", NOBODY, "--dry-run", "--seed", "9")
    done = probe(folder, *options, "-f", "json", "-f", "json=plan.json")
    assert done.returncode == 0
    assert (folder / "plan.json").read_text() == done.stdout
    plan = json.loads(done.stdout)
    assert {name: plan[name] for name in ("schema_version", "target", "profile", "suite", "seed", "budget")} == {
        "schema_version": 1,
        "target": NOBODY,
        "profile": "ietf-07",
        "suite": "core",
        "seed": 9,
        "budget": 200,
    }
    (operation,) = plan["operations"]
    assert (operation["operation"], operation["blocked"]) == ("POST /payments", None)
    assert {"id": "CTL-05", "requests": 0} in operation["checks"]
    assert all(each["requests"] > 0 for each in operation["checks"] if each["id"] != "CTL-05")
    done = probe(folder, *options, "-f", "html=plan.html")
    assert (done.returncode, done.stdout) == (2, "")
    assert "a plan has no verdicts to write as html" in done.stderr
    assert not (folder / "plan.html").exists()


# --- targets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "code"), [("small_api:kept", 0), ("small_api:wsgi_kept", 0), ("small_api:racy", 1)])
def test_an_application_in_this_process(folder: Path, name: str, code: int) -> None:
    done = probe(folder, "openapi.json", "--app", name, "--select", "CON-01")
    assert done.returncode == code, done.stdout + done.stderr


def test_a_server_that_comes_up_late_is_waited_for(folder: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    late = f"import time; time.sleep(1.2); from wsgiref.simple_server import make_server; from small_api import wsgi_kept; make_server('127.0.0.1', {port}, wsgi_kept).serve_forever()"
    process = subprocess.Popen(
        [sys.executable, "-c", late], env=environment(PYTHONPATH=TESTS), stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        done = probe(folder, "openapi.json", "--url", url, "--wait-for", "20", "--select", "KEY-01")
    finally:
        process.kill()
        process.wait()
    assert done.returncode == 0, done.stderr


def test_a_path_in_the_url_goes_in_front(folder: Path) -> None:
    with api_server(lambda _number, asked: None if asked.path.startswith("/v2/") else problem(404, "no")) as server:
        answer = server.api.answer
        server.api.answer = lambda method, path, *rest: answer(method, path.removeprefix("/v2"), *rest)
        done = probe(folder, "openapi.json", "--url", f"{server.url}/v2/", "--select", "RPL-01")
    assert done.returncode == 0
    assert {each.path for each in server.posted} == {"/v2/payments"}


def test_the_gate_is_calibrated_on_canaries(folder: Path, server: ApiServer) -> None:
    arguments = ("openapi.json", "--select", "CON-01", "--calibrate", "-f", "json")
    data = json.loads(probe(folder, *arguments, "--url", server.url).stdout)
    bound = data["concurrency"]["bound_seconds"]
    assert 0 < bound < 0.02 if bound is not None else any("too busy" in note for note in data["notes"])
    data = json.loads(probe(folder, *arguments, "--app", "small_api:kept").stdout)
    assert data["concurrency"]["bound_seconds"] is None
    assert any("not calibrated: the canaries are servers" in note for note in data["notes"])


# --- formats -----------------------------------------------------------------------------------------------------------


def test_several_formats_in_one_run(folder: Path, racy: ApiServer) -> None:
    done = probe(
        folder,
        *("openapi.json", "--url", racy.url, "--select", "CON-01", "-f", "json", "-f", "har=out/run.har"),
        *("-f", "junit=out/junit.xml", "-f", "html=out/report.html"),
    )
    assert done.returncode == 1
    data = json.loads(done.stdout)
    assert (data["schema_version"], data["target"], data["summary"]["fail"]) == (1, racy.url, 1)
    assert len(json.loads((folder / "out/run.har").read_text())["log"]["entries"]) >= data["summary"]["requests"] - 1
    assert "CON-01" in (folder / "out/junit.xml").read_text()
    assert "CON-01" in (folder / "out/report.html").read_text()


def test_events_are_lines_as_they_happen(folder: Path, server: ApiServer) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "idemlint",
            "probe",
            "openapi.json",
            "--url",
            server.url,
            "-f",
            "ndjson",
            "--rate",
            "20",
        ],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    began, first = time.perf_counter(), process.stdout.readline()
    assert isinstance(json.loads(first), dict)
    assert process.poll() is None
    assert time.perf_counter() - began < 5
    process.terminate()
    lines = [json.loads(line) for line in process.communicate(timeout=20)[0].splitlines()]
    assert all(isinstance(line, dict) for line in lines)


# --- replay ------------------------------------------------------------------------------------------------------------


def test_a_report_is_replayed_with_the_same_seed_and_just_what_failed(folder: Path, racy: ApiServer) -> None:
    first = probe(
        folder, "openapi.json", "--url", racy.url, "--select", "CON-01,RPL-01", "--seed", "77", "-f", "json=r.json"
    )
    assert first.returncode == 1
    done = probe(folder, "openapi.json", "--replay", "r.json", "-f", "json")
    assert done.returncode == 1
    data = json.loads(done.stdout)
    assert (data["seed"], data["target"]) == (77, racy.url)
    assert [check["id"] for check in data["operations"][0]["checks"]] == ["CON-01"]
    other = probe(folder, "openapi.json", "--replay", "r.json", "--check", "rpl-01", "-f", "json")
    assert other.returncode == 0
    assert [check["id"] for check in json.loads(other.stdout)["operations"][0]["checks"]] == ["RPL-01"]


@pytest.mark.parametrize("formats", [(), ("-f", "text", "-f", "json=r.json")])
def test_the_command_of_a_story_runs_as_it_stands(folder: Path, racy: ApiServer, formats: tuple[str, ...]) -> None:
    told = probe(folder, "openapi.json", "--url", racy.url, "--select", "CON-01,RPL-01", "--seed", "77", *formats)
    command = next(line for line in told.stdout.splitlines() if "idemlint probe openapi.json" in line)
    assert ("--replay r.json" in command) is bool(formats)
    _, _, *arguments = shlex.split(command.partition("Again:")[2] or command)
    done = probe(folder, *arguments, "-f", "json")
    assert done.returncode == 1
    data = json.loads(done.stdout)
    assert (data["seed"], data["target"]) == (77, racy.url)
    assert [check["id"] for check in data["operations"][0]["checks"]] == ["CON-01"]


def test_the_command_names_what_a_further_run_needs_and_no_secret(folder: Path, racy: ApiServer) -> None:
    given = ("--auth", "Authorization=env:TOKEN", "-H", "X-Tenant: acme", "--only", "POST /payments")
    told = probe(folder, "openapi.json", "--url", racy.url, "--select", "CON-01", *given, TOKEN="Bearer s3cret")
    command = next(line for line in told.stdout.splitlines() if "idemlint probe openapi.json" in line)
    assert "--auth Authorization=env:TOKEN --only 'POST /payments'" in command
    assert "s3cret" not in told.stdout
    assert "acme" not in command


def test_an_application_is_named_again(folder: Path) -> None:
    given = ("--app", "small_api:racy", "--select", "CON-01", "-f", "text", "-f", "json=r.json")
    told = probe(folder, "openapi.json", *given)
    command = next(line for line in told.stdout.splitlines() if "idemlint probe openapi.json" in line)
    _, _, *arguments = shlex.split(command.partition("Again:")[2] or command)
    assert "small_api:racy" in arguments
    assert probe(folder, *arguments).returncode == 1


def test_a_report_tells_which_document_it_is_of(folder: Path, racy: ApiServer) -> None:
    probe(folder, "openapi.json", "--url", racy.url, "--select", "CON-01", "-f", "json=r.json")
    assert probe(folder, "--replay", "r.json").returncode == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"operations": []}, "tells of no failure to run again"),
        ({"operations": 7}, "tells of no failure to run again"),
        ({"operations": [{"operation": "POST /payments", "checks": [7, {"id": "CON-01"}]}]}, "no failure to run again"),
        ({"schema_version": 2}, "is no report of this version"),
        ({"target": "http://app.invalid"}, "is of an application in a process"),
    ],
)
def test_a_report_that_was_edited_is_no_crash(folder: Path, change: dict[str, Any], message: str) -> None:
    check = {"id": "CON-01", "verdict": "fail"}
    report = {"schema_version": 1, "operations": [{"operation": "POST /payments", "checks": [check]}], **change}
    (folder / "r.json").write_text(json.dumps(report))
    done = probe(folder, "openapi.json", "--replay", "r.json")
    assert done.returncode == 2
    assert message in done.stderr


def test_a_check_that_the_report_does_not_have_is_named(folder: Path) -> None:
    report = {
        "schema_version": 1,
        "operations": [{"operation": "POST /a", "checks": [{"id": "CON-01", "verdict": "pass"}]}],
    }
    (folder / "r.json").write_text(json.dumps(report))
    done = probe(folder, "openapi.json", "--replay", "r.json", "--check", "RPL-01")
    assert "r.json tells nothing of RPL-01" in done.stderr
    assert "it has CON-01" in done.stderr


# --- configuration -----------------------------------------------------------------------------------------------------


def configured(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(text)


def test_the_configuration_says_what_the_command_line_leaves_out(folder: Path, server: ApiServer) -> None:
    configured(
        folder,
        f"""
[tool.idemlint.probe]
document = "openapi.json"
url = "{server.url}"
select = ["RPL-01"]
seed = 12
auth = ["Authorization=Bearer env:TOKEN"]
format = ["json"]

[tool.idemlint.probe.operations."POST /payments"]
body = {{ amount = 991 }}
""",
    )
    before = len(server.asked)
    done = probe(folder, TOKEN="configured-token")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["seed"] == 12
    assert [check["id"] for check in data["operations"][0]["checks"]] == ["RPL-01"]
    assert server.api.payments[-1]["amount"] == 991
    posted = [each for each in server.asked[before:] if each.method == "POST"]
    assert {each.headers["authorization"] for each in posted} == {"Bearer configured-token"}


def test_the_command_line_beats_the_configuration(folder: Path, server: ApiServer) -> None:
    configured(folder, f'[tool.idemlint.probe]\nurl = "{NOBODY}"\nselect = "RPL-01"\nsuite = "full"\nseed = 12\n')
    done = probe(folder, "openapi.json", "--url", server.url, "--select", "KEY-01", "--suite", "core", "--seed", "1")
    assert done.returncode == 0
    assert "suite core · seed 1" in done.stdout
    done = probe(folder, "openapi.json", "--app", "small_api:kept", "--select", "KEY-01")
    assert done.returncode == 0, done.stderr
    done = probe(folder, "openapi.json", "--isolated")
    assert done.returncode == 2


def test_an_operation_that_is_not_there_is_named(folder: Path, server: ApiServer) -> None:
    configured(folder, '[tool.idemlint.probe.operations."POST /payment"]\nbody = {}\n')
    done = probe(folder, "openapi.json", "--url", server.url)
    assert done.returncode == 2
    assert "did you mean 'POST /payments'?" in done.stderr


# --- what a server does ------------------------------------------------------------------------------------------------


def test_a_server_that_dies_on_the_way_is_2_with_a_report(folder: Path) -> None:
    dying = """
import os, time
from api_server import api_server

with api_server(lambda number, asked: os._exit(1) if number >= 30 else None) as server:
    print(server.url, flush=True)
    time.sleep(60)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", dying], env=environment(PYTHONPATH=TESTS), stdout=subprocess.PIPE, text=True
    )
    url = process.stdout.readline().strip()
    began = time.perf_counter()
    done = probe(folder, "openapi.json", "--url", url, "-f", "json=r.json", "-f", "text", "--max-wait", "1")
    process.wait()
    process.stdout.close()
    assert time.perf_counter() - began < 15
    assert done.returncode == 2, done.stdout
    assert "error: the target no longer answers: no connection" in done.stderr
    report = json.loads((folder / "r.json").read_text())
    assert len(report["operations"][0]["checks"]) == 28
    assert report["summary"]["fail"] == 0
