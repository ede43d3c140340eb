"""The transport bar, drawn."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.call.events import Cause
from dashboard.call.moments import Moment
from dashboard.call.playback import Playback
from dashboard.call.state import CallState, LinkView, Outage
from dashboard.media.tail import Tail
from dashboard.ui.ascii import to_ascii
from dashboard.ui.draw.spans import cells
from dashboard.ui.draw.transport import column_of, draw_track, draw_transport, position_at, signs, track_place

BEGAN = 1000.0


@cache
def call() -> CallState:
    outage = Outage(1, BEGAN + 30.0, Cause.STALE, ended_at=BEGAN + 39.9)
    link = LinkView(outages=Tail[Outage](10).append(outage))
    return CallState("c", started_at=BEGAN, now=BEGAN + 100.0, link=link)


def playback(*moments: Moment, position_s: float = 0.0, **more: object) -> Playback:
    made = Playback(
        position_s=position_s,
        length_s=100.0,
        wall=1_900_000_000.0 + position_s,
        speed=5,
        playing=True,
        read_s=100.0,
        read=True,
        began_at=BEGAN,
        moments=moments,
        known=call(),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def track(now: Playback, width: int = 50) -> str:
    return "".join(text for text, _ in draw_track(now, signs(now, width), width))


def test_an_outage_takes_the_cells_of_its_time() -> None:
    assert track(playback()) == "●" + "─" * 14 + "█" * 5 + "─" * 30


def test_what_was_played_and_what_has_not_been_read_look_different() -> None:
    now = playback(position_s=20.0, read=False, read_s=60.0)
    assert track(now) == "━" * 10 + "●" + "─" * 4 + "█" * 5 + "─" * 10 + "┄" * 20


def test_of_several_in_a_cell_the_worst_is_seen() -> None:
    moments = [
        Moment(BEGAN + 50, "turn", "turn 1"),
        Moment(BEGAN + 50, "finding", "x"),
        Moment(BEGAN + 50, "spike", ""),
    ]
    assert track(playback(*moments))[25] == "▲"


def test_turns_that_would_fill_the_track_are_left_out() -> None:
    few = [Moment(BEGAN + at, "turn", "turn") for at in range(50, 60, 3)]
    many = [Moment(BEGAN + at, "turn", "turn") for at in range(100)]
    assert track(playback(*few)).count("╵") == 4
    assert "╵" not in track(playback(*many))


def test_the_bar_says_what_has_been_and_what_trouble_comes() -> None:
    moments = [
        Moment(BEGAN + 5, "mark", "[b]here"),
        Moment(BEGAN + 20, "turn", "turn 1"),
        Moment(BEGAN + 36, "outage", "outage 1: stale"),
    ]
    now = playback(*moments, position_s=8.0)
    words, line = ("".join(text for text, _ in row) for row in draw_transport(now, signs(now, 118), 118, 118))
    assert words.startswith("▸ playing 5×")
    assert "00:08 / 01:40" in words
    assert "⚑ [b]here  00:03 ago" in words
    assert words.endswith("next █ in 00:28")
    assert line.count("●") == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"playing": False}, "‖ paused"),
        ({"playing": False, "position_s": 100.0}, "▪ at the end"),
        ({"read": False, "read_s": 43.2, "position_s": 20.0}, "reading 43 %"),
        ({"read": False, "read_s": 43.2, "position_s": 60.0}, "◐ reading 43 %"),
        ({"complete": False}, "▲ cut off"),
    ],
)
def test_the_bar_says_how_the_recording_stands(more: dict[str, object], said: str) -> None:
    now = playback(**more)  # type: ignore[arg-type]
    assert said in "".join(text for text, _ in draw_transport(now, {}, 118, 118)[0])


@given(st.integers(40, 300), st.integers(1, 2), st.floats(0, 100), st.booleans())
def test_the_bar_fits_wherever_it_is_drawn(width: int, height: int, position_s: float, whole: bool) -> None:
    now = playback(Moment(BEGAN, "finding", "長い" * 60), position_s=position_s, complete=whole)
    start, track_width = track_place(now, width, height)
    rows = draw_transport(now, signs(now, track_width), width, track_width)
    assert len(rows) == height
    assert all(cells(row) <= max(width, 60) for row in rows)
    assert "?" not in to_ascii("".join(text for row in rows for text, _ in row if "長" not in text))
    assert start + track_width <= max(width, 60)


@given(st.floats(0, 100), st.integers(2, 300))
def test_a_click_on_a_cell_comes_back_to_that_cell(position_s: float, width: int) -> None:
    column = column_of(position_s, 100.0, width)
    assert abs(column_of(position_at(column, 100.0, width), 100.0, width) - column) <= 1
    assert position_at(width - 1, 100.0, width) == 100.0
    assert position_at(0, 100.0, width) == 0.0


def test_a_recording_of_a_single_moment_can_be_drawn() -> None:
    now = playback(length_s=0.0)
    assert draw_track(now, signs(now, 20), 20)
