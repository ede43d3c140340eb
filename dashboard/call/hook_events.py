"""Facts that only AudioHook yields, and those of the door at which its calls come in.

`by` is "client" for Genesys, which dials, and "server" for the integration.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.call.terms import Event

DOOR = ""
"""The `call_id` of facts that belong to no call."""


@dataclass(frozen=True, slots=True)
class HookOffered(Event):
    """`open`: the client offers a session. The numbers of caller and called are not kept.

    media: every offer in words, best first. continues: the sessions that it says it goes on with.
    """

    organization_id: str
    participant_id: str
    correlation_id: str
    media: tuple[str, ...] = ()
    language: str = ""
    continues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HookAccepted(Event):
    """`opened`, `took_s` after `open`. `media` in words, empty for a session without audio; `channels` as we name them.

    paused: no audio comes before `resumed`.
    """

    took_s: float
    media: str
    channels: tuple[str, ...]
    paused: bool = False


@dataclass(frozen=True, slots=True)
class HookPinged(Event):
    """The client's own ping, every 5 s: its last round trip, and its media position beside ours; seconds."""

    rtt_s: float | None
    position_s: float | None
    received_s: float


@dataclass(frozen=True, slots=True)
class MediaPaused(Event):
    """`paused`: no audio comes until `resumed`."""


@dataclass(frozen=True, slots=True)
class MediaResumed(Event):
    """`resumed`: audio goes on at `start_s + discarded_s` of the media; what lies between was not sent."""

    start_s: float
    discarded_s: float


@dataclass(frozen=True, slots=True)
class MediaDiscarded(Event):
    """`discarded`: a piece of media was not sent, by overload of the client or because it was asked to."""

    start_s: float
    discarded_s: float


@dataclass(frozen=True, slots=True)
class LanguageChanged(Event):
    language: str


@dataclass(frozen=True, slots=True)
class KeyPressed(Event):
    """A key of the telephone: "digit", or the sign itself. Which digit is not kept: it may be of a card or a PIN."""

    key: str


@dataclass(frozen=True, slots=True)
class PlaybackChanged(Event):
    """The client has begun to play what the server sent, or has played all of it."""

    playing: bool


@dataclass(frozen=True, slots=True)
class PlaybackMeasured(Event):
    """What the client has played without a pause, of its own bot's audio; seconds.

    dropped_s: what was waiting and was thrown away, by barge-in. ahead_s: the most audio that waited at one time.
    underruns, dry_s: how often the audio ran out in the middle, and for how long in all.
    """

    played_s: float
    dropped_s: float
    ahead_s: float
    underruns: int
    dry_s: float
    messages: int


@dataclass(frozen=True, slots=True)
class EntityReceived(Event):
    """What an `event` holds besides transcripts: its type, and its data in words, raw where we know no better."""

    type_name: str
    text: str


@dataclass(frozen=True, slots=True)
class SessionEnding(Event):
    """`close` by the client, or `disconnect` by the server, which asks for it; `outputs`: its variables, name=value."""

    by: str
    reason: str
    detail: str = ""
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionClosed(Event):
    """`closed`: the session has ended as it should."""


@dataclass(frozen=True, slots=True)
class RuleBroken(Event):
    """The strict reading: a rule of the protocol (`audiohook_rules.py`) that a message of `by` breaks, and how."""

    rule: str
    by: str
    detail: str = ""


# -- the door: facts of no call ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListenerStarted(Event):
    """Calls may come in. `wall` is Unix time at `at`; `signed`: nobody gets in without a signature.

    upstream: where a tap passes them on to.
    """

    wall: float
    endpoint: str
    signed: bool
    upstream: str = ""


@dataclass(frozen=True, slots=True)
class ProbeAnswered(Event):
    """A connection probe of Genesys, which is no call. `took_s`: from `open` to `opened`; None: it was not answered."""

    took_s: float | None
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UpgradeRefused(Event):
    """Somebody was not let in: the HTTP status, 0 after the upgrade; a short stable reason, and more about it."""

    status: int
    reason: str
    detail: str = ""
