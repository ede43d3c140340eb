"""A sender on an absolute schedule: one thread, plain sockets, and the moment right before each write kept."""

from __future__ import annotations

import heapq
import selectors
import socket
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack
from multiprocessing.connection import Connection

from tests.benchmarks.wire import Peer

Script = Generator[tuple[float, bytes | None], float, None]
"""What one peer sends: yields when (monotonic seconds) and what, None to break the connection; is sent the moment of
the write. What it builds for the next one, it builds while nothing is due."""


class Pacer:
    """Serves every connection by a script of its own until told to stop."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._sockets = ExitStack()
        self._due: list[tuple[float, int, Peer, bytes | None, Script]] = []
        self._started: set[Peer] = set()
        self._numbered = 0
        self.latest_s = 0.0
        """How late a write was at most, against the schedule."""

    def serve(
        self, server: socket.socket, welcome: Callable[[socket.socket], Peer], script: Callable[[], Script]
    ) -> None:
        """Give each connection to `server` a script, once its handshake is done."""
        self._sockets.enter_context(server)
        self._selector.register(server, selectors.EVENT_READ, (welcome, script))

    def join(self, peer: Peer, script: Callable[[], Script]) -> None:
        """Give a connection that was dialled its script, once its handshake is done."""
        self._selector.register(peer, selectors.EVENT_READ, script)
        self._start(peer, script)

    def run(self, stop: Connection) -> None:
        """Send until `stop` has something to say."""
        self._selector.register(stop, selectors.EVENT_READ)
        with self._sockets, self._selector:
            while not stop.poll():
                timeout_s = max(0.0, self._due[0][0] - time.monotonic()) if self._due else None
                for key, _ in self._selector.select(timeout_s):
                    if isinstance(key.fileobj, socket.socket):
                        welcome, script = key.data
                        self.join(welcome(key.fileobj.accept()[0]), script)
                    elif isinstance(key.fileobj, Peer):
                        self._read(key.fileobj, key.data)
                self._send_what_is_due()

    def _read(self, peer: Peer, script: Callable[[], Script]) -> None:
        fileno = peer.fileno()
        if not peer.pump():
            self._selector.unregister(fileno)
            return
        self._start(peer, script)

    def _start(self, peer: Peer, script: Callable[[], Script]) -> None:
        if peer.open and peer not in self._started:
            self._started.add(peer)
            fresh = script()
            self._plan(peer, fresh, next(fresh))

    def _plan(self, peer: Peer, script: Script, entry: tuple[float, bytes | None]) -> None:
        self._numbered += 1  # so that equal times are not compared any further
        heapq.heappush(self._due, (entry[0], self._numbered, peer, entry[1], script))

    def _send_what_is_due(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            due, _, peer, plain, script = heapq.heappop(self._due)
            if not peer.open:
                continue
            if plain is None:
                self._selector.unregister(peer)
                peer.abort()
                continue
            data = peer.sealed(plain)
            at = time.monotonic()
            peer.write(data)
            self.latest_s = max(self.latest_s, at - due)
            try:
                self._plan(peer, script, script.send(at))
            except StopIteration:
                continue
