"""Configuration: found, read, validated, and beaten by the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from process import idemlint

from idemlint import config as configuration_module
from idemlint.config import Config, find, load, validate
from idemlint.errors import ConfigError, IdemlintError
from idemlint.findings import Position

SCHEMA = json.loads((Path(configuration_module.__file__).parent / "config.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

KEYS = list(SCHEMA["properties"])
CONTRACT_KEYS = list(SCHEMA["properties"]["contract"]["properties"])
PROBE_KEYS = list(SCHEMA["properties"]["probe"]["properties"])


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# --- found -------------------------------------------------------------------------------------------------------------


def test_found_upwards_to_the_root_of_the_repository(tmp_path: Path) -> None:
    write(tmp_path / ".idemlint.yaml", "{}")
    below = tmp_path / "repository" / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    assert find(str(below)) is None
    inside = write(tmp_path / "repository" / "pyproject.toml", "[tool.idemlint]\n")
    assert find(str(below)) == str(inside)
    nearer = write(below.parent / ".idemlint.yaml", "{}")
    assert find(str(below)) == str(nearer)


def test_outside_of_a_repository_only_the_folder_itself_counts(tmp_path: Path) -> None:
    write(tmp_path / ".idemlint.yaml", "{}")
    (tmp_path / "a").mkdir()
    assert find(str(tmp_path / "a")) is None
    assert find(str(tmp_path)) == str(tmp_path / ".idemlint.yaml")


def test_a_pyproject_of_others_is_passed_by_and_the_own_file_wins(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path / "pyproject.toml", "[tool.idemlint]\n")
    write(tmp_path / "a" / "pyproject.toml", "[tool.other]\n")
    assert find(str(tmp_path / "a")) == str(tmp_path / "pyproject.toml")
    write(tmp_path / ".idemlint.yaml", "")
    assert find(str(tmp_path / "a")) == str(tmp_path / ".idemlint.yaml")


# --- read --------------------------------------------------------------------------------------------------------------

YAML = """\
documents: [specs/*.yaml, api.json]
ruleset: ./rules.yaml
profile: stripe-v2
contract:
  header: X-Key
  methods: [POST]
  key-format: uuid4
  max-length: 64
  required: false
  conflict-statuses: [409, "425"]
fail-on: warn
select: idempotency
ignore: [a, b]
only: POST *
except: "* /health"
tags: Payments
baseline: known.json
root: ..
allow-remote-refs: true
format: [concise, sarif=out.sarif]
jobs: 2
limits: {max-bytes: 1000}
rules: {a: off, b: warn, c: false}
"""

TOML = """\
[project]
name = "x"

[tool.idemlint]
documents = ["specs/*.yaml", "api.json"]
ruleset = "./rules.yaml"
profile = "stripe-v2"
fail-on = "warn"
select = "idempotency"
ignore = ["a", "b"]
only = "POST *"
except = "* /health"
tags = "Payments"
baseline = "known.json"
root = ".."
allow-remote-refs = true
format = ["concise", "sarif=out.sarif"]
jobs = 2
limits = { max-bytes = 1000 }
rules = { a = "off", b = "warn", c = false }

[tool.idemlint.contract]
header = "X-Key"
methods = ["POST"]
key-format = "uuid4"
max-length = 64
required = false
conflict-statuses = [409, "425"]
"""


@pytest.mark.parametrize(("name", "text"), [(".idemlint.yaml", YAML), ("pyproject.toml", TOML)])
def test_both_files_say_the_same(tmp_path: Path, name: str, text: str) -> None:
    path = write(tmp_path / "project" / name, text)
    folder = str(path.parent)
    assert load(str(path)) == Config(
        source=str(path),
        folder=folder,
        documents=("specs/*.yaml", "api.json"),
        ruleset=(f"{folder}/rules.yaml",),
        profile="stripe-v2",
        contract={
            "header": "X-Key",
            "methods": ["POST"],
            "key-format": "uuid4",
            "max-length": 64,
            "required": False,
            "conflict-statuses": [409, "425"],
        },
        fail_on="warn",
        select=("idempotency",),
        ignore=("a", "b"),
        only=("POST *",),
        excepted=("* /health",),
        tags=("Payments",),
        baseline=f"{folder}/known.json",
        root=str(tmp_path),
        allow_remote_refs=True,
        format=("concise", "sarif=out.sarif"),
        jobs=2,
        limits={"max-bytes": 1000},
        rules={"a": "off", "b": "warn", "c": False},
    )


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / ".idemlint.yaml", "# nothing yet\n")
    assert load(str(path)) == Config(source=str(path), folder=str(tmp_path))


@pytest.mark.parametrize(
    ("name", "text", "line", "column", "message"),
    [
        (".idemlint.yaml", "\nselct: a\n", 1, 0, "unknown key 'selct'"),
        (".idemlint.yaml", "contract:\n  header: X\n  methds: [POST]\n", 2, 2, "unknown key 'contract.methds'"),
        (".idemlint.yaml", "contract:\n  required: perhaps\n", 1, 2, "contract.required must be true or false"),
        (".idemlint.yaml", "rules:\n  a: off\n  b: eror\n", 2, 2, "rules.b must be error, warn"),
        (".idemlint.yaml", "jobs: 1\njobs: 2\n", 1, 0, "the key 'jobs' is there twice"),
        (".idemlint.yaml", "- a\n", None, None, "must be a mapping"),
        (".idemlint.yaml", "a: [\n", 1, 0, "is no valid YAML"),
        (".idemlint.yaml", "a: &x [*x]\n", 0, 0, "nested too deeply"),
        (".idemlint.yaml", "fail-on: eror\n", 0, 0, "fail-on must be error, warn, info, hint or never, not 'eror'"),
        ("pyproject.toml", "[tool.idemlint]\njobs = 1\nselct = 'a'\n", 2, 0, "unknown key 'selct'"),
        ("pyproject.toml", "[tool.idemlint]\n\n[tool.idemlint.contract]\nrequired = 3\n", 3, 0, "contract.required"),
        ("pyproject.toml", "[tool.idemlint.contrct]\nrequired = true\n", 0, 0, "unknown key 'contrct'"),
        ("pyproject.toml", "[tool.idemlint]\nrules = { 'a.b' = 'nope' }\n", 1, 0, "rules.a.b must be"),
        ("pyproject.toml", "[tool.idemlint]\njobs = \n", 1, 7, "is no valid TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, name: str, text: str, line: int | None, column: int | None, message: str
) -> None:
    path = write(tmp_path / name, text)
    with pytest.raises(ConfigError) as caught:
        load(str(path))
    assert message in caught.value.message
    assert caught.value.source == str(path)
    expected = None if line is None or column is None else Position(line, column)
    assert caught.value.position == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("selct: a\n", "did you mean 'select'?"),
        ("fail_on: warn\n", "did you mean 'fail-on'?"),
        ("fail-on: eror\n", "did you mean 'error'?"),
        ("rules: {a: wran}\n", "did you mean 'warn'?"),
        ("contract: {key_format: uuid}\n", "did you mean 'key-format'?"),
        ("contract: {key-format: uuidd}\n", "did you mean 'uuid'?"),
    ],
)
def test_did_you_mean(tmp_path: Path, text: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(str(write(tmp_path / ".idemlint.yaml", text)))
    assert caught.value.hint == hint


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"a: \x00\n", b"[" * 100_000, b"x" * 2_000_000])
@pytest.mark.parametrize("name", [".idemlint.yaml", "pyproject.toml"])
def test_broken_files_are_errors_of_the_configuration(tmp_path: Path, name: str, raw: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(b"[tool.idemlint]\n" * (name == "pyproject.toml") + raw)
    with pytest.raises(ConfigError):
        load(str(path))


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_nothing_but_a_configuration_error_comes_out(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz") / ".idemlint.yaml"
    path.write_bytes(raw)
    try:
        load(str(path))
    except IdemlintError as error:
        assert error.source == str(path)


# --- the schema that editors use ---------------------------------------------------------------------------------------

SCALARS = (
    st.none() | st.booleans() | st.integers(-2, 600) | st.sampled_from([1.0, 2.5, 409.0, 1000.0])
    | st.sampled_from(["", "a", "off", "warn", "error", "never", "uuid", "pattern", "409", "600", "4XX", "POST"])
)  # fmt: skip
VALUES = SCALARS | st.lists(SCALARS, max_size=3)
SECTIONS = {
    "contract": st.dictionaries(st.sampled_from([*CONTRACT_KEYS, "nope"]), VALUES, max_size=3),
    "limits": st.dictionaries(st.sampled_from(["max-bytes", "max-depth", "max-nodes", "nope"]), VALUES, max_size=2),
    "rules": st.dictionaries(st.sampled_from(["a", "b"]), VALUES, max_size=2),
    "probe": st.dictionaries(
        st.sampled_from([*PROBE_KEYS, "nope"]),
        VALUES
        | st.dictionaries(
            st.sampled_from(["POST /a"]),
            VALUES
            | st.dictionaries(
                st.sampled_from(["path", "query", "headers", "body", "replace-body", "nope"]),
                VALUES | st.just({}),
                max_size=2,
            ),
            max_size=1,
        ),
        max_size=3,
    ),
}


@st.composite
def configurations(draw: st.DrawFn) -> Any:
    """Mappings that come close to configurations."""
    keys = draw(st.lists(st.sampled_from([*KEYS, "nope"]), max_size=3, unique=True))
    return {key: draw(SECTIONS.get(key, VALUES) | VALUES) for key in keys}


@given(configurations() | VALUES)
def test_schema_and_code_accept_the_same(data: Any) -> None:
    try:
        validate(data)
        accepted = True
    except ConfigError:
        accepted = False
    assert accepted == VALIDATOR.is_valid(data)


def test_the_schema_is_a_schema_and_describes_every_key() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert {field.replace("excepted", "except").replace("_", "-") for field in Config._fields} - {
        "source",
        "folder",
    } == set(KEYS)
    assert all("description" in SCHEMA["properties"][key] or key == "limits" for key in KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_each_key_has_something_that_both_accept_and_refuse(key: str) -> None:
    samples = [True, 1, "a", "warn", {}, ["a"], {"max-bytes": 1}, None]
    verdicts = []
    for sample in samples:
        try:
            validate({key: sample})
            verdicts.append(True)
        except ConfigError:
            verdicts.append(False)
        assert verdicts[-1] == VALIDATOR.is_valid({key: sample})
    assert {True, False} == set(verdicts)


# --- in a run ----------------------------------------------------------------------------------------------------------

FLAWED = "openapi: 3.0.3\npaths:\n  /a:\n    post:\n      tags:\n        - T\n      responses: {}\n"


def project(tmp_path: Path, configuration: str) -> Path:
    (tmp_path / ".git").mkdir(exist_ok=True)
    write(tmp_path / ".idemlint.yaml", configuration)
    write(tmp_path / "specs" / "a.yaml", FLAWED)
    (tmp_path / "deep").mkdir(exist_ok=True)
    return tmp_path


def codes(folder: Path, *arguments: str) -> list[str]:
    done = idemlint("check", *arguments, "-f", "json", cwd=folder)
    assert done.stdout, done.stderr
    return sorted(finding["code"] for finding in json.loads(done.stdout))


BOTH = ["idempotency-conflict-response", "idempotency-key-required"]


def test_documents_are_relative_to_the_configuration_and_arguments_to_the_folder(tmp_path: Path) -> None:
    folder = project(tmp_path, "documents: specs\n")
    assert codes(folder / "deep") == BOTH
    assert codes(folder / "deep", "../specs/a.yaml") == BOTH
    assert idemlint("check", "specs/a.yaml", cwd=folder / "deep").returncode == 2


def test_the_command_line_beats_the_configuration(tmp_path: Path) -> None:
    folder = project(tmp_path, "documents: specs\nselect: idempotency-key\nfail-on: never\nonly: GET *\n")
    assert codes(folder) == []
    assert codes(folder, "--only", "POST *") == BOTH[1:]
    assert codes(folder, "--only", "POST *", "--select", "idempotency-conflict") == BOTH[:1]
    assert idemlint("check", "--only", "POST *", cwd=folder).returncode == 0
    assert idemlint("check", "--only", "POST *", "--fail-on", "error", cwd=folder).returncode == 1


def test_isolated_and_another_configuration(tmp_path: Path) -> None:
    folder = project(tmp_path, "select: idempotency-key\n")
    write(folder / "other.yaml", "ignore: [idempotency-key]\n")
    assert codes(folder, "specs") == BOTH[1:]
    assert codes(folder, "specs", "--isolated") == BOTH
    assert codes(folder, "specs", "--config", "other.yaml") == BOTH[:1]


def test_severities_tags_and_contract(tmp_path: Path) -> None:
    folder = project(tmp_path, "rules: {idempotency-key-required: off, idempotency-conflict-response: hint}\n")
    done = idemlint("check", "specs", "-f", "json", cwd=folder)
    assert [(finding["code"], finding["severity"]) for finding in json.loads(done.stdout)] == [(BOTH[0], 3)]
    project(tmp_path, "tags: Other\n")
    assert codes(folder, "specs") == []
    project(tmp_path, "tags: [T]\ncontract: {methods: [PUT]}\n")
    assert codes(folder, "specs") == []
    project(tmp_path, "contract: {header: X-Key}\n")
    assert "X-Key" in idemlint("check", "specs", cwd=folder).stdout


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ("rules: {idempotency-key-requird: off}\n", "did you mean 'idempotency-key-required'?"),
        ("contract: {key-format: pattern}\n", "key-format 'pattern' needs a pattern"),
        ("format: jsn\n", "did you mean 'json'?"),
        ("selct: a\n", "error: .idemlint.yaml:1:1: unknown key 'selct'\n  hint: did you mean 'select'?\n"),
    ],
)
def test_a_wrong_configuration_ends_the_run_with_two(tmp_path: Path, configuration: str, message: str) -> None:
    done = idemlint("check", "specs", cwd=project(tmp_path, configuration))
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_reports_named_in_the_configuration_lie_beside_it(tmp_path: Path) -> None:
    folder = project(tmp_path, "documents: specs\nformat: json=out/report.json\n")
    assert idemlint("check", cwd=folder / "deep").returncode == 1
    assert (folder / "out" / "report.json").is_file()


# --- the probe's own section -------------------------------------------------------------------------------------------


def test_the_probe_has_a_section_with_requests_by_operation(tmp_path: Path) -> None:
    path = write(
        tmp_path / "pyproject.toml",
        """
[tool.idemlint]
profile = "stripe-v1"

[tool.idemlint.probe]
document = "api/openapi.yaml"
hooks = "hooks.py"
profile = "own.yaml"
timeout = 2.5
rate = 10
select = "CON"

[tool.idemlint.probe.operations."POST /refunds"]
body.payment_id = "pay_1"
path.account = 12
""",
    )
    config = load(str(path))
    assert config.profile == "stripe-v1"
    assert config.probe == {
        "document": str(tmp_path / "api" / "openapi.yaml"),
        "hooks": str(tmp_path / "hooks.py"),
        "profile": str(tmp_path / "own.yaml"),
        "timeout": 2.5,
        "rate": "10",
        "select": ("CON",),
        "operations": {"POST /refunds": {"body": {"payment_id": "pay_1"}, "path": {"account": 12}}},
    }


def test_numbers_in_yaml_may_have_a_fraction(tmp_path: Path) -> None:
    path = write(tmp_path / ".idemlint.yaml", 'probe: {timeout: 2.5, operations: {"POST /a": {body: {rate: 0.25}}}}\n')
    probe = load(str(path)).probe
    assert (probe["timeout"], probe["operations"]["POST /a"]["body"]) == (2.5, {"rate": 0.25})


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("probe: {sute: core}\n", "unknown key 'probe.sute'", "did you mean 'suite'?"),
        (
            "probe: {operations: {POST /a: {bdy: 1}}}\n",
            "unknown key 'probe.operations.POST /a.bdy'",
            "did you mean 'body'?",
        ),
        ("probe: {timeout: 0}\n", "probe.timeout must be a number above 0, not 0", ""),
    ],
)
def test_mistakes_in_the_probes_section_are_named(tmp_path: Path, text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(str(write(tmp_path / ".idemlint.yaml", text)))
    assert (caught.value.message, caught.value.hint) == (message, hint)
