from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.media.pacing import (
    WINDOW_FRAMES,
    Pacing,
    advance,
    missing_s,
    open_gap_s,
    reanchor,
)
from dashboard.media.readings import lateness as lateness_of
from dashboard.media.spread import Spread
from tests.unit.media.streams import FRAME_S, VECTORS, jittery, paced, stream, vector

EXPECTED = json.loads((VECTORS / "expected.json").read_text())


def in_ms(spread: Spread) -> dict[str, object]:
    values = {"min": spread.min, "mean": spread.mean, "max": spread.max}
    # Half of the last digit that the analyser printed.
    return {name: pytest.approx(value * 1000, abs=0.00051) for name, value in values.items() if value is not None}


@pytest.mark.parametrize("name", EXPECTED)
def test_figures_agree_with_those_of_an_independent_analyser(name: str) -> None:
    pacing, _ = vector(name)
    found = {
        "frames": pacing.frames,
        "lost": pacing.lost,
        "delta_ms": in_ms(pacing.delta),
        "jitter_ms": in_ms(pacing.jitter),
    }
    assert found == EXPECTED[name]


@pytest.mark.parametrize(("name", "stalls"), [("tcp_stalls", 6), ("gauss_4ms", 0), ("batched_5", 0)])
def test_stalls_are_told_from_jitter_and_from_batches(name: str, stalls: int) -> None:
    assert vector(name)[0].stalls == stalls


def test_a_stream_without_frames_has_no_figures() -> None:
    empty = Pacing()
    assert (empty.frames, empty.lost, empty.delta.mean, empty.jitter.current) == (0, None, None, None)
    assert (empty.media_lag.current, empty.lateness.max, empty.end_position) == (None, None, None)
    assert advance(empty, (), (), ()) == empty


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        advance(Pacing(), (1.0, 1.02), (0.0,), (0.02,))


# -- batches and clocks -------------------------------------------------------------------------------


@given(st.integers(0, 1000), st.lists(st.integers(1, 400), min_size=1, max_size=30))
def test_figures_do_not_depend_on_how_frames_were_batched(seed: int, sizes: list[int]) -> None:
    arrivals = jittery(1300, seed)
    at_once = stream(arrivals)
    in_batches, first = Pacing(), 0
    while first < len(arrivals):
        size = sizes[first % len(sizes)]
        columns = (
            arrivals[first : first + size],
            [i * FRAME_S for i in range(first, first + size)][: len(arrivals) - first],
        )
        in_batches = stream(*columns, after=in_batches)
        first += size
    assert in_batches == at_once


def test_figures_do_not_depend_on_batches_when_minima_expire() -> None:
    arrivals = [at * 1.0003 for at in jittery(5000)]
    one_by_one = Pacing()
    for i, arrival in enumerate(arrivals):
        one_by_one = stream([arrival], [i * FRAME_S], after=one_by_one)
    assert one_by_one == stream(arrivals)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_jitter_and_lateness_do_not_depend_on_where_the_clocks_start(arrival: float, position: float) -> None:
    arrivals = jittery(300)
    here = stream(arrivals)
    there = stream([at + arrival for at in arrivals], [position + i * FRAME_S for i in range(300)])
    for name in ("current", "min", "max"):
        assert getattr(there.jitter, name) == pytest.approx(getattr(here.jitter, name), abs=1e-8)
    assert there.lateness.max == pytest.approx(here.lateness.max, abs=1e-8)
    assert there.media_lag.max == pytest.approx(here.media_lag.max, abs=1e-8)
    assert (there.lost, there.jumps) == (0, 0)


@given(st.floats(0.1, 10))
def test_jitter_scales_with_time(factor: float) -> None:
    arrivals = jittery(300)
    positions = [i * FRAME_S for i in range(300)]
    scaled = stream([at * factor for at in arrivals], [at * factor for at in positions])
    assert scaled.jitter.max == pytest.approx(factor * (stream(arrivals).jitter.max or 0))


def test_one_surprise_moves_jitter_by_a_sixteenth() -> None:
    pacing = stream([10.020, 10.047])
    assert pacing.jitter.current == pytest.approx(0.007 / 16)
    assert pacing.jitter.count == 1


def test_a_branch_after_going_back_has_the_figures_of_its_own_frames() -> None:
    arrivals = jittery(2000)
    trunk = stream(arrivals[:700])
    stream(arrivals[700:], [i * FRAME_S for i in range(700, 2000)], after=trunk)
    other = paced(1000, start=14.2)
    positions = [i * FRAME_S for i in range(700, 1700)]
    assert stream(other, positions, after=trunk) == stream(arrivals[:700] + other, [i * FRAME_S for i in range(1700)])


# -- lateness and media lag -------------------------------------------------------------------------------


def brute_lateness(arrivals: list[float]) -> list[float]:
    transits = [arrival - i * FRAME_S for i, arrival in enumerate(arrivals)]
    return [
        transit - min(t for a, t in zip(arrivals, transits, strict=True) if arrival - 30.0 <= a <= arrival)
        for arrival, transit in zip(arrivals, transits, strict=True)
    ]


@pytest.mark.parametrize("drift", [0.999, 1.0, 1.0003, 1.001])
def test_lateness_is_measured_from_the_smallest_transit_of_30_s(drift: float) -> None:
    arrivals = [at * drift for at in jittery(2500, seed=7)]
    pacing = stream(arrivals)
    found = [lateness for _, lateness, *_ in pacing.samples]
    assert found == pytest.approx(brute_lateness(arrivals)[-len(found) :], abs=1e-9)


def test_a_drifting_clock_does_not_grow_lateness_without_end() -> None:
    pacing = stream(paced(20_000, step=FRAME_S * 1.001))
    assert pacing.lateness.max == pytest.approx(0.030, abs=0.001)
    assert pacing.media_lag.max == pytest.approx(0.400, abs=0.001)


def test_media_lag_grows_in_a_stall_and_falls_when_it_catches_up() -> None:
    burst = [*paced(50), *[1.4 + i * 0.001 for i in range(20)]]
    stalled = stream(burst)
    assert stalled.media_lag.max == pytest.approx(0.400)
    caught_up = stream(paced(50, start=1.42), [1.4 + i * FRAME_S for i in range(50)], after=stalled)
    assert caught_up.media_lag.current == pytest.approx(0.020)
    assert caught_up.media_lag.max == pytest.approx(0.400)


# -- spikes and stalls -------------------------------------------------------------------------------


def test_a_pause_that_is_not_followed_by_a_hurry_is_a_spike_and_no_stall() -> None:
    pacing = stream([*paced(10), *paced(10, start=1.0)])
    assert (pacing.spikes, pacing.stalls) == (1, 0)


@pytest.mark.parametrize(("hurried", "stalls"), [(2, 0), (3, 1), (10, 1)])
def test_three_frames_in_a_hurry_after_a_spike_are_a_stall(hurried: int, stalls: int) -> None:
    after = [1.0 + i * 0.009 for i in range(hurried + 1)]
    pacing = stream([*paced(10), *after, *paced(5, start=after[-1] + FRAME_S)])
    assert (pacing.spikes, pacing.stalls) == (1, stalls)


def test_a_spike_right_after_a_spike_starts_the_count_anew() -> None:
    pacing = stream([*paced(5), 1.0, 1.001, 2.0, 2.001, 2.002, 2.003])
    assert (pacing.spikes, pacing.stalls) == (2, 1)


def test_the_threshold_of_a_spike_can_be_set() -> None:
    arrivals = [*paced(5), *paced(5, start=0.2)]
    assert stream(arrivals, spike_s=0.1).spikes == 1
    assert stream(arrivals, spike_s=0.2).spikes == 0


def test_a_silent_sender_shows_as_an_open_gap_before_its_spike() -> None:
    pacing = stream(paced(5, start=10.0))
    assert open_gap_s(pacing, 13.08) == pytest.approx(3.0)
    assert pacing.spikes == 0
    assert open_gap_s(pacing, 10.0) == 0.0
    assert open_gap_s(Pacing(), 13.08) is None
    assert open_gap_s(reanchor(pacing), 13.08) is None
    assert stream([13.08], [0.1], after=pacing).spikes == 1


# -- loss -------------------------------------------------------------------------------


def test_missing_media_is_counted_in_frames_of_the_usual_duration() -> None:
    assert stream([0.0, 0.02, 0.08, 0.10], [0.0, 0.02, 0.08, 0.10]).lost == 2


def test_a_stream_without_its_own_positions_cannot_show_loss() -> None:
    assert stream([0.0, 0.02, 0.08], [0.0, 0.02, 0.08], positioned=False).lost is None


def test_rounded_timestamps_are_no_loss() -> None:
    positions = [round(i * 0.0213, 2) for i in range(500)]
    pacing = advance(Pacing(), positions, positions, [0.0213] * 500, positioned=True)
    assert (pacing.lost, pacing.jumps) == (0, 0)


def test_one_odd_first_frame_does_not_decide_what_is_usual() -> None:
    first = advance(Pacing(), [0.0], [0.0], [0.5], positioned=True)
    steady = stream(paced(20, start=0.5), [0.5 + i * FRAME_S for i in range(20)], after=first)
    assert steady.usual.duration_s == FRAME_S
    assert stream([1.0], [1.0], after=steady).lost == 5


def test_a_sender_that_changes_its_frames_changes_what_is_usual() -> None:
    pacing = stream(paced(5000))
    longer = [100.0 + i * 0.04 for i in range(1100)]
    changed = advance(pacing, longer, longer, [0.04] * 1100, positioned=True)
    assert changed.usual.duration_s == 0.04
    assert changed.lost == 0


# -- reconnects -------------------------------------------------------------------------------


def test_a_gap_between_connections_is_no_jitter_no_delta_and_no_loss() -> None:
    before = stream(paced(100))
    after = stream(paced(100, start=30.0), [10.0 + i * FRAME_S for i in range(100)], after=reanchor(before))
    assert after.frames == 200
    assert (after.delta.count, after.jitter.count) == (198, 198)
    assert after.delta.max == pytest.approx(FRAME_S)
    assert after.jitter.max == pytest.approx(0.0, abs=1e-9)
    assert (after.lost, after.spikes, after.jumps) == (0, 0, 0)
    assert after.media_lag.max == pytest.approx(0.0, abs=1e-9)
    assert after.lateness.max == pytest.approx(0.0, abs=1e-9)


def test_a_stall_that_ends_in_a_drop_is_not_finished_by_the_next_connection() -> None:
    before = stream([*paced(5), 1.0, 1.001, 1.002])
    after = stream([1.5, 1.501, 1.502], [9.0, 9.02, 9.04], after=reanchor(before))
    assert (before.spikes, after.stalls) == (1, 0)


def test_media_missing_across_a_reconnect_is_known_by_position() -> None:
    before = reanchor(stream(paced(100, start=5.0)))
    assert before.end_position == pytest.approx(2.0)
    assert missing_s(before, 8.0, 2.78) == pytest.approx(0.78)
    assert missing_s(before, 8.0, 2.0) == pytest.approx(0.0)


@pytest.mark.parametrize("position", [0.0, 500.0, math.nan, math.inf, -math.inf])
def test_media_missing_is_unknown_where_the_stream_started_anew_or_lies(position: float) -> None:
    assert missing_s(reanchor(stream(paced(100, start=5.0))), 8.0, position) is None


def test_media_missing_is_unknown_without_positions_or_frames() -> None:
    assert missing_s(reanchor(stream(paced(100), positioned=False)), 8.0, 2.78) is None
    assert missing_s(Pacing(positioned=True), 8.0, 2.78) is None


# -- hostile senders -------------------------------------------------------------------------------


@pytest.mark.parametrize("leap", [-1.5, 1e6, 1e300, -1e300, math.nan, math.inf, -math.inf])
def test_a_position_that_leaps_is_counted_and_spoils_no_figure(leap: float) -> None:
    before = stream(paced(100))
    leapt = stream([2.0], [2.0 + leap], after=before)
    after = stream(paced(100, start=2.02), [2.02 + i * FRAME_S for i in range(100)], after=leapt)
    assert after.jumps in (1, 2)  # away, and back again
    assert (after.frames, after.lost, after.delta.count) == (201, 0, 200)
    for figure in (after.jitter.max, after.media_lag.max, after.lateness.max):
        assert figure == pytest.approx(0.0, abs=1e-9)


def test_a_long_pause_of_sender_and_positions_alike_is_loss_and_no_leap() -> None:
    pacing = stream([0.0, 0.02, 100.0], [0.0, 0.02, 100.0])
    assert (pacing.jumps, pacing.lost) == (0, 4998)


def test_what_a_stalled_sender_threw_away_is_loss_and_no_leap() -> None:
    stalled = stream([*paced(50), 6.0, 6.001, 6.002])
    assert stalled.media_lag.current == pytest.approx(4.962)
    after = stream([6.003], [5.0], after=stalled)
    assert (after.jumps, after.lost) == (0, 197)


def test_a_sender_that_runs_ahead_of_the_clock_does_not_leap() -> None:
    ahead = stream([i * 0.001 for i in range(2000)])
    assert (ahead.jumps, ahead.lost) == (0, 0)


def test_a_receive_stamp_that_was_corrected_backwards_counts_as_no_time() -> None:
    pacing = stream([1.0, 1.02, 1.01, 1.06])
    assert pacing.delta.min == 0.0
    assert [arrival for arrival, *_ in pacing.samples] == sorted(arrival for arrival, *_ in pacing.samples)


numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(st.tuples(st.floats(0, 50), numbers, numbers), max_size=60), st.booleans())
def test_no_positions_and_durations_can_make_a_figure_unreadable(
    rows: list[tuple[float, float, float]], positioned: bool
) -> None:
    rows.sort(key=lambda row: row[0])
    pacing = Pacing()
    for arrival, position, duration in rows:
        pacing = advance(pacing, [arrival], [position], [duration], positioned=positioned)
    assert pacing.frames == len(rows)
    for spread in (pacing.delta, pacing.jitter):
        assert all(math.isfinite(value) for value in (spread.min, spread.max, spread.mean) if value is not None)
    for arrival, lateness, delta, transit, lost in pacing.samples:
        assert math.isfinite(arrival + delta + transit)
        assert 0.0 <= lateness < math.inf
        assert lost >= 0
    healthy = stream(paced(50, start=60.0), after=reanchor(pacing))
    assert healthy.media_lag.current == pytest.approx(0.0, abs=1e-9)


def test_a_flood_of_frames_takes_bounded_memory() -> None:
    flood = stream([i * 1e-4 for i in range(30_000)])
    assert len(flood.samples) == WINDOW_FRAMES
    assert len(flood.samples._items) <= 2 * WINDOW_FRAMES
    assert flood.frames == 30_000


def test_frames_are_forgotten_after_a_minute() -> None:
    pacing = stream(paced(20_000))
    assert 3000 <= len(pacing.samples) <= 3000 + 513


def test_the_state_is_frozen() -> None:
    with pytest.raises(AttributeError):
        Pacing().frames = 1  # type: ignore[misc]
    assert replace(Pacing(), frames=1).frames == 1


# -- frames whose arrival is not known ------------------------------------------------------------------


def late_by_us(count: int, first: int, last: int) -> tuple[list[float], list[int]]:
    """A paced stream of which callscope read the frames `first` to `last` only when the last of them was due."""
    arrivals = paced(count)
    arrivals[first : last + 1] = [arrivals[last]] * (last + 1 - first)
    return arrivals, list(range(first, last + 1))


def test_frames_that_we_read_late_spoil_no_figure() -> None:
    arrivals, late = late_by_us(100, 40, 59)
    spoiled = stream(arrivals)
    assert (spoiled.spikes, spoiled.stalls) == (1, 1)

    pacing = stream(arrivals, set_aside=late)
    assert (pacing.frames, pacing.set_aside, pacing.measured, pacing.lost) == (100, 20, 80, 0)
    assert (pacing.spikes, pacing.stalls) == (0, 0)
    assert pacing.delta.max == pytest.approx(FRAME_S)
    assert pacing.jitter.max == pytest.approx(0.0, abs=1e-9)
    assert pacing.media_lag.max == pytest.approx(0.0, abs=1e-9)
    found = lateness_of(pacing, None, arrivals[-1])
    assert found is not None
    assert found.max == pytest.approx(0.0, abs=1e-9)


def test_frames_missing_among_those_set_aside_are_lost_all_the_same() -> None:
    arrivals, late = late_by_us(10, 4, 5)
    positions = [i * FRAME_S + (i >= 5) * 3 * FRAME_S for i in range(10)]
    assert stream(arrivals, positions, set_aside=late).lost == 3


def test_a_gap_is_open_since_the_last_frame_also_if_that_was_set_aside() -> None:
    arrivals, late = late_by_us(10, 5, 9)
    assert open_gap_s(stream(arrivals, set_aside=late), arrivals[-1] + 0.5) == pytest.approx(0.5)


def test_a_connection_is_measured_from_its_first_frame_that_is_not_set_aside() -> None:
    pacing = stream([5.0, 5.02, 5.04], set_aside=[0])
    assert (pacing.frames, pacing.measured, pacing.delta.count, pacing.media_lag.max) == (3, 2, 1, 0.0)


def test_a_leap_among_the_frames_set_aside_starts_the_timeline_anew_afterwards() -> None:
    pacing = stream(paced(6), [0.0, 0.02, 500.0, 500.02, 500.04, 500.06], set_aside=[2])
    assert (pacing.jumps, pacing.delta.count) == (1, 3)
    assert pacing.jitter.max == pytest.approx(0.0, abs=1e-9)


@given(st.sets(st.integers(-3, 60)), st.sets(st.integers(0, 40)))
def test_setting_aside_does_not_depend_on_how_frames_were_batched(aside: set[int], cuts: set[int]) -> None:
    arrivals = jittery(40)
    whole = stream(arrivals, set_aside=sorted(aside))
    edges = [0, *sorted(cuts), 40]
    pieces = Pacing()
    for begin, end in pairwise(edges):
        positions = [i * FRAME_S for i in range(begin, end)]
        inside = [index - begin for index in aside if begin <= index < end]
        pieces = stream(arrivals[begin:end], positions, after=pieces, set_aside=inside)
    assert pieces == whole
