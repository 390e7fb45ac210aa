"""Another payload where no schema tells what may differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.openapi.samples.wording import AMOUNT, IDENTIFIER, words
from idemlint.probe.masks import leaves
from idemlint.probe.samples import put

if TYPE_CHECKING:
    from idemlint.probe.samples import RequestSample


def varied(sample: RequestSample) -> RequestSample | None:
    """The sample with one scalar changed, an amount rather than anything else; None if nothing can change."""
    value = sample.value
    if isinstance(value, str) and not sample.is_json:
        return sample.with_value(f"{value} 2")
    if not isinstance(value, (dict, list)):
        return None
    ranked = sorted(leaves(value).items(), key=lambda leaf: -_worth(leaf[0], leaf[1]))
    for pointer, old in ranked:
        if pointer in sample.fixed or IDENTIFIER.search(_name(pointer)):
            continue
        for new in _others(old):
            candidate = put(value, pointer, new)
            if sample.is_valid is None or sample.is_valid(candidate):
                return sample.with_value(candidate, difference=pointer)
    return None


def _worth(pointer: str, value: Any) -> int:
    if AMOUNT.search(_name(pointer)):
        return 3
    return 2 if isinstance(value, (int, float)) and not isinstance(value, bool) else int(isinstance(value, str))


def _others(old: Any) -> list[Any]:
    if isinstance(old, bool):
        return [not old]
    if isinstance(old, (int, float)):
        return [old + 1, old - 1]
    return [f"{old} 2", f"{old}2"] if isinstance(old, str) else []


def _name(pointer: str) -> str:
    return words(next((step for step in reversed(pointer.split("/")) if step and not step.isdigit()), ""))
