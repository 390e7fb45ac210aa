"""What RFC 9457 problems are about: a title and a documentation link for each status, and codes put in their places."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from idemlint.openapi.pointers import text_steps

_RFC_9110: Final = "https://www.rfc-editor.org/rfc/rfc9110.html#section-{}"
_RFC_6585: Final = "https://www.rfc-editor.org/rfc/rfc6585.html#section-{}"


class Status(NamedTuple):
    title: str
    """The reason phrase."""
    documentation: str


_STATUSES: Final[dict[int, Status]] = {
    400: Status("Bad Request", _RFC_9110.format("15.5.1")),
    401: Status("Unauthorized", _RFC_9110.format("15.5.2")),
    402: Status("Payment Required", _RFC_9110.format("15.5.3")),
    403: Status("Forbidden", _RFC_9110.format("15.5.4")),
    404: Status("Not Found", _RFC_9110.format("15.5.5")),
    405: Status("Method Not Allowed", _RFC_9110.format("15.5.6")),
    406: Status("Not Acceptable", _RFC_9110.format("15.5.7")),
    408: Status("Request Timeout", _RFC_9110.format("15.5.9")),
    409: Status("Conflict", _RFC_9110.format("15.5.10")),
    410: Status("Gone", _RFC_9110.format("15.5.11")),
    412: Status("Precondition Failed", _RFC_9110.format("15.5.13")),
    413: Status("Content Too Large", _RFC_9110.format("15.5.14")),
    414: Status("URI Too Long", _RFC_9110.format("15.5.15")),
    415: Status("Unsupported Media Type", _RFC_9110.format("15.5.16")),
    417: Status("Expectation Failed", _RFC_9110.format("15.5.18")),
    422: Status("Unprocessable Content", _RFC_9110.format("15.5.21")),
    428: Status("Precondition Required", _RFC_6585.format("3")),
    429: Status("Too Many Requests", _RFC_6585.format("4")),
    431: Status("Request Header Fields Too Large", _RFC_6585.format("5")),
    500: Status("Internal Server Error", _RFC_9110.format("15.6.1")),
    501: Status("Not Implemented", _RFC_9110.format("15.6.2")),
    502: Status("Bad Gateway", _RFC_9110.format("15.6.3")),
    503: Status("Service Unavailable", _RFC_9110.format("15.6.4")),
    504: Status("Gateway Timeout", _RFC_9110.format("15.6.5")),
}


def about(status: int) -> Status:
    """What is known of any status."""
    known = _STATUSES.get(status)
    if known is not None:
        return known
    if status < 400:
        return Status("Not the usual answer", _RFC_9110.format("15"))
    if status < 500:
        return Status("Client Error", _RFC_9110.format("15.5"))
    return Status("Server Error", _RFC_9110.format("15.6"))


def put(body: dict[str, Any], pointer: str, value: Any) -> None:
    """Set what a JSON pointer (RFC 6901) names, making objects and arrays on the way; a scalar in the way is replaced."""
    steps = text_steps(pointer)
    place: Any = body
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        empty: Any = [] if following is not None and following.isdigit() else {}
        if isinstance(place, list):
            index = min(int(step), len(place)) if step.isdigit() else len(place)
            if index == len(place):
                place.append(empty)
            if following is None:
                place[index] = value
            elif not isinstance(place[index], dict | list):
                place[index] = empty
            place = place[index]
        elif following is None:
            place[step] = value
        else:
            if not isinstance(place.get(step), dict | list):
                place[step] = empty
            place = place[step]
