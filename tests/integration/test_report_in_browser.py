"""What a real browser does with the report on a call whose peer is hostile, and with two such calls compared.

It shows text, runs nothing, asks nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.exporters.compare import compare
from dashboard.exporters.html import comparison_page, page
from dashboard.exporters.report import Report, report_of
from dashboard.exporters.svg import standalone
from dashboard.simulator.scenario import load_scenario
from tests.browser import bait, browse, needs_browser
from tests.unit.exporters.test_html import hostile_call, origin_of
from tests.unit.exporters.told import ORIGIN
from tests.virtual import facts_of

pytestmark = needs_browser

RAN = "a script ran"
TRAPS = (
    "<script>document.title='{ran}';fetch('{url}/script')</script>",
    "<img src='{url}/image' onerror=\"document.title='{ran}'\">",
    "<svg onload=\"document.title='{ran}'\"><image href='{url}/svg'/></svg>",
    "</style></title></textarea><script src='{url}/src'></script>",
    "<link rel=stylesheet href='{url}/sheet'><style>@import url('{url}/import')</style>",
    "<div style=\"background:url('{url}/style')\">x</div>",
    "<video src='{url}/video' autoplay></video><audio src='{url}/audio' autoplay></audio>",
    "<object data='{url}/object'></object><embed src='{url}/embed'>",
    "<iframe srcdoc=\"<img src='{url}/frame'>\"></iframe>",
    "<a href=\"javascript:document.title='{ran}'\" autofocus onfocus=\"document.title='{ran}'\">x</a>",
    "\"'><body onload=\"document.title='{ran}'\">",
)
GONE = ("<meta http-equiv=refresh content='0;url={url}/refresh'>", "<base href='{url}/'>")
STRANGE = ("\u202egnp.exe\u202c \x00\x1b]0;x\x07 \ud800 \ufeff", "x" * 1_000_000)


def set_up(traps: tuple[str, ...], url: str) -> list[str]:
    return [trap.replace("{url}", url).replace("{ran}", RAN) for trap in traps]


def title_of(dom: str) -> str:
    return " ".join(re.findall(r"<title>(.*?)</title>", dom.split("<svg")[0], re.DOTALL))


def test_the_traps_work_where_nothing_stops_them(tmp_path: Path) -> None:
    with bait() as server:
        file = tmp_path / "open.html"
        file.write_text(f"<!doctype html><title>quiet</title>{''.join(set_up(TRAPS, server.url))}", encoding="utf-8")
        dom = browse(file, "--dump-dom")
        assert title_of(dom) == RAN
        assert {"/script", "/image", "/src", "/sheet", "/style", "/object", "/frame"} <= set(server.asked)


def hostile_report(url: str) -> Report:
    """Return the view of a call on which every trap was said, in a file that is called like one."""
    for number, trap in enumerate([*set_up(TRAPS + GONE, url), *STRANGE]):
        story = hostile_call(trap)
        if number == 0:
            facts = list(story.facts)
        else:
            facts += story.facts[1:-1]
    return report_of(facts, origin_of(" ".join(set_up(TRAPS + GONE, url))))


def test_a_report_on_a_hostile_call_runs_nothing_and_asks_nobody(tmp_path: Path) -> None:
    with bait() as server:
        report = hostile_report(server.url)
        file = tmp_path / "report.html"
        file.write_text(page(report), encoding="utf-8")
        dom = browse(file, "--dump-dom")
        assert RAN not in title_of(dom)
        assert "<script" not in dom
        assert "&lt;script&gt;" in dom
        picture = tmp_path / "timeline.svg"
        picture.write_text(standalone(report), encoding="utf-8")
        assert "<script" not in browse(picture, "--dump-dom")
        assert server.asked == []


def test_two_hostile_calls_compared_run_nothing_and_ask_nobody(tmp_path: Path) -> None:
    with bait() as server:
        report = hostile_report(server.url)
        file = tmp_path / "both.html"
        file.write_text(comparison_page(compare(report, report)), encoding="utf-8")
        dom = browse(file, "--dump-dom")
        assert RAN not in title_of(dom)
        assert "<script" not in dom
        assert "&lt;script&gt;" in dom
        assert server.asked == []


def test_markup_that_got_through_could_still_do_nothing(tmp_path: Path) -> None:
    story = hostile_call("harmless")
    html = page(report_of(story.facts, ORIGIN))
    with bait() as server:
        file = tmp_path / "report.html"
        file.write_text(html.replace("<main>", f"<main>{''.join(set_up(TRAPS, server.url))}"), encoding="utf-8")
        dom = browse(file, "--dump-dom")
        assert "<script" in dom
        assert RAN not in title_of(dom)
        assert server.asked == []


def test_the_hostile_scenario_is_shown_and_not_run(tmp_path: Path) -> None:
    facts = facts_of(load_scenario("hostile"))
    file = tmp_path / "report.html"
    file.write_text(page(report_of(facts, ORIGIN)), encoding="utf-8")
    dom = browse(file, "--dump-dom")
    assert "[@click=app.quit]x[/]" in dom
    assert "total &lt;U+202E&gt;000,1&lt;U+202C&gt; EUR" in dom
    assert "<script" not in dom


def test_the_hostile_scenario_beside_a_good_call_is_shown_and_not_run(tmp_path: Path) -> None:
    good, hostile = (report_of(facts_of(load_scenario(name)), ORIGIN) for name in ("steady", "hostile"))
    file = tmp_path / "both.html"
    with bait() as server:
        trapped = replace(hostile, origin=origin_of(" ".join(set_up(TRAPS, server.url))))
        file.write_text(comparison_page(compare(good, trapped)), encoding="utf-8")
        dom = browse(file, "--dump-dom")
        assert title_of(dom).startswith("Only in the second: ")
        assert "<script" not in dom
        assert server.asked == []


PAGES: dict[str, Callable[[Report], str]] = {
    "report": page,
    "comparison": lambda report: comparison_page(compare(report, report)),
}


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_window(tmp_path: Path, width: int, kind: str) -> None:
    html = PAGES[kind](report_of(hostile_call("W" * 3000).facts, origin_of("W" * 300)))
    probe = "<script>document.title = `${document.documentElement.scrollWidth} of ${innerWidth}`</script>"
    open_page = re.sub(r"<meta http-equiv=[^>]*>", "", html).replace("</body>", f"{probe}</body>")
    frame = tmp_path / "frame.html"
    (tmp_path / "report.html").write_text(open_page, encoding="utf-8")
    frame.write_text(
        f"<iframe src='report.html' width={width} height=800 style='border:0' onload="
        '"document.title=this.contentDocument.title"></iframe>',
        encoding="utf-8",
    )
    dom = browse(frame, "--dump-dom", "--allow-file-access-from-files", "--window-size=1400,900")
    assert title_of(dom) == f"{width} of {width}"
