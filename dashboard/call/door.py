"""The door at which calls come in, as folded state: who was refused, which probes were answered. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from dashboard.call.door_view import DoorView
from dashboard.call.events import Event, Ticked, WorkerLost
from dashboard.call.hook_events import ListenerStarted, ProbeAnswered, UpgradeRefused
from dashboard.frozen import replace

_KEPT_REASONS = 30


def step(door: DoorView, event: Event) -> DoorView:
    """Fold a fact of no call; one that means nothing here leaves the door as it is."""
    if door.worker_lost is not None:
        door = replace(door, worker_lost=None)
    door = replace(door, now=max(door.now, event.at))
    match event:
        case Ticked(at=at, loop_lag_s=lag_s):
            return replace(door, lags=door.lags.append((at, lag_s)))
        case ListenerStarted(at=at, wall=wall, endpoint=endpoint, signed=signed):
            return replace(door, endpoint=endpoint, signed=signed, started_at=at, wall=wall)
        case ProbeAnswered():
            return replace(door, probes=door.probes + 1, probe=event)
        case UpgradeRefused(reason=reason):
            known = reason in door.refused or len(door.refused) < _KEPT_REASONS
            name = reason if known else "(others)"
            refused = MappingProxyType({**door.refused, name: door.refused.get(name, 0) + 1})
            return replace(door, refused=refused, refusal=event)
        case WorkerLost(detail=detail):
            return replace(door, worker_lost=detail)
    return door


def door_object(door: DoorView) -> dict[str, Any]:
    """Return what `listen --json` says of the door."""
    probe, refusal = door.probe, door.refusal
    return {
        "endpoint": door.endpoint,
        "signed": door.signed,
        "probes": {
            "answered": door.probes,
            "last_opened_ms": None if probe is None or probe.took_s is None else round(probe.took_s * 1000, 3),
            "last_broken": [] if probe is None else list(probe.broken),
        },
        "refused": {
            "count": sum(door.refused.values()),
            "reasons": dict(door.refused),
            "last": None if refusal is None else refusal.detail,
        },
    }
