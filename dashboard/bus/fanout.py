"""Hands each fact to every sink."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.call.ports import Sink, Source
from dashboard.call.terms import Event


class Fanout:
    """One sink made of many. A sink that does I/O keeps its own bounded queue, so none waits for another."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks = tuple(sinks)

    def put(self, event: Event) -> None:
        for sink in self._sinks:
            sink.put(event)

    def close(self) -> None:
        for sink in self._sinks:
            sink.close()


async def play(source: Source, sinks: Sequence[Sink]) -> None:
    """Run `source` into `sinks` to its end, then close them, also when it is cancelled."""
    fanout = Fanout(sinks)
    try:
        await source.run(fanout.put)
    finally:
        fanout.close()
