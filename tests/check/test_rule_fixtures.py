"""Each document under `fixtures/rules/RULE/` becomes a test by lying there.

Its first lines say what is expected: `# expect: RULE [FILE:]LINE:COLUMN [OPERATION]`, counted from 1, once a finding. A
file `valid*` expects none. `# contract: {...}` and `# profile: NAME` set what the document is held to.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from idemlint.check.catalogue import all_rules
from idemlint.check.loading import RulesetLoader
from idemlint.check.runner import check_document
from idemlint.contract.contract import Contract
from idemlint.contract.loading import load_profile
from idemlint.openapi.document import read

FOLDER = Path(__file__).parents[2] / "fixtures" / "rules"
FIXTURES = sorted(file for file in FOLDER.glob("*/*.yaml") if file.name.startswith(("valid", "invalid")))
EXPECT = re.compile(r"# expect: (?P<rule>\S+) (?P<place>\S+)(?: (?P<operation>.+))?")


def comments(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("# ")]


def contract_of(text: str) -> Contract:
    profile, settings = None, {}
    for line in comments(text):
        if line.startswith("# contract: "):
            settings = json.loads(line.removeprefix("# contract: "))
        elif line.startswith("# profile: "):
            profile = load_profile(line.removeprefix("# profile: "))
    return Contract.from_settings(settings) if profile is None else Contract.from_profile(profile, settings)


def findings(file: Path, rule: str, contract: Contract) -> list[tuple[str, str]]:
    """Place and operation of each finding of the rule, sorted."""
    name = "idemlint:seed" if rule == "idempotency-header-required" else "idemlint:all"
    result = check_document(read(str(file)), RulesetLoader().load([name], str(FOLDER)), contract)
    told = []
    for finding in result.findings:
        if finding.code == rule:
            where = "" if finding.source == str(file) else f"{Path(finding.source).relative_to(file.parent)}:"
            start = finding.focus.start
            told.append((f"{where}{start.line + 1}:{start.character + 1}", finding.operation or ""))
    return sorted(told)


@pytest.mark.parametrize("file", FIXTURES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_the_rule_finds_what_the_fixture_expects(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    lines = [EXPECT.fullmatch(line) for line in comments(text) if line.startswith("# expect: ")]
    assert bool(lines) == file.name.startswith("invalid")
    expected = sorted(
        (line["place"], line["operation"] or "") for line in lines if line and line["rule"] == file.parent.name
    )
    assert len(expected) == len(lines), "an expectation of another rule, or one that cannot be read"
    found = findings(file, file.parent.name, contract_of(text))
    assert [place for place, _ in found] == [place for place, _ in expected]
    assert all(operation in ("", there) for (_, operation), (_, there) in zip(expected, found, strict=True))


@pytest.mark.parametrize("rule", [rule.name for rule in all_rules()])
def test_each_rule_has_documents_that_keep_it_and_that_break_it(rule: str) -> None:
    names = [file.name for file in FIXTURES if file.parent.name == rule]
    assert any(name.startswith("valid") for name in names)
    assert any(name.startswith("invalid") for name in names)


def test_no_folder_belongs_to_a_rule_that_is_gone() -> None:
    assert {file.parent.name for file in FIXTURES} == {rule.name for rule in all_rules()}
