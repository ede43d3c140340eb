"""The door at which calls come in, as folded state: who was refused, which probes were answered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from dashboard.call.events import Event, WorkerLost
from dashboard.call.hook_events import ListenerStarted, ProbeAnswered, UpgradeRefused

_KEPT_REASONS = 30


def _none() -> Mapping[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Desk:
    """`endpoint` is empty until calls may come in. refused: how often, by reason. Times are monotonic seconds."""

    endpoint: str = ""
    signed: bool = False
    started_at: float = 0.0
    wall: float = 0.0  # Unix time at started_at
    probes: int = 0
    probe: ProbeAnswered | None = None
    refused: Mapping[str, int] = field(default_factory=_none)
    refusal: UpgradeRefused | None = None
    worker_lost: str | None = None


def step(desk: Desk, event: Event) -> Desk:
    """Fold a fact of no call; one that means nothing here leaves the desk as it is."""
    match event:
        case ListenerStarted(at=at, wall=wall, endpoint=endpoint, signed=signed):
            return replace(desk, endpoint=endpoint, signed=signed, started_at=at, wall=wall, worker_lost=None)
        case ProbeAnswered():
            return replace(desk, probes=desk.probes + 1, probe=event)
        case UpgradeRefused(reason=reason):
            known = reason in desk.refused or len(desk.refused) < _KEPT_REASONS
            name = reason if known else "(others)"
            refused = MappingProxyType({**desk.refused, name: desk.refused.get(name, 0) + 1})
            return replace(desk, refused=refused, refusal=event)
        case WorkerLost(detail=detail):
            return replace(desk, worker_lost=detail)
    return desk


def desk_object(desk: Desk) -> dict[str, Any]:
    """Return what `listen --json` says of the door."""
    probe, refusal = desk.probe, desk.refusal
    return {
        "endpoint": desk.endpoint,
        "signed": desk.signed,
        "probes": {
            "answered": desk.probes,
            "last_opened_ms": None if probe is None or probe.took_s is None else round(probe.took_s * 1000, 3),
            "last_broken": [] if probe is None else list(probe.broken),
        },
        "refused": {
            "count": sum(desk.refused.values()),
            "reasons": dict(desk.refused),
            "last": None if refusal is None else refusal.detail,
        },
    }
