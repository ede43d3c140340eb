"""A socket with a machine without I/O on it: what the machine wants sent is sent, in order, until it hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from dashboard.resilience.retry import LinkError
from dashboard.transport.websocket import Socket

MOST_WAITING = 1_000
"""Messages that a peer who does not read may leave waiting; then the connection is cut."""

Told = TypeVar("Told", covariant=True)


class Machine(Protocol[Told]):
    """`hang_up`: the code to close with, None while the connection is wanted."""

    @property
    def hang_up(self) -> int | None: ...

    def to_send(self) -> tuple[Sequence[str | bytes], Sequence[Told]]:
        """Return what is to leave now, in order, and what is to be told of it."""
        ...


Item = TypeVar("Item")


class Pump(Generic[Item]):
    """Sends for one machine over one connection. tell: takes what the machine tells of what it sends."""

    def __init__(self, socket: Socket, machine: Machine[Item], tell: Callable[[Sequence[Item]], None]) -> None:
        self._socket = socket
        self._machine = machine
        self._tell = tell
        self._waiting: asyncio.Queue[str | bytes | None] = asyncio.Queue()  # None: close the connection
        self._hanging_up = False

    def pump(self) -> None:
        """Let leave what the machine has to say, and hang up if it says so. Call it whenever the machine was called."""
        messages, items = self._machine.to_send()
        self._tell(items)
        for message in messages:
            self.send(message)
        if self._machine.hang_up is not None and not self._hanging_up:
            self._hanging_up = True
            self._waiting.put_nowait(None)

    def send(self, message: str | bytes) -> None:
        """Send something besides, behind what waits."""
        if self._waiting.qsize() < MOST_WAITING:
            self._waiting.put_nowait(message)
        else:
            self._socket.abort()

    async def run(self) -> None:
        """Send until the machine hangs up or the connection has ended."""
        with suppress(LinkError):
            while (message := await self._waiting.get()) is not None:
                await self._socket.send(message)
            await self._socket.close(self._machine.hang_up or 1000)
