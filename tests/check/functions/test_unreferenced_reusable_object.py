"""`unreferencedReusableObject` finds the orphans that Spectral finds, from one document or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import oracle
import pytest

from idemlint.check.function import RuleContext
from idemlint.check.functions.unreferenced_reusable_object import run
from idemlint.contract.contract import DEFAULT
from idemlint.openapi.document import parse, read
from idemlint.openapi.references import References

if TYPE_CHECKING:
    from pathlib import Path

LOCATION = "#/components/schemas"
TEXT = """
a: {$ref: '#/components/schemas/A'}
b: {$ref: '#/components/schemas/B/properties/x'}
c: {$ref: 'x.yaml#/components/schemas/E'}
d: {$ref: './x.yaml#/components/schemas/F'}
f: {$ref: '#/components/schemas/Pe%20r'}
g: {$ref: '#/components/schemas'}
t: {$ref: '#/components/schemas/a~0b'}
components:
  schemas:
    A: {}
    B: {properties: {x: {}}}
    C: {}
    D: {x: [{$ref: '#/components/schemas/D'}]}
    E: {}
    F: {}
    G: {x: {$ref: '#/components/schemas/H'}}
    H: {x: {$ref: '#/components/schemas/G'}}
    Pe r: {}
    a~b: {}
    I: {$ref: '#/components/schemas/J'}
    J: {}
"""
ORPHANS = ["B", "C", "D", "I"]


def _orphans(references: References, resolved: bool = True) -> list[str]:
    target: Any = references.root.data["components"]["schemas"]
    context = RuleContext(("components", "schemas"), references, DEFAULT, resolved)
    issues = list(run(target, {"reusableObjectsLocation": LOCATION}, context))
    assert {issue.message for issue in issues} <= {"Potential orphaned reusable object has been detected"}
    assert all(issue.path is not None and issue.path[:-1] == ("components", "schemas") for issue in issues)
    return [str(issue.path[-1]) for issue in issues if issue.path]


def test_only_a_reference_to_the_very_object_from_outside_counts(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(TEXT, "utf-8")
    assert _orphans(References(read(str(file)))) == ORPHANS


def test_spectral_says_the_same(tmp_path: Path) -> None:
    node_modules = oracle.need_spectral()
    file = tmp_path / "x.yaml"
    file.write_text(TEXT, "utf-8")
    then = {"function": "unreferencedReusableObject", "functionOptions": {"reusableObjectsLocation": LOCATION}}
    rules = {"orphan": {"given": "$.components.schemas", "then": then}}
    answers = oracle.ask([{"kind": "lint", "rules": rules, "text": TEXT, "source": str(file)}], node_modules)
    places = ["J" if name == "I" else name for name in ORPHANS]  # a finding is placed where references lead to
    assert [where[-1] for _, _, where in answers[0]] == places


def test_references_of_other_documents_count(tmp_path: Path) -> None:
    main, other = tmp_path / "main.yaml", tmp_path / "other.yaml"
    main.write_text("x: {$ref: other.yaml#/y}\ncomponents:\n  schemas:\n    A: {}\n    B: {}\n", "utf-8")
    other.write_text(
        "y: {z: {$ref: 'main.yaml#/components/schemas/A'}, A: {$ref: '#/components/schemas/B'}}\ncomponents: {schemas: {B: {}}}\n",
        "utf-8",
    )
    references = References(read(str(main)))
    references.problems()
    assert _orphans(references) == ["B"]


def test_a_document_without_references_is_full_of_orphans() -> None:
    assert _orphans(References(parse("components: {schemas: {A: {}, 200: {}}}", "<stdin>"))) == ["A", "200"]


@pytest.mark.parametrize("target", [None, [], "a", 1])
def test_other_values_are_left_alone(target: Any) -> None:
    context = RuleContext((), References(parse("{}", "<stdin>")), DEFAULT)
    assert list(run(target, {"reusableObjectsLocation": LOCATION}, context)) == []
