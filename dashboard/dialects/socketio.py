"""Socket.IO 2 over Engine.IO 3, the client's side of one connection, in text frames: no I/O, no clock.

A text frame is an Engine.IO type (`0` open, `1` close, `2` ping, `3` pong, `4` message) and its data; a message is a
Socket.IO type (`0` connect, `1` disconnect, `2` event, `3` ack, `4` error, `5` and `6` event and ack with binary
attachments), a namespace if it is not the default one, an acknowledgement number if there is one, and JSON. Socket.IO 3
and newer over Engine.IO 4 differ in who pings (there the server) and who connects first (there the client): which of
the two a server speaks is told by what it does, for a server of version 2 ignores what it is asked for.

Protocol texts: github.com/socketio/engine.io-protocol (v3, v4), github.com/socketio/socket.io-protocol (v4, v5).
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from pydantic_core import from_json

from dashboard.dialects.base import Pings, Problem
from dashboard.dialects.fields import Message, UnreadableError, number, parse_problem, parsed

SHORTEST_PING_S = 0.05
CONNECT_UNASKED_S = 1.0
"""A server of version 2 connects the namespace by itself at once; one that has not until then waits for us."""

_MOST_ATTACHMENTS = 100
_MESSAGE = re.compile(rb"([0-6])(?:(\d{1,4})-)?(?:/([^,]{0,100}),)?(\d{1,9})?")


class Opened(NamedTuple):
    """The Engine.IO connection is open."""


class Connected(NamedTuple):
    """The default namespace is connected: events may go both ways. `version` is Engine.IO's, 3 or 4."""

    version: int


class Emitted(NamedTuple):
    """The peer emitted an event. `ack`: the number with which it wants to be answered."""

    name: str
    arguments: list[Any]
    ack: int | None


class Ponged(NamedTuple):
    """Our ping was answered, after so many seconds."""

    rtt_s: float


class Refused(NamedTuple):
    """The namespace was refused; `detail` as the server words it."""

    detail: str


class Left(NamedTuple):
    """The peer disconnects, as it should."""


class Nothing(NamedTuple):
    """A frame that keeps the connection going and says nothing else."""


class Unknown(NamedTuple):
    """A frame that is well-formed and of no use; `kind` names it."""

    kind: str


Heard = Opened | Connected | Emitted | Ponged | Refused | Left | Nothing | Unknown


class SocketIo:
    """One connection. What it wants to send is in `to_send`; `tick` lets time pass.

    ping_s: the longest pause between two pings, whatever the server asks for; it takes any number.
    """

    def __init__(self, asked_version: int = 3, ping_s: float = 15.0) -> None:
        self.version = asked_version
        self._unsent: list[str] = []
        self._longest_s = self._interval_s = ping_s
        self._opened_at: float | None = None
        self._connected = False
        self._ping_due: float | None = None
        self._pings = Pings()
        self._attachments = 0

    def receive(self, data: bytes, *, text: bool, at: float) -> Heard:
        """Read one frame; raises UnreadableError."""
        if not text:
            return self._binary()
        match data[:1]:
            case b"0":
                return self._open(data[1:], at)
            case b"1":
                return Left()
            case b"2":
                self._found(4, at)
                self._unsent.append("3" + data[1:9].decode("ascii", "replace"))
                return Nothing()
            case b"3":
                return self._pong(at)
            case b"4":
                return self._message(data[1:], at)
            case b"6":
                return Nothing()  # noop
        raise UnreadableError(Problem.NOT_A_FRAME)

    def emit(self, name: str, payload: Message) -> str:
        """Return the frame of an event."""
        return f"42{json.dumps([name, payload])}"

    def acknowledge(self, ack: int, *arguments: Message) -> None:
        """Answer an event."""
        self._unsent.append(f"43{ack}{json.dumps(arguments)}")

    def tick(self, now: float) -> None:
        """Do what is due."""
        waits_s = None if self._opened_at is None else now - self._opened_at
        if waits_s is not None and not self._connected and waits_s >= CONNECT_UNASKED_S:
            self._opened_at = None
            self._unsent.append("40")

    def to_send(self, now: float) -> list[str]:
        """Return the frames that leave at `now`, a ping among them if one is due."""
        unsent, self._unsent = self._unsent, []
        if self._ping_due is not None and now >= self._ping_due:
            self._ping_due = now + self._interval_s
            self._pings.sent(now)
            unsent.append("2")
        return unsent

    def _open(self, data: bytes, at: float) -> Heard:
        times = parsed(data)
        interval_ms = number(times.get("pingInterval"))
        if interval_ms is not None and interval_ms > 0:
            self._interval_s = min(self._longest_s, max(SHORTEST_PING_S, interval_ms / 1000))
        self._opened_at = at
        if self.version == 4:
            self._opened_at = None
            self._unsent.append("40")
        return Opened()

    def _found(self, version: int, at: float) -> None:
        """Note what the peer turned out to speak: a version 3 wants to be pinged, a version 4 pings."""
        self.version = version
        self._ping_due = at if version == 3 else None

    def _pong(self, at: float) -> Heard:
        rtt_s = self._pings.answered(at)
        return Nothing() if rtt_s is None else Ponged(rtt_s)

    def _binary(self) -> Heard:
        if self._attachments:
            self._attachments -= 1
            return Nothing()  # of an event that has been told
        raise UnreadableError(Problem.BINARY)

    def _message(self, data: bytes, at: float) -> Heard:
        found = _MESSAGE.match(data)
        if found is None:
            raise UnreadableError(Problem.NOT_A_FRAME)
        kind, attachments, namespace, ack = found.groups()
        if attachments and kind not in b"56":
            raise UnreadableError(Problem.NOT_A_FRAME)
        self._attachments = min(_MOST_ATTACHMENTS, int(attachments or 0))
        if namespace:
            return Unknown("namespace")
        rest = data[found.end() :]
        match kind:
            case b"0":
                return self._connect(rest, at)
            case b"1":
                return Left()
            case b"2" | b"5":  # what is binary in it stays a placeholder
                return _event(rest, None if ack is None else int(ack))
            case b"3" | b"6":
                return Unknown("acknowledgement")  # we ask for none
        return Refused(_words(rest))

    def _connect(self, rest: bytes, at: float) -> Heard:
        if self._connected:
            return Nothing()
        self._connected = True
        unasked = self._opened_at is not None
        self._found(3 if unasked and not rest else 4, at)
        return Connected(self.version)


def _event(data: bytes, ack: int | None) -> Heard:
    try:
        arguments = from_json(data, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        raise UnreadableError(parse_problem(data, str(error))) from None
    if not isinstance(arguments, list) or not arguments:
        raise UnreadableError(Problem.NOT_AN_EVENT)
    name, *rest = arguments
    if not isinstance(name, str):
        raise UnreadableError(Problem.WRONG_TYPE)
    return Emitted(name, rest, ack)


def _words(data: bytes) -> str:
    """Return what an error says: a text, or the `message` of an object."""
    try:
        said = from_json(data)
    except ValueError:
        return ""
    if isinstance(said, dict):
        said = said.get("message")
    return said if isinstance(said, str) else ""
