"""The effective operations of a document: what holds for each of them after `$ref` and inheritance.

OpenAPI 3.0.4, 3.1.1 and 3.2.0: sections Paths, Path Item, Operation, Parameter, Responses. Swagger 2.0: also `produces`
and schemas that stand in the response or parameter itself.
"""

from __future__ import annotations

from idemlint.named_tuple import NamedTuple
from idemlint.openapi.references import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from idemlint.findings import Path
    from idemlint.openapi.references import References

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


class Parameter(NamedTuple):
    """A parameter that an operation has, whoever declares it."""

    name: str
    location: str
    """`in`: header, query, path, cookie, querystring; Swagger 2.0 also body, formData."""
    required: bool
    node: Node
    """The parameter object, `$ref` followed."""
    level: str
    """`path` or `operation`: which list it stands in."""
    use: Node
    """The entry of that list, a `$ref` perhaps."""
    references: References

    def schema(self) -> Node | None:
        """`schema`, or that of the first media type in `content`; in Swagger 2.0 the parameter is its own schema."""
        value = self.node.value
        if "schema" in value:
            return self.references.child(self.node, "schema")
        content = self.references.child(self.node, "content")
        if content is not None and type(content.value) is dict and content.value:
            media_type = self.references.child(content, next(iter(content.value)))
            return self.references.child(media_type, "schema") if media_type is not None else None
        if _is_swagger(self.references) and self.location != "body":
            return self.node
        return None


class Operation:
    """One method of one path template under `paths`."""

    __slots__ = (
        "_layers",
        "_parameters",
        "label",
        "method",
        "node",
        "path",
        "path_item",
        "references",
        "template",
        "use",
    )

    def __init__(self, references: References, template: str, layers: list[Node], path: Path, use: Node) -> None:
        method = str(path[-1])
        self.references = references
        self.template = template
        """`/payments/{id}`, as the root document spells it."""
        self.method = method
        """`post`; an additional operation (OpenAPI 3.2) as it is spelled, `COPY`."""
        self.label = f"{method.upper()} {template}"
        self.path = path
        """In the resolved root document: (`paths`, template, method), or (..., `additionalOperations`, method)."""
        self.path_item = layers[-1]
        """The path item, `$ref` followed."""
        self.use = use
        """The member of the path item, a `$ref` perhaps."""
        self.node = references.resolve(use)
        """The operation object, `$ref` followed."""
        self._layers = layers
        self._parameters: list[Parameter] | None = None

    def parameters(self) -> list[Parameter]:
        """The effective ones: those of the path item, with those of the operation added, or put in their place.

        Two are the same if `in` and `name` agree; names of headers are compared without regard to case (RFC 9110, 5.1).
        """
        if self._parameters is None:
            found: dict[tuple[str, str], Parameter] = {}
            for level, holder in self._parameter_holders():
                declared: dict[tuple[str, str], Parameter] = {}
                for parameter in self._declared(level, holder):
                    name = parameter.name
                    same = (parameter.location, _folded(name) if parameter.location == "header" else name)
                    declared.setdefault(same, parameter)
                found.update(declared)
            self._parameters = list(found.values())
        return self._parameters

    def has_unread_parameters(self) -> bool:
        """Whether a `$ref` among them, or in their place, leads nowhere: what it would bring is not known."""
        for _, holder in self._parameter_holders():
            parameters = _own(self.references, holder, "parameters")
            entries = parameters.value if type(parameters.value) is list else ()
            places = (Node(parameters.document, (*parameters.path, index), each) for index, each in enumerate(entries))
            if any(map(_leads_nowhere, (parameters, *map(self.references.resolve, places)))):
                return True
        return False

    def header(self, name: str) -> Parameter | None:
        """The header parameter of that name, in any case."""
        wanted = _folded(name)
        for parameter in self.parameters():
            if parameter.location == "header" and _folded(parameter.name) == wanted:
                return parameter
        return None

    def responses(self) -> Node | None:
        node = self.references.child(self.node, "responses")
        return node if node is not None and type(node.value) is dict else None

    def has_unread_responses(self) -> bool:
        """Whether a `$ref` stands in their place that leads nowhere."""
        responses = self.references.child(self.node, "responses")
        return responses is not None and _leads_nowhere(responses)

    def response(self, status: str) -> Node | None:
        """The response declared under just this key (`409`, `default`), `$ref` followed."""
        responses = self.responses()
        return self.references.child(responses, status) if responses is not None else None

    def has_range(self, status: str) -> bool:
        """Whether the range of the status, `4XX` for `409`, is declared (in either case)."""
        responses = self.responses()
        return responses is not None and any(status[:1] + wildcard in responses.value for wildcard in ("XX", "xx"))

    def has_default(self) -> bool:
        responses = self.responses()
        return responses is not None and "default" in responses.value

    def response_content(self, response: Node) -> list[tuple[str, Node | None]]:
        """Media types, as they are spelled, with their schemas.

        Swagger 2.0 knows one schema for all media types that the operation, else the document, `produces`; the type is
        `*/*` if neither says.
        """
        references = self.references
        response = references.resolve(response)
        if _is_swagger(references):
            schema = references.child(response, "schema")
            return [(media_type, schema) for media_type in self._produces()] if schema is not None else []
        content = references.child(response, "content")
        if content is None or type(content.value) is not dict:
            return []
        found: list[tuple[str, Node | None]] = []
        for name in content.value:
            media_type = references.child(content, name)
            found.append((name, references.child(media_type, "schema") if media_type is not None else None))
        return found

    def extension(self, name: str) -> Node | None:
        """A member `x-...` of the operation, else of the path item."""
        node = self.references.child(self.node, name)
        if node is None:
            holder = self._holder(name)
            node = _own(self.references, holder, name) if holder is not None else None
        return node

    @property
    def tags(self) -> list[str]:
        tags = self.references.child(self.node, "tags")
        return [tag for tag in tags.value if type(tag) is str] if tags is not None and type(tags.value) is list else []

    @property
    def operation_id(self) -> str | None:
        value = self.node.value.get("operationId")
        return value if type(value) is str else None

    def _holder(self, key: str) -> Node | None:
        """The layer of the path item that has the member: what stands next to a `$ref` wins over what it names."""
        return next((layer for layer in self._layers if key in layer.value), None)

    def _parameter_holders(self) -> list[tuple[str, Node]]:
        """The path item and the operation, as far as they have parameters."""
        holder = self._holder("parameters")
        holders = [("path", holder)] if holder is not None else []
        return [*holders, ("operation", self.node)] if "parameters" in self.node.value else holders

    def _declared(self, level: str, holder: Node) -> Iterator[Parameter]:
        references = self.references
        parameters = _own(references, holder, "parameters")
        if type(parameters.value) is not list:
            return
        for index, entry in enumerate(parameters.value):
            use = Node(parameters.document, (*parameters.path, index), entry)
            node = references.resolve(use)
            value = node.value
            if type(value) is dict and type(name := value.get("name")) is str and type(where := value.get("in")) is str:
                required = value.get("required") is True or where == "path"
                yield Parameter(name, where, required, node, level, use, references)

    def _produces(self) -> list[str]:
        for value in (self.node.value, self.references.root.data):
            produces = value.get("produces")
            if type(produces) is list:
                return [media_type for media_type in produces if type(media_type) is str]
        return ["*/*"]


def operations(references: References) -> list[Operation]:
    """All operations under `paths`, in the order of the document. Remembered by `references`.

    Entries that do not begin with `/` (`x-...`) are none; webhooks and callbacks are not under `paths`. An operation
    whose `$ref` leads nowhere is left out: nothing is known of it.
    """
    return list(_index(references).values())


def operation_at(references: References, path: Path) -> Operation | None:
    """The operation at, or above, a path of the resolved root document."""
    if len(path) < 3 or path[0] != "paths":
        return None
    index = _index(references)
    if path[2] == "additionalOperations":
        return index.get(path[:4])
    return index.get(path[:3])


def _index(references: References) -> dict[Path, Operation]:
    index: dict[Path, Operation] | None = references.operation_index
    if index is None:
        index = references.operation_index = {operation.path: operation for operation in _discover(references)}
    return index


def _discover(references: References) -> Iterator[Operation]:
    root = references.root
    paths = references.child(Node(root, (), root.data), "paths")
    if paths is None or type(paths.value) is not dict:
        return
    newer = _has_query(root.data)
    for template, entry in paths.value.items():
        if template[:1] != "/" or type(entry) is not dict:
            continue
        layers = _layers(references, Node(paths.document, (*paths.path, template), entry))
        taken: set[str] = set()
        for layer in layers:
            for key in layer.value:
                if key in taken:
                    continue
                if key in METHODS or (newer and key == "query"):
                    taken.add(key)
                    use = Node(layer.document, (*layer.path, key), layer.value[key])
                    operation = Operation(references, template, layers, ("paths", template, key), use)
                    if _is_object(operation.node.value):
                        yield operation
                elif newer and key == "additionalOperations":
                    taken.add(key)
                    yield from _additional(references, template, layers, layer)


def _additional(references: References, template: str, layers: list[Node], layer: Node) -> Iterator[Operation]:
    """OpenAPI 3.2: operations by methods that have no field of their own, spelled as they are sent."""
    holder = _own(references, layer, "additionalOperations")
    if type(holder.value) is not dict:
        return
    for method, value in holder.value.items():
        use = Node(holder.document, (*holder.path, method), value)
        path = ("paths", template, "additionalOperations", method)
        operation = Operation(references, template, layers, path, use)
        if _is_object(operation.node.value):
            yield operation


def _layers(references: References, entry: Node) -> list[Node]:
    """The mappings that a path item is made of, the strongest first: each in the chain of its `$ref`s."""
    layers = [entry]
    node: Node | None = entry
    while node is not None and type(ref := node.value.get("$ref")) is str:
        node = references.target(node.document, ref)
        if node is None or type(node.value) is not dict or any(layer.value is node.value for layer in layers):
            break
        layers.append(node)
    return layers


def _own(references: References, node: Node, key: str) -> Node:
    """A member that stands in the node itself, be it next to a `$ref`; its own `$ref` followed."""
    return references.resolve(Node(node.document, (*node.path, key), node.value[key]))


def _is_object(value: Any) -> bool:
    return type(value) is dict and type(value.get("$ref")) is not str


def _folded(name: str) -> str:
    """A header's name without regard to case: to that of ASCII, since the Kelvin sign's lower case is `k`."""
    return name.lower() if name.isascii() else name


def _leads_nowhere(node: Node) -> bool:
    """Whether a node is a `$ref` still, though it was followed."""
    return type(node.value) is dict and type(node.value.get("$ref")) is str


def _is_swagger(references: References) -> bool:
    data = references.root.data
    return type(data) is dict and "swagger" in data


def _has_query(data: Any) -> bool:
    version = data.get("openapi") if type(data) is dict else None
    return type(version) is str and version[:2] == "3." and version[:3] not in ("3.0", "3.1")
