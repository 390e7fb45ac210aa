"""Broken and hostile documents and rulesets: always an answer or a typed error, soon and in bounded memory.

A child process lints mutated documents in memory limited to 1 GB above what it starts with; an alarm ends a run of 10 s.
IDEMLINT_FUZZ_INPUTS says how many inputs (400 by default, 20,000 in CI), IDEMLINT_FUZZ_SEED where to start.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from idemlint.errors import DocumentError
from idemlint.openapi.document import parse

INPUTS = int(os.environ.get("IDEMLINT_FUZZ_INPUTS", "400"))
SEED = int(os.environ.get("IDEMLINT_FUZZ_SEED", "1"))

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["$ref", "#/paths", "<<"]),
)
trees = st.recursive(
    scalars,
    lambda children: st.one_of(
        st.lists(children, max_size=4),
        st.dictionaries(
            st.sampled_from(
                ["openapi", "paths", "/a", "post", "parameters", "responses", "409", "$ref", "schema", "x"]
            ),
            children,
            max_size=5,
        ),
    ),
    max_leaves=30,
)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of memory and time are POSIX's")
def test_mutated_documents() -> None:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "mutate.py"), str(INPUTS), str(SEED)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60 + INPUTS * 0.1,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["inputs"] == INPUTS
    assert report["linted"] > INPUTS * 0.05
    assert report["slowest"] < 10


@given(tree=trees)
@settings(max_examples=min(INPUTS, 1000))
def test_any_json_tree_is_read_or_refused(tree: object) -> None:
    text = json.dumps(tree)
    try:
        parse(text, "any.json")
    except DocumentError as error:
        assert "any.json" in str(error)


@given(text=st.text(alphabet=st.sampled_from("ab:- \n\t{}[]#&*!|>'\"%@`,?~<0\ufeff\x00😀"), max_size=60))
@settings(max_examples=min(INPUTS * 2, 3000))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text, "any.yaml")
    except DocumentError as error:
        assert "any.yaml" in str(error)


@given(raw=st.binary(max_size=60))
@settings(max_examples=min(INPUTS, 1000))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        parse(raw, "any.yaml")
    except DocumentError as error:
        assert "any.yaml" in str(error)
