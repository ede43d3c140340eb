"""Counts of durations in bins that are narrow where it matters, for a whole call in a few kilobytes.

Bins are 0.05 ms wide up to 12.8 ms; above that every octave has 128 of them, so the middle of a bin is within
0.025 ms or 0.4 % of any value in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_BINS_PER_S = 20_000  # 0.05 ms
_OCTAVE_BITS = 7  # 128 bins an octave: half of one is 1/256 of its value


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many values fell into each bin; immutable. Values are seconds >= 0."""

    counts: dict[int, int] = field(default_factory=dict)

    def with_values(self, values: Iterable[float]) -> Histogram:
        """Return a histogram that counts `values` too; costs a copy, so add many at once."""
        counts = self.counts.copy()
        for steps, count in Counter([int(value * _BINS_PER_S) for value in values]).items():
            index = _bin_of(steps)
            counts[index] = counts.get(index, 0) + count
        return Histogram(counts)

    def since(self, before: Histogram) -> Histogram:
        """Return what has been counted since this was `before`."""
        earlier = before.counts
        return Histogram(
            {
                index: count - earlier.get(index, 0)
                for index, count in self.counts.items()
                if count != earlier.get(index)
            }
        )

    def percentile(self, percent: int) -> float | None:
        """Return the nearest-rank percentile (the middle of its bin), seconds; None when nothing was counted."""
        rank, seen = -(-sum(self.counts.values()) * percent // 100), 0
        for middle, count in self:
            seen += count
            if seen >= rank:
                return middle
        return None

    def __iter__(self) -> Iterator[tuple[float, int]]:
        """Iterate over (middle of the bin in seconds, count), smallest first, without the empty bins."""
        for index in sorted(self.counts):
            yield _middle_of(index), self.counts[index]


def _bin_of(steps: int) -> int:
    shift = max(0, steps.bit_length() - _OCTAVE_BITS - 1)
    return (shift << _OCTAVE_BITS) + (steps >> shift)


def _middle_of(index: int) -> float:
    shift = max(0, (index >> _OCTAVE_BITS) - 1)
    steps = index - (shift << _OCTAVE_BITS)
    return (steps + 0.5) * (1 << shift) / _BINS_PER_S
