"""Keys that the probe makes: fresh ones that a server should take, in each form that clients give them.

Python 3.11 makes no UUIDv7 (RFC 9562, section 5.7), and runs have to be reproducible, so all are made from `Random`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final
from uuid import UUID

from idemlint.contract.profile import UNKNOWN

if TYPE_CHECKING:
    from random import Random

    from idemlint.probe.expectations import Expectations

_ALPHABET: Final = "ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz0123456789"
REFUSED_FORM: Final = (400, 422)
"""Statuses of a server that cannot read a key: it may want it in the other form, quoted (RFC 9651) or bare."""
_SAMPLE: Final = "8e03978e-40d5-43e8-bc93-6894a57f9324"


def uuid4(random: Random, *, first: str = "") -> str:
    """A UUIDv4; `first` sets the first hexadecimal digit, since bare keys that begin with a digit and with a letter are
    different things to a structured-field parser (RFC 9651, section 4.2).
    """
    text = str(UUID(int=random.getrandbits(128), version=4))
    return first + text[1:] if first else text


def uuid7(random: Random, *, moment: float | None = None) -> str:
    """RFC 9562, section 5.7: 48 bits of Unix milliseconds, version, 12 random bits, variant, 62 random bits."""
    milliseconds = int((time.time() if moment is None else moment) * 1000) & (2**48 - 1)
    value = milliseconds << 80 | 7 << 76 | random.getrandbits(12) << 64 | 2 << 62 | random.getrandbits(62)
    return str(UUID(int=value))


def uuid1(random: Random) -> str:
    """RFC 9562, section 5.1, with a random node."""
    return str(UUID(int=random.getrandbits(128) & ~(0xF000 << 64) & ~(0xC000 << 48) | 0x1000 << 64 | 0x8000 << 48))


def fresh_key(random: Random, expected: Expectations) -> str:
    """A key that was never sent, in a form that document and profile both take: a UUIDv4 unless they refuse it."""
    length = expected.profile.key.max
    least = expected.profile.key.min
    candidates = [uuid4(random), uuid7(random), uuid4(random).replace("-", "")]
    candidates += ["".join(random.choice(_ALPHABET) for _ in range(size)) for size in (24, 32, 16, 20, 12, 36, 40, 64)]
    for candidate in candidates:
        if length is not UNKNOWN and len(candidate) > length:
            continue
        if least is not UNKNOWN and len(candidate) < least:
            continue
        if admits(expected, candidate):
            return candidate
    return candidates[0]


def admits(expected: Expectations, key: str) -> bool:
    """Whether the document's schema of the parameter takes the key, bare or quoted as it goes out."""
    return admits_form(expected, key) or (expected.location == "header" and admits_form(expected, quoted(key)))


def admits_form(expected: Expectations, text: str) -> bool:
    """Whether the document's schema of the parameter takes just this text."""
    schema = expected.parameter.schema() if expected.parameter is not None else None
    if expected.parameter is None or schema is None:
        return True
    from idemlint.openapi.validation import validator_for

    return validator_for(expected.parameter.references, schema, direction="request").is_valid(text)


def goes_quoted(expected: Expectations) -> bool:
    """Whether keys go out in quotes: where the profile asks for it, unless the document's schema takes just bare ones."""
    if expected.location != "header" or expected.profile.key.quoted != "required":
        return False
    return admits_form(expected, quoted(_SAMPLE)) or not admits_form(expected, _SAMPLE)


class KeyForms:
    """In which form the target takes keys in a header, bare or quoted: found out at one operation, good for the others."""

    def __init__(self) -> None:
        self._at: dict[str, bool] = {}
        """Label of an operation to whether its keys go quoted."""
        self._latest: dict[str, bool] = {}
        """Name of a header, in small letters, to what was found out about it last."""

    def quoted(self, label: str, expected: Expectations) -> bool:
        """Whether the operation's keys go quoted, by what is known now; a document that excludes it has the last word."""
        known = self._at.get(label)
        if known is not None:
            return known
        learned = self._latest.get(expected.name.lower()) if expected.location == "header" else None
        if learned is None:
            return goes_quoted(expected)
        bare, in_quotes = admits_form(expected, _SAMPLE), admits_form(expected, quoted(_SAMPLE))
        return learned if bare == in_quotes else in_quotes

    def learn(self, label: str, expected: Expectations, *, quoted: bool) -> None:
        """The operation took a key in this form after it had refused the other."""
        self._at[label] = self._latest[expected.name.lower()] = quoted


def quoted(key: str) -> str:
    """A structured field's string (RFC 9651, section 3.3.3)."""
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
