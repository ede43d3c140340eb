"""An AudioHook call as folded state: `HookView`, a part of `CallState`; `hook.py` makes the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from dashboard.media.tail import Tail

CONNECTOR = "connector"
"""The dialect of a call that we make ourselves, in Genesys' place: there the server is the peer."""

PING_S = 5.0
"""A client pings so often."""

Stage = Literal["opening", "active", "paused", "closing", "closed"]


def _none() -> Mapping[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class HookView:
    """The session of an AudioHook call, and what adds up over all its sessions. Seconds.

    offered_at, opened_s: when `open` came, and how long `opened` took. flows_since: since when audio may come, None
    while it may not. position_s, received_s: the media position by the client's last ping, and ours at that moment.
    rtts: (at, round trip) as the client measures it. broken: rules broken, by identifier. outputs: the variables of
    `disconnect`. played_s to dry_s: of all playbacks, as `PlaybackMeasured` has them of one; ahead_s is the greatest.
    """

    stage: Stage = "opening"
    organization_id: str = ""
    participant_id: str = ""
    correlation_id: str = ""
    offered: tuple[str, ...] = ()
    continues: tuple[str, ...] = ()
    offered_at: float | None = None
    opened_s: float | None = None
    media: str = ""
    channels: tuple[str, ...] = ()
    language: str = ""
    flows_since: float | None = None
    paused_at: float | None = None
    position_s: float | None = None
    received_s: float | None = None
    ended_by: str = ""
    end_reason: str = ""
    pings: int = 0
    rtts: Tail[tuple[float, float]] = field(default_factory=lambda: Tail(600))
    discards: int = 0
    discarded_s: float = 0.0
    pauses: int = 0
    paused_s: float = 0.0  # of the ended pauses
    keys: int = 0
    playing: bool = False
    playbacks: int = 0
    played_s: float = 0.0
    dropped_s: float = 0.0
    ahead_s: float = 0.0
    underruns: int = 0
    dry_s: float = 0.0
    outputs: tuple[str, ...] = ()
    broken: Mapping[str, int] = field(default_factory=_none)

    @property
    def breaches(self) -> int:
        """How many times a rule was broken."""
        return sum(self.broken.values())

    @property
    def position_error_s(self) -> float | None:
        """The client's media position minus ours: media lost or not sent yet; None before its first ping."""
        if self.position_s is None or self.received_s is None:
            return None
        return self.position_s - self.received_s
