"""Bars in eighths of a cell."""

from __future__ import annotations

from dashboard.ui.draw.bars import bar, meter, meter_position


def test_a_bar_is_filled_to_an_eighth_of_a_cell() -> None:
    assert [bar(0.0, 4), bar(0.5, 4), bar(0.53125, 4), bar(1.0, 4)] == ["    ", "██  ", "██▏ ", "████"]


def test_a_share_out_of_range_is_clamped() -> None:
    assert [bar(-1.0, 2), bar(7.0, 2)] == ["  ", "██"]


def test_a_meter_runs_from_silence_to_full_scale() -> None:
    assert [meter_position(level) for level in (-90.0, -60.0, -30.0, 0.0)] == [0.0, 0.0, 0.5, 1.0]


def test_a_meter_holds_its_peak_and_warms_towards_full_scale() -> None:
    drawn = meter(-30.0, -15.0, 20)
    assert "".join(text for text, _ in drawn) == "██████████·····│····"
    assert drawn[0] == ("██████████", "good")
    loud = meter(0.0, 0.0, 20)
    assert [role for _, role in loud] == ["good", "warn", "bad"]


def test_silence_shows_no_peak() -> None:
    assert meter(-90.0, -90.0, 5) == (("·····", "faint"),)
