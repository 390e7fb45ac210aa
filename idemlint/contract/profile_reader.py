"""Plain data to `Profile`, strictly: an unknown member, word or type is an error with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from idemlint.contract.profile import (
    UNKNOWN,
    Carrier,
    Cors,
    Errors,
    InFlight,
    Key,
    Location,
    Malformed,
    Maybe,
    Mismatch,
    Missing,
    NameValue,
    Profile,
    Replay,
    Scope,
    Source,
    Stored,
    Ttl,
)
from idemlint.contract.section import Section, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEVELS: Final[tuple[Literal["must", "should"], ...]] = ("must", "should")
_LOCATIONS: Final[tuple[Location, ...]] = ("header", "body", "field", "parameter")
_QUOTED: Final[tuple[Literal["required", "forbidden"], ...]] = ("required", "forbidden")
_MISSING: Final[tuple[Literal["execute", "reject", "generate"], ...]] = ("execute", "reject", "generate")
_MISMATCH: Final[tuple[Literal["reject", "replay", "execute"], ...]] = ("reject", "replay", "execute")
_IN_FLIGHT: Final[tuple[Literal["reject", "block", "either"], ...]] = ("reject", "block", "either")
_REPLAY: Final[tuple[Literal["transparent", "refuse", "current"], ...]] = ("transparent", "refuse", "current")
_BYTES: Final[tuple[Literal["bytes"], ...]] = ("bytes",)
_GRADES: Final[tuple[Literal["primary", "secondary", "measured"], ...]] = ("primary", "secondary", "measured")
_TTL_KINDS: Final = ("exact", "at_least", "default", "range", "window", "per-api", "conflicting-copies", "never")


def read_profile(
    data: Mapping[str, Any], *, name: str, source: str, origin: Mapping[str, str] | None = None
) -> Profile:
    """A profile from its file's data; ConfigError tells the file (`origin`, by section), the member and the mend."""
    root = Section(dict(data), "", source)
    root.get("profile")
    sections = {
        key: Section(data.get(key) or {}, key, (origin or {}).get(key, source))
        for key in (
            "carrier",
            "key",
            "missing",
            "malformed",
            "mismatch",
            "in_flight",
            "replay",
            "stored",
            "scope",
            "ttl",
            "errors",
            "cors",
        )
    }
    profile = Profile(
        name=name,
        summary=root.text("summary") or "",
        carrier=_carrier(sections["carrier"]),
        key=_key(sections["key"]),
        methods=_methods(root),
        missing=_missing(sections["missing"]),
        malformed=Malformed(sections["malformed"].maybe_statuses("status")),
        mismatch=_mismatch(sections["mismatch"]),
        in_flight=_in_flight(sections["in_flight"]),
        replay=_replay(sections["replay"]),
        stored=_stored(sections["stored"]),
        scope=_scope(sections["scope"]),
        ttl=_ttl(sections["ttl"]),
        errors=Errors(sections["errors"].maybe_text("media"), sections["errors"].word("docs_link", _LEVELS)),
        cors=Cors(sections["cors"].texts("allow_headers")),
        sources=_sources(root),
        data=dict(data),
    )
    for key, section in sections.items():
        root.get(key)
        section.done()
    root.done()
    return profile


def _carrier(section: Section) -> Carrier:
    location = section.word("in", _LOCATIONS)
    carrier = Carrier(
        location or "header", section.maybe_text("name"), section.maybe_text("pointer"), section.text("companion")
    )
    if carrier.location == "body" and (carrier.pointer is UNKNOWN or not carrier.pointer.startswith("/")):
        raise section.error("a key in the body needs a JSON pointer", "for example `pointer: /idempotency_key`")
    if location is None and carrier.name is UNKNOWN:
        raise section.error("must say where the key travels", "for example `in: header` and `name: Idempotency-Key`")
    return carrier


def _key(section: Section) -> Key:
    required: Maybe[bool | Literal["per-operation"]]
    per_operation = section.get("required") == "per-operation"
    required = "per-operation" if per_operation else section.maybe_flag("required")
    return Key(
        section.maybe_number("min"),
        section.maybe_number("max"),
        section.maybe_number("max_bytes"),
        _pattern(section),
        section.maybe_word("quoted", _QUOTED),
        required,
        section.maybe_flag("case_sensitive"),
    )


_PATTERN_WORDS: Final = ("any", "ascii", "uuid", "guid", "uuid-v4", "uuid-v7", "uuid-v4-or-v7", "sf-string")


def _pattern(section: Section) -> Maybe[str]:
    pattern = section.maybe_text("pattern")
    if pattern is UNKNOWN or pattern in _PATTERN_WORDS:
        return pattern
    if not pattern.startswith("^"):
        raise section.error(
            f"pattern {pattern!r} is no known word", did_you_mean(pattern, (*_PATTERN_WORDS, "unknown"))
        )
    from idemlint.contract.schema_samples import compile_pattern

    try:
        compile_pattern(pattern)
    except ValueError as error:
        raise section.error(f"pattern {pattern!r} is no regular expression: {error}") from None
    return pattern


def _methods(root: Section) -> tuple[str, ...]:
    methods = root.texts("methods")
    if not methods:
        raise root.error("methods must name at least one HTTP method", "for example `methods: [POST]`")
    return tuple(method.upper() for method in methods)


def _missing(section: Section) -> Missing:
    return Missing(
        section.maybe_word("model", _MISSING),
        section.maybe_statuses("status"),
        section.code("code"),
        section.word("level", _LEVELS),
        section.flag("inferred"),
        section.text("grade"),
    )


def _mismatch(section: Section) -> Mismatch:
    return Mismatch(
        section.maybe_word("model", _MISMATCH),
        section.maybe_statuses("status"),
        section.code("code"),
        section.word("level", _LEVELS),
        section.text("resource_pointer"),
        section.word("compare", _BYTES),
        section.text("note"),
        section.text("grade"),
    )


def _in_flight(section: Section) -> InFlight:
    header = section.get("header")
    pair: NameValue | None = None
    if header is not None:
        if not (
            isinstance(header, dict) and len(header) == 1 and all(isinstance(each, str) for each in header.values())
        ):
            raise section.error("header must be one `name: 'value'`")
        pair = NameValue(*next(iter(header.items())))
    return InFlight(
        section.maybe_word("model", _IN_FLIGHT),
        section.maybe_statuses("status"),
        section.statuses("formerly"),
        section.code("code"),
        pair,
        section.word("level", _LEVELS),
    )


def _replay(section: Section) -> Replay:
    marker: Maybe[NameValue | None] = UNKNOWN
    if section.get("marker") == "none":
        marker = None
    elif not section.is_unknown("marker"):
        marker = section.name_value("marker")
    return Replay(
        section.maybe_word("model", _REPLAY),
        marker,
        section.maybe_statuses("status"),
        section.statuses("or_refuse_status"),
        section.code("code"),
        section.text("resource_pointer"),
        section.text("body_field"),
        section.text("echo_header"),
        section.name_value("result_header"),
        section.word("identity", _BYTES),
        section.maybe_flag("headers"),
        section.flag("transparent_preferred"),
        section.word("level", _LEVELS),
    )


def _stored(section: Section) -> Stored:
    server_error: Maybe[bool | Literal["contested"]]
    server_error = "contested" if section.get("server_error") == "contested" else section.maybe_flag("server_error")
    never = section.get("never") or []
    if not isinstance(never, list) or not all(isinstance(each, (int, str)) for each in never):
        raise section.error(f"never must be a list of statuses and words, not {never!r}")
    return Stored(section.maybe_flag("success"), section.maybe_flag("client_error"), server_error, tuple(never))


def _scope(section: Section) -> Scope:
    return Scope(section.maybe_text("endpoint"), section.maybe_text("principal"), section.maybe_text("region"))


def _ttl(section: Section) -> Ttl:
    return Ttl(section.maybe_word("kind", _TTL_KINDS), section.numbers("seconds"), section.statuses("outside_status"))


def _sources(root: Section) -> tuple[Source, ...]:
    value = root.get("sources")
    if value is not None and not isinstance(value, list):
        raise root.error("sources must be a list")
    sources = []
    for index, item in enumerate(value or ()):
        section = Section(item, f"sources[{index}]", root.source)
        url = section.text("url")
        grade = section.word("grade", _GRADES)
        if url is None or grade is None:
            raise section.error("needs url and grade (primary, secondary or measured)")
        sources.append(Source(url, grade, section.text("note") or ""))
        section.done()
    return tuple(sources)
