"""`--only` and `--except`: which operations a run speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from idemlint.errors import UsageError

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Sequence

_METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "QUERY", "*"})


class Scope:
    """Operations matched by one of `only` (all, when empty) and by none of `excepted`.

    A pattern is `METHOD /path` with `*` (within one segment) and `**` (across segments), `/path` for every method, or
    `tag:NAME`. Methods compare without case; templates like `{id}` stand for themselves.
    """

    def __init__(self, only: Iterable[str], excepted: Iterable[str]) -> None:
        self._only = [_matcher(pattern) for pattern in only]
        self._excepted = [_matcher(pattern) for pattern in excepted]

    def __contains__(self, operation: object) -> bool:
        """`(label, tags)` as in `("POST /payments", ["Payments"])`."""
        label, tags = cast("tuple[str, Sequence[str]]", operation)
        if self._only and not any(matches(label, tags) for matches in self._only):
            return False
        return not any(matches(label, tags) for matches in self._excepted)


def _matcher(pattern: str) -> Callable[[str, Sequence[str]], bool]:
    text = pattern.strip()
    if text.startswith("tag:"):
        tag = _glob(text[4:].strip(), ignore_case=True)
        return lambda _label, tags: any(tag.fullmatch(name) is not None for name in tags)
    method, space, path = text.partition(" ")
    if not space:
        method, path = (text, "**") if text.upper() in _METHODS - {"*"} else ("*", text)
    path = path.strip()
    if not method or (method.upper() not in _METHODS and not method.isalpha()) or not path.startswith(("/", "*")):
        raise UsageError(
            f"{pattern!r} is no pattern for operations",
            hint="write 'POST /payments', '* /payments/**' or 'tag:Payments'",
        )
    # `POST *` means every path, although `*` alone stays within one segment
    label = _glob(path if path != "*" else "**")
    wanted = method.upper()

    def matches(operation: str, _tags: Sequence[str]) -> bool:
        name, _, template = operation.partition(" ")
        return wanted in ("*", name.upper()) and label.fullmatch(template) is not None

    return matches


def _glob(pattern: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """`**` is any text, `*` any text without a slash, `?` one character; a `/**` at the end includes the path itself."""
    import re

    whole_tree = pattern.endswith("/**")
    parts = re.split(r"(\*\*+|\*|\?)", pattern[:-3] if whole_tree else pattern)
    known = {"*": "[^/]*", "?": "[^/]"}
    expression = "".join(known.get(part, ".*" if part.startswith("**") else re.escape(part)) for part in parts)
    if whole_tree:
        expression += "(?:/.*)?"
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
