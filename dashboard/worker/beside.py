"""Calls with a bot beside each: test utterances go to an endpoint, in a session of their own, and no caller hears it.

The endpoint is dialled at the first utterance of a call and left when the call ends. All that its wire tells is told
as `BotTold`, so that nothing of it is taken for what happens on the call; and whatever becomes of it, the call and its
other wires go on.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Protocol

from dashboard.call.bot_events import BotOffered, BotTold
from dashboard.call.events import (
    CallEnded,
    CallStarted,
    Cause,
    Event,
    LinkChanged,
    LinkState,
    QueueMeasured,
    SessionStarted,
    Ticked,
)
from dashboard.call.ports import Command, Emit, Hear, Overheard, Reconnect, Say, Source, Stop
from dashboard.clock import Clock
from dashboard.dialects.audiohook_wire import NIL
from dashboard.resilience.analytics import is_askable

NOT_YET = "Genesys has not said yet which conversation this is"
NO_CONVERSATION = "Genesys names no conversation for this call, and a session is that of a conversation"

_OWN = (Ticked, QueueMeasured)
"""Time goes by for the call anyway, and its queues are told of as well."""


class Bot(Protocol):
    """The endpoint: under which name it is known, how it is offered in a session, and what speaks to it there."""

    @property
    def profile(self) -> str: ...

    def offer(self, call_id: str, at: float, session_id: str) -> BotOffered: ...

    def source(self, call_id: str, session_id: str, conversation_id: str) -> Source: ...


@dataclass(slots=True)
class _Leg:
    """The wire to the bot beside one call."""

    source: Source
    running: asyncio.Task[None]
    state: LinkState = LinkState.IDLE


@dataclass(slots=True)
class _Call:
    conversation_id: str = ""
    session_id: str = ""
    leg: _Leg | None = None
    over: bool = False
    ended: CallEnded | None = None


class Beside:
    """A source around that of one call or of many; its utterances never reach the source within.

    conversation_id: of a source of one call, where it is known before that call says it.
    """

    def __init__(self, calls: Overheard, bot: Bot, clock: Clock, *, conversation_id: str = "") -> None:
        self._calls = calls
        self._bot = bot
        self._clock = clock
        self._known_id = conversation_id
        self._up: dict[str, _Call] = {}
        self._emit: Emit = _nowhere

    def overhear(self, hear: Hear) -> None:
        """Hand the sound itself to `hear` as well."""
        self._calls.overhear(hear)

    def command(self, command: Command) -> None:
        """Speak to the bot of the call that is meant; pass every other command on."""
        if isinstance(command, Say):
            self._say(command)
            return
        if isinstance(command, Reconnect) and (leg := self._leg_of(command.call_id)) is not None:
            _dial_again(leg)
        self._calls.command(command)

    async def run(self, emit: Emit) -> None:
        """Tell of all calls, and of their bots, until they have ended."""
        self._emit = emit
        try:
            await self._calls.run(self._take)
        finally:
            legs = [call.leg for call in self._up.values() if call.leg is not None]
            for leg in legs:
                leg.source.command(Stop())
            await asyncio.gather(*(leg.running for leg in legs), return_exceptions=True)

    # -- the calls ------------------------------------------------------------------------------------------

    def _take(self, fact: Event) -> None:
        call = self._up.get(fact.call_id)
        if isinstance(fact, CallEnded) and call is not None:
            self._end(call, fact)
            return
        self._emit(fact)
        if call is not None and isinstance(fact, LinkChanged) and fact.state is LinkState.CLOSED:
            self._close(call)
        if isinstance(fact, CallStarted) and call is None:
            self._up[fact.call_id] = call = _Call()
            if self._known_id:
                self._offer(call, fact, self._known_id)
            else:
                self._offer_none(fact, NOT_YET)
        elif isinstance(fact, SessionStarted) and call is not None and not call.session_id:
            if is_askable(fact.conversation_id) and fact.conversation_id != NIL:
                self._offer(call, fact, fact.conversation_id)
            else:
                self._offer_none(fact, NO_CONVERSATION)

    def _offer(self, call: _Call, fact: Event, conversation_id: str) -> None:
        """Say where utterances of this call will go: into a session of its conversation, and of no other call."""
        named = f"callscope-{re.sub(r'[^A-Za-z0-9_-]', '-', conversation_id)}"
        taken = {other.session_id for other in self._up.values()}
        names = (named, *(f"{named}-{number}" for number in range(2, len(taken) + 2)))
        call.conversation_id, call.session_id = conversation_id, next(name for name in names if name not in taken)
        self._emit(self._bot.offer(fact.call_id, fact.at, call.session_id))

    def _offer_none(self, fact: Event, why_not: str) -> None:
        self._emit(BotOffered(fact.call_id, fact.at, self._bot.profile, why_not=why_not))

    def _end(self, call: _Call, ended: CallEnded) -> None:
        """The end of a call is told when its bot's wire is closed."""
        call.ended = ended
        if call.leg is None:
            self._forget(ended)
        else:
            self._close(call)

    def _close(self, call: _Call) -> None:
        """Nothing more is said: what is told late of a call that is over is no reason to keep the bot."""
        call.over = True
        if call.leg is not None:
            call.leg.source.command(Stop())

    def _forget(self, ended: CallEnded) -> None:
        del self._up[ended.call_id]
        self._emit(ended)

    # -- their bots -------------------------------------------------------------------------------------------

    def _leg_of(self, call_id: str) -> _Leg | None:
        call = self._up.get(self._meant(call_id))
        return None if call is None else call.leg

    def _meant(self, call_id: str) -> str:
        """Return the call that a command is for: a source of one call need not be told."""
        return next(iter(self._up)) if not call_id and len(self._up) == 1 else call_id

    def _say(self, command: Say) -> None:
        call_id = self._meant(command.call_id)
        call = self._up.get(call_id)
        if call is None or call.over or not call.session_id:
            return  # whoever asks has been told that the call is over, or why there is no bot for it
        if call.leg is None:
            call.leg = self._dial(call_id, call)
        else:
            _dial_again(call.leg)
        call.leg.source.command(command)

    def _dial(self, call_id: str, call: _Call) -> _Leg:
        source = self._bot.source(call_id, call.session_id, call.conversation_id)
        running = asyncio.get_running_loop().create_task(source.run(self._told), name=f"bot beside {call_id}")
        running.add_done_callback(lambda task: self._left(call_id, task))
        return _Leg(source, running)

    def _told(self, fact: Event) -> None:
        call = self._up[fact.call_id]
        if isinstance(fact, LinkChanged) and call.leg is not None:
            call.leg.state = fact.state
        if not isinstance(fact, _OWN):
            self._emit(BotTold(fact.call_id, fact.at, fact))

    def _left(self, call_id: str, task: asyncio.Task[None]) -> None:
        call = self._up[call_id]
        error = None if task.cancelled() else task.exception()
        if error is not None:  # a bug there harms nothing here; the next utterance begins anew
            why = f"unexpected {type(error).__name__}"
            gave_up = LinkChanged(call_id, self._clock.monotonic(), LinkState.GAVE_UP, Cause.UNEXPECTED, why)
            self._emit(BotTold(call_id, gave_up.at, gave_up))
        call.leg = None
        if call.ended is not None:
            self._forget(call.ended)


def _dial_again(leg: _Leg) -> None:
    """Somebody wants to speak now: that is worth an attempt at once."""
    if leg.state in (LinkState.GAVE_UP, LinkState.WAITING):
        leg.source.command(Reconnect())


def _nowhere(fact: Event) -> None:
    """Facts before `run` go nowhere: there are none."""
