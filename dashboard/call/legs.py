"""What audio does to a leg: its pacing, its levels, and whether it was read rightly. Pure steps."""

from __future__ import annotations

from dashboard.call.events import AudioReceived
from dashboard.call.state import Leg
from dashboard.frozen import replace
from dashboard.media.levels import FLOOR_DBFS, MISFIT_DB, MISFIT_DBFS, LevelMeter, hear
from dashboard.media.pacing import advance, reanchor


def heard(leg: Leg, fact: AudioReceived, spike_s: float) -> Leg:
    """Fold a batch of frames; a longer delta than `spike_s`, and than two frames of the stream, is a spike."""
    spike_s = max(spike_s, 2 * (leg.pacing.usual.duration_s or fact.durations[0]))
    meters = leg.meters if leg.channels == fact.channels else tuple(LevelMeter() for _ in fact.channels)
    meters = tuple(
        hear(meter, fact.arrivals[-1], levels, peaks, fact.durations)
        for meter, levels, peaks in zip(meters, fact.levels, fact.peaks, strict=True)
    )
    columns = fact.arrivals, fact.positions, fact.durations
    checked, misfits = _reads_well(fact)
    return replace(
        leg,
        pacing=advance(leg.pacing, *columns, spike_s=spike_s, positioned=fact.positioned, set_aside=fact.late),
        channels=fact.channels,
        meters=meters,
        frames_bytes=leg.frames_bytes + fact.size_bytes,
        clipped=leg.clipped + fact.clipped,
        encoding=fact.encoding,
        checked=leg.checked + checked,
        misfits=leg.misfits + misfits,
        positioned=fact.positioned,
        continues=False,
    )


def reanchored(leg: Leg, *, continues: bool) -> Leg:
    """What comes next is compared with nothing before it; `continues`: it tells by its position what was missed."""
    return replace(leg, pacing=reanchor(leg.pacing), continues=continues)


def _reads_well(fact: AudioReceived) -> tuple[int, int]:
    """Return (1, 0) for a batch that fits its encoding, (1, 1) for one that does not, (0, 0) for one that cannot tell.

    A channel of digital silence is no evidence: read as PCMU or PCM16, it makes the other one look wrong.
    """
    loudest = [max(row, default=FLOOR_DBFS) for row in fact.levels]
    if fact.misfit_db is None or min(loudest, default=FLOOR_DBFS) <= FLOOR_DBFS:
        return 0, 0
    return 1, int(fact.misfit_db > MISFIT_DB and max(loudest) > MISFIT_DBFS)
