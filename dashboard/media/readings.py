"""What a screen asks about a stream's pacing, worked out when it asks.

A window is the last `window_s` seconds before `now`, at most the 60 s that a `Pacing` remembers; `None` is the whole
call where that is offered. Everything is in seconds; None means that nothing was measured.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from operator import itemgetter
from statistics import median

from dashboard.media.histogram import Histogram
from dashboard.media.pacing import Pacing, Sample, open_gap_s

BATCH_S = 0.002
"""Frames that arrive within this of each other left the sender together."""

DRIFT_WINDOW_S = 60.0
DRIFT_LEAST_S = 10.0
"""Over less than this, jitter hides any drift."""

_FEWEST_BURSTS = 5
_FEWEST_POINTS = 6

_arrival = itemgetter(0)
_lateness = itemgetter(1)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Nearest-rank percentiles, s: at most 1 % of the values are above `p99`."""

    p50: float
    p95: float
    p99: float
    max: float


def window(pacing: Pacing, window_s: float, now: float) -> Sequence[Sample]:
    """Return the frames that arrived in the window, oldest first."""
    samples = pacing.samples
    return samples[bisect_left(samples, now - window_s, key=_arrival) : bisect_right(samples, now, key=_arrival)]


def lateness(pacing: Pacing, window_s: float | None, now: float) -> Percentiles | None:
    """Return percentiles of lateness: exact within a window, within 0.025 ms or 0.4 % for the whole call."""
    if window_s is None:
        return _percentiles_of_call(pacing)
    values = sorted(map(_lateness, window(pacing, window_s, now)))
    if not values:
        return None
    p50, p95, p99 = (values[_rank(percent, len(values)) - 1] for percent in (50, 95, 99))
    return Percentiles(p50, p95, p99, values[-1])


def late_share(pacing: Pacing, buffer_s: float, window_s: float | None, now: float) -> float | None:
    """Return the share of frames, 0..1, that come too late for a buffer of `buffer_s`."""
    return late_shares(pacing, [buffer_s], window_s, now)[0]


def late_shares(pacing: Pacing, buffers_s: Sequence[float], window_s: float | None, now: float) -> list[float | None]:
    """Return the late share for each buffer; cheaper than asking for each."""
    if window_s is None:
        bins = list(_tally(pacing))
        late = [sum(count for middle, count in bins if middle > buffer_s) for buffer_s in buffers_s]
        return [count / pacing.measured if pacing.measured else None for count in late]
    values = sorted(map(_lateness, window(pacing, window_s, now)))
    if not values:
        return [None] * len(buffers_s)
    return [(len(values) - bisect_right(values, buffer_s)) / len(values) for buffer_s in buffers_s]


@dataclass(frozen=True, slots=True)
class Drift:
    """The slope of R − S, ppm; above 0 the sender's clock is the slower one.

    `halves_ppm`: the same of the earlier and of the later half: a drift is in both, a single pause in neither.
    `moved_s` is what the slope comes to over the time that was looked at, `scatter_s` how far the stream typically
    is from the line.
    """

    ppm: float
    halves_ppm: tuple[float, float]
    moved_s: float
    scatter_s: float


def drift(pacing: Pacing, now: float) -> Drift | None:
    """Return the drift over the last 60 s.

    Theil–Sen over the smallest transit of every second: the median of all slopes shrugs off stalls and bursts. Only
    frames of one timeline compare, so after a reconnect it takes 10 s until there is a figure again.
    """
    lowest: dict[int, tuple[float, float]] = {}
    for arrival, _, _, transit, _ in pacing.samples.since(pacing.timeline_start):
        second = int(arrival)
        if arrival >= now - DRIFT_WINDOW_S and (second not in lowest or transit < lowest[second][1]):
            lowest[second] = (arrival, transit)
    points = list(lowest.values())
    if len(points) < _FEWEST_POINTS or points[-1][0] - points[0][0] < DRIFT_LEAST_S:
        return None
    slope, middle = _slope(points), len(points) // 2
    residuals = [transit - slope * arrival for arrival, transit in points]
    offset = median(residuals)
    return Drift(
        1e6 * slope,
        (1e6 * _slope(points[: middle + 1]), 1e6 * _slope(points[middle:])),
        slope * (points[-1][0] - points[0][0]),
        median(abs(residual - offset) for residual in residuals),
    )


def _slope(points: Sequence[tuple[float, float]]) -> float:
    return median((y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in combinations(points, 2))


def drift_ppm(pacing: Pacing, now: float) -> float | None:
    """Return the slope of R − S over the last 60 s, ppm."""
    found = drift(pacing, now)
    return None if found is None else found.ppm


def batched(pacing: Pacing, now: float, window_s: float) -> bool:
    """Tell whether the sender packs frames: the median burst within 2 ms holds two or more."""
    bursts: list[int] = []
    began = float("-inf")
    for arrival in map(_arrival, window(pacing, window_s, now)):
        if arrival - began <= BATCH_S:
            bursts[-1] += 1
        else:
            began = arrival
            bursts.append(1)
    return len(bursts) >= _FEWEST_BURSTS and median(bursts) >= 2


def columns(pacing: Pacing, now: float, window_s: float, count: int) -> list[float | None]:
    """Return the highest lateness in each of `count` equal columns, oldest first; None where no frame arrived.

    Column edges are multiples of the column's width on the clock, so what was drawn scrolls without changing; the
    last column is the one that `now` is in, and still fills.
    """
    edges = _Edges.ending(now, window_s, count)
    return edges.highest((frame[0], frame[1]) for frame in window(pacing, edges.span_s(now), now))


def gap_columns(pacing: Pacing, now: float, window_s: float, count: int) -> list[float | None]:
    """Return the longest delta in each column, like `columns`; the last one includes the gap that is still open."""
    edges = _Edges.ending(now, window_s, count)
    gaps = edges.highest((frame[0], frame[2]) for frame in window(pacing, edges.span_s(now), now))
    still_open = open_gap_s(pacing, now)
    if still_open is not None:
        gaps[-1] = max(gaps[-1] or 0.0, still_open)
    return gaps


def histogram_bins(pacing: Pacing, edges_s: Sequence[float], window_s: float | None, now: float) -> list[int]:
    """Count frames by lateness: entry i is edges[i] <= lateness < edges[i + 1], the last one has no upper end."""
    counts = [0] * len(edges_s)
    tally = (
        _tally(pacing) if window_s is None else ((late, 1) for late in map(_lateness, window(pacing, window_s, now)))
    )
    for late, count in tally:
        entry = bisect_right(edges_s, late) - 1
        if entry >= 0:
            counts[entry] += count
    return counts


@dataclass(frozen=True, slots=True)
class _Edges:
    """Columns of `width_s` on the clock: number `first`, and `count - 1` more."""

    width_s: float
    first: int
    count: int

    @classmethod
    def ending(cls, now: float, window_s: float, count: int) -> _Edges:
        width_s = window_s / count
        return cls(width_s, int(now // width_s) - count + 1, count)

    def span_s(self, now: float) -> float:
        return now - self.first * self.width_s

    def highest(self, values: Iterable[tuple[float, float]]) -> list[float | None]:
        peaks: list[float | None] = [None] * self.count
        for arrival, value in values:
            column = int(arrival // self.width_s) - self.first
            if 0 <= column < self.count:
                peak = peaks[column]
                if peak is None or value > peak:
                    peaks[column] = value
        return peaks


def _tally(pacing: Pacing) -> Histogram:
    """Return the lateness of the whole call, up to the newest frame."""
    return pacing.tally.with_values(map(_lateness, pacing.samples.since(pacing.tallied)))


def _percentiles_of_call(pacing: Pacing) -> Percentiles | None:
    highest = pacing.lateness.max
    if highest is None:
        return None
    ranks = {percent: _rank(percent, pacing.measured) for percent in (50, 95, 99)}
    found: dict[int, float] = {}
    seen = 0
    for middle, count in _tally(pacing):
        seen += count
        for percent, rank in ranks.items():
            if percent not in found and seen >= rank:
                found[percent] = min(middle, highest)
    return Percentiles(found[50], found[95], found[99], highest)


def _rank(percent: int, count: int) -> int:
    """Nearest rank, from 1."""
    return -(-count * percent // 100)
