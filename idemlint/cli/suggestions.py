"""Did you mean: the known name that a mistyped one comes closest to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, None when nothing comes near."""
    import difflib  # only on the way to an error message

    by_folded = {candidate.casefold(): candidate for candidate in known}
    near = difflib.get_close_matches(name.casefold()[:100], by_folded, n=1, cutoff=0.6)
    return by_folded[near[0]] if near else None


def did_you_mean(name: str, known: Iterable[str], *, label: str = "known") -> str:
    """A hint for an unknown name: the closest known one, else the whole list."""
    names = list(known)
    near = closest(name, names)
    return f"did you mean {near!r}?" if near else f"{label}: {', '.join(names)}"
