from __future__ import annotations

from pathlib import Path

import pytest

from idemlint.check.catalogue import BUILT_IN, all_rules, page, rule_documentation
from idemlint.check.functions import lookup
from idemlint.check.loading import BUNDLED, RulesetLoader
from idemlint.check.runner import check_document
from idemlint.contract.contract import DEFAULT
from idemlint.findings import Severity
from idemlint.openapi.document import parse

ROOT = Path(__file__).parents[2]
NAMES = [rule.name for rule in all_rules()]


def codes(text: str, ruleset: str) -> set[str]:
    rules = RulesetLoader().load([f"idemlint:{ruleset}"], str(ROOT))
    return {finding.code for finding in check_document(parse(text, "<stdin>"), rules, DEFAULT).findings}


def ruleset_of(name: str) -> str:
    return next(iter(next(rule for rule in all_rules() if rule.name == name).rulesets))


def test_the_page_is_up_to_date() -> None:
    stale = "run `python -m idemlint.check.catalogue`"
    assert (ROOT / "rules" / "README.md").read_text(encoding="utf-8") == page(), stale


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_is_documented(name: str) -> None:
    documentation = rule_documentation(name)
    assert documentation is not None
    assert documentation.summary
    assert documentation.why
    assert documentation.sources
    assert all("https://" in source for source in documentation.sources)
    assert "What it does not see" in documentation.sections


@pytest.mark.parametrize("name", NAMES)
def test_the_bad_example_breaks_the_rule_and_the_good_one_keeps_all(name: str) -> None:
    documentation = rule_documentation(name)
    assert documentation is not None
    ruleset = ruleset_of(name)
    assert codes(documentation.bad, ruleset) == {name}
    assert codes(documentation.good, ruleset) == set()


@pytest.mark.parametrize("name", BUILT_IN)
def test_codes_that_no_rule_makes_are_documented_too(name: str) -> None:
    documentation = rule_documentation(name)
    assert documentation is not None
    assert documentation.summary
    assert documentation.why
    assert name not in NAMES


def test_every_documentation_belongs_to_a_rule() -> None:
    files = {file.stem for file in (ROOT / "rules" / "docs").glob("*.md")}
    assert files == {*NAMES, *BUILT_IN}


@pytest.mark.parametrize("name", ["", "..", "../README", "no-such-rule", "a/b", "docs\x00"])
def test_unknown_names_have_no_documentation(name: str) -> None:
    assert rule_documentation(name) is None


@pytest.mark.parametrize("ruleset", BUNDLED)
def test_the_catalogue_says_what_the_engine_runs(ruleset: str) -> None:
    loaded = RulesetLoader().load([f"idemlint:{ruleset}"], str(ROOT))
    active = {rule.name: rule.severity for rule in loaded.active()}
    assert active == {rule.name: rule.rulesets[ruleset] for rule in all_rules() if ruleset in rule.rulesets}


def test_severities_of_the_base_rules() -> None:
    recommended = {rule.name: rule.rulesets["recommended"] for rule in all_rules() if "recommended" in rule.rulesets}
    assert recommended == {
        "idempotency-key-required": Severity.ERROR,
        "idempotency-key-uuid": Severity.WARN,
        "idempotency-conflict-response": Severity.ERROR,
        "idempotency-conflict-schema": Severity.WARN,
    }


def test_the_draft_is_held_as_a_draft() -> None:
    assert Severity.ERROR not in {rule.rulesets["ietf"] for rule in all_rules() if "ietf" in rule.rulesets}


def test_explain_shows_what_the_copied_ruleset_misses() -> None:
    documentation = rule_documentation("idempotency-key-required")
    assert documentation is not None
    missed = documentation.sections["What the copied ruleset misses"]
    for word in ("Path-level", "`required`", "`in`", "schema", "Lower-case", "without a `name`"):
        assert word in missed


def test_functions_bear_the_names_that_rules_use() -> None:
    for name in ("idempotencyKeyRequired", "idempotencyKeyUuid", "idempotencyConflictResponse"):
        function = lookup(name)
        assert function is not None
        assert function.name == name
