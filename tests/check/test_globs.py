"""File patterns of overrides behave as minimatch with matchBase, which Spectral uses."""

import pytest

from idemlint.check.globs import matches


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("a.yaml", "*.yaml"),
        ("deep/down/a.yaml", "*.yaml"),
        ("deep/down/a.yaml", "a.yaml"),
        ("v2/a.yaml", "v2/*.yaml"),
        ("v2/x/y/a.json", "v2/**/*.json"),
        ("v2/a.json", "v2/**/*.json"),
        ("v2/a.json", "**/*.json"),
        ("a.json", "**/*.json"),
        ("a/b/c", "a/**"),
        ("a.yml", "*.{yaml,yml}"),
        ("v1/a.yml", "{v1,v2}/*.{yaml,yml}"),
        ("a1.yaml", "a[0-9].yaml"),
        ("ab.yaml", "a[!0-9].yaml"),
        ("ab.yaml", "a?.yaml"),
        (".hidden.yaml", ".*.yaml"),
        ("b.yaml", "!a.yaml"),
        ("../x/a.yaml", "../x/*.yaml"),
    ],
)
def test_matches(path: str, pattern: str) -> None:
    assert matches(path, pattern)


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("v2/x/a.yaml", "v2/*.yaml"),
        (".hidden.yaml", "*.yaml"),
        (".git/a.yaml", "**/*.yaml"),
        ("a.yaml", "!a.yaml"),
        ("a.yaml", "b/**"),
        ("aXyaml", "a.yaml"),
        ("a.yaml", ""),
        ("abc.yaml", "a?.yaml"),
    ],
)
def test_does_not_match(path: str, pattern: str) -> None:
    assert not matches(path, pattern)


def test_many_braces_end() -> None:
    assert not matches("x", "{a,b}" * 40)
