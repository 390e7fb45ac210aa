"""What the options of `idemlint probe` mean: documents, principals, and which operations are wanted."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from idemlint.errors import DocumentError, UsageError
from idemlint.openapi.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import References
    from idemlint.probe.principals import Principal


_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A field's name (RFC 9110, section 5.6.2)."""


def read_references(source: str, *, allow_remote: bool) -> References:
    """The document with what it refers to. DocumentError for whatever is wrong with it."""
    from idemlint.openapi.document import parse, read
    from idemlint.openapi.references import Policy, References

    if source == "-":
        from idemlint.cli.documents import read_stdin
        from idemlint.openapi.limits import DEFAULT_LIMITS

        document = parse(read_stdin(DEFAULT_LIMITS.max_bytes), "<stdin>")
    else:
        document = read(os.path.abspath(source))
    if not isinstance(document.data, dict) or not ({"openapi", "swagger"} & set(document.data)):
        raise DocumentError(
            "not an OpenAPI document: it has no member openapi or swagger",
            source=document.source,
            hint="give the API's OpenAPI or Swagger file",
        )
    return References(document, Policy(allow_remote=allow_remote))


def wanted_by(only: Sequence[str], excepted: Sequence[str]) -> Callable[[Operation], bool]:
    """`--only` and `--except` as a question about an operation."""
    scope = Scope(only, excepted)
    return lambda operation: (operation.label, operation.tags) in scope


def ensure_matches(only: Sequence[str], references: References) -> None:
    """UsageError for a pattern of `--only` that matches no operation of the document: a run of nothing looks green."""
    from difflib import get_close_matches

    from idemlint.openapi.operations import operations

    known = operations(references)
    for pattern in only:
        if not any(map(wanted_by((pattern,), ()), known)):
            close = get_close_matches(pattern, [each.label for each in known], 1)
            hint = f"did you mean {close[0]!r}?" if close else "it is written as 'POST /payments' or '* /payments/**'"
            raise UsageError(f"--only {pattern!r} matches no operation of the document", hint=hint)


def principals_of(headers: Sequence[str], auth: Sequence[str], second: Sequence[str]) -> dict[str, Principal]:
    """`-H`, `--auth` and `--second-principal` as principals `A` and, if there is one, `B`."""
    from idemlint.probe.principals import FIRST, SECOND, Principal

    first = [_header(text) for text in headers]
    for text in auth:
        name, equals, value = text.partition("=")
        if not equals or not _TOKEN.fullmatch(name.strip()):
            raise UsageError(f"--auth {text!r} is not NAME=env:VAR", hint="--auth Authorization=env:TOKEN")
        first.append((name.strip(), _value(value, f"--auth {name}")))
    found = {FIRST: Principal(FIRST, tuple(first))}
    if second:
        found[SECOND] = Principal(SECOND, tuple(_header(text) for text in second))
    return found


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not _TOKEN.fullmatch(name.strip()):
        raise UsageError(
            f"{text!r} is no header", hint="write it as 'Authorization: Bearer ...' or 'Authorization: env:VAR'"
        )
    return name.strip(), _value(value.strip(), name.strip())


def _value(text: str, what: str) -> str:
    """The value itself, or that of a variable: `env:TOKEN`, `Bearer env:TOKEN`."""
    before, mark, variable = text.partition("env:")
    if not mark:
        value = text
    else:
        known = os.environ.get(variable.strip())
        if known is None:
            raise UsageError(
                f"{what}: the variable {variable.strip()} is not set", hint=f"export {variable.strip()}=..."
            )
        value = before + known
    if any(character in value for character in "\r\n\0"):
        raise UsageError(f"{what}: a header's value holds no line break", hint="look for a trailing newline")
    return value
