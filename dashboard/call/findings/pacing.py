"""Why the sound is choppy: four causes told apart, and what is left when none of them explains it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import itemgetter
from statistics import median

from dashboard.call.findings.finding import Severity
from dashboard.call.findings.rule import RECENT_S, Rule, Sign, View
from dashboard.call.units import percent
from dashboard.call.words import span_words
from dashboard.media.pacing import Sample
from dashboard.media.readings import BATCH_S, Drift, batched, drift, lateness, window

_EDGE_FRAMES = 100
_transit = itemgetter(3)

HARM = 0.01
HARM_GONE = 0.005
"""Above 1 % late or lost frames a listener hears gaps."""
FEWEST_FRAMES = 50

STALLS_S = 30.0
LONG_STALL_S = 0.4
"""One stall of this length is a gap that anybody hears; shorter ones count when they come again."""

LATE_SECONDS = 3
"""Frames are late in so many seconds of the last ten: more than one mishap."""

PACKS_S = 4.0
EVENLY_PACKED = 0.7
STILL_PACKED = 0.05
"""While so many of the recent frames came in packs, their lateness has that reason."""

LONG_HOLE_S = 0.4
LONG_PAUSE_S = 1.0
"""What a sender leaves out, or pauses, for so long may be silence that it suppresses."""
_SILENCE_SUPPRESSED = "If it suppresses silence, this is as it should be; else have the bot's media gateway checked."
DRY_S = 0.1
"""So much silence in half a minute of speech is heard."""
DRIFT_PPM = 150.0
DRIFT_GONE_PPM = 120.0
EVENLY_DRIFTED = 0.5
"""A drift is in both halves of the time; a pause of the sender, or jitter that begins, is in one."""
DRIFT_OVER_SCATTER = 4.0
DRIFT_MOVED_S = 0.008
"""Over a short time only a large drift stands out from the jitter: it must have moved the stream by this much."""


def _hurts(view: View, standing: bool) -> bool:
    return len(view.recent) >= FEWEST_FRAMES and view.late_share >= (HARM_GONE if standing else HARM)


def _network_stalls(view: View, standing: bool) -> Sign | None:
    before = view.before(STALLS_S)
    stalls = view.pacing.stalls - before.stalls
    if not stalls or not view.late:
        return None
    longest_s = max(frame[2] for frame in view.recent)
    if stalls < 2 and longest_s < LONG_STALL_S and not standing:
        return None
    lost = view.pacing.holes - before.lost
    evidence = [
        f"{stalls} in the last {STALLS_S:.0f} s, of late for up to {span_words(longest_s)}: nothing, then all that had"
        " waited at once",
        view.late_words,
    ]
    if view.pacing.positioned and not lost:
        evidence.append("no frame is missing: TCP held them back behind a lost packet (head-of-line blocking)")
    return Sign(f"Choppy: the network stalls, for up to {span_words(longest_s)}", tuple(evidence))


def _sender_gaps(view: View, standing: bool) -> Sign | None:
    return _ran_dry(view) or (_missing(view, standing) if view.pacing.positioned else _pauses(view))


def _ran_dry(view: View) -> Sign | None:
    """Where it is we who play what a bot sends, we know when there was nothing to play."""
    before, now = view.before(STALLS_S), view.reading
    times, dry_s = now.underruns - before.underruns, now.dry_s - before.dry_s
    if dry_s < DRY_S:
        return None
    return Sign(
        f"Choppy: the bot's audio runs out while it speaks, for {span_words(dry_s)}",
        (
            f"{times} times in the last {STALLS_S:.0f} s; what comes too late leaves silence in the middle of a word",
            f"at most it was {span_words(view.call.hook.ahead_s if view.call.hook else 0.0)} ahead of what was played",
        ),
        "Have the bot send ahead of what is played: its speech synthesis must be faster than speech, and its sending"
        " must not wait for anything else.",
    )


def _missing(view: View, standing: bool) -> Sign | None:
    holes = [frame[4] for frame in view.recent if frame[4]]
    lost, expected = sum(holes), len(view.recent) + sum(holes)
    if len(view.recent) < FEWEST_FRAMES or lost < 2 or lost / expected < (HARM_GONE if standing else HARM):
        return None
    hole_s = lost / len(holes) * view.pacing.usual.duration_s
    evidence = (
        f"{lost} of {expected} frames of the last {RECENT_S:.0f} s are missing, in {len(holes)} places",
        "the positions of the frames show it, and over TCP nothing is lost on the way: they were never sent",
    )
    if hole_s >= LONG_HOLE_S:
        summary = f"The sender leaves out stretches of {span_words(hole_s)}"
        return Sign(summary, evidence, _SILENCE_SUPPRESSED, severity=Severity.INFO)
    return Sign(f"Choppy: the sender leaves out {percent(lost / expected)} of the frames", evidence)


def _pauses(view: View) -> Sign | None:
    """Without positions a hole cannot be seen, but a pause can that nothing makes up for."""
    before, now, limit_s = view.before(STALLS_S), view.reading, view.targets.spike_s
    pauses = (now.spikes - before.spikes) - (now.stalls - before.stalls)
    gaps = [frame[2] for frame in window(view.pacing, STALLS_S, view.now) if frame[2] > limit_s]
    lag_s = view.pacing.media_lag.current or 0.0
    if pauses < 1 or not gaps or lag_s < 0.8 * pauses * limit_s:
        return None
    evidence = (
        f"gaps above {span_words(limit_s)} after which what was missing did not come",
        f"the stream is {span_words(lag_s)} behind the time since it began",
    )
    typical = span_words(median(gaps))
    if pauses == 1 or median(gaps) >= LONG_PAUSE_S:
        how = f"paused once, for {typical}" if pauses == 1 else f"pauses for stretches of {typical}"
        return Sign(f"The sender {how}", evidence, _SILENCE_SUPPRESSED, severity=Severity.INFO)
    return Sign(f"Choppy: the sender pauses, {pauses} times in the last {STALLS_S:.0f} s", evidence)


def _sender_batching(view: View, standing: bool) -> Sign | None:
    packs_now = _packs_now(view)
    if not packs_now and not standing:
        return None
    sizes = [size for _, size in _packs(view.recent) if size > 1]
    packed = sum(sizes) / len(view.recent) if view.recent else 0.0
    if not packs_now and packed <= STILL_PACKED:
        return None
    size = median(sizes)
    frame_s = view.pacing.usual.duration_s
    hurts = _hurts(view, standing)
    summary = f"The sender packs {size:.0f} frames at a time"
    return Sign(
        f"Choppy: {summary[0].lower()}{summary[1:]}" if hurts else summary,
        (
            f"{percent(packed)} of the frames of the last {RECENT_S:.0f} s came in packs, typically of {size:.0f}"
            f" within {BATCH_S * 1000:.0f} ms",
            f"a listener needs {span_words((size - 1) * frame_s)} more buffer for that",
            view.late_words,
        ),
        severity=Severity.WARNING if hurts else Severity.INFO,
        # the pauses between large packs are no stalls
        explains=frozenset({"network_stalls"} if size * frame_s > view.targets.spike_s / 2 else ()),
    )


def _packs_now(view: View) -> bool:
    """Tell whether the frames come in packs at even intervals: jitter makes packs too, at any."""
    if not batched(view.pacing, view.now, PACKS_S):
        return False
    begins = [began for began, _ in _packs(window(view.pacing, PACKS_S, view.now))]
    intervals = [later - earlier for earlier, later in pairwise(begins)]
    usual = median(intervals)
    even = sum(abs(interval - usual) <= usual / 4 for interval in intervals)
    return even >= EVENLY_PACKED * len(intervals)


def _packs(frames: Sequence[Sample]) -> list[tuple[float, int]]:
    """Return when frames came together, and how many of them."""
    packs: list[tuple[float, int]] = []
    for frame in frames:
        if packs and frame[0] - packs[-1][0] <= BATCH_S:
            packs[-1] = packs[-1][0], packs[-1][1] + 1
        else:
            packs.append((frame[0], 1))
    return packs


def _clock_drift(view: View, standing: bool) -> Sign | None:
    seen_s, moved_s = _moved(view)
    if seen_s <= 0.0 or abs(moved_s) < DRIFT_MOVED_S:
        return None
    ppm = moved_s / seen_s * 1e6
    if not standing:  # two edges are a glance; all of it must say the same
        whole = drift(view.pacing, view.now)
        if whole is None or not _is_even(whole):
            return None
        ppm = whole.ppm
    if abs(ppm) < (DRIFT_GONE_PPM if standing else DRIFT_PPM):
        return None
    pace = "slow" if ppm > 0 else "fast"
    return Sign(
        f"The sender's clock runs {abs(ppm):.0f} ppm {pace}",
        (
            f"over the last {seen_s:.0f} s the stream has moved by {span_words(abs(moved_s))}",
            f"that is {abs(ppm) * 3.6 / 1000:.1f} s in an hour; a crystal is right within 100 ppm",
        ),
    )


def _is_even(whole: Drift) -> bool:
    """Tell whether the stream moves all the time, and not once; jitter must not do as much."""
    steady = all(half * whole.ppm > 0.0 and abs(half) >= EVENLY_DRIFTED * abs(whole.ppm) for half in whole.halves_ppm)
    return steady and abs(whole.moved_s) >= max(DRIFT_MOVED_S, DRIFT_OVER_SCATTER * whole.scatter_s)


def _moved(view: View) -> tuple[float, float]:
    """Return the length of the timeline that is remembered, and by how much its end is later than its beginning, s."""
    samples = view.pacing.samples
    first = max(0, view.pacing.timeline_start - samples.dropped)
    early, late = samples[first : first + _EDGE_FRAMES], samples[-_EDGE_FRAMES:]
    if len(samples) - first < 2 * _EDGE_FRAMES:
        return 0.0, 0.0
    soonest, latest = min(early, key=_transit), min(late, key=_transit)
    return latest[0] - soonest[0], latest[3] - soonest[3]


def _high_jitter(view: View, standing: bool) -> Sign | None:
    if not _hurts(view, standing):
        return None
    seconds = len({int(frame[0]) for frame in view.late})
    late = lateness(view.pacing, RECENT_S, view.now)
    if late is None or (seconds < LATE_SECONDS and not standing):
        return None
    return Sign(
        f"Choppy: jitter, p99 lateness {late.p99 * 1000:.0f} ms for a buffer of {view.targets.buffer_s * 1000:.0f} ms",
        (
            view.late_words,
            f"in {seconds} of the last {RECENT_S:.0f} s; half of the frames are late by less than"
            f" {late.p50 * 1000:.1f} ms",
            "no stalls, no packs and no missing frames explain it",
        ),
        f"Check the way to the sender (Wi-Fi, VPN, a busy host there); a buffer of {late.p99 * 1000:.0f} ms would hide"
        " 99 % of it.",
    )


NETWORK_STALLS = Rule(
    name="network_stalls",
    severity=Severity.WARNING,
    means="Nothing comes for a while, then all that had waited at once: a lost packet holds back everything behind it.",
    remedy="Look for packet loss between here and the sender (Wi-Fi, VPN, an overloaded link); buffers only hide it.",
    sign=_network_stalls,
    explains=frozenset({"high_jitter"}),
)

SENDER_GAPS = Rule(
    name="sender_gaps",
    severity=Severity.WARNING,
    means="Frames are missing from the stream's own numbering, or it pauses and never makes up for it: not sent.",
    remedy="Have the sender checked (bot, media gateway, speech synthesis): it leaves frames out before they are sent.",
    sign=_sender_gaps,
    explains=frozenset({"high_jitter", "clock_drift"}),
    clear_after_s=5.0,
)

SENDER_BATCHING = Rule(
    name="sender_batching",
    severity=Severity.WARNING,
    means="Frames come in packs: nothing is lost, but a listener has to wait for the last of each pack.",
    remedy="Have the sender send each frame when it is ready: smaller chunks, more often.",
    sign=_sender_batching,
    explains=frozenset({"high_jitter"}),
    clear_after_s=5.0,
)

CLOCK_DRIFT = Rule(
    name="clock_drift",
    severity=Severity.INFO,
    means="The sender's sample clock and this machine's disagree by more than crystals do.",
    remedy="Have the sender pace its frames by a real clock (NTP-disciplined), not by sleeping between frames.",
    sign=_clock_drift,
    explains=frozenset({"high_jitter"}),
    clear_after_s=30.0,
)

HIGH_JITTER = Rule(
    name="high_jitter",
    severity=Severity.WARNING,
    means="Frames come too unevenly for the playout buffer, and no better cause is to be seen.",
    remedy="Check the way to the sender (Wi-Fi, VPN, a busy host there); raise the listener's buffer meanwhile.",
    sign=_high_jitter,
    clear_after_s=5.0,
)
