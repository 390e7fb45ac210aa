"""YAML by libyaml's events: the reader that is always right, and the only one that reports YAML's errors.

Values follow the core schema of YAML 1.2 (see `scalars`), keys are strings in the spelling of the source, aliases share
one object, merge keys (`<<`, https://yaml.org/type/merge.html) are merged, and explicit keys win over merged ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.errors import DocumentError
from idemlint.findings import Position
from idemlint.named_tuple import NamedTuple
from idemlint.openapi.event_layout import EventLayout, behind_properties
from idemlint.openapi.layout import Loaded, Repeated, Slot, find_references
from idemlint.openapi.limits import BeyondLimitsError
from idemlint.openapi.scalars import resolve
from idemlint.openapi.yaml_errors import refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.openapi.limits import Limits

_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({"!", _TAG + "str"})
_RESOLVED_TAGS = frozenset(_TAG + name for name in ("null", "bool", "int", "float"))


class _Anchored(NamedTuple):
    """A finished node that an alias may repeat; `size` and `height` count what it holds with its aliases written out."""

    value: Any
    spelling: str | None
    size: int
    height: int


class _Frame:
    """A collection under construction."""

    __slots__ = ("anchor", "container", "content_end", "height", "key", "last", "merges", "size", "slots", "start")

    def __init__(self, container: Any, slots: Any, anchor: str | None, start: int) -> None:
        self.container = container
        self.start = start
        self.content_end: int | None = None
        self.slots = slots
        self.anchor = anchor
        self.key: tuple[str, int, int, bool] | None = None
        self.last = ""
        self.merges: list[tuple[Any, Slot]] | None = None
        self.size = 1
        self.height = 1


def load(text: str, source: str, limits: Limits) -> Loaded:
    """Raises DocumentError for everything that is no single YAML document within the limits."""
    import yaml

    # a PyYAML built without libyaml has the same events, more slowly
    parser: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    try:
        return _Builder(text, source, limits, parser(text).get_event).build()
    except yaml.YAMLError as error:
        raise refusal(error, source) from None


class _Builder:
    def __init__(self, text: str, source: str, limits: Limits, next_event: Callable[[], Any]) -> None:
        self._text = text
        self._source = source
        self._limits = limits
        self._next = next_event
        self._layout = EventLayout(text)
        self._references: list[dict[str, Any]] = []
        self._repeated: list[Repeated] = []
        self._anchors: dict[str, _Anchored | None] = {}
        self._values: dict[str, Any] = {}
        self._stack: list[_Frame] = []
        self._data: Any = None

    def _error(self, message: str, mark: Any, hint: str = "") -> DocumentError:
        return DocumentError(message, source=self._source, position=Position(mark.line, mark.column), hint=hint)

    def build(self) -> Loaded:
        from yaml import events

        kinds: dict[type, Callable[[Any], None]] = {
            events.ScalarEvent: self._scalar,
            events.MappingStartEvent: self._start_mapping,
            events.SequenceStartEvent: self._start_sequence,
            events.MappingEndEvent: self._end,
            events.SequenceEndEvent: self._end,
            events.AliasEvent: self._alias,
        }
        following = self._next
        documents = 0
        while True:
            event = following()
            kind = type(event)
            handle = kinds.get(kind)
            if handle is not None:
                handle(event)
            elif kind is events.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise self._error(
                        "a second YAML document begins here, but a file may hold just one",
                        event.start_mark,
                        "give each document a file of its own, or remove the `---`",
                    )
            elif event is None or kind is events.StreamEndEvent:
                break
        if self._repeated:  # what was replaced may have held references, or been one
            self._references = find_references(self._data)
        return Loaded(self._data, self._references, self._repeated, self._layout)

    def _scalar(self, event: Any) -> None:
        text = event.value
        start, end = event.start_mark.index, event.end_mark.index
        stack = self._stack
        frame = stack[-1] if stack else None
        style = event.style
        tag = event.tag
        if tag is not None or event.anchor is not None:
            start = behind_properties(self._text, start, end)
        if frame is not None and frame.key is None and type(frame.container) is dict:
            merge = text == "<<" and not style and (tag is None or tag == _TAG + "merge")
            frame.key = (text, start, end, merge)
            if event.anchor is not None:
                self._anchors[event.anchor] = _Anchored(self._value(event), text, 1, 0)
            return
        value = self._value(event)
        if style in {"'", '"'}:
            kind = "quoted"
        elif style in {"|", ">"}:
            kind = "block"
            if end and self._text[end - 1] in "\n\r\x85\u2028\u2029":
                end -= 1  # libyaml's mark stands in the line below
        else:
            kind = "plain" if end > start else "empty"
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(value, text, 1, 0)
        self._place(value, start, end, kind, event)

    def _value(self, event: Any) -> Any:
        text: str = event.value
        tag = event.tag
        if tag is None:
            if not event.implicit[0] or event.style:
                return text
        elif tag in _TEXT_TAGS or (tag not in _RESOLVED_TAGS and event.style):
            return text
        try:
            return self._values[text]
        except KeyError:
            try:
                value = resolve(text)
            except ValueError as error:
                raise self._error(str(error), event.start_mark, "quote it if it is text") from None
            self._values[text] = value
            return value

    def _place(self, value: Any, start: int, end: int, kind: str, event: Any) -> None:
        """Puts a node into the collection that is open."""
        if not self._stack:
            self._data = value
            self._layout.note_root(Slot(-1, -1, start, end, kind))
            return
        frame = self._stack[-1]
        frame.size += 1
        frame.content_end = end
        container = frame.container
        if type(container) is list:
            container.append(value)
            frame.slots.append(Slot(-1, -1, start, end, kind))
            return
        if frame.key is None:
            raise self._error(
                "a key is a mapping or sequence itself, but keys must be plain text",
                event.start_mark,
                "quote a key that begins with { or [",
            )
        key, key_start, key_end, merge = frame.key
        frame.key = None
        frame.last = key
        slot = Slot(key_start, key_end, start, end, kind)
        if merge and type(value) in (dict, list):
            frame.merges = frame.merges or []
            frame.merges.append((value, slot))
            return
        slots = frame.slots
        if key in slots:
            self._repeat(key, slots[key], key_start, key_end)
            self._layout.keep(container[key])
        slots[key] = slot
        container[key] = value
        if key == "$ref" and type(value) is str and (not self._references or self._references[-1] is not container):
            self._references.append(container)

    def _repeat(self, key: str, slot: Slot, key_start: int, key_end: int) -> None:
        path = [len(frame.container) - 1 if type(frame.container) is list else frame.last for frame in self._stack[:-1]]
        self._repeated.append(Repeated((*path, key), (slot.key_start, slot.key_end), (key_start, key_end)))

    def _start_mapping(self, event: Any) -> None:
        self._start(event, {}, {})

    def _start_sequence(self, event: Any) -> None:
        self._start(event, [], [])

    def _start(self, event: Any, container: Any, slots: Any) -> None:
        if len(self._stack) >= self._limits.max_depth:
            raise self._beyond(f"the document nests deeper than {self._limits.max_depth} levels", event.start_mark)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        start = event.start_mark.index
        if event.tag is not None or event.anchor is not None:
            start = behind_properties(self._text, start, len(self._text))
        self._place(container, start, event.end_mark.index, "flow" if event.flow_style else "nested", event)
        self._stack.append(_Frame(container, slots, event.anchor, start))
        self._layout.note(container, slots)

    def _end(self, event: Any) -> None:
        frame = self._stack.pop()
        if frame.merges is not None:
            self._finish_merge(frame)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = _Anchored(frame.container, None, frame.size, frame.height)
        end = event.end_mark.index
        self._close(frame.container, end)
        content_end = end if frame.content_end is None else frame.content_end
        self._layout.note_end(frame.start, content_end)
        if not self._stack:
            return
        parent = self._stack[-1]
        parent.content_end = content_end
        parent.size += frame.size - 1
        if frame.height >= parent.height:
            parent.height = frame.height + 1
        if parent.size > self._limits.max_nodes:
            raise self._too_many(event.start_mark)

    def _close(self, container: Any, end: int) -> None:
        """Writes the end of a collection into its slot."""
        if not self._stack:
            self._layout.note_root(self._layout.root()._replace(end=end))
            return
        frame = self._stack[-1]
        if type(frame.container) is list:
            frame.slots[-1] = frame.slots[-1]._replace(end=end)
            return
        slot = frame.slots.get(frame.last)
        if slot is not None and frame.container[frame.last] is container:  # not one that went into a merge
            frame.slots[frame.last] = slot._replace(end=end)

    def _beyond(self, message: str, mark: Any) -> DocumentError:
        position = Position(mark.line, mark.column)
        return BeyondLimitsError(
            message, source=self._source, position=position, hint="raise the limit if that is meant"
        )

    def _too_many(self, mark: Any) -> DocumentError:
        return self._beyond(
            f"the document holds more than {self._limits.max_nodes} nodes once its aliases are written out", mark
        )

    def _finish_merge(self, frame: _Frame) -> None:
        container, slots = frame.container, frame.slots
        explicit, explicit_slots = dict(container), dict(slots)
        container.clear()
        slots.clear()
        for merged, slot in frame.merges or ():
            sources = merged if type(merged) is list else [merged]
            if any(type(source) is not dict for source in sources):
                explicit["<<"], explicit_slots["<<"] = merged, slot  # a key like any other
                continue
            for source in sources:
                members = self._layout.members(source)
                for key, value in source.items():
                    if key not in container:
                        container[key] = value
                        slots[key] = members[key]
        container.update(explicit)
        slots.update(explicit_slots)
        if isinstance(container.get("$ref"), str) and "$ref" not in explicit:
            self._references.append(container)

    def _alias(self, event: Any) -> None:
        name = event.anchor
        mark = event.start_mark
        if name not in self._anchors:
            raise self._error(
                f"the alias *{name} has no anchor", mark, f"write &{name} in front of the node it should repeat, above"
            )
        anchored = self._anchors[name]
        if anchored is None:
            raise self._error(
                f"the alias *{name} stands inside the very node it repeats", mark, "use a $ref for recursion"
            )
        frame = self._stack[-1]
        if frame.key is None and type(frame.container) is dict:
            if anchored.spelling is None:
                raise self._error(f"the alias *{name} is used as a key, but it is no plain text", mark)
            frame.key = (anchored.spelling, mark.index, event.end_mark.index, False)
            return
        frame.size += anchored.size - 1
        if frame.size > self._limits.max_nodes:
            raise self._too_many(mark)
        if anchored.height >= frame.height:
            frame.height = anchored.height + 1
        if len(self._stack) + anchored.height > self._limits.max_depth:
            raise self._beyond(
                f"with the alias *{name} the document nests deeper than {self._limits.max_depth} levels", mark
            )
        self._place(anchored.value, mark.index, event.end_mark.index, "alias", event)
