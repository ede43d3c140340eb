"""Time passes for a call: four ticks a second, each with how late our timer and our loop were."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

from dashboard.call.events import Ticked
from dashboard.clock import Clock
from dashboard.transport.watched_loop import loop_watch

TICK_S = 0.25
MEASURE_EVERY = 4
"""Ticks between two measurements of the queues."""


class Ticker:
    """When the next tick is due, and how late it is."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # Calls that began together do not tick together: at once, the ticks of 300 calls took 30 ms and more.
        self._due = clock.monotonic() + TICK_S * (1.0 - random.random())

    def wait_s(self) -> float:
        return max(0.0, self._due - self._clock.monotonic())

    def is_due(self) -> bool:
        return self._clock.monotonic() >= self._due

    def late_s(self) -> float:
        """Return how late the tick is that is due now, and plan the next one."""
        now = self._clock.monotonic()
        late_s = max(0.0, now - self._due)
        self._due = max(self._due + TICK_S, now)  # after a long stand-still one tick is enough
        return late_s


class LoopLags:
    """What the running loop's lag has been since it was last asked for."""

    def __init__(self) -> None:
        self._watch = loop_watch()
        self._sampled = self._watch.sampled if self._watch else 0

    def fresh(self) -> tuple[float, ...]:
        """Return the samples since the last time, in seconds; none of a loop that is not watched."""
        if self._watch is None:
            return ()
        lags, self._sampled = self._watch.lags(self._sampled), self._watch.sampled
        return lags


async def ticks(call_id: str, clock: Clock) -> AsyncIterator[Ticked]:
    """Yield a tick whenever one is due, for ever."""
    ticker, lags = Ticker(clock), LoopLags()
    while True:
        await asyncio.sleep(ticker.wait_s())
        yield Ticked(call_id, clock.monotonic(), ticker.late_s(), lags.fresh())
