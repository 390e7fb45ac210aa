"""Whose credentials a request carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import httpx

    from idemlint.probe.exchange import Lines

FIRST: Final = "A"
SECOND: Final = "B"
NOBODY: Final = "none"
"""No credentials at all."""
STRANGER: Final = "bad"
"""Credentials of the right form that are not valid."""

WHOSE: Final = {SECOND: "account B", STRANGER: "not valid"}
"""What stands beside a masked credential that is not the first account's."""


class Principal(NamedTuple):
    """One account at the target."""

    name: str
    headers: Lines = ()
    auth: httpx.Auth | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that no output may show."""
        return tuple(value for _, value in self.headers if value)


def stranger_to(principal: Principal) -> Principal:
    """The same headers with values that no server can know; the scheme word before a blank is kept."""
    headers = []
    for name, value in principal.headers:
        scheme, blank, _ = value.partition(" ")
        kept = f"{scheme} " if blank and scheme.isalpha() else ""
        headers.append((name, f"{kept}invalid-idemlint-credential"))
    return Principal(STRANGER, tuple(headers))
