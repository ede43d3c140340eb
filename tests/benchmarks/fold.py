"""How fast facts become state: what replaying, testing and showing a call have in common."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from dashboard.bus.store import Store
from dashboard.call.codec import event_from_line, to_line
from dashboard.call.events import Event
from dashboard.simulator.scenario import load_scenario
from tests.benchmarks.harness import Figure, at_least, number
from tests.virtual import facts_of

NAME = "fold"
SUMMARY = "facts through the reducer: bad-day, 50 stereo frames a second"

_ROUNDS = 5


def run(quick: bool) -> list[Figure]:
    seconds, rounds = (10.0, 1) if quick else (600.0, _ROUNDS)
    facts = facts_of(load_scenario("bad-day"), seconds=seconds)
    lines = [to_line(fact) for fact in facts]
    fold_s = _fastest(rounds, lambda: _fold(facts))
    read_s = _fastest(rounds, lambda: _fold(map(event_from_line, lines)))
    return [
        number("facts folded", len(facts) / fold_s, "facts/s"),
        number("a call folded", seconds / fold_s, "times real time", goal=at_least(500)),
        number("a call read from its lines and folded", seconds / read_s, "times real time"),
    ]


def _fastest(rounds: int, work: Callable[[], None]) -> float:
    """Return the shortest of some runs in seconds: what the work takes when nothing else does."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


def _fold(facts: Iterable[Event]) -> None:
    store = Store()
    for fact in facts:
        store.put(fact)
