"""Baselines: what is known again, what is new, and files that are none."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idemlint.check.baseline import apply_baseline, fingerprints, place, read_baseline, write_baseline
from idemlint.errors import ConfigError
from idemlint.findings import Finding, Path, Position, Range, Severity
from idemlint.openapi.document import Document, parse

if TYPE_CHECKING:
    import pathlib

WHERE = Range(Position(3, 1), Position(4, 2))
DOCUMENT = """\
openapi: 3.0.3
servers: [{url: https://a.example}, {url: https://b.example}]
security: [{key: []}, {oauth: []}]
paths:
  /a:
    post:
      tags: [one, two]
      parameters:
        - {name: limit, in: query}
        - {name: Idempotency-Key, in: header}
        - {$ref: '#/x'}
      oneOf: [{a: 1}, {b: 1}]
"""


class Result(NamedTuple):
    findings: list[Finding]
    documents: dict[str, Document]


def finding(
    path: Path = (), code: str = "rule", source: str = "/p/root.yaml", message: str = "m", **more: Any
) -> Finding:
    return Finding(code, message, Severity.ERROR, source, path, WHERE, WHERE, **more)


def result(*findings: Finding, text: str = DOCUMENT, source: str = "/p/root.yaml") -> Result:
    return Result(list(findings), {source: parse(text, source)})


def prints(checked: Result, base: str = "/p") -> list[str]:
    return fingerprints(checked.findings, checked.documents, base)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("paths", "/a", "post"), "paths//a/post"),
        (
            ("paths", "/a", "post", "parameters", 1, "schema"),
            "paths//a/post/parameters/[header Idempotency-Key]/schema",
        ),
        (("paths", "/a", "post", "parameters", "1"), "paths//a/post/parameters/[header Idempotency-Key]"),
        (("paths", "/a", "post", "parameters", 2), "paths//a/post/parameters/[$ref #/x]"),
        (("paths", "/a", "post", "parameters", 9), "paths//a/post/parameters/9"),
        (("paths", "/a", "post", "tags", 1), "paths//a/post/tags/[= two]"),
        (("paths", "/a", "post", "oneOf", 1), "paths//a/post/oneOf/[1]"),
        (("servers", 1), "servers/[url https://b.example]"),
        (("security", 0), "security/[{key}]"),
        (("absent", 0, "x"), "absent/0/x"),
        ((), ""),
    ],
)
def test_place_names_items_by_what_they_are(path: Path, expected: str) -> None:
    checked = result()
    assert place(finding(path), checked.documents) == expected


def test_moved_lines_reordered_keys_and_new_indices_change_nothing() -> None:
    moved = """\
# a new comment
paths:
  /new: {get: {}}
  /a:
    post:
      parameters:
        - {name: another, in: query}
        - {in: header, required: true, name: Idempotency-Key}
      tags: [two, one]
openapi: 3.0.3
"""
    key = ("paths", "/a", "post", "parameters", 1)
    before = result(finding(key), finding(("paths", "/a", "post", "tags", 0)))
    after = result(finding(key, message="reworded"), finding(("paths", "/a", "post", "tags", 1)), text=moved)
    assert prints(before) == prints(after)


def test_what_makes_another_finding() -> None:
    checked = result(
        finding(("paths", "/a", "post")),
        finding(("paths", "/a", "post"), code="other"),
        finding(("paths", "/a")),
        finding(("paths", "/a", "post"), source="/p/other.yaml"),
        finding(("paths", "/a", "post")),
        finding(("paths", "/a", "post"), message="POST /a lacks it", operation="POST /a"),
        finding(("paths", "/a", "post"), message="POST /b lacks it", operation="POST /b"),
    )
    found = prints(checked)
    assert len(set(found)) == len(found)


def test_operation_counts_only_where_the_message_names_it() -> None:
    one = finding(("components", "x"), message="lacks a schema", operation="POST /a")
    assert prints(result(one)) == prints(result(one._replace(operation="POST /b")))


def test_fingerprints_do_not_depend_on_where_the_checkout_lies() -> None:
    here = result(finding(("paths",)))
    there = result(finding(("paths",), source="/elsewhere/p/root.yaml"), source="/elsewhere/p/root.yaml")
    assert prints(here, "/p") == prints(there, "/elsewhere/p")
    assert prints(here, "/p") != prints(here, "/")


def test_urls_and_stdin_have_fingerprints() -> None:
    assert prints(result(finding(source="<stdin>"), source="<stdin>"), "/p") == prints(
        result(finding(source="<stdin>"), source="<stdin>"), "/q"
    )
    assert prints(result(finding(source="https://example.com/a.yaml")))


def test_fingerprints_are_pinned() -> None:
    """Baselines lie in repositories: another version must know the findings again."""
    assert prints(result(finding(("paths", "/a", "post", "parameters", 1)))) == ["3c60912cba6283a3dcaedfd7fe65ad4c"]


def test_baseline_takes_out_what_it_knows(tmp_path: pathlib.Path) -> None:
    source = str(tmp_path / "root.yaml")
    old = finding(("paths", "/a", "post"), source=source, operation="POST /a")
    gone = finding(("paths", "/a", "get"), source=source)
    path = str(tmp_path / "baseline.json")
    assert write_baseline([result(old, gone, source=source)], path) == 2

    new = finding(("paths", "/b", "post"), source=source)
    applied = apply_baseline([result(old, new, source=source), result(new, source=source)], read_baseline(path))
    assert applied == ([[new], [new]], 1, 1)


def test_entries_of_other_documents_are_not_stale(tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "baseline.json")
    one, two = str(tmp_path / "one.yaml"), str(tmp_path / "two.yaml")
    write_baseline([result(finding(source=one), source=one), result(finding(source=two), source=two)], path)
    assert apply_baseline([result(source=one)], read_baseline(path)).stale == 1


def test_more_findings_at_one_place_are_new(tmp_path: pathlib.Path) -> None:
    source, path = str(tmp_path / "root.yaml"), str(tmp_path / "baseline.json")
    one = finding(("paths",), source=source)
    write_baseline([result(one, source=source)], path)
    assert apply_baseline([result(one, one, source=source)], read_baseline(path)).new == [[one]]


def test_file_is_for_people_and_always_the_same(tmp_path: pathlib.Path) -> None:
    source, path = str(tmp_path / "api" / "root.yaml"), tmp_path / "baseline.json"
    findings = [
        finding(("paths", "/a", "post"), code="b", source=source, operation="POST /a"),
        finding(("paths", "/a", "post"), code="a", source=source, message="näme"),
    ]
    write_baseline([result(*findings, source=source)], str(path))
    first = path.read_bytes()
    write_baseline([result(*reversed(findings), source=source)], str(path))
    assert path.read_bytes() == first
    data = json.loads(first)
    assert data["version"] == 1
    assert [entry["rule"] for entry in data["findings"]] == ["a", "b"]
    assert data["findings"][1]["source"] == "api/root.yaml"
    assert data["findings"][1]["operation"] == "POST /a"
    assert data["findings"][1]["place"] == "paths//a/post"
    assert first.endswith(b"}\n")


def test_write_replaces_in_one_step_and_leaves_nothing_behind(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "baseline.json"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ConfigError, match="No space left"):
        write_baseline([], str(path))
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["baseline.json"]


def test_write_follows_a_symlink(tmp_path: pathlib.Path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    write_baseline([], str(tmp_path / "link.json"))
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["findings"] == []


def test_write_to_a_folder_that_is_not_there(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        write_baseline([], str(tmp_path / "no" / "baseline.json"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"version": 1}',
        '{"version": 1, "findings": {}}',
        '{"version": 2, "findings": []}',
        '{"version": 1, "findings": [1]}',
        '{"version": 1, "findings": [{"fingerprint": 1, "source": "x"}]}',
        '{"version": 1, "findings": [{"fingerprint": "x"}]}',
        "[" * 100_000,
        "\udcff",
    ],
)
def test_broken_files_are_a_typed_error(tmp_path: pathlib.Path, text: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError) as error:
        read_baseline(str(path))
    assert error.value.source == str(path)
    assert error.value.hint


def test_missing_file_and_folder(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        read_baseline(str(tmp_path / "absent.json"))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_baseline(str(tmp_path))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.lists(st.text() | st.integers(0, 3), max_size=3))))
def test_fingerprints_are_unique_and_in_line(found: list[tuple[str, list[str | int]]]) -> None:
    checked = result(*(finding(tuple(path), code) for code, path in found))
    made = prints(checked)
    assert len(made) == len(found)
    assert len(set(made)) == len(made)
    assert sorted(made) == sorted(prints(Result(checked.findings[::-1], checked.documents)))
