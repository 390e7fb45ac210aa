"""`--replay REPORT.json`: the options of an earlier run, read from its report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from idemlint.errors import UsageError
from idemlint.probe_report import IN_PROCESS, SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping


def with_report(options: dict[str, Any]) -> dict[str, Any]:
    """The options with target, profile, seed and checks of the report, where the command line does not say otherwise.

    Without `--check` it is the failed ones that run again; the document is not in the report and has to be given.
    """
    path = options["replay"]
    try:
        with open(path, "rb") as file:
            data = json.load(file)
    except OSError as error:
        raise UsageError(f"cannot read the report {path}: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is no report in JSON", hint="write one with -f json=report.json") from None
    if not isinstance(data, dict) or data.get("schema_version") != SCHEMA_VERSION:
        raise UsageError(f"{path} is no report of this version", hint="write one with -f json=report.json")
    operations = [each for each in _items(data, "operations") if isinstance(each.get("operation"), str)]
    wanted = tuple(part.strip().upper() for value in options["checks"] for part in value.split(",") if part.strip())
    chosen = dict.fromkeys(wanted)
    labels: dict[str, None] = {}
    known: dict[str, None] = {}
    for operation in operations:
        for check in _items(operation, "checks"):
            identifier = str(check.get("id"))
            known[identifier] = None
            if identifier in chosen or (not wanted and check.get("verdict") == "fail"):
                labels[operation["operation"]] = None
                chosen[identifier] = None
    if not chosen:
        raise UsageError(f"{path} tells of no failure to run again", hint="--check RPL-01 names one")
    strange = [each for each in wanted if each not in known]
    if strange:
        raise UsageError(
            f"{path} tells nothing of {', '.join(strange)}", hint=f"it has {', '.join(sorted(known)[:12])}"
        )
    target = data.get("target")
    if target == IN_PROCESS and options["app"] is None and options["url"] is None:
        raise UsageError(f"{path} is of an application in a process", hint="name it again: --app MODULE:ATTR")
    is_url = isinstance(target, str) and options["app"] is None and options["url"] is None
    return {
        **options,
        "document": options["document"] or _text(data, "document"),
        "url": target if is_url else options["url"],
        "profile": options["profile"] or _text(data, "profile"),
        "seed": options["seed"] if options["seed"] is not None else _number(data, "seed"),
        "select": options["select"] or tuple(chosen),
        "only": options["only"] or tuple(labels),
    }


def _items(data: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """What is a list of objects in a whole report may be anything in a file that was edited."""
    value = data.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(data: Mapping[str, Any], name: str) -> str | None:
    value = data.get(name)
    return value if isinstance(value, str) and value else None


def _number(data: Mapping[str, Any], name: str) -> int | None:
    value = data.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
