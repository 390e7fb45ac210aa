"""One mapping of a profile's file, read strictly: wrong types and words, and members that nobody knows, are errors."""

from __future__ import annotations

from typing import Any, TypeVar

from idemlint.contract.profile import UNKNOWN, Code, Maybe, NameValue
from idemlint.errors import ConfigError

W = TypeVar("W", bound=str)


class Section:
    """One mapping of a profile, read member by member; `done` complains about members that nobody read."""

    def __init__(self, data: Any, where: str, source: str) -> None:
        self._where = where
        self.source = source
        if not isinstance(data, dict):
            raise self.error(f"must be a mapping, not {data!r}")
        self._data: dict[str, Any] = data
        self._read: list[str] = []

    def error(self, message: str, hint: str = "") -> ConfigError:
        return ConfigError(f"profile: {self._where}: {message}", source=self.source, hint=hint)

    def get(self, key: str) -> Any:
        self._read.append(key)
        return self._data.get(key)

    def section(self, key: str) -> Section:
        value = self.get(key)
        return Section({} if value is None else value, f"{self._where}.{key}".removeprefix("."), self.source)

    def done(self) -> None:
        for key in self._data:
            if key not in self._read:
                raise self.error(f"unknown member {key!r}", did_you_mean(key, tuple(self._read)))

    def word(self, key: str, words: tuple[W, ...]) -> W | None:
        value = self.get(key)
        for word in words:
            if value == word:
                return word
        if value is None:
            return None
        raise self.error(f"{key} {value!r} is not known", did_you_mean(str(value), (*words, "unknown")))

    def maybe_word(self, key: str, words: tuple[W, ...]) -> Maybe[W]:
        value = None if self.is_unknown(key) else self.word(key, words)
        return UNKNOWN if value is None else value

    def is_unknown(self, key: str) -> bool:
        return self.get(key) in (None, "unknown")

    def text(self, key: str) -> str | None:
        value = self.get(key)
        if value is not None and not isinstance(value, str):
            raise self.error(f"{key} must be text, not {value!r}", "put it in quotes")
        return value or None

    def maybe_text(self, key: str) -> Maybe[str]:
        value = None if self.is_unknown(key) else self.text(key)
        return UNKNOWN if value is None else value

    def maybe_number(self, key: str) -> Maybe[int]:
        if self.is_unknown(key):
            return UNKNOWN
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.error(f"{key} must be a whole number or unknown, not {value!r}")
        return value

    def flag(self, key: str) -> bool:
        value = self.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.error(f"{key} must be true or false, not {value!r}")
        return value is True

    def maybe_flag(self, key: str) -> Maybe[bool]:
        return UNKNOWN if self.is_unknown(key) else self.flag(key)

    def numbers(self, key: str) -> tuple[int, ...]:
        value = self.get(key)
        values = [] if value is None else value if isinstance(value, list) else [value]
        if any(isinstance(each, bool) or not isinstance(each, int) or each < 0 for each in values):
            raise self.error(f"{key} must be whole numbers, not {value!r}")
        return tuple(values)

    def statuses(self, key: str) -> tuple[int, ...]:
        value = self.get(key)
        if value is not None and not isinstance(value, list):
            raise self.error(f"{key} must be a list of HTTP statuses, not {value!r}", "for example [409]")
        statuses = self.numbers(key)
        if any(not 100 <= status <= 599 for status in statuses):
            raise self.error(f"{key}: {value!r} has something that is no HTTP status")
        return statuses

    def maybe_statuses(self, key: str) -> Maybe[tuple[int, ...]]:
        statuses = () if self.is_unknown(key) else self.statuses(key)
        return statuses or UNKNOWN

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.get(key)
        if value is not None and not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
            raise self.error(f"{key} must be a list of texts, not {value!r}")
        return tuple(value or ())

    def code(self, key: str) -> Code | None:
        value = self.get(key)
        if value is None:
            return None
        if isinstance(value, list):
            return Code(self.texts(key))
        section = self.section(key)
        code = Code(section.texts("in"), section.maybe_text("pointer"))
        section.done()
        return code

    def name_value(self, key: str) -> NameValue | None:
        if self.get(key) is None:
            return None
        section = self.section(key)
        name, value = section.text("name"), section.text("value")
        section.done()
        if name is None or value is None:
            raise section.error("needs name and value")
        return NameValue(name, value)


def did_you_mean(word: str, words: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    known = tuple(dict.fromkeys(words))
    close = get_close_matches(word.lower(), known, 1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
