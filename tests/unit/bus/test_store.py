"""Many calls in one store."""

from __future__ import annotations

from dashboard.bus.store import KEPT_ENDED, Store
from dashboard.call.events import CallEnded, CallStarted, Ticked
from dashboard.call.hook_events import DOOR, ProbeAnswered


def test_a_snapshot_holds_the_calls_by_id_and_does_not_change() -> None:
    store = Store()
    store.put(CallStarted("a", 1.0, 1.9e9, "ws://here", "audiohook"))
    before = store.snapshot()
    store.put(CallStarted("b", 2.0, 1.9e9, "ws://here", "audiohook"))
    assert (set(before), set(store.snapshot())) == ({"a"}, {"a", "b"})
    assert store.snapshot() is store.snapshot()


def test_a_fact_of_no_call_makes_none() -> None:
    store = Store()
    store.put(ProbeAnswered(DOOR, 1.0, 0.01))
    assert dict(store.snapshot()) == {}
    assert store.door.probes == 1


def test_of_calls_that_are_over_the_newest_are_kept() -> None:
    store = Store()
    store.put(CallStarted("lives", 0.0, 1.9e9, "ws://here", "audiohook"))
    for number in range(KEPT_ENDED + 3):
        store.put(CallStarted(str(number), 1.0 + number, 1.9e9, "ws://here", "audiohook"))
        store.put(CallEnded(str(number), 1.5 + number, "closed: end"))
    calls = store.snapshot()
    assert len(calls) == KEPT_ENDED + 1
    assert "lives" in calls
    assert not {"0", "1", "2"} & set(calls)
    store.put(Ticked("lives", 999.0))
    assert store.snapshot()["lives"].now == 999.0
