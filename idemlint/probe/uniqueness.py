"""Members of a request that a server may want to see just once, and new values for them.

A unique constraint is honest: a second payment with the same order number is refused whatever its key. A request that is
sent under another key therefore gets other values there.
"""

from __future__ import annotations

import json
import re
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Any, Final

from idemlint.openapi.pointers import at
from idemlint.openapi.samples.wording import letters, uuid, words
from idemlint.probe.masks import leaves
from idemlint.probe.samples import put

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from idemlint.probe.samples import RequestSample

_UNIQUE: Final = re.compile(
    r"e ?mail|user ?name|\blogin\b|\bslug\b|\bhandle\b|\bsku\b|nickname|\bsub ?domain\b|\bphone\b|\bmobile\b|\biban\b"
    r"|\b(?:reference|ref|nonce)$|^(?:name|code|key|title)$|\b(?:external|request|client|merchant|correlation) id$"
    r"|\b(?:order|invoice|account|serial|document|tracking) (?:number|no|code)$|\b(?:order|transaction|invoice) id$"
    r"|^(?:id|uuid|guid|number)$|\bname$"
)
_SHARED: Final = re.compile(
    r"\b(?:first|last|given|family|middle|sur|full|holder|legal|file|country|city|currency|event|type|bank) ?name$"
)
"""Names that many may share."""
_MOST: Final = 12
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DIGITS: Final = "0123456789"


def unique_members(
    value: Any, *, fixed: Collection[str] = (), is_valid: Callable[[Any], bool] | None
) -> tuple[str, ...]:
    """Pointers of members that look unique and can be renewed; never those in `fixed`, which name what must exist."""
    found: list[str] = []
    for pointer, old in leaves(value).items():
        name = words(_name(pointer))
        if not isinstance(old, str) or not old or pointer in fixed or len(found) >= _MOST:
            continue
        if not _UNIQUE.search(name) or _SHARED.search(name):
            continue
        if renewed(value, (pointer,), Random(1), is_valid) != value:  # noqa: S311 - a trial
            found.append(pointer)
    return tuple(found)


def renewed(value: Any, pointers: Collection[str], random: Random, is_valid: Callable[[Any], bool] | None) -> Any:
    """A copy with new texts at the pointers, each only where the schema takes one of its forms."""
    at = leaves(value)
    for pointer in pointers:
        old = at.get(pointer)
        if not isinstance(old, str):
            continue
        for new in _forms(old, random):
            candidate = put(value, pointer, new)
            if new != old and (is_valid is None or is_valid(candidate)):
                value = candidate
                break
    return value


def for_key(sample: RequestSample, body: bytes | None, key: str) -> tuple[RequestSample, bytes | None]:
    """A sample with the unique values that go with a key, in whatever form the key is written: the same for the same key.

    `body`: bytes that were made of the sample's value, in which the same members get the same new values.
    """
    seed = "".join(char for char in key.lower()[:200] if char.isalnum())
    new = sample.renew(Random(seed) if seed else SystemRandom())  # noqa: S311 - by the key, on purpose
    for pointer in sample.unique if body is not None else ():
        for ascii_only in (False, True):
            old_text, new_text = (
                json.dumps(at(each.value, pointer), ensure_ascii=ascii_only).encode("utf-8", "replace")
                for each in (sample, new)
            )
            body = None if body is None else body.replace(old_text, new_text)
    return new, body


def _forms(old: str, random: Random) -> list[str]:
    """New texts in place of an old one, the most natural first. As many numbers are drawn whichever is taken."""
    fresh, plain = letters(random, 8), uuid(random)
    alike = "".join(_alike(char, random) for char in old)
    if _UUID.fullmatch(old):
        return [plain]
    name, at, domain = old.partition("@")
    if at:
        return [f"{name}+{fresh}@{domain}", f"{fresh}@{domain}", alike]
    if not any(char.isalpha() for char in old):
        return [alike]
    if " " in old:
        return [f"{old} {fresh}", alike]
    return [f"{old}-{fresh}", f"{old}{fresh}", alike]


def _alike(char: str, random: Random) -> str:
    """A digit for a digit, a letter for a letter."""
    pick = random.random()
    if char in _DIGITS:
        return char if char == "0" else _DIGITS[1 + int(pick * 9)]
    if char.isascii() and char.isalpha():
        letter = "abcdefghjkmnpqrstuvwxyz"[int(pick * 23)]
        return letter.upper() if char.isupper() else letter
    return char


def _name(pointer: str) -> str:
    return next((step for step in reversed(pointer.split("/")) if step and not step.isdigit()), "")
