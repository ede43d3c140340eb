"""Accepts WebSocket calls: who knocks is let in or refused before the upgrade; arrivals are stamped by the kernel.

`listener.py` serves the bot host, where nothing is measured; here everything is.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast
from weakref import WeakValueDictionary

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.protocol import Event

from dashboard.clock import Clock
from dashboard.transport.kernel_time import StampedSocket
from dashboard.transport.tapped import Tapped
from dashboard.transport.tcp import WaitingRoom, listen_tcp
from dashboard.transport.websocket import Socket, SocketOptions

_MANY = 128

# The library logs requests at DEBUG, and keys with them: this logger takes nothing.
_SILENT = logging.Logger("websockets", level=logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Knock:
    """A request to come in, which arrived at `at`.

    target: path with query, exactly as on the request line. headers: by lower-case name, the values of a repeated one
    joined by ", ".
    """

    target: str
    headers: Mapping[str, str] = field(repr=False)
    at: float

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """The answer to a request that is not let in."""

    status: int
    words: str


Admit = Callable[[Knock], Awaitable[TurnedAway | None]]
Serve = Callable[[Socket, Knock], Awaitable[None]]


class Door:
    """One listening port; `port` 0 takes a free one, to be read from `port` after `start`.

    admit: returns None for who may come in; until it has returned, the request waits. serve: has the connection until
    it returns; what it raises is lost, so it should not. most_waiting: connections that have not been let in, at once.
    """

    def __init__(
        self,
        admit: Admit,
        serve: Serve,
        *,
        clock: Clock,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        options: SocketOptions | None = None,
        most_waiting: int = 256,
    ) -> None:
        self.host = host
        self.port = port
        self._admit = admit
        self._serve = serve
        self._clock = clock
        self._tls = tls
        self._options = options or SocketOptions()
        self._server: Server | None = None
        self._room = WaitingRoom(most_waiting)
        self._thrown_away = 0

    @property
    def turned_out(self) -> int:
        """How many connections were cut so far, because too many waited to be let in."""
        return self._room.turned_out

    @property
    def endpoint(self) -> str:
        """Where it listens, without the path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'ws' if self._tls is None else 'wss'}://{host}:{self.port}"

    async def start(self) -> None:
        """Listen; raises OSError for an address that is taken or not ours."""
        stamped: WeakValueDictionary[int, StampedSocket] = WeakValueDictionary()
        listening = await listen_tcp(self.host, self.port, self._clock, stamped, self._room)
        self.port = listening.getsockname()[1]
        options = self._options
        secure: dict[str, Any] = {} if self._tls is None else {"ssl_handshake_timeout": options.open_timeout_s}
        self._server = await serve(
            self._connected,
            sock=listening,
            ssl=self._tls,
            compression=None,  # as where we dial: no inflating in the data callback, sizes as on the wire
            process_request=self._requested,
            server_header=None,
            open_timeout=options.open_timeout_s,
            ping_interval=options.ping_interval_s,
            ping_timeout=None,  # a peer that speaks needs no pong to be alive
            close_timeout=options.close_timeout_s,
            max_size=options.max_message_bytes,
            logger=_SILENT,
            create_connection=cast(type[ServerConnection], partial(_Accepted, stamped=stamped, clock=self._clock)),
            **secure,
        )

    def shut(self) -> None:
        """Let nobody in any more; who is in stays."""
        if self._server is not None:
            self._server.close(close_connections=False)

    async def closed(self) -> None:
        """Wait, after `shut`, until everybody has left."""
        if self._server is not None:
            await self._server.wait_closed()

    def tidy(self) -> None:
        """To be called now and then: throws away what those leave behind who never came in, when they were many.

        Below TLS asyncio keeps 256 KiB of each that failed to shake hands, until the collector looks.
        """
        if self._tls is not None and (gone := self._room.gone) >= self._thrown_away + _MANY:
            self._thrown_away = gone
            gc.collect()

    async def _requested(self, connection: ServerConnection, request: Request) -> Response | None:
        turned_away = await self._admit(cast(_Accepted, connection).knock(request))
        return None if turned_away is None else connection.respond(turned_away.status, f"{turned_away.words}\n")

    async def _connected(self, connection: ServerConnection) -> None:
        accepted = cast(_Accepted, connection)
        self._room.leave(accepted.transport.get_extra_info("socket").fileno())
        assert accepted.request is not None
        await accepted.ping()  # the first round trip, without waiting for the keepalive's
        await self._serve(Socket(accepted, self.endpoint, accepted.clock), accepted.knock(accepted.request))


class _Accepted(Tapped, ServerConnection):
    """A connection that somebody else has dialled."""

    def __init__(self, *args: Any, stamped: Mapping[int, StampedSocket], clock: Clock, **options: Any) -> None:
        super().__init__(*args, stamps=None, clock=clock, **options)
        self._stamped = stamped
        self._knocked_at = 0.0

    @property
    def clock(self) -> str:
        """Whose time stamps the arrivals."""
        return "process" if self._stamps is None else "kernel"

    def knock(self, request: Request) -> Knock:
        headers: dict[str, str] = {}
        for name, value in request.headers.raw_items():
            before = headers.get(name.lower())
            headers[name.lower()] = value if before is None else f"{before}, {value}"
        return Knock(request.path, headers, self._knocked_at)

    # -- what the library calls ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._stamps = self._stamped.get(transport.get_extra_info("socket").fileno())
        super().connection_made(transport)

    def process_event(self, event: Event) -> None:
        if isinstance(event, Request):
            self._knocked_at = self._at
        super().process_event(event)
