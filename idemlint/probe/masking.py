"""Secrets are masked in all that leaves a run, in whatever form a server may give them back."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from idemlint.probe.exchange import Lines

MASK: Final = "***"
_SECRET_NAMES: Final = (
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "api-key",
    "apikey",
    "x-auth-token",
    "x-access-token",
    "x-csrf-token",
)
_SHORT: Final = 4
"""Characters under which a secret is masked just where it stands alone: `1` is in every number."""
_DEEPEST: Final = 40


class Masking:
    """Replaces secrets wherever they stand: by the header's name, and by their value in whatever text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)
        parts = [
            re.escape(form) if len(form) >= _SHORT else rf"(?<![0-9A-Za-z]){re.escape(form)}(?![0-9A-Za-z])"
            for form in forms
        ]
        self._pattern = re.compile("|".join(parts)) if parts else None
        self._names = set(_SECRET_NAMES)

    def add_name(self, name: str) -> None:
        """A header that carries credentials of this run."""
        self._names.add(name.lower())

    def text(self, text: str, mask: str = MASK) -> str:
        return text if self._pattern is None else self._pattern.sub(mask, text)

    def line(self, name: str, value: str, whose: str = "") -> tuple[str, str]:
        """`whose`: a word that tells the credentials of one account from those of another."""
        mask = f"{MASK} ({whose})" if whose else MASK
        if name.lower() in self._names:
            scheme, blank, _ = value.partition(" ")
            return name, f"{scheme} {mask}" if blank and scheme.isalpha() else mask
        return name, self.text(value, mask)

    def lines(self, lines: Lines, whose: str = "") -> Lines:
        return tuple(self.line(name, value, whose) for name, value in lines)

    def data(self, value: Any, depth: int = 0) -> Any:
        """A copy of plain data with its texts and names masked."""
        if isinstance(value, str):
            return self.text(value)
        if depth >= _DEEPEST or self._pattern is None:
            return value
        if isinstance(value, dict):
            return {self.data(name, depth + 1): self.data(member, depth + 1) for name, member in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.data(member, depth + 1) for member in value]
        return value


def _forms(secret: str) -> Iterator[str]:
    """A header's value, what follows its scheme, and what Basic (RFC 7617) encodes; each as servers write it."""
    for part in _parts(secret):
        yield part
        yield part.encode("utf-8", "surrogatepass").decode("latin-1")
        for ascii_only in (True, False):
            yield json.dumps(part, ensure_ascii=ascii_only)[1:-1]
        for encoded in (quote(part), quote(part, safe=""), quote_plus(part)):
            yield encoded
            yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), encoded)
            yield encoded.lower()


def _parts(secret: str) -> Iterator[str]:
    scheme, blank, rest = secret.partition(" ")
    candidates = [secret]
    if blank and scheme.isalpha():
        candidates += [rest, rest.rpartition(" ")[2]]
    if scheme.lower() == "basic":
        try:
            plain = base64.b64decode(rest.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            plain = ""
        candidates += [plain, plain.partition(":")[2]]
    for each in candidates:
        if each.strip():
            yield each.strip()
