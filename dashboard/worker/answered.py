"""A call that came in and that we answer: its AudioHook sessions one after the other.

A session may be lost and another one come for the same participant of the same conversation: that is the same call.
Only the end that the protocol has ends a call at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from dashboard.call.events import Cause, ClosedBy, ConnectionLost
from dashboard.call.ports import Emit, Hear
from dashboard.clock import Clock
from dashboard.dialects.audiohook_server import HookServer
from dashboard.dialects.base import AudioFrame, Item
from dashboard.resilience.retry import close_cause
from dashboard.transport.tapped import Arrival, Closed
from dashboard.worker.accepted import AcceptedCall, CallOptions, Opening
from dashboard.worker.ticking import LoopLags


class AnsweredCall(AcceptedCall):
    """One call."""

    def __init__(
        self, call_id: str, options: CallOptions, emit: Emit, clock: Clock, *, hear: Hear | None = None
    ) -> None:
        """`hear` gets the sound itself."""
        super().__init__(call_id, "audiohook", options, emit, clock)
        self._machine: HookServer | None = None
        self._lags = LoopLags()
        if hear is not None:
            self.overhear(hear)
        self._consumer = asyncio.create_task(self._intake.run())

    def begin(self, machine: HookServer, opening: Opening, facts: Sequence[Item]) -> None:
        """Go on with a session that has just been opened; `facts`: what was found on its connection until now."""
        self._machine = machine
        machine.session.call_id = self.call_id
        self._connected(opening)
        self._opened_at = max((fact.at for fact in facts), default=opening.opened_at)
        for fact in facts:
            if not isinstance(fact, AudioFrame):
                self._emit(replace(fact, call_id=self.call_id))

    def offer(self, arrival: Arrival) -> None:
        """Take a message of the session."""
        self._intake.offer(*arrival)

    def receive(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        assert self._machine is not None
        return self._machine.receive(data, text=text, at=at)

    def tick(self, lag_s: float) -> None:
        """Let time pass, four times a second; `lag_s`: how late that is."""
        self._passed(self._clock.monotonic(), lag_s, self._lags.fresh())

    def hung_up(self, machine: HookServer, end: Closed, *, stopping: bool) -> None:
        """The connection of the session has ended."""
        now, session = self._clock.monotonic(), machine.session
        if session.is_over:
            self._close(now, Cause.SESSION_ENDED, session.close_reason, f"closed: {session.close_reason}")
            return
        cause = close_cause(end.code, end.closed_by)
        if machine.hang_up is not None and end.closed_by is ClosedBy.US:
            cause = machine.hang_up.cause
        last_at = self._last_heard_at()
        self._lost(ConnectionLost(self.call_id, now, cause, end.code, end.reason, end.closed_by, last_at, end.detail))
        if stopping:
            self._close(now, Cause.STOPPED, "", "stopped")
        else:
            self._await_next(now, cause, "waits for the participant's next session")

    def _close(self, at: float, cause: Cause, detail: str, reason: str) -> None:
        self._consumer.cancel()
        super()._close(at, cause, detail, reason)
