"""HTTP Archive 1.2 (Jan Odvarko's specification of 2012, sections as named there): every exchange of the run, masked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from idemlint.reporters.escaping import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.probe_report import ExchangeRecord, Message, ProbeReport
    from idemlint.reporters.options import ReportOptions

_BASE64 = "base64:"


def render(report: ProbeReport, options: ReportOptions) -> str:
    """Entries in the order in which they were sent. Members with `_` are ours, which section "Custom fields" permits."""
    used: dict[int, list[str]] = {}
    found = {each.number: each for each in report.exchanges}
    for operation in report.operations:
        for check in operation.checks:
            for each in check.exchanges:
                found.setdefault(each.number, each)
                used.setdefault(each.number, []).append(f"{check.id} {operation.operation}")
    exchanges = sorted(found.values(), key=lambda each: (each.started, each.number))
    began = _began(report, exchanges)
    log = {
        "version": "1.2",
        "creator": {"name": "idemlint", "version": options.version},
        "comment": f"{report.target}, {report.profile}, suite {report.suite}, seed {report.seed}; secrets are masked",
        "pages": [],
        "entries": [_entry(each, began, used.get(each.number, [])) for each in exchanges],
    }
    return json_text(json.dumps({"log": log}, indent=1, ensure_ascii=False)) + "\n"


def _began(report: ProbeReport, exchanges: Sequence[ExchangeRecord]) -> float:
    """Seconds since 1970: as the run says, else as the first Date of an answer does."""
    if report.began is not None:
        return report.began
    for each in exchanges:
        for name, value in each.response.headers if each.response is not None else ():
            if name.lower() == "date":
                try:
                    return parsedate_to_datetime(value).timestamp() - each.ended
                except (ValueError, TypeError, OverflowError, OSError):
                    continue
    return 0.0


def _entry(exchange: ExchangeRecord, began: float, used: list[str]) -> dict[str, Any]:
    sent = exchange.started if exchange.released is None else exchange.released
    first = exchange.ended if exchange.first_byte is None else exchange.first_byte
    timings = {
        "send": _milliseconds(sent - exchange.started),
        "wait": _milliseconds(first - sent),
        "receive": _milliseconds(exchange.ended - first),
    }
    entry: dict[str, Any] = {
        "startedDateTime": _moment(began + exchange.started),
        "time": round(sum(timings.values()), 3),
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": timings,
        "comment": exchange.label,
        "_number": exchange.number,
        "_checks": used,
    }
    if exchange.error:
        entry["_error"] = exchange.error
    if exchange.ran is not None:
        entry["_ran"] = exchange.ran
    if exchange.replay is not None:
        entry["_replay"] = exchange.replay
    return entry


def _moment(seconds: float) -> str:
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        moment = datetime.fromtimestamp(0, UTC)
    return moment.isoformat(timespec="microseconds")


def _milliseconds(seconds: float) -> float:
    return round(max(0.0, seconds) * 1e3, 3)


def _request(exchange: ExchangeRecord) -> dict[str, Any]:
    message = exchange.request
    method, _, rest = message.start.partition(" ")
    request: dict[str, Any] = {
        "method": method,
        "url": exchange.url,
        "httpVersion": rest.rpartition(" ")[2] or "HTTP/1.1",
        "cookies": [],
        "headers": _lines(message),
        "queryString": _query(exchange.url),
        "headersSize": -1,
        "bodySize": message.size,
    }
    if message.body:
        request["postData"] = {"mimeType": _media_type(message), "text": message.body, "params": []}
    return request


def _query(url: str) -> list[dict[str, str]]:
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        return []
    return [{"name": name, "value": value} for name, value in pairs]


def _response(exchange: ExchangeRecord) -> dict[str, Any]:
    """Without an answer the status is 0, as browsers write it."""
    message = exchange.response
    status = exchange.status
    if message is None or status is None:
        content: dict[str, Any] = {"size": 0, "mimeType": "x-unknown"}
        return _answer(0, exchange.error, "", [], "", -1, content)
    content = {"size": message.size, "mimeType": _media_type(message)}
    if message.body.startswith(_BASE64) and not message.body.endswith(")"):  # a cut one is no base64 any more
        content.update(text=message.body.removeprefix(_BASE64), encoding="base64")
    else:
        content["text"] = message.body
    location = next((value for name, value in message.headers if name.lower() == "location"), "")
    known = status in HTTPStatus.__members__.values()
    text = message.start.partition(" ")[2].partition(" ")[2] or (HTTPStatus(status).phrase if known else "")
    version = message.start.partition(" ")[0]
    return _answer(status, text, version, _lines(message), location, message.size, content)


def _answer(
    status: int,
    text: str,
    version: str,
    headers: list[dict[str, str]],
    location: str,
    size: int,
    content: dict[str, Any],
) -> dict[str, Any]:
    return {
        "status": status,
        "statusText": text,
        "httpVersion": version,
        "cookies": [],
        "headers": headers,
        "content": content,
        "redirectURL": location,
        "headersSize": -1,
        "bodySize": size,
    }


def _lines(message: Message) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in message.headers]


def _media_type(message: Message) -> str:
    return next((value for name, value in message.headers if name.lower() == "content-type"), "")
