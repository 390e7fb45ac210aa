"""Offsets to lines and characters, whatever was asked before."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from idemlint.openapi.lines import JSON_BREAKS, YAML_BREAKS, LineTable


@given(
    st.text("ab\n", max_size=60) | st.text("ab\n\r\x85", max_size=60),
    st.sampled_from([1, 1, 500]),
    st.lists(st.integers(0, 30_000), max_size=20),
    st.sampled_from([YAML_BREAKS, JSON_BREAKS]),
)
def test_lines_are_told_in_any_order(part: str, times: int, offsets: list[int], breaks: str) -> None:
    text = part * times
    table = LineTable(text, breaks=breaks)
    starts = [0, *(found.end() for found in re.finditer(f"\r\n|[\n{breaks}]", text))]
    for offset in offsets:
        at = offset % (len(text) + 1)
        line = max(number for number, start in enumerate(starts) if start <= at)
        assert table.position(at) == (line, at - starts[line])
