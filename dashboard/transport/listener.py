"""Accepts plain HTTP and WebSocket connections on one port; aiohttp appears only here.

A handler answers each request with a `Reply`, or with an `Upgrade` that takes over the connection as a `Peer`.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from aiohttp import WSMsgType, web

MESSAGE_LIMIT = 1024 * 1024
"""Bytes of the largest message that a peer may send; a larger one is answered with close 1009."""

CLOSE_WAIT_S = 0.4
"""How long a peer may take to answer our close frame before its connection is cut."""

_REASON_LIMIT = 123  # a control frame holds 125 bytes, two are the code (RFC 6455, 5.5)
_REQUEST_WAIT_S = 0.2
_LINGER_NOT = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class FrameKind(Enum):
    """What a WebSocket frame is (RFC 6455, 11.8)."""

    TEXT = WSMsgType.TEXT
    BINARY = WSMsgType.BINARY
    PING = WSMsgType.PING
    PONG = WSMsgType.PONG


@dataclass(frozen=True, slots=True)
class Frame:
    """One message or control frame of a peer."""

    kind: FrameKind
    data: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request; header names are looked up without regard to case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    wants_websocket: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
        """Wrap a JSON value."""
        return cls(status, json.dumps(value).encode(), "application/json", headers or {})


class Peer:
    """The other end of an accepted WebSocket connection."""

    def __init__(self, websocket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self._websocket = websocket
        self._transport = transport

    async def receive(self) -> Frame | None:
        """Return the next frame, pings and pongs included (nothing answers a ping by itself); None once closed."""
        message = await self._websocket.receive()
        try:
            kind = FrameKind(message.type)
        except ValueError:  # CLOSE, CLOSING, CLOSED or ERROR
            return None
        data = message.data
        return Frame(kind, data.encode() if isinstance(data, str) else bytes(data))

    async def send(self, data: str | bytes, kind: FrameKind = FrameKind.TEXT) -> None:
        """Send one frame as it is: a text frame may hold bytes that are no UTF-8. Raises ConnectionError."""
        raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        await self._websocket.send_frame(raw, kind.value)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close with any code and a reason, cut to 123 bytes; cut the connection if there is no answer."""
        cut = reason.encode()[:_REASON_LIMIT].decode(errors="ignore")
        await self._websocket.close(code=code, message=cut.encode())

    def abort(self) -> None:
        """Cut the connection without a close frame: the other side gets a TCP reset."""
        if self._transport.is_closing():
            return
        sock: socket.socket = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self._transport.abort()


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Accept the WebSocket: `serve` has the peer until it returns; then the connection is closed with 1000."""

    serve: Callable[[Peer], Awaitable[None]]


Handler = Callable[[Request], Awaitable[Reply | Upgrade]]


class Listener:
    """One listening port. `port` 0 takes a free one, to be read from `port` after `start`."""

    def __init__(
        self, handler: Handler, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.host = host
        self.port = port
        self._handler = handler
        self._tls = tls
        self._peers: set[Peer] = set()
        self._runner: web.ServerRunner | None = None

    async def start(self) -> None:
        """Bind and accept. Raises OSError when the address is taken."""
        server = web.Server(self._answer, access_log=None)
        runner = web.ServerRunner(server, shutdown_timeout=_REQUEST_WAIT_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port, ssl_context=self._tls).start()
        except OSError:
            await runner.cleanup()
            raise
        self.port = runner.addresses[0][1]
        self._runner = runner

    async def stop(self) -> None:
        """Stop accepting, close every peer with 1001, and return within a second."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        for site in runner.sites:
            await site.stop()
        await asyncio.gather(*(self._dismiss(peer) for peer in self._peers))
        await runner.cleanup()

    async def _dismiss(self, peer: Peer) -> None:
        try:
            async with asyncio.timeout(CLOSE_WAIT_S):
                await peer.close(1001, "going away")
        except TimeoutError:
            peer.abort()

    async def _answer(self, incoming: web.BaseRequest) -> web.StreamResponse:
        request = Request(
            method=incoming.method,
            path=incoming.path,
            query=incoming.query,
            headers=incoming.headers,
            body=await incoming.read(),
            wants_websocket=incoming.headers.get("Upgrade", "").lower() == "websocket",
        )
        answer = await self._handler(request)
        if isinstance(answer, Reply):
            return web.Response(
                status=answer.status,
                body=answer.body,
                content_type=answer.content_type,
                headers=answer.headers,
            )
        return await self._upgrade(incoming, answer)

    async def _upgrade(self, incoming: web.BaseRequest, upgrade: Upgrade) -> web.StreamResponse:
        # Compression would delay and merge frames: pacing is what is being served and measured here.
        response = web.WebSocketResponse(
            compress=False, autoping=False, timeout=CLOSE_WAIT_S, max_msg_size=MESSAGE_LIMIT
        )
        transport = incoming.transport
        if transport is None:
            raise ConnectionResetError("the peer left before the upgrade")
        await response.prepare(incoming)
        peer = Peer(response, transport)
        self._peers.add(peer)
        try:
            await upgrade.serve(peer)
        finally:
            self._peers.discard(peer)
        return response
