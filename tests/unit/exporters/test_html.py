"""The page: whole, honest about what it leaves out, and only text where the peer wrote."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from dashboard.call import events as ev
from dashboard.call.conversation import GenesysVerdict
from dashboard.call.events import Speaker
from dashboard.exporters.html import page
from dashboard.exporters.report import MOST_LINES, Origin, Report, report_of
from tests.unit.exporters.told import Told

ReportOn = Callable[..., Report]

VOID = frozenset({"meta", "br", "rect", "line", "path"})


class Outline(HTMLParser):
    """The elements of a page, their attributes and the text in them; every element that opens must close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.text))


@pytest.mark.parametrize(
    "scenario",
    ["steady", "bad-day", "hostile", "flapping", "bad-credentials", "silent-bot", "analytics-late", "no-audio"],
)
def test_the_page_of_any_call_is_whole_and_asks_for_nothing(report_on: ReportOn, scenario: str) -> None:
    outline = Outline(page(report_on(scenario)))
    assert outline.tags.count("h1") == 1
    assert {"script", "img", "link", "iframe", "object", "form", "base"}.isdisjoint(outline.tags)
    assert not [name for name, _ in outline.attributes if name.startswith("on") or name in ("src", "style")]
    assert all(value is not None and value.startswith("#") for name, value in outline.attributes if name == "href")


def test_the_policy_allows_the_pages_own_style_and_nothing_else(report_on: ReportOn) -> None:
    html = page(report_on("steady"))
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert dict(Outline(html).attributes)  # it parses
    assert f'content="{policy.replace(chr(39), "&#39;")}"' in html
    assert html.index("Content-Security-Policy") < html.index("<style>")


def test_what_is_known_of_a_bad_day_is_on_the_page(report_on: ReportOn) -> None:
    report = report_on("bad-day")
    words = Outline(page(report)).words
    for found in report.findings:
        assert found.finding.summary.replace(" ms", "\xa0ms").replace(" s", "\xa0s") in words.replace(
            " ms", "\xa0ms"
        ).replace(" s", "\xa0s")
        assert found.finding.rule in words
    for line in report.call.lines:
        assert line.text in words
    assert "1006 no close frame, closed by the network" in words
    assert "The last messages" in words
    assert "kernel: stamped by Linux when the packet came" in words


PAYLOADS = (
    "<script>document.title='ran'</script>",
    "</title></style></svg><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<svg/onload=alert(1)>",
    "]]><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "<!-- --!><script>alert(1)</script>",
    "&lt;script&gt; &#60;b&#62;",
)


def hostile_call(payload: str) -> Told:
    """A call whose peer and operator put `payload` wherever text can go."""
    story = Told()
    story.connect(session=payload)
    story.fact(ev.SessionStarted(story.call_id, story.now, payload, payload))
    story.listen(0.5, bot_dbfs=-90.0)
    for speaker in Speaker:
        story.says(speaker, payload)
    story.intent(payload)
    id_, now = story.call_id, story.now
    for fact in (
        ev.TextReceived(id_, now, payload),
        ev.StatusReceived(id_, now, payload),
        ev.ErrorReceived(id_, now, payload),
        ev.UnknownReceived(id_, now, payload, 7),
        ev.MalformedReceived(id_, now, payload, payload, 7),
        ev.Marked(id_, now, payload),
        ev.GenesysReported(id_, now, payload, GenesysVerdict.BAD, (payload,), None, payload, 400, payload, 1),
    ):
        story.fact(fact)
    story.send(payload)
    story.drop(code=4000, reason=payload)
    story.wait(1.0)
    story.fact(ev.AttemptFailed(id_, story.now, 1, ev.Cause.HANDSHAKE_REFUSED, payload, 418))
    story.connect(session=payload)
    story.listen(2.0)
    story.end(payload)
    return story


def origin_of(payload: str) -> Origin:
    return Origin(payload, payload, payload, True, True, payload, 1.0, {payload: payload})


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_of_a_peer_stays_text_wherever_it_stands(payload: str) -> None:
    story = hostile_call(payload)
    outline = Outline(page(report_of(story.facts, origin_of(payload))))
    harmless = Outline(page(report_of(hostile_call("harmless").facts, origin_of("harmless"))))
    assert sorted(outline.tags) == sorted(harmless.tags)
    assert sorted(name for name, _ in outline.attributes) == sorted(name for name, _ in harmless.attributes)
    assert outline.words.count(re.sub(r"\s+", " ", payload)) >= 15


def test_characters_that_mislead_are_shown_as_what_they_are() -> None:
    html = page(hostile_call("a\u202eb\x00c\x1b[31md\u200be\ud800f\ufeff\x85").report())
    assert "a&lt;U+202E&gt;b␀c␛[31md&lt;U+200B&gt;e&lt;U+D800&gt;f&lt;U+FEFF&gt;&lt;U+0085&gt;" in html
    assert not {"\u202e", "\x00", "\x1b", "\u200b", "\ud800", "\ufeff", "\x85"} & set(html)


def test_a_text_of_megabytes_is_cut_and_counted() -> None:
    html = page(hostile_call("x" * 3_000_000).report())
    assert "… (+2996000 more)" in html
    assert len(html) < 1_000_000


def test_of_many_rows_the_page_says_how_many_it_shows() -> None:
    story = Told()
    story.connect()
    for number in range(3 * MOST_LINES):
        story.says(Speaker.BOT, f"row {number} " + "x" * 2000)
    html = page(story.report())
    assert f"1\u2009000 of {story.call.lines.total:,} rows".replace(",", "\u2009") in html
    assert "rows left out" in html
    assert len(html) < 4_000_000


def test_what_was_not_measured_is_a_dash_and_never_zero(report_on: ReportOn) -> None:
    words = Outline(page(report_on("bad-credentials"))).words
    assert "session –" in words
    assert "answer p50 –" in words


def test_the_same_facts_make_the_same_page(report_on: ReportOn) -> None:
    assert page(report_on("bad-day")) == page(report_on("bad-day"))
