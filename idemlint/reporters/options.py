"""What a reporter needs to know besides the results."""

from __future__ import annotations

from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from idemlint.findings import Finding


def _no_fingerprints(findings: Sequence[Finding]) -> list[str]:
    return [""] * len(findings)


class ReportOptions(NamedTuple):
    """The same for every format; each takes what it needs."""

    base: str
    """Absolute path of the folder that paths are shown relative to."""
    color: bool = False
    width: int = 80
    """Columns of the terminal."""
    unicode: bool = True
    """False: the terminal cannot show box drawing."""
    summary: bool = True
    """Whether the line that adds up the run belongs to the text."""
    version: str = ""
    explained: frozenset[str] = frozenset()
    """Codes that `idemlint explain` knows."""
    fingerprints: Callable[[Sequence[Finding]], Sequence[str]] = _no_fingerprints
    """One stable identity a finding, the same as long as nothing but lines move; costs time, so asked for when needed."""
