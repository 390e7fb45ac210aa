"""`field` is read as lodash's toPath reads it."""

import pytest

from idemlint.check.fields import parse_field


@pytest.mark.parametrize(
    ("field", "steps"),
    [
        ("a", ("a",)),
        ("a.b", ("a", "b")),
        ("a.b[0].c", ("a", "b", "0", "c")),
        ("[0]", ("0",)),
        ("a['x.y'].z", ("a", "x.y", "z")),
        ('a["say \\"hi\\""]', ("a", 'say "hi"')),
        ("content.application/json", ("content", "application/json")),
        ("a[b]", ("a", "b")),
        ("x-foo", ("x-foo",)),
        (".a", ("", "a")),
        ("a..b", ("a", "", "b")),
        ("a[-1]", ("a", "-1")),
    ],
)
def test_steps(field: str, steps: tuple[str, ...]) -> None:
    assert parse_field(field) == steps
