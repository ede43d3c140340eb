"""Facts in memory, read back as a recording reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dashboard.call.events import Event
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from dashboard.clock import Clock
from dashboard.storage.replay import Read, Replay
from tests.builders import WALL


def reader(facts: Sequence[Event]) -> Read:
    """Return what reads `facts`: the time of one is the newest up to it."""

    def read(after_s: float | None) -> Iterator[Event]:
        newest = first = facts[0].at
        for fact in facts:
            newest = max(newest, fact.at)
            if after_s is None or newest - first > after_s:
                yield fact

    return read


def length_of(facts: Sequence[Event]) -> float:
    """Return seconds from the first fact to the newest one."""
    return max(fact.at for fact in facts) - facts[0].at


def replay_of(facts: Sequence[Event], clock: Clock, *, read: bool = True, **more: Any) -> Replay:
    """Return a replay of `facts` that stands at the start; `read`: it knows all of them already."""
    replay = Replay(reader(facts), clock=clock, started=WALL, length_s=length_of(facts), **more)
    if read:
        replay.survey.work(len(facts))
    return replay


def fold(facts: Sequence[Event]) -> CallState:
    """Return what the live screen shows after `facts`."""
    call = CallState(facts[0].call_id)
    for fact in facts:
        call = step(call, fact)
    return call
