"""How an operation's answer shows a resource, or a list of them.

Where the operation shows it by another schema than the one that is kept, or inside an envelope, what of it fits is laid
over the operation's own example.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from idemlint.mock.messages import Answer
from idemlint.mock.places import inside, list_place, placed, resource_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.mock.kinds import Kind
    from idemlint.mock.places import Place
    from idemlint.mock.resources import Family
    from idemlint.mock.responses import Prepared, Responses
    from idemlint.mock.shapes import Shape
    from idemlint.mock.stores.protocol import Resource

_COUNTS: Final = frozenset({"total", "count", "totalcount", "totalitems", "totalresults", "totalelements", "size"})
_MORE: Final = frozenset({"hasmore", "hasnext", "hasnextpage"})
_CURSORS: Final = frozenset({"next", "nextpage", "nextcursor", "nextpagetoken", "nexttoken", "nexturl", "previous"})


class View:
    """How an answer shows a resource."""

    __slots__ = ("_headers", "inner", "location", "place", "prepared", "raw")

    def __init__(self, prepared: Prepared, place: Place | None, kept: Shape | None) -> None:
        self.prepared = prepared
        self.place = place
        """None: the answer has no room for it."""
        self.inner = inside(prepared.shape, place) if place is not None else None
        same = kept is not None and self.inner is not None and self.inner.same(kept)
        self.raw = same and place == () and prepared.json
        """Whether the kept bytes are the answer's body."""
        declared = prepared.still.header("location")
        self.location = declared is not None or prepared.status == 201
        """Whether the answer tells where the new resource is: RFC 9110, section 15.3.2, or the document."""
        self._headers = tuple(line for line in prepared.headers if line[0] != "location")

    def show(self, body: bytes, value: Any = None, location: str | None = None) -> Answer:
        """The answer with a resource: its bytes and, if the caller has it, its value."""
        prepared = self.prepared
        if self.raw:
            shown = body
        elif self.inner is None or self.place is None:
            shown = prepared.still.body
        else:
            fitting = self.inner.fit(value if value is not None else json.loads(body))
            shown = prepared.encoded(placed(prepared.shape.base, self.place, fitting))
        headers = prepared.headers if location is None else (*self._headers, ("location", location))
        return Answer(prepared.status, headers, shown)


class Listing:
    """How an answer lists resources."""

    def __init__(self, prepared: Prepared, kind: Kind, family: Family, responses: Responses) -> None:
        self.prepared = prepared
        self.place = list_place(prepared.shape, family.noun) if prepared.json else None
        self._shape: Shape | None = None
        self._within: Place = ()
        self._raw = False
        if self.place is not None:
            item = responses.based(inside(prepared.shape, self.place).items())
            found = resource_place(item, family.parameter, family.noun)
            self._within = found[0] if found is not None else ()
            self._item = item
            self._shape = inside(item, self._within)
            self._raw = self._shape.same(kind.shape) and not self._within

    def show(self, resources: Sequence[Resource]) -> Answer:
        """The answer with these and nothing else."""
        prepared, place, shape = self.prepared, self.place, self._shape
        if place is None or shape is None:
            return prepared.still
        if self._raw and not place:
            return prepared.still._replace(body=b"[" + b",".join([one.value for one in resources]) + b"]")
        values = [json.loads(one.value) for one in resources]
        if not self._raw:
            values = [placed(self._item.base, self._within, shape.fit(value)) for value in values]
        whole = _counted(prepared.shape, place, values)
        if not values and not prepared.shape.is_valid(whole):
            return prepared.still
        return prepared.still._replace(body=prepared.encoded(whole))


def _counted(shape: Shape, place: Place, values: list[Any]) -> Any:
    """The list's body around the values, with its counts right and no next page."""
    whole = placed(shape.base, place, values)
    if not isinstance(whole, dict):
        return whole
    for name, value in list(whole.items()):
        plain = "".join(letter for letter in name.lower() if letter.isalnum())
        candidates: list[dict[str, Any]] = []
        if plain in _COUNTS and isinstance(value, int) and not isinstance(value, bool):
            candidates = [{**whole, name: len(values)}]
        elif plain in _MORE and isinstance(value, bool):
            candidates = [{**whole, name: False}]
        elif plain in _CURSORS and value is not None:
            candidates = [{key: held for key, held in whole.items() if key != name}, {**whole, name: None}]
        whole = next((candidate for candidate in candidates if shape.is_valid(candidate)), whole)
    return whole
