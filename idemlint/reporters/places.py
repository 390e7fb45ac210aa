"""How sources are written: relative paths for people, relative URIs for machines."""

from __future__ import annotations

import os


def is_file(source: str) -> bool:
    """Neither a URL nor `<stdin>`."""
    return not source.startswith(("http://", "https://", "<"))


def relative(source: str, base: str) -> str:
    """`source` as seen from `base`, where that is shorter than the absolute path; URLs and `<stdin>` as they are."""
    prefix = base if base.endswith(os.sep) else base + os.sep
    if source.startswith(prefix):
        return source[len(prefix) :]
    if not is_file(source) or not os.path.isabs(source):
        return source
    seen = os.path.relpath(source, base)
    return seen if len(seen) < len(source) else source


def relative_uri(source: str, base: str) -> str | None:
    """A percent-encoded URI reference below `base`, with `/` between the parts; None for what lies elsewhere."""
    from urllib.parse import quote

    prefix = base if base.endswith(os.sep) else base + os.sep
    if not source.startswith(prefix):
        return None
    below = source[len(prefix) :].replace(os.sep, "/")
    return quote(_bytes(below), safe="/~!$&'()*+,;=@")


def _bytes(path: str) -> bytes:
    """The name as the file system has it; a path that no file system could hold is spelled out."""
    try:
        return os.fsencode(path)
    except UnicodeEncodeError:
        return path.encode("utf-8", "backslashreplace")


def absolute_uri(source: str) -> str:
    """A `file:` URI for an absolute path; URLs as they are, but for characters that no URI holds."""
    from urllib.parse import quote

    if not is_file(source):
        return quote(_bytes(source), safe="/~!$&'()*+,;=@:?#[]%" if source.startswith("http") else "")
    path = source.replace(os.sep, "/")
    return "file://" + ("" if path.startswith("/") else "/") + quote(_bytes(path), safe="/~!$&'()*+,;=@")
