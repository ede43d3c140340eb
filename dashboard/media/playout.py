"""What a listener would hear of a stream: late and lost frames against a buffer, then R factor and MOS.

It knows the transport, not the voice, so the screen calls it an estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.media.pacing import Pacing
from dashboard.media.readings import late_shares, window

_BEST_R = 93.2  # ITU-T G.107 with all its defaults
_G711_IE = 0.0  # ITU-T G.113, G.711 with packet loss concealment
_G711_BPL = 25.1


@dataclass(frozen=True, slots=True)
class Quality:
    """Estimates for one window. None: not measured (no frames; without a round-trip time there is no R)."""

    effective_loss: float | None
    r_factor: float | None
    mos: float | None


def playout(pacing: Pacing, *, buffer_s: float, window_s: float | None, now: float, rtt_s: float | None) -> Quality:
    """Play a window's frames, or the whole call's (None), through a fixed buffer: one that is later counts as lost."""
    if window_s is None:
        frames, lost = pacing.frames, pacing.holes
    else:
        inside = window(pacing, window_s, now)
        frames, lost = len(inside), sum(frame[4] for frame in inside)
    late_share = late_shares(pacing, [buffer_s], window_s, now)[0]
    if late_share is None:
        return Quality(None, None, None)
    loss = (late_share * frames + lost) / (frames + lost)
    if rtt_s is None:
        return Quality(loss, None, None)
    r = r_factor(rtt_s / 2 + buffer_s + pacing.usual.duration_s, loss)
    return Quality(loss, r, mos(r))


def what_if(pacing: Pacing, buffers_s: Sequence[float], window_s: float | None, now: float) -> list[float | None]:
    """Return the share of frames, 0..1, that would be late for each buffer."""
    return late_shares(pacing, buffers_s, window_s, now)


def r_factor(delay_s: float, effective_loss: float) -> float:
    """Return the transport part of R (ITU-T G.107) for a one-way delay and a loss of 0..1."""
    delay_ms = delay_s * 1000
    delay_impairment = 0.024 * delay_ms + 0.11 * max(0.0, delay_ms - 177.3)
    loss_percent = effective_loss * 100
    loss_impairment = _G711_IE + (95 - _G711_IE) * loss_percent / (loss_percent + _G711_BPL)
    return _BEST_R - delay_impairment - loss_impairment


def mos(r: float) -> float:
    """Return the mean opinion score that an R factor stands for (ITU-T G.107, annex B)."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    return 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6
