"""Two calls side by side."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable
from dataclasses import replace

import pytest

from dashboard.exporters.compare import Comparison, compare, compare_object, compare_text, figures_words, headline
from dashboard.exporters.html import comparison_page
from dashboard.exporters.report import Report
from dashboard.exporters.story import lowered
from tests.unit.exporters.test_html import PAYLOADS, Outline, hostile_call, origin_of
from tests.unit.exporters.told import report

ReportOn = Callable[..., Report]


@pytest.fixture
def both(report_on: ReportOn) -> Comparison:
    """A good call and a bad one."""
    return compare(report_on("steady"), report_on("bad-day", 120.0))


def test_what_is_clearly_worse_is_said_of_the_right_side(both: Comparison) -> None:
    worse = {row.measure.key: row.worse for row in both.rows}
    assert worse["outages"] == worse["lateness_p99_s"] == worse["mos"] == worse["answer_p95_s"] == "b"
    assert worse["silent_failures"] == worse["lateness_p50_s"] == ""
    turned = {row.measure.key: row.worse for row in compare(both.b, both.a).rows}
    assert turned["outages"] == turned["lateness_p99_s"] == turned["mos"] == "a"


def test_a_call_is_like_itself(both: Comparison) -> None:
    alike = compare(both.b, both.b)
    assert {row.worse for row in alike.rows} == {""}
    assert all(first == second for _, first, second in alike.bins)
    assert all(first is second for _, first, second in alike.findings)


def test_the_first_line_says_what_tells_them_apart(both: Comparison) -> None:
    assert headline(both) == "Only in the second: " + lowered(both.b.headline)
    assert headline(compare(both.b, both.a)) == "Only in the first: " + lowered(both.b.headline)
    assert (
        headline(compare(both.b, both.b)) == "The same was found in both, and the 15 figures that both have are alike"
    )
    assert headline(compare(both.a, both.a)).startswith("Nothing harmful was found in either, and the ")
    assert figures_words(both).startswith("The second is worse in ")
    assert compare_text(both, 80).startswith(textwrap.wrap(headline(both), 80)[0])
    assert compare_object(both)["headline"] == headline(both)


def test_of_two_calls_with_troubles_of_their_own_it_says_which_has_the_worse_figures(report_on: ReportOn) -> None:
    told = headline(compare(report_on("stalls", 20.0), report_on("one-way", 20.0)))
    assert re.fullmatch(r"Each had trouble of its own, and the first is worse in \d+ of \d+ figures.*", told)


def test_shares_of_the_bins_add_up(both: Comparison) -> None:
    assert sum(first for _, first, _ in both.bins) == pytest.approx(1.0)
    assert sum(second for _, _, second in both.bins) == pytest.approx(1.0)


def test_findings_are_told_by_the_call_that_had_them(both: Comparison) -> None:
    found = compare_object(both)["findings"]
    assert "half_open" in found["only_b"]
    assert found["only_a"] == found["both"] == []
    assert json.loads(json.dumps(compare_object(both)))["version"] == 1


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_the_text_fits_its_terminal_and_is_aligned(both: Comparison, width: int) -> None:
    text = compare_text(both, width)
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text
    assert ("worse ▸" if width >= 60 else " ▸") in text
    assert not re.search(r"[a-z]{5}healthy|healthydegraded", text)
    assert "found only in the second" in text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_of_a_peer_stays_text(payload: str) -> None:
    bad = report(hostile_call(payload).facts)
    bad = replace(bad, origin=origin_of(payload))
    tame = replace(report(hostile_call("harmless").facts), origin=origin_of("harmless"))
    assert sorted(Outline(comparison_page(compare(bad, bad))).tags) == sorted(
        Outline(comparison_page(compare(tame, tame))).tags
    )
