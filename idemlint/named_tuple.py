"""`typing.NamedTuple` for a third of its price: that one compiles the annotation of every field, which nobody here reads.

A check makes some 45 named tuples at start-up, which would take it 5 of 30 ms. Whoever reads the types of a class finds
them as text in `__annotations__`, as after `from __future__ import annotations`, which the class's module must have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["NamedTuple"]

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from collections import namedtuple

    _OF_THE_CLASS = frozenset({"__module__", "__annotations__"})

    class _Maker(type):
        def __new__(cls, name: str, _bases: tuple[type, ...], members: dict[str, Any]) -> type:
            types = members["__annotations__"]
            fields = tuple(types)
            defaults = [members[field] for field in fields if field in members]
            if not all(field in members for field in fields[len(fields) - len(defaults) :]):
                raise TypeError(f"{name}: a field without a default stands behind one that has one")
            made = namedtuple(name, fields, defaults=defaults, module=members["__module__"])  # noqa: PYI024
            made.__annotations__ = types
            for member, value in members.items():
                if member not in types and member not in _OF_THE_CLASS:
                    setattr(made, member, value)
            return made

    NamedTuple = type.__new__(_Maker, "NamedTuple", (), {})
