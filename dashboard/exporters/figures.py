"""The figures of a report, with the words and the look that they have in each form of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from dashboard.call.findings.finding import Finding, Severity
from dashboard.call.genesys import our_sound
from dashboard.call.stages import middle_and_high, percentile, wait_s
from dashboard.call.state import CallState
from dashboard.call.turns import SLOW_S, all_turns
from dashboard.call.units import NOTHING, count, dbfs, millis, percent, ppm, span
from dashboard.media.pacing import WINDOW_S, Pacing
from dashboard.media.playout import what_if
from dashboard.media.readings import batched, drift_ppm, histogram_bins, lateness

Tone = Literal["", "good", "warn", "bad"]

BINS_S = (0.0, 0.005, 0.010, 0.020, 0.040, 0.060, 0.100, 0.200, 0.500, 1.0)
"""Lower edges of the histogram of lateness; the last bin has no upper one."""

BUFFERS_S = (0.020, 0.040, 0.060, 0.100, 0.200)
"""Playout buffers of the what-if."""

SATISFIED_MOS, SOME_ARE_NOT_MOS = 4.03, 3.6
"""ITU-T G.107 annex B: above the first users are satisfied, below the second many are not."""

HARM = 0.01
"""A share of late or lost sound above this is heard."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure that stands for a side of the call; `tone` empty: neither good nor bad, or not measured."""

    label: str
    value: str
    note: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Bin:
    """Frames whose lateness is at least `low_s` and below `high_s` (None: without end)."""

    low_s: float
    high_s: float | None
    frames: int
    share: float

    @property
    def label(self) -> str:
        if self.high_s is None:
            return f"{span(self.low_s)} and more"
        return f"{self.low_s * 1000:.0f} to {span(self.high_s)}"


def uptime(call: CallState) -> float | None:
    """Return the share of the time in which the call was up, None where it took none."""
    elapsed = call.now - call.started_at
    return max(0.0, 1.0 - down_s(call) / elapsed) if elapsed > 0.0 else None


def down_s(call: CallState) -> float:
    """Return the seconds of all outages together."""
    link = call.link
    return link.downtime_s + (0.0 if link.outage is None else link.outage.down_s(call.now))


def tiles(call: CallState) -> tuple[Tile, ...]:
    """Return the six figures with which a report begins."""
    return (*_link_tiles(call), *_sound_tiles(call), _bot_tile(call), _finding_tile(call.findings.all))


def _link_tiles(call: CallState) -> Iterable[Tile]:
    share, total = uptime(call), call.link.outage_count
    if not call.link.connections:
        yield Tile("up", "never", f"{plural(call.link.failures, 'attempt')} failed", "bad")
        return
    note = f"{plural(total, 'outage')}, {span(down_s(call))} down" if total else "no outage"
    tone: Tone = "good" if not total else "warn" if call.link.outage is None else "bad"
    yield Tile("up", percent(share), note, tone)


def _sound_tiles(call: CallState) -> Iterable[Tile]:
    pacing, buffer_s = call.inbound.pacing, call.targets.buffer_s
    late, quality = lateness(pacing, None, call.now), our_sound(call)
    if late is None:
        if call.soundless:
            yield Tile("sound", "none", "this wire carries no sound")
        else:
            yield Tile("sound", "none", "not one frame came", "bad" if call.link.connections else "")
        return
    yield Tile(
        "lateness p99",
        f"{millis(late.p99)} ms",
        f"p50 {millis(late.p50)} · max {span(late.max)}",
        "warn" if late.p99 > buffer_s else "good",
    )
    loss = quality.effective_loss or 0.0
    yield Tile("late or lost", percent(loss), f"with a buffer of {span(buffer_s)}", "warn" if loss > HARM else "good")
    if quality.mos is None or quality.r_factor is None:
        yield Tile("MOS estimate", NOTHING, "no round trip measured")
        return
    tone: Tone = "good" if quality.mos >= SATISFIED_MOS else "warn" if quality.mos >= SOME_ARE_NOT_MOS else "bad"
    yield Tile("MOS estimate", f"{quality.mos:.2f}", f"R {quality.r_factor:.0f}, transport alone", tone)


def _bot_tile(call: CallState) -> Tile:
    typical, high = middle_and_high(wait_s(turn) for turn in all_turns(call.turns))
    silent = call.turns.silent_failures
    total = call.turns.done.total + (call.turns.current is not None)
    if not total:
        return Tile("answer p50", NOTHING, "no turn of the caller")
    note = f"{plural(total, 'turn')} · p95 {span(high)}" + (f" · {silent} unanswered" if silent else "")
    tone: Tone = "bad" if silent else "warn" if (high or 0.0) > SLOW_S else "good"
    return Tile("answer p50", span(typical), note, tone)


def _finding_tile(found: tuple[Finding, ...]) -> Tile:
    by = {severity: sum(one.severity is severity for one in found) for severity in Severity}
    parts = [plural(by[severity], word) for severity, word in _SEVERITIES if by[severity]]
    if by[Severity.INFO]:
        parts.append(f"{by[Severity.INFO]} info")
    tone: Tone = "bad" if by[Severity.ERROR] else "warn" if by[Severity.WARNING] else "good"
    return Tile("findings", f"{len(found)}", " · ".join(parts) or "nothing was found", tone)


_SEVERITIES = ((Severity.ERROR, "error"), (Severity.WARNING, "warning"))


# -- the sound's timing -------------------------------------------------------------------------------------


def pacing_rows(pacing: Pacing, now: float) -> list[tuple[str, tuple[str, ...]]]:
    """Return a table: name of a figure, then mean, p50, p95, p99 and max in ms; empty where there is no such figure."""
    late = lateness(pacing, None, now)
    late_cells = ("", "", "", "") if late is None else tuple(map(millis, (late.p50, late.p95, late.p99, late.max)))
    return [
        ("lateness", ("", *late_cells)),
        ("jitter", (millis(pacing.jitter.mean), "", "", "", millis(pacing.jitter.max))),
        ("between frames", (millis(pacing.delta.mean), "", "", "", millis(pacing.delta.max))),
        ("media lag", ("", "", "", "", millis(pacing.media_lag.max))),
    ]


def pacing_counts(call: CallState) -> list[tuple[str, str]]:
    """Return what was counted, as (name, text)."""
    pacing, leg = call.inbound.pacing, call.inbound
    levels = [f"{name} {dbfs(meter.mean)}" for name, meter in zip(leg.channels, leg.meters, strict=True)]
    return [
        ("frames", count(pacing.frames)),
        ("set aside", f"{count(pacing.set_aside)}: stamped late by callscope itself" if pacing.set_aside else "0"),
        ("spikes", f"{count(pacing.spikes)} of more than {span(call.targets.spike_s)}"),
        ("stalls", count(pacing.stalls)),
        ("lost", count(pacing.lost) if pacing.lost is not None else "not measured: no positions in the stream"),
        ("batched", f"{'yes' if batched(pacing, call.now, WINDOW_S) else 'no'}, in the last minute"),
        ("drift", f"{ppm(drift_ppm(pacing, call.now))} ppm"),
        ("mean level", " · ".join(levels) + " dBFS" if levels else NOTHING),
        ("clipped", count(leg.clipped)),
        ("read as", leg.encoding or NOTHING),
    ]


def buffer_shares(call: CallState) -> list[tuple[float, float | None]]:
    """Return (buffer in seconds, share of frames too late for it)."""
    return list(zip(BUFFERS_S, what_if(call.inbound.pacing, BUFFERS_S, None, call.now), strict=True))


def histogram(pacing: Pacing, now: float) -> tuple[Bin, ...]:
    """Return the bins up to the last one that holds a frame."""
    counts = histogram_bins(pacing, BINS_S, None, now)
    while counts and not counts[-1]:
        counts.pop()
    edges = pairwise([*BINS_S, None])
    return tuple(
        Bin(low or 0.0, high, frames, frames / pacing.measured)
        for (low, high), frames in zip(edges, counts, strict=False)
    )


def round_trip_p95_s(call: CallState) -> float | None:
    return percentile(sorted(rtt for _, rtt in call.link.rtts), 0.95)


def plural(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
