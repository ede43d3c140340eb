"""Streams of frames for the tests of this room."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from dashboard.media.pacing import Pacing, advance
from dashboard.media.trace import read_trace

VECTORS = Path(__file__).parents[2] / "data" / "vectors"
FRAME_S = 0.020


def stream(
    arrivals: Sequence[float],
    positions: Sequence[float] | None = None,
    *,
    after: Pacing | None = None,
    positioned: bool = True,
    spike_s: float = 0.2,
    set_aside: Sequence[int] = (),
) -> Pacing:
    """Fold 20 ms frames; without positions they follow one another without a hole."""
    if positions is None:
        positions = [i * FRAME_S for i in range(len(arrivals))]
    durations = [FRAME_S] * len(arrivals)
    columns = arrivals, positions, durations
    return advance(after or Pacing(), *columns, spike_s=spike_s, positioned=positioned, set_aside=set_aside)


def paced(count: int, start: float = 0.0, step: float = FRAME_S) -> list[float]:
    """Arrivals on an exact schedule."""
    return [start + i * step for i in range(count)]


def jittery(count: int, seed: int = 1) -> list[float]:
    """Arrivals in order, with a heavy tail of delays."""
    dice = random.Random(seed)
    return sorted(i * FRAME_S + min(0.15, 0.001 * dice.paretovariate(1.2)) for i in range(count))


def vector(name: str) -> tuple[Pacing, float]:
    """A trace of tests/data/vectors, folded, and the moment of its last arrival."""
    trace = read_trace(VECTORS / f"{name}.csv")
    pacing = advance(Pacing(), trace.arrivals, trace.positions, trace.durations, positioned=True)
    return pacing, trace.arrivals[-1]
