"""The example workflows in fixtures/workflows hold: linted, and their jobs run step by step on a small project."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml
from actions_runner import ROOT, Job, Step, copy_of_the_project, environment
from served import served
from services import free_port, missing

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="stands in for GitHub's Linux runner; ci.yml runs the action itself on all three"
)
FOLDER = ROOT / "fixtures" / "workflows"
EXAMPLES = sorted(path for path in FOLDER.glob("*.yml") if path.name != "gitlab-ci.yml")
KEPT = ("/payments", "/payments/{payment_id}")


def small_document() -> str:
    """Two operations with keys: enough to see that a job works, and not more to wait for."""
    document = yaml.safe_load((ROOT / "fixtures/apis/mock/payments.yaml").read_text(encoding="utf-8"))
    document["paths"] = {path: document["paths"][path] for path in KEPT}
    document["components"]["parameters"]["IdempotencyKey"]["schema"] = {"type": "string", "format": "uuid"}
    return yaml.safe_dump(document, sort_keys=False)


KEYED = small_document()
RULESET = """
rules:
  operation-id:
    given: $.paths[*][get,put,post,patch,delete]
    severity: error
    then: {field: operationId, function: truthy}
"""
API = """
from idemlint.mock.assembly import create_app
app = create_app("openapi.yaml", faults=FAULTS)
"""
CLIENT = """
import json, os, urllib.request, uuid

def test_the_client_retries_with_one_key():
    url = os.environ["API_URL"]
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
    body = json.dumps({"amount": 1, "currency": "EUR"}).encode()
    made = []
    for _ in range(3):
        with urllib.request.urlopen(urllib.request.Request(f"{url}/payments", body, headers)) as answer:
            made.append(json.load(answer)["id"])
    assert len(set(made)) == 1
    with urllib.request.urlopen(f"{url}/_idemlint/effects") as answer:
        assert "1" in answer.read().decode()
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The action's folder, a RUNNER_TEMP, and the Python of a job, in which everything is installed already."""
    home = tmp_path_factory.mktemp("machine")
    subprocess.run([sys.executable, "-m", "venv", str(home / "python")], check=True, timeout=120)
    python = home / "python" / "bin" / "python"
    where = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = subprocess.run(where, check=True, capture_output=True, text=True, timeout=60).stdout.strip()
    Path(site, "beside.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n", encoding="utf-8")
    return {"action": copy_of_the_project(home / "idemlint"), "temp": home / "temp", "programs": python.parent}


@pytest.fixture
def job(machine: dict[str, Path], tmp_path: Path) -> Job:
    path = os.pathsep.join([str(machine["programs"]), str(Path(sys.executable).parent), os.defpath])
    job = Job(tmp_path / "job", machine["temp"], environment(PATH=path, PIP_NO_INDEX="1"))
    files = {
        "openapi.yaml": KEYED,
        ".spectral.yaml": RULESET,
        "requirements.txt": "idemlint\n",
        "app.py": API.replace("FAULTS", "()"),
        "tests/test_client.py": CLIENT,
    }
    for name, text in files.items():
        (job.workspace / name).parent.mkdir(exist_ok=True)
        (job.workspace / name).write_text(text, encoding="utf-8")
    return job


def run(job: Job, machine: dict[str, Path], name: str, which: str) -> list[Step]:
    """The job of that name; ports that the example fixes are free ones here."""
    text = (FOLDER / f"{name}.yml").read_text(encoding="utf-8")
    for port in ("4010", "8000"):
        text = re.sub(rf"(?<=[ :]){port}\b", str(free_port()), text)
    workflow = yaml.safe_load(text)
    steps = job.run_job(workflow, which, action=machine["action"])
    broken = next(
        (step.log for step in steps if step.conclusion == "failure" and "No matching distribution" in step.log), ""
    )
    if broken:
        missing("a package index", broken)
    return steps


@pytest.fixture(scope="module", autouse=True)
def installed(machine: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> None:
    """The action installs once, over the network; jobs have no index."""
    programs = tmp_path_factory.mktemp("programs")
    path = os.defpath
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is not None:  # the faster way; test_action.py tries both
        (programs / "uv").symlink_to(uv)
        path = f"{programs}{os.pathsep}{path}"
    job = Job(programs / "first", machine["temp"], environment(PATH=path))
    (job.workspace / "api.yaml").write_text(KEYED, encoding="utf-8")
    used = job.use(machine["action"], {"documents": "api.yaml"})
    if used["Install"].conclusion == "failure":
        missing("a package index", used["Install"].log)


def conclusions(steps: list[Step]) -> dict[str, str]:
    return {step.name: step.conclusion for step in steps}


def failing(steps: list[Step]) -> list[str]:
    return [f"{step.name}: {step.log}" for step in steps if step.conclusion == "failure"]


def test_check_on_a_pull_request(job: Job, machine: dict[str, Path]) -> None:
    (job.workspace / "services/refunds").mkdir(parents=True)
    (job.workspace / "services/refunds/openapi.yaml").write_text(KEYED, encoding="utf-8")
    assert failing(run(job, machine, "check-pull-request", "check")) == []
    assert len(job.scanned) == 1
    assert "2 documents" in job.summary


def test_check_on_a_pull_request_that_breaks_it(job: Job, machine: dict[str, Path]) -> None:
    bare = (ROOT / "fixtures/apis/payments.yaml").read_text(encoding="utf-8")
    (job.workspace / "services/refunds").mkdir(parents=True)
    (job.workspace / "services/refunds/openapi.yaml").write_text(bare, encoding="utf-8")
    assert conclusions(run(job, machine, "check-pull-request", "check")) == {"Check out": "success", "Check": "failure"}
    assert [each.properties["file"] for each in job.annotations] == ["services/refunds/openapi.yaml"]
    assert len(job.scanned) == 1, "what failed is uploaded all the same"


@pytest.mark.parametrize(("faults", "conclusion"), [("()", "success"), ("('ignored-key',)", "failure")])
def test_probe_of_a_service(job: Job, machine: dict[str, Path], faults: str, conclusion: str) -> None:
    (job.workspace / "app.py").write_text(API.replace("FAULTS", faults), encoding="utf-8")
    steps = run(job, machine, "probe-service", "probe")
    assert conclusions(steps)["Probe"] == conclusion, steps[-1].log
    assert bool(job.annotations) == (conclusion == "failure")
    assert "| operation |" in job.summary
    assert "Uvicorn running on" in job.artifacts["idemlint-probe"]["service.log"]


def test_probe_of_staging(job: Job, machine: dict[str, Path]) -> None:
    with served(job.workspace / "openapi.yaml", "--enforce-security") as staging:
        secrets = {"STAGING_TOKEN": "first-secret-token", "STAGING_SECOND_TOKEN": "second-secret-token"}
        job.contexts |= {"secrets": secrets, "vars": {"STAGING_URL": staging.url}}
        steps = run(job, machine, "probe-staging-nightly", "probe")
    assert failing(steps) == []
    report = json.loads(job.artifacts["idemlint-probe"]["report.json"])
    decided = {
        each["id"] for operation in report["operations"] for each in operation["checks"] if each["verdict"] == "pass"
    }
    assert {"RPL-01", "SCP-01"} <= decided
    seen = [step.log for step in steps] + [job.summary, *job.artifacts["idemlint-probe"].values()]
    assert not [text for text in seen if "secret-token" in text]


@pytest.mark.parametrize(("name", "which"), [("mock-for-client-tests", "test"), ("pipeline", "mock")])
def test_the_mock_for_a_client(job: Job, machine: dict[str, Path], name: str, which: str) -> None:
    steps = run(job, machine, name, which)
    assert failing(steps) == []
    assert "1 passed" in next(step.log for step in steps if step.name == "The client's tests")


def test_the_mock_catches_a_client_without_a_key_of_its_own(job: Job, machine: dict[str, Path]) -> None:
    client = CLIENT.replace('headers = {"Idempotency-Key": str(uuid.uuid4()), ', "headers = {")
    (job.workspace / "tests/test_client.py").write_text(client, encoding="utf-8")
    steps = conclusions(run(job, machine, "mock-for-client-tests", "test"))
    assert (steps["The client's tests"], steps["What the mock says"]) == ("failure", "success")


@pytest.mark.parametrize("which", ["lint", "contract"])
def test_the_pipeline(job: Job, machine: dict[str, Path], which: str) -> None:
    assert failing(run(job, machine, "pipeline", which)) == []


def test_the_pipeline_runs_a_spectral_ruleset_beside_ours(job: Job, machine: dict[str, Path]) -> None:
    (job.workspace / "openapi.yaml").write_text(
        KEYED.replace("      operationId: createPayment\n", ""), encoding="utf-8"
    )
    assert conclusions(run(job, machine, "pipeline", "lint"))["Check"] == "failure"
    assert [each.properties["title"] for each in job.annotations] == ["operation-id"]


def test_gitlab(job: Job) -> None:
    """The script of the job, and reports as GitLab takes them (docs.gitlab.com/ci/testing/code_quality)."""
    ci = yaml.safe_load((FOLDER / "gitlab-ci.yml").read_text(encoding="utf-8"))["idemlint"]
    (job.workspace / "openapi.yaml").write_text(
        (ROOT / "fixtures/apis/payments.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (job.workspace / ".spectral.yaml").unlink()
    steps = job.run_steps([{"run": line, "if": "always()"} for line in ci["script"]], dict(job.contexts), job.environ)
    assert [step.code for step in steps] == [0, 1], steps
    (finding,) = json.loads((job.workspace / ci["artifacts"]["reports"]["codequality"]).read_text(encoding="utf-8"))
    assert finding["location"]["path"] == "openapi.yaml"
    assert finding["location"]["positions"]["begin"] == {"line": 5, "column": 5}
    assert finding["check_name"] == "idempotency-key-required"
    assert re.fullmatch("[0-9a-f]{32,}", finding["fingerprint"])
    assert "<testsuite" in (job.workspace / ci["artifacts"]["reports"]["junit"]).read_text(encoding="utf-8")


# --- the files themselves ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ["actionlint"],
        ["zizmor", "--offline", "--quiet", "--no-progress", "--persona", "pedantic", "action.yml"],
    ],
    ids=lambda command: command[0],
)
def test_linters_report_nothing(command: list[str]) -> None:
    program = shutil.which(command[0], path=str(Path(sys.executable).parent)) or shutil.which(command[0])
    if program is None:
        missing(command[0], "on Linux it comes with the group dev")
    files = [str(path.relative_to(ROOT)) for path in EXAMPLES]
    done = subprocess.run(
        [program, *command[1:], *files], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "error" not in done.stderr


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_use_inputs_that_the_action_has(path: Path) -> None:
    inputs = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    jobs: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    used = [step for each in jobs.values() for step in each["steps"] if "idemlint@" in step.get("uses", "")]
    assert all(set(step["with"]) <= set(inputs) for step in used)
    assert used or path.stem == "mock-for-client-tests"
