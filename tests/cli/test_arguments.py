"""Documents from arguments, operations from patterns, formats from `-f`: the parsers of the command line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idemlint.cli.documents import expand
from idemlint.cli.output import Target, parse_targets
from idemlint.cli.settings import severity, split
from idemlint.cli.suggestions import closest
from idemlint.errors import UsageError
from idemlint.openapi.scope import Scope

if TYPE_CHECKING:
    from pathlib import Path

# --- documents ---------------------------------------------------------------------------------------------------------


def fill(folder: Path, *files: str) -> None:
    """Files that hold an OpenAPI document of one line."""
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"openapi": "3"}' if name.endswith(".json") else "openapi: 3.0.3\n", encoding="utf-8")


def names(folder: Path, *arguments: str) -> list[str]:
    return [os.path.relpath(path, folder) for path in expand(arguments, str(folder)).found]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("openapi: 3.0.3\n", True),
        ("info: {}\nswagger: '2.0'\n", True),
        ("\ufeff'openapi' : 3.1.0\n", True),
        ('"openapi": 3.1.0\n', True),
        ('{"info": {"title": "}{"}, "openapi": "3.1.0"}', True),
        ("{info: {}, openapi: 3.1.0}", True),
        ('{"a": {"openapi": "3.1.0"}}', False),
        ('{"a": "\\"openapi\\": 1"}', False),
        ('[{"openapi": "3.1.0"}]', False),
        ("a:\n  openapi: 3.0.3\n", False),
        ("# openapi: 3.0.3\nservices: {}\n", False),
        ("openapis: 1\n", False),
        ("asyncapi: 2.0.0\n", False),
        ("", False),
    ],
)
def test_which_files_of_a_folder_are_openapi_documents(tmp_path: Path, text: str, is_one: bool) -> None:
    (tmp_path / "a.yml").write_text(text, encoding="utf-8")
    assert names(tmp_path, ".") == (["a.yml"] if is_one else [])


def test_utf16_counts(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("openapi: 3.0.3\n".encode("utf-16"))
    assert names(tmp_path, ".") == ["a.yaml"]


def test_folders_are_sorted_and_leave_out_what_is_not_ours(tmp_path: Path) -> None:
    fill(tmp_path, "b.yaml", "a/z.json", "a/b.yml", "a.txt", "node_modules/x/y.yaml")
    fill(tmp_path, ".git/x.yaml", "venv/x.yaml", ".hidden.yaml")
    assert names(tmp_path, ".") == ["b.yaml", "a/b.yml", "a/z.json"]
    assert names(tmp_path, "node_modules") == ["node_modules/x/y.yaml"]


def test_globs(tmp_path: Path) -> None:
    fill(tmp_path, "a.yaml", "b.json", "c/d.yaml", "c/e/f.yml", "node_modules/x.yaml")
    assert names(tmp_path, "*.yaml") == ["a.yaml"]
    assert names(tmp_path, "**/*.{yaml,yml}") == ["a.yaml", "c/d.yaml", "c/e/f.yml"]
    assert names(tmp_path, "?.json", "a.yaml", "*.*") == ["b.json", "a.yaml"]
    assert names(tmp_path, "node_modules/*.yaml") == ["node_modules/x.yaml"]
    sources = expand(["*.toml", "c/*.yaml"], str(tmp_path))
    assert sources.unmatched == ["*.toml"]


def test_a_file_whose_name_looks_like_a_glob_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a[1].yaml").write_text("1", encoding="utf-8")
    assert names(tmp_path, "a[1].yaml") == ["a[1].yaml"]


def test_what_does_not_exist_is_left_to_the_reader_and_nothing_comes_twice(tmp_path: Path) -> None:
    assert names(tmp_path, "nope.yaml", "./nope.yaml", "x/../nope.yaml") == ["nope.yaml"]
    assert expand(["-", "-"], str(tmp_path)).found == ["-"]


def test_a_link_that_leads_back_does_not_end_in_a_circle(tmp_path: Path) -> None:
    fill(tmp_path, "a/b.yaml")
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    assert names(tmp_path, ".") == ["a/b.yaml"]


@given(st.text(alphabet="{},*?[]/ab", max_size=30))
def test_any_pattern_is_expanded_in_no_time(tmp_path_factory: pytest.TempPathFactory, pattern: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "empty"
    folder.mkdir(exist_ok=True)
    expand([f"./{pattern}"], str(folder))


# --- operations --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "matched", "others"),
    [
        ("POST /payments", ["POST /payments"], ["PATCH /payments", "POST /payments/x", "POST /PAYMENTS"]),
        ("post /payments", ["POST /payments"], ["GET /payments"]),
        ("POST", ["POST /payments", "POST /a/b"], ["PATCH /payments"]),
        ("POST *", ["POST /payments", "POST /a/b"], ["PATCH /payments"]),
        ("*", ["POST /a", "GET /b/c"], []),
        ("* /payments/**", ["POST /payments", "PATCH /payments/{id}", "PUT /payments/a/b"], ["POST /paymentsx"]),
        ("/payments/*", ["POST /payments/{id}"], ["POST /payments", "POST /payments/{id}/a"]),
        ("PATCH /payments/{id}", ["PATCH /payments/{id}"], ["PATCH /payments/5"]),
        ("* /v?/a", ["POST /v1/a"], ["POST /v10/a", "POST /v/a"]),
        ("POST /**/refunds", ["POST /a/b/refunds"], ["POST /refundsx"]),
        ("COPY /a", ["COPY /a"], ["POST /a"]),
        ("POST /a.b", ["POST /a.b"], ["POST /axb"]),
    ],
)
def test_patterns_for_operations(pattern: str, matched: list[str], others: list[str]) -> None:
    only, excepted = Scope([pattern], []), Scope([], [pattern])
    for label in matched:
        assert (label, []) in only
        assert (label, []) not in excepted
    for label in others:
        assert (label, []) not in only
        assert (label, []) in excepted


def test_tags() -> None:
    scope = Scope(["tag:Pay*"], ["tag:internal"])
    assert ("POST /a", ["x", "payments"]) in scope
    assert ("POST /a", ["payments", "internal"]) not in scope
    assert ("POST /a", []) not in scope


@pytest.mark.parametrize("pattern", ["payments", "POST payments", "", " ", "P0ST /a", "http://a/b"])
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(UsageError):
        Scope([pattern], [])


@given(st.text(alphabet="/{}abü.+()[]^$\\|", max_size=30))
def test_a_path_matches_itself(path: str) -> None:
    label = f"POST /{path}"
    assert (label, []) in Scope([label], [])
    assert (label, []) in Scope(["POST /**"], [])


# --- the rest ----------------------------------------------------------------------------------------------------------


def test_targets() -> None:
    assert parse_targets(["text", "json=a=b.json", "sarif=/x/s.json"], "/base") == [
        Target("text", None),
        Target("json", "/base/a=b.json"),
        Target("sarif", "/x/s.json"),
    ]
    assert parse_targets(["json=-"]) == [Target("json", None)]
    with pytest.raises(UsageError, match="several formats"):
        parse_targets(["json=a", "sarif=a"])


def test_lists_are_split_at_commas_and_severities_have_other_names() -> None:
    assert split(["a,b", " c ", ","]) == ("a", "b", "c")
    assert split(["POST /a,b"], commas=False) == ("POST /a,b",)
    assert [severity(name) for name in ("error", "Warning", "info", "hint", "never")] == [0, 1, 2, 3, None]


@given(st.text(), st.lists(st.text(min_size=1), max_size=5))
def test_a_suggestion_is_one_of_the_known(name: str, known: list[str]) -> None:
    assert closest(name, known) in {None, *known}
