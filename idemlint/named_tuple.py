"""`typing.NamedTuple` for a tenth of its price: that one compiles a constructor for each class, and every annotation.

A check makes some 45 named tuples at start-up, which would take it 5 of 30 ms. Whoever reads the types of a class finds
them as text in `__annotations__`, as after `from __future__ import annotations`, which the class's module must have.
"""

from __future__ import annotations

from functools import partial

__all__ = ["NamedTuple", "maker"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NamedTuple, TypeVar

    Kind = TypeVar("Kind", bound=tuple[object, ...])
else:
    from collections import _tuplegetter

    _new = tuple.__new__

    def __new__(cls, /, *values, **named):
        if named or len(values) != len(cls._fields):
            values = _completed(cls, values, named)
        return _new(cls, values)

    def _completed(cls, values, named):
        """The values of all fields; TypeError as for any function that is called wrongly."""
        fields = cls._fields
        absent = len(fields) - len(values)
        if not named and 0 < absent <= len(cls._field_defaults):
            return (*values, *[*cls._field_defaults.values()][-absent:])
        given = dict(zip(fields, values, strict=False))
        if len(values) > len(fields):
            raise TypeError(f"{cls.__name__}() takes {len(fields)} values, but {len(values)} were given")
        for name in named:
            if name not in fields or name in given:
                how = "more than one value for" if name in given else "an unexpected"
                raise TypeError(f"{cls.__name__}() got {how} argument {name!r}")
        whole = {**cls._field_defaults, **given, **named}
        missing = [field for field in fields if field not in whole]
        if missing:
            raise TypeError(f"{cls.__name__}() needs {', '.join(missing)}")
        return [whole[field] for field in fields]

    def _make(cls, values):
        made = _new(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"{cls.__name__} has {len(cls._fields)} fields, not {len(made)}")
        return made

    def _replace(self, /, **changes):
        made = _new(type(self), map(changes.pop, self._fields, self))
        if changes:
            raise ValueError(f"{type(self).__name__} has no fields {', '.join(changes)}")
        return made

    def _asdict(self):
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{field}={value!r}' for field, value in self._asdict().items())})"

    def __getnewargs__(self):
        return tuple(self)

    _OF_ALL = {
        "__slots__": (),
        "__new__": __new__,
        "__repr__": __repr__,
        "__getnewargs__": __getnewargs__,
        "_make": classmethod(_make),
        "_replace": _replace,
        "_asdict": _asdict,
    }

    class _Maker(type):
        def __new__(cls, name, _bases, members):
            fields = tuple(members["__annotations__"])
            defaults = {field: members[field] for field in fields if field in members}
            if tuple(defaults) != fields[len(fields) - len(defaults) :]:
                raise TypeError(f"{name}: a field without a default stands behind one that has one")
            getters = {field: _tuplegetter(index, None) for index, field in enumerate(fields)}
            own = {"_fields": fields, "_field_defaults": defaults, "__match_args__": fields}
            return type(name, (tuple,), {**_OF_ALL, **members, **own, **getters})

    NamedTuple = type.__new__(_Maker, "NamedTuple", (), {})


def maker(kind: type[Kind]) -> Callable[[tuple[object, ...]], Kind]:
    """Makes `kind` of a tuple with all its values, and looks at nothing: for those that are made by the thousand.

    It takes less than half as long as a call of the class.
    """
    return partial(tuple.__new__, kind)
