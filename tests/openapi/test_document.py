"""Files and texts to documents: encodings, the choice of reader, limits, and an error for everything that goes wrong."""

from __future__ import annotations

import contextlib
import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import corpus
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idemlint.errors import DocumentError
from idemlint.findings import Position
from idemlint.openapi.document import Document, Limits, parse, read, read_text, require_mapping
from idemlint.openapi.limits import BeyondLimitsError

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = "openapi: 3.1.0\ninfo: {title: 'é😀'}\npaths:\n  /a: {}\n"


def refused(raw: bytes | str, source: str = "a.yaml", limits: Limits | None = None) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse(raw, source, limits or Limits())
    assert caught.value.source == source
    return caught.value


def write(folder: Path, raw: bytes, name: str = "a.yaml") -> str:
    file = folder / name
    file.write_bytes(raw)
    return str(file)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_encodings(tmp_path: Path, encoding: str, mark: str, line_break: str) -> None:
    text = TEXT.replace("\n", line_break)
    document = read(write(tmp_path, (mark + text).encode(encoding)))
    assert document.text == text
    assert document.data == {"openapi": "3.1.0", "info": {"title": "é😀"}, "paths": {"/a": {}}}
    assert document.locate(("paths", "/a")).key == ((3, 2), (3, 4))
    assert document.locate(("info", "title")).range == ((1, 14), (1, 18))
    json_text = '{"a":\r\n {"é": 1}}'
    assert read(write(tmp_path, (mark + json_text).encode(encoding), "a.json")).data == {"a": {"é": 1}}


LARGE = TEXT + "# filler é\n" * 120_000


def at_rest(source: str) -> str:
    """The file as one that was last written to a while ago."""
    os.utime(source, (1_700_000_000, 1_700_000_000))
    return source


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_large_files_at_rest(tmp_path: Path, encoding: str, mark: str) -> None:
    document = read(at_rest(write(tmp_path, (mark + LARGE).encode(encoding))))
    assert document.text == LARGE
    assert document.locate(("paths", "/a")).key == ((3, 2), (3, 4))


def test_errors_of_large_files_at_rest(tmp_path: Path) -> None:
    source = at_rest(write(tmp_path, LARGE.encode() + b"a: \xff\n"))
    with pytest.raises(DocumentError, match="not UTF-8: the bytes ff") as caught:
        read(source)
    assert caught.value.position == Position(120_004, 3)
    with pytest.raises(BeyondLimitsError, match="larger than 1100000 bytes"):
        read(source, Limits(max_bytes=1_100_000))
    assert read_text(source).data == LARGE + "a: \ufffd\n"
    assert read_text(at_rest(write(tmp_path, LARGE.encode(), "b.md"))).data == LARGE


@pytest.mark.parametrize(
    ("raw", "resting", "expected"), [(LARGE, True, True), (LARGE, False, False), (TEXT, True, False)]
)
def test_pages_are_mapped_of_large_files_at_rest_alone(tmp_path: Path, raw: str, resting: bool, expected: bool) -> None:
    """A file that somebody is about to cut short would kill the process."""
    source = write(tmp_path, raw.encode())
    script = "import sys; from idemlint.openapi.document import read; read(sys.argv[1]); print('mmap' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", script, at_rest(source) if resting else source],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.stdout.strip() == str(expected)


def test_a_text_may_carry_a_byte_order_mark() -> None:
    assert parse("\ufeffa: 1", "x").data == parse("a: 1", "x").data


@pytest.mark.parametrize(
    ("raw", "syntax", "data"),
    [
        ("a: 1", "yaml", {"a": 1}),
        ('{"a": 1}', "json", {"a": 1}),
        (' \n\t[{"a": 1e2}]', "json", [{"a": 100.0}]),
        ("{a: 1}", "yaml", {"a": 1}),
        ('{"a": 1, b: [2], # c\n}', "yaml", {"a": 1, "b": [2]}),
        ("{'a': 1,}", "yaml", {"a": 1}),
        ('"a"', "yaml", "a"),
        ("- a", "yaml", ["a"]),
        ("a: &x 1\nb: *x", "yaml", {"a": 1, "b": 1}),
    ],
)
def test_the_reader_follows_the_text(raw: str, syntax: str, data: Any) -> None:
    for source in ("a.yaml", "a.json", "<stdin>"):
        document = parse(raw, source)
        assert (document.syntax, document.data, document.source) == (syntax, data, source)


def test_of_two_errors_the_name_decides() -> None:
    assert "JSON" in refused('{"a": [}', "a.json").message
    assert "JSON" in refused('{"a": [}', "https://example.com/A.JSON").message
    assert "YAML" in refused('{"a": [}', "a.yaml").message


def test_references_and_duplicates() -> None:
    document = parse("a: {$ref: x}\nb: {$ref: 1}\na: {$ref: y}\n", "a.yaml")
    assert document.references == [{"$ref": "y"}]
    assert document.references[0] is document.data["a"]
    assert document.duplicates == [(("a",), "a", ((0, 0), (0, 1)), ((2, 0), (2, 1)))]
    assert document.duplicates is document.duplicates
    assert parse('{"a": 1,\n"a": 2}', "a.json").duplicates == [(("a",), "a", ((0, 1), (0, 4)), ((1, 0), (1, 3)))]
    assert parse("a: 1\n", "a.yaml").duplicates == []


@pytest.mark.parametrize("raw", [b"", b"\xef\xbb\xbf", b" \n\t\n", "", "\ufeff\n"])
def test_empty(raw: bytes | str) -> None:
    assert "empty" in refused(raw).message


@pytest.mark.parametrize(
    ("raw", "words", "position"),
    [
        (b"a: 1\nb: \x00", "NUL", Position(1, 3)),
        (b"a: \x07", "U+0007", Position(0, 3)),
        ("a: é\x9f".encode(), "U+009F", Position(0, 4)),
        ("a: b\nc: \ufeff".encode(), "U+FEFF", Position(1, 3)),
        ("a: \uffff".encode(), "U+FFFF", Position(0, 3)),
        ("a: \ud800", "U+D800", Position(0, 3)),
        (b"a: \xff", "ff", Position(0, 3)),
        ("a: é\r\nb: ".encode() + b"\xe9", "e9", Position(1, 3)),
        ("a: é".encode("utf-16")[:-1], "UTF-16", Position(0, 3)),
        (b"a: '\xc3", "c3", Position(0, 4)),
    ],
)
def test_what_is_no_text(raw: bytes | str, words: str, position: Position) -> None:
    error = refused(raw)
    assert words in error.message
    assert error.position == position
    assert error.hint


def test_characters_that_look_suspicious_and_are_not() -> None:
    text = "a: b\xa0\ud7ff\ue000\ufdd0\ufffd\U0001f600\U0010ffff ÂïÍí"
    assert parse(text, "x").data["a"].endswith("ÂïÍí")


def test_truncated() -> None:
    assert "cut off" in refused(TEXT[:30]).hint
    assert "cut off" in refused('{"openapi": "3.1.0", "pa', "a.json").hint


def test_size() -> None:
    limits = Limits(max_bytes=20)
    error = refused("a: " + "x" * 30, limits=limits)
    assert isinstance(error, BeyondLimitsError)
    assert parse("a: " + "x" * 17, "x", limits).data == {"a": "x" * 17}


def test_a_large_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    with file.open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(BeyondLimitsError):
        read(str(file), Limits(max_bytes=1000))


@pytest.mark.parametrize(
    "text",
    ["[" * 5000, '{"a": ' * 5000, "- " * 5000, "a: " + "[" * 5000, "\n".join(" " * i + "a:" for i in range(1200))],
)
def test_depth_is_said_once(text: str) -> None:
    error = refused(text, "a.json")
    assert isinstance(error, BeyondLimitsError)
    assert "nests deeper than 250 levels" in error.message


def test_readers_agree_on_depth() -> None:
    limits = Limits(max_depth=5)
    for deep, flat in [("[[[[[[]]]]]]", "[[[[[]]]]]"), ("- - - - - -", "- - - - -"), ("a: [[[[[]]]]]", "a: [[[[]]]]")]:
        refused(deep, limits=limits)
        parse(flat, "x", limits)


def test_files(tmp_path: Path) -> None:
    for source, words in [
        (str(tmp_path / "none.yaml"), "no such file"),
        (str(tmp_path), "folder"),
        (str(tmp_path / "a\0b"), "NUL"),
        (str(tmp_path / ("x" * 300)), "cannot be read"),
    ]:
        with pytest.raises(DocumentError) as caught:
            read(source)
        assert words in caught.value.message
        assert caught.value.source.startswith(str(tmp_path))


@contextlib.contextmanager
def as_ordinary_user() -> Iterator[None]:
    """The superuser, as whom CI runs, may read everything; `nobody` may not."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no file that its owner may not read, by chmod")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    source = write(tmp_path, b"a: 1")
    Path(source).chmod(0)
    with as_ordinary_user(), pytest.raises(DocumentError, match="may not be read"):
        read(source)


def test_the_source_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, b"a: 1")
    monkeypatch.chdir(tmp_path)
    assert read("a.yaml").source == str(tmp_path / "a.yaml")


def test_prose(tmp_path: Path) -> None:
    document = read_text(write(tmp_path, b"no: yaml: at all \xff", "a.md"))
    assert document.data == "no: yaml: at all \ufffd"
    assert document.locate(()).value == ((0, 0), (0, 18))
    with pytest.raises(DocumentError, match="no such file"):
        read_text(str(tmp_path / "b.md"))


def test_a_root_must_be_a_mapping() -> None:
    assert require_mapping(parse("a: 1", "x")) == {"a": 1}
    for raw, words in [
        ("- a", "a list"),
        ("a", "plain text"),
        ("12", "a single value"),
        ("# nothing", "empty"),
        ("[]", "a list"),
    ]:
        with pytest.raises(DocumentError, match=words) as caught:
            require_mapping(parse(raw, "x"))
        assert caught.value.position == Position(0, 0)


@pytest.mark.parametrize("raw", ["a: 1", '{"a": 1}', "a: &x 1", "a: b: c", "[" * 5000])
def test_garbage_collection_is_left_as_it_was(raw: str) -> None:
    def load() -> None:
        with contextlib.suppress(DocumentError):
            parse(raw, "x")

    assert gc.isenabled()
    load()
    assert gc.isenabled()
    gc.disable()
    try:
        load()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_small_documents_need_neither_yaml_nor_json(tmp_path: Path) -> None:
    source = write(tmp_path, TEXT.encode())
    script = (
        "import sys; from idemlint.openapi.document import read; read(sys.argv[1]).locate(('paths', '/a'));"
        "print(sorted({'yaml', 'json', 'pathlib', 'dataclasses', 'logging', 'inspect'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script, source],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


@corpus.needs_corpus
def test_public_documents() -> None:
    read_all = 0
    for file in sorted(corpus.FOLDER.rglob("*")):
        if file.suffix in {".yaml", ".yml", ".json"} and file.is_file():
            document = read(str(file))
            assert document.locate(("paths", "no such path")).path in {(), ("paths",)}
            read_all += 1
    assert read_all > 100


@given(st.binary(max_size=60) | st.text(max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        document = parse(raw, "x.json")
    except DocumentError as error:
        assert str(error)
    else:
        assert isinstance(document, Document)
        document.locate(("a", 0, "b"))
        assert document.duplicates is not None
