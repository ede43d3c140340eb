"""What comes over an open socket, for one who waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from dashboard.call.events import Cause
from dashboard.resilience.retry import Failure, LinkError, close_cause
from dashboard.transport.tapped import Arrival, Closed
from dashboard.transport.websocket import Socket

Heard = TypeVar("Heard")


class Hearing:
    """Listens to one socket. `messages` counts those that came; an end of the connection is a LinkError."""

    def __init__(self, socket: Socket, also: Callable[[Arrival], None] | None = None) -> None:
        """also: is handed every message as well."""
        self.messages = 0
        self._also = also
        self._socket = socket
        self._first: asyncio.Future[Arrival] = asyncio.get_running_loop().create_future()
        self._pongs: asyncio.Queue[float] = asyncio.Queue()
        self._closed = asyncio.create_task(socket.closed())
        socket.deliver_to(self._arrived, lambda _, rtt_s: self._pongs.put_nowait(rtt_s))

    async def first(self, wait_s: float) -> Arrival | None:
        """Wait for the first message; None if there is none in time."""
        return await self.or_end(asyncio.shield(self._first), wait_s)

    async def pong(self, wait_s: float) -> float:
        """Wait for the next round trip, seconds."""
        rtt_s = await self.or_end(self._pongs.get(), wait_s)
        if rtt_s is None:
            raise LinkError(Failure(Cause.PING_TIMEOUT, f"no pong within {wait_s:g} s"))
        return rtt_s

    async def ping(self, wait_s: float) -> float:
        """Send a ping and wait for its round trip, seconds."""
        await self._socket.ping()
        return await self.pong(wait_s)

    async def end(self, wait_s: float) -> Closed | None:
        """Wait for the end of the connection; None if it outlives that."""
        await asyncio.wait([self._closed], timeout=wait_s)
        return self._closed.result() if self._closed.done() else None

    async def or_end(self, awaited: Awaitable[Heard], wait_s: float) -> Heard | None:
        """Wait for something that comes over the connection; None if it does not in time."""
        waiting = asyncio.ensure_future(awaited)
        try:
            await asyncio.wait([waiting, self._closed], timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return waiting.result()
        finally:
            waiting.cancel()
        if self._closed.done():
            end = self._closed.result()
            raise LinkError(Failure(close_cause(end.code, end.closed_by), end.detail))
        return None

    def _arrived(self, arrival: Arrival) -> None:
        self.messages += 1
        if self._also is not None:
            self._also(arrival)
        if not self._first.done():
            self._first.set_result(arrival)
