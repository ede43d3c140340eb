"""Plots come back from plotext as rows of spans in our own roles."""

from __future__ import annotations

from functools import cache
from itertools import chain

import pytest

from dashboard.call.state import CallState
from dashboard.ui.draw.layout import Spans
from dashboard.ui.draw.plot import PlotKind, draw_plot, kinds_of
from dashboard.ui.draw.spans import ROLES, cells
from tests import builders
from tests.builders import Story

waiting = cache(builders.waiting)


def plain(rows: list[Spans]) -> str:
    return "\n".join("".join(text for text, _ in row) for row in rows)


@pytest.mark.parametrize("kind", kinds_of(CallState("")))
@pytest.mark.parametrize(("width", "height"), [(62, 11), (104, 20), (24, 5), (76, 18)])
def test_a_plot_fills_its_room_and_no_more(kind: PlotKind, width: int, height: int) -> None:
    rows = draw_plot(kind, waiting(), 60.0, width, height)
    assert len(rows) == height
    assert max(map(cells, rows)) <= width
    assert {role for _, role in chain(*rows)} <= set(ROLES)
    assert "\x1b" not in plain(rows)


@pytest.mark.parametrize("kind", kinds_of(CallState("")))
def test_without_figures_a_plot_says_what_is_missing(kind: PlotKind) -> None:
    assert "yet" in plain(draw_plot(kind, CallState(""), 60.0, 62, 11))


@pytest.mark.parametrize("kind", kinds_of(CallState("")))
def test_a_plot_without_room_says_how_to_get_it(kind: PlotKind) -> None:
    assert "M" in plain(draw_plot(kind, waiting(), 60.0, 20, 3))


def test_lateness_has_units_on_both_axes_and_marks_what_is_late() -> None:
    rows = draw_plot("lateness", waiting(), 60.0, 62, 11)
    text = plain(rows)
    assert "500 ms" in text
    assert "−60 s" in text
    assert "now" in text
    spans = list(chain(*rows))
    assert ("●", "bad") in spans
    assert any("●" in part and role == "warn" for part, role in spans)
    assert any("░" in part and role == "bad" for part, role in spans)


def test_the_window_decides_how_far_back_a_plot_goes() -> None:
    assert "−10 s" in plain(draw_plot("lateness", waiting(), 10.0, 62, 11))


def test_a_histogram_colours_what_a_buffer_would_lose_and_shows_single_frames() -> None:
    rows = draw_plot("histogram", waiting(), None, 62, 12)
    assert {"accent", "warn", "bad"} <= {role for text, role in chain(*rows) if "█" in text}
    assert "1,000" in plain(rows)
    assert "500 ms" in plain(rows)


def test_one_frame_in_a_histogram_is_seen() -> None:
    story = Story()
    story.connect()
    story.listen(5.0)
    story.stall(0.02)
    rows = draw_plot("histogram", story.call, 60.0, 62, 12)
    assert any("█" in text for text, _ in chain(*rows))


def test_round_trips_reach_from_the_first_to_now() -> None:
    text = plain(draw_plot("round trips", waiting(), 60.0, 62, 11))
    assert "50 ms" in text
    assert "−60 s" in text


def test_a_lateness_beyond_every_scale_is_still_drawn() -> None:
    story = Story()
    story.connect()
    story.listen(1.0)
    story.stall(9.0)
    assert "10000 ms" in plain(draw_plot("lateness", story.call, 60.0, 62, 11))
