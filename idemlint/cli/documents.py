"""Which documents an invocation means: files, globs, folders, standard input."""

from __future__ import annotations

import os

from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STDIN = "-"
SUFFIXES = (".yaml", ".yml", ".json")
SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "venv"})
"""Beside hidden ones: what lies there was not written here."""
_SNIFFED_BYTES = 16 * 1024 * 1024


class Sources(NamedTuple):
    """Absolute paths (and `-`) in the order in which they were asked for, each once."""

    found: list[str]
    unmatched: list[str]
    """Globs and folders in which nothing was found, as they were written."""


def expand(arguments: Sequence[str], base: str) -> Sources:
    """Resolve arguments relative to `base`. What names neither a folder nor a glob is taken as a file, there or not."""
    found: dict[str, None] = {}
    unmatched = []
    for argument in arguments:
        if argument == STDIN or argument.startswith(("http://", "https://")):
            found[argument] = None
            continue
        path = os.path.normpath(os.path.join(base, argument))
        if os.path.isdir(path):
            sources = list(_in_folder(path))
        elif _is_glob(argument) and not os.path.lexists(path):
            sources = _by_glob(path)
        else:
            sources = [path]
        if not sources:
            unmatched.append(argument)
        found.update(dict.fromkeys(sources))
    return Sources(list(found), unmatched)


def _is_glob(argument: str) -> bool:
    return any(character in argument for character in "*?[{")


def _by_glob(pattern: str) -> list[str]:
    """Files only, sorted; `**` crosses folders but neither hidden ones nor those of other people's code."""
    import glob

    from idemlint.check.globs import alternatives

    matches: set[str] = set()
    for alternative in alternatives(pattern):
        fixed = alternative.split("*", 1)[0]
        for path in glob.iglob(alternative, recursive=True):
            parts = path[len(fixed) :].split(os.sep)[:-1]
            if not SKIPPED_FOLDERS.intersection(parts) and os.path.isfile(path):
                matches.add(os.path.normpath(path))
    return sorted(matches)


def _in_folder(folder: str) -> Iterator[str]:
    """The OpenAPI documents below `folder`, sorted: files whose root has a member `openapi` or `swagger`."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                path = os.path.join(parent, name)
                if _is_openapi(path):
                    yield path


def _is_openapi(path: str) -> bool:
    """Whether the root says so. A file that cannot be read counts: to leave it out would hide that it was not linted."""
    try:
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            head = file.read(_SNIFFED_BYTES)
    except OSError:
        return True
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "replace").encode()
    if b"openapi" not in head and b"swagger" not in head:
        return False
    import re

    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith(b"{"):
        return (
            re.search(rb"""^(?:openapi|swagger|"openapi"|'openapi'|"swagger"|'swagger')[ \t]*:""", text, re.MULTILINE)
            is not None
        )
    return _says_so_at_its_root(text)


def _says_so_at_its_root(text: bytes) -> bool:
    """Whether a JSON (or flow style) mapping has the member between its outermost braces, skipping over strings."""
    import re

    depth = 0
    tokens = re.compile(rb"""["']?\b(?:openapi|swagger)["']?\s*:|"(?:[^"\\]|\\.)*"|[{}\[\]]""", re.DOTALL)
    for token in tokens.finditer(text):
        first = token[0][:1]
        if first in b"{[":
            depth += 1
        elif first in b"}]":
            depth -= 1
        elif depth == 1 and token[0].endswith(b":"):
            return True
    return False


def read_stdin(limit: int) -> bytes:
    """All of standard input, at most one byte more than `limit`, so that the reader of the document can refuse it."""
    import sys

    from idemlint.errors import DocumentError

    if sys.stdin is None:
        raise DocumentError("standard input is closed", source="<stdin>", hint="name a file, or pipe a document in")
    try:
        raw = getattr(sys.stdin, "buffer", None)
        return raw.read(limit + 1) if raw is not None else sys.stdin.read().encode("utf-8", "surrogateescape")
    except OSError as error:
        raise DocumentError(f"standard input cannot be read: {error.strerror}", source="<stdin>") from None
