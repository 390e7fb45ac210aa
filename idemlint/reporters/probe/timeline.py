"""A burst drawn in SVG: for each request a bar from its release over the first byte of its answer to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.reporters.columns import width
from idemlint.reporters.escaping import terminal
from idemlint.reporters.probe.evidence import KeyGroup, counted, duration, identity, note, said, succeeded
from idemlint.reporters.probe.markup import element, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from idemlint.probe_report import ExchangeRecord

ROWS: Final = 24
"""Requests that are drawn: those of the keys that ran twice come first."""

_WIDTH: Final = 960
_LEFT: Final = 128
_RIGHT: Final = 214
_PLOT: Final = _WIDTH - _LEFT - _RIGHT
_ROW: Final = 24
_HEAD: Final = 32
_TOP: Final = 34
_BAR: Final = 14
_TICKS: Final = 6
_WORDS: Final = {
    "again": "ran",
    "ran": "ran",
    "maybe": "may have run",
    "replay": "replay",
    "answered": "answered",
    "refused": "refused",
    "lost": "no answer",
}
_WORDED: Final = 84
"""Pixels of a bar that has room for a word."""
_NAMED: Final = 220
"""Pixels of a bar that has room for the name of a resource."""


def draw(groups: Sequence[KeyGroup], *, unclear: bool = False) -> str:
    """An `svg` element; the groups as `evidence.by_key` orders them. Empty if there is nothing to draw.

    `unclear`: the work ran more often than it should, but the answers hide where (`evidence.hidden`).
    """
    shown = _first(groups)
    moments = [moment for group in shown for each in group.exchanges for moment in (_release(each), each.ended)]
    if not moments:
        return ""
    scale = _Scale(min(moments), max(moments))
    height = _TOP + sum(_HEAD + _ROW * len(group.exchanges) for group in shown) + 10
    parts = [_axis(scale, height)]
    top = float(_TOP)
    for group in shown:
        parts.append(_group(group, scale, top, unclear=unclear))
        top += _HEAD + _ROW * len(group.exchanges)
    left = sum(len(group.exchanges) for group in groups) - sum(len(group.exchanges) for group in shown)
    drawing = element(
        "svg",
        "".join(parts),
        "timeline",
        viewBox=f"0 0 {_WIDTH} {height}",
        role="img",
        aria_label=_said_aloud(groups),
    )
    more = element("p", f"{counted(left, 'more request')} of this burst not drawn", "soft") if left else ""
    return element("div", drawing, "scroll") + more


class _Scale:
    """Seconds to pixels."""

    def __init__(self, start: float, end: float) -> None:
        self.start = start
        self.length = min(max(end - start, 1e-6), 1e9)

    def x(self, moment: float) -> float:
        return _LEFT + max(0.0, min(1.0, (moment - self.start) / self.length)) * _PLOT


def _first(groups: Sequence[KeyGroup]) -> list[KeyGroup]:
    """Whole groups as long as there is room; of a group that is too large what ran, then the others."""
    shown: list[KeyGroup] = []
    room = ROWS
    for group in groups:
        if room <= 0:
            break
        kept = group
        if len(group.exchanges) > room:
            chosen = sorted(group.exchanges, key=lambda each: not each.ran)[:room]
            kept = group._replace(exchanges=tuple(each for each in group.exchanges if each in chosen))
        shown.append(kept)
        room -= len(kept.exchanges)
    return shown


def _release(exchange: ExchangeRecord) -> float:
    return exchange.started if exchange.released is None else exchange.released


def _axis(scale: _Scale, height: int) -> str:
    """Time since the first release, in round steps."""
    step = _step(scale.length)
    parts = []
    count = int(scale.length / step + 1e-9)
    for number in range(count + 1):
        x = scale.x(scale.start + number * step)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="24" y2="{height - 6}"/>')
        text = duration(number * step) if number else "release"
        parts.append(f'<text class="tick" x="{x:.1f}" y="16" text-anchor="middle">{word(_brief(text))}</text>')
    return "".join(parts)


def _brief(text: str) -> str:
    return text.replace(".0 ", " ")


def _step(length: float) -> float:
    """1, 2 or 5 times a power of ten, so that there are at most `_TICKS` of it."""
    rough = length / _TICKS
    power = 1e-9
    while power * 10 < rough:
        power *= 10
    return next((power * factor for factor in (1, 2, 5) if power * factor >= rough), power * 10)


def _group(group: KeyGroup, scale: _Scale, top: float, *, unclear: bool) -> str:
    """The key, whether its work ran once, when two requests were at work at once, and its requests."""
    bottom = top + _HEAD + _ROW * len(group.exchanges)
    parts = []
    overlap = group.overlap
    told = ""
    if overlap is not None:
        start, end = scale.x(overlap[0]), scale.x(overlap[1])
        kind = "both twice" if group.twice else "both"
        parts.append(
            f'<rect class="{kind}" x="{start:.1f}" y="{top + 27:.1f}" width="{max(end - start, 1):.1f}" '
            f'height="{bottom - top - 29:.1f}"/>'
        )
        told = f"two at work at once for {duration(overlap[1] - overlap[0])}"
    ran = len(group.ran)
    verdict = f"ran {_times(ran)}" if ran else _without(group, unclear=unclear)
    bad = group.twice or (unclear and sum(map(succeeded, group.exchanges)) > 1)
    name = f"key {_shortened(group.key)}" if group.key else "without a key"
    parts.append(
        f'<text class="key" x="0" y="{top + 20:.1f}">{word(name)}'
        f'<tspan class="{"twice" if bad else "soft"}" dx="10">{word(verdict)}</tspan>'
        f'<tspan class="soft" dx="10">{word(told)}</tspan></text>'
    )
    place = top + _HEAD
    first = min(map(_release, group.exchanges), default=0.0)
    for each in group.exchanges:
        parts.append(_request(each, scale, place, first, twice=group.twice, unclear=unclear))
        place += _ROW
    return element("g", "".join(parts), "group")


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _without(group: KeyGroup, *, unclear: bool) -> str:
    """Of a key whose work nobody was seen to do."""
    if unclear and sum(map(succeeded, group.exchanges)) > 1:
        return "may have run more than once"
    if all((each.status or 0) >= 400 for each in group.exchanges):
        return "all refused"
    return "which one ran cannot be told"


def _shortened(key: str) -> str:
    return key if len(key) <= 24 else f"{key[:13]}…{key[-6:]}"


def _request(exchange: ExchangeRecord, scale: _Scale, top: float, first: float, *, twice: bool, unclear: bool) -> str:
    kind = kind_of(exchange, twice=twice, unclear=unclear)
    release, end = scale.x(_release(exchange)), scale.x(exchange.ended)
    answer = scale.x(exchange.first_byte) if exchange.first_byte is not None else end
    y = top + 3
    middle = y + _BAR - 3
    late = _release(exchange) - first
    box = f'x="{release:.1f}" y="{y:.1f}" width="{max(answer - release, 3):.1f}" height="{_BAR}" rx="3"'
    rest = f'x="{answer:.1f}" y="{y + 4:.1f}" width="{max(end - answer, 2):.1f}" height="{_BAR - 8}"'
    parts = [
        f'<text class="number" x="0" y="{middle:.1f}">#{exchange.number}</text>',
        f'<text class="late" x="{_LEFT - 14}" y="{middle:.1f}" text-anchor="end">+{word(duration(late))}</text>',
        f'<rect class="bar {kind}" {box}/>',
        f'<rect class="rest {kind}" {rest}/>',
        f'<line class="release" x1="{release:.1f}" x2="{release:.1f}" y1="{y - 2:.1f}" y2="{y + _BAR + 2:.1f}"/>',
        f'<circle class="first {kind}" cx="{answer:.1f}" cy="{y + _BAR / 2:.1f}" r="3.5"/>',
    ]
    if answer - release > _WORDED:
        text = word(_inside(exchange, kind, answer - release))
        parts.append(f'<text class="inside" x="{release + 8:.1f}" y="{middle:.1f}">{text}</text>')
    known = identity(exchange) if exchange.ran or exchange.replay else ""
    told = f'<tspan class="status {kind}">{word(_fitting(said(exchange), 26))}</tspan>'
    if note(exchange, unclear=unclear):
        told += f'<tspan class="{kind}" dx="8">{note(exchange, unclear=unclear)}</tspan>'
    if known:
        told += f'<tspan class="resource {kind}" dx="8">{word(_fitting(known, 16))}</tspan>'
    parts.append(f'<text class="told" x="{_WIDTH - _RIGHT + 14}" y="{middle:.1f}">{told}</text>')
    tip = f"#{exchange.number} {exchange.label}: {said(exchange)}, released at +{duration(late)}"
    if exchange.first_byte is not None:
        tip += f", first byte after {duration(exchange.first_byte - _release(exchange))}"
    tip += f", end after {duration(exchange.ended - _release(exchange))}"
    return element("g", f"<title>{word(tip)}</title>{''.join(parts)}", f"request {kind}")


def kind_of(exchange: ExchangeRecord, *, twice: bool, unclear: bool = False) -> str:
    """The class that colours it: `again` for each that ran where just one should have, `maybe` if that is not told."""
    if exchange.response is None:
        return "lost"
    if unclear and succeeded(exchange):
        return "maybe"
    if exchange.ran:
        return "again" if twice else "ran"
    if exchange.replay:
        return "replay"
    status = exchange.status or 0
    return "refused" if status >= 400 else "answered"


def _inside(exchange: ExchangeRecord, kind: str, room: float) -> str:
    """In words what the colour says, and which resource it made: at the right edge a narrow screen does not show it."""
    if exchange.ran and room > _NAMED:
        return f"ran {_fitting(identity(exchange), 24)}".rstrip()
    return _WORDS[kind]


def _fitting(text: str, columns: int) -> str:
    text = terminal(text)[: 4 * columns]
    while width(text) > columns:
        text = text[:-2] + "…"
    return text


def _said_aloud(groups: Iterable[KeyGroup]) -> str:
    """For those who do not see it."""
    parts = []
    for group in groups:
        ran = ", ".join(f"#{each.number}" for each in group.ran)
        verdict = f"ran {_times(len(group.ran))} ({ran})" if ran else "no own work was seen"
        parts.append(f"{counted(len(group.exchanges), 'request')} with key {group.key or 'none'}: {verdict}")
    return "Timeline of a burst. " + "; ".join(parts[:8])
