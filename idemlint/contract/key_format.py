"""Judges by samples, not by comparing strings, whether a schema admits just the keys that the contract allows.

A schema passes when it refuses every near miss and accepts every sample of some version of the format, in a spelling
that it may ask for (lower case, upper case, or within the double quotes of a structured field). So
`^[0-9a-f]{8}-...-[1-5]...$` demands a UUID though it refuses version 7, and `^$|^[a-zA-Z0-9-]+$` does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.contract.schema_samples import SchemaSamples, compile_pattern, is_uuid
from idemlint.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.contract.contract import Contract
    from idemlint.contract.schema_samples import Follow

_CROCKFORD: Final = frozenset("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
_MAX_PARTS: Final = 400
_WITNESSES: Final = 2
_LONGEST_SAMPLE: Final = 65_536


class Judgement(NamedTuple):
    """What a schema demands of a key, seen from the contract."""

    demands: bool
    """The schema admits just what the contract allows."""
    accepted: tuple[str, ...] = ()
    """Up to two strings that the schema accepts and the contract refuses, the plainest first."""
    usable: bool = True
    """The schema accepts samples of the format at all."""


class Ask(NamedTuple):
    """How a schema is to be read where it stands."""

    document: Any = None
    follow: Follow | None = None
    siblings: bool = True
    """Keywords beside a `$ref` count: OpenAPI 3.1 and later."""


def is_uuid4(text: str) -> bool:
    return is_uuid(text) and text[14] == "4" and text[19] in "89abAB"


def is_uuid7(text: str) -> bool:
    return is_uuid(text) and text[14] == "7" and text[19] in "89abAB"


def is_ulid(text: str) -> bool:
    """26 digits of Crockford's base 32, no more than 128 bits: the first is 0 to 7. Either case."""
    return len(text) == 26 and text[0] in "01234567" and _CROCKFORD.issuperset(text.upper())


_CHECKS: Final[dict[str, Callable[[str], bool]]] = {
    "uuid": is_uuid,
    "uuid4": is_uuid4,
    "uuid7": is_uuid7,
    "ulid": is_ulid,
}
_FORMATS: Final[dict[str, dict[str, Callable[[str], bool]]]] = {
    "uuid": {"uuid": is_uuid},
    "uuid4": {"uuid": is_uuid, "uuid4": is_uuid4, "uuidv4": is_uuid4, "uuid-v4": is_uuid4},
    "uuid7": {"uuid": is_uuid, "uuid7": is_uuid7, "uuidv7": is_uuid7, "uuid-v7": is_uuid7},
    "ulid": {"uuid": is_uuid, "ulid": is_ulid},
}


def allows(contract: Contract, key: str) -> bool:
    """Whether the contract allows the key: its format, and its length in characters."""
    if contract.min_length is not None and len(key) < contract.min_length:
        return False
    if contract.max_length is not None and len(key) > contract.max_length:
        return False
    if contract.key_format == "pattern" and contract.pattern is not None:
        return bool(compile_pattern(contract.pattern).search(key))
    check = _CHECKS.get(contract.key_format)
    return check is None or check(key)


def judge(schema: Any, contract: Contract, ask: Ask | None = None) -> Judgement:
    """Whether `schema` admits just the keys that `contract` allows; an unreadable `$ref` counts in its favour."""
    lengths = contract.min_length is not None or contract.max_length is not None
    if not lengths and (
        contract.key_format == "any"
        or (
            contract.key_format == "uuid"
            and isinstance(schema, dict)
            and schema.get("format") == "uuid"
            and "$ref" not in schema
        )
    ):
        return Judgement(demands=True)
    ask = ask or Ask()
    formats = _FORMATS.get(contract.key_format, {"uuid": is_uuid})
    samples = SchemaSamples(schema, formats, document=ask.document, follow=ask.follow, siblings=ask.siblings)
    usable = _usable(samples, contract)
    accepted: list[str] = []
    for text in (*_strangers(contract), *samples.literals):
        if not allows(contract, text) and not _quoted(contract, text) and samples.admits(text):
            accepted.append(text)
            if len(accepted) == _WITNESSES:
                break
    if samples.undecided:
        return Judgement(demands=True)
    if not accepted and not usable:
        usable = _states(schema, contract, ask)
    return Judgement(not accepted and usable, tuple(accepted), usable)


def accepted_versions(schema: Any, ask: Ask | None = None) -> frozenset[int]:
    """The UUID versions (1 to 8) of which the schema accepts every sample in some spelling."""
    from idemlint.contract.key_samples import uuids

    ask = ask or Ask()
    samples = SchemaSamples(schema, {"uuid": is_uuid}, document=ask.document, follow=ask.follow, siblings=ask.siblings)
    return frozenset(
        version
        for version in range(1, 9)
        if any(all(samples.admits(text) for text in spelling) for spelling in _spellings(uuids(version)))
    )


def _usable(samples: SchemaSamples, contract: Contract) -> bool:
    """Whether all samples of some family are accepted, in one spelling."""
    from idemlint.contract.key_samples import families

    tried = False
    for family in families(contract.key_format):
        allowed = tuple(text for text in family if allows(contract, text))
        if allowed:
            tried = True
            if any(all(samples.admits(text) for text in spelling) for spelling in _spellings(allowed)):
                return True
    if contract.key_format in ("pattern", "any"):
        # The pool cannot hold keys for every pattern: one that is accepted is enough, and none to try is no fault.
        return not tried or any(
            samples.admits(text)
            for family in families(contract.key_format)
            for text in family
            if allows(contract, text)
        )
    return False


def _spellings(family: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return (
        family,
        tuple(text.upper() for text in family),
        tuple(f'"{text}"' for text in family),
        tuple(f'"{text.upper()}"' for text in family),
    )


def _quoted(contract: Contract, text: str) -> bool:
    """The key within the double quotes of a structured field's string (RFC 9651, section 3.3.3) is the key still."""
    return len(text) > 2 and text[0] == text[-1] == '"' and allows(contract, text[1:-1])


def _strangers(contract: Contract) -> tuple[str, ...]:
    """Strings to try that the contract may refuse, the plainest first."""
    from idemlint.contract.key_samples import CANDIDATES, of_length

    lengths: list[str] = []
    if contract.min_length is not None and 1 < contract.min_length <= _LONGEST_SAMPLE:
        lengths += of_length(contract.min_length - 1)
    if contract.max_length is not None and contract.max_length < _LONGEST_SAMPLE:
        lengths += of_length(contract.max_length + 1)
    return (*CANDIDATES, *lengths)


def _states(schema: Any, contract: Contract, ask: Ask) -> bool:
    """The schema names the format (or the contract's very pattern) though it contradicts itself elsewhere.

    It admits nothing else, so it does demand the format; that no key fits is the affair of another rule.
    """
    wanted = _CHECKS.get(contract.key_format)
    names = {name for name, check in _FORMATS.get(contract.key_format, {}).items() if check is wanted}
    waiting = [(ask.document, schema)]
    for _ in range(_MAX_PARTS):
        if not waiting:
            break
        document, part = waiting.pop()
        if ask.follow is not None and isinstance(part, dict) and isinstance(part.get("$ref"), str):
            document, part = ask.follow(document, part)
        if not isinstance(part, dict):
            continue
        stated = part.get("format")
        if isinstance(stated, str) and stated in names:
            return True
        if contract.key_format == "pattern" and part.get("pattern") == contract.pattern:
            return True
        if isinstance(part.get("allOf"), list):
            waiting += [(document, each) for each in part["allOf"]]
    return False
