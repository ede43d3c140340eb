"""Everything that can go wrong in a call: one class per kind of fault, its fields are the keys of `[[fault]]`.

Times are seconds on the scenario's own timeline, which begins with the session and starts again with each round of a
scenario that loops. Until there is a session, it stands at 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from dashboard.simulator.breaches import BREACHES
from dashboard.simulator.garbage import MESSAGES


def _known_message(name: str) -> str:
    if name not in MESSAGES:
        raise ValueError(f"knows no {name!r}; there are {', '.join(MESSAGES)}")
    return name


def _known_breach(name: str) -> str:
    if name not in BREACHES:
        raise ValueError(f"knows no {name!r}; there are {', '.join(BREACHES)}")
    return name


Seconds = Annotated[float, Field(strict=True, ge=0, le=86_400)]
SomeSeconds = Annotated[float, Field(strict=True, gt=0, le=86_400)]
Ratio = Annotated[float, Field(strict=True, ge=0, le=1)]
CloseCode = Annotated[int, Field(strict=True, ge=1000, le=4999)]
Status = Annotated[int, Field(strict=True, ge=400, le=599)]
MessageName = Annotated[str, AfterValidator(_known_message)]
BreachName = Annotated[str, AfterValidator(_known_breach)]
Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A fault with a beginning and an end. Without `for_s` it lasts until the round ends."""

    at_s: Seconds = 0.0
    for_s: SomeSeconds | None = None
    every_s: SomeSeconds | None = None
    """The window comes again at this interval until the round ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A fault that happens at once."""

    at_s: Seconds
    every_s: SomeSeconds | None = None
    """It happens again at this interval until the round ends."""


# -- pacing of audio ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Jitter(Window):
    """Each frame is late by the size of a normal variate."""

    kind: Literal["jitter"]
    sd_s: SomeSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class HeavyTail(Window):
    """Each frame is late by `scale_s` times a Pareto variate less one: mostly little, now and then a lot."""

    kind: Literal["heavy_tail"]
    scale_s: SomeSeconds
    alpha: Annotated[float, Field(strict=True, ge=0.5, le=20)] = 1.6
    cap_s: SomeSeconds = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall(Window):
    """Nothing leaves for `for_s`, then all that waited leaves at once."""

    kind: Literal["stall"]
    for_s: SomeSeconds = field()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(Window):
    """Frames leave in packs, each pack when its last frame is due."""

    kind: Literal["batch"]
    frames: Annotated[int, Field(strict=True, ge=2, le=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop(Window):
    """Each frame is left out with this probability."""

    kind: Literal["drop"]
    probability: Ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The sender's clock runs slow by this much, all the time; negative runs fast."""

    kind: Literal["drift"]
    ppm: Annotated[float, Field(strict=True, ge=-100_000, le=100_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute(Window):
    """Digital silence instead of this side's sound; messages go on. `both` is dead air."""

    kind: Literal["mute"]
    who: Literal["caller", "bot", "both"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain(Window):
    """This side is louder by so many dB, and cut off at full scale; negative is softer."""

    kind: Literal["gain"]
    who: Literal["caller", "bot", "both"]
    db: Annotated[float, Field(strict=True, ge=-60, le=60)]


# -- the connection -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Abort(Moment):
    """The connection is reset without a close frame."""

    kind: Literal["abort"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Close(Moment):
    """The host closes the connection."""

    kind: Literal["close"]
    code: CloseCode
    reason: str = ""
    end_session: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfOpen(Window):
    """Connections that are open when it begins stay up, but nothing comes any more; new ones work."""

    kind: Literal["half_open"]
    answer_pings: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleCut:
    """Something on the path resets a connection after this long without a frame from the client, pings included."""

    kind: Literal["idle_cut"]
    after_s: SomeSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxAge:
    """The host ends each connection when it is this old: with a close code, without one by a reset."""

    kind: Literal["max_age"]
    after_s: SomeSeconds
    code: CloseCode | None = None
    reason: str = ""


# -- getting in -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse(Window):
    """A kind of request is refused: the first `attempts` in the window, without it all of them.

    channel, subscription, conversation: of notifications, where `lookup` is as good as channel.
    """

    kind: Literal["refuse"]
    where: Literal["token", "lookup", "socket", "analytics", "channel", "subscription", "conversation"] = "socket"
    status: Status
    attempts: Count | None = None
    retry_after_s: Annotated[int, Field(strict=True, ge=0, le=3600)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowOpen(Window):
    """The handshake takes this long: the first `attempts` in the window, without it all of them."""

    kind: Literal["slow_open"]
    open_s: SomeSeconds
    attempts: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowAnalytics(Window):
    """Analytics take this long to answer: the first `attempts` in the window, without it all of them."""

    kind: Literal["slow_analytics"]
    answer_s: SomeSeconds
    attempts: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppStatus(Window):
    """The app lookup reports this status."""

    kind: Literal["app_status"]
    status: Annotated[str, Field(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLife:
    """Tokens live this long. `dies_after_s` is the truth where it differs from what the login reply says."""

    kind: Literal["token_life"]
    expires_in_s: Count
    dies_after_s: SomeSeconds | None = None
    close_code: CloseCode = 4401
    """What a connection is closed with when its token dies."""


# -- the bot and its messages ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentBot(Window):
    """The bot neither matches intents nor answers, not even test utterances."""

    kind: Literal["silent_bot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbage(Moment):
    """A message that no client should have to read; with `every_s` the next of the list each time."""

    kind: Literal["garbage"]
    messages: Annotated[tuple[MessageName, ...], Field(min_length=1)]


# -- Cognigy, where the bot says that it has finished ---------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NoFinalPing(Window):
    """The bot never says that it has finished a turn."""

    kind: Literal["no_final_ping"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoReady:
    """The endpoint is an older one, which does not say that it is ready."""

    kind: Literal["no_ready"]


# -- AudioHook, where Genesys dials -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Window):
    """The caller is on hold: the session is paused, and what is said meanwhile is left out."""

    kind: Literal["hold"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach(Moment):
    """A message that breaks one of these rules; with `every_s` the next of the list each time."""

    kind: Literal["breach"]
    rules: Annotated[tuple[BreachName, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPings:
    """The client never pings."""

    kind: Literal["no_pings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """After its connection was lost the participant comes back with a new session."""

    kind: Literal["return"]
    after_s: SomeSeconds


# -- Audio Connector, where the host is the bot -------------------------------------------------------------

Way = Literal[
    "anybody",
    "audio_early",
    "bad_seq",
    "closes_unasked",
    "deaf_to_429",
    "disconnect_early",
    "drops",
    "fixed_order",
    "flood",
    "hangs_up",
    "never_closed",
    "no_entities",
    "no_opened",
    "no_pong",
    "no_probe",
    "slow_opened",
    "strict_fields",
    "talks_on",
    "turn_late",
    "unasked",
    "wrong_media",
    "wrong_pong",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unruly:
    """The bot breaks the protocol in these ways (`hookbot.py` says what each does)."""

    kind: Literal["unruly"]
    ways: Annotated[tuple[Way, ...], Field(min_length=1)]


# -- Genesys' notifications ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceClose(Moment):
    """The host says that it is going to close the socket, and does so after `after_s`; the channel stays."""

    kind: Literal["announce_close"]
    after_s: SomeSeconds = 60.0
    reason: str = "maintenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe(Moment):
    """The channel loses its topics, and says so."""

    kind: Literal["unsubscribe"]
    reason: str = "another_channel_subscribed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evict(Moment):
    """The channel is removed, as when more than 20 of them are made: its socket is closed, and it is not found."""

    kind: Literal["evict"]


Fault = Annotated[
    Jitter
    | HeavyTail
    | Stall
    | Batch
    | Drop
    | Drift
    | Mute
    | Gain
    | Abort
    | Close
    | HalfOpen
    | IdleCut
    | MaxAge
    | Refuse
    | SlowOpen
    | SlowAnalytics
    | AppStatus
    | TokenLife
    | SilentBot
    | Garbage
    | NoFinalPing
    | NoReady
    | Hold
    | Breach
    | NoPings
    | Return
    | Unruly
    | AnnounceClose
    | Unsubscribe
    | Evict,
    Field(discriminator="kind"),
]
