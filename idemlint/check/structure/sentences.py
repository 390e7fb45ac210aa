"""What is wrong, in a sentence: for each keyword of JSON Schema that the meta-schemas of OpenAPI use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jsonschema.exceptions import ValidationError

    from idemlint.findings import Path

_KINDS: Final = {
    "object": "a mapping",
    "array": "a list",
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_LONGEST: Final = 60


def code(value: object) -> str:
    """In backticks, cut when it is long."""
    text = value if isinstance(value, str) else _json(value)
    return f"`{text if len(text) <= _LONGEST else text[:_LONGEST] + '...'}`"


def names(values: Iterable[str]) -> str:
    return _joined(values, "and")


def either(values: Iterable[str]) -> str:
    return _joined(values, "or")


def subject(path: Path) -> str:
    """How sentences call the place: its key, `parameters[0]`, or the document."""
    if not path:
        return "the document"
    indices = ""
    for step in reversed(path):
        if isinstance(step, str):
            return code(step + indices)
        indices = f"[{step}]{indices}"
    return code(indices)


def one_of(path: Path, given: Any, values: Sequence[Any]) -> tuple[str, str]:
    """A value that is none of those allowed, and the one that was perhaps meant."""
    from difflib import get_close_matches

    texts = [value for value in values if isinstance(value, str)]
    close = get_close_matches(given[:100], texts, 1) if isinstance(given, str) else []
    mend = f"did you mean {code(close[0])}?" if close else "put it into quotes" if _json(given) in texts else ""
    allowed = f"one of {either(map(_json_or_text, values))}" if len(values) > 1 else code(values[0])
    return f"{subject(path)} must be {allowed}, not {_given(given)}", mend


def said_of(error: ValidationError, path: Path) -> tuple[str, str]:
    """The sentence for an error without alternatives, and how to mend it, if there is a word to say."""
    wanted: Any = error.validator_value
    about = subject(path)
    keyword = error.validator
    if keyword == "type":
        kinds = [_KINDS.get(kind, kind) for kind in ([wanted] if isinstance(wanted, str) else wanted)]
        mend = "put it into quotes" if wanted == "string" and isinstance(error.instance, (int, float)) else ""
        return f"{about} must be {' or '.join(kinds)}, not {_kind(error.instance)}", mend
    if keyword in ("enum", "const"):
        return one_of(path, error.instance, wanted if keyword == "enum" else [wanted])
    if keyword == "not" and isinstance(wanted, dict) and isinstance(wanted.get("required"), list):
        members = wanted["required"]
        if len(members) > 1:
            return f"{about} has {names(members)}, which exclude each other", "keep one of them"
        return f"{about} does not take {names(members)} together with its other members", ""
    sentences = {
        "pattern": "{} does not have the form that is asked for: {} does not match {}",
        "minItems": "{} has too few items",
        "maxItems": "{} has too many items",
        "minProperties": "{} has too few members",
        "maxProperties": "{} has more members than it may",
        "uniqueItems": "{} holds the same item twice",
        "minLength": "{} is too short",
        "minimum": "{} must be at least {2}, not {1}",
        "maximum": "{} must be at most {2}, not {1}",
        "exclusiveMinimum": "{} must be more than {2}, not {1}",
        "format": "{}: {} is no {}",
    }
    if keyword in sentences:
        return sentences[keyword].format(about, code(error.instance), code(wanted)), ""
    if wanted is False or error.schema is False:
        return f"{about} is not allowed here", ""
    return f"{about}: {error.message[:200]}", ""


def _given(value: Any) -> str:
    return _kind(value) if isinstance(value, (dict, list)) else code(value)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return code(value)
    if isinstance(value, str):
        return f"the string {code(value)}"
    if isinstance(value, (int, float)):
        return f"the number {code(value)}"
    return _KINDS["object" if isinstance(value, dict) else "array"]


def _joined(values: Iterable[str], word: str) -> str:
    quoted = [code(value) for value in values]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {word} {quoted[-1]}"


def _json(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, default=str)[: _LONGEST * 2]


def _json_or_text(value: object) -> str:
    return value if isinstance(value, str) else _json(value)
