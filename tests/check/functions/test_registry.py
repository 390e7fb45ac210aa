"""Functions are found by name, imported late, and a user's own are taken from packages and allowed files."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from idemlint.check import functions
from idemlint.check.function import Function, Issue
from idemlint.errors import RulesetError

if TYPE_CHECKING:
    from pathlib import Path

SPECTRAL = {
    *(
        "alphabetical",
        "casing",
        "defined",
        "enumeration",
        "falsy",
        "length",
        "or",
        "pattern",
        "schema",
        "truthy",
        "typedEnum",
    ),
    *("undefined", "unreferencedReusableObject", "xor"),
}


@pytest.mark.parametrize("name", functions.names())
def test_every_function_carries_the_name_it_is_found_by(name: str) -> None:
    function = functions.lookup(name)
    assert function is not None
    assert function.name == name
    assert functions.lookup(name) is function


def test_all_of_spectral_is_there() -> None:
    assert set(functions.names()) >= SPECTRAL
    assert functions.names() == sorted(functions.names())


def test_a_lookup_imports_that_function_and_no_other() -> None:
    program = """
import sys
from idemlint.check.functions import lookup
lookup("truthy")
prefix = "idemlint.check.functions."
print(*(name.removeprefix(prefix) for name in sys.modules if name.startswith(prefix)), "importlib.metadata" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["truthy", "False"]


def _package(folder: Path, code: str, names: str) -> None:
    (folder / "stranger.py").write_text(code, "utf-8")
    metadata = folder / "stranger-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n", "utf-8")
    (metadata / "entry_points.txt").write_text(f"[idemlint.functions]\n{names}\n", "utf-8")


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(functions, "_found", {})
    monkeypatch.delitem(sys.modules, "stranger", raising=False)
    return tmp_path


def test_an_installed_package_brings_functions(stranger: Path) -> None:
    code = """
from idemlint.check.function import Function, Issue
FULL = Function("full", lambda target, options, context: [Issue("full")], None)
def plain(target, options, context):
    return [Issue(str(target))]
number = 3
"""
    _package(
        stranger, code, "full = stranger:FULL\nplain = stranger:plain\nnumber = stranger:number\ngone = stranger:gone"
    )
    assert functions.lookup("full") is import_module("stranger").FULL
    plain = functions.lookup("plain")
    assert plain is not None
    assert plain.name == "plain"
    assert list(plain.run("x", {"any": 1}, None)) == [Issue("x")]
    assert functions.lookup("unknown") is None
    with pytest.raises(RulesetError, match="'number' of the entry point 'stranger:number' cannot be used: it is int"):
        functions.lookup("number")
    with pytest.raises(RulesetError, match="'gone' of the entry point 'stranger:gone' cannot be used: AttributeError"):
        functions.lookup("gone")


def test_idemlint_wins_over_a_package(stranger: Path) -> None:
    _package(stranger, "truthy = print", "truthy = stranger:truthy")
    function = functions.lookup("truthy")
    assert function is not None
    assert function.run.__module__ == "idemlint.check.functions.truthy"


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def my_function(target, options, context): return []", ["my_function"]),
        ("from idemlint.check.function import Function\nFUNCTION = Function('other', print, None)", ["other"]),
        ("FUNCTIONS = {'one': print, 'two': len}\nFUNCTION = print", ["one", "two"]),
    ],
)
def test_a_file_brings_functions(tmp_path: Path, code: str, names: list[str]) -> None:
    file = tmp_path / "my_function.py"
    file.write_text(code, "utf-8")
    found = functions.load_file(str(file))
    assert list(found) == names
    assert all(isinstance(function, Function) for function in found.values())


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("x = 1", r"it defines neither FUNCTIONS nor FUNCTION nor my_function\(\)"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def (", "SyntaxError"),
        ("FUNCTION = 3", "it is int, not a Function or a callable"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_a_broken_file_is_an_error_with_its_name(tmp_path: Path, code: str, message: str) -> None:
    file = tmp_path / "my_function.py"
    file.write_text(code, "utf-8")
    with pytest.raises(RulesetError, match=message) as caught:
        functions.load_file(str(file))
    assert "my_function.py" in str(caught.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RulesetError, match="FileNotFoundError"):
        functions.load_file(str(tmp_path / "gone.py"))
    with pytest.raises(RulesetError, match="no Python file"):
        functions.load_file(str(tmp_path / "gone.js"))
