"""`idempotent_replay` in real runs of Schemathesis against the mock, whole and broken, and against an application."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from process import environment
from served import served
from small_api import DOCUMENT, WsgiPayments

SHOP = Path(__file__).parents[2] / "fixtures/apis/probe/shop.yaml"
MODULE = "idemlint.probe.schemathesis_check"


def st_run(url: str, folder: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            str(Path(sys.executable).with_name("st")),
            *("run", str(SHOP), "--url", url, "-c", "idempotent_replay", "-n", "5", "--seed", "1"),
            *("--phases", "coverage", "--include-name", "POST /payments", "--no-color"),
            *("-H", "Authorization: Bearer alice"),
        ],
        cwd=folder,
        env=environment(SCHEMATHESIS_HOOKS=MODULE, **extra),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("fault", "title", "told"),
    [
        (None, None, None),
        ("ignored-key", "Idempotent replay: a second effect", "One key made two resources (`/id`: "),
        ("status-flatten", "Idempotent replay: another status", "The first answer was `201`, its replay `200`."),
    ],
)
def test_against_the_mock(tmp_path: Path, fault: str | None, title: str | None, told: str | None) -> None:
    with served(SHOP, *(("--fault", fault) if fault else ())) as mock:
        done = st_run(mock.url, tmp_path)
    assert done.returncode == (1 if fault else 0), done.stdout
    assert "idempotent replay" in done.stdout.lower() or fault is None
    if title is not None and told is not None:
        assert title in done.stdout
        assert told in done.stdout


def test_a_profile_that_refuses_duplicates_is_not_held_against_a_server_that_does(tmp_path: Path) -> None:
    with served(SHOP, "--profile", "gocardless") as mock:
        own = st_run(mock.url, tmp_path, IDEMLINT_PROFILE="gocardless")
    with served(SHOP, "--profile", "gocardless") as mock:
        other = st_run(mock.url, tmp_path)
    assert own.returncode == 0, own.stdout
    assert other.returncode == 1
    assert "an honest retry is refused" in other.stdout


APPLICATION = f"""
import schemathesis, sys
from hypothesis import settings, given
from {MODULE} import idempotent_replay
from test_schemathesis import served_document, App

app = App()
schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
operation = schema["/payments"]["POST"]

@given(case=operation.as_strategy())
@settings(max_examples=20, derandomize=True, database=None, deadline=None)
def test(case):
    case.call_and_validate(checks=[idempotent_replay])

test()
"""


class App(WsgiPayments):
    """Serves its document as well."""

    def refused(self, method: str, path: str, body: bytes) -> Any:
        if path == "/openapi.json":
            return 200, {"Content-Type": "application/json"}, json.dumps(DOCUMENT).encode()
        return super().refused(method, path, body)


class Careless(App):
    """Forgets every key."""

    def make(self, key: str, body: bytes) -> Any:
        answer = super().make(key, body)
        self.keys.clear()
        return answer


@pytest.mark.parametrize(("name", "code"), [("App", 0), ("Careless", 1)])
def test_in_a_suite_of_python_against_an_application(name: str, code: int) -> None:
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", APPLICATION.replace("served_document, App", f"{name} as App")],
        env=environment(PYTHONPATH=f"{here}:{here.parent}"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert ("a second effect" in done.stderr) is bool(code)
