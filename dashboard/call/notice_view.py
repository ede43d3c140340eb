"""A call that Genesys' notifications tell about, as folded state: `NoticeView`, which `notices.py` makes."""

from __future__ import annotations

from dataclasses import dataclass, field

from dashboard.call.party import Party
from dashboard.call.terms import LinkState
from dashboard.media.tail import Tail

NOTIFICATIONS = "notifications"
"""The dialect's name."""

HEARTBEAT_S = 30.0
"""A channel tells so often that it lives."""

LATE_S = 60.0
"""A transcript that comes later than this is of no use to anybody who follows a call; Genesys names about 35 s."""


@dataclass(frozen=True, slots=True)
class NoticeView:
    """The channel of a call and the conversation that it tells about. Moments are monotonic.

    link: how the channel's connection stands, of a call that has another connection besides; else None, for then it is
    the call's own link. gaps: connections after which something may have been missed, `gap_s` in all. ages: (at, age)
    of the newest transcripts, seconds. trouble: what a request beside the link failed with, empty since it succeeded.
    """

    channel: str = ""
    channels: int = 0
    topics: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    expires_at: float | None = None
    heartbeat_at: float | None = None
    heartbeats: int = 0
    moves: int = 0
    lost: int = 0
    lost_at: float | None = None
    lost_why: str = ""
    gaps: int = 0
    gap_s: float = 0.0
    trouble: str = ""
    transcription: str = ""
    transcripts: int = 0
    ages: Tail[tuple[float, float]] = field(default_factory=lambda: Tail(600))
    parties: tuple[Party, ...] = ()
    over: bool = False
    link: LinkState | None = None
    link_detail: str = ""

    @property
    def transcribes(self) -> bool:
        """Whether the transcription is subscribed."""
        return "transcription" in self.topics

    @property
    def recording(self) -> str:
        """What Genesys says of its recording: paused where any leg's is, else active where any is; empty: not known."""
        states = {party.recording for party in self.parties if party.connected}
        return next((state for state in ("paused", "active", "none") if state in states), "")
