"""`$ref`, resolved lazily, across files, with every answer remembered.

A reference is a mapping with a member `$ref` whose value is a string. Members next to `$ref` are dropped, as Spectral
drops them; `operations.py` heeds them where OpenAPI gives them a meaning. Nothing here raises for what a document holds:
a reference that leads nowhere is simply not followed, and `problems` tells of it.
"""

from __future__ import annotations

from idemlint.named_tuple import NamedTuple
from idemlint.openapi.collection import Collection
from idemlint.openapi.pointers import decode_segment, has_scheme, member, split_reference
from idemlint.openapi.sandbox import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from idemlint.findings import Path
    from idemlint.openapi.cycles import Cycles
    from idemlint.openapi.document import Document
    from idemlint.openapi.identifiers import Identifiers

__all__ = ["Node", "Origin", "Policy", "ReferenceProblem", "References"]

_DEEPEST = 100
"""How far one answer may rest on others, one inside the other: the parents of a pointer, and the references that it leads
through (`#/a/b` where `a` is itself a reference). Three frames of Python's stack each."""
_LONGEST = 20
"""Steps of a pointer beyond which its parents are not remembered one by one."""


class Node(NamedTuple):
    """A value and the place where it stands."""

    document: Document
    path: Path
    """Inside `document`."""
    value: Any


class ReferenceProblem(NamedTuple):
    """A `$ref` that leads nowhere."""

    document: Document
    path: Path
    """Of the `$ref` member."""
    message: str


class Origin(NamedTuple):
    """Where a path of the resolved document really stands."""

    document: Document
    path: Path
    missing: Path = ()
    """The rest, which does not exist there."""


class References:
    """A root document and all that it refers to."""

    __slots__ = (
        "_collection",
        "_cycles",
        "_deep",
        "_ends",
        "_identifiers",
        "_kept",
        "_materialized",
        "_reasons",
        "_targets",
        "documents",
        "operation_index",
        "root",
        "schema_memo",
    )

    def __init__(self, root: Document, policy: Policy | None = None) -> None:
        self.root = root
        self._collection = Collection(root, policy or Policy())
        self.documents = self._collection.documents
        """By source; grows as references are followed."""
        self.operation_index: Any = None
        """Memo of `operations.py`."""
        self.schema_memo: dict[Any, Any] = {}
        """Memo of `schema_bundle.py` and `validation.py`."""
        self._targets: dict[int, dict[str, Node | None]] = {id(root): {}}
        self._ends: dict[int, dict[str, Node | None]] = {id(root): {}}
        self._reasons: dict[tuple[int, str], str] = {}
        self._deep = 0
        self._cycles: Cycles | None = None
        self._identifiers: Identifiers | None = None
        self._materialized: dict[int, Any] = {}
        self._kept: list[Any] = []
        """What was materialized: memos go by identity, so nothing may be freed and its identity given away."""

    def target(self, document: Document, ref: str) -> Node | None:
        """What a `$ref` in `document` names, one hop; None if that does not exist or may not be read."""
        known = self._targets.setdefault(id(document), {})
        if ref in known:
            return known[ref]
        known[ref] = None  # stands while a pointer is followed that leads through itself
        if self._deep >= _DEEPEST:
            del known[ref]
            return None
        self._deep += 1
        try:
            node = self._find(document, ref)
        finally:
            self._deep -= 1
        known[ref] = node
        return node

    def reason(self, document: Document, ref: str) -> str:
        """Why `target` has no answer."""
        return self._reasons.get((id(document), ref), f"'{ref}' does not exist")

    def resolve(self, node: Node) -> Node:
        """Follows a chain of references to its end; at one that leads nowhere, or in a circle, it stays there."""
        value = node.value
        if type(value) is not dict or type(ref := value.get("$ref")) is not str:
            return node
        ends = self._ends.setdefault(id(node.document), {})
        try:
            end = ends[ref]
        except KeyError:
            end = ends[ref] = self._end(node.document, ref)
        return node if end is None else end

    def follow(self, document: Document, value: Any) -> tuple[Document, Any]:
        """`resolve` for a caller who needs no path: the value at the end and the document that it stands in."""
        if type(value) is not dict or type(ref := value.get("$ref")) is not str:
            return document, value
        ends = self._ends.setdefault(id(document), {})
        try:
            end = ends[ref]
        except KeyError:
            end = ends[ref] = self._end(document, ref)
        return (document, value) if end is None else (end.document, end.value)

    def child(self, node: Node, key: str | int) -> Node | None:
        """A member or item of the node (itself resolved first), at the end of its references; None if there is none."""
        node = self.resolve(node)
        inside = member(node.value, key)
        if inside is None:
            return None
        return self.resolve(Node(node.document, (*node.path, inside[0]), inside[1]))

    def circular(self, document: Document, reference: dict[str, Any]) -> bool:
        """Whether what `reference` names contains, through whatever references, the place of `reference` itself.

        Such a reference stays as it stands in the resolved document.
        """
        target = self.target(document, reference["$ref"])
        if target is None or type(target.value) not in (dict, list):
            return False
        return self.cycles.same(document, reference, target)

    @property
    def cycles(self) -> Cycles:
        if self._cycles is None:
            from idemlint.openapi.cycles import Cycles

            self._cycles = Cycles(self)
        return self._cycles

    def materialize(self, document: Document, value: Any) -> Any:
        """The value with every reference below it, and in its place, replaced by what it names.

        Shared, not copied: equal references give one object, and a value below which nothing was replaced is that very
        object. Never change it. Circular references, and those that lead nowhere, stay as they are.
        """
        if type(value) is not dict and type(value) is not list:
            return value
        if id(value) in self._materialized:
            return self._materialized[id(value)]
        from idemlint.openapi.materialization import materialize

        self._kept.append(value)
        return materialize(self, document, value, self._materialized)

    def origin(self, path: Path, resolved: bool = True) -> Origin:
        """Where the node at `path` of the resolved root document stands, found as Spectral 6.16 finds it."""
        from idemlint.openapi.origins import origin

        return origin(self, path, resolved=resolved)

    def problems(self) -> list[ReferenceProblem]:
        """All references that lead nowhere or may not be followed, in the root and in whatever it reaches.

        Loads every file that a reference reaches.
        """
        from idemlint.openapi.dangling import problems

        return problems(self)

    def _end(self, document: Document, ref: str) -> Node | None:
        """The last node of the chain that begins with `ref`; None if not even the first hop exists."""
        end: Node | None = None
        seen = {(id(document), ref)}
        while True:
            node = self.target(document, ref)
            if node is None:
                return end
            end = node
            value = node.value
            if type(value) is not dict or type(following := value.get("$ref")) is not str:
                return end
            document, ref = node.document, following
            if (id(document), ref) in seen:
                return end
            seen.add((id(document), ref))

    def _find(self, document: Document, ref: str) -> Node | None:
        if ref[:1] == "#":
            node = self._inside(document, ref)
            if node is None:
                self._reasons[id(document), ref] = f"'{ref}' does not exist"
            return node
        uri, fragment = split_reference(ref)
        if not uri:
            return self.target(document, fragment)
        identified = self.identifiers.document(uri) if has_scheme(uri) else None
        whole = fragment == "#"
        other = identified or self._collection.load(document, uri, whole=whole)
        if isinstance(other, str):
            schema = self.identifiers.schema(uri)
            if schema is not None:
                return self._embedded(schema, fragment)
            self._reasons[id(document), ref] = other
            return None
        if whole:
            return Node(other, (), other.data)
        node = self.target(other, fragment)
        if node is None:
            self._reasons[id(document), ref] = f"'{fragment}' does not exist @ '{other.source}'"
        return node

    @property
    def identifiers(self) -> Identifiers:
        if self._identifiers is None:
            from idemlint.openapi.identifiers import Identifiers

            self._identifiers = Identifiers(self.documents)
        return self._identifiers

    def _inside(self, document: Document, fragment: str) -> Node | None:
        """A fragment (with its `#`) of one document: a JSON Pointer, or the name of an anchor."""
        if fragment == "#":
            return Node(document, (), document.data)
        if fragment[1] != "/":
            return self.identifiers.anchor(document, fragment[1:])
        head, _, last = fragment.rpartition("/")
        if head == "#":
            parent: Node | None = Node(document, (), document.data)
        elif fragment.count("/") > _LONGEST:
            parent = self._walk(Node(document, (), document.data), head)
        else:
            # The parent is remembered like a target: `#/components/schemas` is asked for thousands of times.
            parent = self.target(document, head)
        if parent is None:
            return None
        node = self._step(parent, decode_segment(last))
        if node is None and fragment == "#/":
            # Strictly the member with the empty name; written by many who mean the whole document.
            return parent
        return node

    def _embedded(self, schema: Node, fragment: str) -> Node | None:
        """A fragment of a schema that bears its own `$id`: pointers in it begin at the schema."""
        if fragment[1:2] not in ("", "/"):
            return self.identifiers.anchor(schema.document, fragment[1:])
        return self._walk(schema, fragment)

    def _walk(self, start: Node, fragment: str) -> Node | None:
        node: Node | None = start
        for segment in fragment.split("/")[1:]:
            if node is None:
                return None
            node = self._step(node, decode_segment(segment))
        return node

    def _step(self, node: Node, key: str) -> Node | None:
        value = node.value
        if type(value) is dict:
            if key in value:
                return Node(node.document, (*node.path, key), value[key])
            if type(value.get("$ref")) is not str:
                return None
            # Strictly nothing is there; but `components: {$ref: ...}` is written, and every other tool follows it.
            end = self.resolve(node)
            if end.value is value:
                return None
            node = end
        inside = member(node.value, key)
        return None if inside is None else Node(node.document, (*node.path, inside[0]), inside[1])
