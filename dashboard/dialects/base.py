"""The seam between a wire and the rest: frames in; facts and audio out; no socket, no clock, no sleep.

A dialect is written against this file alone. One codec reads one call, whoever dialled: a peer that dials us is
read by the same `receive`, its several channels are rows of one frame, its several streams are legs.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Protocol, runtime_checkable

from dashboard.call.events import Cause, Event
from dashboard.media.levels import Encoding

MAX_CHANNELS = 8
MIN_RATE, MAX_RATE = 1_000, 384_000

_WIDTHS: dict[Encoding, int] = {"pcm16": 2, "pcmu": 1}
_LONGEST_HOLE = 100_000
"""Half an hour of 20 ms frames."""


class Problem(StrEnum):
    """What can be wrong with a message, in the words that counters and screen use."""

    NOT_UTF8 = "invalid UTF-8"
    NOT_JSON = "not JSON"
    NOT_FINITE = "NaN or Infinity"
    TOO_DEEP = "nesting too deep"
    TOO_LONG = "text too long"
    NOT_AN_OBJECT = "not an object"
    MISSING_FIELD = "required field missing"
    WRONG_TYPE = "wrong type of a field"
    UNUSABLE_ID = "unusable id"
    NO_AUDIO = "no audio"
    EMPTY_AUDIO = "empty audio"
    BAD_BASE64 = "bad base64"
    ODD_BYTE_COUNT = "odd byte count"  # the payload ends inside a sample
    UNKNOWN_ENCODING = "unknown encoding"
    ABSURD_RATE = "absurd sample rate"
    ABSURD_CHANNELS = "absurd channel count"
    NOT_A_FRAME = "not a Socket.IO frame"
    NOT_AN_EVENT = "not an event"
    BINARY = "binary attachment"
    NO_HTTP = "not an HTTP reply"


class AudioFormat(NamedTuple):
    """How bytes are sound; "pcm16" is little-endian, `rate` counts samples a second per channel."""

    encoding: Encoding = "pcm16"
    rate: int = 8000
    channels: int = 1

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample of all channels together."""
        return _WIDTHS[self.encoding] * self.channels


class AudioFrame(NamedTuple):
    """One message's audio, decoded and not yet measured; the payload holds whole samples and at least one.

    `position` is where its first sample stands on the stream's own timeline, `duration` how long it plays, `at`
    when its bytes arrived: seconds all. `positioned`: the message said where it stands. `channels` names the
    interleaved channels in their order. `late`: we were too busy to know when it arrived; the intake says so.
    """

    # A tuple, for one is made every 20 ms of every call and a frozen dataclass takes three times as long to make.
    payload: bytes
    format: AudioFormat
    channels: tuple[str, ...]
    position: float
    duration: float
    positioned: bool
    leg: str
    at: float
    late: bool = False


Item = Event | AudioFrame


class Codec(Protocol):
    """Reads one peer's frames."""

    @property
    def call_id(self) -> str: ...

    def receive(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        """Decode one message that arrived at `at`. Never raises: what cannot be read is a fact too."""
        ...


class Caller(Codec, Protocol):
    """A dialect in which we dial, with what we say on the line."""

    def utterance(self, text: str, session_id: str, wall: float) -> str:
        """Return the text frame that speaks `text` to the bot; `wall` is Unix time in seconds."""
        ...

    def reconnect(self, session_id: str, wall: float) -> str | None:
        """Return the text frame that resumes `session_id` on a new socket; `wall` is Unix time in seconds.

        None: the session is named otherwise, and no message resumes it.
        """
        ...


class HangUp(NamedTuple):
    """The connection is of no use. `final`: dialling again would change nothing."""

    cause: Cause
    detail: str
    final: bool


@runtime_checkable
class Talker(Caller, Protocol):
    """A dialect that also speaks unasked: it answers pings, acknowledges, and keeps time.

    Whoever owns the socket calls `opened` for every new connection, and after that, after each message and four times a
    second: `tick`, then sends what `to_send` returns. When `hang_up` is set it closes.
    """

    hang_up: HangUp | None

    @property
    def may_speak(self) -> bool:
        """Whether an utterance may be sent now."""
        ...

    def opened(self, now: float) -> None:
        """A connection was opened: what was said on the one before is over."""
        ...

    def said(self, now: float) -> None:
        """The frame of the last `utterance` has been sent."""
        ...

    def tick(self, now: float) -> list[Event]:
        """Let time pass; return what is to be told."""
        ...

    def to_send(self, now: float) -> list[str]:
        """Return the text frames that leave at `now`."""
        ...


class Pings:
    """Round trips of pings whose pongs do not say which of them they answer, in order: one under way at a time.

    A pong that could be that of either of two pings measures nothing, and the next ping begins anew: a pong that was
    lost would shift all round trips behind it by one.
    """

    __slots__ = ("_sent",)

    def __init__(self) -> None:
        self._sent: list[float] = []

    def sent(self, at: float) -> None:
        self._sent = [*self._sent[-1:], at]

    def answered(self, at: float) -> float | None:
        """Return the round trip that a pong tells, seconds."""
        sent, self._sent = self._sent, []
        return max(0.0, at - sent[0]) if len(sent) == 1 else None

    def clear(self) -> None:
        """Wait for none of them: they left on another connection."""
        self._sent = []


class Timeline:
    """Places the frames of one leg: by what a frame says of itself, else behind the one before it.

    It outlives a connection, so that numbered frames show what an outage has cost.
    """

    __slots__ = ("_duration", "_next", "_seq")

    def __init__(self) -> None:
        self._next = 0.0
        self._duration = 0.0
        self._seq: int | None = None

    def place(self, duration: float, position: float | None, seq: int | None) -> float:
        """Return the position of a frame, in seconds. `position` counts for more than `seq`.

        A sequence number that jumps ahead leaves a hole of as many frames of the last duration; one that steps
        back, repeats or leaps beyond belief starts a new count and leaves none.
        """
        if position is None:
            position = self._next + self._skipped(seq) * self._duration
        self._next = position + duration
        self._duration = duration
        self._seq = seq
        return position

    def _skipped(self, seq: int | None) -> int:
        if seq is None or self._seq is None:
            return 0
        skipped = seq - self._seq - 1
        return skipped if 0 < skipped <= _LONGEST_HOLE else 0
