"""The fast reader: YAML as people write OpenAPI documents, line by line, without libyaml.

Block mappings and sequences, scalars of every style, flow collections on one line. At the first sign of anything else
(anchors, aliases, tags, merge keys, tabs, directives, a second document, odd indentation, an error) it gives up, and
`event_yaml` reads the whole document: that one is always right, but costs twice the time on a large document and, to
import libyaml, 8 ms on a small one. What both read is the same, values and places; tests hold the two together.
"""

from __future__ import annotations

from idemlint.openapi.block_layout import LINE
from idemlint.openapi.block_scalars import begins_with_quoted_key, quoted
from idemlint.openapi.block_values import NO_PLAIN_START, ValueReader
from idemlint.openapi.layout import Loaded
from idemlint.openapi.lines import one_kind_of_break
from idemlint.openapi.scalars import CONSTANTS, NUMBER_START, number_or_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from idemlint.openapi.block_values import Collection
    from idemlint.openapi.limits import Limits

_UNREADABLE: Final = "\t\x85\u2028\u2029\ufeff"
_NO_KEY_START: Final = frozenset("\"'|>[{&*!#%@`,]}?")
_LONGEST_KEY: Final = 1000


_SHORT: Final = 80
"""Lines below that length are worth remembering."""
_OPEN, _PLAIN, _QUOTED, _REFERENCE = range(4)
"""What stands behind a key or dash: nothing yet, text that deeper lines would continue, text that they would not."""


def load(text: str, limits: Limits) -> Loaded | None:
    """None when the document is for `event_yaml` to read or to refuse."""
    if len(text) // 2 > limits.max_nodes or any(character in text for character in _UNREADABLE):
        return None
    split = one_kind_of_break(text)
    if split is None or max(map(len, split.lines), default=0) >= LINE:
        return None
    reader = _Reader(split)
    if not reader.read(limits.max_depth):
        return None
    return Loaded(reader.layout.data, reader.references, [], reader.layout)


class _Reader(ValueReader):
    def read(self, max_depth: int) -> bool:  # noqa: C901, PLR0912, PLR0915 - the one loop that has to be fast: calls cost more than lines
        lines, layout, references = self.lines, self.layout, self.references
        no_plain, no_key = NO_PLAIN_START, _NO_KEY_START
        blocks = layout.blocks
        sound_values: dict[str, Any] = {}  # plain scalars that have been seen and found well, with what they mean
        sound_keys: set[str] = set()
        seen: dict[str, tuple[int, int, bool, str | None, Any, int]] = {}  # whole lines that came before, taken apart
        resume = 0  # at this line
        begun = False  # by ---
        stack: list[Collection] = []  # around the innermost collection, which is:
        container: Any = None
        column = -1
        keyed = False
        numbers: list[int] = []
        key = ""
        scalar: Any = None
        pending: str | None = None  # the key whose value is still to come; "" for an item
        plain = False  # whether deeper lines would continue a plain scalar
        for number, line in enumerate(lines):
            if number < resume:
                continue
            # what kind of line it is
            repeated = seen.get(line)
            if repeated is not None:
                indent, start, dashed, name, scalar, kind = repeated
                is_key = not dashed
            else:
                content = line.lstrip(" ")
                if not content:
                    continue
                first = content[0]
                if first == "#":
                    plain = False
                    continue
                indent = len(line) - len(content)
                if not indent and line[:3] in {"---", "..."}:
                    if begun or container is not None or line.rstrip(" ") != "---":
                        return False
                    begun = True
                    continue
                colon = ""
                dashed = first == "-" and content[1:2] in {" ", ""}
                if dashed:
                    is_key = False
                elif first in no_key:
                    is_key = first in "\"'" and begins_with_quoted_key(content)
                else:
                    key, colon, value = content.partition(": ")
                    is_key = bool(colon) or content[-1] == ":"

            # which collection it belongs to
            if pending is not None:
                if indent > column or (dashed and keyed and indent == column):
                    if not dashed and not is_key:
                        resume = self.text_below(number, indent, pending, (container, column, keyed, numbers))
                        if resume < 0:
                            return False
                        pending, plain = None, False
                        continue
                    inner: Any = [] if dashed else {}
                    if keyed:
                        container[pending] = inner
                    else:
                        container.append(inner)
                    stack.append((container, column, keyed, numbers))
                    if len(stack) >= max_depth:
                        return False
                    container, column, keyed, numbers = inner, indent, not dashed, []
                    blocks[id(inner)] = indent, numbers
                elif keyed:
                    container[pending] = None
                else:
                    container.append(None)
                pending = None
            elif indent > column:
                if container is not None:
                    if not plain:
                        return False
                    resume = self.continue_plain((container, column, keyed, numbers))
                    if resume < 0:
                        return False
                    plain = False
                    continue
                if indent or not (dashed or is_key):
                    return False
                container = layout.data = [] if dashed else {}
                column, keyed = 0, not dashed
                blocks[id(container)] = 0, numbers
            while indent < column or (indent == column and not keyed and not dashed):
                if not stack:
                    return False
                container, column, keyed, numbers = stack.pop()
            if indent != column or keyed == dashed:
                return False
            if repeated is not None:
                numbers.append(number)
                plain = kind == _PLAIN
                if name is None:
                    container.append(scalar)
                    continue
                if dashed:
                    inner = {}
                    container.append(inner)
                    stack.append((container, column, keyed, numbers))
                    if len(stack) >= max_depth:
                        return False
                    container, column, keyed, numbers = inner, start, True, [number]
                    blocks[id(inner)] = start, numbers
                elif name in container:
                    return False
                if kind == _OPEN:
                    pending = name
                    continue
                container[name] = scalar
                if kind == _REFERENCE:
                    references.append(container)
                continue

            # an item: what follows the dash may be a collection itself
            start = indent
            dashes = 0
            while dashed:
                dashes += 1
                numbers.append(number)
                value = content[1:].lstrip(" ")
                if not value or value[0] == "#":
                    pending = ""
                    break
                start += len(content) - len(value)
                content = value
                first = content[0]
                dashed = first == "-" and content[1:2] in {" ", ""}
                if first in no_key:
                    is_key = first in "\"'" and begins_with_quoted_key(content)
                elif not dashed:
                    key, colon, value = content.partition(": ")
                    is_key = bool(colon) or content[-1] == ":"
                    if not is_key:
                        value = content
                if dashed or is_key:
                    inner = [] if dashed else {}
                    container.append(inner)
                    stack.append((container, column, keyed, numbers))
                    if len(stack) >= max_depth:
                        return False
                    container, column, keyed, numbers = inner, start, not dashed, []
                    blocks[id(inner)] = start, numbers
                else:
                    value = content
            if pending is not None:
                plain = False
                continue

            # a key, and what stands behind its colon
            if keyed:
                if not is_key:
                    return False
                if first in "\"'":
                    found = quoted(line, start)
                    if found is None or found.end - start > _LONGEST_KEY:
                        return False
                    key = found.value
                    value = line[found.end + 1 :].lstrip(" ")
                else:
                    if colon:
                        if value[:1] in {" ", ""}:
                            value = value.lstrip(" ")
                    else:
                        key, value = content[:-1], ""
                    if key not in sound_keys:
                        if " #" in key or key[-1:] in {"", " "} or len(key) > _LONGEST_KEY or key == "<<":
                            return False
                        sound_keys.add(key)
                if key in container or key == "<<":
                    return False
                numbers.append(number)
                if not value or value[0] == "#":
                    if not value and dashes < 2:
                        seen[line] = indent, start, dashes == 1, key, None, _OPEN
                    pending = key
                    plain = False
                    continue

            if value in sound_values:
                scalar = sound_values[value]
                plain = True
            elif (first := value[0]) not in no_plain or (first in "-?:" and value[1:2] not in {"", " "}):
                plain = True
                if " #" in value:
                    value = value[: value.index(" #")].rstrip(" ")
                    plain = False
                elif value[-1] == " ":
                    value = value.rstrip(" ")
                if value[-1] == ":" or ": " in value:
                    return False
                scalar = value
                if first in NUMBER_START:
                    try:
                        scalar = number_or_text(value)
                    except ValueError:
                        return False
                if value in CONSTANTS:
                    scalar = CONSTANTS[value]
                if plain and len(value) < _SHORT:
                    sound_values[value] = scalar
            else:
                plain = False
                special = self.special(number, len(line) - len(value), value, column, max_depth - len(stack) - 1)
                if special is None:
                    return False
                scalar, resume = special
            kind = _PLAIN if plain else _QUOTED
            if keyed:
                container[key] = scalar
                if key == "$ref" and type(scalar) is str:
                    references.append(container)
                    kind = _REFERENCE
            else:
                container.append(scalar)
            if dashes < 2 and len(line) < _SHORT and (plain or (first in "\"'" and resume == number + 1)):
                seen[line] = indent, start, dashes == 1, key if keyed else None, scalar, kind
        if pending is not None and keyed:
            container[pending] = None
        elif pending is not None:
            container.append(None)
        return container is not None
