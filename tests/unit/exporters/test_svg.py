"""The timeline as SVG."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from dashboard.call import events as ev
from dashboard.exporters.drawing import fitted, number, plain
from dashboard.exporters.report import Report
from dashboard.exporters.svg import NARROW, WIDE, standalone, timeline
from tests.unit.exporters.told import Told

ReportOn = Callable[..., Report]
SVG = "{http://www.w3.org/2000/svg}"


def looks(root: ElementTree.Element) -> set[str]:
    return {element.get("class", "") for element in root.iter()}


@pytest.mark.parametrize("scenario", ["steady", "bad-day", "hostile", "flapping", "bad-credentials", "silent-bot"])
def test_a_timeline_of_its_own_is_well_formed_and_asks_for_nothing(report_on: ReportOn, scenario: str) -> None:
    text = standalone(report_on(scenario))
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg",
        "style",
        "title",
        "rect",
        "line",
        "path",
        "text",
    }
    assert "url(" not in text
    assert "href" not in text
    assert "import" not in text


def test_everything_that_happened_has_its_lane(report_on: ReportOn) -> None:
    root = ElementTree.fromstring(standalone(report_on("bad-day")))
    assert {"s-open", "s-wait", "band", "late-ok", "late-bad", "l-caller", "l-bot", "f-warning", "turn-ok"} <= looks(
        root
    )
    words = [element.text for element in root.iter(f"{SVG}text")]
    assert {"link", "lateness, the latest frame", "caller", "bot", "✖ 1", "00:00"} <= set(words)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_nothing_is_drawn_outside_the_picture(report_on: ReportOn, width: float) -> None:
    drawing = timeline(report_on("bad-day"), width)
    root = ElementTree.fromstring(drawing.svg(style=" "))
    for rect in root.iter(f"{SVG}rect"):
        left, top = float(rect.get("x", "0")), float(rect.get("y", "0"))
        assert -0.01 <= left <= left + float(rect.get("width", "0")) <= width + 0.01
        assert -0.01 <= top <= top + float(rect.get("height", "0")) <= drawing.height + 0.01


def test_a_mark_is_drawn_with_its_note() -> None:
    story = Told()
    story.connect()
    story.listen(2.0)
    story.fact(ev.Marked(story.call_id, story.now, "caller says: choppy <now>"))
    story.listen(2.0)
    root = ElementTree.fromstring(standalone(story.report()))
    assert "⚑ caller says: choppy…" in [element.text for element in root.iter(f"{SVG}text")]
    assert "mark" in looks(root)


def test_a_longer_call_is_no_larger_picture() -> None:
    story = Told()
    story.connect()
    story.listen(150.0)
    short = len(standalone(story.report()))
    story.listen(300.0)
    assert len(standalone(story.report())) < 1.2 * short


def test_text_is_escaped_and_visible() -> None:
    assert plain('<a href="x">&\x00\u202e\'') == "&lt;a href=&quot;x&quot;&gt;&amp;␀&lt;U+202E&gt;&#x27;"
    assert fitted("a long sentence", 40.0) == "a lon…"
    assert (number(3.0), number(0.125), number(-0.0)) == ("3", "0.12", "-0")
