"""Judges by samples, not by comparing strings, whether a schema admits just the keys that the contract allows.

A schema passes when it refuses every near miss and accepts some key of the format, in a spelling that it may ask for
(lower case, upper case, or within the double quotes of a structured field). So `^[0-9a-f]{8}-...-[1-5]...$` demands a UUID
though it refuses version 7, and `^$|^[a-zA-Z0-9-]+$` does not. Near misses are a list of strings that are taken for keys,
then a good key with each character changed in turn, then what the schema's own patterns match.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.contract.schema_samples import SchemaSamples, compile_pattern, is_uuid, takes_strings
from idemlint.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.contract.contract import Contract
    from idemlint.contract.schema_samples import Follow

_CROCKFORD: Final = frozenset("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
_MAX_PARTS: Final = 400
_WITNESSES: Final = 2
_LONGEST_SAMPLE: Final = 65_536
_LONGEST_CHANGED: Final = 300
_LONGEST_DRAWN: Final = 1_000
_MOST_PATTERNS: Final = 5
_OTHERS: Final = ("g", "z", "G", "_", ":", ".", " ")
"""What stands in a digit's or a dash's place: next to hexadecimal digits, far from them, and other separators."""


class Judgement(NamedTuple):
    """What a schema demands of a key, seen from the contract."""

    demands: bool
    """The schema admits just what the contract allows."""
    accepted: tuple[str, ...] = ()
    """Up to two strings that the schema accepts and the contract refuses, the plainest first."""
    usable: bool = True
    """The schema accepts keys that a client can make."""
    listed: bool = False
    """It accepts just those keys that it names itself, in `const` or `enum`."""
    refused: str = ""
    """A key that the contract allows and the schema refuses, when it is not `usable`."""
    broken: str = ""
    """A pattern of the schema that is no regular expression of ECMA-262, and so demands nothing."""


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
            and takes_strings(schema)
        )
    ):
        return Judgement(demands=True)
    ask = ask or Ask()
    formats = _FORMATS.get(contract.key_format, {"uuid": is_uuid})
    samples = SchemaSamples(schema, formats, document=ask.document, follow=ask.follow, siblings=ask.siblings)
    good = _accepted_key(samples, contract)

    def is_stranger(text: str) -> bool:
        return not allows(contract, text) and not _quoted(contract, text) and samples.admits(text)

    accepted: list[str] = []
    for text in (*_strangers(contract), *samples.literals):
        if is_stranger(text):
            accepted.append(text)
            if len(accepted) == _WITNESSES:
                break
    if not accepted and samples.patterns and not samples.undecided and not any(map(_looks_back, samples.patterns)):
        close = _close_to(good, is_stranger) or _drawn(samples, is_stranger)
        accepted += [close] if close is not None else []
        if good is None:
            good = _drawn(samples, lambda text: allows(contract, text) and samples.admits(text))
    if samples.undecided:
        return Judgement(demands=True)
    broken = next(iter(samples.broken), "")
    if good is not None or (not accepted and _states(schema, contract, ask)):
        return Judgement(not accepted, tuple(accepted), broken=broken)
    listed = any(allows(contract, text) and samples.admits(text) for text in samples.literals)
    refused = next((text for text in _keys(contract) if not samples.admits(text)), "")
    return Judgement(False, tuple(accepted), False, listed, refused, broken)


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


def _accepted_key(samples: SchemaSamples, contract: Contract) -> str | None:
    """The first key of the contract's that the schema accepts, in some spelling; for formats that no sample may meet, any."""
    keys = _keys(contract)
    spelled = (text for key in keys for (text,) in _spellings((key,)))
    # one that the schema itself lists is no key that a client can make
    found = next((text for text in spelled if samples.admits(text) and text not in samples.literals), None)
    if found is None and not keys and contract.key_format in ("pattern", "any"):
        return ""  # the pool cannot hold keys for every pattern: none to try is no fault
    return found


def _keys(contract: Contract) -> list[str]:
    """Samples that the contract allows."""
    from idemlint.contract.key_samples import families

    return [text for family in families(contract.key_format) for text in family if allows(contract, text)]


def _close_to(key: str | None, is_stranger: Callable[[str], bool]) -> str | None:
    """A stranger that differs from a good key in one place: another character there, one more, or one less."""
    if key is None or len(key) > _LONGEST_CHANGED:
        return None
    for place in range(len(key)):
        for other in (*_OTHERS, key[place] + "0", ""):
            text = key[:place] + other + key[place + 1 :]
            if is_stranger(text):
                return text
    return None


def _drawn(samples: SchemaSamples, fits: Callable[[str], bool]) -> str | None:
    """What one of the schema's patterns matches and `fits`; the same each time."""
    from random import Random

    from idemlint.openapi.ecma_regex.sampler import PatternSampler

    for source in samples.patterns[:_MOST_PATTERNS]:
        rng = Random(0)  # noqa: S311 - no secret
        found = PatternSampler(source).text(rng, 0, _LONGEST_DRAWN, fits, longest=_LONGEST_DRAWN)
        if found is not None:
            return found
    return None


def _looks_back(pattern: str) -> bool:
    """Perhaps a back-reference: each text may take the matcher its whole budget, and here they are some hundreds."""
    return any(f"\\{mark}" in pattern for mark in "123456789k")


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

    It admits nothing else, so it does demand the format; that no key fits is the affair of another rule. A format or
    pattern says nothing where `type` admits no string, and a contract's pattern little beside a format that excludes it.
    """
    wanted = _CHECKS.get(contract.key_format)
    names = {name for name, check in _FORMATS.get(contract.key_format, {}).items() if check is wanted}
    waiting = [(ask.document, schema)]
    says_so = False
    for _ in range(_MAX_PARTS):
        if not waiting:
            break
        document, part = waiting.pop()
        if ask.follow is not None and isinstance(part, dict) and isinstance(part.get("$ref"), str):
            document, part = ask.follow(document, part)
        if not isinstance(part, dict):
            continue
        stated = part.get("format")
        if not takes_strings(part) or (stated == "uuid" and not names and not fits_uuids(contract)):
            return False
        says_so = (
            says_so
            or (isinstance(stated, str) and stated in names)
            or (contract.key_format == "pattern" and part.get("pattern") == contract.pattern)
        )
        if isinstance(part.get("allOf"), list):
            waiting += [(document, each) for each in part["allOf"]]
    return says_so


def fits_uuids(contract: Contract) -> bool:
    """Whether the contract allows UUIDs, if only of one version."""
    from idemlint.contract.key_samples import uuids

    return any(allows(contract, text) for version in (4, 7) for text in uuids(version))
