"""Where the rulesets that a ruleset names are found, and the Python functions that it brings along."""

from __future__ import annotations

import os

from idemlint.errors import RulesetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from idemlint.check.function import Function
    from idemlint.check.ruleset import Definition

_JAVASCRIPT = (".js", ".cjs", ".mjs", ".ts")
_ELSEWHERE = {
    "spectral:oas": "its rules check the document's style; run them with Spectral and keep idemlint for idempotency",
    "spectral:asyncapi": "idemlint reads OpenAPI documents; run AsyncAPI rules with Spectral",
    "spectral:arazzo": "idemlint reads OpenAPI documents; run Arazzo rules with Spectral",
}


def locate(name: str, folder: str, asked_by: Definition | None, *, allow_remote: bool) -> str:
    """The absolute path or URL of the ruleset `name` as seen from `folder`: a URL, a file, or a path in node_modules."""
    if name in _ELSEWHERE:
        raise _error(f'the ruleset "{name}" is not part of idemlint', asked_by, _ELSEWHERE[name])
    if name.startswith(("http://", "https://")):
        if not allow_remote:
            raise _error(f"the ruleset {name} lies on a server", asked_by, "allow it with --allow-remote-refs")
        return name
    if folder.startswith(("http://", "https://")):
        from urllib.parse import urljoin

        return locate(urljoin(f"{folder}/", name), "", asked_by, allow_remote=allow_remote)
    candidates = [os.path.normpath(os.path.join(folder, name)), *_in_node_modules(name, folder)]
    found = next((path for path in candidates if os.path.isfile(path)), None)
    if found is None:
        tried = "a file, or a package in node_modules" if len(candidates) > 1 else candidates[0]
        raise _error(f'the ruleset "{name}" does not exist', asked_by, f"looked for {tried}")
    if found.endswith(_JAVASCRIPT):
        raise _error(
            f"{name} is a JavaScript ruleset; idemlint reads YAML and JSON and runs no JavaScript",
            asked_by,
            "write its rules as YAML; functions of your own can be Python (see `functions` and --allow-code)",
        )
    return found


def _in_node_modules(name: str, folder: str) -> list[str]:
    """Where Node would look for `@scope/package`, `package` or `package/file.yaml`."""
    if name.startswith((".", "/")):
        return []
    found = []
    current = os.path.abspath(folder)
    while True:
        base = os.path.join(current, "node_modules", *name.split("/"))
        found += [base, base + ".yaml", base + ".yml", base + ".json", *_package_main(base)]
        parent = os.path.dirname(current)
        if parent == current:
            return found
        current = parent


def _package_main(base: str) -> list[str]:
    manifest = os.path.join(base, "package.json")
    if not os.path.isfile(manifest):
        return []
    from idemlint.errors import DocumentError
    from idemlint.openapi.document import read

    try:
        data = read(manifest).data
    except DocumentError:
        return []
    main = data.get("main") if isinstance(data, dict) else None
    names = [main] if isinstance(main, str) else []
    return [os.path.join(base, entry) for entry in [*names, ".spectral.yaml", "spectral.yaml", "index.js"]]


def fetch(url: str) -> Any:
    """The document behind an http(s) URL, under the limits that hold for remote references."""
    from idemlint.openapi.document import parse
    from idemlint.openapi.references import Policy
    from idemlint.openapi.remote import Fetcher
    from idemlint.openapi.sandbox import ReferenceRefusedError

    try:
        return parse(Fetcher(Policy(allow_remote=True), url).fetch(url), url)
    except ReferenceRefusedError as error:
        raise RulesetError(f"the ruleset cannot be fetched: {error}", source=url) from None


def load_functions(definition: Definition, *, allow_code: bool) -> Mapping[str, Function]:
    """The Python files under `functions`, relative to `functionsDir` (default: `functions`) or to the ruleset."""
    from idemlint.check.functions import load_file

    source = definition.document.source
    if not allow_code:
        raise definition.error(
            "`functions` runs Python code that the ruleset brings along",
            ("functions",),
            "pass --allow-code if you trust it; functions of installed packages need no consent",
        )
    folder = os.path.dirname(source)
    functions: dict[str, Function] = {}
    for index, entry in enumerate(definition.data["functions"]):
        name = entry[0] if isinstance(entry, list) else entry
        file = name if name.endswith(".py") else f"{name}.py"
        tried = [
            os.path.normpath(os.path.join(folder, definition.data.get("functionsDir", "functions"), file)),
            os.path.normpath(os.path.join(folder, file)),
        ]
        found = next((path for path in tried if os.path.isfile(path)), None)
        if found is None:
            hint = "JavaScript functions cannot run here; write the function in Python"
            raise definition.error(
                f'the function file "{file}" does not exist', ("functions", index), f"looked for {tried[0]}; {hint}"
            )
        functions.update(load_file(found))
    return functions


def _error(message: str, asked_by: Definition | None, hint: str) -> RulesetError:
    return RulesetError(message, hint=hint) if asked_by is None else asked_by.error(message, ("extends",), hint)
