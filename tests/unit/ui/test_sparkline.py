"""Lateness as columns: missing is not zero, late is not red by size alone."""

from __future__ import annotations

import pytest

from dashboard.ui.draw.layout import Spans
from dashboard.ui.draw.sparkline import down_columns, scale_top, sparkline

LIMITS = {"warn_s": 0.060, "bad_s": 0.200}


def plain(row: Spans) -> str:
    return "".join(text for text, _ in row)


def test_a_column_is_as_high_as_its_value_in_eighths_of_a_cell() -> None:
    (row,) = sparkline([0.0, 0.005, 0.010], [False] * 3, 1, top_s=0.010, **LIMITS)
    assert plain(row) == "▁▄█"


def test_a_column_spreads_over_the_rows_from_the_bottom_up() -> None:
    rows = sparkline([0.002, 0.010, 0.016], [False] * 3, 2, top_s=0.016, **LIMITS)
    assert [plain(row) for row in rows] == [" ▂█", "▂██"]


def test_no_media_is_a_dot_and_no_connection_a_red_shade_never_a_zero() -> None:
    upper, lower = sparkline([None, None, 0.001], [False, True, False], 2, top_s=0.010, **LIMITS)
    assert plain(lower) == "·░▂"
    assert plain(upper) == " ░ "
    assert lower[1][1] == "bad"


def test_later_than_the_buffer_is_yellow_and_a_spike_red() -> None:
    (row,) = sparkline([0.010, 0.061, 0.500], [False] * 3, 1, top_s=0.2, **LIMITS)
    assert [role for _, role in row] == ["accent", "warn", "bad"]
    assert plain(row)[-1] == "█", "what is beyond the scale is full"


def test_media_received_in_an_outage_is_still_drawn() -> None:
    (row,) = sparkline([0.010], [True], 1, top_s=0.010, **LIMITS)
    assert plain(row) == "█"


@pytest.mark.parametrize(
    ("values", "top"), [([], 0.010), ([None, 0.004], 0.010), ([0.011], 0.020), ([0.15], 0.200), ([9.0], 0.200)]
)
def test_the_scale_ends_at_a_round_figure_and_at_the_spike_threshold(values: list[float | None], top: float) -> None:
    assert scale_top(values, 0.200) == top


def test_columns_wholly_in_an_outage_are_down() -> None:
    # ten columns of one second, the last one being 109..110
    assert down_columns([(102.5, 105.2)], 109.5, 10.0, 10) == [False] * 3 + [True] * 2 + [False] * 5


def test_an_outage_that_goes_on_reaches_to_now() -> None:
    assert down_columns([(107.9, 109.5)], 109.5, 10.0, 10) == [False] * 8 + [True] * 2


def test_an_outage_before_the_window_marks_nothing() -> None:
    assert not any(down_columns([(10.0, 20.0)], 109.5, 10.0, 10))
