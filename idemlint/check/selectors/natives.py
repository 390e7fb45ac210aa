"""The objects that a filter can name and a document cannot hold."""

from __future__ import annotations

from typing import Any, Final

from idemlint.check.function import UNDEFINED
from idemlint.check.javascript import Native
from idemlint.check.selectors.syntax import SelectorError


class RegExp(Native):
    """A regular expression literal."""

    __slots__ = ("flags", "pattern", "source", "text")

    def __init__(self, source: str, flags: str) -> None:
        from idemlint.openapi.ecma_regex import compile_pattern

        self.source = source
        self.flags = flags
        self.text = f"/{source}/{flags}"
        self.pattern = compile_pattern(source, flags)

    def test(self, text: str) -> bool:
        try:
            return self.pattern.search(text)
        except ValueError as error:
            raise self._too_costly(text) from error

    def match(self, text: str) -> list[Any] | None:
        """The whole match and its groups; with the flag `g` all matches."""
        try:
            if "g" in self.flags:
                return list(self.pattern.find_all(text)) or None
            groups = self.pattern.match_groups(text)
        except ValueError as error:
            raise self._too_costly(text) from error
        return None if groups is None else [UNDEFINED if group is None else group for group in groups]

    def _too_costly(self, text: str) -> SelectorError:
        size = f"a text of {len(text)} characters"
        return SelectorError(f"the regular expression /{self.source}/ takes too long on {size}", 0)


class Constructor(Native):
    """What `.constructor` and the global names `Array`, `Object`, … give; only its name and its functions matter."""

    __slots__ = ("name",)
    type = "function"

    def __init__(self, name: str) -> None:
        self.name = name


METHOD: Final = Constructor("Function")
"""A built-in method that is looked at, not called."""
CONSTRUCTORS: Final = {name: Constructor(name) for name in ("Array", "Boolean", "Number", "Object", "RegExp", "String")}
