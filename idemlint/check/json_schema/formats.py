"""`format` and the limits on it: the formats that ajv-formats 2.1 knows in its full mode, with its verdicts.

Formats that are not in the table are ignored, as Spectral has it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from idemlint.check.json_schema.values import is_integer

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.check.json_schema.errors import Evaluated, Failures, Trail
    from idemlint.check.json_schema.place import Check, Place

# JavaScript's \s, which is not Python's.
_SPACE = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_IGNORE_CASE = re.ASCII | re.IGNORECASE
_DAYS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_UNRESERVED = r"a-z0-9\-._~"
_SUB_DELIMITERS = r"!$&'()*+,;="
_ESCAPED = r"%[0-9a-f]{2}"
_OCTET = r"(?:25[0-5]|2[0-4]\d|[01]?\d\d?)"
_IPV4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
_HEX = "[0-9a-f]{1,4}"
_LOW32 = rf"(?:{_HEX}:{_HEX}|{_IPV4})"
_IPV6 = (
    rf"(?:(?:{_HEX}:){{6}}{_LOW32}|::(?:{_HEX}:){{5}}{_LOW32}|(?:{_HEX})?::(?:{_HEX}:){{4}}{_LOW32}"
    rf"|(?:(?:{_HEX}:){{0,1}}{_HEX})?::(?:{_HEX}:){{3}}{_LOW32}|(?:(?:{_HEX}:){{0,2}}{_HEX})?::(?:{_HEX}:){{2}}{_LOW32}"
    rf"|(?:(?:{_HEX}:){{0,3}}{_HEX})?::{_HEX}:{_LOW32}|(?:(?:{_HEX}:){{0,4}}{_HEX})?::{_LOW32}"
    rf"|(?:(?:{_HEX}:){{0,5}}{_HEX})?::{_HEX}|(?:(?:{_HEX}:){{0,6}}{_HEX})?::)"
)
_TEMPLATE_NAME = rf"(?:[a-z0-9_]|{_ESCAPED})+(?::[1-9][0-9]{{0,3}}|\*)?"
_LABEL = "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOMAIN = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_BEYOND_ASCII = "a-z0-9\u00a1-\uffff"


def _uri_pattern(*, relative: bool) -> str:
    """RFC 3986, appendix A, in ajv-formats' reading."""
    character = (
        rf"(?:[{_UNRESERVED}{_SUB_DELIMITERS}:@\"]|{_ESCAPED})"
        if relative
        else (rf"(?:[{_UNRESERVED}{_SUB_DELIMITERS}:@]|{_ESCAPED})")
    )
    tail = rf"(?:[{_UNRESERVED}{_SUB_DELIMITERS}:@/?{chr(34) if relative else ''}]|{_ESCAPED})*"
    quote = '"' if relative else ""
    host = (
        rf"(?:\[(?:{_IPV6}|v[0-9a-f]+\.[{_UNRESERVED}{_SUB_DELIMITERS}:]+)\]|{_IPV4}"
        rf"|(?:[{_UNRESERVED}{_SUB_DELIMITERS}{quote}]|{_ESCAPED})*)"
    )
    user = rf"(?:(?:[{_UNRESERVED}{_SUB_DELIMITERS}:]|{_ESCAPED})*@)?"
    segments = rf"{character}+(?:/{character}*)*"
    authority = rf"/?/{user}{host}(?::\d*)?(?:/{character}*)*"
    paths = rf"(?:{authority}|/(?:{segments})?|{segments})" + ("?" if relative else "")
    scheme = r"(?:[a-z][a-z0-9+\-.]*:)" + ("?" if relative else "")
    return rf"{scheme}{paths}(?:\?{tail})?(?:#{tail})?"


_PATTERNS: dict[str, Callable[[], str]] = {
    "duration": lambda: r"P(?!\Z)(?:(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?|(?:\d+W)?)",
    "uri": lambda: _uri_pattern(relative=False),
    "uri-reference": lambda: _uri_pattern(relative=True),
    "uri-template": lambda: (
        rf"(?:[^\x00-\x20\"'<>%\\^`{{|}}]|{_ESCAPED}|\{{[+#./;?&=,!@|]?{_TEMPLATE_NAME}(?:,{_TEMPLATE_NAME})*\}})*"
    ),
    "url": lambda: (
        rf"(?:https?|ftp)://(?:[^{_SPACE}]+(?::[^{_SPACE}]*)?@)?"
        r"(?:(?!(?:10|127)(?:\.\d{1,3}){3})(?!(?:169\.254|192\.168)(?:\.\d{1,3}){2})"
        r"(?!172\.(?:1[6-9]|2\d|3[0-1])(?:\.\d{1,3}){2})(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3])"
        r"(?:\.(?:1?\d{1,2}|2[0-4]\d|25[0-5])){2}(?:\.(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4]))"
        rf"|(?:(?:[{_BEYOND_ASCII}]+-)*[{_BEYOND_ASCII}]+)(?:\.(?:[{_BEYOND_ASCII}]+-)*[{_BEYOND_ASCII}]+)*"
        rf"(?:\.(?:[a-z\u00a1-\uffff]{{2,}})))(?::\d{{2,5}})?(?:/[^{_SPACE}]*)?"
    ),
    "email": lambda: rf"{_ATOM}(?:\.{_ATOM})*@(?:{_DOMAIN}\.)+{_DOMAIN}",
    "hostname": lambda: rf"(?=.{{1,253}}\.?\Z){_LABEL}(?:\.{_LABEL})*\.?",
    "ipv4": lambda: _IPV4,
    "uuid": lambda: "(?:urn:uuid:)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}",
    "json-pointer": lambda: "(?:/(?:[^~/]|~0|~1)*)*",
    "json-pointer-uri-fragment": lambda: rf"#(?:/(?:[a-z0-9_\-.!$&'()*+,;:=@]|{_ESCAPED}|~0|~1)*)*",
    "relative-json-pointer": lambda: "(?:0|[1-9][0-9]*)(?:#|(?:/(?:[^~/]|~0|~1)*)*)",
}
_CASE_COUNTS = frozenset(["duration", "json-pointer", "relative-json-pointer"])


@lru_cache
def _compiled(name: str) -> re.Pattern[str]:
    return re.compile(_PATTERNS[name](), re.ASCII if name in _CASE_COUNTS else _IGNORE_CASE)


def _matches(name: str) -> Callable[[Any], bool]:
    return lambda text: _compiled(name).fullmatch(text) is not None


def _uri(text: str) -> bool:
    return ("/" in text or ":" in text) and _compiled("uri").fullmatch(text) is not None


def _date(text: str) -> bool:
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text, re.ASCII)
    if match is None:
        return False
    year, month, day = (int(part) for part in match.groups())
    if not 1 <= month <= 12:
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= day <= (29 if month == 2 and leap else _DAYS[month])


def _time_parts(text: str) -> re.Match[str] | None:
    return re.fullmatch(r"(\d\d):(\d\d):(\d\d)(\.\d+)?(z|[+-]\d\d(?::?\d\d)?)?", text, _IGNORE_CASE)


def _time(text: str) -> bool:
    match = _time_parts(text)
    if match is None:
        return False
    hour, minute, second = (int(part) for part in match.groups()[:3])
    return (hour <= 23 and minute <= 59 and second <= 59) or (hour, minute, second) == (23, 59, 60)


def _date_time(text: str) -> bool:
    parts = re.split(f"[tT{_SPACE}]", text)
    return len(parts) == 2 and _date(parts[0]) and _time(parts[1])


def _ipv6(text: str) -> bool:
    """RFC 4291, section 2.2."""
    head, double, rest = text.partition("::")
    if "::" in rest or rest.startswith(":"):
        return False
    groups = head.split(":") if head else []
    if double:
        groups += rest.split(":") if rest else []
    width = len(groups)
    if groups and "." in groups[-1]:
        octet = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
        if re.fullmatch(rf"{octet}(?:\.{octet}){{3}}", groups[-1], re.ASCII) is None:
            return False
        if double and not rest:
            return False
        groups.pop()
        width += 1
    if not all(re.fullmatch(_HEX, group, _IGNORE_CASE) for group in groups):
        return False
    return width <= 7 if double else width == 8


def _byte(text: str) -> bool:
    """Base64 in any of the lines: ajv-formats' pattern has the flag `m`."""
    form = re.compile("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
    return any(form.fullmatch(line) is not None for line in re.split("[\n\r\u2028\u2029]", text))


def _regex(text: str) -> bool:
    if re.search(r"[^\\]\\Z", text):
        return False
    from idemlint.openapi.ecma_regex import PatternError, compile_pattern

    try:
        compile_pattern(text)
    except PatternError:
        return False
    return True


def _int32(value: float) -> bool:
    return is_integer(value) and -(2**31) <= value < 2**31


def _int64(value: float) -> bool:
    return is_integer(value) and abs(value) != float("inf")


_TEXTS: dict[str, Callable[[Any], bool]] = {
    **{name: _matches(name) for name in _PATTERNS},
    "uri": _uri,
    "date": _date,
    "time": _time,
    "date-time": _date_time,
    "ipv6": _ipv6,
    "regex": _regex,
    "byte": _byte,
}
_NUMBERS: dict[str, Callable[[Any], bool]] = {"int32": _int32, "int64": _int64}


def _format(place: Place, value: Any, kind: str) -> Check | None:
    if not isinstance(value, str):
        raise place.broken('format value must be ["string"]')
    test = (_TEXTS if kind == "string" else _NUMBERS).get(value)
    if test is None:
        return None
    fail = place.fail()
    message = f'must match format "{value}"'
    params = {"format": value}

    def format_(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        return test(instance) or fail(trail, failures, message, params)

    return format_


def _order_of_dates(text: str) -> Any:
    return text or None


def _order_of_times(text: str) -> Any:
    match = _time_parts(text)
    return None if match is None else "".join([part or "" for part in match.groups()[:4]])


def _order_of_date_times(text: str) -> Any:
    parts = re.split(f"[tT{_SPACE}]", text)
    time = _order_of_times(parts[1]) if len(parts) > 1 else None
    return (parts[0], time) if parts[0] and time is not None else None


_ORDERS = {"date": _order_of_dates, "time": _order_of_times, "date-time": _order_of_date_times}
_COMPARISONS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "formatMaximum": ("<=", lambda a, b: a <= b),
    "formatMinimum": (">=", lambda a, b: a >= b),
    "formatExclusiveMaximum": ("<", lambda a, b: a < b),
    "formatExclusiveMinimum": (">", lambda a, b: a > b),
}


def _format_limit(place: Place, value: Any, _kind: str) -> Check | None:
    name = place.schema.get("format")
    if not isinstance(name, str):
        raise place.broken('format value must be ["string"]')
    order = _ORDERS.get(name)
    if order is None:
        if name in _TEXTS or name in _NUMBERS:
            raise place.broken(f'"{place.keyword}": format "{name}" does not define "compare" function')
        return None
    sign, compare = _COMPARISONS[place.keyword]
    limit = order(value)
    fail = place.fail()
    message = f"should be {sign} {value}"
    params = {"comparison": sign, "limit": value}

    def format_limit(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        position = order(instance)
        comparable = position is not None and limit is not None
        return not comparable or compare(position, limit) or fail(trail, failures, message, params)

    return format_limit


KEYWORDS: dict[str, Callable[[Place, Any, str], Check | None]] = {
    "format": _format,
    "formatMaximum": _format_limit,
    "formatMinimum": _format_limit,
    "formatExclusiveMaximum": _format_limit,
    "formatExclusiveMinimum": _format_limit,
}
