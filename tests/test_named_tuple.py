"""The quick `NamedTuple` makes what the standard library's makes."""

from __future__ import annotations

import copy
import pickle

import pytest

from idemlint.named_tuple import NamedTuple, maker


class Ours(NamedTuple):
    """Said of it."""

    a: int
    b: dict[str, NoSuchType]  # noqa: F821 - nothing reads it
    c: str = "c"
    """Said of the field."""
    d: tuple[int, ...] = ()

    @property
    def twice(self) -> int:
        return self.a * 2

    @classmethod
    def of(cls, number: int) -> Ours:
        return cls(number, {})

    def __str__(self) -> str:
        return f"<{self.a}>"


def test_it_is_a_named_tuple() -> None:
    one = Ours(1, {}, d=(2,))
    assert one == (1, {}, "c", (2,))
    assert one._replace(c="x") == Ours(1, {}, "x", (2,))
    assert Ours._fields == Ours.__match_args__ == ("a", "b", "c", "d")
    assert Ours._field_defaults == {"c": "c", "d": ()}
    assert Ours.__mro__ == (Ours, tuple, object)
    assert repr(one) == "Ours(a=1, b={}, c='c', d=(2,))"
    assert one._asdict() == {"a": 1, "b": {}, "c": "c", "d": (2,)}


def test_what_the_class_says_is_kept() -> None:
    assert Ours.__doc__ == "Said of it."
    assert (Ours.__module__, Ours.__qualname__) == (__name__, "Ours")
    assert Ours.__annotations__["b"] == "dict[str, NoSuchType]"
    assert Ours.of(3).twice == 6
    assert str(Ours.of(3)) == "<3>"
    assert pickle.loads(pickle.dumps(Ours.of(4))) == Ours.of(4)


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), ((1,), {}), ((1, {}, "c", (), 5), {}), ((1, {}), {"a": 2}), ((1, {}), {"e": 2}), ((), {"b": {}})],
)
def test_a_wrong_call_is_refused(values: tuple[object, ...], named: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="Ours"):
        Ours(*values, **named)  # type: ignore[arg-type]


def test_it_is_made_of_and_copied_to_other_values() -> None:
    assert Ours._make([1, {}, "c", ()]) == Ours(b={}, a=1)
    with pytest.raises(TypeError):
        Ours._make([1])
    with pytest.raises(ValueError, match="e"):
        Ours.of(1)._replace(e=1)
    assert copy.deepcopy(Ours.of(1)) == Ours.of(1)
    match Ours.of(7):
        case Ours(number, {}):
            assert number == 7
        case _:
            raise AssertionError


def test_a_maker_takes_all_values_at_once() -> None:
    made = maker(Ours)((1, {}, "c", ()))
    assert type(made) is Ours
    assert made == Ours(1, {}) == Ours(1, {}, "c")


def test_nothing_can_be_added_or_changed() -> None:
    with pytest.raises(AttributeError):
        Ours.of(1).a = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        Ours(1)  # type: ignore[call-arg]


def test_a_field_without_a_default_must_not_stand_behind_one() -> None:
    with pytest.raises(TypeError, match="without a default"):

        class Wrong(NamedTuple):
            a: int = 1
            b: int  # type: ignore[misc]
