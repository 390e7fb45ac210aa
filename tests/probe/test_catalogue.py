"""Every check is explained, and what is written about it belongs to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from idemlint.findings import Severity
from idemlint.probe import check as registry
from idemlint.probe.catalogue import bundled_checks, check_documentation, page
from idemlint.probe.check import passed

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "rules" / "checks"
IDS = [check.id for check in bundled_checks()]


def test_the_page_is_up_to_date() -> None:
    stale = "run `python -m idemlint.probe.catalogue`"
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == page(), stale


def test_each_check_has_a_page_and_each_page_a_check() -> None:
    assert {file.stem for file in FOLDER.glob("*.md")} == {*IDS, "README"}


@pytest.mark.parametrize("identifier", IDS)
def test_a_check_is_explained(identifier: str) -> None:
    told = check_documentation(identifier)
    assert told is not None
    assert told.check.id == identifier
    for text in (told.sequence, told.expected, told.no_failure, told.bad, told.good, *told.sources):
        assert text.strip()
    assert all(line.startswith("- ") for line in told.no_failure.splitlines())
    assert told.text.startswith(f"# {identifier} {told.check.name}\n")
    assert told.bad != told.good
    for sketch in (told.bad, told.good):
        assert max(map(len, sketch.splitlines())) <= 120


@pytest.mark.parametrize("identifier", IDS)
def test_pages_refer_to_checks_that_there_are(identifier: str) -> None:
    text = (FOLDER / f"{identifier}.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\b[A-Z]{3}-\d{2}\b", text)) <= set(IDS)
    headings = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["Sequence", "Expected", "What is no failure", "Bad", "Good"]


def test_sources_have_their_addresses() -> None:
    def sources(identifier: str) -> str:
        told = check_documentation(identifier)
        assert told is not None
        return " ".join(told.sources)

    draft = "https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-06#section-2.6"
    assert f"(expired Internet-Draft, work in progress): {draft}" in sources("CON-01")
    assert "https://github.com/mastodon/mastodon/issues/37879" in sources("CON-01")
    assert "https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3" in sources("CON-08")
    assert "https://status.dwolla.com/incidents/bkl5393wxlhf" in sources("FLT-04")


def test_names_in_whatever_case_and_unknown_ones() -> None:
    told = check_documentation("con-01")
    assert told is not None
    assert told.check.id == "CON-01"
    for wrong in ("CON-99", "", "../CON-01", "README"):
        assert check_documentation(wrong) is None


def test_anchors_of_the_table_lead_to_the_headings() -> None:
    text = page()
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("## ")
    }
    assert set(re.findall(r"^\| \[[A-Z0-9-]+\]\(#([^)]+)\)", text, re.MULTILINE)) == headings


def test_a_check_of_an_installed_package_is_explained_by_what_it_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_CHECKS", dict(registry._CHECKS))
    before = page()

    @registry.check(
        "ACME-01",
        "odd hours",
        axis="conformance",
        severity=Severity.WARN,
        promise="pays at night",
        why="banks sleep",
        source="RFC 9110, section 5.1",
        requests=1,
    )
    async def odd_hours(bench: object) -> object:
        return passed("it did")

    told = check_documentation("acme-01")
    assert told is not None
    assert told.text.startswith("# ACME-01 odd hours\n\nPays at night. Conformance, warn")
    assert told.sequence == ""
    assert told.sources == ("RFC 9110, section 5.1: https://www.rfc-editor.org/rfc/rfc9110#section-5.1",)
    assert page() == before
