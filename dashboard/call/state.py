"""A call as folded state: frozen, with bounded tails. `reducer.py` is the only one who makes the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from dashboard.call.cognigy_view import COGNIGY, CognigyView
from dashboard.call.conversation import GenesysReported
from dashboard.call.findings.finding import Findings
from dashboard.call.hook_view import HookView
from dashboard.call.notice_view import NOTIFICATIONS, NoticeView
from dashboard.call.records import Records
from dashboard.call.tap_view import TapView
from dashboard.call.terms import Cause, ClosedBy, Flaw, LinkState, Speaker, Targets
from dashboard.call.trail import Trail
from dashboard.media.histogram import Histogram
from dashboard.media.levels import LevelMeter
from dashboard.media.pacing import Pacing
from dashboard.media.tail import Tail


def _none() -> Mapping[Any, Any]:
    return MappingProxyType({})


SOUNDLESS = frozenset({*COGNIGY, NOTIFICATIONS})
"""Dialects of wires that carry no audio."""

INBOUND = "inbound"
"""The leg of a dialect that knows only one: what the peer sends us."""


@dataclass(frozen=True, slots=True)
class Transition:
    """The link entered `state` at `at`."""

    at: float
    state: LinkState
    cause: Cause
    detail: str


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection at the moment of its loss; seconds before that moment, None = not known.

    `quiet_s`: since we had last sent anything, pings included. `endured_s`: the longest such pause that it survived.
    """

    lost_at: float
    age_s: float
    quiet_s: float
    endured_s: float = 0.0
    pong_s: float | None = None
    token_age_s: float | None = None
    token_life_s: float | None = None
    rtts: tuple[float, ...] = ()  # of its last pings, seconds, oldest first
    received: Trail = field(default_factory=Trail)
    sent: Trail = field(default_factory=Trail)


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt to connect; `connection` of one that opened, and was lost before a message came."""

    at: float
    cause: Cause
    detail: str
    status: int | None
    wait_s: float | None
    connection: Connection | None = None
    flaw: Flaw | None = None  # of a certificate that is not trusted
    correlation_id: str = ""  # what Genesys' support asks for


@dataclass(frozen=True, slots=True)
class Outage:
    """From the last inbound byte to the first inbound message of the next open connection.

    `started_at` of a call that never came up is the start of the call, and `connection`, the one that was lost, is
    None. `resumed`: None = not known. `media_missing_s`: None where the stream carries no position or the session did
    not go on.
    """

    number: int
    started_at: float
    cause: Cause
    code: int | None = None
    reason: str = ""
    closed_by: ClosedBy | None = None
    detail: str = ""
    connection: Connection | None = None
    ended_at: float | None = None
    attempts: int = 0
    waited_s: float = 0.0
    failures: tuple[Failure, ...] = ()  # the newest 20
    resume_requested: bool = False
    resumed: bool | None = None
    media_missing_s: float | None = None
    held: int = 0
    sent: int = 0

    def down_s(self, now: float) -> float:
        """Return how long the outage lasted, or has lasted until `now`; seconds."""
        return max(0.0, (now if self.ended_at is None else self.ended_at) - self.started_at)


@dataclass(frozen=True, slots=True)
class LinkView:
    """Where the link stands and what it has been through."""

    started_at: float = 0.0
    state: LinkState = LinkState.IDLE
    since: float = 0.0
    cause: Cause = Cause.STARTED
    detail: str = ""
    attempt: int = 0
    max_attempts: int = 0
    until: float | None = None
    endpoint: str = ""
    clock: str | None = None  # "kernel" | "process", None until a connection was open
    opened_at: float | None = None  # of the connection that is open now
    connections: int = 0
    failures: int = 0
    last_inbound_at: float | None = None
    sent_at: float | None = None  # when we last sent anything on the connection, as far as facts tell
    endured_s: float = 0.0  # the longest pause in that which the connection has survived
    token: tuple[float, float] | None = None  # with which it was opened: when obtained, when it expires
    token_at: float | None = None
    token_expires_at: float | None = None
    token_refreshes: int = 0
    token_error: str = ""
    received: Trail = field(default_factory=Trail)  # on the connection that is open, or was last
    sent: Trail = field(default_factory=Trail)
    rtts: Tail[tuple[float, float]] = field(default_factory=lambda: Tail(600))  # (at, seconds)
    history: Tail[Transition] = field(default_factory=lambda: Tail(1000))
    outages: Tail[Outage] = field(default_factory=lambda: Tail(1000))  # ended ones
    outage: Outage | None = None  # the one that goes on
    downtime_s: float = 0.0  # of the ended ones
    resumed: int = 0
    stale_resets: int = 0
    close_codes: Mapping[str, int] = field(default_factory=_none)

    @property
    def attempts(self) -> int:
        """How many times a connection was tried, successful or not."""
        return self.connections + self.failures

    @property
    def outage_count(self) -> int:
        """Outages since the start, the present one included."""
        return self.outages.total + (self.outage is not None)


LineKind = Literal[
    "transcript", "intent", "text", "status", "error", "utterance", "unknown", "malformed", "mark", "link"
]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the transcript stream. `latency_s` is the turn latency of the first sign of an answer of its kind.

    `age_s`: how long before `at` it was said, of a transcript that is told late. `beside`: it is of the bot beside the
    call: nobody on the call said or heard it.
    """

    at: float
    kind: LineKind
    text: str
    speaker: Speaker = Speaker.UNKNOWN
    final: bool = True
    confidence: float | None = None
    latency_s: float | None = None
    utterance: int | None = None
    age_s: float | None = None
    beside: bool = False


UtteranceStatus = Literal[
    "held", "sent", "answered", "expired", "finished", "unfinished", "unanswered", "refused", "unknown"
]
"""From `finished` on: where the bot says that it has finished. unknown: nobody can say whether it has arrived."""


@dataclass(frozen=True, slots=True)
class Utterance:
    number: int
    text: str
    held_at: float
    status: UtteranceStatus
    sent_at: float | None = None
    answered_at: float | None = None
    why: str = ""
    outage: int | None = None  # number of the outage in which it was held


@dataclass(frozen=True, slots=True)
class Turn:
    """From the end of a user's turn to the first signs of an answer, each kept apart; monotonic seconds."""

    number: int
    ended_at: float
    text: str
    utterance: int | None = None
    speech_ended_at: float | None = None  # the caller's last sound before `ended_at`; None = not heard by itself
    intent_at: float | None = None
    text_at: float | None = None
    audio_at: float | None = None
    audio_until: float | None = None  # the last sound of the answer so far; None = not heard by itself
    finished_at: float | None = None  # the bot said that it has finished; only some wires have it say so
    unfinished: bool = False  # it should have said so, and was waited for in vain
    silent: bool = False  # no sign within the limit: a silent failure
    interrupted: bool = False  # the link went down before an answer: says nothing about the bot

    @property
    def answered_at(self) -> float | None:
        """The first sign of an answer, None while there is none."""
        return min((at for at in (self.intent_at, self.text_at, self.audio_at) if at is not None), default=None)

    @property
    def latency_s(self) -> float | None:
        """Seconds from the end of the user's turn to the first sign of an answer."""
        at = self.answered_at
        return None if at is None else max(0.0, at - self.ended_at)


@dataclass(frozen=True, slots=True)
class BargeIn:
    """The caller began to speak at `at`, while the bot spoke; the bot fell silent at `silent_at`, None = it went on."""

    at: float
    silent_at: float | None

    @property
    def took_s(self) -> float | None:
        """Seconds from the caller's first sound to the bot's last one."""
        return None if self.silent_at is None else self.silent_at - self.at


@dataclass(frozen=True, slots=True)
class Turns:
    current: Turn | None = None
    done: Tail[Turn] = field(default_factory=lambda: Tail(1000))
    silent_failures: int = 0
    bot_loud_at: float | None = None  # last bot frame above the silence threshold
    caller_loud_at: float | None = None  # last one of the caller, where the caller has a channel
    talks_over: float | None = None  # since when the caller has been speaking into the bot's speech
    barge_ins: Tail[BargeIn] = field(default_factory=lambda: Tail(1000))


@dataclass(frozen=True, slots=True)
class Leg:
    """One audio stream: its pacing and, per channel, its level."""

    name: str
    pacing: Pacing = field(default_factory=Pacing)
    channels: tuple[str, ...] = ()
    meters: tuple[LevelMeter, ...] = ()
    frames_bytes: int = 0
    clipped: int = 0
    encoding: str = ""
    checked: int = 0  # batches that could tell a misread encoding
    misfits: int = 0  # those that did
    positioned: bool = False
    continues: bool = False  # next frame is the first after an outage: measure what is missing


@dataclass(frozen=True, slots=True)
class QueueView:
    depth: int = 0
    limit: int = 0
    dropped: int = 0
    policy: str = ""
    waits: Histogram = field(default_factory=Histogram)
    longest_wait_s: float = 0.0  # of the newest measurement


@dataclass(frozen=True, slots=True)
class GenesysView:
    """What Genesys says of the conversation: its newest answer, and the newest one that held a record."""

    answer: GenesysReported
    known: GenesysReported | None = None


@dataclass(frozen=True, slots=True)
class Herd:
    """What a call's last outage had in common with those of other calls, as whoever holds them all has noted it.

    `outage` is the number of that outage. `lost` links were lost within `lost_within_s`; `at_once` of them were back
    within a second, the first of these `back_after_s` after the first loss.
    """

    outage: int
    lost: int
    at_once: int
    lost_within_s: float
    back_after_s: float


@dataclass(frozen=True, slots=True)
class BotView:
    """A bot beside the call, that test utterances are spoken to (`BotOffered`).

    call: all that its wire has told, folded as of a call of its own: its link, its turns and their figures are none of
    this call's. None until the first utterance.
    """

    profile: str = ""
    endpoint: str = ""
    dialect: str = ""
    session_id: str = ""
    user_id: str = ""
    test_mode: bool = True
    why_not: str = ""
    call: CallState | None = None


@dataclass(frozen=True, slots=True)
class CallState:
    """All that is known of one call. `now` is the time of its newest fact."""

    call_id: str
    started_at: float = 0.0
    wall: float = 0.0  # Unix time at started_at
    now: float = 0.0
    endpoint: str = ""
    dialect: str = ""
    targets: Targets = field(default_factory=Targets)
    ended: str | None = None
    worker_lost: str | None = None
    session_id: str | None = None
    sessions: int = 0
    conversation_id: str | None = None
    link: LinkView = field(default_factory=LinkView)
    legs: Mapping[str, Leg] = field(default_factory=_none)
    lines: Tail[Line] = field(default_factory=lambda: Tail(100_000))
    partials: Mapping[Speaker, Line] = field(default_factory=_none)
    turns: Turns = field(default_factory=Turns)
    utterances: tuple[Utterance, ...] = ()  # the newest 100
    messages: Mapping[str, int] = field(default_factory=_none)  # by the kinds of `figures.MESSAGE_KINDS`
    unknown_kinds: Mapping[str, int] = field(default_factory=_none)  # at most 30 names
    problems: Mapping[str, int] = field(default_factory=_none)  # malformed, by problem; at most 30
    marks: Tail[tuple[float, str]] = field(default_factory=lambda: Tail(1000))
    queues: Mapping[str, QueueView] = field(default_factory=_none)
    loop_lag: Histogram = field(default_factory=Histogram)  # the worst of each tick
    loop_lags: Histogram = field(default_factory=Histogram)  # at moments 20 ms apart
    findings: Findings = field(default_factory=Findings)
    genesys: GenesysView | None = None  # None: not asked
    herd: Herd | None = None  # None: nothing in common with others
    hook: HookView | None = None  # None: not an AudioHook call
    cognigy: CognigyView | None = None  # None: no Cognigy endpoint
    tap: TapView | None = None  # None: not overheard by a tap
    notices: NoticeView | None = None  # None: not followed by Genesys' notifications
    bot: BotView | None = None  # None: no bot beside it
    records: Records = field(default_factory=Records)

    @property
    def soundless(self) -> bool:
        """Whether its wire carries no audio."""
        return self.dialect in SOUNDLESS

    @property
    def all_utterances(self) -> tuple[Utterance, ...]:
        """The test utterances on its own wire, then those to the bot beside it."""
        beside = None if self.bot is None else self.bot.call
        return self.utterances if beside is None else (*self.utterances, *beside.utterances)

    @property
    def inbound(self) -> Leg:
        """The leg the peer sends, empty before its first frame."""
        return self.legs.get(INBOUND) or Leg(INBOUND)

    @property
    def rtt_s(self) -> float | None:
        """The newest round trip: ours by WebSocket ping, or what an AudioHook client says until there is one."""
        if self.link.rtts:
            return self.link.rtts[-1][1]
        return self.hook.rtts[-1][1] if self.hook is not None and self.hook.rtts else None

    def wall_at(self, at: float) -> float:
        """Return Unix time of a monotonic moment of this call."""
        return self.wall + (at - self.started_at)


Calls = Mapping[str, CallState]
"""Many calls, by id."""
