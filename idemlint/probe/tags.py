"""The run's tag: a free-text member by which the effects of this run are told from everyone else's."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from idemlint.openapi.pointers import encode_pointer, text_steps
from idemlint.openapi.samples.wording import words
from idemlint.probe.samples import put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from idemlint.probe.samples import RequestSample

_KINDS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"^(?:description|notes?|memo|comments?|remarks?|annotation)$",
        r"\b(?:description|notes?|memo|comments?|remarks?|details)$",
        r"^(?:metadata|meta data|custom data|custom fields|extra|attributes)$",
        r"^(?:message|summary|subject|purpose|reason|text|narrative|label|title|body|content)$",
        r"^(?:external |merchant |client |customer |order |internal )?(?:reference|ref)$",
        r"^(?:name|(?:display|friendly|product|company|business) name)$",
    )
)
"""Names of members that take any text, the likeliest first. Formats and patterns are the schema's business."""
_OBJECT: Final = 2
"""Which of them are objects that take members of any name."""
_ADDED: Final = 5
"""Up to which of them a member is added that the request would do without; a name says more of a thing than of this run."""
_DEEPEST: Final = 4
_MOST: Final = 200
_MEMBER: Final = "idemlint"


def tagged(
    value: Any, tag: str, *, is_valid: Callable[[Any], bool], declared: Iterable[str] = ()
) -> tuple[Any, str] | None:
    """A copy with the tag in one member, and that member's pointer; None where the schema leaves no room for it.

    `declared`: names of members that the schema knows, present or not.
    """
    if not isinstance(value, dict):
        return None
    present = sorted(_present(value), key=lambda found: (found[0], found[1].count("/")))
    absent = [(_kind(name), encode_pointer((name,))[1:], None) for name in declared if name not in value]
    added = sorted(
        ((kind, pointer, old) for kind, pointer, old in absent if kind is not None and kind < _ADDED),
        key=lambda found: found[0],
    )
    for kind, pointer, old in (*present, *added):
        for member in _with_tag(old, tag, kind):
            candidate = put(value, pointer, member)
            if is_valid(candidate):
                return candidate, f"{pointer}/{_MEMBER}" if isinstance(member, dict) else pointer
    return None


def untagged(sample: RequestSample, value: Any) -> RequestSample | None:
    """The request without the member that was added for the tag alone: its server may want less than its document admits.

    `value`: the body before. None where the tag stands in a member that the body had.
    """
    if sample.tag is None or not isinstance(value, dict) or not isinstance(sample.value, dict):
        return None
    name = text_steps(sample.tag)[0]
    if name in value:
        return None
    left = {each: member for each, member in sample.value.items() if each != name}
    unique = tuple(each for each in sample.unique if text_steps(each)[0] != name)
    return replace(sample, value=left, tag=None, unique=unique)


def _with_tag(old: Any, tag: str, kind: int) -> Iterator[Any]:
    if isinstance(old, dict) or (old is None and kind == _OBJECT):
        yield {**(old or {}), _MEMBER: tag}
    elif isinstance(old, str) and old:
        yield f"{old} {tag}"
        yield tag
    elif old is None:
        yield tag


def _present(value: dict[str, Any]) -> Iterator[tuple[int, str, Any]]:
    left = _MOST
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting and left:
        path, holder = waiting.pop(0)
        items = holder.items() if isinstance(holder, dict) else enumerate(holder)
        for key, member in items:
            left -= 1
            if left <= 0:
                return
            below = (*path, key)
            kind = _kind(key) if isinstance(key, str) else None
            if kind is not None and isinstance(member, dict if kind == _OBJECT else str):
                yield kind, encode_pointer(below)[1:], member
            if isinstance(member, (dict, list)) and len(below) < _DEEPEST:
                waiting.append((below, member))


def _kind(name: str) -> int | None:
    name = words(name)
    return next((index for index, pattern in enumerate(_KINDS) if pattern.search(name)), None)
