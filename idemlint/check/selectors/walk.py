"""Steps over a document, level by level; `..` goes depth first. Nothing recurses: documents may be of any depth.

A node is `(key, value, document, parent node)`; paths are made for matches only. A mapping with a `$ref` is replaced
by its target on arrival, unless it closes a circle: circular references stay as written, as Spectral leaves them, and
so no way through is endless.

`..` enters each container once, however many references or aliases lead to it: the first way in document order counts.
Otherwise the number of ways through a few dozen schemas that refer to each other is astronomical. Each *member* is
still tested at each place: a `$ref` under a matching name is a match even if its target was entered before. For filters
that look further up (`@parent`, `@parentProperty`, `@path`), and before `^^`, the walk tells containers apart by what
those can see.
"""

from __future__ import annotations

from idemlint.check.selectors.syntax import FILTER, MEMBER, PARENT, SCRIPT, SELF, UNION, WILDCARD, array_index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, Final, TypeAlias

    from idemlint.check.selectors.frame import Frame
    from idemlint.check.selectors.script import Script
    from idemlint.check.selectors.syntax import Step
    from idemlint.findings import Path
    from idemlint.openapi.document import Document
    from idemlint.openapi.references import References

    Node: TypeAlias = tuple[str | int, Any, Document, "Node | None"]
    Expand: TypeAlias = Callable[[Node], Iterable[Node]]

CROWD: Final = 100_000
"""A step that leaves more nodes than this keeps only one of those that are the same container."""
DEEPEST: Final = 500
"""Below so many levels a reference stays as it is written: no document known comes near, and a made one could go on."""
EXACT: Final = 20_000
"""So many containers, told apart by their paths, does a filter with `@path` see; then each other container once."""

_CONTAINERS: Final = frozenset((dict, list))


def select(steps: Sequence[Step], references: References, document: Document, value: Any, resolved: bool) -> list[Node]:
    """The nodes that `steps` lead to from `value`, which stands in `document`."""
    walk = Walk(references, document, value, resolved)
    nodes: list[Node] = [walk.root]
    upwards = sum(step.kind == PARENT for step in steps)
    for step in steps:
        upwards -= step.kind == PARENT
        nodes = walk.take(step, nodes, upwards)
        if not nodes:
            break
        if len(nodes) > CROWD:
            nodes = _thinned(nodes)
    return nodes


def _thinned(nodes: list[Node]) -> list[Node]:
    kept: dict[Any, Node] = {}
    for node in nodes:
        kept.setdefault(id(node[1]) if type(node[1]) in _CONTAINERS else id(node), node)
    return list(kept.values())


class Walk:
    """One selection over one document."""

    __slots__ = ("references", "resolved", "root")

    def __init__(self, references: References, document: Document, value: Any, resolved: bool) -> None:
        self.references = references
        self.resolved = resolved
        self.root: Node = ("", value, document, None)

    def arrive(self, parent: Node, key: str | int, value: Any) -> Node:
        """The node at `key` of `parent`, its reference followed."""
        document = parent[2]
        if type(value) is dict and "$ref" in value:
            document, value = self.follow(document, value, parent)
        return (key, value, document, parent)

    def follow(self, document: Document, value: Any, parent: Node) -> tuple[Document, Any]:
        """What stands in the place of `value`, a mapping with the member `$ref`, in the resolved document."""
        references = self.references
        while (
            self.resolved
            and type(value) is dict
            and type(value.get("$ref")) is str
            and not references.circular(document, value)
            and (target := references.target(document, value["$ref"])) is not None
            and not _deeper_than(DEEPEST, parent)
        ):
            document, value = target.document, target.value
        return document, value

    def take(self, step: Step, nodes: list[Node], upwards: int) -> list[Node]:
        """One step; `upwards` counts the `^` that follow."""
        kind, deep, argument = step
        if kind == PARENT:
            parents = {id(node[3]): node[3] for node in nodes if node[3] is not None}
            return list(parents.values())
        if deep:
            return self.descend(kind, argument, nodes, upwards)
        if kind == MEMBER:
            argument, kind = (argument,), UNION
        if kind == UNION and not any(type(name) is tuple for name in argument):
            return self.members(argument, nodes)
        expand = self.expansion(kind, argument)
        return [child for node in nodes for child in expand(node)]

    def members(self, names: tuple[str, ...], nodes: list[Node]) -> list[Node]:
        arrive = self.arrive
        found = []
        for node in nodes:
            value = node[1]
            if type(value) is dict:
                found += [arrive(node, name, value[name]) for name in names if name in value]
            elif type(value) is list:
                for name in names:
                    if (index := array_index(name)) is not None and index < len(value):
                        found.append(arrive(node, index, value[index]))
        return found

    def expansion(self, kind: int, argument: Any) -> Expand:
        """What a step that is not deep makes of one node."""
        arrive = self.arrive
        if kind == WILDCARD:
            return lambda node: [arrive(node, key, value) for key, value in children(node[1])]
        if kind == UNION:
            return lambda node: [arrive(node, key, node[1][key]) for key in united(argument, node[1])]
        frame = self.frame()
        if kind == SCRIPT:
            return lambda node: self.computed(argument, frame, node)
        return lambda node: self.filtered(argument, frame, node)

    def frame(self) -> Frame:
        from idemlint.check.selectors.frame import Frame  # only expressions with a script pay for the import

        return Frame(self)

    def filtered(self, script: Script, frame: Frame, node: Node) -> list[Node]:
        """The children that pass."""
        evaluate = script.evaluate
        truthy = frame.truthy
        _, value, document, _ = node
        frame.container = node
        passed: list[Node] = []
        for key, child in children(value):
            frame.key = key
            frame.value = child
            frame.document = document
            if type(child) is dict and "$ref" in child:
                frame.document, frame.value = self.follow(document, child, node)
            answer = evaluate(frame)
            if answer is True or (answer is not False and truthy(answer)):
                passed.append((key, frame.value, frame.document, node))
        return passed

    def computed(self, script: Script, frame: Frame, node: Node) -> list[Node]:
        """`[(…)]`: the script, with `@` as the container itself, tells the key."""
        frame.key, value, frame.document, container = node
        frame.value = value
        frame.container = container or node
        answer = script.evaluate(frame)
        if type(answer) is float and answer.is_integer():
            answer = int(answer)
        return [self.arrive(node, key, value[key]) for key in united((str(answer),), value)]

    def descend(self, kind: int, argument: Any, nodes: list[Node], upwards: int) -> list[Node]:
        """Apply a step to all containers at and below `nodes`."""
        if kind == MEMBER:
            argument, kind = (argument,), UNION
        if kind == UNION and upwards < 2 and not any(type(name) is tuple or name.isdecimal() for name in argument):
            return self.named(argument, nodes)
        expand = None if kind == SELF else self.expansion(kind, argument)
        mark = _mark(argument.names if kind == FILTER else frozenset(), upwards)
        seen: set[Any] = set()
        found: list[Node] = []
        for start in nodes:
            stack = [start]
            while stack:
                node = stack.pop()
                if type(node[1]) not in _CONTAINERS:
                    continue
                marker = mark(node, len(seen))
                if marker in seen:
                    continue
                seen.add(marker)
                found += (node,) if expand is None else expand(node)
                self.push_containers(node, stack)
        return found

    def push_containers(self, node: Node, stack: list[Node]) -> None:
        """Push the children that are mappings or sequences, the last first, so that they come off in order."""
        _, value, document, _ = node
        if type(value) is dict:
            pairs: Iterable[tuple[Any, Any]] = reversed(value.items())
        elif type(value) is list:
            pairs = zip(range(len(value) - 1, -1, -1), reversed(value), strict=True)
        else:
            return
        for key, child in pairs:
            kind = type(child)
            if kind is dict:
                if "$ref" in child:
                    entry = self.arrive(node, key, child)
                    if type(entry[1]) in _CONTAINERS:
                        stack.append(entry)
                else:
                    stack.append((key, child, document, node))
            elif kind is list:
                stack.append((key, child, document, node))

    def named(self, names: tuple[str, ...], nodes: list[Node]) -> list[Node]:
        """`..name` and `..[name, name]`, the most frequent of the deep steps."""
        arrive = self.arrive
        push = self.push_containers
        seen: set[int] = set()
        found: list[Node] = []
        for start in nodes:
            stack = [start]
            while stack:
                node = stack.pop()
                value = node[1]
                if id(value) in seen:
                    continue
                seen.add(id(value))
                if type(value) is dict:
                    found += [arrive(node, name, value[name]) for name in names if name in value]
                push(node, stack)
        return found


def _mark(names: frozenset[str], upwards: int) -> Callable[[Node, int], Any]:
    """What tells two arrivals at one container apart, given what a filter on its children and later `^` can see.

    Exact up to a number of visits that only hostile documents exceed.
    """
    levels = DEEPEST if "@path" in names else max(upwards - 1, 1 if names & {"@parent", "@parentProperty"} else 0)
    if not levels:
        return lambda node, _: id(node[1])

    def surroundings(node: Node, visits: int) -> Any:
        if visits >= EXACT:
            return id(node[1])
        seen: list[Any] = []
        here: Node | None = node
        for _ in range(levels + 1):
            if here is None:
                break
            seen += (here[0], id(here[1]))
            here = here[3]
        return tuple(seen)

    return surroundings


def _deeper_than(levels: int, node: Node | None) -> bool:
    while node is not None and levels:
        levels -= 1
        node = node[3]
    return node is not None


def path_of(node: Node) -> Path:
    """From the walk's root to the node."""
    keys: list[str | int] = []
    key, _, _, above = node
    while above is not None:
        keys.append(key)
        key, _, _, above = above
    keys.reverse()
    return tuple(keys)


def children(value: Any) -> Iterable[tuple[Any, Any]]:
    """Members or items with their keys or indices; a scalar has none."""
    if type(value) is dict:
        return value.items()
    return enumerate(value) if type(value) is list else ()


def united(selections: tuple[Any, ...], value: Any) -> list[str | int]:
    """The keys of `value` that a union selects, each once."""
    if type(value) is dict:
        return [name for name in selections if type(name) is str and name in value]
    if type(value) is not list:
        return []
    keys: dict[str | int, None] = {}
    for selection in selections:
        if type(selection) is tuple:
            keys.update(dict.fromkeys(range(len(value))[slice(*selection)]))
        elif (index := array_index(selection)) is not None and index < len(value):
            keys[index] = None
    return list(keys)
