"""The door at which calls come in, as a screen needs it before any fact of it has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dashboard.media.tail import Tail

if TYPE_CHECKING:
    from dashboard.call.hook_events import ProbeAnswered, UpgradeRefused


def _none() -> Mapping[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class DoorView:
    """`endpoint` is empty until calls may come in. refused: how often, by reason. Times are monotonic seconds.

    now: time of the newest fact of the door. lags: (at, how late the door's tick was), the newest 10 s of them.
    """

    endpoint: str = ""
    signed: bool = False
    started_at: float = 0.0
    wall: float = 0.0  # Unix time at started_at
    now: float = 0.0
    lags: Tail[tuple[float, float]] = field(default_factory=lambda: Tail(40))
    probes: int = 0
    probe: ProbeAnswered | None = None
    refused: Mapping[str, int] = field(default_factory=_none)
    refusal: UpgradeRefused | None = None
    worker_lost: str | None = None
