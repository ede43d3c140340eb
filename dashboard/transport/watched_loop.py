"""An event loop that knows for how long its sockets went unattended.

Without the kernel's stamps a message counts as arrived when its bytes are read, and they are read late while the loop
is busy; with them, what is read together has the stamp of the last. asyncio does not tell, and a timer would have to
go off every few milliseconds to find out; but all that a loop does lies between two polls of its selector, so asking
the time there is enough and wakes nobody up.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
import time
from collections import deque
from collections.abc import Callable

SAMPLE_S = 0.020
"""How far apart the moments are at which lag is sampled."""

KEPT_SAMPLES = 3_000  # a minute

_OVERRUN_S = 0.005
"""A poll that ends so long after it was to end was not given the processor; a timer's grain is 1 ms."""


class LoopWatch(selectors.DefaultSelector):
    """The selector of a loop, which notes when it is asked and when it answers."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._away_since = self._next_sample = clock()  # nobody has looked at the sockets since
        self._samples: deque[float] = deque(maxlen=KEPT_SAMPLES)
        self.sampled = 0
        """Samples since the beginning."""
        self.unread_since = self._away_since
        """What the loop reads now may have lain there since this moment, monotonic seconds."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        asked = self._clock()
        self._sample(asked)
        self.unread_since = self._away_since
        events = super().select(0)
        if events or timeout == 0:
            self._away_since = asked
            return events
        events = super().select(timeout)  # nothing lay there: what this reports has just come
        answered = self._clock()
        overran = timeout is not None and answered - asked > timeout + _OVERRUN_S
        self.unread_since = self._away_since = asked if overran else answered
        return events

    def lags(self, first: int) -> tuple[float, ...]:
        """Return the samples from number `first` on, as far as they are kept: seconds until the loop polled again."""
        fresh = min(self.sampled - first, len(self._samples))
        return tuple(self._samples)[len(self._samples) - fresh :]

    def _sample(self, asked: float) -> None:
        """Take the samples that fell due: while the loop was waiting it had no lag."""
        self._next_sample = max(self._next_sample, asked - KEPT_SAMPLES * SAMPLE_S)
        while self._next_sample <= asked:
            self._samples.append(asked - self._next_sample if self._next_sample > self._away_since else 0.0)
            self._next_sample += SAMPLE_S
            self.sampled += 1


class _WatchedLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.watch = LoopWatch()
        super().__init__(self.watch)


def new_loop() -> asyncio.AbstractEventLoop:
    """Return a new loop for `asyncio.Runner`, watched where asyncio's usual loop is a selector's."""
    return asyncio.new_event_loop() if sys.platform == "win32" else _WatchedLoop()


def loop_watch() -> LoopWatch | None:
    """Return the watch of the running loop, None if it has none."""
    loop = asyncio.get_running_loop()
    return loop.watch if isinstance(loop, _WatchedLoop) else None
