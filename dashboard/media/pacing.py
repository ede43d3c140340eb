"""How evenly a stream arrives: RFC 3550 jitter, lateness, media lag, spikes, stalls, loss.

Two clocks meet in every frame: R, when it arrived, and S, where it stands on the stream's own timeline. `advance` folds
frames and is called for every batch of every call, so it only keeps what cannot be had later; `readings.py` and
`playout.py` work out the rest when somebody looks. Figures do not depend on how frames were cut into batches.

Trust: arrivals come from our own clock. Positions come from the sender and may say anything; one that leaps is counted
in `jumps`, starts the stream's timeline anew, and spoils no figure.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from dashboard.frozen import replace
from dashboard.media.histogram import Histogram
from dashboard.media.spread import Lowest, Peak, Spread
from dashboard.media.tail import Tail

WINDOW_S = 60.0
"""How long single frames are remembered."""

WINDOW_FRAMES = 12_000
"""How many of them at most: 60 s of 5 ms frames."""

LOWEST_S = 30.0
"""Lateness is measured from the smallest transit of this long, so that a drifting clock does not grow it."""

STALL_FRAMES = 3
"""So many frames in a hurry after a spike make it a stall."""

LEAP_S = 1.0
"""A hole can be as long as the time since the last frame and the media lag before it; this much more, and it leapt."""

_ABSURD_S = 1e12  # as seconds, later than any clock; also keeps sums of positions finite
_LONGEST_FRAME_S = 3600.0
_SHORTEST_FRAME_S = 0.001  # shorter ones do not stand for the stream when lost media is counted in frames
_TALLY_FRAMES = 512  # the histogram is copied once for so many frames
_MOST_VOTES = 500

Sample = tuple[float, float, float, float, int]
"""One frame: arrival, lateness, delta (0 where a connection began) and transit R − S, s; frames lost before it."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a connection's timeline stands, s: the last frame that was measured, R − S of the first one.

    `end` is where the media of the newest frame ends, also if that was set aside.
    """

    arrival: float
    position: float
    end: float
    first_transit: float


@dataclass(frozen=True, slots=True)
class Usual:
    """The stream's usual frame duration, s, by majority vote; 0 before the first frame."""

    duration_s: float = 0.0
    votes: int = 0


@dataclass(frozen=True, slots=True)
class Pacing:
    """What is known of one stream's pacing; `Pacing()` is a stream without frames. Seconds throughout."""

    frames: int = 0
    set_aside: int = 0
    """Frames of these whose arrival is not known well enough to measure by."""
    holes: int = 0
    """Frames missing; only counted where positions can show it: read `lost`."""
    positioned: bool = False
    """The sender gave the positions; else they are summed durations."""
    delta: Spread = field(default_factory=Spread)
    jitter: Spread = field(default_factory=Spread)
    media_lag: Peak = field(default_factory=Peak)
    lateness: Peak = field(default_factory=Peak)
    spikes: int = 0
    stalls: int = 0
    jumps: int = 0
    """Positions that went backwards, leapt ahead or were no number."""
    hurried: int | None = None
    """Frames in a hurry since the last spike; None when it is settled what that spike was."""
    usual: Usual = field(default_factory=Usual)
    spot: Spot | None = None
    """None before the first frame of a connection that is measured."""
    last_arrival: float | None = None
    """Of the newest frame of this connection, also if it was set aside."""
    end_position: float | None = None
    """Where the next frame should start; outlives the connection."""
    lowest: Lowest = field(default_factory=Lowest)
    timeline_start: int = 0
    """Absolute index of the first sample whose transit compares with the newest one's."""
    samples: Tail[Sample] = field(default_factory=lambda: Tail(WINDOW_FRAMES))
    """The frames of the last 60 s in order of arrival, and up to 512 before them."""
    tally: Histogram = field(default_factory=Histogram)
    """Lateness of every frame before the absolute index `tallied`."""

    @property
    def lost(self) -> int | None:
        """Frames missing between consecutive frames of one connection; None where the stream cannot show it."""
        return self.holes if self.positioned else None

    @property
    def measured(self) -> int:
        """How many frames have been measured."""
        return self.samples.total

    @property
    def tallied(self) -> int:
        """The first sample whose lateness is not yet in `tally`."""
        return self.measured - self.measured % _TALLY_FRAMES


def advance(
    pacing: Pacing,
    arrivals: Sequence[float],
    positions: Sequence[float],
    durations: Sequence[float],
    *,
    spike_s: float = 0.2,
    positioned: bool = False,
    set_aside: Sequence[int] = (),
) -> Pacing:
    """Fold frames of one stream: columns of equal length, in order of arrival, seconds.

    `positioned` says whether the sender gave the positions. A longer delta than `spike_s` is a spike. `set_aside` are
    indices of frames whose arrival holds a delay of our own: they are counted, for losses too, but tell nothing of the
    pace. Raises ValueError when the columns differ in length.
    """
    rows = list(zip(arrivals, positions, durations, strict=True))
    if rows and pacing.positioned != positioned:
        pacing = replace(pacing, positioned=positioned)
    done = 0
    for index in sorted(set(set_aside) & set(range(len(rows)))) if set_aside else ():
        pacing = _pass_by(_measure(pacing, rows[done:index], spike_s), *rows[index])
        done = index + 1
    return _measure(pacing, rows[done:], spike_s)


def reanchor(pacing: Pacing) -> Pacing:
    """Say that the connection ended: what comes next is compared with nothing before it. Totals go on."""
    return replace(pacing, spot=None, last_arrival=None, hurried=None)


def missing_s(before: Pacing, arrival: float, position: float) -> float | None:
    """Return the media missing between `before` and the first frame of the next connection, s.

    None where it cannot be known: positions are not the sender's own, or the stream started anew.
    """
    lag = before.media_lag.current
    if not before.positioned or before.end_position is None or lag is None:
        return None
    gap = position - before.end_position
    due = arrival - before.samples[-1][0] + max(0.0, lag)
    return gap if 0.0 <= gap <= due + LEAP_S else None


def open_gap_s(pacing: Pacing, now: float) -> float | None:
    """Return the seconds since the last frame of an open connection: the delta that the next frame will have.

    While a sender is silent there is no frame to carry the spike; this shows it coming. None between connections.
    """
    return None if pacing.last_arrival is None else max(0.0, now - pacing.last_arrival)


# -- folding ----------------------------------------------------------------------------------------------

_Row = tuple[float, float, float]
"""One frame: arrival, position, duration."""

_Step = tuple[float, float, float, float, float, float, float]
"""One frame against the last: arrival, position, duration, delta, variation D, transit, media missing between."""


def _measure(pacing: Pacing, rows: Sequence[_Row], spike_s: float) -> Pacing:
    done = 0
    while done < len(rows):
        spot, room = pacing.spot, _TALLY_FRAMES - pacing.measured % _TALLY_FRAMES
        if spot and (steps := _steps(spot, rows[done : done + room])):
            pacing, done = _follow(pacing, spot, steps, spike_s), done + len(steps)
        else:
            pacing, done = _begin(pacing, *rows[done], spike_s), done + 1
        if pacing.measured == pacing.tallied:
            pacing = _tallied(pacing)
    return pacing


def _pass_by(pacing: Pacing, arrival: float, position: float, duration: float) -> Pacing:
    """Count a frame that is set aside, and go along the timeline if the frame continues it."""
    spot, holes, end = pacing.spot, pacing.holes, pacing.end_position
    if spot:
        arrival, end = max(arrival, spot.arrival), spot.end
        if spot.position <= position <= end + (arrival - spot.arrival) + LEAP_S and 0.0 <= duration <= _LONGEST_FRAME_S:
            holes += sum(_holes(pacing.usual, [position - end], [duration])[0])
            end = position + duration
        spot = replace(spot, end=end)
    return replace(
        pacing,
        frames=pacing.frames + 1,
        set_aside=pacing.set_aside + 1,
        holes=holes,
        hurried=None,
        spot=spot,
        last_arrival=arrival,
        end_position=end,
    )


def _steps(spot: Spot, rows: Sequence[_Row]) -> list[_Step]:
    """Compare each frame with the one before, up to the first whose position leaps."""
    last_arrival, last_position, end = spot.arrival, spot.position, spot.end
    lag = last_arrival - last_position - spot.first_transit
    steps = []
    for arrival, position, duration in rows:
        if not arrival >= last_arrival:
            arrival = last_arrival  # a receive stamp that was corrected backwards
        delta = arrival - last_arrival
        if not last_position <= position <= end + delta + LEAP_S + (lag if lag > 0.0 else 0.0):
            break
        if not 0.0 <= duration <= _LONGEST_FRAME_S:
            duration = 0.0
        variation, transit = delta - (position - last_position), arrival - position
        steps.append((arrival, position, duration, delta, variation, transit, position - end))
        last_arrival, last_position, end = arrival, position, position + duration
        lag = transit - spot.first_transit
    return steps


def _begin(pacing: Pacing, arrival: float, position: float, duration: float, spike_s: float) -> Pacing:
    """Fold a frame whose position stands alone: the first of a connection, or one that leapt."""
    spot = pacing.spot
    usable = abs(position) <= _ABSURD_S
    if not usable:
        position = pacing.end_position or 0.0
    if spot and not arrival >= spot.arrival:
        arrival = spot.arrival
    if not 0.0 <= duration <= _LONGEST_FRAME_S:
        duration = 0.0
    deltas = [arrival - spot.arrival] if spot and spot.arrival == pacing.last_arrival else []
    spikes, stalls, hurried = _hurries(pacing, deltas, [duration], spike_s)
    transit = arrival - position
    return replace(
        pacing,
        frames=pacing.frames + 1,
        delta=pacing.delta.extend(deltas),
        media_lag=pacing.media_lag.extend([0.0]),
        lateness=pacing.lateness.extend([0.0]),
        spikes=spikes,
        stalls=stalls,
        jumps=pacing.jumps + (spot is not None or not usable),
        hurried=hurried,
        usual=_holes(pacing.usual, [0.0], [duration])[1],
        spot=Spot(arrival, position, position + duration, transit),
        last_arrival=arrival,
        end_position=position + duration,
        lowest=Lowest((), 0, transit, arrival + LOWEST_S),
        timeline_start=pacing.measured,
        samples=pacing.samples.append((arrival, 0.0, deltas[0] if deltas else 0.0, transit, 0)),
    )


def _follow(pacing: Pacing, spot: Spot, steps: Sequence[_Step], spike_s: float) -> Pacing:
    """Fold frames that continue the timeline from `spot` on."""
    arrivals, positions, durations, deltas, variations, transits, gaps = zip(*steps, strict=True)
    untimed = 0 if spot.arrival == pacing.last_arrival else 1  # behind frames set aside the first delta spans them
    timed = deltas[untimed:]
    spikes, stalls, hurried = _hurries(pacing, timed, durations[untimed:], spike_s)
    holes, usual = _holes(pacing.usual, gaps, durations)
    lateness, lowest = _lateness(pacing, arrivals, transits)
    end = positions[-1] + durations[-1]
    return replace(
        pacing,
        frames=pacing.frames + len(steps),
        holes=pacing.holes + sum(holes),
        delta=pacing.delta.extend(timed),
        jitter=pacing.jitter.extend(_jitter(pacing.jitter.current or 0.0, variations)),
        media_lag=pacing.media_lag.extend([transit - spot.first_transit for transit in transits]),
        lateness=pacing.lateness.extend(lateness),
        spikes=spikes,
        stalls=stalls,
        hurried=hurried,
        usual=usual,
        spot=Spot(arrivals[-1], positions[-1], end, spot.first_transit),
        last_arrival=arrivals[-1],
        end_position=end,
        lowest=lowest,
        samples=pacing.samples.extend(
            tuple(zip(arrivals, lateness, (0.0,) * untimed + timed, transits, holes, strict=True))
        ),
    )


def _jitter(jitter: float, variations: Sequence[float]) -> list[float]:
    """RFC 3550, 6.4.1 and A.8: each sample moves the estimate by a sixteenth of its surprise."""
    values = []
    for variation in variations:
        jitter += (abs(variation) - jitter) / 16.0
        values.append(jitter)
    return values


def _hurries(
    pacing: Pacing, deltas: Sequence[float], durations: Sequence[float], spike_s: float
) -> tuple[int, int, int | None]:
    """Count spikes, and those that turn out to be stalls: what waited in TCP comes at once behind them."""
    spikes, stalls, hurried = pacing.spikes, pacing.stalls, pacing.hurried
    if hurried is None and (not deltas or max(deltas) <= spike_s):
        return spikes, stalls, hurried
    for delta, duration in zip(deltas, durations, strict=False):
        if delta > spike_s:
            spikes, hurried = spikes + 1, 0
        elif hurried is not None:
            hurried = hurried + 1 if delta + delta < duration else None
        if hurried == STALL_FRAMES:
            stalls, hurried = stalls + 1, None
    return spikes, stalls, hurried


def _holes(usual: Usual, gaps: Sequence[float], durations: Sequence[float]) -> tuple[list[int], Usual]:
    """Count the frames of usual duration that each gap stands for; let every frame vote on what is usual."""
    usual_s, votes = usual.duration_s, usual.votes
    if votes == _MOST_VOTES and durations.count(usual_s) == len(durations) and max(gaps) < usual_s / 2:
        return [0] * len(gaps), usual
    holes = []
    for gap, duration in zip(gaps, durations, strict=True):
        holes.append(int(gap / usual_s + 0.5) if 0.0 < usual_s / 2 <= gap else 0)
        if duration == usual_s:
            votes = min(votes + 1, _MOST_VOTES)
        elif duration >= _SHORTEST_FRAME_S:
            usual_s, votes = (usual_s, votes - 1) if votes else (duration, 1)
    return holes, usual if (usual_s, votes) == (usual.duration_s, usual.votes) else Usual(usual_s, votes)


def _lateness(pacing: Pacing, arrivals: Sequence[float], transits: Sequence[float]) -> tuple[list[float], Lowest]:
    """Measure each transit from the smallest one of the last 30 s."""
    lowest = pacing.lowest
    older, newer, expires_at = lowest.head, lowest.newer, lowest.expires_at
    lateness = []
    for at, (arrival, transit) in enumerate(zip(arrivals, transits, strict=True)):
        if arrival > expires_at:
            fresh = zip(arrivals[:at], transits[:at], strict=True)
            lowest = _expire(pacing, replace(lowest, newer=newer), arrival, fresh)
            older, newer, expires_at = lowest.head, lowest.newer, lowest.expires_at
        if transit < newer:
            newer = transit
        lateness.append(transit - (newer if newer < older else older))
    return lateness, lowest if newer == lowest.newer else replace(lowest, newer=newer)


def _expire(pacing: Pacing, lowest: Lowest, now: float, fresh: Iterable[tuple[float, float]]) -> Lowest:
    """Let go of minima that are over 30 s old; `fresh` are the frames since `pacing`."""
    older, head = lowest.older, lowest.next
    while head < len(older) and older[head][0] + LOWEST_S < now:
        head += 1
    if head < len(older):
        return Lowest(older, head, lowest.newer, older[head][0] + LOWEST_S)
    known = [(sample[0], sample[3]) for sample in pacing.samples.since(pacing.timeline_start)]
    minima: list[tuple[float, float]] = []
    for arrival, transit in reversed([*known, *fresh]):
        if arrival + LOWEST_S < now:
            break
        if not minima or transit < minima[-1][1]:
            minima.append((arrival, transit))
    older = tuple(reversed(minima))
    return Lowest(older, 0, math.inf, (older[0][0] if older else now) + LOWEST_S)


def _tallied(pacing: Pacing) -> Pacing:
    """Count the newest frames in the whole call's histogram; forget those that are over 60 s old."""
    samples = pacing.samples
    fresh = [sample[1] for sample in samples[-_TALLY_FRAMES:]]
    expired = bisect_left(samples, samples[-1][0] - WINDOW_S, key=itemgetter(0))
    return replace(
        pacing,
        tally=pacing.tally.with_values(fresh),
        samples=samples.drop_before(samples.dropped + expired),
    )
