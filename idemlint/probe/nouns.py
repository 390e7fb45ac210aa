"""What names and paths say about resources: `/payment_intents/{id}`, `paymentIntentId` and `payment_intent: {id}` are one.

Resource-oriented URLs as in AIP-122 and the Zalando guidelines (sections 129 to 143): collections are plural nouns, and
an item's identifier follows its collection.
"""

from __future__ import annotations

import re
from typing import Final

from idemlint.openapi.samples.wording import words

_EXTENSION: Final = re.compile(r"\.(?:json|xml)$")
"""How some servers end every path; it names nothing."""
_PARAMETER: Final = re.compile(r"\{[^{}]*\}")
_IDENTIFIER: Final = re.compile(r"^(.*?) ?\b(ids?|uuids?|guids?|sids?|identifiers?)$")
_CLIENT_MADE: Final = frozenset(
    [
        "external",
        "client",
        "merchant",
        "request",
        "correlation",
        "trace",
        "idempotency",
        "own",
        "custom",
        "partner",
        "remote",
        "legacy",
        "third",
    ]
)
"""First words of identifiers that the client makes up itself: `external_payment_id` names no payment of the server's."""


def shape(template: str) -> str:
    """The template with its parameters' names left out: two with the same shape are one path."""
    return _PARAMETER.sub("{}", _EXTENSION.sub("", template.rstrip("/")))


def collection_of(template: str, name: str) -> str:
    """What stands before a path parameter: `/payments` for `payment_id` in `/payments/{payment_id}/capture`."""
    before = template.partition(f"{{{name}}}")[0]
    return before[: before.rfind("/")]


def noun_of(template: str) -> str:
    """`payment intent` for `/v1/payment_intents`; empty for a path that ends in a parameter."""
    last = _EXTENSION.sub("", template.rstrip("/")).rpartition("/")[2]
    return "" if "{" in last else singular(words(last))


def singular(noun: str) -> str:
    """Of an English noun, the last word of several: `payment intents` -> `payment intent`."""
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("sses", "xes", "zes", "ches", "shes")):
        return noun[:-2]
    if noun.endswith("s") and not noun.endswith(("ss", "us", "is")):
        return noun[:-1]
    return noun


def noun_of_name(name: str) -> str | None:
    """What an identifier's name says it identifies: `payment` for `paymentId`, `` for `id`; None if it is no such name."""
    found = _IDENTIFIER.match(words(name))
    return singular(found[1]) if found is not None else None


def same_noun(wanted: str, noun: str) -> int:
    """How well a collection's noun fits the one that is wanted: 2 if it is the same, 1 if it is its end, else 0.

    `source account` is an account; `external payment` may be anybody's.
    """
    if not wanted or not noun:
        return 0
    if wanted == noun or wanted.replace(" ", "") == noun.replace(" ", ""):
        return 2
    if wanted.endswith(f" {noun}") and wanted.split(" ", 1)[0] not in _CLIENT_MADE:
        return 1
    return 0
