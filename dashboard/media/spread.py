"""What is kept of a sampled figure: its extremes, its mean, its smallest value of a while."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """A sampled figure: newest value, extremes, and what its mean takes. None before the first sample."""

    current: float | None = None
    min: float | None = None
    max: float | None = None
    total: float = 0.0
    count: int = 0

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None

    def extend(self, values: Sequence[float]) -> Spread:
        """Return a spread that has sampled `values` too."""
        if not values:
            return self
        lowest, highest, total = min(values), max(values), self.total
        if self.min is not None and self.min < lowest:
            lowest = self.min
        if self.max is not None and self.max > highest:
            highest = self.max
        for value in values:  # not sum(): from 3.12 on its rounding depends on how frames were batched
            total += value
        return Spread(values[-1], lowest, highest, total, self.count + len(values))


@dataclass(frozen=True, slots=True)
class Peak:
    """A figure of which the newest and the highest value count. None before the first sample."""

    current: float | None = None
    max: float | None = None

    def extend(self, values: Sequence[float]) -> Peak:
        """Return a peak that has seen `values`, of which there is at least one, too."""
        highest = max(values)
        return Peak(values[-1], highest if self.max is None or self.max < highest else self.max)


@dataclass(frozen=True, slots=True)
class Lowest:
    """The smallest transit of the last 30 s, kept as a queue of minima in two parts.

    `older` lists the frames (arrival, transit) that are lower than all that came after them, up to the moment when it
    was made; `next` is the first that has not expired. `newer` is the minimum of everything since. When `older` has
    run out it is made again, so the cost per frame does not depend on how many frames 30 s hold.
    """

    older: tuple[tuple[float, float], ...] = ()
    next: int = 0
    newer: float = math.inf
    expires_at: float = math.inf

    @property
    def head(self) -> float:
        """The smallest transit that `older` still stands for."""
        return self.older[self.next][1] if self.older else math.inf
