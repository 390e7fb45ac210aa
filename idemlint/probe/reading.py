"""Where the document lets a resource be read: the item of an answer, and the list that it appears in."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from idemlint.openapi.operations import operations
from idemlint.openapi.samples.wording import words
from idemlint.probe.exchange import NOT_JSON
from idemlint.probe.nouns import singular

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import Node, References
    from idemlint.probe.bench import Bench
    from idemlint.probe.exchange import Exchange

ID_NAMES = ("id", "uuid", "_id", "key", "reference", "number", "token", "name")
_LONGEST_ID = 500
_LONGEST_NAME = 100
_MOST_MEMBERS = 300
_WRAPPERS = frozenset(("data", "result", "response", "attributes", "payload", "resource", "item", "object"))


def item_url(bench: Bench, exchange: Exchange) -> str | None:
    """The URL of the resource that an answer tells of, on the same host; None if the document has no GET for it."""
    target = bench.operation.template
    location = exchange.header("location")
    if location:
        url = urljoin(exchange.call.url, location)
        if urlsplit(url)[:2] == urlsplit(bench.base_url)[:2]:
            return url
    get = item_operation(bench.references, target)
    if get is None:
        return None
    arguments = dict(bench.sample.arguments)
    for name in path_names(get.template):
        if name not in arguments:
            found = id_in(exchange.json, name)
            if found is None:
                return None
            arguments[name] = found
    return bench.base_url + fill(get.template, arguments)


def item_operation(references: References, template: str) -> Operation | None:
    """The GET of `/payments/{id}` for `/payments`, and of the same path for an item's own."""
    gets = {each.template: each for each in operations(references) if each.method == "get"}
    if path_names(template[template.rfind("/") :]):
        return gets.get(template)
    stem = template.rstrip("/")
    return next(
        (
            each
            for path, each in gets.items()
            if path.startswith(f"{stem}/{{") and path.endswith("}") and path.count("/") == stem.count("/") + 1
        ),
        None,
    )


def list_operation(references: References, template: str) -> Operation | None:
    """The GET that lists what a POST to `template` makes: the same path; for an item's, or an action's, the one above."""
    gets = {each.template: each for each in operations(references) if each.method == "get"}
    path = template.rstrip("/") or "/"
    if path in gets or template in gets:
        return gets.get(path) or gets.get(template)
    return None


def body_schema(bench: Bench) -> Node | None:
    """The schema of the request body in the sample's media type."""
    references, node = bench.references, bench.operation.node
    body = references.child(node, "requestBody")
    content = references.child(body, "content") if body is not None else None
    if content is not None and isinstance(content.value, dict):
        media = references.child(content, bench.sample.media_type or "application/json")
        return references.child(media, "schema") if media is not None else None
    swagger = next((each for each in bench.operation.parameters() if each.location == "body"), None)
    return swagger.schema() if swagger is not None else None


def takes(bench: Bench, value: Any) -> bool:
    """Whether the document allows this body for the bench's operation."""
    schema = body_schema(bench)
    if schema is None:
        return False
    from idemlint.openapi.validation import validator_for

    return validator_for(bench.references, schema, direction="request").is_valid(value)


def path_names(template: str) -> list[str]:
    """Names of a path template's parameters, in their order."""
    names = []
    for part in template.split("{")[1:]:
        name, brace, _ = part.partition("}")
        if brace:
            names.append(name)
    return names


def fill(template: str, arguments: Mapping[str, str]) -> str:
    for name, value in arguments.items():
        template = template.replace(f"{{{name}}}", quote(value, safe="-._~!$&'()*+,;=:@"))
    return template


def id_in(data: Any, name: str = "id", noun: str = "") -> str | None:
    """The id that a JSON answer holds for a path parameter: `payment_id`, else `id`; in it, or in what it wraps.

    `noun`: what is identified, `payment`, for answers such as `{"payment": {"id": ...}}`.
    """
    if data is NOT_JSON or not isinstance(data, dict):
        return None
    nouns = {noun, *(words(name).rpartition(" ")[0],)} - {""}
    wanted = [words(name), *(f"{each} id" for each in nouns)]
    for holder in (data, *_wrapped(data, nouns)):
        by_words = {words(str(key)[:_LONGEST_NAME]): value for key, value in islice(holder.items(), _MOST_MEMBERS)}
        for key in (*wanted, *ID_NAMES[:3]):
            if (found := _identifier(by_words.get(words(key)))) is not None:
                return found
        if holder is data and any(isinstance(data.get(each), (dict, list)) for each in _WRAPPERS):
            continue
        for key in ID_NAMES[3:]:
            if (found := _identifier(holder.get(key))) is not None:
                return found
    return None


def id_in_location(location: str, collection: str) -> str | None:
    """The last step of a Location below a collection: `pay_1` in `https://host/v1/payments/pay_1` for `/payments`."""
    steps = [unquote(step) for step in urlsplit(location).path.split("/") if step]
    if len(steps) < 2:
        return None
    last = [step for step in collection.split("/") if step][-1:]
    return steps[-1] if not last or last[0].startswith("{") or last[0] == steps[-2] else None


def _wrapped(data: dict[str, Any], nouns: set[str]) -> list[dict[str, Any]]:
    """The objects that an answer may have wrapped its resource in."""
    objects = {str(key): value for key, value in data.items() if isinstance(value, dict)}
    lists = {str(key): value[0] for key, value in data.items() if isinstance(value, list) and value}
    objects |= {key: value for key, value in lists.items() if isinstance(value, dict)}
    fitting = [
        value for key, value in objects.items() if key in _WRAPPERS or singular(words(key[:_LONGEST_NAME])) in nouns
    ]
    return fitting or (list(objects.values()) if len(objects) == 1 else [])


def _identifier(value: Any) -> str | None:
    if isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value not in (".", ".."):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
