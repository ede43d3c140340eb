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
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from websockets.asyncio import client as library
from websockets.asyncio.client import ClientConnection, HTTPProxyConnection
from websockets.asyncio.client import connect as library_connect
from websockets.client import ClientProtocol
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidProxyStatus,
    InvalidStatus,
    InvalidURI,
    ProxyError,
)
from websockets.protocol import State
from websockets.uri import WebSocketURI, parse_uri

from dashboard.call.events import Cause
from dashboard.clock import Clock
from dashboard.resilience.retry import Failure, LinkError, Step, retry_after, status_cause
from dashboard.resilience.secret import Secret
from dashboard.transport.failures import network_failure
from dashboard.transport.frames import FrameCutter
from dashboard.transport.headers import notable
from dashboard.transport.kernel_time import StampedSocket
from dashboard.transport.proxies import proxy_for
from dashboard.transport.tapped import Arrival, Closed, Tapped
from dashboard.transport.tcp import open_tcp, resolve
from dashboard.wiretext import safe_url

USER_AGENT = "callscope"

# The library logs the handshake's headers at DEBUG, and the token with them: this logger takes nothing.
_SILENT = logging.Logger("websockets", level=logging.CRITICAL + 1)


class ProxyRequest(HTTPProxyConnection):
    """The library's request to a proxy, which is surprised by an end that it has been told of before."""

    def connection_lost(self, exc: Exception | None) -> None:
        with suppress(EOFError):
            super().connection_lost(exc)


# The library's connect takes no other class, and asyncio would write the surprise to the terminal.
vars(library)[HTTPProxyConnection.__name__] = ProxyRequest


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """Settings of a socket; seconds and bytes."""

    ping_interval_s: float | None = 20.0  # None: only `Socket.ping` sends any
    ping_timeout_s: float = 10.0
    close_timeout_s: float = 5.0
    open_timeout_s: float = 10.0
    max_message_bytes: int = 10 * 1024 * 1024


class Socket:
    """An open connection."""

    def __init__(self, connection: Tapped, endpoint: str, clock: str) -> None:
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

    def abort(self) -> None:
        """Cut the connection without a close frame: the other side gets a reset."""
        self._connection.transport.abort()

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
    headers: Mapping[str, str] | None = None,
    options: SocketOptions | None = None,
) -> Socket:
    """Open a connection; `token` goes into the Authorization header, `headers` beside it.

    Environment proxies are honoured, except for this machine itself. Redirects are not followed: they would carry
    the call to a host that nobody named. Raises LinkError, classified, without a word of the URL's query, of header
    values or of what the peer wrote.
    """
    options = options or SocketOptions()
    try:
        uri = parse_uri(url)
        async with asyncio.timeout(options.open_timeout_s):
            sent = {**(headers or {}), **({"Authorization": f"Bearer {token.reveal()}"} if token else {})}
            return await _open(url, uri, clock=clock, tls=tls, headers=sent, options=options)
    except Exception as error:
        raise LinkError(opening_failure(error, clock)) from None


async def _open(
    url: str,
    uri: WebSocketURI,
    *,
    clock: Clock,
    tls: ssl.SSLContext,
    headers: Mapping[str, str],
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
        additional_headers=headers,
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


class _Connection(Tapped, ClientConnection):
    """A connection that we dial: whole frames are cut out before the library sees them."""

    def __init__(self, protocol: ClientProtocol, *, stamps: StampedSocket | None, clock: Clock, **options: Any) -> None:
        super().__init__(protocol, stamps=stamps, clock=clock, **options)
        self._head = b""  # the end of what came before the end of the handshake
        self._frames = FrameCutter(protocol.max_message_size or sys.maxsize)

    def parse(self, data: bytes) -> None:
        if self.protocol.state is State.CONNECTING and not (data := self._shake_hands(data)):
            return
        if self.protocol.state is not State.OPEN:
            super().parse(self._frames.rest() + data)
            return
        for text, part in self._frames.cut(data):
            if text is not None:
                self._read.append((part, text))
                continue
            super().parse(part)
            if self.protocol.state is not State.OPEN:
                return  # what follows a close frame is nothing any more

    def _shake_hands(self, data: bytes) -> bytes:
        """Let the library read its reply; return what came behind it."""
        head = self._head + data
        end = head.find(b"\r\n\r\n")
        size = len(data) if end < 0 else end + 4 - len(self._head)
        self._head = head[-3:]
        super().parse(data[:size])
        return data[size:]


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
        why = "what answers speaks no HTTP/1.1" if isinstance(error, InvalidMessage) else type(error).__name__
        return Failure(Cause.HANDSHAKE_REFUSED, f"no valid WebSocket handshake ({why})")
    if isinstance(error, InvalidURI):
        return Failure(Cause.UNEXPECTED, "not a WebSocket URL")
    return Failure(Cause.UNEXPECTED, f"unexpected {type(error).__name__} while connecting")
