from __future__ import annotations

import pytest

from dashboard.dialects.base import Timeline


def test_a_frame_without_a_position_stands_behind_one_that_had_it() -> None:
    timeline = Timeline()

    assert timeline.place(0.02, 5.0, None) == 5.0
    assert timeline.place(0.02, None, None) == pytest.approx(5.02)


def test_a_hole_in_the_numbers_is_as_long_as_the_frames_before_it() -> None:
    timeline = Timeline()
    timeline.place(0.02, None, 1)

    assert timeline.place(0.1, None, 4) == pytest.approx(0.06)
    assert timeline.place(0.1, None, 5) == pytest.approx(0.16)
