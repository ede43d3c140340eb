"""One call of two wires: its sound comes in by AudioHook, and Genesys' notifications tell of its conversation.

Both name the conversation, so what is told of it bears the id of the call whose sound it is. The link of such a call is
that of its sound; how the channel's connection stands is a fact beside it. The end of the call is told when nobody
tells of it any more: transcripts come later than the sound.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from dashboard.call.conversation import GenesysReported
from dashboard.call.events import CallEnded, Event, LinkChanged, MalformedReceived, SessionStarted
from dashboard.call.notices import FACTS
from dashboard.call.notification_events import SideLinkChanged
from dashboard.call.ports import Command, Emit, Hear, Overheard, Source, Stop
from dashboard.resilience.analytics import is_askable
from dashboard.resilience.channels import CHANNEL_LIMIT

_TOLD = (*FACTS, GenesysReported, MalformedReceived)
"""What a follower tells that is of the call; the rest is of its own link, its own clock, its own queues."""


class Follow(Protocol):
    """Makes the follower of a conversation, whose facts bear the id of a call."""

    def __call__(self, call_id: str, conversation_id: str) -> Source: ...


@dataclass(slots=True)
class _Followed:
    source: Source
    running: asyncio.Task[None]
    ended: CallEnded | None = None
    alarm: asyncio.TimerHandle | None = field(default=None)


class Joined:
    """A source of calls, each with what `follow` tells of its conversation.

    linger_s: how long a conversation is followed on when its sound has ended. At most `most` are followed at once, for
    one more channel than an OAuth client may have ends the oldest. aclose: awaited at the end.
    """

    def __init__(
        self,
        calls: Overheard,
        follow: Follow,
        *,
        linger_s: float,
        most: int = CHANNEL_LIMIT - 2,
        aclose: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._calls = calls
        self._follow = follow
        self._linger_s = linger_s
        self._most = most
        self._aclose = aclose
        self._followed: dict[str, _Followed] = {}
        self._emit: Callable[[Event], None] = lambda fact: None
        self._stopping = False

    def command(self, command: Command) -> None:
        """Take a command; the followers end with the calls."""
        if isinstance(command, Stop):
            self._stopping = True
        self._calls.command(command)

    def overhear(self, hear: Hear) -> None:
        """Hand the sound itself to `hear` as well."""
        self._calls.overhear(hear)

    async def run(self, emit: Emit) -> None:
        """Tell of all calls until stopped."""
        self._emit = emit
        try:
            await self._calls.run(self._take)
        finally:
            for one in self._followed.values():
                one.source.command(Stop())
            await asyncio.gather(*(one.running for one in self._followed.values()), return_exceptions=True)
            if self._aclose is not None:
                await self._aclose()

    # -- the calls ------------------------------------------------------------------------------------------

    def _take(self, fact: Event) -> None:
        if isinstance(fact, CallEnded) and fact.call_id in self._followed:
            self._outlive(fact)
            return
        self._emit(fact)
        if isinstance(fact, SessionStarted) and is_askable(fact.conversation_id):
            self._begin(fact.call_id, fact.conversation_id)

    def _begin(self, call_id: str, conversation_id: str) -> None:
        if call_id in self._followed or len(self._followed) >= self._most:
            return
        source = self._follow(call_id, conversation_id)
        running = asyncio.get_running_loop().create_task(source.run(self._beside))
        self._followed[call_id] = _Followed(source, running)
        running.add_done_callback(lambda task: self._done(call_id, task))

    def _outlive(self, ended: CallEnded) -> None:
        """The sound is over: hold the end of the call back for what is still to be told."""
        one = self._followed[ended.call_id]
        one.ended = ended
        wait_s = 0.0 if self._stopping else self._linger_s
        one.alarm = asyncio.get_running_loop().call_later(wait_s, one.source.command, Stop())

    def _done(self, call_id: str, task: asyncio.Task[None]) -> None:
        one = self._followed.pop(call_id)
        if one.alarm is not None:
            one.alarm.cancel()
        if one.ended is not None:
            self._emit(one.ended)
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error

    # -- what is told beside ----------------------------------------------------------------------------------

    def _beside(self, fact: Event) -> None:
        if isinstance(fact, LinkChanged):
            self._emit(SideLinkChanged(fact.call_id, fact.at, fact.state, fact.detail))
        elif isinstance(fact, _TOLD):
            self._emit(fact)
