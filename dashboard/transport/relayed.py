"""Two connections made one: what arrives on one end is written to the other as it came, and so is how it ends.

Nothing is read into the bytes. A peer that reads slowly holds the other one back, a half-closed connection stays half
open, a reset is a reset on the other side. TLS cannot be closed by halves in asyncio: a peer that leaves there has left
for both directions, and one that is left there has been left for both; but whoever answers is given time to do so.
"""

from __future__ import annotations

import asyncio
import math
import os
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import cast

from dashboard.clock import Clock
from dashboard.transport.kernel_time import StampedSocket
from dashboard.transport.watched_loop import loop_watch

HEAD_LIMIT = 64 * 1024
"""Bytes of a request or response before its body."""

BACKLOG = 256 * 1024
"""Bytes that may wait for a slow reader before its peer is held back."""

FLUSH_S = 10.0
"""How long a peer may read nothing of what was still to be written to it, once the other one has left."""
LAST_S = 60.0
"""How long a peer may take to close under TLS, once all has been handed to the kernel but what it had no room for."""
LAST_WORDS_S = 2.0
"""How long a peer may take to leave when it has been told why it cannot stay."""
QUIET_S = 3.0
"""A peer that cannot be told that the other has said its last is left when it has said nothing for so long."""

LATE_S = 0.005
_LINGER_NOT = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
_HEAD_END = b"\r\n\r\n"


Copy = Callable[["End", bytes, float, float | None, bool], None]
"""Gets a read after it has been passed on: the end, the bytes, and when the last of them arrived, monotonic; then how
long they were held until the kernel had them again, None while they wait for a slow reader; and whether they may have
lain unread for more than `LATE_S` before that, for we were busy."""

Gone = Callable[["End"], None]


class HeadTooLongError(Exception):
    """What came is no head of HTTP."""


class End(asyncio.Protocol):
    """One end of a relayed connection.

    Until it is joined it keeps what arrives, for `head`. copy: must be quick; one that raises is not called again.
    gone: told once when the connection has ended; `reset` says how.
    """

    def __init__(
        self, clock: Clock, copy: Copy, gone: Gone, stamped: Mapping[int, StampedSocket] | None = None
    ) -> None:
        self.closed = False
        self.reset = False
        self.eof = False
        self.left_at = math.inf
        """When its peer has left: by the end of what it sends, or by a reset."""
        self.secured = False
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._clock = clock
        self.copy = copy
        self.gone = gone
        self._stamped = stamped or {}
        self._stamps: StampedSocket | None = None
        self._watch = loop_watch()
        self._other: End | None = None
        self._passes = False
        self._most: int | None = None
        self._awaited = False
        self._asks = False
        self._held = bytearray()
        self._read_at = 0.0
        self._ending = False  # by us
        self._more = asyncio.Event()
        self._cut: asyncio.TimerHandle | None = None

    @property
    def clock(self) -> str:
        """Whose time stamps the arrivals."""
        return "process" if self._stamps is None else "kernel"

    async def head(self) -> tuple[bytes, float]:
        """Wait for the head of a request or response; return it with the moment of its arrival.

        Raises HeadTooLongError, and ConnectionError if the connection ends before.
        """
        searched, self._awaited = 0, True
        try:
            while (end := self._held.find(_HEAD_END, searched)) < 0:
                if len(self._held) > HEAD_LIMIT:
                    raise HeadTooLongError
                if self.closed or self.eof:
                    raise ConnectionResetError if self.reset else ConnectionError
                searched = max(0, len(self._held) - 3)
                await self._change()
        finally:
            self._awaited = False
        size = end + len(_HEAD_END)
        if size > HEAD_LIMIT:
            raise HeadTooLongError
        head = bytes(self._held[:size])
        del self._held[:size]
        return head, self._read_at

    async def over(self) -> None:
        """Wait for its end."""
        while not self.closed:
            await self._change()

    async def dismiss(self, words: bytes) -> None:
        """Say the last words and end; what the peer still says is thrown away, so that it gets to read them."""
        self._passes = True
        self._held.clear()
        if self.closed:
            return
        self.transport.write(words)
        try:
            if not self.transport.is_closing() and self.transport.can_write_eof():
                self.transport.write_eof()
                self.transport.resume_reading()
                async with asyncio.timeout(LAST_WORDS_S):
                    while not (self.closed or self.eof):
                        await self._change()
        except TimeoutError:
            return
        finally:
            self.end()

    async def _change(self) -> None:
        self._more.clear()
        await self._more.wait()

    def meet(self, other: End) -> None:
        """Make one connection of two: when one of them ends, the other does. Nothing passes before they are joined.

        Our own peer is the one that asks, and so may wait for an answer when it has said its last. Who waits for the
        head of one learns of its end from that alone.
        """
        self._other, other._other, self._asks = other, self, True
        if self.closed:
            other.end(reset=self.reset)

    def join(self, most: int | None = None) -> None:
        """From now on pass everything on to the other one, beginning with what is held.

        most: so many bytes; what comes after them is thrown away.
        """
        other = self._other
        assert other is not None
        self._passes, self._most = True, most
        held, self._held = bytes(self._held), bytearray()
        if held:
            self._take(other, held, self._read_at, late=False)
        if self.closed:
            other.end(reset=self.reset)
        elif self.eof:
            self._pass_eof(other)
        else:
            self.transport.resume_reading()

    def end(self, *, reset: bool = False) -> None:
        """End this connection: at once with a reset, or once all has been written."""
        if self.closed:
            return
        if reset:
            self._ending = True
            self._abort()
        elif not self._ending:
            self._ending = True
            self._close_when_written()

    def _close_when_written(self) -> None:
        """Close, as soon as nothing waits; wait for a peer that reads slowly, not for one that does not read."""
        transport = self.transport
        if transport.can_write_eof():
            transport.close()  # which writes first
        elif transport.get_write_buffer_size():  # under TLS a close may drop what waits
            transport.pause_reading()
            transport.set_write_buffer_limits(high=0)
        else:
            transport.close()
            self._cut = asyncio.get_running_loop().call_later(LAST_S, self._abort)
            return
        self._watch_writing(transport.get_write_buffer_size())

    def _watch_writing(self, waiting: int) -> None:
        """Abort if nothing of what waits is written for a while."""

        def look() -> None:
            still = self.transport.get_write_buffer_size()
            if still < waiting:
                self._watch_writing(still)
            else:
                self._abort()

        self._cut = asyncio.get_running_loop().call_later(FLUSH_S, look)

    def _end_when_quiet(self) -> None:
        """End this connection once its peer has nothing more to say."""
        loop, before = asyncio.get_running_loop(), self._read_at

        def look() -> None:
            other = self._other
            held_back = other is not None and not other.closed and other.transport.get_write_buffer_size()
            if self._read_at == before and not held_back:
                self.end()
            elif not self.closed:
                self._end_when_quiet()

        loop.call_later(QUIET_S, look)

    def _abort(self) -> None:
        sock = self.transport.get_extra_info("socket")
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self.transport.abort()

    # -- what asyncio calls -----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        sock = transport.get_extra_info("socket")
        self.secured = transport.get_extra_info("ssl_object") is not None
        self._stamps = self._stamped.get(sock.fileno())
        if self._stamps is not None:
            self._stamps.looks = False  # nothing here may take longer than it must
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.transport.set_write_buffer_limits(high=BACKLOG)

    def data_received(self, data: bytes) -> None:
        stamp = None if self._stamps is None else self._stamps.arrived
        at = self._clock.monotonic() if stamp is None else stamp
        watch = self._watch
        late = watch is not None and at - watch.unread_since > LATE_S
        self._read_at = at
        if self._passes:
            if self._other is not None:
                self._take(self._other, data, at, late=late)
            return
        self._held += data
        self._more.set()
        if len(self._held) > BACKLOG and not self.transport.is_closing():
            self.transport.pause_reading()

    def _take(self, other: End, data: bytes, at: float, *, late: bool) -> None:
        if self._most is None:
            self._pass(other, data, at, late=late)
            return
        data = data[: self._most]
        self._most -= len(data)
        if data:
            self._pass(other, data, at, late=late)

    def _pass(self, other: End, data: bytes, at: float, *, late: bool) -> None:
        transport = other.transport
        transport.write(data)
        held_s = None if transport.get_write_buffer_size() else self._clock.monotonic() - at
        try:
            self.copy(self, data, at, held_s, late)
        except Exception as error:  # a bug of ours: what passes has nothing to do with it
            self.copy = unheard
            told = {"message": "the copy of a relayed connection failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(told)

    def eof_received(self) -> bool:
        """Pass the end of this direction on; keep the other direction where there still is one."""
        self.eof = True
        self.left_at = self._clock.monotonic()
        self._more.set()
        other = self._other
        if other is None or not self._passes:
            waits_for_answer = other is not None and not self._awaited
            return not (self.secured or waits_for_answer)
        both = other.eof
        self._pass_eof(other)
        return not (both or self.secured)

    def _pass_eof(self, other: End) -> None:
        if other.closed:
            return
        if other.transport.can_write_eof():
            other.transport.write_eof()
        elif self._asks and not self.secured:
            other._end_when_quiet()
        else:
            other.end()

    def pause_writing(self) -> None:
        if self._other is not None and not self._other.closed:
            self._other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self._ending:
            self._all_written()
        elif self._other is not None and not self._other.closed:
            self._other.transport.resume_reading()

    def _all_written(self) -> None:
        """Under TLS, what had to wait has been written: now it can be closed."""
        if self._cut is not None:
            self._cut.cancel()
        self._close_when_written()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self.reset = exc is not None
        if not self.eof and not self._ending:
            self.left_at = self._clock.monotonic()
        self._more.set()
        if self._cut is not None:
            self._cut.cancel()
        if self._other is not None and not self._awaited:
            self._other.end(reset=self.reset)
        self.gone(self)


def unheard(end: End, data: bytes, at: float, held_s: float | None, late: bool) -> None:
    """Nobody listens."""


def unnoticed(end: End) -> None:
    """Nobody waits for the end."""
