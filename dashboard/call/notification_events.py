"""Facts that only Genesys Cloud's Notifications API yields: of its channel, and of the conversation that it follows.

The id of a channel opens it to whoever knows it, so facts name a channel by a digest.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.call.party import Party
from dashboard.call.terms import Event, LinkState, Speaker


@dataclass(frozen=True, slots=True)
class ChannelSubscribed(Event):
    """The topics of a conversation come over this channel; `refused` do not, each with why, in words.

    created: it is a new channel. expires_at: when Genesys drops it unless its topics are subscribed again (monotonic).
    """

    channel: str
    topics: tuple[str, ...]
    refused: tuple[str, ...] = ()
    expires_at: float | None = None
    created: bool = False


@dataclass(frozen=True, slots=True)
class ChannelMoved(Event):
    """Another connection took over before the one before it was left."""

    why: str


@dataclass(frozen=True, slots=True)
class HeartbeatReceived(Event):
    """The channel lives: Genesys says so about every 30 s."""


@dataclass(frozen=True, slots=True)
class ClosingAnnounced(Event):
    """Genesys will close this socket within about a minute; the channel and its topics stay."""

    reason: str


@dataclass(frozen=True, slots=True)
class SubscriptionLost(Event):
    """The channel no longer carries the topics: another one took them, its token was revoked, or it is gone."""

    reason: str


@dataclass(frozen=True, slots=True)
class SubscriptionChanged(Event):
    """Genesys says something else about the channel's subscriptions."""

    reason: str


@dataclass(frozen=True, slots=True)
class RequestFailed(Event):
    """A request beside the link failed, and the call goes on without: what was wanted, why not, and when again.

    correlation_id: what Genesys' support asks for.
    """

    what: str
    detail: str
    status: int | None = None
    again_s: float | None = None
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class GapMarked(Event):
    """A connection tells of what happens from now on; what happened after `since` (monotonic) may have been missed."""

    since: float


# -- the conversation -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SpeechTranscribed(Event):
    """Genesys' own transcript of an utterance. It comes in batches, seconds to a minute later: no measure of the bot.

    age_s: from the end of the utterance, by Genesys' clock, to its arrival, by ours; None where it is not told.
    revised: another text for an utterance that was told before.
    """

    utterance_id: str
    communication_id: str
    speaker: Speaker
    text: str
    final: bool
    confidence: float | None = None
    age_s: float | None = None
    duration_s: float | None = None
    language: str = ""
    engine: str = ""
    revised: bool = False


@dataclass(frozen=True, slots=True)
class TranscriptionChanged(Event):
    """What Genesys says of the transcription itself: "ongoing" or "ended", of one leg."""

    status: str
    communication_id: str = ""


@dataclass(frozen=True, slots=True)
class PartyJoined(Event):
    """A participant came in: `role` customer, flow, acd (a queue), user (an agent) or voicemail."""

    role: str
    participant_id: str
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class PartyLeft(Event):
    """A participant left. `lasted_s`: how long it had been in contact, where that is told."""

    role: str
    participant_id: str
    disconnect_type: str = ""
    lasted_s: float | None = None


@dataclass(frozen=True, slots=True)
class WrappedUp(Event):
    """An agent has wrapped up; what the agent noted is not kept."""

    participant_id: str
    code: str
    took_s: float | None = None


@dataclass(frozen=True, slots=True)
class ConversationRead(Event):
    """How the conversation stands, which was asked for: events tell only of changes. over: nobody is connected."""

    parties: tuple[Party, ...]
    over: bool


@dataclass(frozen=True, slots=True)
class SideLinkChanged(Event):
    """Beside a call that has a connection of its own: how the channel's connection stands, and why."""

    state: LinkState
    detail: str = ""
