"""From a host name to an open TCP socket, in the two steps that can fail apart; and a socket that listens."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

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


class _StampingListener(socket.socket):
    """A listening socket whose connections know when their bytes arrived; they are in `stamped`, by descriptor."""

    def __init__(self, family: int, clock: Clock, stamped: WeakValueDictionary[int, StampedSocket]) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._clock = clock
        self._stamped = stamped

    def accept(self) -> tuple[socket.socket, Any]:
        plain, address = super().accept()
        stamped = StampedSocket(self.family, self._clock, plain.detach())
        self._stamped[stamped.fileno()] = stamped
        return stamped, address


async def listen_tcp(
    host: str, port: int, clock: Clock, stamped: WeakValueDictionary[int, StampedSocket]
) -> socket.socket:
    """Listen; what is accepted stands in `stamped` by its descriptor, where the kernel stamps. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, place = found[0]
    kernel = kernel_stamps()
    listening = _StampingListener(family, clock, stamped) if kernel else socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # where it would let others take the port as well
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening
