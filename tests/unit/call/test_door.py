"""The door at which calls come in: what is known of it."""

from __future__ import annotations

from dashboard.call.door import door_object, step
from dashboard.call.door_view import DoorView
from dashboard.call.events import Event, Ticked, WorkerLost
from dashboard.call.hook_events import DOOR, ListenerStarted, ProbeAnswered, UpgradeRefused


def fold(*facts: Event) -> DoorView:
    door = DoorView()
    for fact in facts:
        door = step(door, fact)
    return door


def test_refusals_are_counted_by_their_reason_and_the_last_one_is_kept() -> None:
    door = fold(
        ListenerStarted(DOOR, 1.0, 1.9e9, "wss://here:443/audiohook", signed=True),
        UpgradeRefused(DOOR, 2.0, 401, "expired", "made 90 s ago"),
        UpgradeRefused(DOOR, 3.0, 401, "expired", "made 91 s ago"),
        UpgradeRefused(DOOR, 4.0, 404, "path", "asked for /"),
        ProbeAnswered(DOOR, 5.0, 0.0123, ("bad_seq",)),
        Ticked(DOOR, 6.0),
    )
    assert door_object(door) == {
        "endpoint": "wss://here:443/audiohook",
        "signed": True,
        "probes": {"answered": 1, "last_opened_ms": 12.3, "last_broken": ["bad_seq"]},
        "refused": {"count": 3, "reasons": {"expired": 2, "path": 1}, "last": "asked for /"},
    }


def test_an_empty_desk_invents_nothing() -> None:
    assert door_object(DoorView())["probes"] == {"answered": 0, "last_opened_ms": None, "last_broken": []}
    assert door_object(DoorView())["refused"] == {"count": 0, "reasons": {}, "last": None}


def test_reasons_are_bounded() -> None:
    door = fold(*(UpgradeRefused(DOOR, 1.0, 401, f"reason {number}") for number in range(100)))
    assert (len(door.refused), sum(door.refused.values())) == (31, 100)


def test_a_worker_is_lost_until_it_is_heard_again() -> None:
    door = fold(WorkerLost(DOOR, 1.0, "does not answer", dead=False))
    assert door.worker_lost == "does not answer"
    assert step(door, Ticked(DOOR, 2.0)).worker_lost is None
