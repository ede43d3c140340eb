"""Time as an argument: everything that needs it is handed a Clock."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Two clocks read together: one to measure with, one to show."""

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps."""
        ...

    def wall(self) -> float:
        """Unix time in seconds, for display only."""
        ...


class SystemClock:
    """The machine's own clocks."""

    monotonic = staticmethod(time.monotonic)
    wall = staticmethod(time.time)


class ManualClock:
    """A clock that moves when told to."""

    def __init__(self, at: float = 1000.0, wall: float = 1_900_000_000.0) -> None:
        self._at = at
        self._offset = wall - at

    def monotonic(self) -> float:
        return self._at

    def wall(self) -> float:
        return self._at + self._offset

    def advance(self, seconds: float) -> None:
        """Move both clocks forward by `seconds`."""
        self._at += seconds


class Behind:
    """The clock of what is read with a delay: it stands where whoever wrote was when it wrote what is read now.

    So what waits to be read waits for nobody who goes by this clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._delay_s = 0.0

    def read(self, at: float) -> None:
        """What was written at this moment, monotonic, is read."""
        self._delay_s = max(0.0, self._clock.monotonic() - at)

    def monotonic(self) -> float:
        return self._clock.monotonic() - self._delay_s

    def wall(self) -> float:
        return self._clock.wall() - self._delay_s
