"""Copies of a value that differ from it on purpose: still valid, no longer valid, or with identifiers made anew."""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING, Any

from idemlint.openapi.pointers import encode_pointer, text_steps
from idemlint.openapi.samples.draw import Draw, EndlessError, copied
from idemlint.openapi.samples.scalars import SampleError
from idemlint.openapi.samples.wording import AMOUNT, IDENTIFIER, QUANTITY, uuid, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.openapi.samples.grammar import Grammar
    from idemlint.openapi.samples.shapes import Schemas, Shape
    from idemlint.openapi.schema_bundle import Schema
    from idemlint.openapi.validation import SchemaValidator

    Path = tuple[str | int, ...]

_MOST_LEAVES = 60
_DEEPEST = 8
_LONGEST = 100_000
_PROSE = re.compile(r"description|note|memo|comment|message|statement|reason|title|\bname\b|text|summary")
_OWN = re.compile(
    r"^(?:ids?|uuid|guid|nonce)$"
    r"|\b(?:reference|ref|external id|request id|correlation id|order id|order number|invoice number)$"
)
"""Identifiers that a value gives itself, not those of what it belongs to."""
_WRAPPERS = frozenset({"data", "result", "response", "attributes", "payload"})
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_KEPT_PREFIX = re.compile(r"^[A-Za-z]+[_-](?:test_|live_)?")
_WRONG: tuple[Any, ...] = ({"unexpected": True}, 12345, "not of this type", True, [], None)


def at_pointer(value: Any, pointer: str) -> tuple[Any, Any]:
    """The container of what a pointer (not the empty one) names, and the key or index in it; (None, None) if neither."""
    *above, last = text_steps(pointer)
    for step in above:
        value = value[int(step)] if type(value) is list else value[step]
    if type(value) is dict:
        return value, last
    return (value, int(last)) if type(value) is list else (None, None)


def different(
    grammar: Grammar, schema: Schema, value: Any, validator: SchemaValidator, seed: int
) -> tuple[Any, str] | None:
    """See `Sampler.different`."""
    leaves = sorted(_leaves(value, (), (schema,), grammar), key=lambda leaf: -_worth(leaf[0], leaf[1]))
    rng = Random(seed)  # noqa: S311 # samples are no secrets
    for path, old, schemas in leaves[:_MOST_LEAVES]:
        if path and IDENTIFIER.search(words(_name(path))):
            continue
        for new in _alternatives(old, _name(path), schemas, grammar, rng):
            if new == old and type(new) is type(old):
                continue
            candidate = _replaced(value, path, new)
            if validator.is_valid(candidate):
                return candidate, encode_pointer(path)[1:]
    return _with_another_member(grammar, schema, value, validator, rng)


def changed(
    grammar: Grammar, schema: Schema, value: Any, pointer: str, validator: SchemaValidator, seed: int
) -> Any | None:
    """See `Sampler.changed`."""
    rng = Random(seed)  # noqa: S311 # samples are no secrets
    path: Path = ()
    schemas: Schemas = (schema,)
    old = value
    for step in text_steps(pointer):
        shape = _wide(schemas, grammar)
        if type(old) is dict and step in old:
            schemas, path, old = shape.properties.get(step, shape.additional), (*path, step), old[step]
        elif type(old) is list and step.isdecimal() and int(step) < len(old):
            schemas, path, old = shape.items, (*path, int(step)), old[int(step)]
        else:
            return None
    for new in _alternatives(old, _name(path), schemas, grammar, rng):
        if new == old and type(new) is type(old):
            continue
        candidate = _replaced(value, path, new)
        if validator.is_valid(candidate):
            return candidate
    return None


def invalid(grammar: Grammar, schema: Schema, value: Any, validator: SchemaValidator) -> tuple[Any, str] | None:
    """See `Sampler.invalid`."""
    names = list(value)[:_MOST_LEAVES] if type(value) is dict else []
    required = [name for name in names if not validator.is_valid(_without(value, name))]
    plain = [name for name in required if type(value[name]) not in (dict, list)]
    for name in (*plain, *(name for name in required if name not in plain)):
        for wrong in _WRONG:
            candidate = {**copied(value), name: wrong}
            if type(wrong) is not type(value[name]) and not validator.is_valid(candidate):
                return candidate, encode_pointer((name,))[1:]
    if required:
        return _without(value, required[0]), encode_pointer((required[0],))[1:]
    for name in names:
        for wrong in _WRONG:
            if type(wrong) is type(value[name]) and type(wrong) in (dict, list):
                continue
            candidate = {**copied(value), name: copied(wrong)}
            if not validator.is_valid(candidate):
                return candidate, encode_pointer((name,))[1:]
    for wrong in _WRONG:
        if type(wrong) is not type(value) and not validator.is_valid(wrong):
            return copied(wrong), ""
    return _unfit(grammar, schema, value, validator)


def renewed(value: Any, rng: Random, validator: SchemaValidator) -> Any:
    """The value with its own identifiers and UUIDs made anew, each only where the schema leaves room for it."""
    holders: list[tuple[Path, Any]] = [((), value)]
    if type(value) is dict:
        only = len(value) == 1
        holders += [((name,), held) for name, held in value.items() if name in _WRAPPERS or only]
    for path, holder in holders:
        for name, old in holder.items() if type(holder) is dict else ():
            if type(old) is not str or not (_OWN.search(words(name)) or (_UUID.fullmatch(old) and not path)):
                continue
            candidate = _replaced(value, (*path, name), _anew(old, rng))
            if validator.is_valid(candidate):
                value = candidate
    return value


def _anew(text: str, rng: Random) -> str:
    """A text of the same shape: `pay_1Nx7` -> `pay_8Kd2`."""
    if _UUID.fullmatch(text):
        return uuid(rng)
    prefix = _KEPT_PREFIX.match(text)
    kept = prefix.group() if prefix and len(prefix.group()) < len(text) else ""
    return kept + "".join(_other(char, rng) for char in text[len(kept) :])


def _other(char: str, rng: Random) -> str:
    for alphabet in ("0123456789", "abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ"):
        if char in alphabet:
            return rng.choice(alphabet[1:]) if char == "0" or alphabet[0] == "0" else rng.choice(alphabet)
    return char


def _leaves(value: Any, path: Path, schemas: Schemas, grammar: Grammar) -> Iterator[tuple[Path, Any, Schemas]]:
    """Scalars with their places and schemas, level by level in the order of the document."""
    if type(value) is dict or type(value) is list:
        if len(path) >= _DEEPEST:
            return
        shape = _wide(schemas, grammar)
        items: list[tuple[str | int, Any]] = list(value.items() if type(value) is dict else enumerate(value))
        for key, item in items[:_MOST_LEAVES]:
            below = shape.properties.get(key, shape.additional) if type(key) is str else shape.items
            yield from _leaves(item, (*path, key), below, grammar)
    else:
        yield path, value, schemas


def _wide(schemas: Schemas, grammar: Grammar) -> Shape:
    """With all branches entered: good for looking up members, not for limits."""
    from idemlint.openapi.samples.shapes import flatten

    every: list[Any] = list(schemas)
    for _ in range(3):
        shape = flatten(grammar.bundle, tuple(every), {})
        branches = [part for choice in shape.choices for branch in choice.branches for part in branch]
        fresh = [part for part in branches if not any(part is one for one in every)]
        if not fresh:
            break
        every += fresh
    return flatten(grammar.bundle, tuple(every), {})


def _worth(path: Path, value: Any) -> int:
    """How telling a change at the place would be."""
    name = words(_name(path))
    worth = -3 * len(path)
    if AMOUNT.search(name):
        worth += 12 if type(value) in (int, float) else 8
    elif QUANTITY.search(name) and type(value) is int:
        worth += 8
    elif _PROSE.search(name) and type(value) is str:
        worth += 6
    elif type(value) in (int, float):
        worth += 2
    elif type(value) is str:
        worth += 1
    return worth


def _name(path: Path) -> str:
    return next((step for step in reversed(path) if type(step) is str), "")


def _alternatives(old: Any, name: str, schemas: Schemas, grammar: Grammar, rng: Random) -> Iterator[Any]:
    shape = grammar.shape(schemas)
    if shape.constants is not None:
        yield from shape.constants[:20]
        return
    if type(old) is bool:
        yield not old
    elif type(old) in (int, float):
        steps = [1, *(multiple for multiple in shape.multiples)]
        for step in steps:
            yield old + step
            yield old - step
        yield from (old * 2, old / 2 if type(old) is float else old // 2)
    elif type(old) is str and not shape.formats and not shape.patterns:
        yield from (old + " 2", old + "2", old[:-1] + ("b" if old[-1:] != "b" else "c"))
    elif type(old) is list:
        yield from ([*old, *old[:1]], old[:-1], old[::-1])
    elif (
        type(old) is dict and not shape.properties and not shape.choices
    ):  # else a server may pass over what is undeclared
        yield {**old, "another": "member"}
    for choice in shape.choices:
        for branch in choice.branches[:20]:
            yield from (grammar.shape(branch).constants or [])[:20]
    maker = grammar.maker(schemas, name, plain=True)
    for _ in range(5):
        try:
            yield maker(Draw(rng, complete=False), 2)
        except (EndlessError, SampleError):
            return


def _with_another_member(
    grammar: Grammar, schema: Schema, value: Any, validator: SchemaValidator, rng: Random
) -> tuple[Any, str] | None:
    """With an optional member that was left out, where no member can be changed."""
    if type(value) is not dict:
        return None
    shape = _wide((schema,), grammar)
    names = [name for name in shape.properties if name not in value and name not in shape.hidden]
    for name in sorted(names, key=lambda name: -_worth((name,), ""))[:_MOST_LEAVES]:
        if IDENTIFIER.search(words(name)):
            continue
        try:
            item = grammar.maker(shape.properties[name], name)(Draw(rng, complete=False), 2)
        except (EndlessError, SampleError):
            continue
        candidate = {**copied(value), name: item}
        if validator.is_valid(candidate):
            return candidate, encode_pointer((name,))[1:]
    return None


def _unfit(grammar: Grammar, schema: Schema, value: Any, validator: SchemaValidator) -> tuple[Any, str] | None:
    """Of the right type and yet wrong: where the schema admits every type but not every value."""
    longest = grammar.shape((schema,)).limits.get("maxLength", 0)
    texts = ["", "x" * (longest + 1)] if longest < _LONGEST else [""]
    wrongs: list[Any] = [0, -1, 10**12, 0.5, *texts, {}, [value, value]]
    return next(((wrong, "") for wrong in wrongs if not validator.is_valid(wrong)), None)


def _replaced(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    value = copied(value)
    inside = value
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = new
    return value


def _without(value: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: copied(item) for key, item in value.items() if key != name}
