"""The `schema` function says just what Spectral's does: answers of 6.16.3, recorded and (where installed) live."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import oracle
import pytest

from idemlint.check.function import UNDEFINED, RuleContext
from idemlint.check.functions.schema import FUNCTION
from idemlint.check.json_schema import BrokenSchemaError, compile_schema, validate
from idemlint.check.json_schema.errors import pointer

DATA = Path(__file__).parent.parent / "json_schema"
COPIED = {"type": "array", "contains": {"properties": {"name": {"const": "Idempotency-Key"}}}}
PARAMETERS = ("paths", "/payments", "post", "parameters")


def _load_generator():
    spec = importlib.util.spec_from_file_location("json_schema_generator", DATA / "generator.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = _load_generator()
RECORDED = json.loads((DATA / "recorded.json").read_text(encoding="utf-8"))


def _context(path=PARAMETERS, *, resolved=True):
    return RuleContext(tuple(path), None, None, resolved)


def _messages(target, options, path=PARAMETERS):
    return [issue.message for issue in FUNCTION.run(target, options, _context(path))]


def _our_answer(case):
    options = {"schema": case["schema"], "dialect": case["dialect"], "allErrors": case["allErrors"]}
    assert not validate(FUNCTION.options, options)
    issues = FUNCTION.run(case["instance"], options, _context(case["path"]))
    results = [
        (issue.message, [str(step) for step in (case["path"] if issue.path is None else issue.path)])
        for issue in issues
    ]
    try:
        found = compile_schema(case["schema"], case["dialect"], all_errors=case["allErrors"]).validate(case["instance"])
    except BrokenSchemaError:
        return results, None
    errors = [(pointer(e.path), e.schema_path, e.keyword, e.message) for e in found]
    return results, errors or None


def _their_answer(answer):
    """Spectral decodes the tokens of its paths after the function has returned them."""
    results = [
        (result["message"], [str(step).replace("~1", "/").replace("~0", "~") for step in result["path"]])
        for result in answer["results"]
    ]
    errors = answer["errors"] and [
        (e["instancePath"], e["schemaPath"], e["keyword"], e["message"]) for e in answer["errors"]
    ]
    return results, errors


def _disagreements(cases, answers):
    return [
        (case, _their_answer(answer), _our_answer(case))
        for case, answer in zip(cases, answers, strict=True)
        if _their_answer(answer) != _our_answer(case)
    ]


def test_recorded_answers_of_spectral():
    assert len(RECORDED) > 600
    assert _disagreements(*zip(*RECORDED, strict=True)) == []


def test_recording_covers_every_keyword():
    keywords = {error["keyword"] for _, answer in RECORDED for error in answer["errors"] or ()}
    assert keywords >= {
        "additionalItems", "additionalProperties", "anyOf", "const", "contains", "dependencies", "dependentRequired",
        "enum", "errorMessage", "exclusiveMaximum", "exclusiveMinimum", "false schema", "format", "formatMaximum", "if",
        "items", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minProperties",
        "minimum", "multipleOf", "not", "oneOf", "pattern", "propertyNames", "required", "type", "unevaluatedItems",
        "unevaluatedProperties", "uniqueItems",
    }  # fmt: skip


def test_live_spectral_agrees():
    modules = oracle.need_spectral()
    cases = GENERATOR.hand_made() + GENERATOR.Generator(1).cases(600) + GENERATOR.Generator(2).cases(600)
    assert _disagreements(cases, GENERATOR.ask(cases, modules)) == []


@pytest.mark.parametrize(
    ("target", "messages"),
    [
        (UNDEFINED, ['#{{print("property")}}must exist']),
        ([], ['"parameters" property must contain at least 1 valid item(s)']),
        ([{"name": "idempotency-key"}], ['"parameters" property must contain at least 1 valid item(s)']),
        ([{"name": "Idempotency-Key"}], []),
        ([{"$ref": "#/components/parameters/Circular"}], []),
        ([{"in": "header"}], []),
        ({}, ['"parameters" property type must be array']),
        (None, ['"parameters" property type must be array']),
    ],
)
def test_the_ruleset_that_many_teams_copy(target, messages):
    assert _messages(target, {"schema": COPIED}) == messages


def test_a_missing_target_is_told_at_the_place_of_the_rule():
    (issue,) = FUNCTION.run(UNDEFINED, {"schema": COPIED}, _context())
    assert issue.path is None


def test_paths_have_indices_and_names_as_they_are_in_the_document():
    schema = {"items": {"properties": {"a/b": {"type": "string"}}}}
    # Spectral's error tree drops a token that begins with ~, but keeps those before it.
    (issue,) = FUNCTION.run([{"a/b": 1}], {"schema": schema}, _context())
    assert issue.path == (*PARAMETERS, 0, "a/b")


def test_unresolvable_references_are_silent_only_where_spectral_is():
    options = {"schema": {"$ref": "#/nowhere"}}
    assert FUNCTION.run({}, options, _context()) == []
    (issue,) = FUNCTION.run({}, options, _context(resolved=False))
    assert issue.message == "can't resolve reference #/nowhere from id #"


def test_schema_without_end_is_an_issue_in_the_words_of_v8():
    assert _messages({}, {"schema": {"$ref": "#"}}) == ["Maximum call stack size exceeded"]


def test_a_pattern_too_costly_or_broken_is_an_issue():
    assert _messages("x", {"schema": {"pattern": "("}})[0].startswith("Invalid regular expression: /(/")


@pytest.mark.parametrize(
    "options", [{}, {"schema": []}, {"schema": {}, "dialect": "draft3"}, {"schema": {}, "all": 1}, None]
)
def test_options_that_spectral_refuses_are_refused(options):
    assert validate(FUNCTION.options, options)


def test_the_function_imports_nothing_heavy():
    code = (
        "import sys; before = set(sys.modules)\n"
        "from idemlint.check.functions.schema import FUNCTION\n"
        "from idemlint.check.function import RuleContext\n"
        "schema = {'type': 'array', 'contains': {'properties': {'name': {'const': 'x'}}}}\n"
        "assert FUNCTION.run([], {'schema': schema}, RuleContext((), None, None))\n"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"jsonschema", "referencing", "urllib", "json", "dataclasses", "inspect", "pathlib", "yaml", "decimal"}
    assert heavy.isdisjoint(done.stdout.split())
