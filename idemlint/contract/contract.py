"""The effective settings that `check` holds a document to: a profile's promises with the configuration on top.

No file is read for `DEFAULT`: a check without a profile never loads one. What a profile does not know is not held
against a document (`Contract.unknown` lists it), because an unknown may never be filled from what everyone does.
"""

from __future__ import annotations

from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Final

    from idemlint.contract.profile import Profile
    from idemlint.errors import ConfigError

KEY_FORMATS: Final = ("uuid", "uuid4", "uuid7", "ulid", "pattern", "any")
"""What a key has to be. `uuid` is any version in the 8-4-4-4-12 spelling (RFC 9562, section 4), `ulid` 26 characters of
Crockford's base 32, `pattern` whatever `Contract.pattern` finds, `any` every string within the lengths."""

SETTINGS: Final = (
    "header",
    "methods",
    "key-format",
    "pattern",
    "min-length",
    "max-length",
    "required",
    "conflict-statuses",
)
"""What `[tool.idemlint.contract]` may set."""

CARRIERS: Final = {"header": "header", "body": "body member", "field": "field", "parameter": "parameter"}
"""What messages call each place where a key may be carried."""

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_TOKEN: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_STATUS: Final = 3


class Contract(NamedTuple):
    """What the base rules ask of each operation in scope."""

    profile: str = ""
    """Name of the profile that the settings come from; empty for idemlint's own default."""
    carrier: str = "header"
    """Where the key travels: `header`; `body` (a member of the JSON body); `field` and `parameter` (a query or form
    parameter, or a member of the body)."""
    header: str = "Idempotency-Key"
    """Name of the header, compared without regard to case. Means nothing unless `carrier` is `header`."""
    field: str = ""
    """JSON pointer of the body's member (`/idempotency_key`), or the name of the field or parameter."""
    methods: frozenset[str] = frozenset({"post", "patch"})
    """Methods whose operations are in scope, in lower case."""
    key_format: str = "uuid"
    """One of `KEY_FORMATS`."""
    pattern: str | None = None
    """ECMA-262 regular expression, searched for and not anchored; just with `key_format` `pattern`."""
    min_length: int | None = None
    """Least length of a key in characters, where it says more than "not empty"."""
    max_length: int | None = None
    """Greatest length of a key in characters."""
    required: bool = True
    """True: each operation in scope has to require the key. False: declaring it is enough."""
    conflict_statuses: tuple[str, ...] = ("409",)
    """Statuses of the answer to a duplicate that cannot be served; an operation has to declare one of them. Empty: the
    profile does not say, and the two conflict rules have nothing to ask."""
    unknown: tuple[str, ...] = ()
    """Settings that the profile leaves open, and which are therefore not checked."""

    @property
    def carrier_name(self) -> str:
        """How messages call the key: `Idempotency-Key`, `/idempotency_key`, `ClientToken`."""
        return self.header if self.carrier == "header" else self.field

    @classmethod
    def from_profile(cls, profile: Profile, settings: Mapping[str, Any] | None = None, *, source: str = "") -> Contract:
        """The contract that `profile` states, with `settings` (see `SETTINGS`) on top.

        ConfigError when a setting is wrong, or when the profile does not know the header's name and `settings` does not
        give it.
        """
        from idemlint.contract.from_profile import contract_of

        contract = contract_of(profile)
        contract = cls.from_settings(settings or {}, contract, source=source)
        if contract.carrier == "header" and not contract.header:
            from idemlint.errors import ConfigError

            raise ConfigError(
                f"profile {profile.name!r} does not know the name of its header",
                hint='set it: `header = "..."` under [tool.idemlint.contract]',
            )
        return contract

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], base: Contract | None = None, *, source: str = "") -> Contract:
        """`base` (default: `DEFAULT`) with what `[tool.idemlint.contract]` sets; ConfigError names the setting."""
        contract = DEFAULT if base is None else base
        if not settings:
            return contract
        return contract._replace(**_checked(settings, contract, source))


DEFAULT: Final = Contract()
"""What `check` asks when nothing else is said: POST and PATCH, `Idempotency-Key` required, a UUID, 409 declared."""


def _checked(settings: Mapping[str, Any], base: Contract, source: str) -> dict[str, Any]:
    """Settings as fields of `Contract`."""
    fields: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in SETTINGS:
            raise _error(f"unknown setting {name!r}", source, _did_you_mean(str(name), SETTINGS))
        fields[name.replace("-", "_")] = _READERS[name](name, value, source)
    if "header" in fields:
        fields.update(carrier="header", field="")
    if "pattern" in fields and "key_format" not in fields:
        fields["key_format"] = "pattern"
    if fields.get("key_format") == "pattern" and fields.get("pattern", base.pattern) is None:
        raise _error(
            "key-format 'pattern' needs a pattern", source, 'add `pattern = "^[A-Za-z0-9_-]{16,64}$"` or the like'
        )
    if "key_format" in fields and fields["key_format"] != "pattern":
        if "pattern" in fields:
            raise _error(
                f"pattern says nothing beside key-format {fields['key_format']!r}", source, "use key-format 'pattern'"
            )
        fields["pattern"] = None
    least = fields.get("min_length", base.min_length)
    greatest = fields.get("max_length", base.max_length)
    if least is not None and greatest is not None and least > greatest:
        raise _error(f"min-length {least} is more than max-length {greatest}", source, "no key could be valid")
    known = {name.replace("_", "-") for name in fields}
    fields["unknown"] = tuple(name for name in base.unknown if name not in known)
    return fields


def _error(message: str, source: str, hint: str) -> ConfigError:
    from idemlint.errors import ConfigError

    return ConfigError(f"contract: {message}", source=source, hint=hint)


def _did_you_mean(word: str, words: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word.lower().replace("_", "-"), words, 1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(words)}"


def _header(name: str, value: object, source: str) -> str:
    if not isinstance(value, str) or not value or not _TOKEN.issuperset(value):
        raise _error(f"{name} must be the name of a header, not {value!r}", source, "for example 'Idempotency-Key'")
    return value


def _methods(name: str, value: object, source: str) -> frozenset[str]:
    if not isinstance(value, (list, tuple)) or not value or not all(isinstance(each, str) and each for each in value):
        raise _error(f"{name} must be a list of HTTP methods, not {value!r}", source, 'for example ["POST", "PATCH"]')
    methods = frozenset(each.lower() for each in value)
    for method in sorted(methods):
        if method not in _METHODS:
            from difflib import get_close_matches

            close = get_close_matches(method, _METHODS, 1)
            if close or not _TOKEN.issuperset(method):
                hint = f"did you mean {close[0].upper()!r}?" if close else f"known are {', '.join(_METHODS)}"
                raise _error(f"{name}: {method.upper()!r} is no HTTP method", source, hint)
    return methods


def _key_format(name: str, value: object, source: str) -> str:
    if not isinstance(value, str) or value not in KEY_FORMATS:
        raise _error(f"{name} {value!r} is not known", source, _did_you_mean(str(value), KEY_FORMATS))
    return value


def _pattern(name: str, value: object, source: str) -> str:
    from idemlint.contract.schema_samples import compile_pattern

    if not isinstance(value, str):
        raise _error(f"{name} must be a regular expression, not {value!r}", source, "write it as a string")
    try:
        compile_pattern(value)
    except ValueError as error:
        raise _error(f"{name} {value!r} is no regular expression: {error}", source, "ECMAScript's syntax") from None
    return value


def _length(name: str, value: object, source: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _error(f"{name} must be a whole number from 1, not {value!r}", source, "it counts characters")
    return value


def _required(name: str, value: object, source: str) -> bool:
    if not isinstance(value, bool):
        raise _error(f"{name} must be true or false, not {value!r}", source, "false: declaring the key is enough")
    return value


def _statuses(name: str, value: object, source: str) -> tuple[str, ...]:
    statuses = [str(each) for each in value if not isinstance(each, bool)] if isinstance(value, (list, tuple)) else []
    if not statuses or not all(each.isdecimal() and len(each) == _STATUS and each[0] in "12345" for each in statuses):
        raise _error(f"{name} must be a list of HTTP status codes, not {value!r}", source, "for example [409]")
    return tuple(dict.fromkeys(statuses))


_READERS: Final = {
    "header": _header,
    "methods": _methods,
    "key-format": _key_format,
    "pattern": _pattern,
    "min-length": _length,
    "max-length": _length,
    "required": _required,
    "conflict-statuses": _statuses,
}
