"""A leg over time in a bounded number of pieces."""

from __future__ import annotations

import pytest

from dashboard.call.events import AudioReceived
from dashboard.call.state import INBOUND
from dashboard.exporters.raster import Piece, Raster
from tests.unit.exporters.told import Told


def raster_of(story: Told, **limits: float) -> Raster:
    """The raster of a story's inbound leg, filled as a report fills it."""
    found = story.report().rasters[INBOUND]
    assert not limits
    return found


def test_every_frame_is_in_one_piece_of_its_time() -> None:
    story = Told()
    story.connect()
    story.listen(5.0)
    raster = raster_of(story)
    columns = raster.columns(story.report().duration_s, 10)
    assert sum(piece.frames for piece in columns if piece) == story.call.inbound.pacing.frames
    assert columns[0] is not None
    assert all(columns)


def test_a_stall_is_a_column_without_frames_and_then_late_ones() -> None:
    story = Told()
    story.connect(takes_s=0.0)
    story.listen(2.0)
    story.stall(1.0)
    story.listen(1.0)
    width_s, rows = raster_of(story).rows(0.5)
    pieces = dict(rows)
    assert width_s == 0.5
    assert 5 not in pieces  # from 2.5 to 3.0 s nothing came
    assert pieces[6].latest_s == pytest.approx(1.0, abs=0.05)
    assert pieces[6].gap_s == pytest.approx(1.0, abs=0.05)
    assert pieces[6].late > pieces[1].late


def test_a_level_is_the_mean_power_of_its_piece() -> None:
    story = Told()
    story.connect(takes_s=0.0)
    story.listen(1.0, caller_dbfs=-90.0, bot_dbfs=-20.0)
    raster = raster_of(story)
    (_, piece), *_ = raster.rows(1.0)[1]
    assert raster.channels == ("caller", "bot")
    assert piece.level(0) == pytest.approx(-90.0)
    assert piece.level(1) == pytest.approx(-20.0, abs=3.0)
    assert piece.level(2) is None


def test_a_long_call_takes_longer_pieces_and_loses_no_frame() -> None:
    story = Told()
    story.connect(takes_s=0.0)
    story.listen(30.0)
    call = story.call
    raster = Raster(call.started_at, 0.06, most=50)
    folded = Told()
    for fact in story.facts:
        folded.fact(fact)
        if isinstance(fact, AudioReceived):
            raster.hear(fact, folded.call.inbound)
    columns = raster.columns(story.report().duration_s, 25)
    assert raster.piece_s == pytest.approx(0.8)
    assert sum(piece.frames for piece in columns if piece) == call.inbound.pacing.frames


def test_times_that_are_none_stay_within_the_raster() -> None:
    raster = Raster(1000.0, 0.06, most=100)
    for at in (-1e300, 0.0, 1e300, 1e12, 5e15):
        raster._piece(at).frames += 1
    assert sum(piece.frames for piece in raster.columns(60.0, 10) if piece) == 5


def test_pieces_far_apart_do_not_grow_without_end() -> None:
    raster = Raster(0.0, 0.06, most=100)
    for step in range(1000):
        raster._piece(step * 1e6).frames += 1
    assert len(raster.rows(0.1)[1]) <= 100


def test_two_pieces_become_one_without_loss() -> None:
    early = Piece(2, 0.3, 0.2, 0.05, 1, 0, 0.001, 0.01, 0.04, [0.1])
    early.absorb(Piece(1, 0.5, 0.5, 0.01, 1, 3, None, 0.02, 0.02, [0.2, 0.4]))
    assert (early.frames, early.latest_s, early.gap_s, early.late, early.lost) == (3, 0.5, 0.05, 2, 3)
    assert (early.jitter_s, early.lag_s) == (0.001, 0.02)
    assert early.power == pytest.approx([0.3, 0.4])
    assert early.mean_s == pytest.approx(0.8 / 3)
