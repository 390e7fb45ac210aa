"""What is said of schemas of keys that are odd: patterns that are costly or none, lists of keys, types that fit no key."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

from idemlint.contract.contract import DEFAULT, Contract
from idemlint.contract.key_format import judge
from idemlint.contract.key_samples import uuids

UUID = "[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}"
TEN = Contract.from_settings({"pattern": "^[A-Za-z0-9_-]{1,32}$"})


@pytest.mark.parametrize(
    "pattern",
    [
        "^.{15000}$",
        "^(.{100}){150}$",
        "^(([a-z]{1,100}){1,100}){1,100}$",
        "^(([a-z0-9-])+.)+[A-Z]([a-z0-9-])+$",
        r"^([0-9a-f]{8})(-)([0-9a-f]{4}\2){3}[0-9a-f]{12}$",
        r"^(?<a>.*)(.*)(.*)(.*)(.*)\k<a>x$",
        r"^((a|a)*)*\1x\1$",
        "^(" + "|".join(f"k{number}" for number in range(2_000)) + ")$",
        "(" * 60 + "a" + ")*" * 60,
        "^(?=.*(?=.*(?=.*x)))(?:[0-9a-f-]{0,40}){0,40}$",
    ],
)
def test_no_pattern_is_slow(pattern: str) -> None:
    begun = time.process_time()
    judge({"type": "string", "pattern": pattern}, DEFAULT)
    assert time.process_time() - begun < 1.5


def test_long_keys_are_drawn_too() -> None:
    judgement = judge({"pattern": f"^({UUID}|[A-Z]{{400,}})$"}, DEFAULT)
    assert not judgement.demands
    assert len(judgement.accepted[0]) >= 400


def test_without_a_pattern_nothing_is_drawn() -> None:
    code = (
        "import sys\n"
        "from idemlint.contract.contract import DEFAULT\n"
        "from idemlint.contract.key_format import judge\n"
        "for schema in ({}, {'type': 'string', 'format': 'uuid'}, {'enum': ['a']}, {'minLength': 36}, {'type': 'integer'}):\n"
        "    judge(schema, DEFAULT)\n"
        "print(sorted({'random', 'idemlint.openapi.samples', 'idemlint.openapi.ecma_regex'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("schema", [{"enum": list(uuids(4))}, {"const": uuids(4)[0]}, {"enum": [uuids(4)[0], None]}])
def test_a_list_of_uuids_refuses_others_and_names_one(schema: Any) -> None:
    judgement = judge(schema, DEFAULT)
    assert not judgement.demands
    assert judgement.accepted == ()
    assert judgement.listed
    assert judgement.refused in uuids(7)[:1] + uuids(4)
    assert judgement.refused not in (schema.get("enum") or [schema["const"]])


def test_a_schema_that_refuses_uuids_lists_none() -> None:
    judgement = judge({"type": "integer"}, DEFAULT)
    assert not judgement.listed
    assert judgement.refused == uuids(4)[0]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "format": "uuid"},
        {"type": ["integer", "null"], "format": "uuid"},
        {"allOf": [{"type": "integer"}, {"format": "uuid"}]},
        {"type": "object", "allOf": [{"format": "uuid"}]},
    ],
)
def test_the_format_says_nothing_of_what_is_no_string(schema: Any) -> None:
    judgement = judge(schema, DEFAULT)
    assert not judgement.demands
    assert not judgement.usable


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": TEN.pattern, "format": "uuid"},
        {"allOf": [{"pattern": TEN.pattern}, {"format": "uuid"}]},
        {"pattern": TEN.pattern, "type": "integer"},
    ],
)
def test_the_pattern_of_the_contract_beside_what_excludes_its_keys(schema: Any) -> None:
    assert not judge(schema, TEN).demands


def test_the_pattern_of_the_contract_with_narrower_lengths() -> None:
    contract = Contract.from_settings({"pattern": "^[A-Za-z0-9]{16,64}$"})
    assert judge({"pattern": contract.pattern, "minLength": 60}, contract).demands


@pytest.mark.parametrize(("pattern", "named"), [(5, "5"), (None, "null"), (True, "true"), (["a"], "['a']"), ("(", "(")])
def test_a_pattern_that_is_none_is_named(pattern: Any, named: str) -> None:
    judgement = judge({"type": "string", "pattern": pattern}, DEFAULT)
    assert not judgement.demands
    assert judgement.broken == named


def test_what_stands_before_and_behind_is_shown_by_letters_first() -> None:
    judgement = judge({"pattern": UUID}, DEFAULT)
    assert all(text.strip() == text for text in judgement.accepted)
