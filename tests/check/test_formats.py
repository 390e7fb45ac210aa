"""Documents are of the formats that Spectral sees in them, under every name a ruleset may use."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import oracle
import pytest

from idemlint.check.formats import canonical, matches, names

RECORDED = Path(__file__).with_name("formats.json")

VERSIONS: list[Any] = [
    *(
        "2.0",
        "2.0.0",
        "2.6.0",
        "2.7.0",
        "2",
        2,
        2.0,
        "3",
        3,
        3.0,
        3.1,
        "3.0",
        "3.0.3",
        "3.1.0",
        "3.2.0",
        "3.3.0",
        "3.0.0-rc1",
        "3.1.",
        "03.1.0",
        " 3.1",
    ),
    *(
        "4.0.0",
        "v3",
        "",
        None,
        True,
        ["3.1.0"],
        [3, 1],
        {"a": 1},
        "1.0.0",
        "1.0",
        "1.1.0",
        1.0,
        "3.1.0\n",
        "3e1",
        "+3",
        "30.1",
        "2.00.0",
        "-2",
    ),
]
SCHEMAS: list[Any] = [
    *(f"http://json-schema.org/draft-0{draft}/schema{end}" for draft in (3, 4, 5, 6, 7) for end in ("", "#")),
    *(
        "https://json-schema.org/draft/2019-09/schema",
        "https://json-schema.org/draft/2020-12/hyper-schema",
        "https://json-schema.org/draft/2021-01/schema",
    ),
    *("https://example.org/schema", "json-schema.org/draft-07/schema", 7, None),
]
OTHERS: list[Any] = [
    *(
        [],
        "openapi",
        None,
        {},
        {"type": "object"},
        {"type": "file"},
        {"type": ["string", "null"]},
        {"type": ["string", 1]},
        {"type": []},
        {"enum": [1]},
    ),
    *(
        {"enum": {}},
        {"allOf": []},
        {"oneOf": {}},
        {"not": {}},
        {"if": None},
        {"anyOf": "x"},
        {"openapi": "3.1.0", "swagger": "2.0"},
    ),
]


def _questions() -> list[dict[str, Any]]:
    data = [{key: version} for key in ("openapi", "swagger", "asyncapi", "arazzo") for version in VERSIONS]
    data += [{"$schema": schema} for schema in SCHEMAS] + [{"$schema": schema, "type": "object"} for schema in SCHEMAS]
    return [{"kind": "format", "data": item} for item in [*data, *OTHERS]]


def _disagreements(answers: list[list[str]]) -> list[str]:
    wrong = []
    for question, answer in zip(_questions(), answers, strict=True):
        theirs = {canonical(name) for name in answer}
        ours = {name for name in names() if name != "arazzo1" and matches(name, question["data"])}
        if theirs != ours:
            wrong.append(f"{question}: Spectral {theirs}, idemlint {ours}")
    return wrong


def test_recorded_answers() -> None:
    assert _disagreements(oracle.recorded(RECORDED, _questions())) == []


def test_live_answers() -> None:
    assert _disagreements(oracle.ask(_questions(), oracle.need_spectral())) == []


@pytest.mark.parametrize(
    ("written", "name"),
    [
        *[
            ("oas2", "oas2"),
            ("oas3", "oas3"),
            ("oas3.0", "oas3_0"),
            ("oas3_1", "oas3_1"),
            ("oas3.2", "oas3_2"),
            ("oas2.0", "oas2"),
        ],
        *[
            ("asyncapi2", "aas2"),
            ("asyncapi3", "aas3"),
            ("aas2.6", "aas2_6"),
            ("asyncapi2.6", "aas2_6"),
            ("asyncApi2", "aas2"),
        ],
        *[
            ("arazzo1", "arazzo1"),
            ("arazzo1.0", "arazzo1_0"),
            ("json-schema", "jsonSchema"),
            ("json-schema-loose", "jsonSchemaLoose"),
        ],
        *[("json-schema-draft4", "jsonSchemaDraft4"), ("json-schema-draft-2019-09", "jsonSchemaDraft2019_09")],
        *[("json-schema-2020-12", "jsonSchemaDraft2020_12"), ("jsonSchemaDraft7", "jsonSchemaDraft7")],
        *[("oas4", None), ("OAS3", None), ("", None), ("oas3_", None), ("raml", None)],
    ],
)
def test_every_spelling_is_known(written: str, name: str | None) -> None:
    assert canonical(written) == name


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError, match="raml"):
        matches("raml", {})


def test_arazzo_of_any_minor_version() -> None:
    assert matches("arazzo1", {"arazzo": "1.1.0"})
    assert not matches("arazzo1", {"arazzo": "2.0.0"})


if __name__ == "__main__":
    if not os.environ.get("IDEMLINT_NODE_MODULES"):
        sys.exit("set IDEMLINT_NODE_MODULES to the folder node_modules that holds @stoplight/spectral-cli")
    oracle.record(RECORDED, _questions())
