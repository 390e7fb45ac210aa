"""JSON Pointers (RFC 6901), as text and in the fragment of a `$ref`, and the two halves of a reference."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from idemlint.findings import Path

_HEX = frozenset("0123456789abcdefABCDEF")


def split_reference(reference: str) -> tuple[str, str]:
    """`other.yaml#/a` -> (`other.yaml`, `#/a`); the fragment keeps its `#`, and is `#` where there is none."""
    uri, _, fragment = reference.partition("#")
    return uri.strip(), "#" + fragment


def has_scheme(uri: str) -> bool:
    """Whether the reference begins with a URI scheme. A single letter is a drive of Windows, not a scheme."""
    scheme, colon, _ = uri.partition(":")
    return bool(colon) and len(scheme) > 1 and scheme[0].isalpha() and scheme.replace("+", "a").isalnum()


def percent_decode(text: str) -> str:
    """`%7B` -> `{`; what is no escape, or no UTF-8, stays as it is. Own code, since `urllib.parse` costs 3 ms at import."""
    if "%" not in text:
        return text
    pieces: list[bytes] = []
    first, *rest = text.split("%")
    pieces.append(first.encode("utf-8", "surrogatepass"))
    for part in rest:
        if len(part) >= 2 and part[0] in _HEX and part[1] in _HEX:
            pieces.append(bytes((int(part[:2], 16),)) + part[2:].encode("utf-8", "surrogatepass"))
        else:
            pieces.append(b"%" + part.encode("utf-8", "surrogatepass"))
    try:
        return b"".join(pieces).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return text


def decode_segment(segment: str) -> str:
    """One step of a pointer that stands in a URI fragment: percent escapes first, then `~1` and `~0`."""
    if "%" in segment:
        segment = percent_decode(segment)
    if "~" in segment:
        segment = segment.replace("~1", "/").replace("~0", "~")
    return segment


def pointer_steps(fragment: str) -> tuple[str, ...]:
    """`#/a~1b/0` -> (`a/b`, `0`); `#` -> (). Only for fragments that are `#` or begin with `#/`."""
    return tuple(map(decode_segment, fragment[2:].split("/"))) if len(fragment) > 1 else ()


def text_steps(pointer: str) -> tuple[str, ...]:
    """`/a~1b/0` -> (`a/b`, `0`), the empty pointer -> (): a pointer that stands as text (RFC 6901, section 5)."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def at(value: Any, pointer: str) -> Any:
    """What a pointer that stands as text names in a JSON value; None if nothing is there."""
    for step in text_steps(pointer):
        inside = member(value, step)
        if inside is None:
            return None
        value = inside[1]
    return value


def encode_pointer(path: Path) -> str:
    """The `#/...` that stands for a path, with `~0` and `~1` and no percent escapes."""
    return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def member(value: Any, step: str | int) -> tuple[str | int, Any] | None:
    """The member or item that one step names, with the key or index under which it stands; None if there is none."""
    if type(value) is dict:
        key = step if type(step) is str else str(step)
        return (key, value[key]) if key in value else None
    if type(value) is list:
        if type(step) is str:
            if not (step.isascii() and step.isdigit() and len(step) < 10 and (step == "0" or step[0] != "0")):
                return None
            step = int(step)
        return (step, value[step]) if type(step) is int and 0 <= step < len(value) else None
    return None


def closest(value: Any, path: Path) -> Path:
    """The longest prefix of `path` that exists in `value`, with items counted by int."""
    found: list[str | int] = []
    for step in path:
        inside = member(value, step)
        if inside is None:
            break
        found.append(inside[0])
        value = inside[1]
    return tuple(found)
