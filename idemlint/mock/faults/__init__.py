"""Named faults: each brings one bug that real servers had into the mock, or makes it look as if there were one.

A fault is a handful of small classes. Those that get a step wrong are subclasses of the part that has the step, and are
put in front of it; those that wrap the store are put round it. The parts themselves know nothing of faults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idemlint.errors import UsageError
from idemlint.mock.answers import Answers
from idemlint.mock.carriers import Carriers
from idemlint.mock.cors import Cors
from idemlint.mock.faults import (
    claims,
    edges,
    fingerprints,
    guards,
    key_reading,
    releases,
    replays,
    scopes,
    stores,
    storing,
)
from idemlint.mock.faults.fault import Argument, Fault
from idemlint.mock.handling import Handling

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from idemlint.mock.stores.protocol import Store

__all__ = ["FAULTS", "Argument", "Chosen", "Fault", "Parts", "apply_faults", "parse_faults"]

_GROUPS: Final = (
    claims.FAULTS,
    releases.FAULTS,
    storing.FAULTS,
    scopes.FAULTS,
    fingerprints.FAULTS,
    key_reading.FAULTS,
    replays.FAULTS,
    stores.FAULTS,
    edges.FAULTS,
    guards.FAULTS,
)

FAULTS: Final[dict[str, Fault]] = {fault.name: fault for group in _GROUPS for fault in group}
"""By name; guards last."""


class Chosen(NamedTuple):
    """A fault that was asked for."""

    fault: Fault
    value: float | None = None
    """Its argument; None: none was given."""


class Parts(NamedTuple):
    """The classes that a mock is made of, as far as faults get at them. As they stand here, they are right."""

    handling: type[Handling] = Handling
    carriers: type[Carriers] = Carriers
    answers: type[Answers] = Answers
    cors: type[Cors] = Cors
    connection: tuple[type, ...] = ()
    """To be put in front of the HTTP/1.1 server's own connection, the first one foremost."""
    wrappers: tuple[type[stores.Wrapped], ...] = ()

    def wrap(self, store: Store) -> Store:
        for wrapper in self.wrappers:
            store = wrapper(store)
        return store


def parse_faults(specifications: Sequence[str]) -> list[Chosen]:
    """From `NAME` or `NAME=NUMBER` each. UsageError for a name or a number that no fault has."""
    return [_parse(specification) for specification in specifications]


def apply_faults(parts: Parts, faults: Iterable[Chosen], *, seed: int = 0) -> Parts:
    """The parts with these faults, the first one foremost. `seed` for those that leave something to chance."""
    chosen = [(piece, _settings(one, piece, seed)) for one in faults for piece in one.fault.pieces]

    def broken(part: type) -> Any:
        mixins = tuple(
            type(piece.__name__, (piece,), settings) for piece, settings in chosen if issubclass(piece, part)
        )
        return type(part.__name__, (*mixins, part), {}) if mixins else part

    connection = tuple(piece for piece, _ in chosen if piece is edges.HeaderCase)
    wrappers = tuple(
        type(piece.__name__, (piece,), settings) for piece, settings in chosen if issubclass(piece, stores.Wrapped)
    )
    return Parts(
        broken(parts.handling),
        broken(parts.carriers),
        broken(parts.answers),
        broken(parts.cors),
        (*connection, *parts.connection),
        (*parts.wrappers, *wrappers),
    )


def _settings(chosen: Chosen, piece: type, seed: int) -> dict[str, Any]:
    argument = chosen.fault.argument
    if argument is not None and chosen.value is not None and hasattr(piece, argument.attribute):
        return {"seed": seed, argument.attribute: chosen.value}
    return {"seed": seed}


def _parse(specification: str) -> Chosen:
    name, equals, text = specification.partition("=")
    fault = FAULTS.get(name)
    if fault is None:
        raise UsageError(f"no fault is called {name[:80]!r}", hint=_suggestion(name))
    if not equals:
        return Chosen(fault)
    argument = fault.argument
    if argument is None:
        raise UsageError(f"the fault {name} takes no argument", hint=f"--fault {name}")
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not argument.least <= value <= argument.most:
        raise UsageError(
            f"{text[:80]!r} is no argument of the fault {name}: from {argument.least:g} to {argument.most:g}",
            hint=f"{name}=NUMBER: {argument}",
        )
    return Chosen(fault, value)


def _suggestion(name: str) -> str:
    import difflib  # only on the way to an error message

    near = difflib.get_close_matches(name.lower()[:100], FAULTS, n=1)
    return f"did you mean {near[0]!r}?" if near else "idemlint mock --list-faults names them all"
