"""Which members of an answer tell its identity, and which change by themselves: learned, not guessed.

Two executions of the same request differ in ids and timestamps: on a replay just these have to be equal. Two reads of
one object differ in what is volatile (`served_at`): these may differ on a replay (section 3.0, volatile mask).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from idemlint.probe.exchange import NOT_JSON

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from idemlint.probe.exchange import Exchange

_ID_NAME: Final = re.compile(
    r"(?:^|[_\-a-z])(?:id|Id|ID|uuid|UUID|guid|token|reference|number|href|self|url|arn|etag)$"
)
_TIME_NAME: Final = re.compile(
    r"(?:_at|At|time|Time|date|Date|timestamp|created|updated|modified|expires)$", re.IGNORECASE
)
_EXCHANGE_NAME: Final = re.compile(
    r"^(?:x[_-]?)?(?:request|correlation|trace|span)[_-]?id$|idempot\w*key|^etag$", re.IGNORECASE
)
"""Of one exchange, or the caller's own: no resource is told by it."""
_DEEPEST: Final = 20
_LONG_ENOUGH: Final = 8
"""Characters from which a text is not met by chance."""
_MOST: Final = 4_000

IGNORED_HEADERS: Final = re.compile(
    r"date|age|via|server-timing|server|connection|keep-alive|transfer-encoding|content-length|alt-svc|.*request-?id"
    r"|.*correlation-?id|traceparent|tracestate|cf-.*|x-amz.*|(?:x-)?ratelimit.*|retry-after|set-cookie|report-to|nel"
    r"|x-runtime|x-response-time|x-trace.*|x-cache.*|content-encoding|vary",
    re.IGNORECASE,
)
"""Headers that belong to one exchange, not to its content."""


def leaves(value: Any) -> dict[str, Any]:
    """JSON pointer to each scalar; at most 4,000 of them, 20 levels deep."""
    found: dict[str, Any] = {}
    for pointer, leaf in _walk(value, "", 0):
        found[pointer] = leaf
        if len(found) >= _MOST:
            break
    return found


def _walk(value: Any, pointer: str, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and depth < _DEEPEST:
        for key, member in value.items():
            yield from _walk(member, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}", depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        for index, item in enumerate(value):
            yield from _walk(item, f"{pointer}/{index}", depth + 1)
    else:
        yield pointer, value


@dataclass(frozen=True, slots=True)
class Masks:
    """What is known of an operation's answers."""

    identity: frozenset[str] = frozenset()
    """Pointers to members that differ from one execution to the next."""
    volatile: frozenset[str] = frozenset()
    """Pointers to members that differ from one reading to the next."""
    ignored: frozenset[str] = frozenset()
    """Pointers to members that a profile puts into replays alone (`original_request_id`)."""
    located: bool = False
    """Two executions differed in their Location, and their bodies name nothing."""

    @property
    def telling(self) -> bool:
        """Whether executions differ in their identity.

        Where an operation merely changes a resource, its id stands in every answer and tells no execution from another.
        """
        return self.located or any(not names_passing(each) for each in self.identity - self.volatile)

    def identity_of(self, exchange: Exchange) -> tuple[str, ...]:
        """What tells one resource from another in this answer: ids, not times. Empty if nothing does.

        Location counts only where the body names nothing: a replay that leaves it out tells of the same resource still
        (RPL-04 judges that it is missing).
        """
        named = self._named(exchange)
        location = exchange.header("location")
        if named:
            return tuple(f"{pointer}={value}" for pointer, value in named.items())
        return (location,) if location else ()

    def identities_of(self, exchanges: Iterable[Exchange]) -> list[tuple[str, ...]]:
        """One identity for each answer, in order; empty where it tells nothing.

        An answer of another shape, a replay in an envelope say, is of the resource whose id it repeats. If it repeats none,
        it tells nothing: least of all of a resource of its own.
        """
        answers = list(exchanges)
        own = [self.identity_of(each) if self._shaped(each) else () for each in answers]
        known = dict.fromkeys((identity, each) for identity, each in zip(own, answers, strict=True) if identity)
        return [
            identity or next((told for told, by in known if self._repeats(each, by)), ())
            for identity, each in zip(own, answers, strict=True)
        ]

    def alike(self, first: Exchange, second: Exchange) -> bool | None:
        """Whether both answers tell of one resource; None: they do not say."""
        one, two = self.identities_of((first, second))
        if one or two:
            return one == two if one and two else None
        named = self.identity_of(first)  # two replays in one envelope, say
        return True if named and named == self.identity_of(second) else None

    def same(self, first: Exchange, second: Exchange) -> bool | None:
        """Whether both answers come from one execution; None: answers of this operation do not tell."""
        return self.alike(first, second) if self.telling else None

    def _learned(self) -> list[str]:
        return [each for each in self.identity if not names_passing(each)]

    def _shaped(self, exchange: Exchange) -> bool:
        """Whether the answer has a member in which executions were seen to differ, or nothing better is known."""
        learned = self._learned()
        values = leaves(exchange.json) if exchange.json is not NOT_JSON else {}
        return not learned or any(values.get(each) is not None for each in learned)

    def _named(self, exchange: Exchange) -> dict[str, Any]:
        """Pointer to id, sorted: where executions were seen to differ, else what is called an id."""
        if exchange.json is NOT_JSON:
            return {}
        values = {
            pointer: value
            for pointer, value in leaves(exchange.json).items()
            if value is not None and pointer not in self.ignored and not names_passing(pointer)
        }
        pointers = [each for each in self._learned() if each in values] or [
            each for each in values if each.count("/") <= 2 and names_id(each)
        ]
        named = [each for each in pointers if names_id(each)]
        return {pointer: values[pointer] for pointer in sorted(named or pointers)}

    def _repeats(self, exchange: Exchange, of: Exchange) -> bool:
        """Whether an answer holds all ids of another one, wherever and under whatever parent."""
        wanted = list(self._named(of).values())
        values = leaves(exchange.json) if exchange.json is not NOT_JSON else {}
        location = (exchange.header("location") or "").partition("?")[0].split("/")
        return bool(wanted) and all(
            str(each) in location
            or any(
                _same(each, value) and (names_id(pointer) or _unmistakable(each)) for pointer, value in values.items()
            )
            for each in wanted
        )

    def equal(self, first: Exchange, second: Exchange) -> tuple[bool, list[str]]:
        """Whether two bodies say the same, apart from what is volatile; and the pointers where they do not."""
        if first.body == second.body:
            return True, []
        if first.json is NOT_JSON or second.json is NOT_JSON:
            return False, [""]
        before, after = leaves(first.json), leaves(second.json)
        differing = [
            pointer
            for pointer in dict.fromkeys((*before, *after))
            if pointer not in self.volatile
            and pointer not in self.ignored
            and not _same(before.get(pointer, NOT_JSON), after.get(pointer, NOT_JSON))
        ]
        return not differing, differing


def learn(first: Exchange, second: Exchange, reads: tuple[Exchange, Exchange] | None = None) -> Masks:
    """From two executions of one request and, if there are, two reads of one resource."""
    identity: frozenset[str] = frozenset()
    volatile: frozenset[str] = frozenset()
    if first.json is not NOT_JSON and second.json is not NOT_JSON:
        identity = frozenset(_differing(first.json, second.json))
    if reads is not None and reads[0].json is not NOT_JSON and reads[1].json is not NOT_JSON:
        volatile = frozenset(_differing(reads[0].json, reads[1].json))
    masks = Masks(identity - volatile, volatile)
    return replace(masks, located=not masks.telling and masks.identity_of(first) != masks.identity_of(second))


def names_id(pointer: str) -> bool:
    """Whether the last name of a pointer is one that ids have."""
    return _ID_NAME.search(pointer.rpartition("/")[2]) is not None


def names_passing(pointer: str) -> bool:
    """Whether a member is of the moment or of the exchange, by its name."""
    name = pointer.rpartition("/")[2]
    return _TIME_NAME.search(name) is not None or _EXCHANGE_NAME.search(name) is not None


def _unmistakable(value: Any) -> bool:
    """Whether a value is met by no chance in a member that is not called an id."""
    return isinstance(value, str) and len(value) >= _LONG_ENOUGH


def _differing(first: Any, second: Any) -> list[str]:
    before, after = leaves(first), leaves(second)
    return [pointer for pointer in before if pointer in after and not _same(before[pointer], after[pointer])]


def _same(first: Any, second: Any) -> bool:
    return first == second and isinstance(first, bool) == isinstance(second, bool)
