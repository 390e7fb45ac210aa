"""A document: its text, its data, and where each node stands."""

from __future__ import annotations

import gc
import os
from time import time

from idemlint.errors import DocumentError
from idemlint.findings import Position, Range
from idemlint.named_tuple import NamedTuple
from idemlint.openapi.encoding import decode, refuse_unprintable
from idemlint.openapi.limits import DEFAULT_LIMITS, BeyondLimitsError, Limits
from idemlint.openapi.positions import Located, locate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Final, Literal

    from idemlint.findings import Path
    from idemlint.openapi.layout import Loaded

__all__ = ["Document", "DuplicateKey", "Limits", "Located", "parse", "read", "require_mapping"]

_LARGE: Final = 1024 * 1024
_AT_REST: Final = 2.0
"""Seconds since a file was last written to."""


class DuplicateKey(NamedTuple):
    """A key that stands twice in one mapping. The later one counts; a third makes a second DuplicateKey."""

    path: Path
    """The way to the member, key included."""
    key: str
    first: Range
    again: Range


class Document:
    """One file, read. Mappings have string keys only, in the spelling of the source; what an alias repeats is one object."""

    __slots__ = ("_duplicates", "_loaded", "_located", "data", "references", "source", "syntax", "text")

    def __init__(self, source: str, text: str, syntax: Literal["yaml", "json"], loaded: Loaded) -> None:
        self.source = source
        """Absolute path, URL, or `<stdin>`."""
        self.text = text
        """Without byte order mark, line breaks as in the file."""
        self.syntax = syntax
        """`json` for what the JSON reader took, whatever the file's name."""
        self.data: Any = loaded.data
        self.references = loaded.references
        """Each mapping whose `$ref` is a string, once."""
        self._loaded = loaded
        self._located: dict[Path, Located] = {}
        self._duplicates: list[DuplicateKey] | None = None

    @property
    def duplicates(self) -> list[DuplicateKey]:
        if self._duplicates is None:
            position = self._loaded.layout.position
            self._duplicates = [
                DuplicateKey(
                    repeated.path,
                    str(repeated.path[-1]),
                    Range(position(repeated.first[0]), position(repeated.first[1])),
                    Range(position(repeated.again[0]), position(repeated.again[1])),
                )
                for repeated in self._loaded.repeated
            ]
        return self._duplicates

    def locate(self, path: Path) -> Located:
        """Where the node at `path` stands, or the closest one above it that is there."""
        located = self._located.get(path)
        if located is None:
            located = self._located[path] = locate(self._loaded.layout, self.data, path)
        return located


def read(source: str, limits: Limits = DEFAULT_LIMITS) -> Document:
    """A file. Raises DocumentError for one that is missing, unreadable, broken, or beyond the limits."""
    try:
        raw = _read_content(source, limits.max_bytes)
    except OSError as error:
        raise _unreadable(source, error) from None
    except ValueError:
        raise DocumentError("the name holds a NUL character", source=source.replace("\0", "\\0")) from None
    return parse(raw, source if source.startswith("<") else os.path.abspath(source), limits)


def read_text(source: str, limits: Limits = DEFAULT_LIMITS) -> Document:
    """A file that is no data (a code sample, a page of prose): its text is the one value, and nothing is parsed."""
    from idemlint.openapi.event_layout import EventLayout
    from idemlint.openapi.layout import Loaded, Slot

    try:
        raw = _read_content(source, limits.max_bytes)
    except OSError as error:
        raise _unreadable(source, error) from None
    if len(raw) > limits.max_bytes:
        raise BeyondLimitsError(f"the file is larger than {limits.max_bytes} bytes", source=source)
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    layout = EventLayout(text)
    layout.note_root(Slot(-1, -1, 0, len(text), "plain"))
    return Document(os.path.abspath(source), text, "yaml", Loaded(text, [], [], layout))


def _read_content(source: str, most: int) -> bytes | str:
    """The file, or one byte more than `most` of it; text where it was the faster way."""
    with open(source, "rb") as file:
        status = os.fstat(file.fileno())
        if _LARGE <= status.st_size <= most and time() - status.st_mtime > _AT_REST:
            text = _mapped(file)
            if text is not None:
                return text
        # To ask for far more than there is takes longer than to read. What has no size, such as a pipe, is read all the same.
        return file.read(min(status.st_size or most, most) + 1)


def _mapped(file: BinaryIO) -> str | None:
    """The text of a file that is UTF-8 without byte order mark; None for any other.

    The system hands over pages that it has at hand, in the place of fresh ones to be filled: that saves a third of the
    time. But a process dies that looks at what another has just cut off, so this is for files at rest.
    """
    from mmap import ACCESS_READ, mmap

    try:
        with mmap(file.fileno(), 0, access=ACCESS_READ) as pages:
            plain = pages[0] < 0x80 and b"\0" not in pages[:4]
            return str(pages, "utf-8") if plain else None
    except (OSError, ValueError):  # no such pages on this file system, or no UTF-8
        return None


def _unreadable(source: str, error: OSError) -> DocumentError:
    if isinstance(error, FileNotFoundError):
        return DocumentError("there is no such file", source=source, hint="check the spelling and the working folder")
    if isinstance(error, IsADirectoryError):
        return DocumentError("this is a folder, not a file", source=source, hint="name the documents in it")
    if isinstance(error, PermissionError):
        return DocumentError("the file may not be read", source=source, hint="check its permissions")
    return DocumentError(f"the file cannot be read: {error.strerror or error}", source=source)


def parse(raw: bytes | str, source: str, limits: Limits = DEFAULT_LIMITS) -> Document:
    """A text. Raises DocumentError for one that is empty, broken, or beyond the limits."""
    if len(raw) > limits.max_bytes:
        raise BeyondLimitsError(
            f"the document is larger than {limits.max_bytes} bytes",
            source=source,
            hint="raise the limit if that is meant",
        )
    text = raw.removeprefix("\ufeff") if isinstance(raw, str) else decode(raw, source)
    if not text or text.isspace():
        raise DocumentError("the file is empty", source=source, hint="an OpenAPI document begins with `openapi: 3.1.0`")
    collecting = gc.isenabled()
    gc.disable()  # nothing here makes garbage cycles, and looking for them costs more than all the rest
    try:
        return _load(text, source, limits)
    except RecursionError:
        raise BeyondLimitsError("the document nests too deep", source=source) from None
    finally:
        if collecting:
            gc.enable()


def _load(text: str, source: str, limits: Limits) -> Document:
    start = text.lstrip(" \t\r\n")[:1] if text[:1] in " \t\r\n" else text[:1]
    if start in {"{", "["}:
        from idemlint.openapi import json_reader

        try:
            return Document(source, text, "json", json_reader.load(text, source, limits))
        except BeyondLimitsError:
            raise
        except DocumentError as error:
            refused = error
        try:
            return Document(source, text, "yaml", _load_yaml(text, source, limits))
        except DocumentError:
            if source.lower().endswith(".json"):
                raise refused from None
            raise
    return Document(source, text, "yaml", _load_yaml(text, source, limits))


def _load_yaml(text: str, source: str, limits: Limits) -> Loaded:
    refuse_unprintable(text, source)
    from idemlint.openapi import block_yaml

    loaded = block_yaml.load(text, limits)
    if loaded is not None:
        return loaded
    from idemlint.openapi import event_yaml

    return event_yaml.load(text, source, limits)


def require_mapping(document: Document) -> dict[str, Any]:
    """The data of a document that must be a mapping, as the root of a description is. Raises DocumentError otherwise."""
    data = document.data
    if type(data) is dict:
        return data
    kind = {list: "a list", str: "plain text", type(None): "empty"}.get(type(data), "a single value")
    raise DocumentError(
        f"the document is {kind}, but an OpenAPI document is a mapping",
        source=document.source,
        position=Position(0, 0),
        hint="it begins with `openapi: 3.1.0` or `swagger: '2.0'`",
    )
