"""Two connections made one: what arrives on one end is written to the other as it came, and so is how it ends.

Nothing is read into the bytes. A peer that reads slowly holds the other one back, a half-closed connection stays half
open, a reset is a reset on the other side. Under TLS, which asyncio cannot close by halves, the end of one direction
is the end of both.
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
"""How long a peer that reads nothing more may hold what was still to be written to it, once the other one has left."""

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
        self._held = bytearray()
        self._held_at = 0.0
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
        searched = 0
        while (end := self._held.find(_HEAD_END, searched)) < 0:
            if len(self._held) > HEAD_LIMIT:
                raise HeadTooLongError
            if self.closed or self.eof:
                raise ConnectionResetError if self.reset else ConnectionError
            searched = max(0, len(self._held) - 3)
            self._more.clear()
            await self._more.wait()
        size = end + len(_HEAD_END)
        head = bytes(self._held[:size])
        del self._held[:size]
        return head, self._held_at

    def join(self, other: End) -> None:
        """From now on pass everything on to `other`, beginning with what is held; call it on both ends."""
        self._other = other
        held, self._held = bytes(self._held), bytearray()
        if held:
            self._pass(other, held, self._held_at, late=False)
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
        self._ending = True
        if reset:
            self._abort()
            return
        self.transport.close()
        if self._cut is None:
            self._cut = asyncio.get_running_loop().call_later(FLUSH_S, self._abort)

    def pause(self) -> None:
        """Read nothing more until joined."""
        if not self.transport.is_closing():
            self.transport.pause_reading()

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
        if self._other is not None:
            self._pass(self._other, data, at, late=late)
            return
        self._held += data
        self._held_at = at
        self._more.set()
        if len(self._held) > BACKLOG:
            self.pause()

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
        if other is None:
            return not self.secured
        both = other.eof
        self._pass_eof(other)
        return not (both or self.secured or other.secured)

    def _pass_eof(self, other: End) -> None:
        if other.closed:
            return
        if other.transport.can_write_eof():
            other.transport.write_eof()
        else:
            other.end()

    def pause_writing(self) -> None:
        if self._other is not None and not self._other.closed:
            self._other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self._other is not None and not self._other.closed:
            self._other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self.reset = exc is not None
        if not self.eof and not self._ending:
            self.left_at = self._clock.monotonic()
        self._more.set()
        if self._cut is not None:
            self._cut.cancel()
        if self._other is not None:
            self._other.end(reset=self.reset)
        self.gone(self)


def unheard(end: End, data: bytes, at: float, held_s: float | None, late: bool) -> None:
    """Nobody listens."""


def unnoticed(end: End) -> None:
    """Nobody waits for the end."""
