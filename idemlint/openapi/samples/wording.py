"""Values that look like what a member's name or format promises.

Nothing here is real: hosts are those of RFC 2606, addresses those of RFC 5737 and 3849, the card number is the payment
industry's own for tests.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    Maker = Callable[[Random], str]

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_FUTURE = re.compile(r"exp|due|until|end|valid|schedul|next|arriv|deliver|deadline")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
AMOUNT = re.compile(r"amount|price|total|value|sum|cost|fee|balance|subtotal|charge|money|cents")
QUANTITY = re.compile(r"quantity|qty|count|units?|number of|seats|copies")
IDENTIFIER = re.compile(r"(?:^| )(?:ids?|uuid|guid|key|token|secret|nonce|hash|signature|etag|cursor|href|self)$")


@lru_cache(maxsize=4096)
def words(name: str) -> str:
    """`merchantOrder_ID` -> `merchant order id`."""
    return " ".join(_WORDS.findall(name)).lower()


def letters(rng: Random, length: int) -> str:
    return "".join(rng.choices(_LETTERS, k=length))


def uuid(rng: Random) -> str:
    """A random one of version 4 (RFC 9562, 5.4)."""
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) & 3]}{text[17:20]}-{text[20:]}"


def _date(name: str) -> Maker:
    year = "2035" if _FUTURE.search(name) else "2025"
    return lambda rng: f"{year}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def _date_time(name: str) -> Maker:
    date = _date(name)
    return lambda rng: f"{date(rng)}T{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}Z"


def _fixed(text: str) -> Maker:
    return lambda _rng: text


def _url(rng: Random) -> str:
    return f"https://example.com/{letters(rng, 8)}"


def _email(rng: Random) -> str:
    return f"{letters(rng, 8)}@example.com"


def _numbered(prefix: str, digits: int = 4) -> Maker:
    low, high = 10 ** (digits - 1), 10**digits - 1
    return lambda rng: f"{prefix}{rng.randint(low, high)}"


_FORMATS: dict[str, tuple[Maker, ...]] = {
    "uuid": (uuid,),
    "guid": (uuid,),
    "email": (_email, _fixed("a@example.com"), _fixed("a@b.co")),
    "idn-email": (_email,),
    "uri": (_url, _fixed("https://a.co")),
    "url": (_url, _fixed("https://a.co")),
    "iri": (_url,),
    "uri-reference": (_url,),
    "hostname": (_fixed("example.com"),),
    "ipv4": (lambda rng: f"192.0.2.{rng.randint(1, 254)}",),
    "ip": (lambda rng: f"192.0.2.{rng.randint(1, 254)}",),
    "ipv6": (lambda rng: f"2001:db8::{rng.randint(1, 0xFFFF):x}",),
    "time": (lambda rng: f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:00Z",),
    "duration": (lambda rng: f"PT{rng.randint(1, 59)}M",),
    "byte": (lambda rng: b64encode(letters(rng, 12).encode()).decode(),),
    "base64": (lambda rng: b64encode(letters(rng, 12).encode()).decode(),),
    "password": (lambda rng: f"S3cret-{letters(rng, 8)}", _fixed("S3cret-1")),
    "decimal": (lambda rng: f"{rng.randint(1, 99)}.{rng.randint(10, 99)}",),
    "int32": (_numbered("", 5),),
    "int64": (_numbered("", 5),),
    "phone": (_numbered("+49151", 8),),
    "json-pointer": (_fixed("/a"),),
    "regex": (_fixed("^a$"),),
}

_NAMES: tuple[tuple[re.Pattern[str], Maker], ...] = tuple(
    (re.compile(pattern), maker)
    for pattern, maker in (
        (r"currenc", _fixed("EUR")),
        (r"country", _fixed("DE")),
        (r"locale", _fixed("en-US")),
        (r"lang", _fixed("en")),
        (r"time ?zone|\btz\b", _fixed("Europe/Berlin")),
        (r"e ?mail", _email),
        (r"\b(?:ur[il]|link|href|website|webhook|callback|logo|image)$", _url),
        (r"host|domain", _fixed("example.com")),
        (r"phone|mobile|msisdn|\bfax", _numbered("+49151", 8)),
        (r"^(?:first|given) name", _fixed("Ada")),
        (r"^(?:last|family|sur) ?name", _fixed("Lovelace")),
        (r"card number|^pan$", _fixed("4111111111111111")),
        (r"\b(?:cvc|cvv|security code)", _fixed("123")),
        (r"exp\w* month", _fixed("12")),
        (r"exp\w* year", _fixed("2035")),
        (r"iban", _fixed("DE89370400440532013000")),
        (r"\b(?:bic|swift)", _fixed("DEUTDEFF")),
        (r"routing", _fixed("110000000")),
        (r"account number", _fixed("000123456789")),
        (r"post(?:al)? ?code|\bzip", _fixed("10115")),
        (r"\bcity|locality|town", _fixed("Berlin")),
        (r"street|address line|line 1|address 1|^address$", _fixed("Unter den Linden 1")),
        (r"\b(?:state|region|province)$", _fixed("BE")),
        (r"\b(?:ip|ip address)$", _FORMATS["ipv4"][0]),
        (r"user agent", _fixed("Mozilla/5.0")),
        (r"amount|price|total|balance", _FORMATS["decimal"][0]),
        (r"\buuid|\bguid", uuid),
        (r"\b(?:id|key|token|reference|ref|number|code|hash|nonce|secret)$", lambda rng: letters(rng, 12)),
        (r"description|message|note|comment|reason|memo|summary|statement|text|body", _numbered("Sample text ")),
        (r"title|subject|label", _numbered("Sample ")),
        (r"company|organi[sz]ation|business|merchant name", _numbered("Example Ltd ")),
        (r"name", _numbered("Ada Lovelace ")),
    )
)

_NUMBERS: tuple[tuple[re.Pattern[str], int, int], ...] = tuple(
    (re.compile(pattern), low, high)
    for pattern, low, high in (
        (r"exp\w* month|^month", 1, 12),
        (r"exp\w* year", 2031, 2035),
        (r"year", 2025, 2025),
        (r"^day|day of", 1, 28),
        (r"hour", 0, 23),
        (r"minute|second", 0, 59),
        (r"percent|\brate\b|discount|latitude", 1, 50),
        (r"longitude", 1, 100),
        (r"created|updated|timestamp|\bat$|\btime$", 1_735_700_000, 1_767_000_000),
        (r"status code|http status", 200, 200),
        (r"port$", 8000, 8999),
        (QUANTITY.pattern, 1, 9),
        (r"age$", 18, 80),
        (AMOUNT.pattern, 100, 9999),
    )
)


def format_makers(name: str, hint: str) -> tuple[Maker, ...]:
    """Makers for a format, the most telling first; none for one that is not known. `hint` is the member's name."""
    if name == "date":
        return (_date(words(hint)),)
    if name == "date-time":
        return (_date_time(words(hint)),)
    return _FORMATS.get(name.lower(), ())


def name_maker(hint: str) -> Maker | None:
    """What a text under that name would be."""
    name = words(hint)
    for pattern, maker in _NAMES:
        if pattern.search(name):
            return maker
    if re.search(r"\b(?:date|day)$", name):
        return _date(name)
    if re.search(r"\b(?:at|time|timestamp)$", name):
        return _date_time(name)
    return None


def number_range(hint: str) -> tuple[int, int]:
    """What a number under that name would lie between."""
    name = words(hint)
    for pattern, low, high in _NUMBERS:
        if pattern.search(name):
            return low, high
    return 1, 1000
