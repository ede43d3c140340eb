"""Every fact that a call can yield.

A fact is frozen, named for what happened, and stamped where it happened: `at` is monotonic seconds of the
process that saw it; the first fact of a call (`CallStarted`) anchors that clock to the wall clock.
Text in a fact came through `wiretext.clean`: bounded, without secrets, control characters still in it (the
screen makes them visible). Facts travel as the dictionaries of `codec.py`, so fields hold only None, bool, int,
float, str, enums and frozen dataclasses of this file, of `terms.py` and of `conversation.py`, and tuples of those.

The screen's first frame comes before any fact, and waits for none to load: what it needs itself (state, verdict, what
draws) imports `terms.py` and, of facts that the state keeps, their own files. Facts of a protocol stand in a file of
their own, such as `hook_events.py`; `codec.py` lists these files, and their steps are imported by `reducer.py` alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dashboard.call.conversation import GenesysReported as GenesysReported
from dashboard.call.terms import Cause as Cause
from dashboard.call.terms import ClosedBy as ClosedBy
from dashboard.call.terms import Event as Event
from dashboard.call.terms import Flaw as Flaw
from dashboard.call.terms import LinkState as LinkState
from dashboard.call.terms import Speaker as Speaker
from dashboard.call.terms import Targets as Targets

# -- the call ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallStarted(Event):
    """First fact of a call. `wall` is Unix time at `at`; `endpoint` is without query and credentials."""

    wall: float
    endpoint: str
    dialect: str
    targets: Targets = field(default_factory=Targets)


@dataclass(frozen=True, slots=True)
class CallEnded(Event):
    """Last fact of a call: its source will say no more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ticked(Event):
    """Four times a second: silence sends no packet. `loop_lag_s` is how late the worker's own timer was.

    loop_lags: of moments 20 ms apart since the last tick, how long it took until the worker's event loop looked at its
    sockets again; seconds, empty where the loop is not watched.
    """

    loop_lag_s: float = 0.0
    loop_lags: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Marked(Event):
    """The operator said: here."""

    note: str


# -- the link ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkChanged(Event):
    """The link entered `state`. `until` is when a wait ends (monotonic), only in WAITING."""

    state: LinkState
    cause: Cause
    detail: str = ""
    attempt: int = 0
    max_attempts: int = 0
    until: float | None = None


@dataclass(frozen=True, slots=True)
class ConnectionOpened(Event):
    """The handshake ended with 101. `clock` says whose time stamps the frames: kernel or process."""

    endpoint: str
    clock: str
    took_s: float


@dataclass(frozen=True, slots=True)
class ConnectionLost(Event):
    """An open connection ended and was not meant to. `last_inbound_at` is where its outage begins."""

    cause: Cause
    code: int
    reason: str
    closed_by: ClosedBy
    last_inbound_at: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AttemptFailed(Event):
    """One attempt to get (back) to an open socket failed.

    `status` is the HTTP status where there was one, `flaw` what is wrong with a certificate, of TLS_CERTIFICATE.
    correlation_id: what Genesys' support asks for, of a refusal by its API.
    """

    attempt: int
    cause: Cause
    detail: str
    status: int | None = None
    wait_s: float | None = None
    flaw: Flaw | None = None
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class TokenObtained(Event):
    """A new access token; `expires_at` on the monotonic clock."""

    expires_at: float
    refresh: bool


@dataclass(frozen=True, slots=True)
class TokenFailed(Event):
    cause: Cause
    detail: str


@dataclass(frozen=True, slots=True)
class PingMeasured(Event):
    """A WebSocket ping was answered."""

    rtt_s: float


@dataclass(frozen=True, slots=True)
class ResumeRequested(Event):
    """The `reconnect` message went out as the first on a new socket."""

    session_id: str


# -- messages -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SessionStarted(Event):
    session_id: str
    conversation_id: str


@dataclass(frozen=True, slots=True)
class AudioReceived(Event):
    """Up to 100 ms of frames of one leg, as columns of equal length.

    arrivals: monotonic seconds, when the bytes reached us. positions: seconds on the stream's own timeline
    (of the frame's first sample). durations: seconds. levels, peaks: per channel, per frame, dBFS >= -90.
    waits: seconds from arrival until the frame was processed. clipped: runs of 3 or more samples at full scale.
    positioned: the messages carried a position; else positions are summed durations and cannot show a hole.
    channels names each row of levels: ("mixed",), or ("caller", "bot").
    encoding: what the samples were read as. misfit_db: how many dB louder they are so than read as the other encoding.
    late: indices of frames whose arrival may be wrong by milliseconds, because we were too busy to look in time.
    """

    leg: str
    arrivals: tuple[float, ...]
    positions: tuple[float, ...]
    durations: tuple[float, ...]
    levels: tuple[tuple[float, ...], ...]
    peaks: tuple[tuple[float, ...], ...]
    waits: tuple[float, ...]
    channels: tuple[str, ...]
    size_bytes: int
    clipped: int = 0
    positioned: bool = False
    encoding: str = ""
    misfit_db: float | None = None
    late: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TranscriptReceived(Event):
    speaker: Speaker
    text: str
    final: bool
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class IntentReceived(Event):
    intent: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class TextReceived(Event):
    text: str


@dataclass(frozen=True, slots=True)
class StatusReceived(Event):
    status: str


@dataclass(frozen=True, slots=True)
class ErrorReceived(Event):
    """The peer reported an error in a message; the connection stays open. `code` where its dialect has one."""

    message: str
    code: int | None = None
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class UnknownReceived(Event):
    """A message of a type that the dialect does not know (empty: it named none)."""

    type_name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class MalformedReceived(Event):
    """A message that could not be read. `problem` is a short stable phrase, `excerpt` what it looked like."""

    problem: str
    excerpt: str
    size_bytes: int


# -- utterances ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UtteranceHeld(Event):
    """The operator's test utterance waits for a session."""

    utterance: int
    text: str


@dataclass(frozen=True, slots=True)
class UtteranceSent(Event):
    utterance: int
    text: str


@dataclass(frozen=True, slots=True)
class UtteranceExpired(Event):
    utterance: int
    why: str


# -- our own health ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueueMeasured(Event):
    """A queue of ours, about once a second: totals since the start; waits are of the messages since the last one."""

    queue: str  # "audio" | "control" | "screen"
    depth: int
    limit: int
    dropped: int
    policy: str
    waits: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkerLost(Event):
    """Seen by the screen: the worker process died, or it is alive and does not answer."""

    detail: str
    dead: bool
