"""From a host name to an open TCP socket, in the two steps that can fail apart; and a socket that listens."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from weakref import ReferenceType, WeakValueDictionary, ref

from dashboard.clock import Clock
from dashboard.transport.kernel_time import StampedSocket, kernel_stamps


class Address(NamedTuple):
    """One of a host's addresses, as the socket module wants it."""

    family: int
    place: tuple[Any, ...]  # beginning with address and port

    def __str__(self) -> str:
        return str(self.place[0])


async def resolve(host: str, port: int) -> list[Address]:
    """Look a host name up; raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [Address(family, place) for family, _, _, _, place in found]


async def open_tcp(addresses: Sequence[Address], clock: Clock, timeout_s: float) -> socket.socket:
    """Try addresses in their order; each gets its share of the time, or a dead first one takes it all.

    Raises OSError.
    """
    loop = asyncio.get_running_loop()
    last_error: Exception = socket.gaierror(socket.EAI_NONAME, "no address")
    for family, place in addresses:
        tcp = StampedSocket(family, clock) if kernel_stamps() else _plain(family)
        tcp.setblocking(False)
        try:
            async with asyncio.timeout(timeout_s / len(addresses)):
                await loop.sock_connect(tcp, place)
        except OSError as error:  # TimeoutError is one
            tcp.close()
            last_error = error
        except BaseException:
            tcp.close()
            raise
        else:
            return tcp
    raise last_error


def _plain(family: int) -> socket.socket:
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)


class WaitingRoom:
    """Connections that were accepted and have not been let in yet: at most so many, or the oldest of them is cut.

    Whoever knocks properly waits for milliseconds: to keep others out one has to open as many connections in that time.
    """

    def __init__(self, most: int) -> None:
        self.turned_out = 0
        self._most = most
        self._entered = 0
        self._let_in = 0
        self._waiting: dict[int, ReferenceType[socket.socket]] = {}  # by descriptor, oldest first

    def enter(self, tcp: socket.socket) -> None:
        """Wait from now on."""
        self._entered += 1
        self._waiting.pop(tcp.fileno(), None)  # of one that is closed
        if len(self._waiting) >= self._most:
            self._forget_closed()
        if len(self._waiting) >= self._most:
            oldest = self._waiting.pop(next(iter(self._waiting)))()
            self.turned_out += 1
            with suppress(OSError):  # it has just ended
                if oldest is not None:
                    oldest.shutdown(socket.SHUT_RDWR)
        self._waiting[tcp.fileno()] = ref(tcp)

    def leave(self, number: int) -> None:
        """The connection with this descriptor has been let in."""
        self._let_in += self._waiting.pop(number, None) is not None

    @property
    def gone(self) -> int:
        """How many have ended that were never let in."""
        self._forget_closed()
        return self._entered - self._let_in - len(self._waiting)

    def _forget_closed(self) -> None:
        self._waiting = {number: one for number, one in self._waiting.items() if _is_open(one(), number)}


def _is_open(tcp: socket.socket | None, number: int) -> bool:
    return tcp is not None and tcp.fileno() == number


class _Listening(socket.socket):
    """A listening socket; with `stamped`, what it accepts knows when its bytes arrived, and is there by descriptor."""

    def __init__(
        self,
        family: int,
        clock: Clock,
        stamped: WeakValueDictionary[int, StampedSocket] | None,
        room: WaitingRoom | None,
    ) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._clock = clock
        self._stamped = stamped
        self._room = room

    def accept(self) -> tuple[socket.socket, Any]:
        accepted, address = super().accept()
        if self._stamped is not None:
            accepted = stamped = StampedSocket(self.family, self._clock, accepted.detach())
            self._stamped[stamped.fileno()] = stamped
        if self._room is not None:
            self._room.enter(accepted)
        return accepted, address


async def listen_tcp(
    host: str,
    port: int,
    clock: Clock,
    stamped: WeakValueDictionary[int, StampedSocket],
    room: WaitingRoom | None = None,
) -> socket.socket:
    """Listen; what is accepted stands in `stamped` by its descriptor, where the kernel stamps. Raises OSError.

    room: where connections wait until they are let in.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, place = found[0]
    listening = _Listening(family, clock, stamped if kernel_stamps() else None, room)
    try:
        if sys.platform != "win32":  # where it would let others take the port as well
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening
