"""A call that we make in Genesys' place, to a bot that speaks Audio Connector; and its facts in one order.

A session that is lost is not continued: the protocol has no way to. Whoever wants to go on calls again, with a session
of its own in the same conversation.
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
import uuid
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dashboard.call.events import (
    CallEnded,
    CallStarted,
    Cause,
    ClosedBy,
    ConnectionLost,
    ConnectionOpened,
    Event,
    LinkChanged,
    LinkState,
    Marked,
    Targets,
    UtteranceExpired,
    UtteranceHeld,
    UtteranceSent,
)
from dashboard.call.hook_view import CONNECTOR
from dashboard.call.ports import Command, Emit, Hear, Interrupt, Mark, Press, Reconnect, Say, Stop
from dashboard.clock import Clock
from dashboard.dialects.audiohook_access import Access
from dashboard.dialects.audiohook_client import Offer
from dashboard.dialects.audiohook_connector import ConnectorClient
from dashboard.dialects.audiohook_handset import TOLD_AFTER_S
from dashboard.dialects.audiohook_rules import Rule
from dashboard.dialects.base import Item
from dashboard.resilience.retry import Failure, LinkError, close_cause
from dashboard.transport.tapped import Closed
from dashboard.transport.websocket import Socket, SocketOptions, connect
from dashboard.wiretext import clean
from dashboard.worker.conduct import FRAME_S, Script, Speech
from dashboard.worker.intake import Intake, Policy
from dashboard.worker.talk import Talk
from dashboard.worker.ticking import MEASURE_EVERY, ticks

_NOTE_LIMIT = 200

Find = Callable[[str], Speech | None]
"""Returns the speech that the operator means, None if there is none."""


@dataclass(frozen=True, slots=True)
class DialOptions:
    """Whom to call, and as whom. `endpoint` is safe to show. clips: names of what can be said.

    stays: when the call is over, somebody may call again. stop_s: how long the bot may take to close.
    """

    call_id: str
    url: str
    endpoint: str
    offer: Offer
    access: Access = field(repr=False)
    script: Script
    targets: Targets = field(default_factory=Targets)
    audio_limit: int = 100
    control_limit: int = 50
    drop_policy: Policy = "oldest"
    clips: tuple[str, ...] = ()
    stays: bool = False
    stop_s: float = 10.5


class DialledCall:
    """A source: one call, until the bot or the operator ends it."""

    def __init__(self, options: DialOptions, clock: Clock, *, tls: ssl.SSLContext, find: Find) -> None:
        self.call_id = options.call_id
        self._options = options
        self._clock = clock
        self._tls = tls
        self._find = find
        self._emit: Emit = _nowhere
        self._talk: Talk | None = None
        self._wish: Reconnect | Stop | None = None
        self._wished = asyncio.Event()
        self._utterances = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._intake = Intake(
            self,
            emit=lambda fact: self._emit(fact),
            clock=_Behind(clock, TOLD_AFTER_S + FRAME_S),
            audio_limit=options.audio_limit,
            control_limit=options.control_limit,
            policy=options.drop_policy,
        )

    # -- what is asked of it ----------------------------------------------------------------------------------

    def command(self, command: Command) -> None:
        """Take a command; what comes of it is told by facts."""
        match command:
            case Reconnect() | Stop():
                self._wish = command if not isinstance(self._wish, Stop) else self._wish
                self._wished.set()
            case Mark(note):
                self.report(Marked(self.call_id, self._now(), clean(note, _NOTE_LIMIT)))
            case Say(text):
                self._say(text)
            case Press(digits):
                if self._talk is not None:
                    self._talk.press(digits)
            case Interrupt():
                if self._talk is not None:
                    self._talk.interrupt()

    def overhear(self, hear: Hear) -> None:
        """Hand the sound itself to `hear` as well: what the caller says and hears."""
        self._intake.overhear(hear)

    def _say(self, text: str) -> None:
        speech = self._find(text)
        if self._talk is not None and speech is not None:
            self._talk.say(speech)
            return
        number = self.begun(clean(text, _NOTE_LIMIT))
        clips = ", ".join(self._options.clips)
        why = f"there is no such clip: {clips}, or the name of a WAV file" if speech is None else "there is no session"
        self.report(UtteranceExpired(self.call_id, self._now(), number, why))

    # -- the call ---------------------------------------------------------------------------------------------

    async def run(self, emit: Emit) -> None:
        """Call until it is over; the last fact is `CallEnded`."""
        self._emit = emit
        options = self._options
        emit(CallStarted(self.call_id, self._now(), self._clock.wall(), options.endpoint, CONNECTOR, options.targets))
        self._spawn(self._intake.run())
        self._spawn(self._tick())
        try:
            reason = await self._call()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._intake.flush()
        emit(CallEnded(self.call_id, self._now(), reason))

    async def _call(self) -> str:
        """Hold sessions, one after another, until it is over; return why."""
        while True:
            self._wish = None
            self._wished.clear()
            reason = await self._session()
            if reason is not None and not self._options.stays:
                return reason
            await self._wished.wait()
            if isinstance(self._wish, Stop):
                return reason or "stopped"

    async def _session(self) -> str | None:
        """Hold one session; return why the call is over, None if it is not, though the session is."""
        self._enter(LinkState.CONNECTING, Cause.STARTED, "")
        began, offer = self._now(), replace(self._options.offer, session_id=str(uuid.uuid4()))
        dialling = asyncio.ensure_future(self._dial(offer))
        wish = asyncio.ensure_future(self._wished.wait())
        try:
            await asyncio.wait({dialling, wish}, return_when=asyncio.FIRST_COMPLETED)
            if not dialling.done():
                self._stopped()
                return None
            socket = dialling.result()
        except LinkError as error:
            self._refused(error.failure)
            return None
        finally:
            dialling.cancel()
            wish.cancel()
        self._intake.reanchor()
        opened = ConnectionOpened(self.call_id, self._now(), socket.endpoint, socket.clock, self._now() - began)
        self.report(opened)
        self._enter(LinkState.OPEN, Cause.PROGRESS, "")
        client = ConnectorClient(self.call_id, offer)
        self._talk = Talk(client, socket, self, self._clock, self._options.script)
        try:
            end = await self._hold(self._talk, socket)
        finally:
            talk, self._talk = self._talk, None
        return self._over(talk, end)

    async def _dial(self, offer: Offer) -> Socket:
        options = self._options
        headers = options.access.headers(offer, options.url, nonce=secrets.token_urlsafe(24), wall=self._clock.wall())
        how = SocketOptions(ping_interval_s=None, close_timeout_s=2.0)
        return await connect(options.url, clock=self._clock, tls=self._tls, headers=headers, options=how)

    async def _hold(self, talk: Talk, socket: Socket) -> Closed:
        """Hold the session until its socket has ended; when the operator wants something else, close it."""
        talking = asyncio.ensure_future(talk.run())
        wish = asyncio.ensure_future(self._wished.wait())
        try:
            await asyncio.wait({talking, wish}, return_when=asyncio.FIRST_COMPLETED)
            if not talking.done():
                talk.close("reconnect" if isinstance(self._wish, Reconnect) else "end")
                done, _ = await asyncio.wait({talking}, timeout=self._options.stop_s)
                if not done:
                    await socket.close(1000)
            return await talking
        finally:
            talking.cancel()
            wish.cancel()
            await asyncio.gather(talking, wish, return_exceptions=True)

    # -- how it ended -------------------------------------------------------------------------------------------

    def _refused(self, failure: Failure) -> None:
        if failure.cause is Cause.TOKEN_REJECTED:
            failure = replace(
                failure, cause=Cause.HANDSHAKE_REFUSED, detail="the key or its signature was refused (401)"
            )
        now = self._now()
        self.report(failure.told(self.call_id, now, 1, None))
        self._enter(LinkState.GAVE_UP, failure.cause, failure.detail)

    def _over(self, talk: Talk, end: Closed) -> str | None:
        session, now = talk.client.session, self._now()
        closed, trouble = session.stage == "closed", talk.client.trouble
        if not closed:
            self.report(session.broken(Rule.CLOSE_MISSING, "server", now, f"while {session.stage}"))
            cause = close_cause(end.code, end.closed_by)
            if talk.client.pong_missing:
                cause = Cause.PING_TIMEOUT
            elif talk.client.hang_up is not None or (end.closed_by is ClosedBy.US and end.code == 1000):
                cause = Cause.TIMEOUT  # whom we asked for something did not do it
            last_at = talk.last_inbound_at
            self.report(
                ConnectionLost(
                    self.call_id, now, cause, end.code, end.reason, end.closed_by, last_at, trouble or end.detail
                )
            )
            self._give_up(cause, trouble or end.detail)
            return None
        if talk.unauthorized:
            self._give_up(Cause.HANDSHAKE_REFUSED, "the bot said: unauthorized")
        elif session.close_reason == "error":
            self._give_up(Cause.PROTOCOL_ERROR, trouble)
        elif isinstance(self._wish, Stop):
            self._stopped()
        elif self._wish is None:
            self._enter(LinkState.CLOSED, Cause.SESSION_ENDED, session.close_reason)
            return f"closed: {session.close_reason}"
        return None

    def _give_up(self, cause: Cause, detail: str) -> None:
        """The session is lost, and is not continued: somebody may call again."""
        self._enter(LinkState.GAVE_UP, cause, detail)

    def _stopped(self) -> None:
        self._enter(LinkState.CLOSED, Cause.STOPPED, "")

    def _enter(self, state: LinkState, cause: Cause, detail: str) -> None:
        self.report(LinkChanged(self.call_id, self._now(), state, cause, detail))

    # -- what the talk tells --------------------------------------------------------------------------------------

    def tell(self, items: Sequence[Item]) -> None:
        """Tell facts; frames are measured first."""
        for item in items:
            if isinstance(item, Event):
                self.report(item)
            else:
                self._intake.take([item])

    def report(self, fact: Event) -> None:
        """Tell a fact; what was heard before it is told first."""
        self._intake.flush()
        self._emit(fact)

    def begun(self, text: str) -> int:
        """The caller begins to say something; return its number."""
        self._utterances += 1
        self.report(UtteranceHeld(self.call_id, self._now(), self._utterances, text))
        return self._utterances

    def said(self, number: int, text: str, at: float) -> None:
        """The caller has said it: its last sound was at `at`."""
        self.report(UtteranceSent(self.call_id, at, number, text))

    def cut_off(self, number: int) -> None:
        """The session has ended before the caller had said it."""
        self.report(UtteranceExpired(self.call_id, self._now(), number, "the session ended while it was said"))

    def receive(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        """Decode a message, for the intake: it gets frames only."""
        return []

    # -- time -------------------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        count = 0
        async for tick in ticks(self.call_id, self._clock):
            count += 1
            self.report(tick)
            if count % MEASURE_EVERY == 0:
                for fact in self._intake.measured():
                    self._emit(fact)

    def _now(self) -> float:
        return self._clock.monotonic()

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._tasks.add(asyncio.create_task(work))


class _Behind:
    """The clock of those to whom things are told with a delay that is meant: what they wait is measured without it."""

    def __init__(self, clock: Clock, by_s: float) -> None:
        self._clock = clock
        self._by_s = by_s

    def monotonic(self) -> float:
        return self._clock.monotonic() - self._by_s

    def wall(self) -> float:
        return self._clock.wall() - self._by_s


def _nowhere(fact: Event) -> None:
    """Facts before `run` go nowhere: there are none."""
