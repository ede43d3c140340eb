"""The outgoing WebSocket: every message with the moment its bytes arrived, every failure in our own terms.

Messages are handed over by a callback from the data callback itself, not through the library's queue: nothing waits
behind 16 frames, and reading never stops for a slow consumer, whose own queues are bounded and counted. Text is
handed over as bytes, so that invalid UTF-8 is one unreadable message and not the end of the call.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, cast

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as library_connect
from websockets.client import ClientProtocol
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidProxyStatus,
    InvalidStatus,
    InvalidURI,
    ProxyError,
)
from websockets.frames import DATA_OPCODES, Frame, Opcode
from websockets.protocol import Event, State
from websockets.uri import WebSocketURI, parse_uri

from dashboard.call.events import Cause, ClosedBy
from dashboard.clock import Clock
from dashboard.resilience.retry import Failure, LinkError, Step, retry_after, status_cause
from dashboard.resilience.secret import Secret
from dashboard.transport.failures import network_failure
from dashboard.transport.frames import FrameCutter
from dashboard.transport.headers import notable
from dashboard.transport.kernel_time import StampedSocket
from dashboard.transport.proxies import proxy_for
from dashboard.transport.tcp import open_tcp, resolve
from dashboard.transport.watched_loop import loop_watch
from dashboard.wiretext import clean, safe_url

USER_AGENT = "callscope"

LATE_S = 0.005
"""A stamp of our own that may be later than this tells nothing of the sender's pace."""

_PING_TIMEOUT = 1011  # what the library sends when no pong came
_REASON_LIMIT = 123  # bytes of a close reason, RFC 6455, 5.5

# The library logs the handshake's headers at DEBUG, and the token with them: this logger takes nothing.
_SILENT = logging.Logger("websockets", level=logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """Settings of a socket; seconds and bytes."""

    ping_interval_s: float | None = 20.0  # None: only `Socket.ping` sends any
    ping_timeout_s: float = 10.0
    close_timeout_s: float = 5.0
    open_timeout_s: float = 10.0
    max_message_bytes: int = 10 * 1024 * 1024


class Arrival(NamedTuple):
    """One message: its bytes, whether it came as text, and when the bytes that completed it arrived (monotonic).

    `late`: by our own clock, and it may have lain there unread for more than `LATE_S`.
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


class Socket:
    """An open connection."""

    def __init__(self, connection: _Connection, endpoint: str, clock: str) -> None:
        self.endpoint = endpoint  # without query and credentials
        self.clock = clock  # whose time stamps the arrivals: "kernel" or "process"
        response = connection.response
        self.headers = notable(response.headers.raw_items()) if response else {}
        self._connection = connection

    def deliver_to(self, on_arrival: Callable[[Arrival], None], on_rtt: Callable[[float, float], None]) -> None:
        """Hand over every message, beginning with those that came along with the handshake's reply.

        on_rtt: called with the moment of each pong and the round trip, seconds. Both are called from the event
        loop's data callback: they must be quick and must not raise. Call this once; until then nothing is read.
        """
        self._connection.deliver_to(on_arrival, on_rtt)

    async def send(self, data: str | bytes) -> None:
        """Send one message; raises LinkError if the connection has ended or ends meanwhile."""
        with suppress(ConnectionClosed):
            await self._connection.send(data)
            if self._connection.state is not State.CLOSED:  # else it was cut while the message waited to leave
                return
        raise LinkError(Failure(Cause.NETWORK, "the connection ended before the message was sent"))

    async def ping(self) -> None:
        """Send a ping, whose round trip `on_rtt` is told; raises LinkError if the connection has ended."""
        try:
            await self._connection.ping()
        except ConnectionClosed:
            raise LinkError(Failure(Cause.NETWORK, "the connection ended before the ping was sent")) from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Do the closing handshake; after the close time-out the connection is cut. Returns when it has ended."""
        await self._connection.close(code, reason)

    async def closed(self) -> Closed:
        """Wait for the end and tell how it came."""
        await self._connection.wait_closed()
        return self._connection.ending()


async def connect(
    url: str,
    *,
    clock: Clock,
    tls: ssl.SSLContext,
    token: Secret | None = None,
    options: SocketOptions | None = None,
) -> Socket:
    """Open a connection; `token` goes into the Authorization header.

    Environment proxies are honoured, except for this machine itself. Redirects are not followed: they would carry
    the call to a host that nobody named. Raises LinkError, classified, without a word of the URL's query, of header
    values or of what the peer wrote.
    """
    options = options or SocketOptions()
    try:
        uri = parse_uri(url)
        async with asyncio.timeout(options.open_timeout_s):
            return await _open(url, uri, clock=clock, tls=tls, token=token, options=options)
    except Exception as error:
        raise LinkError(opening_failure(error, clock)) from None


async def _open(
    url: str,
    uri: WebSocketURI,
    *,
    clock: Clock,
    tls: ssl.SSLContext,
    token: Secret | None,
    options: SocketOptions,
) -> Socket:
    how: dict[str, Any] = {}
    proxy = proxy_for(url)
    tcp = None
    if proxy is None:
        tcp = await open_tcp(await resolve(uri.host, uri.port), clock, options.open_timeout_s)
    if tcp is not None:
        how["sock"] = tcp
    if uri.secure:
        how["ssl"] = tls
    stamps = tcp if isinstance(tcp, StampedSocket) else None  # through a proxy the library opens the socket
    connection = await _Dial(
        url,
        compression=None,  # arrival is what we measure: no inflating in the data callback, sizes as on the wire
        additional_headers={"Authorization": f"Bearer {token.reveal()}"} if token else None,
        user_agent_header=USER_AGENT,
        proxy=proxy.address if proxy else None,
        open_timeout=None,
        ping_interval=options.ping_interval_s,
        ping_timeout=options.ping_timeout_s,
        close_timeout=options.close_timeout_s,
        max_size=options.max_message_bytes,
        logger=_SILENT,
        create_connection=cast(type[ClientConnection], partial(_Connection, stamps=stamps, clock=clock)),
        **how,
    )
    connection = cast(_Connection, connection)
    if connection.state is State.OPEN:
        await connection.ping()  # the first round trip, without waiting for the keepalive's
    return Socket(connection, safe_url(url), "kernel" if stamps else "process")


class _Dial(library_connect):
    """The library's connect, without its redirects."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class _Connection(ClientConnection):
    """The library's connection, with the messages taken out where they are parsed."""

    def __init__(self, protocol: ClientProtocol, *, stamps: StampedSocket | None, clock: Clock, **options: Any) -> None:
        super().__init__(protocol, **options)
        self._stamps = stamps
        self._clock = clock
        self._at = 0.0  # when the bytes being parsed arrived
        self._late = False
        self._watch = loop_watch()
        self._head = b""  # the end of what came before the end of the handshake
        self._frames = FrameCutter(protocol.max_message_size or sys.maxsize)
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

    # -- what the library calls ------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._stamp()
        if self.protocol.state is State.CONNECTING and not (data := self._shake_hands(data)):
            return
        if self.protocol.state is not State.OPEN:
            super().data_received(self._frames.rest() + data)
            return
        for text, part in self._frames.cut(data):
            if text is not None:
                self._hand_over(part, text)
                continue
            super().data_received(part)
            if self.protocol.state is not State.OPEN:
                return  # what follows a close frame is nothing any more

    def _stamp(self) -> None:
        arrived = self._stamps.arrived if self._stamps is not None else None
        self._at = self._clock.monotonic() if arrived is None else arrived
        self._late = arrived is None and self._watch is not None and self._at - self._watch.unread_since > LATE_S

    def _shake_hands(self, data: bytes) -> bytes:
        """Let the library read its reply; return what came behind it."""
        head = self._head + data
        end = head.find(b"\r\n\r\n")
        size = len(data) if end < 0 else end + 4 - len(self._head)
        self._head = head[-3:]
        super().data_received(data[:size])
        return data[size:]

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
            data, self._fragments = bytes(self._fragments), bytearray()
            self._hand_over(data, self._text)

    def _hand_over(self, data: bytes, text: bool) -> None:
        arrival = Arrival(data, text, self._at, self._late)
        if self._on_arrival is not None:
            self._on_arrival(arrival)
        else:
            self._early.append(arrival)
            self.transport.pause_reading()


def opening_failure(error: Exception, clock: Clock) -> Failure:
    """Classify what opening a connection can raise."""
    if isinstance(error, LinkError):
        return error.failure
    if isinstance(error, InvalidStatus):
        response = error.response
        return Failure(
            status_cause(Step.HANDSHAKE, response.status_code),
            f"handshake answered {response.status_code}",
            response.status_code,
            retry_after(next(iter(response.headers.get_all("Retry-After")), None), clock.wall()),
            notable(response.headers.raw_items()),
        )
    if isinstance(error, InvalidProxyStatus):
        status = error.response.status_code
        return Failure(Cause.PROXY_REFUSED, f"proxy answered {status}", status)
    if failure := network_failure(error):
        return failure
    if isinstance(error, ProxyError):
        return Failure(Cause.PROXY_REFUSED, "the proxy did not connect")
    if isinstance(error, InvalidHandshake):
        return Failure(Cause.HANDSHAKE_REFUSED, f"no valid WebSocket handshake ({type(error).__name__})")
    if isinstance(error, InvalidURI):
        return Failure(Cause.UNEXPECTED, "not a WebSocket URL")
    return Failure(Cause.UNEXPECTED, f"unexpected {type(error).__name__} while connecting")
