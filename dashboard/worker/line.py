"""One call: the link's decisions carried out, the socket's frames handed to the intake, all of it as facts.

One task owns the link. Whatever happens elsewhere (a step's answer, the end of a socket, a command, a deadline) comes
to it through its inbox, as an input of the machine; nobody else opens or closes a socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Any

from dashboard.call.events import (
    CallEnded,
    CallStarted,
    ConnectionOpened,
    Event,
    LinkState,
    Marked,
    PingMeasured,
    SessionStarted,
)
from dashboard.call.ports import Command, Emit, Hear, Interrupt, Mark, Press, Reconnect, Save, Say, Stop
from dashboard.clock import Clock
from dashboard.dialects.base import Caller, HangUp, Talker
from dashboard.resilience.link import Link, Outcome
from dashboard.resilience.orders import (
    Authorize,
    CancelStep,
    CloseSocket,
    Dial,
    Finish,
    Order,
    Renew,
    Resolve,
    SendResume,
)
from dashboard.resilience.outbox import Outbox
from dashboard.resilience.policy import LinkPolicy
from dashboard.resilience.retry import Failure, LinkError
from dashboard.transport.tapped import Arrival
from dashboard.wiretext import clean
from dashboard.worker.enquirer import Enquirer
from dashboard.worker.intake import Intake
from dashboard.worker.network import Network, Wire
from dashboard.worker.options import LineOptions
from dashboard.worker.steps import Input, Steps
from dashboard.worker.ticking import MEASURE_EVERY, ticks
from dashboard.worker.unasked import Unasked

_NOTE_LIMIT = 200


class Line:
    """A source: runs one call until it is stopped."""

    def __init__(
        self,
        options: LineOptions,
        policy: LinkPolicy,
        network: Network,
        codec: Caller,
        clock: Clock,
        enquirer: Enquirer | None = None,
    ) -> None:
        self._options = options
        self._network = network
        self._codec = codec
        self._clock = clock
        self._link = Link(policy, options.call_id)
        self._outbox = Outbox(options.call_id)
        self._inbox: asyncio.Queue[Input] = asyncio.Queue()
        self._emit: Emit = _nowhere
        self._intake = Intake(
            codec,
            emit=self._take_message,
            clock=clock,
            audio_limit=options.audio_limit,
            control_limit=options.control_limit,
            policy=options.drop_policy,
        )
        self._enquirer = enquirer
        self._why_ended = "stopped"
        self._steps = Steps(self._spawn, self._inbox.put_nowait, self._step_failed)
        self._socket: Wire | None = None
        self._spoke = False  # the peer, on this connection
        self._speak = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._unasked: Unasked | None = None
        if isinstance(codec, Talker):
            self._unasked = Unasked(codec, tell=self._tell, may_speak=self._speak.set, hang_up=self._hang_up)

    def command(self, command: Command) -> None:
        """Take a command, also before `run`; what comes of it is told by facts."""
        self._inbox.put_nowait(lambda: self._obey(command))

    def overhear(self, hear: Hear) -> None:
        """Hand the sound itself to `hear` as well."""
        self._intake.overhear(hear)

    async def run(self, emit: Emit) -> None:
        """Run the call; its last fact is `CallEnded`."""
        self._emit = emit
        options, now = self._options, self._now()
        emit(CallStarted(options.call_id, now, self._clock.wall(), options.endpoint, options.dialect, options.targets))
        for work in self._work():
            self._spawn(work)
        try:
            await self._follow_link()
        finally:
            self._intake.flush()
            await self._let_go()
        for fact in self._outbox.close(self._now()):
            emit(fact)
        emit(CallEnded(options.call_id, self._now(), self._why_ended))

    def _work(self) -> list[Coroutine[Any, Any, None]]:
        """Return what goes on beside the link, as long as the call."""
        work = [self._intake.run(), self._tick(), self._say_held()]
        if self._unasked is not None:
            work.append(self._unasked.run(self._send_on))
        if self._enquirer is not None:
            work.append(self._enquirer.run(self._report))
        return work

    # -- the task that owns the link ------------------------------------------------------------------

    async def _follow_link(self) -> None:
        outcomes: Sequence[Outcome] = self._link.start(self._now())
        while True:
            for outcome in outcomes:
                if isinstance(outcome, Event):
                    self._report(outcome)
                else:
                    self._carry_out(outcome)
            if self._link.finished:
                return
            outcomes = await self._next_input()

    async def _next_input(self) -> Sequence[Outcome]:
        deadlines = (self._link.next_deadline(), self._outbox.next_deadline())
        due = min((at for at in deadlines if at is not None), default=None)
        try:
            async with asyncio.timeout(None if due is None else max(0.0, due - self._now())):
                take = await self._inbox.get()
        except TimeoutError:
            now = self._now()
            return [*self._outbox.expire(now), *self._link.tick(now)]
        return take()

    def _obey(self, command: Command) -> Sequence[Outcome]:
        now = self._now()
        match command:
            case Reconnect():
                return self._link.reconnect(now)
            case Stop():
                return self._link.stop(now)
            case Mark(note=note):
                return [Marked(self._options.call_id, now, clean(note, _NOTE_LIMIT))]
            case Save() | Press() | Interrupt():  # recordings are not the line's business, nor has it a telephone
                return ()
            case Say(text=text):
                self._speak.set()
                return self._outbox.hold(text, now)

    def _report(self, fact: Event) -> None:
        """Tell a fact of our own; what was received before it is told first."""
        self._intake.flush()
        if isinstance(fact, ConnectionOpened):
            self._intake.reanchor()
        self._emit(fact)

    def _carry_out(self, order: Order) -> None:
        match order:
            case Authorize(rejected):
                self._steps.begin(
                    lambda: self._network.token(rejected), lambda token: self._link.token_obtained(self._now(), token)
                )
            case Renew():
                self._steps.begin(
                    self._network.renewed_token, lambda token: self._link.token_obtained(self._now(), token)
                )
            case Resolve(token):
                self._steps.begin(
                    lambda: self._network.resolve(token), lambda url: self._link.resolved(self._now(), url)
                )
            case Dial(url, token):
                self._steps.begin(lambda: self._network.dial(url, token), self._opened, unwanted=self._drop)
            case CancelStep():
                self._steps.cancel()
            case CloseSocket(code, reason):
                self._close(code, reason)
            case SendResume(session_id):
                message = self._codec.reconnect(session_id, self._clock.wall())
                if message is not None:
                    self._spawn(self._send(message))
            case Finish():
                self._steps.cancel()

    def _step_failed(self, failure: Failure) -> Sequence[Outcome]:
        return self._link.step_failed(self._now(), failure)

    # -- the socket ---------------------------------------------------------------------------------------

    def _opened(self, socket: Wire) -> Sequence[Outcome]:
        self._socket, self._spoke = socket, False
        if self._unasked is not None:
            self._unasked.talker.opened(self._now())
        self._spawn(self._watch(socket))
        # The facts of the opening are told before this turn ends, the first message after them.
        asyncio.get_running_loop().call_soon(self._deliver, socket)
        return self._link.opened(self._now(), socket.endpoint, socket.clock)

    def _deliver(self, socket: Wire) -> None:
        socket.deliver_to(partial(self._arrived, socket), self._pinged)

    def _arrived(self, socket: Wire, arrival: Arrival) -> None:
        if socket is not self._socket:
            return  # a straggler of a connection that we have left
        self._link.message_seen(arrival.at)
        self._intake.offer(arrival.data, arrival.text, arrival.at, arrival.late)
        if not self._spoke:
            self._spoke = True
            self._speak.set()
        if self._unasked is not None:
            self._unasked.go_on(socket, self._now())

    def _pinged(self, at: float, rtt_s: float) -> None:
        self._emit(PingMeasured(self._options.call_id, at, rtt_s))

    async def _watch(self, socket: Wire) -> None:
        end = await socket.closed()

        def ended() -> Sequence[Outcome]:
            if socket is not self._socket:
                return ()
            self._socket = None
            return self._link.closed(self._now(), end.code, end.reason, end.closed_by, end.detail)

        self._inbox.put_nowait(ended)

    def _close(self, code: int, reason: str) -> None:
        socket = self._socket
        if socket is None:
            return
        if code != 1000:  # the link has moved on
            self._socket = None
        self._spawn(socket.close(code, reason))

    def _hang_up(self, socket: Wire, why: HangUp) -> None:
        """Leave a connection that the dialect says is of no use."""

        def refused() -> Sequence[Outcome]:
            failure = Failure(why.cause, why.detail)
            return self._link.refused(self._now(), failure, final=why.final) if socket is self._socket else ()

        self._inbox.put_nowait(refused)

    def _drop(self, socket: Wire) -> None:
        self._spawn(socket.close(1001, "not needed"))

    async def _send(self, message: str) -> bool:
        return self._socket is not None and await self._send_on(self._socket, message)

    async def _send_on(self, socket: Wire, message: str) -> bool:
        """Send; False when the socket has ended, which its watcher tells."""
        try:
            await socket.send(message)
        except LinkError:
            return False
        return True

    # -- messages and utterances ----------------------------------------------------------------------------

    def _tell(self, fact: Event) -> None:
        """Tell a fact of the dialect's own; what was received before it is told first."""
        self._intake.flush()
        self._take_message(fact)

    def _take_message(self, fact: Event) -> None:
        self._emit(fact)
        if isinstance(fact, SessionStarted):
            self._link.session_started(fact.session_id)
            self._speak.set()
            if self._enquirer is not None:
                self._enquirer.session_started(fact.conversation_id)

    async def _say_held(self) -> None:
        """Send what is held as soon as the session is known and the peer has spoken on this connection."""
        while True:
            await self._speak.wait()
            self._speak.clear()
            while self._link.state is LinkState.OPEN and self._may_speak() and (session := self._link.session_id):
                utterance = self._outbox.take(self._now())
                if utterance is None:
                    break
                sent = await self._send(self._codec.utterance(utterance.text, session, self._clock.wall()))
                now = self._now()
                if self._unasked is not None:
                    self._unasked.talker.said(now)
                why = "the connection ended while it was sent"
                self._report(self._outbox.sent(utterance, now) if sent else self._outbox.lost(utterance, now, why))

    def _may_speak(self) -> bool:
        return self._spoke if self._unasked is None else self._unasked.talker.may_speak

    # -- time -------------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        """Let time pass for whoever folds the facts, and say how late our own timer and loop were."""
        count = 0
        async for tick in ticks(self._options.call_id, self._clock):
            count += 1
            self._report(tick)
            if self._unasked is not None and self._socket is not None:
                self._unasked.go_on(self._socket, tick.at)
            if count % MEASURE_EVERY == 0:
                for fact in self._intake.measured():
                    self._emit(fact)

    def _now(self) -> float:
        return self._clock.monotonic()

    # -- tasks --------------------------------------------------------------------------------------------------

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return

        def fail() -> Sequence[Outcome]:
            raise error

        self._inbox.put_nowait(fail)  # a bug: end the call's task rather than limp on without this one

    async def _let_go(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._network.aclose()


def _nowhere(fact: Event) -> None:
    """Facts before `run` go nowhere: there are none."""
