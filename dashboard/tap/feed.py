"""The relay's way to its observer: a process of its own that is told, and never waited for.

What passes is handed over in packs, ten a second. While the observer does not keep up, or is not there, what passes is
only counted; when it is back it is told how much that was. One that dies is started again.
"""

from __future__ import annotations

import asyncio
import json
import math
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from struct import Struct
from typing import Any

from dashboard.tap.records import LATE, Kind, Side, head, record

PACK_S = 0.100
"""How long a read waits for others before the observer gets it: it has its stamp, so nothing is lost by that. Whoever
is woken takes the processor from somebody, so seldom is better."""
PACK_BYTES = 256 * 1024
MOST_WAITING = 8 * 1024 * 1024
"""Bytes that wait for an observer that is busy; from here on what passes is skipped, until half of it is gone."""

FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 30.0
"""Before an observer that died is started again; doubled each time, from the first anew after one that lived longer."""
END_S = 4.0
"""How long the observer may take to end, once it has been told all."""

_SKIPPED = Struct("<QQ")
_NOT_HELD = math.nan


@dataclass(slots=True)
class Unseen:
    """What passed on a link without being shown, by side: bytes and reads since the observer was last told, and bytes
    in all."""

    bytes: list[int] = field(default_factory=lambda: [0, 0])
    reads: list[int] = field(default_factory=lambda: [0, 0])
    total: list[int] = field(default_factory=lambda: [0, 0])


def skipped_of(data: bytes) -> tuple[int, int]:
    """Read the data of SKIPPED: bytes and reads."""
    size, reads = _SKIPPED.unpack(data)
    return size, reads


class Feed:
    """Starts the observer and hands over. greeting: returns the records that tell a new observer of all that there is;
    called with the fate of the last one, and when that was; empty, and infinity, for the first."""

    def __init__(
        self, argv: Sequence[str], config: Mapping[str, Any], greeting: Callable[[str, float], Iterable[bytes]]
    ) -> None:
        self._argv = list(argv)
        self._config = config
        self._greeting = greeting
        self._process: asyncio.subprocess.Process | None = None
        self._pipe: asyncio.WriteTransport | None = None
        self._pack: list[bytes] = []
        self._size = 0
        self._flushing: asyncio.TimerHandle | None = None
        self._behind = False
        self._ending = False

    async def run(self) -> None:
        """Keep an observer until `close`."""
        loop = asyncio.get_running_loop()
        fate, died_at, wait_s = "", math.inf, FIRST_WAIT_S
        while not self._ending:
            began = loop.time()
            fate = await self._one_life(fate, died_at)
            if self._ending:
                return
            died_at = loop.time()
            wait_s = FIRST_WAIT_S if loop.time() - began > LONGEST_WAIT_S else min(LONGEST_WAIT_S, 2 * wait_s)
            await asyncio.sleep(wait_s)

    def tell(self, data: bytes) -> None:
        """Hand over a record that must not be skipped."""
        if self._pipe is not None:
            self._put(data)

    def show(
        self, link: int, side: Side, data: bytes, at: float, held_s: float | None, late: bool, unseen: Unseen
    ) -> None:
        """Hand over what has passed, or count it in `unseen`."""
        if self._pipe is None or self._behind:
            unseen.bytes[side] += len(data)
            unseen.reads[side] += 1
            unseen.total[side] += len(data)
            return
        if unseen.reads[side]:
            self.tell_skipped(link, side, at, unseen)
        held_s = _NOT_HELD if held_s is None else held_s
        self._pack += (head(Kind.DATA, side | LATE if late else side, link, at, held_s, len(data)), data)
        self._size += len(data)
        if self._flushing is None or self._size > PACK_BYTES:
            self._schedule()

    def tell_skipped(self, link: int, side: Side, at: float, unseen: Unseen) -> None:
        """Tell what passed unseen until now."""
        if self._pipe is None:
            return
        self._put(record(Kind.SKIPPED, link, at, _SKIPPED.pack(unseen.bytes[side], unseen.reads[side]), side))
        unseen.bytes[side] = unseen.reads[side] = 0

    @property
    def keeps_up(self) -> bool:
        """Whether what passes now is shown."""
        return self._pipe is not None and not self._behind

    async def close(self) -> None:
        """Let the observer read all that it was told, and end."""
        self._ending = True
        process, pipe = self._process, self._pipe
        if process is None or pipe is None:
            return
        self._flush()
        pipe.write_eof()
        with suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()

    # -- packs ------------------------------------------------------------------------------------------

    def _put(self, data: bytes) -> None:
        self._pack.append(data)
        self._size += len(data)
        self._schedule()

    def _schedule(self) -> None:
        if self._size > PACK_BYTES:
            self._flush()
        elif self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(PACK_S, self._flush)

    def _flush(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        pipe, pack = self._pipe, self._pack
        self._pack, self._size = [], 0
        if pipe is None or pipe.is_closing():
            return
        if pack:
            pipe.write(b"".join(pack))
        waiting = pipe.get_write_buffer_size()
        self._behind = waiting > (MOST_WAITING // 2 if self._behind else MOST_WAITING)

    # -- the process ------------------------------------------------------------------------------------

    async def _one_life(self, fate: str, died_at: float) -> str:
        """Start an observer, greet it, wait for its end; return what became of it, in words."""
        try:
            process = await asyncio.create_subprocess_exec(*self._argv, stdin=asyncio.subprocess.PIPE)
        except OSError as error:
            return f"could not be started: {error.strerror or error}"
        assert process.stdin is not None
        self._process, self._pipe = process, process.stdin.transport
        try:
            self._pipe.write(f"{json.dumps(self._config)}\n".encode())
            self._behind = False
            for one in self._greeting(fate, died_at):
                self._put(one)
            code = await process.wait()
        finally:
            self._process = self._pipe = None
            self._pack, self._size = [], 0
            process.stdin.close()
            if process.returncode is None:
                process.kill()
        return _fate(code)


def _fate(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    with suppress(ValueError):
        return f"was killed by {signal.Signals(-code).name}"
    return f"was killed by signal {-code}"
