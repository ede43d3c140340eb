"""A call that came in: its sessions one after the other, and its facts in one order.

A session may be lost and another one come for the same participant of the same conversation: that is the same call,
and what lies between is an outage. Only the end that the protocol has ends a call at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

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
    Targets,
    Ticked,
)
from dashboard.call.ports import Emit, Hear
from dashboard.clock import Clock
from dashboard.dialects.audiohook_server import HookServer
from dashboard.dialects.base import Item
from dashboard.resilience.retry import close_cause
from dashboard.transport.tapped import Arrival, Closed
from dashboard.transport.watched_loop import loop_watch
from dashboard.worker.intake import Intake, Policy

_MEASURE_EVERY = 4  # ticks


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What every call that comes in is to be judged and taken by.

    rejoin_s: how long a lost session may take to be followed by another one of the same participant.
    """

    targets: Targets = field(default_factory=Targets)
    rejoin_s: float = 60.0
    audio_limit: int = 100
    control_limit: int = 50
    drop_policy: Policy = "oldest"


@dataclass(frozen=True, slots=True)
class Opening:
    """A connection on which a session was opened: when it was asked for and when it was there (monotonic)."""

    knocked_at: float
    opened_at: float
    endpoint: str
    clock: str


class AnsweredCall:
    """One call. `done` is set after its last fact."""

    def __init__(
        self, call_id: str, options: CallOptions, emit: Emit, clock: Clock, *, hear: Hear | None = None
    ) -> None:
        """`hear` gets the sound itself."""
        self.call_id = call_id
        self.done = asyncio.Event()
        self.rejoin_by: float | None = None
        """Until when it waits for another session; None while it has one, or has ended."""
        self._options = options
        self._emit = emit
        self._clock = clock
        self._machine: HookServer | None = None
        self._opened_at = 0.0  # when the session was
        self._ticks = 0
        self._watch = loop_watch()
        self._sampled = self._watch.sampled if self._watch else 0
        self._intake = Intake(
            self,
            emit=emit,
            clock=clock,
            audio_limit=options.audio_limit,
            control_limit=options.control_limit,
            policy=options.drop_policy,
        )
        if hear is not None:
            self._intake.overhear(hear)
        self._consumer = asyncio.create_task(self._intake.run())

    def begin(self, machine: HookServer, opening: Opening, facts: Sequence[Event]) -> None:
        """Go on with a session that has just been opened; `facts`: what was found on its connection until now."""
        first = self._machine is None
        self._opened_at = max((fact.at for fact in facts), default=opening.opened_at)
        self._machine, self.rejoin_by = machine, None
        machine.session.call_id = self.call_id
        if first:
            wall = self._clock.wall() - (self._now() - opening.knocked_at)
            at, targets = opening.knocked_at, self._options.targets
            self._emit(CallStarted(self.call_id, at, wall, opening.endpoint, "audiohook", targets))
        took_s = opening.opened_at - opening.knocked_at
        self._intake.reanchor()
        self._emit(ConnectionOpened(self.call_id, opening.opened_at, opening.endpoint, opening.clock, took_s))
        self._emit(LinkChanged(self.call_id, opening.opened_at, LinkState.OPEN, Cause.PROGRESS))
        for fact in facts:
            self._emit(replace(fact, call_id=self.call_id))

    def offer(self, arrival: Arrival) -> None:
        """Take a message of the session."""
        self._intake.offer(*arrival)

    def receive(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        """Decode a message, for the intake."""
        assert self._machine is not None
        return self._machine.receive(data, text=text, at=at)

    def report(self, fact: Event) -> None:
        """Tell a fact; what was received before it is told first."""
        self._intake.flush()
        self._emit(fact)

    def tick(self, lag_s: float) -> None:
        """Let time pass, four times a second; `lag_s`: how late that is."""
        self._ticks += 1
        lags: tuple[float, ...] = ()
        if self._watch is not None:
            lags, self._sampled = self._watch.lags(self._sampled), self._watch.sampled
        self.report(Ticked(self.call_id, self._now(), lag_s, lags))
        if self._ticks % _MEASURE_EVERY == 0:
            for fact in self._intake.measured():
                self._emit(fact)

    def hung_up(self, machine: HookServer, end: Closed, *, stopping: bool) -> None:
        """The connection of the session has ended."""
        now, session = self._now(), machine.session
        goes_on = session.close_reason == "reconnect"
        if session.stage == "closed" and not goes_on:
            self._enter(LinkState.CLOSED, Cause.SESSION_ENDED, session.close_reason)
            self.finish(f"closed: {session.close_reason}")
            return
        cause = close_cause(end.code, end.closed_by)
        if machine.hang_up is not None and end.closed_by is ClosedBy.US:
            cause = machine.hang_up.cause
        last_at = self._intake.last_inbound_at or self._opened_at
        self.report(ConnectionLost(self.call_id, now, cause, end.code, end.reason, end.closed_by, last_at, end.detail))
        if stopping:
            self._enter(LinkState.CLOSED, Cause.STOPPED, "")
            self.finish("stopped")
            return
        self.rejoin_by = now + self._options.rejoin_s
        self._enter(LinkState.WAITING, cause, "waits for the participant's next session", until=self.rejoin_by)

    def finish(self, reason: str) -> None:
        """Tell the last fact."""
        if self.done.is_set():
            return
        self.rejoin_by = None
        self._consumer.cancel()
        self.report(CallEnded(self.call_id, self._now(), reason))
        self.done.set()

    def give_up(self, reason: str) -> None:
        """No other session is waited for any longer."""
        self._enter(LinkState.CLOSED, Cause.STOPPED, reason)
        self.finish(reason)

    def _enter(self, state: LinkState, cause: Cause, detail: str, until: float | None = None) -> None:
        self.report(LinkChanged(self.call_id, self._now(), state, cause, detail, until=until))

    def _now(self) -> float:
        return self._clock.monotonic()
