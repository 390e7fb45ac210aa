"""Makers of numbers and texts for the limits that a schema sets."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from math import ceil, floor, lcm
from typing import TYPE_CHECKING, Any

from idemlint.openapi.ecma_regex import PatternError
from idemlint.openapi.ecma_regex.sampler import PatternSampler
from idemlint.openapi.samples.wording import format_makers, letters, name_maker, number_range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from idemlint.openapi.samples.shapes import Shape

    Maker = Callable[[Random], Any]

_LONGEST = 1_000_000
_UNBOUNDED = 10**18


class SampleError(Exception):
    """No value was found; the message says why."""


def number_maker(shape: Shape, hint: str, *, integer: bool) -> Maker:
    """Raises SampleError where the limits leave no number."""
    step = _step(shape.multiples, integer=integer)
    low, high = _limits(shape)
    preferred_low, preferred_high = number_range(hint)
    if step is None:
        step = Fraction(1, 100)
        if high - low < step:
            return _between(low, high, shape)
    first, last = ceil(low / step), floor(high / step)
    if Fraction(first) * step == low and shape.exclusive_low:
        first += 1
    if Fraction(last) * step == high and shape.exclusive_high:
        last -= 1
    if first > last:
        if integer or shape.multiples:
            raise SampleError(f"no number lies between {_number(low)} and {_number(high)}")
        return _between(low, high, shape)
    liked_first, liked_last = max(first, ceil(preferred_low / step)), min(last, floor(preferred_high / step))
    if liked_first > liked_last:
        liked_first = first if first > -_UNBOUNDED else max(first, last - 1000)
        liked_last = min(last, liked_first + 1000)
    if step == 1:
        return lambda rng: rng.randint(liked_first, liked_last)
    if not integer and not shape.multiples:
        return lambda rng: rng.randint(liked_first, liked_last) / 100
    return lambda rng: _number(rng.randint(liked_first, liked_last) * step)


def string_maker(shape: Shape, hint: str) -> Maker:
    """Raises SampleError where a pattern or the lengths leave no text that could be found."""
    least, most = shape.limits.get("minLength", 0), shape.limits.get("maxLength", _LONGEST)
    if least > most:
        raise SampleError(f"no text has at least {least} and at most {most} characters")
    if least > _LONGEST:
        raise SampleError(f"a text of {least} characters is too long to make")
    samplers = _samplers(shape.patterns)

    def fits(text: str) -> bool:
        return least <= len(text) <= most and all(sampler.matches(text) for sampler in samplers)

    from random import Random

    trial = Random(0)  # noqa: S311 # samples are no secrets
    for maker in _candidates(shape, hint, least, most):
        if all(fits(maker(trial)) for _ in range(3)):
            return maker
    for sampler in samplers:
        if sampler.text(trial, least, most, fits) is not None:
            return partial(_text, sampler, least, most, fits)
    raise SampleError(f"no text was found for the pattern {shape.patterns[0]!r}" if samplers else "no text fits")


def _samplers(patterns: list[str]) -> list[PatternSampler]:
    found = []
    for source in patterns:
        try:
            found.append(PatternSampler(source))
        except (PatternError, RecursionError):
            continue  # what the validator reads and we cannot is left to its check
    return found


def _candidates(shape: Shape, hint: str, least: int, most: int) -> Iterator[Maker]:
    for name in shape.formats:
        yield from format_makers(name, hint)
    named = name_maker(hint)
    if named is not None:
        yield named
        if most < 40:
            yield lambda rng: named(rng)[:most].strip()
    if 0 < most < 6 or least > 0:
        length = max(least, min(most, 10))
        yield lambda rng: letters(rng, length)
        yield lambda rng: "".join(rng.choices("0123456789", k=length))
    length = min(max(least, 10), most)
    yield lambda rng: letters(rng, length)
    yield lambda rng: "".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ", k=length))
    if most == 0:
        yield lambda _rng: ""


def _text(sampler: PatternSampler, least: int, most: int, fits: Callable[[str], bool], rng: Random) -> str:
    text = sampler.text(rng, least, most, fits)
    if text is None:
        raise SampleError("no text was found for the pattern")
    return text


def _step(multiples: list[Any], *, integer: bool) -> Fraction | None:
    steps = [Fraction(str(multiple)) for multiple in multiples]
    if integer:
        steps.append(Fraction(1))
    if not steps:
        return None
    denominator = lcm(*(step.denominator for step in steps))
    return Fraction(lcm(*(int(step * denominator) for step in steps)), denominator)


def _limits(shape: Shape) -> tuple[Fraction, Fraction]:
    low, high = shape.low, shape.high
    return (
        Fraction(-10 * _UNBOUNDED) if low is None else Fraction(str(low)),
        Fraction(10 * _UNBOUNDED) if high is None else Fraction(str(high)),
    )


def _between(low: Fraction, high: Fraction, shape: Shape) -> Maker:
    if low > high or (low == high and (shape.exclusive_low or shape.exclusive_high)):
        raise SampleError(f"no number lies between {_number(low)} and {_number(high)}")
    value = _number((low + high) / 2)
    return lambda _rng: value


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)
