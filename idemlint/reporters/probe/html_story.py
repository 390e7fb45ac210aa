"""One failed check as a story in HTML: what happened, drawn; what differed; why it matters; how to see it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.probe_report import Verdict
from idemlint.reporters.probe.by_hand import NOTE, RACING, by_hand
from idemlint.reporters.probe.evidence import (
    counted,
    duration,
    hidden,
    identity,
    note,
    of_burst,
    racing,
    replay_command,
    said,
    seen_by,
    sentence,
)
from idemlint.reporters.probe.markup import element, fold, lines, word
from idemlint.reporters.probe.payload_diff import Difference, differences, pretty
from idemlint.reporters.probe.timeline import draw, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.probe_report import (
        BurstRecord,
        CheckResult,
        EffectCount,
        ExchangeRecord,
        Message,
        OperationResult,
        ProbeReport,
    )
    from idemlint.reporters.probe.evidence import KeyGroup

BURSTS: Final = 4
"""That are drawn for one check."""
EXCHANGES: Final = 24
"""That are told for one check, headers and bodies included."""
_IDS: Final = 8
_COMMANDS: Final = 5
_OPEN: Final = 8
"""Requests that are listed without a click."""
_TOGETHER: Final = 0.005
"""Seconds between the first and the last release, beyond which they were spread on purpose."""
_KINDS: Final = (
    ("again", "ran, though another request with its key did too"),
    ("maybe", "succeeded; the answers hide whether it ran too"),
    ("ran", "ran, the only one with its key"),
    ("replay", "answered with a replay"),
    ("answered", "answered; no work of its own was seen"),
    ("refused", "refused"),
    ("lost", "no answer"),
    ("both", "two at work at once"),
)


def story(report: ProbeReport, operation: OperationResult, check: CheckResult, base: str, anchor: str) -> str:
    """An `article`."""
    head = element(
        "header",
        f'<span class="mark fail" aria-hidden="true">✗</span> <h3>{word(f"{check.id} {check.name}")}</h3>'
        f"{operation_name(operation.operation)}"
        f'<span class="pill push {"fail" if check.axis == "safety" else "inconclusive"}">'
        f"{word(check.axis)} · {word(check.severity.label)}</span>",
    )
    parts = [head, element("p", word(sentence(check.reason)), "what")]
    parts += bursts(check, BURSTS)
    if check.effects is not None:
        parts.append(_effects(check, check.effects))
    parts += [_difference(each) for each in differences(check)]
    parts.append(_why(check))
    if check.exchanges:
        parts.append(exchanges(check))
    parts.append(_again(report, operation, check, base))
    return element("article", "".join(parts), f"card story {check.axis}", id_=anchor)


def operation_name(label: str) -> str:
    """`POST /payments` with the method in bold."""
    method, blank, path = label.partition(" ")
    text = f"<b>{word(method)}</b> {word(path)}" if blank else word(label)
    return f'<span class="op mono">{text}</span>'


def bursts(check: CheckResult, most: int) -> list[str]:
    """Drawings of those bursts whose exchanges were kept; those first in which a key ran twice."""
    found = [(burst, of_burst(check, burst)) for burst in check.bursts]
    found = [(burst, groups) for burst, groups in found if groups]
    found.sort(key=lambda pair: not any(group.twice for group in pair[1]))
    drawings = []
    unclear = hidden(check)
    for burst, groups in found[:most]:
        caption = element("figcaption", word(_caption(burst, len(groups))))
        drawing = draw(groups, unclear=unclear) + _legend(groups, unclear=unclear)
        drawings.append(element("figure", caption + drawing, "figure"))
    parts = drawings[:1]
    if drawings[1:]:
        parts.append(fold(counted(len(drawings) - 1, "more burst"), "".join(drawings[1:])))
    left = len(check.bursts) - len(drawings)
    if drawings and left > 0:
        parts.append(element("p", f"{counted(left, 'burst')} not drawn", "soft"))
    return parts


def _caption(burst: BurstRecord, keys: int) -> str:
    proof = "overlap proven" if burst.overlap else "no overlap proven"
    how = "together, within" if burst.spread < _TOGETHER else "one after the other, over"
    text = (
        f"{counted(len(burst.exchanges), 'request')} with {counted(keys, 'key')}, released {how} "
        f"{duration(burst.spread)} ({burst.hold} held back, {burst.protocol}); {proof}"
    )
    return text if burst.effects is None else f"{text}; {counted(burst.effects, 'effect')}"


def _legend(groups: Sequence[KeyGroup], *, unclear: bool) -> str:
    """Of what is drawn."""
    kinds = {kind_of(each, twice=group.twice, unclear=unclear) for group in groups for each in group.exchanges}
    if any(group.twice and group.overlap is not None for group in groups):
        kinds.add("both")
    told = "".join(f'<li><span class="swatch {kind}"></span>{text}</li>' for kind, text in _KINDS if kind in kinds)
    return f'<ul class="legend"><li>bar: from release to first byte</li>{told}</ul>'


def _effects(check: CheckResult, effects: EffectCount) -> str:
    """How many there were; which ones, where no drawing names them."""
    parts = [f"<li>Seen by <b>{word(seen_by(effects))}</b></li>"]
    if racing(check):
        parts.insert(0, f"<li><b>{word(racing(check))}</b></li>")
    if effects.ids and not check.bursts:
        told = " ".join(f"<code>{word(each)}</code>" for each in effects.ids[:_IDS])
        left = len(effects.ids) - _IDS
        parts.append(f"<li>{told}{f' and {left} more' if left > 0 else ''}</li>")
    return f'<ul class="proof">{"".join(parts)}</ul>'


def _difference(difference: Difference) -> str:
    title = (
        f"What differs in the {difference.what} of #{difference.first.number} {difference.first.label} "
        f"and #{difference.other.number} {difference.other.label}"
    )
    classes = {"-": "del", "+": "ins"}
    told = "".join(element("span", f"{sign} {word(text)}", classes.get(sign, "")) for sign, text in difference.lines)
    return f"<h4>{word(title)}</h4>{element('pre', told, 'diff')}"


def _why(check: CheckResult) -> str:
    pairs = (("Why it matters", sentence(check.why)), ("Promise", sentence(check.promise)), ("Source", check.source))
    told = "".join(f"<dt>{name}</dt><dd>{word(text)}</dd>" for name, text in pairs if text)
    return f'<dl class="why">{told}</dl>' if told else ""


def exchanges(check: CheckResult) -> str:
    """All that were kept, folded; each opens to headers and bodies."""
    ran: dict[str, int] = {}
    for each in check.exchanges:
        if each.ran:
            ran[each.key] = ran.get(each.key, 0) + 1
    shown = sorted(check.exchanges, key=lambda each: -ran.get(each.key, 0) if check.bursts else 0)[:EXCHANGES]
    unclear = hidden(check)
    told = "".join(
        _exchange(each, twice=bool(each.key) and ran.get(each.key, 0) > 1, unclear=unclear) for each in shown
    )
    left = len(check.exchanges) - len(shown)
    if left > 0:
        told += element("p", f"{left} more stand in the JSON report", "soft")
    # the sequence is the story where there is no drawing; a failed one stands open
    shows = check.verdict is Verdict.FAIL and not check.bursts and len(shown) <= _OPEN
    attributes = {"open": "open"} if shows else {}
    return fold(f"Requests and answers ({len(check.exchanges)})", told, "more", **attributes)


def _exchange(exchange: ExchangeRecord, *, twice: bool, unclear: bool) -> str:
    kind = kind_of(exchange, twice=twice, unclear=unclear)
    parts = [
        f"<b>#{exchange.number}</b>",
        word(exchange.label),
        f'<span class="tag {kind}">{word(said(exchange))}</span>',
    ]
    did = note(exchange, unclear=unclear)
    if did:
        parts.append(f'<span class="tag {kind}">{did}</span>')
    if identity(exchange):
        parts.append(f'<span class="mono">{word(identity(exchange))}</span>')
    if exchange.key:
        parts.append(f'<span class="soft mono">key {word(exchange.key)}</span>')
    parts.append(f'<span class="soft">{duration(max(0.0, exchange.ended - exchange.started))}</span>')
    title = " ".join(f"<span>{part}</span>" for part in parts)
    answer = _message("Answer", exchange.response) if exchange.response is not None else ""
    if not answer:
        answer = f"<div><h4>Answer</h4><p>{word(exchange.error or 'none')}</p></div>"
    sides = element("div", _message("Request", exchange.request) + answer, "sides")
    return fold(title, sides, f"exchange {kind}")


def _message(title: str, message: Message) -> str:
    rows = "".join(f"<tr><td>{word(name)}</td><td>{word(value)}</td></tr>" for name, value in message.headers)
    headers = fold(counted(len(message.headers), "header"), f'<table class="headers mono">{rows}</table>')
    body = f"<pre>{lines(pretty(message.body))}</pre>" if message.body else '<p class="soft">no body</p>'
    return f"<div><h4>{title}</h4><code>{word(message.start)}</code>{headers}{body}</div>"


def _again(report: ProbeReport, operation: OperationResult, check: CheckResult, base: str) -> str:
    told = f"<pre>{word(replay_command(report, operation, check, base))}</pre>"
    commands = by_hand(check, _COMMANDS)
    if commands:
        told += f'<p class="soft">{RACING if check.bursts else NOTE}</p><pre>{lines(chr(10).join(commands))}</pre>'
    return fold("See it again", told, "more")
