"""The HTML report: whole, quiet, drawn, and harmless whatever the server said."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reporters.probe.reports_for_tests import (
    BASE,
    KEY,
    NASTY,
    check,
    clean,
    exchange,
    hostile,
    many,
    operation,
    passed,
    report,
)
from services import missing

from idemlint.probe_report import EffectCount, ProbeReport, Verdict
from idemlint.reporters.options import ReportOptions
from idemlint.reporters.probe.html_page import render

if TYPE_CHECKING:
    from pathlib import Path

TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "section", "article", "header", "footer", "div", "p", "h1",
    "h2", "h3", "h4", "ul", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "a", "b", "br", "span",
    "code", "pre", "details", "summary", "figure", "figcaption", "svg", "g", "rect", "line", "circle", "text", "tspan",
}  # fmt: skip
VOID = {"meta", "br"}


def html(made: ProbeReport) -> str:
    return render(made, ReportOptions(base=BASE, version="1.2.3"))


class Page(HTMLParser):
    """Elements as a browser sees them, and whether each was closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def drawings(text: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(each) for each in re.findall(r"<svg.*?</svg>", text, re.DOTALL)]


def bars(drawing: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [each for each in drawing.iter("rect") if each.get("class") == f"bar {kind}"]


def test_a_double_execution_is_drawn_as_two_red_bars_with_their_resources() -> None:
    drawing = drawings(html(report(operation("POST /payments", check()))))[0]
    twice = bars(drawing, "again")
    assert len(twice) == 2
    assert len(bars(drawing, "ran")) == 1, "the other key's"
    assert len(bars(drawing, "refused")) == 2
    words = ["".join(each.itertext()) for each in drawing.iter("text")]
    assert "201ranpay_3" in words
    assert "201ranpay_7" in words
    assert f"key 4ed8c74a-9dff…{KEY[-6:]}ran twicetwo at work at once for 20.0 ms" in words
    first, second = (float(each.get("x", "")) for each in twice)
    assert first <= second
    assert all(500 < float(each.get("width", "")) < 640 for each in twice), "nearly the whole width of the plot"


def test_a_bar_runs_from_the_release_over_the_first_byte_to_the_end() -> None:
    sent = (
        exchange(1, released=1.0, first_byte=1.05, ended=1.1),
        exchange(2, 409, released=1.05, first_byte=1.1, ended=1.1, ran=None),
    )
    burst = check().bursts[0]._replace(exchanges=(1, 2))
    drawing = drawings(html(report(operation("POST /a", check(exchanges=sent, bursts=(burst,))))))[0]
    ran, refused = bars(drawing, "ran")[0], bars(drawing, "refused")[0]
    assert float(ran.get("width", "")) == pytest.approx(float(refused.get("width", "")), rel=0.01)
    assert float(refused.get("x", "")) == pytest.approx(float(ran.get("x", "")) + float(ran.get("width", "")), abs=0.2)


def test_answers_that_hide_the_double_execution_are_drawn_as_open() -> None:
    unclear = tuple(exchange(number, 200, ran=None) for number in (3, 7))
    made = check(exchanges=unclear, effects=EffectCount(2, exact=True, oracle="the mock's counter"))
    drawing = drawings(html(report(operation("POST /a", made))))[0]
    assert len(bars(drawing, "maybe")) == 2
    assert not bars(drawing, "again")
    assert "may have run more than once" in "".join(drawing.itertext())


def test_a_large_burst_draws_what_ran_and_counts_the_others() -> None:
    sent = tuple(exchange(number, 201 if number in (50, 60) else 409) for number in range(1, 101))
    burst = check().bursts[0]._replace(exchanges=tuple(range(1, 101)))
    text = html(report(operation("POST /a", check(exchanges=sent, bursts=(burst,)))))
    drawing = drawings(text)[0]
    assert len(bars(drawing, "again")) == 2
    assert sum(each.get("class") == "request refused" for each in drawing.iter("g")) == 22
    assert "76 more requests of this burst not drawn" in Page(text).text


def test_every_failure_is_a_story_that_the_matrix_points_at() -> None:
    page = Page(html(report()))
    anchors = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    assert links
    assert {link.removeprefix("#") for link in links} <= anchors
    assert "#o0-concurrency" in links
    assert "Retries are not safe: 1 promise broken" in page.text
    assert "3 effects of 2 keys" in page.text
    assert "A retry that arrives while the first request is at work does the work twice." in page.text
    assert "windows of 140 µs or more would have been seen (calibrated)" in page.text
    assert "x-idempotency: {onMissing: 400, " in page.text
    assert "in flight: 201 in the place of 409" in page.text
    assert "No valid request could be made: payment_id must exist." in page.text


def test_another_payload_is_shown_as_what_differs() -> None:
    text = html(report())
    assert (
        '<span class="del">-   &quot;amount&quot;: 10</span><span class="ins">+   &quot;amount&quot;: 11</span>' in text
    )


def test_verdicts_are_words_and_symbols_not_just_colours() -> None:
    text = html(report())
    assert '<a href="#o0-concurrency" title="concurrency: 1 failed" aria-label="concurrency: 1 failed">✗</a>' in text
    assert "✓</b> passed" in text


@pytest.mark.parametrize(
    ("made", "headline"),
    [
        (clean(), "No promise was seen broken"),
        (report(operation("POST /a", passed(verdict=Verdict.INCONCLUSIVE))), "Nothing could be decided"),
        (
            report(operation("POST /a", check(axis="conformance"))),
            "Retries did no harm; 1 promise not kept to the letter",
        ),
        (
            report(operation("POST /a", passed(), passed(verdict=Verdict.INCONCLUSIVE))),
            "No promise was seen broken; some could not be tested",
        ),
    ],
)
def test_the_headline_claims_no_more_than_was_seen(made: ProbeReport, headline: str) -> None:
    assert f"<h1>{headline}</h1>" in html(made)


def test_the_file_needs_nothing_and_its_policy_lets_nothing_run() -> None:
    text = html(report())
    page = Page(text)
    policy = next(each["content"] for tag, each in page.elements if each.get("http-equiv") == "Content-Security-Policy")
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    assert "prefers-color-scheme:dark" in style[1]


@settings(max_examples=30, deadline=None)
@given(
    st.text(max_size=60) | st.sampled_from([NASTY, "", '" onclick="x', "'><svg onload=x>", "</pre></details>", "<!--"])
)
def test_nothing_said_is_markup(said: str) -> None:
    text = html(hostile(said))
    page = Page(text)
    assert not page.open
    assert {tag for tag, _ in page.elements} <= TAGS
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") or name in ("src", "style", "srcdoc", "action") for name in attributes)
        if tag == "a":
            assert attributes["href"].startswith("#o")
    assert "<script" not in text.lower()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    text.encode("utf-8")
    for each in drawings(text):
        assert each.tag == "svg"


def test_two_hundred_operations_stay_small() -> None:
    text = html(many())
    assert len(text) < 4_000_000
    assert not Page(text).open


def test_evidence_beyond_what_a_browser_bears_is_left_out_not_the_verdict() -> None:
    sent = tuple(
        exchange(number, request=exchange(1).request._replace(body="x" * 3_900), key=f"{KEY}{number}")
        for number in range(24)
    )
    fat = check(exchanges=sent, bursts=())
    text = html(report(*(operation(f"POST /{number}", fat) for number in range(150))))
    assert len(text) < 12_000_000
    assert text.count("<article") == 150


def test_chromium_shows_it(tmp_path: Path) -> None:
    """A browser builds the page, draws the burst, runs nothing of what the server said, and applies the stylesheet."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        missing("a Chromium", "apt-get install chromium")
    whole = report(operation("POST /payments", check()), *hostile().operations)
    page = tmp_path / "report.html"
    page.write_text(html(whole), encoding="utf-8")
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
         "--virtual-time-budget=2000", "--dump-dom", page.as_uri()],
        capture_output=True, timeout=90, check=False, env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    dom = done.stdout.decode("utf-8", "replace")
    assert "</html>" in dom, done.stderr.decode("utf-8", "replace")[-2000:]
    assert dom.count('class="bar again"') >= 2
    assert "ran twice" in dom
    seen = Page(dom)
    assert {tag for tag, _ in seen.elements} <= TAGS
    assert "Retries are not safe" in seen.text
