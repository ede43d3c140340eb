"""The library's connection with the messages taken out where they are parsed, each with the moment of its arrival.

Both kinds of connection are made of this: those that we dial and those that we accept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from websockets.asyncio.connection import Connection
from websockets.frames import DATA_OPCODES, Frame, Opcode
from websockets.protocol import Event

from dashboard.call.events import ClosedBy
from dashboard.clock import Clock
from dashboard.transport.failures import network_failure
from dashboard.transport.kernel_time import StampedSocket, spread
from dashboard.transport.watched_loop import loop_watch
from dashboard.wiretext import clean

LATE_S = 0.005
"""A stamp that may be later than this by our own fault tells nothing of the sender's pace."""

_PING_TIMEOUT = 1011  # what the library sends when no pong came
_REASON_LIMIT = 123  # bytes of a close reason, RFC 6455, 5.5


class Arrival(NamedTuple):
    """One message: its bytes, whether it came as text, and when the bytes that completed it arrived (monotonic).

    `late`: it may have come more than `LATE_S` before that, for we were busy.
    """

    # A tuple, for one is made for every message and a frozen dataclass takes twice as long to make.

    data: bytes
    text: bool
    at: float
    late: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """How a connection ended: the close code and reason of whoever closed first; 1006 if nobody did."""

    code: int
    reason: str
    closed_by: ClosedBy
    detail: str


class Tapped(Connection):
    """The library's connection, with the messages taken out where they are parsed."""

    def __init__(self, *args: Any, stamps: StampedSocket | None, clock: Clock, **options: Any) -> None:
        super().__init__(*args, **options)
        self._stamps = stamps
        self._clock = clock
        self._at = 0.0  # when the bytes being parsed arrived
        self._watch = loop_watch()
        self._read: list[tuple[bytes, bool]] = []  # messages that are handed over when all that was read is parsed
        self._text = False
        self._fragments = bytearray()
        self._early: list[Arrival] = []
        self._early_rtts: list[tuple[float, float]] = []
        self._on_arrival: Callable[[Arrival], None] | None = None
        self._on_rtt: Callable[[float, float], None] | None = None
        self._cut: asyncio.TimerHandle | None = None

    def deliver_to(self, on_arrival: Callable[[Arrival], None], on_rtt: Callable[[float, float], None]) -> None:
        early, self._early = self._early, []
        for arrival in early:
            on_arrival(arrival)
        rtts, self._early_rtts = self._early_rtts, []
        for at, rtt_s in rtts:
            on_rtt(at, rtt_s)
        self._on_arrival = on_arrival
        self._on_rtt = on_rtt
        self.transport.resume_reading()

    def ending(self) -> Closed:
        """Tell how the connection ended (appfoundry.md, 4: the library's own close_code says 1006 too often)."""
        protocol = self.protocol
        received, sent = protocol.close_rcvd, protocol.close_sent
        if received is not None and protocol.close_rcvd_then_sent is not False:
            reason = clean(received.reason, _REASON_LIMIT)
            detail = f"closed by the peer with {received.code}" + (f": {reason}" if reason else "")
            return Closed(received.code, reason, ClosedBy.PEER, detail)
        if sent is not None:
            code = int(sent.code)
            return Closed(code, clean(sent.reason, _REASON_LIMIT), ClosedBy.US, self._why_we_closed(code))
        failure = network_failure(self.connection_exc) if self.connection_exc else None
        detail = failure.detail if failure else "connection ended without a close frame"
        return Closed(1006, "", ClosedBy.NETWORK, detail)

    def _why_we_closed(self, code: int) -> str:
        if code == _PING_TIMEOUT:
            return f"no pong within {self.ping_timeout:g} s"
        if code == 1009:
            return f"a message above {self.protocol.max_message_size} bytes"
        if code in (1002, 1003, 1007):
            return "the peer broke the WebSocket protocol"
        return f"closed by us with {code}"

    def parse(self, data: bytes) -> None:
        """Put the messages in `data` behind those that were read."""
        super().data_received(data)

    def _lay_unread(self) -> bool:
        """Tell whether what was read may have come long before `_at`, because we were busy."""
        return self._watch is not None and self._at - self._watch.unread_since > LATE_S

    # -- what the library calls ------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        stamp = self._stamps.arrived if self._stamps is not None else None
        self._at = self._clock.monotonic() if stamp is None else stamp
        self.parse(data)
        if self._read:
            # The kernel merges packets: of what was read together only the last is sure to have come when it says.
            self._hand_over(late=(stamp is None or len(self._read) > 1) and self._lay_unread())

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and event.opcode in DATA_OPCODES:
            self._data_frame(event)
        else:
            super().process_event(event)

    def acknowledge_pings(self, data: bytes) -> None:
        ping = self.pending_pings.get(data)
        super().acknowledge_pings(data)
        if ping is None:
            return
        _, sent_at = ping  # the loop's clock is the monotonic one
        rtt_s = max(0.0, self._at - sent_at)
        if self._on_rtt is not None:
            self._on_rtt(self._at, rtt_s)
        else:
            self._early_rtts.append((self._at, rtt_s))

    def send_data(self) -> None:
        super().send_data()
        if self._cut is None and self.protocol.close_expected():
            # Nobody else waits for the end while no call of the library is under way, so a peer that neither answers
            # nor hangs up would hold the connection for ever. One that misses a pong will not answer a close frame.
            sent = self.protocol.close_sent
            no_pong = sent is not None and sent.code == _PING_TIMEOUT and self.protocol.close_rcvd is None
            self._cut = self.loop.call_later(0 if no_pong else self.close_timeout or 0, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._cut is not None:
            self._cut.cancel()

    def _data_frame(self, frame: Frame) -> None:
        """Put a message together (RFC 6455, 5.4); the library has checked order and total size."""
        if frame.opcode is not Opcode.CONT:
            self._text = frame.opcode is Opcode.TEXT
        self._fragments += frame.data
        if frame.fin:
            self._read.append((bytes(self._fragments), self._text))
            self._fragments = bytearray()

    def _hand_over(self, *, late: bool) -> None:
        on_arrival = self._on_arrival
        read, self._read = self._read, []
        began = self._stamps.began if self._stamps is not None else None
        moments = spread(self._at if began is None else began, self._at, len(read))
        arrivals = [Arrival(data, text, at, late) for (data, text), at in zip(read, moments, strict=True)]
        if on_arrival is None:
            self._early += arrivals
            self.transport.pause_reading()
            return
        for arrival in arrivals:
            on_arrival(arrival)
