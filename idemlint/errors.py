"""What a user can cause: typed errors that say what, where and how to mend it, and the exit codes."""

from __future__ import annotations

from enum import IntEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from idemlint.findings import Position


class ExitCode(IntEnum):
    """The same for all commands; a crash is never 1."""

    OK = 0
    FINDINGS = 1
    TROUBLE = 2
    INTERRUPTED = 130


class IdemlintError(Exception):
    """An error with a place and a mend. Never shown as a traceback."""

    def __init__(self, message: str, *, source: str = "", position: Position | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.position = position
        self.hint = hint

    def __str__(self) -> str:
        """`file:line:column: what` and, on a line of its own, the mend; line and column count from 1."""
        place = self.source
        if place and self.position is not None:
            place += f":{self.position.line + 1}:{self.position.character + 1}"
        text = f"{place}: {self.message}" if place else self.message
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class DocumentError(IdemlintError):
    """A document that cannot be read: missing, broken, hostile, or not a mapping."""


class RulesetError(IdemlintError):
    """A ruleset that cannot be used."""


class ConfigError(IdemlintError):
    """A configuration, profile, or baseline that cannot be used."""


class UsageError(IdemlintError):
    """A command line that contradicts itself."""
