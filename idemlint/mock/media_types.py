"""Media types: which one a body is (RFC 9110, section 8.3), and which one a client would rather have (section 12.5.1)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_MAX_RANGES = 50


@lru_cache(maxsize=256)
def essence(value: str) -> str:
    """Type and subtype in lower case, without parameters."""
    return value.partition(";")[0].strip().lower()


@lru_cache(maxsize=256)
def is_json(media_type: str) -> bool:
    """Whether its bodies are JSON texts; a range that JSON lies in counts."""
    name = essence(media_type)
    return name in ("application/json", "text/json", "*/*", "application/*") or name.endswith("+json")


def matches(declared: str, sent: str) -> bool:
    """Whether what was sent lies in a media type, or range, of the document. Both are an `essence`."""
    if declared in (sent, "*/*"):
        return True
    return declared.endswith("/*") and sent.startswith(declared[:-1])


def declared_for(content_type: str, declared: Iterable[str]) -> str | None:
    """The document's spelling of the media type that fits a Content-Type best: the exact one before ranges."""
    sent = essence(content_type)
    names = list(declared)
    exact = next((name for name in names if essence(name) == sent), None)
    return exact or next((name for name in names if matches(essence(name), sent)), None)


@lru_cache(maxsize=512)
def negotiate(accept: str, offered: Sequence[str]) -> str | None:
    """Of what is `offered` (the best first), what an Accept header likes most; None if it takes none of it."""
    ranges = _ranges(accept)
    if not ranges:
        return offered[0] if offered else None
    best: tuple[float, int] | None = None
    chosen = None
    for place, media_type in enumerate(offered):
        quality = _quality(ranges, essence(media_type))
        if quality > 0 and (best is None or (quality, -place) > best):
            best, chosen = (quality, -place), media_type
    return chosen


def _ranges(accept: str) -> list[tuple[str, float]]:
    found = []
    for part in accept.split(",")[:_MAX_RANGES]:
        name, *parameters = part.split(";")
        name = name.strip().lower()
        if not name:
            continue
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip().lower() == "q":
                try:
                    quality = min(max(float(value), 0.0), 1.0)
                except ValueError:
                    quality = 1.0
        found.append(("*/*" if name == "*" else name, quality))
    return found


def _quality(ranges: list[tuple[str, float]], media_type: str) -> float:
    """The quality of the most specific range that the type lies in."""
    best = (-1, 0.0)
    for name, quality in ranges:
        if name == media_type or (media_type.endswith("/*") and matches(media_type, name)):
            specific = 2
        elif name == "*/*":
            specific = 0
        elif name.endswith("/*") and (media_type.startswith(name[:-1]) or media_type == "*/*"):
            specific = 1
        elif media_type.endswith("+json") and name == "application/json":
            best = max(best, (1, quality * 0.9))  # a client that takes JSON can read it
            continue
        else:
            continue
        best = max(best, (specific, quality))
    return best[1]
