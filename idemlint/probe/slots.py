"""The places in a request that name something which must exist, and the operations that make it or list it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idemlint.openapi.operations import operations
from idemlint.openapi.pointers import encode_pointer
from idemlint.openapi.samples.wording import words
from idemlint.openapi.validation import decode_parameter, validator_for
from idemlint.probe.nouns import collection_of, noun_of, noun_of_name, same_noun, shape
from idemlint.probe.reading import path_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import References

_MOST_SLOTS: Final = 12
_MOST_MEMBERS: Final = 200


def _anything(_value: str) -> bool:
    return True


class Slot(NamedTuple):
    """A place in a request that names something which must exist."""

    place: str
    """`path.payment_id`, `query.account_id`, `body/payment/id`."""
    name: str
    noun: str
    collection: str = ""
    """Template of the collection that the path itself names; only for path parameters."""
    fits: Callable[[str], object] = _anything
    """Something true if the document's schema takes a value there."""


def path_slots(operation: Operation, constants: frozenset[str]) -> list[Slot]:
    """The path parameters that name resources, outermost first."""
    found = []
    for name in path_names(operation.template):
        if name not in constants:
            collection = collection_of(operation.template, name)
            noun = noun_of_name(name) or noun_of(collection)
            found.append(Slot(f"path.{name}", name, noun, collection, _fits(operation, name)))
    return found


def _fits(operation: Operation, name: str) -> Callable[[str], object]:
    parameter = next((each for each in operation.parameters() if (each.location, each.name) == ("path", name)), None)
    schema = parameter.schema() if parameter is not None else None
    if parameter is None or schema is None:
        return _anything
    validator = validator_for(operation.references, schema, direction="request")
    return lambda value: validator.is_valid(decode_parameter(parameter, [value]))


def body_slots(references: References, value: Any, own: str) -> list[Slot]:
    """The members of a body that name other resources; `own` is the noun of what the operation makes."""
    collections = {noun_of(each.template) for each in operations(references) if each.method == "post"}
    found = []
    for path, member in members(value, ()):
        name = next((step for step in reversed(path) if isinstance(step, str)), "")
        noun = noun_of_name(name)
        if noun == "" and len(path) > 1 and isinstance(path[-2], str):
            noun = words(path[-2])
        if noun is None and isinstance(member, str) and words(name) in collections:
            noun = words(name)
        if noun and noun != own:
            found.append(Slot(f"body{encode_pointer(path)[1:]}", name, noun))
    return found[:_MOST_SLOTS]


def members(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, (dict, list)) and len(path) < 5:
        for key, member in islice(value.items() if isinstance(value, dict) else enumerate(value[:3]), _MOST_MEMBERS):
            yield from members(member, (*path, key))
    elif isinstance(value, (str, int)) and not isinstance(value, bool):
        yield path, value


def producers(references: References, slot: Slot) -> list[Operation]:
    """Operations that make what a slot names: POST on its own collection, then others of the same noun, then PUT."""
    wanted = shape(slot.collection) if slot.collection else None
    ranked = []
    for each in operations(references):
        if each.method == "put" and wanted is not None and shape(each.template) == f"{wanted}/{{}}":
            rank = 0.5
        elif each.method != "post":
            continue
        elif wanted is not None and shape(each.template) == wanted:
            rank = 3
        else:
            nouns = [slot.noun, *([noun_of(slot.collection)] if slot.collection else [])]
            rank = max(same_noun(noun, noun_of(each.template)) for noun in nouns)
            if wanted is not None and rank < 2:
                continue  # a signing key is no key: the path says exactly what it wants
        if rank:
            ranked.append((-rank, len(path_names(each.template)), len(each.template), each))
    return [each for *_, each in sorted(ranked, key=lambda found: found[:3])]


def listers(references: References, slot: Slot) -> list[Operation]:
    """Operations that list what a slot names."""
    wanted = shape(slot.collection) if slot.collection else None
    ranked = []
    for each in operations(references):
        if each.method != "get":
            continue
        rank = (
            3 if wanted is not None and shape(each.template) == wanted else same_noun(slot.noun, noun_of(each.template))
        )
        if rank > 1:
            ranked.append((-rank, len(path_names(each.template)), len(each.template), each))
    return [each for *_, each in sorted(ranked, key=lambda found: found[:3])]


def prefixes(template: str) -> set[str]:
    """`/accounts/{}` and `/accounts/{}/payments/{}` for `/accounts/{a}/payments/{p}/capture`."""
    return {shape(template[: template.index(f"{{{name}}}") + len(name) + 2]) for name in path_names(template)}


def prefix(template: str, name: str) -> str:
    """The path up to and with a parameter, its names left out."""
    return shape(template[: template.index(f"{{{name}}}") + len(name) + 2])


def hint(operation: Operation, missing: Sequence[Slot]) -> str:
    """What the user can do if the target takes none of the requests."""
    table = f'[tool.idemlint.probe.operations."{operation.label}"]'
    if not missing:
        return f'Give a request that the target takes with {table} body.NAME = "…" or a hook.'
    names = list(dict.fromkeys(slot.name for slot in missing))
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    places = " ".join(f'{slot.place.replace("/", ".")} = "…"' for slot in missing[:3])
    return f"{listed} must exist. Give {'one' if len(names) == 1 else 'them'} with {table} {places} or a hook."
