from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.media.pacing import Pacing, reanchor
from dashboard.media.readings import (
    Percentiles,
    batched,
    columns,
    drift,
    drift_ppm,
    gap_columns,
    histogram_bins,
    late_share,
    late_shares,
    lateness,
    window,
)
from tests.unit.media.streams import FRAME_S, jittery, paced, stream, vector


def late_by(delays: list[float]) -> Pacing:
    """A stream whose first frame is on time and each further one late by so much."""
    return stream([i * FRAME_S + delay for i, delay in enumerate([0.0, *delays])])


def test_nothing_is_read_from_a_stream_without_frames() -> None:
    empty = Pacing()
    assert lateness(empty, 10.0, 5.0) is None
    assert lateness(empty, None, 5.0) is None
    assert late_shares(empty, [0.06], 10.0, 5.0) == late_shares(empty, [0.06], None, 5.0) == [None]
    assert drift_ppm(empty, 5.0) is None
    assert batched(empty, 5.0, 10.0) is False
    assert columns(empty, 5.0, 10.0, 4) == gap_columns(empty, 5.0, 10.0, 4) == [None] * 4
    assert histogram_bins(empty, [0.0, 0.01], None, 5.0) == [0, 0]


# -- windows and percentiles -------------------------------------------------------------------------------


def test_a_window_holds_the_frames_of_its_seconds() -> None:
    pacing = stream(paced(3000))
    assert len(window(pacing, 10.0, 59.99)) == 500
    assert [frame[0] for frame in window(pacing, 0.05, 30.01)] == pytest.approx([29.96, 29.98, 30.0])
    assert window(pacing, 10.0, 100.0) == ()


def test_the_99th_percentile_is_the_buffer_for_one_percent_of_late_frames() -> None:
    delays = [i * 0.0001 for i in range(1, 100)]
    found = lateness(late_by(delays), 60.0, 10.0)
    assert found is not None
    assert (found.p50, found.p95, found.p99, found.max) == pytest.approx((0.0049, 0.0094, 0.0098, 0.0099))
    assert late_share(late_by(delays), found.p99, 60.0, 10.0) == 0.01


@given(st.integers(0, 500), st.integers(1, 2500))
def test_percentiles_of_the_whole_call_are_within_a_bin_of_the_exact_ones(seed: int, count: int) -> None:
    pacing = stream(jittery(count, seed))
    exact, call = lateness(pacing, 100.0, 60.0), lateness(pacing, None, 60.0)
    assert exact is not None
    assert call is not None
    for name in ("p50", "p95", "p99", "max"):
        true = getattr(exact, name)
        assert getattr(call, name) == pytest.approx(true, rel=0.004, abs=2.5e-5)


def test_the_whole_call_reaches_further_back_than_any_window() -> None:
    bad_start = stream([*paced(50), 2.0, *paced(9000, start=2.001)])
    now = bad_start.samples[-1][0]
    in_window, in_call = lateness(bad_start, 60.0, now), lateness(bad_start, None, now)
    assert in_window is not None
    assert in_call is not None
    assert in_call.max == pytest.approx(1.0)
    assert in_call.max > in_window.max


def test_a_perfect_stream_is_never_late() -> None:
    perfect = stream([0.0, 0.5, 1.0], [0.0, 0.5, 1.0])
    assert lateness(perfect, None, 1.0) == lateness(perfect, 60.0, 1.0) == Percentiles(0.0, 0.0, 0.0, 0.0)


def test_late_shares_fall_with_the_buffer() -> None:
    pacing, now = vector("tcp_stalls")
    shares = late_shares(pacing, [0.02, 0.06, 0.1, 0.2, 1.0], 60.0, now)
    assert shares == sorted(shares, key=lambda share: -(share or 0))
    assert shares[-1] == 0.0
    assert late_shares(pacing, [0.06], None, now)[0] == pytest.approx(shares[1], abs=0.005)


# -- drift and batching -------------------------------------------------------------------------------


@pytest.mark.parametrize("ppm", [-300.0, 0.0, 40.0, 1000.0])
def test_drift_is_found_through_jitter(ppm: float) -> None:
    arrivals = [at * (1 + ppm * 1e-6) for at in jittery(3000)]
    assert drift_ppm(stream(arrivals), arrivals[-1]) == pytest.approx(ppm, abs=2.0)


def test_a_drift_is_in_both_halves_of_the_time_and_a_pause_in_neither() -> None:
    arrivals = [at * 1.0005 for at in jittery(3000)]
    even = drift(stream(arrivals), arrivals[-1])
    assert even is not None
    assert list(even.halves_ppm) == pytest.approx([500, 500], abs=10)
    assert even.moved_s == pytest.approx(0.030, abs=0.001)
    assert even.scatter_s < 0.001
    paused = [at if at < 30.0 else at + 0.5 for at in paced(3000)]
    once = drift(stream(paused, positioned=False), paused[-1])
    assert once is not None
    assert once.ppm > 5000.0
    assert list(once.halves_ppm) == pytest.approx([0.0, 0.0])


def test_drift_is_found_in_the_recorded_trace() -> None:
    assert drift_ppm(*vector("drift_300ppm")) == pytest.approx(300, abs=15)
    assert drift_ppm(*vector("tcp_stalls")) == pytest.approx(0, abs=15)


def test_drift_takes_ten_seconds_of_one_timeline() -> None:
    assert drift_ppm(stream(paced(400)), 8.0) is None
    reconnected = stream(paced(400, start=31.0), after=reanchor(stream(paced(1500))))
    assert drift_ppm(reconnected, 39.0) is None
    assert drift_ppm(stream(paced(800, start=31.0), after=reanchor(stream(paced(1500)))), 47.0) == pytest.approx(
        0, abs=1e-3
    )


@pytest.mark.parametrize(
    ("name", "packs"),
    [
        ("batched_5", True),
        ("paced", False),
        ("gauss_4ms", False),
        ("pareto_tail", False),
        ("tcp_stalls", False),
    ],
)
def test_a_sender_that_packs_frames_is_told_from_jitter_and_stalls(name: str, packs: bool) -> None:
    pacing, now = vector(name)
    assert batched(pacing, now, 60.0) is packs
    assert batched(pacing, now, 10.0) is packs


def test_two_frames_at_once_are_not_yet_a_habit() -> None:
    assert batched(stream([0.0, 0.0]), 1.0, 10.0) is False


def test_a_stream_of_tiny_frames_is_not_one_endless_burst() -> None:
    assert batched(stream([i * 0.0015 for i in range(1000)]), 1.5, 1.0) is True
    assert batched(stream([i * 0.0025 for i in range(1000)]), 2.5, 1.0) is False


# -- columns -------------------------------------------------------------------------------


def test_each_column_shows_its_highest_lateness_or_that_there_was_no_frame() -> None:
    delays = [0.0] * 49 + [0.005] + [0.0] * 49 + [0.010]
    pacing = late_by(delays)
    assert columns(pacing, 3.5, 4.0, 4) == [
        pytest.approx(0.0),
        pytest.approx(0.005),
        pytest.approx(0.010),
        None,
    ]


def test_what_was_drawn_scrolls_without_changing() -> None:
    pacing = stream(jittery(2000))
    drawn = columns(pacing, 20.0, 10.0, 40)
    for step in range(1, 60):
        later = columns(pacing, 20.0 + step * 0.1, 10.0, 40)
        moved = math.floor((20.0 + step * 0.1) / 0.25 + 1e-9) - 80
        assert later[: 39 - moved] == drawn[moved:39]


def test_the_first_column_is_whole_and_not_cut_by_the_window() -> None:
    pacing = late_by([0.010, *[0.0] * 400])
    assert columns(pacing, 4.99, 4.0, 1)[0] == pytest.approx(0.0)
    assert columns(pacing, 3.99, 2.0, 2)[0] == pytest.approx(0.0)
    assert columns(pacing, 1.99, 1.0, 1)[0] == pytest.approx(0.0)
    assert columns(pacing, 1.99, 2.0, 2) == [pytest.approx(0.010), pytest.approx(0.0)]


def test_a_gap_shows_while_it_is_open_and_where_it_ended() -> None:
    pacing = stream(paced(50, start=10.0))
    assert gap_columns(pacing, 13.5, 4.0, 4) == [pytest.approx(0.02), None, None, pytest.approx(2.52)]
    over = stream(paced(10, start=13.6), [1.0 + i * FRAME_S for i in range(10)], after=pacing)
    assert gap_columns(over, 13.8, 4.0, 4)[-1] == pytest.approx(2.62)
    assert gap_columns(reanchor(pacing), 13.5, 4.0, 4)[-1] is None


def test_histogram_bins_count_every_frame_once_and_leave_the_last_open() -> None:
    pacing = late_by([0.001, 0.012, 0.025, 0.4])
    edges = [0.0, 0.01, 0.02, 0.03]
    assert histogram_bins(pacing, edges, 60.0, 1.0) == histogram_bins(pacing, edges, None, 1.0) == [2, 1, 1, 1]
    assert histogram_bins(pacing, [0.02, 0.03], 60.0, 1.0) == [1, 1]
