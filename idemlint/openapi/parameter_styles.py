"""Parameters as text and back: `style` and `explode` (OpenAPI 3), `collectionFormat` (Swagger 2.0).

OpenAPI 3.0.4, Style Values and appendix C (RFC 6570); Swagger 2.0, Parameter Object. Texts here are percent-decoded: an
item that holds the delimiter of its style cannot be told from two, which is so on the wire as well, since servers decode
before they split. Where a style has no form for a value (an object in `pipeDelimited`), it takes that of `form`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from idemlint.openapi.schema_bundle import Bundle, bundle_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.openapi.operations import Parameter

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?")
_DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|", "ssv": " ", "tsv": "\t", "pipes": "|"}
_DEFAULT_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
_SWAGGER_STYLES = {"csv", "ssv", "tsv", "pipes", "multi"}
_TYPES = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
_REPEATED = frozenset({"form", "multi", "pipeDelimited", "spaceDelimited"})
_MOST_PARTS = 100
_WORDS = {"true": True, "false": False}


class _Kind(NamedTuple):
    """What a schema lets a text be."""

    types: frozenset[str]
    """Empty where anything goes."""
    texts: frozenset[str]
    """Members of `enum` and `const` that are texts."""
    items: Any
    """The schema of an array's items; None where there is none."""
    properties: dict[str, Any]
    bundle: Bundle | None


class _Style(NamedTuple):
    name: str
    """A style of OpenAPI 3, a collection format of Swagger 2.0, or `content`."""
    exploded: bool


_INNER = _Style("simple", exploded=False)
"""How an array stands inside another, for which no style has a form."""


def coerce(text: str, schema: Any) -> Any:
    """A text read as the type that the schema asks for, `"12"` as 12; unchanged where it spells no such value.

    `schema` is one without references. Where texts and other types are both allowed, the other type wins, unless the text
    is a member of `enum`. An array or object stands as in the style `simple`.
    """
    return _coerce(text, _kind(schema, None), _INNER)


def decode_parameter(parameter: Parameter, raw: list[str]) -> Any:
    """The value that a parameter's texts stand for; None for no text, unless the parameter is an array.

    `raw` are the texts that carry it, see `parameter_texts`: one for a path or header parameter; for a query or cookie
    parameter the value of each pair of its name; `name=value` for each pair of an object that is spread over several
    (`deepObject`, and an exploded object of the style `form`).
    """
    style = _style(parameter)
    kind = _parameter_kind(parameter)
    if style.name == "content":
        return _json(raw[0]) if raw else None
    if _spread(style, kind):
        return _members(parameter.name, style, raw, kind)
    if not raw:
        return [] if kind.types == {"array"} else None
    if "array" in kind.types and style.exploded and style.name in _REPEATED:
        item = _kind(kind.items, kind.bundle)
        return [_coerce(one, item, _INNER) for one in raw]
    if style.name == "matrix":
        return _matrix(parameter.name, raw[0], kind, style)
    return _coerce(raw[0].removeprefix(".") if style.name == "label" else raw[0], kind, style)


def encode_parameter(parameter: Parameter, value: Any) -> list[tuple[str, str]] | str:
    """Pairs of name and text for a query parameter (a form field, in Swagger 2.0, too), a text for one of any other kind.

    Nothing is percent-encoded: that is the business of whoever builds the URL.
    """
    style = _style(parameter)
    name = parameter.name
    paired = parameter.location in {"query", "formData", "querystring"}
    if style.name == "content":
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return [(name, text)] if paired else text
    if style.name == "deepObject" and type(value) is dict:
        return _deep(name, value)
    if paired and style.exploded and type(value) in (dict, list) and style.name != "csv":
        if type(value) is list:
            return [(name, _text(item)) for item in value]
        return [(key, _text(item)) for key, item in value.items()]
    text = _joined(name, value, style)
    return [(name, text)] if paired else text


def parameter_texts(parameter: Parameter, pairs: list[tuple[str, str]]) -> list[str]:
    """Those pairs of a query, form or cookie that carry the parameter, as `decode_parameter` takes them."""
    style = _style(parameter)
    if style.name == "deepObject":
        prefix = parameter.name + "["
        return [f"{name}={text}" for name, text in pairs if name.startswith(prefix)]
    kind = _parameter_kind(parameter)
    if _spread(style, kind):
        return [f"{name}={text}" for name, text in pairs if not kind.properties or name in kind.properties]
    return [text for name, text in pairs if name == parameter.name or name == parameter.name + "[]"]


def _style(parameter: Parameter) -> _Style:
    value = parameter.node.value
    if "schema" not in value and type(value.get("content")) is dict:
        return _Style("content", exploded=False)
    format_ = value.get("collectionFormat")
    if format_ in _SWAGGER_STYLES:
        return _Style(format_, exploded=format_ == "multi")
    if "schema" not in value and "style" not in value and "type" in value:
        return _Style("csv", exploded=False)
    style = value.get("style")
    if type(style) is not str:
        style = _DEFAULT_STYLES.get(parameter.location, "form")
    if style == "cookie":
        style = "form"
    explode = value.get("explode")
    return _Style(style, exploded=explode if type(explode) is bool else style == "form")


def _spread(style: _Style, kind: _Kind) -> bool:
    """Whether each member of an object is a pair of its own."""
    return style.name == "deepObject" or (style.exploded and style.name in _REPEATED and "object" in kind.types)


def _parameter_kind(parameter: Parameter) -> _Kind:
    node = parameter.schema()
    if node is None:
        return _kind(None, None)
    memo = parameter.references.schema_memo
    key = ("kind", id(node.value))
    known: tuple[_Kind, Any] | None = memo.get(key)
    if known is None:
        bundle = bundle_for(parameter.references, "request")
        known = memo[key] = (_kind(bundle.definitions[bundle.define(node)], bundle), node.value)
    return known[0]


def _kind(schema: Any, bundle: Bundle | None) -> _Kind:
    """Gathered from the schema and what it combines."""
    types: set[str] = set()
    texts: set[str] = set()
    items: Any = None
    properties: dict[str, Any] = {}
    for part in _parts(schema, bundle):
        held = part.get("type")
        types.update(name for name in (held if type(held) is list else [held]) if type(name) is str)
        if part.get("nullable") is True:
            types.add("null")
        choices = part.get("enum")
        choices = [*(choices if type(choices) is list else []), *([part["const"]] if "const" in part else [])]
        texts.update(choice for choice in choices if type(choice) is str)
        if held is None:
            types.update(_TYPES.get(type(choice), "object") for choice in choices)
        items = part.get("items", items)
        if type(part.get("properties")) is dict:
            properties = part["properties"] | properties
    if not types and (items is not None or properties):
        types.add("object" if items is None else "array")
    return _Kind(frozenset(types), frozenset(texts), items, properties, bundle)


def _parts(schema: Any, bundle: Bundle | None) -> Iterator[dict[str, Any]]:
    """The schema, what its `$ref` names, and the branches of `allOf`, `oneOf` and `anyOf`."""
    pending = [schema]
    seen: set[int] = set()
    while pending and len(seen) < _MOST_PARTS:
        part = pending.pop(0)
        if type(part) is not dict or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        if bundle is not None and "$ref" in part:
            pending.append(bundle.target(part))
        for keyword in ("allOf", "oneOf", "anyOf"):
            held = part.get(keyword)
            pending.extend(held if type(held) is list else ())


def _coerce(text: str, kind: _Kind, style: _Style) -> Any:
    types = kind.types
    if text in kind.texts or not types or types == {"string"}:
        return text
    if "integer" in types and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in types and _NUMBER.fullmatch(text):
        return int(text) if _INTEGER.fullmatch(text) else float(text)
    if "boolean" in types and text in _WORDS:
        return _WORDS[text]
    if "null" in types and (text == "null" or (not text and "string" not in types)):
        return None
    if "array" in types and "string" not in types:
        item = _kind(kind.items, kind.bundle)
        return [_coerce(one, item, _INNER) for one in text.split(_delimiter(style))] if text else []
    if "object" in types and "string" not in types:
        return _object(text, kind, style)
    return text


def _object(text: str, kind: _Kind, style: _Style) -> Any:
    """`R,100,G,200`, or `R=100,G=200` if exploded; the text if it is neither."""
    if not text:
        return {}
    parts = text.split(_delimiter(style))
    if style.exploded and style.name in {"simple", "label"}:
        if not all("=" in part for part in parts):
            return text
        return {name: _member(name, held, kind) for name, held in (part.split("=", 1) for part in parts)}
    if len(parts) % 2:
        return text
    return {name: _member(name, held, kind) for name, held in zip(parts[::2], parts[1::2], strict=True)}


def _member(name: str, text: str, kind: _Kind) -> Any:
    return _coerce(text, _kind(kind.properties.get(name), kind.bundle), _INNER)


def _delimiter(style: _Style) -> str:
    return "." if style.name == "label" and style.exploded else _DELIMITERS.get(style.name, ",")


def _members(name: str, style: _Style, raw: list[str], kind: _Kind) -> Any:
    """`color[R]=100` or, of the style `form`, `R=100` for each member."""
    found: dict[str, Any] = {}
    for one in raw:
        key, _, text = one.partition("=")
        if style.name == "deepObject":
            if not (key.startswith(name + "[") and key.endswith("]")):
                continue
            key = key[len(name) + 1 : -1]
        inner = _kind(kind.properties.get(key.partition("[")[0].rstrip("]")), kind.bundle)
        if "array" in inner.types and style.name == "deepObject":
            item = _coerce(text, _kind(inner.items, kind.bundle), _INNER)
            found.setdefault(key.removesuffix("]["), []).append(item)
        else:
            found[key] = _coerce(text, inner, _INNER)
    return found if raw else None


def _matrix(name: str, text: str, kind: _Kind, style: _Style) -> Any:
    """`;color=blue,black`, exploded `;color=blue;color=black`; an exploded object is `;R=100;G=200`."""
    parts = [part.partition("=") for part in text.removeprefix(";").split(";")] if text else []
    if style.exploded and "object" in kind.types:
        return {key: _member(key, held, kind) for key, _, held in parts}
    if style.exploded and "array" in kind.types:
        item = _kind(kind.items, kind.bundle)
        return [_coerce(held, item, _INNER) for key, _, held in parts if key == name]
    held = next((held for key, _, held in parts if key == name), "")
    return _coerce(held, kind, _INNER)


def _deep(name: str, value: dict[str, Any]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, item in value.items():
        if type(item) is list:
            pairs.extend((f"{name}[{key}][]", _text(one)) for one in item)
        else:
            pairs.append((f"{name}[{key}]", _text(item)))
    return pairs


def _joined(name: str, value: Any, style: _Style) -> str:
    delimiter = _delimiter(style)
    matrix = style.name == "matrix"
    if matrix and style.exploded and type(value) is list:
        return "".join(f";{name}={_text(item)}" for item in value)
    if matrix and style.exploded and type(value) is dict:
        return "".join(f";{key}={_text(item)}" for key, item in value.items())
    if type(value) is list:
        text = delimiter.join(map(_text, value))
    elif type(value) is dict and style.exploded and style.name in {"simple", "label"}:
        text = delimiter.join(f"{key}={_text(item)}" for key, item in value.items())
    elif type(value) is dict:
        text = delimiter.join(part for key, item in value.items() for part in (key, _text(item)))
    else:
        text = _text(value)
    if matrix:
        return f";{name}={text}" if text else f";{name}"
    return "." + text if style.name == "label" else text


def _text(value: Any) -> str:
    """A value without a style of its own: `true`, `1.5`, nothing for null; what nests is joined by commas."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if type(value) is list:
        return ",".join(map(_text, value))
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
