"""action.yml from end to end without GitHub: its steps as they stand there, with clean, failing, broken and hostile inputs."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
import yaml
from actions_runner import Annotation, Job, Used, copy_of_the_project, environment, parse_outputs
from served import children, served, wait_until
from services import free_port, missing

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="stands in for GitHub's Linux runner; ci.yml runs the action itself on all three"
)
ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "tests/reporters/sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
FAILING = (ROOT / "fixtures/apis/payments.yaml").read_text(encoding="utf-8")
KEYED = (ROOT / "fixtures/apis/mock/payments.yaml").read_text(encoding="utf-8")
CLEAN = FAILING.replace(
    "      responses:\n",
    "      parameters:\n"
    "        - {name: Idempotency-Key, in: header, required: true, schema: {type: string, format: uuid}}\n"
    "      responses:\n",
    1,
)
LAST = "Apply fail-on"


@pytest.fixture(scope="session")
def action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_the_project(tmp_path_factory.mktemp("actions") / "idemlint")


@pytest.fixture(scope="session")
def installed(action: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RUNNER_TEMP of a machine on which the action has run before, with pip."""
    temp = tmp_path_factory.mktemp("machine") / "temp"
    job = Job(temp.parent / "first", temp, environment())
    (job.workspace / "api.yaml").write_text(CLEAN, encoding="utf-8")
    used = job.use(action, {"documents": "api.yaml"})
    if used["Install"].conclusion == "failure":
        missing("a package index", f"the action installs what idemlint needs:\n{used['Install'].log}")
    assert not used.failed, [step.log for step in used.steps]
    return temp


@pytest.fixture
def job(tmp_path: Path, installed: Path) -> Job:
    job = Job(tmp_path / "job", installed, environment())
    (job.workspace / "api.yaml").write_text(FAILING, encoding="utf-8")
    return job


def code(used: Used) -> int:
    """Exit code of the step that decides; no other may fail."""
    assert set(used.failed) <= {LAST}, [step.log for step in used.steps]
    return used[LAST].code


def sarif(used: Used) -> dict[str, object]:
    log = json.loads(Path(used.outputs["sarif-file"]).read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(SCHEMA).validate(log)
    return log


def test_a_clean_document(job: Job, action: Path) -> None:
    (job.workspace / "api.yaml").write_text(CLEAN, encoding="utf-8")
    used = job.use(action, {"documents": "api.yaml"})
    assert code(used) == 0
    assert job.annotations == []
    assert sarif(used)["runs"][0]["results"] == []
    outputs = {name: used.outputs[name] for name in ("findings", "errors", "warnings", "coverage")}
    assert outputs == {"findings": "0", "errors": "0", "warnings": "0", "coverage": "100"}
    assert "| key required | 1 of 1 |" in job.summary


def test_findings(job: Job, action: Path) -> None:
    used = job.use(action, {"documents": "api.yaml", "upload-sarif": "true"})
    assert code(used) == 1
    (annotation,) = job.annotations
    assert annotation.level == "error"
    assert annotation.message.startswith("POST /payments does not require an Idempotency-Key")
    place = {"file": "api.yaml", "line": "5", "title": "idempotency-key-required"}
    assert annotation.properties.items() >= place.items()
    assert "error[idempotency-key-required]" in used["Run"].log
    assert "| key required | 0 of 1 |" in job.summary
    assert [result["ruleId"] for result in sarif(used)["runs"][0]["results"]] == ["idempotency-key-required"]
    outputs = {name: used.outputs[name] for name in ("findings", "errors", "warnings", "coverage")}
    assert outputs == {"findings": "1", "errors": "1", "warnings": "0", "coverage": "0"}
    report = json.loads(Path(used.outputs["report-file"]).read_text(encoding="utf-8"))
    assert [each["code"] for each in report] == ["idempotency-key-required"]
    files = {"idemlint.sarif", "junit.xml", "report.json", "report.txt", "summary.md"}
    assert {name: set(each) for name, each in job.artifacts.items()} == {"idemlint-check": files}
    assert json.loads(job.scanned[0]) == sarif(used)
    assert job.cached[0].startswith("idemlint-Linux-X64-")


def test_inputs_reach_the_command(job: Job, action: Path) -> None:
    names = [
        "a b.yaml",
        "--allow-code",
        "$(touch owned).yaml",
        "`touch owned`.yaml",
        "; touch owned #.yaml",
        '"x".yaml',
    ]
    for name in names:
        (job.workspace / name).write_text(FAILING, encoding="utf-8")
    documents = "\n".join([*names, "", "  api.yaml  "])
    inputs = {
        "documents": documents,
        "ruleset": "idemlint:recommended\nidemlint:ietf",
        "profile": "stripe-v1",
        "select": "idempotency-key-required",
        "only": "POST /payments",
        "except": "POST /refunds\n* /admin/**",
        "fail-on": "never",
        "arguments": "--root=.\n--jobs\n1",
        "artifact-name": "api reports",
    }
    used = job.use(action, inputs)
    assert code(used) == 0
    assert not (job.workspace / "owned").exists()
    found = {annotation.properties["file"] for annotation in job.annotations}
    assert found == {*names, "api.yaml"}
    assert list(job.artifacts) == ["api reports"]


def test_the_baseline(job: Job, action: Path) -> None:
    first = job.use(action, {"documents": "api.yaml", "arguments": "--write-baseline", "baseline": "known.json"})
    assert code(first) == 0
    used = job.use(action, {"documents": "api.yaml", "baseline": "known.json"})
    assert code(used) == 0
    assert used.outputs["findings"] == "0"
    assert "known to the baseline" in job.summary


def test_the_configuration_names_documents(job: Job, action: Path) -> None:
    (job.workspace / ".idemlint.yaml").write_text("documents: [api.yaml]\nfail-on: never\n", encoding="utf-8")
    used = job.use(action, {})
    assert code(used) == 0
    assert used.outputs["findings"] == "1"


HOSTILE = "x\n::error::owned%0A::error::twice ##[error]old"


def test_a_hostile_message(job: Job, action: Path) -> None:
    """A document whose names look like workflow commands, in whatever place they are shown."""
    path = json.dumps(f"/pay%0A::error::owned\n::error file=x::owned\n##[error]owned<img src=x>[l](http://x) {HOSTILE}")
    (job.workspace / "api.yaml").write_text(FAILING.replace("/payments", path), encoding="utf-8")
    used = job.use(action, {"documents": "api.yaml"})
    assert code(used) == 1
    assert {annotation.properties.get("file") for annotation in job.annotations} == {"api.yaml"}
    assert {annotation.properties["title"] for annotation in job.annotations} == {"idempotency-key-required"}
    outside_of_code = re.sub(r"`[^`\n]*`", "", job.summary)
    assert not re.search(r"<img|\]\(|^::", outside_of_code, re.MULTILINE), job.summary
    sarif(used)


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"documents": "*.json"}, "no OpenAPI documents found in '*.json'"),
        ({"documents": "api.yaml", "ruleset": HOSTILE}, "ruleset"),
        ({"documents": "api.yaml", "ruleset": "$(touch owned)"}, "ruleset"),
        ({"documents": "api.yaml", "profile": "--allow-code"}, "there is no profile '--allow-code'"),
        ({"documents": "api.yaml", "profile": HOSTILE}, "there is no profile"),
        ({"documents": "api.yaml", "fail-on": "loud"}, "is no severity"),
        ({"documents": "api.yaml", "command": "lint; touch owned"}, "the input command is 'lint; touch owned'"),
        ({"documents": "api.yaml", "command": HOSTILE}, "the input command is"),
        ({"documents": "api.yaml", "allow-writes": "yes"}, "it is true or false"),
        ({"documents": "api.yaml", "allow-writes": "true"}, "goes with the command probe"),
        ({"documents": "api.yaml", "url": "http://127.0.0.1:1"}, "the input url goes with the command probe"),
        (
            {"documents": "api.yaml", "command": "probe", "baseline": "x"},
            "the input baseline goes with the command check",
        ),
        ({"documents": "api.yaml", "command": "probe"}, "--url"),
        ({"documents": "api.yaml", "command": "probe", "url": "ftp://x"}, "'ftp://x' is no http or https URL"),
        ({"documents": "api.yaml", "command": "probe", "wait-for": "soon"}, "the input wait-for is 'soon'"),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else "",
)
def test_broken_inputs(job: Job, action: Path, inputs: dict[str, str], told: str) -> None:
    used = job.use(action, inputs)
    assert code(used) == 2
    assert [annotation.level for annotation in job.annotations] == ["error"], used["Run"].log
    assert job.annotations[0].properties == {"title": "idemlint"}
    assert told in job.annotations[0].message
    assert "Traceback" not in used["Run"].log
    assert job.summary.startswith("## idemlint\n\nCould not run: ")
    assert (job.workspace / "api.yaml").exists()
    assert not (job.workspace / "owned").exists()


@pytest.mark.parametrize(
    "name", ["; rm -rf .", "$(touch owned)", "`touch owned`", "nowhere%0A::error::owned", "--watch"]
)
def test_a_path_that_is_not_there(job: Job, action: Path, name: str) -> None:
    used = job.use(action, {"documents": name})
    assert code(used) == 2
    assert [(each.properties["file"], each.message) for each in job.annotations] == [(name, "there is no such file")]
    assert (job.workspace / "api.yaml").exists()
    assert not (job.workspace / "owned").exists()
    assert used.outputs["findings"] == "0"
    sarif(used)


def test_an_unreadable_document_beside_a_good_one(job: Job, action: Path) -> None:
    (job.workspace / "bad.yaml").write_text("openapi: 3.1.0\npaths: [\n", encoding="utf-8")
    used = job.use(action, {"documents": "api.yaml\nbad.yaml"})
    assert code(used) == 2
    assert {annotation.properties["file"] for annotation in job.annotations} == {"api.yaml", "bad.yaml"}
    assert "could not check `bad.yaml`" in job.summary
    sarif(used)


@pytest.mark.parametrize(
    "version", ["1.0; touch owned", "--index-url=http://127.0.0.1:1", "1.0\n2.0", "@ file:///x", ""]
)
def test_the_version_is_a_version(job: Job, action: Path, version: str) -> None:
    used = job.use(action, {"documents": "api.yaml", "version": version})
    if not version:
        assert code(used) == 1
        return
    assert used["What to install, and where"].code == 2
    assert [step.conclusion for step in used.steps if step.name in ("Install", "Run")] == ["skipped", "skipped"]
    assert used[LAST].code == 2
    assert not (job.workspace / "owned").exists()


def test_modules_of_the_checkout_are_not_run(job: Job, action: Path) -> None:
    for name in ("click.py", "json.py", "idemlint.py", "venv.py", "pip.py"):
        (job.workspace / name).write_text("open('owned', 'w').close()\n", encoding="utf-8")
    job.environ["PYTHONPATH"] = str(job.workspace)
    assert code(job.use(action, {"documents": "api.yaml"})) == 1
    assert not (job.workspace / "owned").exists()


def test_uv_installs_where_there_is_one(tmp_path: Path, action: Path) -> None:
    program = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if program is None:
        missing("uv", "pip install uv")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "uv").symlink_to(program)
    path = f"{programs}{os.pathsep}{os.defpath}"
    job = Job(tmp_path / "job", tmp_path / "temp", environment(PATH=path))
    (job.workspace / "api.yaml").write_text(FAILING, encoding="utf-8")
    # what the checkout says of packages must not be heard
    (job.workspace / "uv.toml").write_text("[[index]]\nurl = 'http://127.0.0.1:1/simple'\ndefault = true\n", "utf-8")
    used = job.use(action, {"documents": "api.yaml"})
    if used["Install"].conclusion == "failure":
        missing("a package index", used["Install"].log)
    assert code(used) == 1
    assert not list(job.temp.glob("idemlint/*/bin/pip")), "uv makes environments without pip"


# --- probe -------------------------------------------------------------------------------------------------------------


def test_probe_finds_what_a_server_breaks(job: Job, action: Path) -> None:
    (job.workspace / "api.yaml").write_text(KEYED, encoding="utf-8")
    inputs = {
        "command": "probe",
        "documents": "api.yaml",
        "only": "POST /payments",
        "select": "RPL-01",
        "arguments": "--seed=7",
    }
    with served(job.workspace / "api.yaml", "--fault", "ignored-key") as mock:
        used = job.use(action, {**inputs, "url": mock.url})
    assert code(used) == 1
    assert {annotation.level for annotation in job.annotations} == {"error"}
    assert {annotation.properties["file"] for annotation in job.annotations} == {"api.yaml"}
    assert "RPL-01" in job.annotations[0].properties["title"]
    assert "| operation |" in job.summary
    assert [result["ruleId"] for result in sarif(used)["runs"][0]["results"]] == ["RPL-01"]
    assert (used.outputs["findings"], used.outputs["errors"], used.outputs["coverage"]) == ("1", "1", "100")
    report = json.loads(Path(used.outputs["report-file"]).read_text(encoding="utf-8"))
    assert report["summary"]["fail"] == 1
    assert set(job.artifacts["idemlint-probe"]) >= {"idemlint.sarif", "report.json", "summary.md"}


def test_probe_starts_and_stops_the_service(job: Job, action: Path) -> None:
    """A service with a child of its own, which notes its pid: both are gone afterwards."""
    (job.workspace / "api.yaml").write_text(KEYED, encoding="utf-8")
    port = free_port()
    (job.workspace / "start.sh").write_text(
        f"'{sys.executable}' -m idemlint mock api.yaml --port \"$1\" &\necho $! $$ >'the pids'\necho '::error::owned'\nwait\n",
        encoding="utf-8",
    )
    used = job.use(
        action,
        {
            "command": "probe",
            "documents": "api.yaml",
            "url": f"http://127.0.0.1:{port}",
            "service": f"bash start.sh\n  '{port}'",
            "only": "POST /payments",
            "select": "RPL-01",
            "arguments": "--seed\n7",
        },
        {"PYTHONPATH": str(ROOT)},
    )
    assert code(used) == 0, used["Run"].log
    assert job.annotations == []
    assert "listening on" in job.artifacts["idemlint-probe"]["service.log"]
    for pid in (job.workspace / "the pids").read_text(encoding="utf-8").split():
        assert wait_until(lambda pid=pid: gone(int(pid))), f"{pid} is still there"


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ("bash -c 'echo ::error::owned; echo why; exit 3'", "the service ended with 3 before it answered"),
        ("no-such-program --port 1", "the service 'no-such-program' cannot be started"),
        ("bash -c 'open", "the input service cannot be read"),
        ("sleep 60", "does not answer"),
    ],
)
def test_a_service_that_does_not_come_up(job: Job, action: Path, service: str, told: str) -> None:
    (job.workspace / "api.yaml").write_text(KEYED, encoding="utf-8")
    url = f"http://127.0.0.1:{free_port()}"
    inputs = {"command": "probe", "documents": "api.yaml", "url": url, "service": service, "wait-for": "1"}
    used = job.use(action, inputs)
    assert code(used) == 2
    assert [told in annotation.message for annotation in job.annotations] == [True], used["Run"].log
    if "why" in service:
        assert "the service's last lines:\n::error::owned\nwhy" in used["Run"].log


def test_probe_asks_for_consent(job: Job, action: Path) -> None:
    (job.workspace / "api.yaml").write_text(KEYED, encoding="utf-8")
    used = job.use(action, {"command": "probe", "documents": "api.yaml", "url": "http://192.0.2.1"})
    assert code(used) == 2
    assert "--allow-writes gives consent" in job.annotations[0].message


def test_a_secret_comes_through_a_variable_and_is_shown_nowhere(job: Job, action: Path) -> None:
    (job.workspace / "api.yaml").write_text(KEYED, encoding="utf-8")
    with served(job.workspace / "api.yaml", "--enforce-security") as mock:
        inputs = {"command": "probe", "documents": "api.yaml", "url": mock.url, "auth": "Authorization=env:TOKEN"}
        more = {"only": "POST /payments", "select": "RPL-01"}
        used = job.use(action, {**inputs, **more}, {"TOKEN": "Bearer s3cr3t-t0ken"})
    assert code(used) == 0, used["Run"].log
    seen = [used["Run"].log, job.summary, *job.artifacts["idemlint-probe"].values()]
    assert not [text for text in seen if "s3cr3t" in text]


# --- the file itself ---------------------------------------------------------------------------------------------------


def test_no_expression_stands_in_a_program() -> None:
    steps = ACTION["runs"]["steps"]
    assert not [step["name"] for step in steps if "${{" in step.get("run", "")]
    assert all(step["shell"] == "bash" for step in steps if "run" in step)
    used = {name for name in ACTION["inputs"] if f"inputs.{name}" in json.dumps(steps)}
    assert used == set(ACTION["inputs"]), "an input that does nothing"


@pytest.mark.parametrize(
    "step", [step for step in ACTION["runs"]["steps"] if "run" in step], ids=lambda step: step["name"]
)
def test_shellcheck_reports_nothing(step: dict[str, str], tmp_path: Path) -> None:
    program = shutil.which("shellcheck", path=str(Path(sys.executable).parent)) or shutil.which("shellcheck")
    if program is None:
        missing("shellcheck", "on Linux it comes with the group dev")
    script = tmp_path / "step.sh"
    script.write_text("#!/usr/bin/env bash\n" + step["run"], encoding="utf-8")
    command = [program, "--enable=all", "--exclude=SC2154,SC2250,SC2310,SC2312", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


def test_the_runner_sees_commands_that_get_through(tmp_path: Path) -> None:
    """The tests above rest on this: without `stop-commands` they would see what a document smuggles in."""
    job = Job(tmp_path / "job", tmp_path / "temp", environment())
    script = (
        "echo '  ::error file=a,line=1::x%0Ay'\necho 'say ##[error]old'\n"
        "echo '::stop-commands::w'\necho '::error::no'\necho '::w::'\necho '::notice::yes'\n"
    )
    job.run_steps([{"run": script}], dict(job.contexts), job.environ)
    assert job.annotations == [
        Annotation("error", "x\ny", {"file": "a", "line": "1"}),
        Annotation("error", "old", {}),
        Annotation("notice", "yes", {}),
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_job_leaves_nothing_running(tmp_path: Path, number: int) -> None:
    """GitHub asks the step's process to end, and kills what is left 10 s later."""
    (tmp_path / "api.yaml").write_text(KEYED, encoding="utf-8")
    port = free_port()
    service = f"'{sys.executable}' -m idemlint mock api.yaml --port {port} --delay 2000"
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    given = {"INPUT_COMMAND": "probe", "INPUT_DOCUMENTS": "api.yaml", "INPUT_URL": f"http://127.0.0.1:{port}"}
    variables = environment(INPUT_SERVICE=service, RUNNER_TEMP=str(tmp_path), PYTHONPATH=str(ROOT), **files, **given)
    command = [sys.executable, "-m", "idemlint.cli.action"]
    log = tmp_path / "log.txt"
    with log.open("wb") as output:
        step = subprocess.Popen(
            command, cwd=tmp_path, env=variables, stdout=output, stderr=output, start_new_session=True
        )
    assert wait_until(lambda: any("listening on" in each.read_text() for each in tmp_path.glob("*/*/service.log")), 20)
    assert wait_until(lambda: len(children(step.pid)) == 2), "the service and the probe"
    running = children(step.pid)
    time.sleep(1)
    step.send_signal(number)
    step.wait(15)
    assert wait_until(lambda: all(map(gone, running))), running
    told = parse_outputs((tmp_path / "GITHUB_OUTPUT").read_text(encoding="utf-8"))
    assert told["exit-code"] == "130", log.read_text(encoding="utf-8")
    assert "Traceback" not in log.read_text(encoding="utf-8")
