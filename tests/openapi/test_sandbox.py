"""What a hostile document cannot read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from idemlint.openapi.document import parse, read
from idemlint.openapi.references import Policy, References
from idemlint.openapi.sandbox import ReferenceRefusedError, Sandbox


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """`tmp_path/secret.yaml` lies outside of the project, `project/api/root.yaml` inside."""
    (tmp_path / "secret.yaml").write_text("password: hunter2\n")
    api = tmp_path / "project" / "api"
    api.mkdir(parents=True)
    (api / "root.yaml").write_text("a: 1\n")
    (tmp_path / "project" / "shared.yaml").write_text("shared: 1\n")
    return tmp_path / "project"


def refusal(project: Path, uri: str, root: Path | None = None) -> str:
    base = str(project / "api" / "root.yaml")
    with pytest.raises(ReferenceRefusedError) as refused:
        Sandbox(Policy(root=str(root) if root else None), base).file(base, uri)
    return str(refused.value)


def allowed(project: Path, uri: str, root: Path | None = None) -> str:
    base = str(project / "api" / "root.yaml")
    return Sandbox(Policy(root=str(root) if root else None), base).file(base, uri)


@pytest.mark.parametrize(
    "uri",
    [
        "../../secret.yaml",
        "..%2F..%2Fsecret.yaml",
        "%2e%2e/%2e%2e/secret.yaml",
        "./x/../../../secret.yaml",
        "..\\..\\secret.yaml",
        "/etc/passwd",
        "file:///etc/passwd",
        "file:/etc/passwd",
        "FILE:///etc/passwd",
        "file://localhost/etc/passwd",
        "file:///proc/self/environ",
        "file:///dev/zero",
    ],
)
def test_files_outside_are_refused(project: Path, uri: str) -> None:
    (project / ".git").mkdir()
    assert "outside of" in refusal(project, uri)


def test_whether_a_file_outside_exists_is_not_told(project: Path) -> None:
    (project / ".git").mkdir()
    there = refusal(project, "../../secret.yaml")
    absent = refusal(project, "../../absent.yaml")
    assert there.replace("secret", "absent") == absent


@pytest.mark.parametrize("uri", ["//host/share/x.yaml", "\\\\host\\share\\x.yaml", "file://host/share/x.yaml"])
def test_other_hosts_are_not_asked(project: Path, uri: str) -> None:
    assert "another host" in refusal(project, uri)


@pytest.mark.parametrize("uri", ["ftp://example.com/x", "data:application/json,{}", "gopher://x", "urn:x"])
def test_other_schemes_are_refused(project: Path, uri: str) -> None:
    assert "only files, http and https" in refusal(project, uri)


@pytest.mark.parametrize("uri", ["a\0b", "%00", "x" * 5000, "\udcff"])
def test_names_that_no_file_can_have(project: Path, uri: str) -> None:
    assert "does not exist" in refusal(project, uri)


def test_symlinks_out_of_the_root_are_refused(project: Path) -> None:
    (project / "api" / "link.yaml").symlink_to(project.parent / "secret.yaml")
    (project / "api" / "folder").symlink_to(project.parent)
    assert "outside of" in refusal(project, "link.yaml")
    assert "outside of" in refusal(project, "folder/secret.yaml")


def test_root_reached_by_a_symlink(project: Path) -> None:
    alias = project.parent / "alias"
    alias.symlink_to(project)
    base = str(alias / "api" / "root.yaml")
    assert Sandbox(Policy(), base).file(base, "root.yaml") == base
    assert Sandbox(Policy(root=str(alias)), base).file(base, "../shared.yaml") == str(alias / "shared.yaml")


def test_folder_beside_the_root_with_the_same_beginning(project: Path) -> None:
    sibling = project / "api-private"
    sibling.mkdir()
    (sibling / "x.yaml").write_text("x: 1\n")
    assert "outside of" in refusal(project, "../api-private/x.yaml")


def test_default_root_is_the_repository_else_the_folder(project: Path) -> None:
    assert "outside of" in refusal(project, "../shared.yaml")
    (project / ".git").write_text("gitdir: elsewhere\n")  # as in a worktree
    assert allowed(project, "../shared.yaml") == str(project / "shared.yaml")


def test_root_can_be_set(project: Path) -> None:
    assert allowed(project, "../shared.yaml", root=project) == str(project / "shared.yaml")
    assert allowed(project, "../../secret.yaml", root=Path("/")) == str(project.parent / "secret.yaml")


def test_pipes_and_folders_are_not_read(project: Path) -> None:
    os.mkfifo(project / "api" / "pipe.yaml")
    assert "not a regular file" in refusal(project, "pipe.yaml")
    assert "a folder" in refusal(project, ".")


def test_refused_file_is_a_problem_at_its_reference(project: Path) -> None:
    root = project / "api" / "root.yaml"
    root.write_text("a: {x: {$ref: '../../secret.yaml#/password'}}\n")
    references = References(read(str(root)))
    (problem,) = references.problems()
    assert problem.path == ("a", "x", "$ref")
    assert "outside of" in problem.message
    assert "hunter2" not in str(references.materialize(references.root, references.root.data))


def test_stdin_may_read_below_the_working_folder_alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "api")
    references = References(parse("a: [{$ref: root.yaml}, {$ref: ../shared.yaml}]", "<stdin>"))
    assert [problem.path for problem in references.problems()] == [("a", 1, "$ref")]


def test_number_of_files_is_limited(project: Path) -> None:
    for number in range(5):
        (project / "api" / f"f{number}.yaml").write_text("x: 1\n")
    text = "a: [" + ", ".join(f"{{$ref: f{number}.yaml}}" for number in range(5)) + "]"
    references = References(parse(text, str(project / "api" / "root.yaml")), Policy(max_files=3))
    assert [problem.path for problem in references.problems()] == [("a", 3, "$ref"), ("a", 4, "$ref")]
