"""Where a person is sent to: the value's first character, or the key of a value that spans lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from idemlint.check.linting import lint
from idemlint.check.loading import RulesetLoader
from idemlint.contract.contract import Contract
from idemlint.openapi.document import parse

if TYPE_CHECKING:
    from pathlib import Path

    from idemlint.findings import Finding

RULESET = """
rules:
  empty:
    given: $.node
    then: {function: falsy}
"""


def finding_on(document: str, folder: Path) -> Finding:
    ruleset = folder / "rules.yaml"
    ruleset.write_text(RULESET, encoding="utf-8")
    loaded = RulesetLoader().load([str(ruleset)], str(folder))
    (finding,) = lint(parse(document.encode(), "/api.yaml"), loaded, Contract()).findings
    return finding


@pytest.mark.parametrize(
    ("document", "focus"),
    [
        pytest.param("node: {a: 1}\n", ((0, 6), (0, 12)), id="flow mapping"),
        pytest.param("node:   [a, b]  # why\n", ((0, 8), (0, 14)), id="flow sequence far from its key"),
        pytest.param('{"node": {"a": {"b": 1}}, "other": 1}\n', ((0, 9), (0, 24)), id="JSON on one line"),
        pytest.param("base: &base {a: 1}\nnode: *base\n", ((1, 6), (1, 11)), id="alias"),
        pytest.param("node: text\n", ((0, 6), (0, 10)), id="scalar"),
        pytest.param("node:\n  a: 1\n", ((0, 0), (0, 4)), id="block mapping"),
        pytest.param("node: {a: 1,\n  b: 2}\n", ((0, 0), (0, 4)), id="flow mapping over two lines"),
    ],
)
def test_the_focus_is_what_the_caret_should_stand_under(
    document: str, focus: tuple[tuple[int, int], tuple[int, int]], tmp_path: Path
) -> None:
    assert finding_on(document, tmp_path).focus == focus


def test_the_range_stays_spectral_s(tmp_path: Path) -> None:
    assert finding_on("node: {a: 1}\n", tmp_path).range == ((0, 5), (0, 11)), (
        "from behind the colon to the end of the last member"
    )
