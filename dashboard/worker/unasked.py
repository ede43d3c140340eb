"""What a dialect says of its own accord: on a line, it is told the time and what it wants is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from dashboard.call.ports import Emit
from dashboard.dialects.base import HangUp, Talker
from dashboard.worker.network import Wire

_UNSENT = 1_000
"""Frames that may wait for a peer that does not read; what goes beyond is dropped, for the keepalive ends it anyway."""


class Unasked:
    """Lets a talker's time pass, and does what it wants: tells, sends, speaks, hangs up."""

    def __init__(
        self, talker: Talker, *, tell: Emit, may_speak: Callable[[], object], hang_up: Callable[[Wire, HangUp], object]
    ) -> None:
        self.talker = talker
        self._tell = tell
        self._may_speak = may_speak
        self._hang_up = hang_up
        self._unsent: asyncio.Queue[tuple[Wire, str]] = asyncio.Queue(_UNSENT)

    def go_on(self, wire: Wire, now: float) -> None:
        """Something has come over `wire`, which is open, or a moment has gone by."""
        talker = self.talker
        for fact in talker.tick(now):
            self._tell(fact)
        with suppress(asyncio.QueueFull):
            for text in talker.to_send(now):
                self._unsent.put_nowait((wire, text))
        if talker.may_speak:
            self._may_speak()
        if talker.hang_up is not None:
            self._hang_up(wire, talker.hang_up)

    async def run(self, send: Callable[[Wire, str], Awaitable[object]]) -> None:
        """Send what is to be sent, in its order, until cancelled."""
        while True:
            await send(*await self._unsent.get())
