"""When bytes arrived, by the kernel: a socket that asks for the receive time of what it reads (Linux).

A message is stamped when the network delivers it, not when a busy process gets round to reading it: beside a screen
at work the difference was 3 ms at the 99th percentile. A read has the stamp of its last bytes; that of the first is had
by looking at one byte before. asyncio's selector loop reads a plain socket by `recv` and the one below TLS by
`recv_into`.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from functools import cache
from typing import Any

from dashboard.clock import Clock, SystemClock

_SO_TIMESTAMPNS = 35  # asm-generic/socket.h; the socket module has no name for it
_TIMESPEC = struct.Struct("@ll")
_ANCILLARY_SIZE = 64  # room for one control message with a timespec

_STEP_S = 0.010
"""A change of the offset between the two clocks that is no slewing (500 ppm at most), but a step."""

_TIGHT_S = 0.000_1
"""Longer than this between two clock readings: we were not running, and the offset would be wrong by as much."""

_TRIES = 25
_PAUSE_S = 0.002


class KernelTime:
    """Converts the kernel's stamps, which are wall time, to the monotonic clock.

    The offset is measured at every stamp, so slewing does not add up. What arrived while the wall clock was
    stepped has a stamp that fits neither offset: it counts as arrived when it was read.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = clock.wall() - clock.monotonic()

    def monotonic(self, stamp: float) -> float:
        """Return the moment `stamp` (Unix time of an arrival, seconds) on the monotonic clock; never later than now."""
        before = self._clock.monotonic()
        wall = self._clock.wall()
        now = self._clock.monotonic()
        if now - before <= _TIGHT_S:
            offset = wall - (before + now) / 2
            stepped = abs(offset - self._offset) > _STEP_S
            self._offset = offset
            if stepped:
                return now
        return min(stamp - self._offset, now)


class StampedSocket(socket.socket):
    """A TCP socket that knows when its last bytes arrived, where `kernel_stamps()`.

    began, arrived: when the first and the last of what was read arrived, monotonic seconds; None if the kernel did not
    say, as for the first packets after it was asked to. They are one moment where the kernel merged its packets.
    """

    began: float | None = None
    arrived: float | None = None
    looks = True
    """Whether `began` is wanted: finding it out is a call of its own."""

    def __init__(self, family: int, clock: Clock, fileno: int | None = None) -> None:
        """Make a socket, or take over the descriptor of one that was accepted."""
        # asyncio turns Nagle's algorithm off only where it is told that this is TCP.
        super().__init__(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno)
        self._time = KernelTime(clock)
        self.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        if self.looks:
            self._look()
        data, ancillary, _, _ = self.recvmsg(bufsize, _ANCILLARY_SIZE, flags)
        self.arrived = self._stamp(ancillary)
        return data

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        if self.looks:
            self._look()
        room = memoryview(buffer)[:nbytes] if nbytes else buffer
        size, ancillary, _, _ = self.recvmsg_into([room], _ANCILLARY_SIZE, flags)
        self.arrived = self._stamp(ancillary)
        return size

    def _look(self) -> None:
        _, ancillary, _, _ = self.recvmsg(1, _ANCILLARY_SIZE, socket.MSG_PEEK)
        self.began = self._stamp(ancillary)

    def _stamp(self, ancillary: list[tuple[int, int, bytes]]) -> float | None:
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) == _TIMESPEC.size:
                seconds, nanoseconds = _TIMESPEC.unpack(data)
                return self._time.monotonic(seconds + nanoseconds / 1e9)
        return None


def spread(began: float, ended: float, count: int) -> list[float]:
    """Say when each of `count` messages arrived whose first bytes came at `began` and whose last came at `ended`.

    Between them they lie evenly. First bytes that were sent once more arrive after those behind them, which nobody
    could have before: then all came at `began`.
    """
    if count == 1 or began >= ended:
        return [max(began, ended)] * count
    step = (ended - began) / (count - 1)
    return [began + step * index for index in range(count - 1)] + [ended]


@cache
def kernel_stamps() -> bool:
    """Tell whether this kernel stamps what TCP receives; found out by trying, once, in a few milliseconds.

    Some sandboxes take the option and never stamp, and Linux itself begins a moment after it was asked to.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, StampedSocket(socket.AF_INET, SystemClock()) as reading:
            reading.connect(server.getsockname())
            writing, _ = server.accept()
            with writing:
                for _ in range(_TRIES):
                    writing.sendall(b".")
                    reading.recv(1)
                    if reading.arrived is not None:
                        return True
                    time.sleep(_PAUSE_S)
    except OSError:
        return False
    return False
