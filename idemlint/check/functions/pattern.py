"""`pattern`: a text must match, or must not match, an ECMAScript regular expression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.function import Function, Issue
from idemlint.check.javascript import print_value
from idemlint.openapi.ecma_regex import PatternCostError, compile_pattern

if TYPE_CHECKING:
    from idemlint.check.function import RuleContext
    from idemlint.openapi.ecma_regex import Pattern


def compile_option(text: str) -> Pattern:
    """The pattern that `match` or `notMatch` names: `/source/flags`, or the bare source. Raises `PatternError`."""
    end = text.rfind("/")
    flags = text[end + 1 :]
    if text.startswith("/") and end > 1 and (not flags or (flags.isascii() and flags.isalpha() and flags.islower())):
        source = text[1:end]
        if not any(char in source for char in "\n\r\u2028\u2029"):
            return compile_pattern(source, flags)
    return compile_pattern(text)


def run(target: Any, options: Any, _context: RuleContext) -> list[Issue]:
    """Raises `PatternError` for an invalid pattern; one too costly for the text is an issue of its own."""
    if not isinstance(target, str):
        return []
    issues = []
    for option, verb in (("match", "must match"), ("notMatch", "must not match")):
        if option not in options:
            continue
        text = options[option]
        try:
            found = compile_option(text).search(target)
        except PatternCostError as error:
            issues.append(Issue(f"cannot be matched against the pattern {print_value(text)}: {error.message}"))
            continue
        if found is not (option == "match"):
            issues.append(Issue(f'#{{{{print("value")}}}} {verb} the pattern {print_value(text)}'))
    return issues


FUNCTION = Function(
    "pattern",
    run,
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {"match": {"type": "string"}, "notMatch": {"type": "string"}},
        "minProperties": 1,
    },
)
