"""GitHub's runner, as far as idemlint's action and example workflows need it: steps with bash as they are written.

It sets the files and variables that the documentation names, evaluates expressions in `env`, `with`, `if`, `name` and
`working-directory` alone, and reads workflow commands from what steps print, `::stop-commands::` included
(https://docs.github.com/actions/reference/workflow-commands-for-github-actions). A `run` with an expression is refused:
there a value would become part of a program. Actions of others are stood in for by what they leave behind.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

ROOT = Path(__file__).parents[1]
PATIENCE = 300
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(\|\||&&|==|!=|!|\(|\))|([A-Za-z_][\w.-]*)|(\d+))")


@dataclass
class Annotation:
    level: str
    message: str
    properties: dict[str, str]


@dataclass
class Step:
    """What became of one step."""

    name: str
    conclusion: str
    """`success`, `failure` or `skipped`."""
    code: int = 0
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class Job:
    """A job on a machine of its own: folders, variables, and what steps left behind."""

    folder: Path
    temp: Path
    """RUNNER_TEMP: it may be shared by jobs, so that what one installs is there for the next."""
    environ: dict[str, str]
    contexts: dict[str, Any] = field(default_factory=dict)
    annotations: list[Annotation] = field(default_factory=list)
    summary: str = ""
    artifacts: dict[str, dict[str, str]] = field(default_factory=dict)
    """Name to the files in it and their texts."""
    scanned: list[str] = field(default_factory=list)
    """SARIF files that went to code scanning."""
    cached: list[str] = field(default_factory=list)
    """Keys."""
    groups: list[int] = field(default_factory=list)
    """Process groups of `run` steps, whose background processes live as long as the job."""

    def __post_init__(self) -> None:
        for each in (self.workspace, self.temp, self.folder / "files"):
            each.mkdir(parents=True, exist_ok=True)
        runner = {"os": "Linux", "arch": "X64", "temp": str(self.temp)}
        self.contexts = {
            "github": {"workflow": "w", "ref": "refs/heads/main", "job": "j"},
            "runner": runner,
            **self.contexts,
        }

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def log(self) -> str:
        return "\n".join(step.log for step in self.contexts.get("log", ()))

    def use(self, folder: Path, inputs: dict[str, str], env: dict[str, str] | None = None) -> Used:
        """A step `uses: ACTION` with its `with` and `env`."""
        action = yaml.safe_load((folder / "action.yml").read_text(encoding="utf-8"))
        strangers = set(inputs) - set(action["inputs"])
        assert not strangers, f"action.yml has no input {strangers}"
        given = {name: inputs.get(name, each.get("default", "")) for name, each in action["inputs"].items()}
        contexts = {**self.contexts, "inputs": given, "steps": {}}
        environ = {**self.environ, **(env or {}), "GITHUB_ACTION_PATH": str(folder)}
        steps = self.run_steps(action["runs"]["steps"], contexts, environ)
        outputs = {name: self.text(each["value"], contexts) for name, each in action["outputs"].items()}
        return Used(steps, outputs)

    def run_job(self, workflow: dict[str, Any], name: str, *, action: Path) -> list[Step]:
        """The steps of a workflow's job, up to its end. `OWNER/idemlint` is the action in the folder `action`."""
        job = workflow["jobs"][name]
        contexts = {**self.contexts, "steps": {}}
        env = {}
        for level in (workflow, job):
            env.update({key: self.text(value, contexts) for key, value in (level.get("env") or {}).items()})
        contexts["action"] = action
        try:
            return self.run_steps(job["steps"], contexts, {**self.environ, **env})
        finally:
            self.end()

    def end(self) -> None:
        """End what steps left running."""
        for group in self.groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    # --- steps ---------------------------------------------------------------------------------------------------------

    def run_steps(self, steps: list[dict[str, Any]], contexts: dict[str, Any], environ: dict[str, str]) -> list[Step]:
        done: list[Step] = []
        for step in steps:
            failed = any(each.conclusion == "failure" for each in done)
            contexts["failed"] = failed
            condition = str(step.get("if", "success()"))
            expression = condition.removeprefix("${{").removesuffix("}}")
            if "always()" not in expression and "failure()" not in expression and "cancelled()" not in expression:
                expression = f"success() && ({expression})"
            name = self.text(str(step.get("name", step.get("uses", "run"))), contexts)
            if not truthy(evaluate(expression, contexts)):
                done.append(Step(name, "skipped"))
                continue
            env = {key: self.text(value, contexts) for key, value in step.get("env", {}).items()}
            if "run" in step:
                result = self._bash(name, step, contexts, {**environ, **env})
            else:
                given = {key: self.text(value, contexts) for key, value in step.get("with", {}).items()}
                result = self._uses(name, step["uses"], given, {**environ, **env}, contexts)
            done.append(result)
            if "id" in step:
                contexts["steps"][step["id"]] = {"outputs": result.outputs, "outcome": result.conclusion}
        return done

    def _bash(self, name: str, step: dict[str, Any], contexts: dict[str, Any], environ: dict[str, str]) -> Step:
        assert "${{" not in step["run"], f"{name}: an expression inside a program"
        files = self.folder / "files"
        script = files / "script.sh"
        script.write_text(step["run"], encoding="utf-8")
        ways = {each: files / each for each in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")}
        for way in ways.values():
            way.write_text("", encoding="utf-8")
        environ = {
            **environ,
            **{each: str(way) for each, way in ways.items()},
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_OS": "Linux",
            "RUNNER_TEMP": str(self.temp),
        }
        log = files / "log.txt"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
                cwd=self.text(step.get("working-directory", str(self.workspace)), contexts),
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self.groups.append(process.pid)
            code = process.wait(PATIENCE)
        text = log.read_text(encoding="utf-8", errors="replace")
        self._obey(text)
        self.summary += ways["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        assert not ways["GITHUB_ENV"].read_text("utf-8"), "steps hand on outputs, not variables"
        outputs = parse_outputs(ways["GITHUB_OUTPUT"].read_text(encoding="utf-8"))
        return Step(name, "failure" if code else "success", code, text, outputs)

    def _uses(
        self, name: str, uses: str, given: dict[str, str], environ: dict[str, str], contexts: dict[str, Any]
    ) -> Step:
        action, _, commit = uses.partition("@")
        assert re.fullmatch("[0-9a-f]{40}", commit), f"{uses} is not pinned"
        if action == "OWNER/idemlint":
            used = self.use(contexts["action"], given, environ)
            failed = any(step.conclusion == "failure" for step in used.steps)
            log = "\n".join(step.log for step in used.steps)
            return Step(name, "failure" if failed else "success", int(failed), log, used.outputs)
        outputs = {}
        if action == "actions/setup-python":
            outputs = {"python-path": sys.executable, "python-version": ".".join(map(str, sys.version_info[:3]))}
        elif action == "actions/cache":
            self.cached.append(given["key"])
        elif action == "actions/upload-artifact":
            folder = Path(given["path"])
            files = [file for file in folder.rglob("*") if file.is_file()] if folder.is_dir() else [folder]
            self.artifacts[given["name"]] = {file.name: file.read_text(encoding="utf-8") for file in files}
        elif action == "github/codeql-action/upload-sarif":
            self.scanned.append(Path(given["sarif_file"]).read_text(encoding="utf-8"))
        else:
            assert action == "actions/checkout", f"nothing stands in for {uses}"
        return Step(name, "success", outputs=outputs)

    def _obey(self, text: str) -> None:
        """Workflow commands in what a step printed; `##[...]` is the older form, which counts anywhere in a line."""
        word = ""
        for line in text.splitlines():
            command = re.match(r"\s*::([\w-]+)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)", line)
            if word:
                if line.strip() == f"::{word}::":
                    word = ""
                continue
            if command is None:
                old = re.search(r"##\[(error|warning|notice|add-mask|set-output)[^\]]*\](.*)", line)
                if old:
                    self.annotations.append(Annotation(old[1], old[2], {}))
                continue
            name, properties, data = command.groups()
            if name == "stop-commands":
                word = data
            elif name in ("error", "warning", "notice"):
                pairs = [each.partition("=") for each in (properties or "").split(",") if each]
                found = {key.strip(): unquote(value) for key, _, value in pairs}
                self.annotations.append(Annotation(name, unquote(data), found))
            else:
                raise AssertionError(f"a command that nobody meant: {line}")

    # --- expressions ---------------------------------------------------------------------------------------------------

    def text(self, value: object, contexts: dict[str, Any]) -> str:
        return _EXPRESSION.sub(lambda found: as_text(evaluate(found[1], contexts)), as_text(value))


@dataclass
class Used:
    """An action's end."""

    steps: list[Step]
    outputs: dict[str, str]

    def __getitem__(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    @property
    def failed(self) -> list[str]:
        return [step.name for step in self.steps if step.conclusion == "failure"]


def parse_outputs(text: str) -> dict[str, str]:
    """`name=value`, or `name<<MARK`, lines, `MARK`."""
    outputs: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        heredoc = re.fullmatch(r"([\w-]+)<<(.+)", line)
        if heredoc is None:
            name, equals, value = line.partition("=")
            assert equals, f"no output: {line!r}"
            outputs[name] = value
            continue
        body = []
        for inner in lines:
            if inner == heredoc[2]:
                break
            body.append(inner)
        outputs[heredoc[1]] = "\n".join(body)
    return outputs


def evaluate(expression: str, contexts: dict[str, Any]) -> Any:
    """Literals, contexts, status functions, `!`, `==`, `!=`, `&&` and `||`, as GitHub defines them."""
    tokens: list[tuple[str, ...]] = []
    place = 0
    while expression[place:].strip():
        found = _TOKEN.match(expression, place)
        assert found, f"not an expression: {expression!r}"
        tokens.append(found.groups())
        place = found.end()

    def take(*operators: str) -> str:
        if tokens and tokens[0][1] in operators:
            return str(tokens.pop(0)[1])
        return ""

    def either() -> Any:
        value = both()
        while take("||"):
            other = both()
            value = value if truthy(value) else other
        return value

    def both() -> Any:
        value = equal()
        while take("&&"):
            other = equal()
            value = other if truthy(value) else value
        return value

    def equal() -> Any:
        value = single()
        while operator := take("==", "!="):
            same = as_text(value).lower() == as_text(single()).lower()
            value = same if operator == "==" else not same
        return value

    def single() -> Any:
        if take("!"):
            return not truthy(single())
        if take("("):
            value = either()
            assert take(")")
            return value
        literal, _, name, number = tokens.pop(0)
        if literal is not None:
            return literal[1:-1].replace("''", "'")
        if number is not None:
            return number
        if take("("):
            assert take(")"), f"a function with arguments: {name}"
            failed = contexts.get("failed", False)
            return {"always": True, "success": not failed, "failure": failed, "cancelled": False}[name]
        value = contexts
        for part in name.split("."):
            value = value.get(part, "") if isinstance(value, dict) else ""
        return value

    value = either()
    assert not tokens, f"not an expression: {expression!r}"
    return value


def truthy(value: Any) -> bool:
    return bool(value)


def as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def environment(**extra: str) -> dict[str, str]:
    """What a job's machine has of its own: no uv, unless `extra` brings a PATH with it."""
    kept = ("HOME", "LANG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    kept = (*kept, *(name for name in os.environ if name.startswith(("PIP_", "UV_"))))
    found = {name: os.environ[name] for name in kept if name in os.environ}
    return {**found, "PATH": os.defpath, "LC_ALL": "C.UTF-8", **extra}


def copy_of_the_project(folder: Path) -> Path:
    """The action as a runner unpacks it: what git would hold, none of what lies about."""
    folder.mkdir(parents=True)
    for name in ("action.yml", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("idemlint", "rules"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return folder
