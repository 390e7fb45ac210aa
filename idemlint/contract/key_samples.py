"""The strings that schemas of keys are asked about: good keys of each format, and near misses of them."""

from __future__ import annotations

from typing import Final

_BODIES: Final = (
    "8e03978e-40d5-{}3e8-bc93-6894a57f9324",
    "ce03978e-0000-{}abc-8fff-000000000000",
    "00000000-ffff-{}000-9a0b-ffffffffffff",
    "1234567a-b5c6-{}9de-af01-23456789abcd",
)
_UUID: Final = "8e03978e-40d5-43e8-bc93-6894a57f9324"
_ULIDS: Final = ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "00000000000000000000000001")


def uuids(version: int) -> tuple[str, ...]:
    """Samples of one UUID version with RFC 9562's variant: digits and letters in each place, both ends of the range."""
    return tuple(body.format(version) for body in _BODIES)


def families(key_format: str) -> tuple[tuple[str, ...], ...]:
    """Groups of good keys; a schema that demands the format accepts all of one group."""
    if key_format == "uuid":
        return tuple(uuids(version) for version in (4, 7, 1, 5, 3, 6, 8, 2))
    if key_format in ("uuid4", "uuid7"):
        return (uuids(int(key_format[-1])),)
    if key_format == "ulid":
        return (_ULIDS, tuple(text.lower() for text in _ULIDS))
    return tuple((text,) for text in (*uuids(4), *_ULIDS, *CANDIDATES, *of_length(16), *of_length(20), *of_length(32)))


def of_length(length: int) -> list[str]:
    """Strings of `length` characters in the alphabets that keys are made of."""
    return [
        "a" * length,
        "A" * length,
        "1" * length,
        ("a1" * length)[:length],
        (_UUID * (length // len(_UUID) + 1))[:length],
        ("Key_" * length)[:length],
        ("retry 1 " * length)[:length],
    ]


CANDIDATES: Final = (
    "",
    "retry-1",
    "1",
    "a",
    " ",
    "abc",
    "12345",
    "order_42",
    "key:1/2",
    "jane@example.com",
    "a key, with spaces",
    "Ünïcode",
    # a UUID with something before or behind it
    f"x{_UUID}",
    f"{_UUID}x",
    f"{_UUID}\n",
    f" {_UUID}",
    f"{_UUID} ",
    f"0{_UUID}",
    f"{_UUID}0",
    f"retry-{_UUID}",
    f"{_UUID}-retry",
    f"{_UUID},{_UUID}",
    f"{_UUID}{_UUID}",
    f"{_UUID}\n{_UUID}",
    f"{{{_UUID}}}",
    f"urn:uuid:{_UUID}",
    # too short, too long, dashes missing or elsewhere
    _UUID[:-1],
    _UUID[1:],
    _UUID[:-13],
    _UUID[:-12],
    _UUID.replace("-", ""),
    "8e03978e40d543e8bc936894a57f93240000",
    "8e03978e-40d543e8bc936894a57f9324",
    "8e03978e40d5-43e8-bc93-6894a57f9324",
    "8e03978-e40d5-43e8-bc93-6894a57f9324",
    "8e03978e-40d5-43e8-bc936894a57f9324f",
    "8e03978e--40d5-43e8-bc93-6894a57f932",
    "8e03978e_40d5_43e8_bc93_6894a57f9324",
    "8e03978e 40d5 43e8 bc93 6894a57f9324",
    "------------------------------------",
    "a" * 36,
    "retry-1-of-the-payment-of-order-0042",
    # right shape, wrong digits
    "ge03978e-40d5-43e8-bc93-6894a57f9324",
    "8e03978e-40d5-43e8-bc93-6894a57f932g",
    "zzzzzzzz-zzzz-4zzz-8zzz-zzzzzzzzzzzz",
    "ZZZZZZZZ-ZZZZ-4ZZZ-8ZZZ-ZZZZZZZZZZZZ",
    "8e03978e-40d5-43e8-bc93-6894a57f93_4",
    "８e03978e-40d5-43e8-bc93-6894a57f9324",
    # other ids that are often taken for keys
    *_ULIDS,
    "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
    "01ARZ3NDEKTSV4RRFFQ69G5FA",
    "01ARZ3NDEKTSV4RRFFQ69G5FAVX",
    "01ARZ3NDEKTSV4RRFFQ69G5FUL",
    "64f1c0ffee0ddba11cafe123",
    "V1StGXR8_Z5jdHi6B-myT",
    *uuids(1),
    *uuids(4),
    *uuids(7),
)
"""Strings of all kinds, the plainest first; the contract tells which of them are strangers."""
