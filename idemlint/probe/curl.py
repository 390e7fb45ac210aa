"""Requests as `curl` commands for a shell: `bash` and `curl` are all that they need."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final, NamedTuple

from idemlint.probe.principals import WHOSE
from idemlint.probe_report import BODY_KEPT, IN_PROCESS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idemlint.probe.exchange import Exchange
    from idemlint.probe.masking import Masking

_CURLS_OWN: Final = frozenset({"host", "content-length", "accept-encoding", "connection", "user-agent"})
_PAUSE: Final = 0.005
"""Seconds between two releases from which on the second was late on purpose."""
_CUT: Final = 1
"""Seconds that a command waits for an answer to half a request."""
_UNSEEN: Final = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff]")
"""What a terminal would obey or not show, and reports therefore write otherwise."""


class Sending(NamedTuple):
    """A request to be sent again."""

    exchange: Exchange
    body: bytes
    """As it is to be sent; of one that was cut off, what went out."""
    keys: Mapping[str, str]
    """Keys that it carried, each to the one to send in its place."""


def commands(sendings: Sequence[Sending], masking: Masking) -> str:
    """Lines that send the requests again, in their order, at once where they were at work at once; secrets left as `***`.

    What curl cannot do as it was done is told in a comment.
    """
    in_order = sorted(sendings, key=lambda each: _released(each.exchange))
    lines: list[str] = []
    if any(key != new for each in in_order for key, new in each.keys.items()):
        lines.append("# the key is new to the server just once: to run this again, change it, or replays come back")
    if any(each.exchange.call.url.startswith(IN_PROCESS) for each in in_order):
        lines.append(f"# the application ran in this process: write its address in the place of {IN_PROCESS}")
    running = False
    for place, each in enumerate(in_order):
        following = in_order[place + 1] if place + 1 < len(in_order) else None
        beside = following is not None and _at_once(each.exchange, following.exchange)
        lines += [remark for remark in _remarks(each) if remark not in lines]
        lines.append(_command(each, masking) + (" &" if beside or running else ""))
        if beside and following is not None:
            late = _released(following.exchange) - _released(each.exchange)
            lines += [f"sleep {late:.2f}"] if late > _PAUSE else []
        elif running:
            lines.append("wait")
        running = beside
    return "\n".join(lines)


def at_work_with(exchange: Exchange) -> Exchange | None:
    """Another request of its burst that was at work at the same time, rather one that was served."""
    others = [each for each in exchange.beside if each.number != exchange.number and _at_once(each, exchange)]
    return max(others, key=lambda each: each.ok, default=None)


def _released(exchange: Exchange) -> float:
    return exchange.started if exchange.released is None else exchange.released


def _at_once(one: Exchange, two: Exchange) -> bool:
    """Whether each was released before the other's answer began. One that the client gave up is not waited for."""
    if one.left_after is not None or one.body_sent is not None:
        return False
    ends = [each.ended if each.first_byte is None else each.first_byte for each in (one, two)]
    return _released(two) < ends[0] and _released(one) < ends[1]


def _remarks(sending: Sending) -> list[str]:
    exchange = sending.exchange
    told = []
    if exchange.body_sent is not None:
        told.append(f"the body was cut off after {len(sending.body)} of {len(exchange.call.body)} bytes")
    elif len(sending.body) > BODY_KEPT:
        told.append(
            f"of the body's {len(sending.body)} bytes just the first {BODY_KEPT} stand here: not the request itself"
        )
    if exchange.left_after == 0:
        told.append(
            "the client left when the status line was there; curl reads the whole answer, which is to be ignored"
        )
    if any(value and not value.strip() for _, value in exchange.sent or exchange.call.headers):
        told.append("white space was the value of the header that is empty here, which is all that curl can send of it")
    return [f"# {each}" for each in told]


def _command(sending: Sending, masking: Masking) -> str:
    exchange, call = sending.exchange, sending.exchange.call
    words = ["curl", *_options(exchange)]
    given = {name.lower() for name, _ in call.headers}
    lines = exchange.sent or call.headers
    for name, value in masking.lines(lines, WHOSE.get(call.principal, "")):
        if name.lower() not in _CURLS_OWN or name.lower() in given:
            sent = _replaced(value, sending.keys)
            words += ["-H", f"{name}: {sent}" if sent.strip() else f"{name};"]
    if exchange.body_sent is not None:
        words += ["-H", f"Content-Length: {len(call.body)}"]
    before = ""
    if sending.body:
        if not any(name.lower() == "content-type" for name, _ in lines):
            words += ["-H", "Content-Type:"]  # or curl sends that of a form
        text, plain = _text(sending.body[:BODY_KEPT])
        text = _replaced(masking.text(text), sending.keys)
        words += ["--data-raw", text] if plain else ["--data-binary", "@-"]
        before = "" if plain else f"printf {_bytes(text)} | "
    words.append(_replaced(masking.text(call.url), sending.keys))
    return before + " ".join(map(_word, words))


def _options(exchange: Exchange) -> list[str]:
    call = exchange.call
    words = ["-i"] if call.method != "HEAD" else ["--head"]
    words += ["-X", call.method] if call.method != "HEAD" else []
    if exchange.http == "HTTP/1.1" and call.url.startswith("https:"):
        words.append("--http1.1")
    if exchange.http == "HTTP/2" and not call.url.startswith("https:"):
        words.append("--http2-prior-knowledge")
    if re.search(r"[\[\]{}]", call.url):
        words.append("--globoff")
    if re.search(r"/\.\.?(?:/|$)", call.url.partition("?")[0]):
        words.append("--path-as-is")
    if any(name.lower() == "accept-encoding" for name, _ in call.headers):
        words.append("--compressed")  # reads what the header asks for
    if exchange.body_sent is not None:
        words += ["--max-time", str(_CUT)]
    elif exchange.left_after:
        words += ["--max-time", f"{exchange.left_after:.3f}"]
    return words


def _text(body: bytes) -> tuple[str, bool]:
    """As text, and whether it is one; what is none has a character for each byte. Of a cut one the last may be broken."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        if error.start >= len(body) - 3 and error.reason == "unexpected end of data":
            return body[: error.start].decode(), "\0" not in body[: error.start].decode()
        return body.decode("latin-1"), False
    return (text, True) if "\0" not in text else (body.decode("latin-1"), False)


def _replaced(text: str, keys: Mapping[str, str]) -> str:
    for key, new in keys.items():
        if key and key != new:
            text = text.replace(key, new)
    return text


def _word(text: str) -> str:
    """As a shell reads it, on one line and without anything that a terminal would obey."""
    if not _UNSEEN.search(text):
        return shlex.quote(text)
    told = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{_UNSEEN.sub(_escape, told)}'"


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    short = {9: "\\t", 10: "\\n", 13: "\\r"}
    return short.get(code) or (f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}")


def _bytes(text: str) -> str:
    """For `printf`, which takes a NUL as well."""
    return "'" + "".join(char if char.isalnum() and char.isascii() else f"\\x{ord(char):02x}" for char in text) + "'"
