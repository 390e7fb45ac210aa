"""The checks and what there is to know about each: for `idemlint checks`, `explain` and the catalogue.

What a check promises, why and by which source stands where it is registered; how it goes about it, what it expects and what
it takes for no failure stands in `rules/checks/CHECK.md`. A run of the probe reads none of the latter.
`python -m idemlint.probe.catalogue` writes `rules/checks/README.md` anew.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from idemlint.pages import bundled_pages, fenced_text, one_deeper, sections
from idemlint.probe.check import GROUP_OF, all_checks

if TYPE_CHECKING:
    from idemlint.probe.check import Check

_FOLDER: Final = "checks"
_DRAFT_PLACE: Final = "https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-06"
_DRAFT: Final = re.compile(r"\bdraft(?:-ietf-httpapi-idempotency-key-header-06,)? sections? (\d+(?:\.\d+)*)")
_RFC: Final = re.compile(r"RFC (\d+)(?:, sections? (\d+(?:\.\d+)*))?")
_THREAD: Final = re.compile(r"([\w.-]+/[\w.-]+)#(\d+)")
_PAGE: Final = re.compile(r"(?:[\w-]+\.)+(?:com|dev|org|net)(?:/[\w./-]*\w)?")
_HEAD: Final = """\
# Checks

What `idemlint probe` asks of a server. Generated from the checks and from the files beside this one by
`python -m idemlint.probe.catalogue`; edit those.

A failure of *safety* is wrong under every profile; *conformance* is what profile or document say; a *control* shows that
the others can be believed, and is never a finding. `--suite core` runs the checks that say core, `--suite full` all of
them. `k1` and `k2` are keys, sketched as short as none should be.

| check | promise | axis | severity | suite |
| --- | --- | --- | --- | --- |"""


class CheckDocumentation(NamedTuple):
    """A check as it is explained. Texts are Markdown; of an installed package's check all but its sources are empty."""

    check: Check
    sequence: str
    """What is sent, in which order."""
    expected: str
    no_failure: str
    """What might be taken for a failure and is none, and how the two are told apart: a list."""
    bad: str
    """A sketch of exchanges that break the promise, a line each."""
    good: str
    sources: tuple[str, ...]
    """As registered, with the address of each that has one."""
    text: str
    """All of it as a page."""


def check_documentation(identifier: str) -> CheckDocumentation | None:
    """What there is to read about `CON-01`, in whatever case; None when no check is called so."""
    check = next((each for each in all_checks() if each.id == identifier.upper()), None)
    if check is None:
        return None
    parts = _parts(check)
    sources = tuple(_linked(source.strip()) for source in check.source.split("; "))
    return CheckDocumentation(
        check,
        parts.get("Sequence", ""),
        parts.get("Expected", ""),
        parts.get("What is no failure", ""),
        fenced_text(parts.get("Bad", "")),
        fenced_text(parts.get("Good", "")),
        sources,
        _page_of(check, parts, sources),
    )


def bundled_checks() -> tuple[Check, ...]:
    """The checks that come along, without those of installed packages, which bring no pages."""
    return tuple(check for check in all_checks() if check.run.__module__.startswith("idemlint.probe.checks."))


def page() -> str:
    """`rules/checks/README.md`: a table of all checks, then the text of each."""
    checks = bundled_checks()
    lines = [_HEAD]
    for check in checks:
        told = check.promise.replace("|", "\\|")
        suite = "core" if check.core else "full"
        lines.append(
            f"| [{check.id}](#{_anchor(check)}) {check.name} | {told} | {check.axis} | {check.severity.label} | {suite} |"
        )
    for group in dict.fromkeys(GROUP_OF.values()):
        for check in checks:
            if check.group == group:
                documentation = check_documentation(check.id)
                assert documentation is not None  # noqa: S101 - it is one of them
                lines += ["", one_deeper(documentation.text).rstrip()]
    return "\n".join(lines) + "\n"


def _parts(check: Check) -> dict[str, str]:
    """The sections of its page; none if it has no page."""
    if check not in bundled_checks():
        return {}
    return dict(sections((bundled_pages(_FOLDER) / f"{check.id}.md").read_text(encoding="utf-8")))


def _page_of(check: Check, parts: dict[str, str], sources: tuple[str, ...]) -> str:
    needs = ", ".join(need.name for need in check.needs) or "nothing"
    lead = (
        f"{_sentence(check.promise)} {check.axis.capitalize()}, {check.severity.label}, suite "
        f"{'core' if check.core else 'full'}, {check.requests} requests at most. Needs: {needs}."
    )
    lines = [f"# {check.id} {check.name}", "", lead, "", "## Why", "", _sentence(check.why)]
    for heading, text in parts.items():
        if heading:
            lines += ["", f"## {heading}", "", text]
    lines += ["", "## Sources", "", *(f"- {source}" for source in sources)]
    return "\n".join(lines) + "\n"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _anchor(check: Check) -> str:
    """As GitHub makes it of the heading."""
    return re.sub(r"[^\w -]", "", f"{check.id} {check.name}".lower()).replace(" ", "-")


def _linked(source: str) -> str:
    """The source with the addresses of what it names: a draft's or RFC's section, threads, pages."""
    found = []
    draft = _DRAFT.search(source)
    if draft is not None:
        found.append(f"{_DRAFT_PLACE}#section-{draft[1]}")
        source += " (expired Internet-Draft, work in progress)"
    for number, section in _RFC.findall(source):
        found.append(f"https://www.rfc-editor.org/rfc/rfc{number}" + (f"#section-{section}" if section else ""))
    found += [f"https://github.com/{repository}/issues/{number}" for repository, number in _THREAD.findall(source)]
    found += [f"https://{match[0]}" for match in _PAGE.finditer(source)]
    return f"{source}: {' '.join(found)}" if found else source


if __name__ == "__main__":
    (bundled_pages(_FOLDER) / "README.md").write_text(page(), encoding="utf-8")
