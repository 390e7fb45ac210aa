"""The findings of the first day, written down, so that every later day reports just what is new.

A finding is known again by a fingerprint that survives what people do to documents: lines move, keys are reordered,
parameters change their index. It is lost, as it should be, when the rule, the file or the place is another.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

from idemlint.errors import ConfigError
from idemlint.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from idemlint.findings import Finding, Path
    from idemlint.openapi.document import Document

VERSION = 1
_HINT = "Write it anew with --write-baseline."


class Checked(Protocol):
    """What of a checked document is needed here."""

    @property
    def findings(self) -> Sequence[Finding]: ...
    @property
    def documents(self) -> Mapping[str, Document]: ...


class Baseline(NamedTuple):
    """A baseline that was read."""

    path: str
    entries: dict[str, str]
    """From fingerprint to the source (relative to the baseline's folder) of the finding."""


class Applied(NamedTuple):
    """What a baseline leaves of the findings."""

    new: list[list[Finding]]
    """For each result, in order."""
    known: int
    stale: int
    """Entries for the documents of this run that nothing corresponds to any more."""


def fingerprints(findings: Sequence[Finding], documents: Mapping[str, Document], base: str) -> list[str]:
    """One fingerprint (32 hex digits) for each finding, in order.

    Made of the rule, the source relative to the folder `base`, the place, the operation, and a number for findings that
    agree in all of these. Not of the message, which changes with idemlint's wording. The operation counts only if the
    message names it: of findings at a shared component that say the same only one is kept, for whichever operation comes
    first, and that changes with the order of the document.
    """
    import hashlib

    seen: dict[tuple[str, ...], int] = {}
    found: list[str] = []
    for finding in findings:
        operation = finding.operation if finding.operation and finding.operation in finding.message else ""
        identity = (finding.code, relative_source(finding.source, base), place(finding, documents), operation)
        number = seen[identity] = seen.get(identity, -1) + 1
        text = "\0".join((str(VERSION), *identity, str(number)))
        found.append(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return found


def place(finding: Finding, documents: Mapping[str, Document]) -> str:
    """The path with what names an item in place of its index: `paths//pay/post/parameters/[header Idempotency-Key]`."""
    document = documents.get(finding.source)
    return "/".join(_steps(finding.path, document.data if document is not None else None))


def relative_source(source: str, base: str) -> str:
    """With forward slashes; URLs and `<stdin>` stay as they are."""
    if not os.path.isabs(source):
        return source
    try:
        return os.path.relpath(source, base).replace(os.sep, "/")
    except ValueError:  # another drive of Windows
        return source.replace(os.sep, "/")


def _steps(path: Path, value: Any) -> Iterator[str]:
    for step in path:
        if isinstance(value, list) and str(step).isdigit() and int(step) < len(value):
            value = value[int(step)]
            yield f"[{_identity(value) or step}]"
        else:
            value = value.get(str(step)) if isinstance(value, dict) else None
            yield str(step)


def _identity(item: Any) -> str:
    """What makes an item of a sequence the same one wherever it stands; empty if nothing does."""
    if isinstance(item, dict):
        if isinstance(item.get("name"), str):
            where = item.get("in")
            return f"{where} {item['name']}" if isinstance(where, str) else item["name"]
        for key in ("$ref", "operationId", "$id", "url", "title"):
            if isinstance(item.get(key), str):
                return f"{key} {item[key]}"
        # A security requirement, say: `- apiKey: []`.
        return f"{{{', '.join(sorted(item))}}}" if item and all(value == [] for value in item.values()) else ""
    return "" if isinstance(item, list) else f"= {item}"


def write_baseline(results: Sequence[Checked], path: str) -> int:
    """Writes all findings as JSON for people and machines; the number of entries.

    The file is replaced in one step: whoever reads it meanwhile sees the old or the new one, whole. Raises ConfigError.
    """
    import json

    base = os.path.dirname(os.path.abspath(path))
    entries: dict[str, dict[str, str]] = {}
    for result in results:
        for finding, fingerprint in zip(
            result.findings, fingerprints(result.findings, result.documents, base), strict=True
        ):
            entries[fingerprint] = {
                "rule": finding.code,
                "source": relative_source(finding.source, base),
                "operation": finding.operation or "",
                "place": place(finding, result.documents),
                "fingerprint": fingerprint,
            }
    ordered = sorted(entries.values(), key=lambda entry: tuple(entry.values()))
    text = json.dumps({"version": VERSION, "findings": ordered}, indent=2, ensure_ascii=False) + "\n"
    try:
        _replace(os.path.realpath(path), text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise ConfigError(f"the baseline cannot be written: {error.strerror or error}", source=path) from error
    return len(ordered)


def _replace(path: str, content: bytes) -> None:
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def read_baseline(path: str) -> Baseline:
    """Raises ConfigError if the file is missing or not what `write_baseline` writes."""
    import json

    try:
        with open(path, encoding="utf-8-sig") as file:
            data = json.load(file)
    except FileNotFoundError as error:
        raise ConfigError("the baseline does not exist", source=path, hint=_HINT) from error
    except OSError as error:
        raise ConfigError(f"the baseline cannot be read: {error.strerror or error}", source=path) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"the baseline is not JSON: {error}", source=path, hint=_HINT) from error
    if not isinstance(data, dict) or not isinstance(data.get("findings"), list):
        raise ConfigError("this is no baseline of idemlint", source=path, hint=_HINT)
    if data.get("version") != VERSION:
        raise ConfigError(f"the baseline has version {data.get('version')!r}, not {VERSION}", source=path, hint=_HINT)
    entries: dict[str, str] = {}
    for number, entry in enumerate(data["findings"], 1):
        fingerprint = entry.get("fingerprint") if isinstance(entry, dict) else None
        source = entry.get("source") if isinstance(entry, dict) else None
        if not isinstance(fingerprint, str) or not isinstance(source, str):
            raise ConfigError(
                f"entry {number} of the baseline has no `fingerprint` or no `source`", source=path, hint=_HINT
            )
        entries[fingerprint] = source
    return Baseline(path, entries)


def apply_baseline(results: Sequence[Checked], baseline: Baseline) -> Applied:
    """Takes out the findings that the baseline knows."""
    base = os.path.dirname(os.path.abspath(baseline.path))
    met: set[str] = set()
    sources: set[str] = set()
    new: list[list[Finding]] = []
    known = 0
    for result in results:
        fresh: list[Finding] = []
        for finding, fingerprint in zip(
            result.findings, fingerprints(result.findings, result.documents, base), strict=True
        ):
            if fingerprint in baseline.entries:
                met.add(fingerprint)
                known += 1
            else:
                fresh.append(finding)
        new.append(fresh)
        sources.update(relative_source(source, base) for source in result.documents)
    stale = sum(source in sources and fingerprint not in met for fingerprint, source in baseline.entries.items())
    return Applied(new, known, stale)
