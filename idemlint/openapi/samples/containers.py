"""Makers of objects and arrays."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from idemlint.openapi.ecma_regex import PatternError, compile_pattern
from idemlint.openapi.ecma_regex.sampler import PatternSampler
from idemlint.openapi.samples.draw import EndlessError
from idemlint.openapi.samples.scalars import SampleError
from idemlint.openapi.samples.wording import AMOUNT, IDENTIFIER, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.openapi.samples.draw import Draw, Fullness, Maker
    from idemlint.openapi.samples.grammar import Grammar, LazyMaker
    from idemlint.openapi.samples.shapes import Schemas, Shape

_DEEPEST = 14
_DEEPEST_OPTIONAL = 4
"""From this level on, objects hold what they must and arrays as few items as they may."""
_MOST_ITEMS = 1_000
_MOST_MEMBERS = 1_000
_INVITED = 3
"""Optional members of a request that would be empty otherwise."""


class _Member:
    __slots__ = ("likely", "make", "name", "required")

    def __init__(self, name: str, make: LazyMaker, *, required: bool, likely: bool) -> None:
        self.name = name
        self.make = make
        self.required = required
        self.likely = likely


def object_maker(grammar: Grammar, shape: Shape) -> Maker:
    """Members stand in the order of `properties`."""
    members = _members(grammar, shape)
    identity = id(members)
    if shape.limits.get("minProperties", 0) > _MOST_MEMBERS:
        raise SampleError(f"an object of more than {_MOST_MEMBERS} members is too large to make")
    plans: dict[tuple[Fullness, bool], list[_Member]] = {}

    def make(draw: Draw, depth: int) -> Any:
        if depth > _DEEPEST or identity in draw.open:
            raise EndlessError
        fullness: Fullness = "least" if depth > _DEEPEST_OPTIONAL else draw.fullness
        plan = plans.get((fullness, depth <= 1))
        if plan is None:
            plan = plans[fullness, depth <= 1] = _plan(grammar, shape, members, fullness, depth)
        draw.open.add(identity)
        try:
            return _filled(plan, draw, depth + 1)
        finally:
            draw.open.discard(identity)

    return make


def _filled(plan: list[_Member], draw: Draw, depth: int) -> dict[str, Any]:
    value = {}
    for member in plan:
        if member.required:
            value[member.name] = member.make(draw, depth)
        elif draw.left > 0:
            draw.left -= 1
            try:
                value[member.name] = member.make(draw, depth)
            except (EndlessError, SampleError):
                continue
    return value


def array_maker(grammar: Grammar, shape: Shape, hint: str) -> Maker:
    """One item where none is demanded, unless the array stands deep."""
    least, most = shape.limits.get("minItems", 0), shape.limits.get("maxItems", _MOST_ITEMS)
    if least > most or least > _MOST_ITEMS:
        raise SampleError(f"an array of {least} items is too large to make")
    singular = hint.removesuffix("s")
    fixed: list[Schemas] = list(shape.prefix)
    for schema, times in shape.contains:
        fixed += [(*shape.items, schema)] * min(times, _MOST_ITEMS)
    makers = [grammar.maker(schemas, singular) for schemas in fixed]
    rest = grammar.maker(shape.items, singular)
    varied = grammar.maker(shape.items, "", plain=True)  # a name may stand for one text only, `currency` for EUR
    item_shape = grammar.shape(shape.items)
    constants = item_shape.constants if shape.unique else None

    def make(draw: Draw, depth: int) -> Any:
        if depth > _DEEPEST:
            raise EndlessError
        wanted = least if depth > _DEEPEST_OPTIONAL or draw.fullness == "least" else max(least, 1)
        wanted = min(max(wanted, sum(times for _, times in shape.contains), len(makers) if least else 0), most)
        items: list[Any] = []
        try:
            for at in range(wanted):
                maker = makers[at] if at < len(makers) else rest
                items.append(
                    _distinct(draw, depth, items, maker, varied, constants) if shape.unique else maker(draw, depth + 1)
                )
        except EndlessError:
            if len(items) < least:
                raise
        return items

    return make


def _distinct(
    draw: Draw, depth: int, items: list[Any], maker: Maker, varied: Maker, constants: Sequence[Any] | None
) -> Any:
    """An item that is not there yet."""
    for one in constants or ():
        if not _among(one, items):
            return one
    item = maker(draw, depth + 1)
    for _ in range(50):
        if not _among(item, items):
            return item
        item = varied(draw, depth + 1)
    raise SampleError("its items cannot be made to differ")


def _among(item: Any, items: list[Any]) -> bool:
    return any(item == other and (type(item) is bool) == (type(other) is bool) for other in items)


def _members(grammar: Grammar, shape: Shape) -> list[_Member]:
    members = []
    for name, schemas in shape.properties.items():
        required = name in shape.required
        if not required and (name in shape.hidden or name in shape.dependent_schemas):
            continue
        if not required and shape.allowed is not None and name not in shape.allowed:
            continue
        if False in schemas and not required:
            continue
        full = (*schemas, *_matching(shape, name))
        members.append(_Member(name, grammar.maker(full, name), required=required, likely=_likely(grammar, full)))
    members += [_extra(grammar, shape, name) for name in shape.required if name not in shape.properties]
    return members


def _plan(grammar: Grammar, shape: Shape, members: list[_Member], fullness: Fullness, depth: int) -> list[_Member]:
    least, most = shape.limits.get("minProperties", 0), shape.limits.get("maxProperties", _MOST_MEMBERS)
    names = {member.name for member in members if member.required}
    optional = [member for member in members if not member.required]
    if fullness == "all":
        wanted = optional
    elif fullness == "usual":
        wanted = [member for member in optional if member.likely]
        if depth <= 1 and not names and not wanted:
            wanted = _inviting(grammar, shape, optional)
    else:
        wanted = []
    names.update(member.name for member in wanted[: max(most - len(names), 0)])
    for member in optional:
        if len(names) < least:
            names.add(member.name)
    for name in list(names):
        names.update(shape.dependent.get(name, ()))
    plan = [member for member in members if member.name in names]
    present = {member.name for member in members}
    plan += [_extra(grammar, shape, name) for name in sorted(names - present)]
    plan += [_extra(grammar, shape, name) for name in _new_names(grammar, shape, len(plan), least, names)]
    return plan


def _inviting(grammar: Grammar, shape: Shape, optional: list[_Member]) -> list[_Member]:
    """A few scalars, so that the value says something; none that would name what does not exist."""
    scalars = []
    for member in optional:
        kinds = grammar.shape(shape.properties[member.name]).kinds()
        if (
            kinds
            and kinds[0] in {"string", "integer", "number", "boolean"}
            and not IDENTIFIER.search(words(member.name))
        ):
            scalars.append(member)
    known = [member for member in scalars if AMOUNT.search(words(member.name)) or "name" in member.name.lower()]
    chosen = {member.name for member in (known + scalars)[:_INVITED]}
    return [member for member in scalars if member.name in chosen]


def _likely(grammar: Grammar, schemas: Schemas) -> bool:
    """Whether the document gives an example of the member, or of one of its own."""
    shape = grammar.shape(schemas)
    if shape.examples:
        return True
    return any(grammar.shape(held).examples for held in list(shape.properties.values())[:50])


def _matching(shape: Shape, name: str) -> Schemas:
    found = []
    for pattern, schema in shape.name_patterns:
        try:
            if compile_pattern(pattern).search(name):
                found.append(schema)
        except PatternError:
            continue
    return tuple(found)


def _extra(grammar: Grammar, shape: Shape, name: str) -> _Member:
    """A member that `properties` does not name."""
    schemas = _matching(shape, name) or shape.additional
    return _Member(name, grammar.maker(schemas, name), required=True, likely=False)


def _new_names(grammar: Grammar, shape: Shape, present: int, least: int, taken: set[str]) -> list[str]:
    """Names that nobody gave, as many as `minProperties` still wants."""
    rng = Random(present)  # noqa: S311 # samples are no secrets
    found: list[str] = []
    sources = [PatternSampler(pattern) for pattern, _ in shape.name_patterns if _readable(pattern)]
    named = grammar.maker(shape.names, "key") if shape.names else None
    for turn in range(50 * (least - present)):
        if present + len(found) >= least:
            break
        if named is not None:
            from idemlint.openapi.samples.draw import Draw

            name = named(Draw(rng, complete=False), 1)
        elif sources and (shape.allowed is not None or turn % 2 == 0):
            name = sources[turn % len(sources)].text(rng, 0, 100, lambda _text: True)
        else:
            name = f"member{turn + 1}"
        if type(name) is str and name not in taken and name not in found:
            found.append(name)
    return found


def _readable(pattern: str) -> bool:
    try:
        PatternSampler(pattern)
    except (PatternError, RecursionError):
        return False
    return True
