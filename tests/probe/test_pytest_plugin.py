"""The plugin as a team uses it: a suite of theirs, run by a pytest of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from process import environment
from small_api import DOCUMENT

pytest_plugins = ("pytester",)

TESTS = str(Path(__file__).parents[1])
PLUGIN = "idemlint.probe.pytest_plugin"


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with the document, and the two applications to import from `small_api`."""
    pytester.path.joinpath("openapi.json").write_text(json.dumps(DOCUMENT), encoding="utf-8")
    pytester.makeini("[pytest]\naddopts = --strict-markers -p no:cacheprovider\n")
    for name, value in environment(PYTHONPATH=TESTS, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1").items():
        monkeypatch.setenv(name, value)
    return pytester


def run(suite: pytest.Pytester, text: str, *arguments: str) -> pytest.RunResult:
    """Another process: nothing of this run's modules and plugins is there."""
    suite.path.joinpath("test_retries.py").write_text(text, encoding="utf-8")
    return suite.runpytest_subprocess("-p", PLUGIN, *arguments, timeout=60)


MARKED = """
import pytest
from small_api import kept, racy

@pytest.mark.idemlint("openapi.json", select=["RPL", "CON-01", "FPR-01", "SCP-01"])
def test_kept():
    return kept

@pytest.mark.idemlint("openapi.json", select=["RPL-01", "CON-01"])
def test_racy():
    return racy
"""


def test_each_check_of_each_operation_is_a_test(suite: pytest.Pytester) -> None:
    result = run(suite, MARKED, "-v", "-rs")
    result.stdout.fnmatch_lines(
        [
            "*test_kept?POST /payments RPL-01? PASSED*",
            "*test_kept?POST /payments SCP-01? SKIPPED*",
            "*test_kept?POST /payments CON-01? PASSED*",
            "*test_racy?POST /payments RPL-01? PASSED*",
            "*test_racy?POST /payments CON-01? FAILED*",
            "SKIPPED ?1? test_retries.py:*needs a second account*",
        ]
    )
    assert result.parseoutcomes()["failed"] == 1


def test_a_failure_tells_the_story_and_nothing_else(suite: pytest.Pytester) -> None:
    result = run(suite, MARKED, "-k", "racy and CON-01")
    result.stdout.fnmatch_lines(
        [
            "*test_racy?POST /payments CON-01?*",
            "CON-01 two concurrent duplicates  POST /payments  safety · error",
            "*with one key, released within*",
            "*Seen by: GET /payments*",
            "*Why it matters: *",
            "*Promise: *section 2.6*",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    assert "pytest_plugin.py" not in result.stdout.str()


COUNTED = """
import pytest
from small_api import AsgiPayments

APP = AsgiPayments()

@pytest.mark.idemlint("openapi.json")
def test_kept():
    return APP

@pytest.fixture(scope="session", autouse=True)
def count():
    yield
    print("requests:", len(APP.seen), "lives:", APP.life)
"""


def test_one_run_is_made_for_the_tests_that_were_selected(suite: pytest.Pytester) -> None:
    result = run(suite, COUNTED, "-s", "-k", "RPL-01 or RPL-02")
    assert result.parseoutcomes() == {"passed": 2, "deselected": 26}
    (line,) = [line for line in result.outlines if "requests:" in line]
    assert "lives: ['startup', 'shutdown']" in line
    assert int(re.search(r"requests: (\d+)", line)[1]) < 40


@pytest.mark.parametrize(
    "text",
    [
        """
@pytest.mark.idemlint("openapi.json", app=kept, select="RPL-01")
class TestRetries: ...
""",
        """
@pytest.mark.idemlint(document="openapi.json", select="RPL-01")
class TestRetries:
    app = kept
""",
        """
@pytest.mark.idemlint(document="openapi.json", select="RPL-01")
class TestRetries:
    def test_it(self, target):
        return target
@pytest.fixture
def target():
    return kept
""",
        """
@pytest.mark.idemlint(DOCUMENT, select="RPL-01")
async def test_it():
    return "small_api:wsgi_kept"
""",
        """
@pytest.mark.idemlint(DOCUMENT, select="RPL-01", app="small_api:kept")
def test_it(): ...
""",
    ],
)
def test_the_target_is_named_by_the_mark_a_class_or_the_function(suite: pytest.Pytester, text: str) -> None:
    result = run(suite, "import pytest\nfrom small_api import DOCUMENT, kept\n" + text, "-v")
    assert result.parseoutcomes() == {"passed": 1}
    result.stdout.fnmatch_lines(["*POST /payments RPL-01? PASSED*"])


def test_a_document_lies_beside_the_test_that_names_it(suite: pytest.Pytester) -> None:
    folder = suite.mkdir("inner")
    suite.path.joinpath("openapi.json").rename(folder / "api.json")
    folder.joinpath("test_inner.py").write_text(
        "import pytest\nfrom small_api import kept\n"
        "@pytest.mark.idemlint('api.json', app=kept, select='RPL-01')\ndef test_it(): ...\n"
    )
    assert run(suite, "").parseoutcomes() == {"passed": 1}


UNDECIDED = """
import pytest
from small_api import wsgi_kept
URL = "http://127.0.0.1:1"

async def down(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body"})

@pytest.mark.idemlint("openapi.json", app=down, select="RPL-01", strict=STRICT)
def test_down(): ...
"""


@pytest.mark.parametrize(("strict", "outcome"), [(False, "skipped"), (True, "failed")])
def test_what_is_not_decided_is_skipped_with_the_reason_or_fails(
    suite: pytest.Pytester, strict: bool, outcome: str
) -> None:
    result = run(suite, UNDECIDED.replace("STRICT", str(strict)), "-rs")
    assert result.parseoutcomes() == {outcome: 1}
    result.stdout.fnmatch_lines(["*inconclusive: *500*"])


def test_an_unreachable_target_fails_each_test_in_a_sentence(suite: pytest.Pytester) -> None:
    text = "import pytest\n@pytest.mark.idemlint('openapi.json', url='http://127.0.0.1:1', select='RPL')\ndef test_x(): ..."
    result = run(suite, text)
    assert set(result.parseoutcomes()) == {"failed"}
    result.stdout.fnmatch_lines(["http://127.0.0.1:1 does not answer: *", "*is the server running?*"])
    assert "Traceback" not in result.stdout.str()


MILD = """
import pytest
from small_api import AsgiPayments

class Renumbering(AsgiPayments):
    def look_up(self, key, body):
        known = super().look_up(key, body)
        return known if known is None or known[0] != 201 else (200, *known[1:])

@pytest.mark.idemlint("openapi.json", app=Renumbering(), select="RPL-03" OPTIONS)
def test_x(): ...
"""


@pytest.mark.parametrize(
    ("options", "outcome"),
    [("", {"passed": 1, "warnings": 1}), (", fail_on='warn'", {"failed": 1}), (", fail_on='info'", {"failed": 1})],
)
def test_what_is_less_grave_warns(suite: pytest.Pytester, options: str, outcome: dict[str, int]) -> None:
    result = run(suite, MILD.replace(" OPTIONS", options))
    assert result.parseoutcomes() == outcome
    result.stdout.fnmatch_lines(["*RPL-03 status identity  POST /payments  conformance · warn*", "*201*200*"])


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("'openapi.json', select='XYZ'", "there is no check 'XYZ'"),
        ("'nowhere.json'", "*nowhere.json*"),
        ("", "takes one document"),
        ("'openapi.json', only='GET /payments'", "no operation of *openapi.json takes idempotency keys"),
        ("'openapi.json', only='nonsense'", "*is no pattern for operations*"),
    ],
)
def test_a_mark_that_means_nothing_is_an_error_at_collection(suite: pytest.Pytester, mark: str, message: str) -> None:
    result = run(suite, f"import pytest\n@pytest.mark.idemlint({mark})\ndef test_x(): ...\n")
    assert result.parseoutcomes() == {"errors": 1}
    result.stdout.fnmatch_lines([f"*{message}*"])
    assert "Traceback" not in result.stdout.str()


FIXTURE = """
from small_api import kept, racy, DOCUMENT

def test_kept(idemlint_probe):
    report = idemlint_probe(DOCUMENT, app=kept, select=["RPL-01"])
    report.assert_kept()
    assert report.summary.passed == 1

def test_racy(idemlint_probe):
    idemlint_probe(DOCUMENT, app=racy, select=["CON-01"]).assert_kept()
"""


def test_the_fixture_gives_a_report_that_asserts(suite: pytest.Pytester) -> None:
    result = run(suite, FIXTURE)
    assert result.parseoutcomes() == {"passed": 1, "failed": 1}
    result.stdout.fnmatch_lines(["*PromiseBrokenError: CON-01 two concurrent duplicates*"])


def test_loading_the_plugin_imports_nothing_of_the_probe() -> None:
    code = f"import sys, pytest, {PLUGIN}; print([name for name in sys.modules if name.startswith('idemlint.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment())
    assert done.stdout.strip() == "['idemlint.probe', 'idemlint.probe.pytest_plugin']"
