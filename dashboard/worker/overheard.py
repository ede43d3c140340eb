"""A call between two others, as a tap sees it: the messages of both sides, and its facts in one order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

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
    PingMeasured,
    Ticked,
)
from dashboard.call.ports import Emit, Hear
from dashboard.clock import Clock
from dashboard.dialects.base import Item
from dashboard.dialects.overheard import Overhearing
from dashboard.resilience.retry import close_cause
from dashboard.wiretext import clean
from dashboard.worker.answered import CallOptions
from dashboard.worker.intake import Intake

_MEASURE_EVERY = 4  # ticks
_NOTE_LIMIT = 200
_REASON_LIMIT = 123  # bytes of a close reason, RFC 6455, 5.5
_PROPER = (1000, 1001, 1005)
"""Close codes by which a call is over and not cut off."""
_WHO = {ClosedBy.PEER: "the upstream", ClosedBy.CLIENT: "the client"}


@dataclass(frozen=True, slots=True)
class Upgrade:
    """How a relayed connection began; monotonic seconds, `wall` is Unix time at `asked_at`.

    endpoint: where the upstream is, without a query. resumed: it has been up for a while, what was said is not known.
    """

    asked_at: float
    opened_at: float
    wall: float
    endpoint: str
    clock: str
    resumed: bool = False


class Ending(Protocol):
    """How it ended: the close frame that came first and whose it was, or else the words for what the network did."""

    @property
    def at(self) -> float: ...
    @property
    def code(self) -> int: ...
    @property
    def reason(self) -> str: ...
    @property
    def closed_by(self) -> ClosedBy: ...
    @property
    def words(self) -> str: ...


class OverheardCall:
    """One call, from an upgrade to its end. `over` after its last fact."""

    def __init__(
        self,
        call_id: str,
        options: CallOptions,
        upgrade: Upgrade,
        reader: Overhearing,
        emit: Emit,
        clock: Clock,
    ) -> None:
        self.call_id = call_id
        self.over = False
        self._reader = reader
        self._emit = emit
        self._clock = clock
        self._opened_at = upgrade.opened_at
        self._ticks = 0
        self._decode: Callable[..., list[Item]] = reader.upstream
        self._intake = Intake(
            self,
            emit=emit,
            clock=clock,
            audio_limit=options.audio_limit,
            control_limit=options.control_limit,
            policy=options.drop_policy,
        )
        self._consumer = asyncio.get_running_loop().create_task(self._intake.run())
        self._begin(options, upgrade)

    def _begin(self, options: CallOptions, upgrade: Upgrade) -> None:
        at, opened_at = upgrade.asked_at, upgrade.opened_at
        self._emit(CallStarted(self.call_id, at, upgrade.wall, upgrade.endpoint, self._reader.dialect, options.targets))
        if upgrade.resumed:
            return
        took_s = opened_at - at
        self._emit(ConnectionOpened(self.call_id, opened_at, upgrade.endpoint, upgrade.clock, took_s))
        self._emit(LinkChanged(self.call_id, opened_at, LinkState.OPEN, Cause.PROGRESS))

    def overhear(self, hear: Hear) -> None:
        """Hand the sound itself to `hear` as well."""
        self._intake.overhear(hear)

    # -- what passes ------------------------------------------------------------------------------------

    def client(self, data: bytes, *, text: bool, at: float, late: bool) -> None:
        """Take a message of whoever dialled."""
        self._decode = self._reader.client
        self._intake.offer(data, text, at, late)

    def upstream(self, data: bytes, *, text: bool, at: float, late: bool) -> None:
        """Take a message of whoever was dialled."""
        self._decode = self._reader.upstream
        self._intake.offer(data, text, at, late)

    def receive(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        """Decode a message, for the intake."""
        return self._decode(data, text=text, at=at)

    def recall(self, data: bytes, *, text: bool, at: float, by_client: bool) -> None:
        """Read a message again that has been told of, for what it has settled."""
        (self._reader.client if by_client else self._reader.upstream)(data, text=text, at=at)

    def skipped(self) -> None:
        """What comes next is not what followed on what came before."""
        self._reader.skipped()

    def pinged(self, at: float, rtt_s: float) -> None:
        """The upstream has answered a ping of the client's."""
        self.report(PingMeasured(self.call_id, at, rtt_s))

    def mark(self, note: str) -> None:
        """The operator said: here."""
        self.report(Marked(self.call_id, self._clock.monotonic(), clean(note, _NOTE_LIMIT)))

    def report(self, fact: Event) -> None:
        """Tell a fact; what was received before it is told first."""
        self._intake.flush()
        self._emit(fact)

    def tick(self, at: float, late_s: float, lags: tuple[float, ...]) -> None:
        """Let time pass, four times a second; how late the relay's timer and loop were."""
        self._ticks += 1
        self.report(Ticked(self.call_id, at, late_s, lags))
        if self._ticks % _MEASURE_EVERY == 0:
            for fact in self._intake.measured():
                self._emit(fact)

    def ended(self, ending: Ending) -> None:
        """The connection has ended, and the call with it."""
        self._intake.flush()
        at, closed = ending.at, self._reader.closed
        code, reason = ending.code, clean(ending.reason, _REASON_LIMIT)
        by = _WHO.get(ending.closed_by, "")
        how = f"closed by {by} with {code}{f': {reason}' if reason else ''}" if by else ending.words
        if closed is not None or (code in _PROPER and by):
            cause = Cause.SESSION_ENDED
        elif ending.closed_by is ClosedBy.US:
            cause = Cause.STOPPED
        else:
            cause = close_cause(code, ending.closed_by)
            last_at = self._intake.last_inbound_at or self._opened_at
            self._emit(ConnectionLost(self.call_id, at, cause, code, reason, ending.closed_by, last_at, how))
        self._emit(LinkChanged(self.call_id, at, LinkState.CLOSED, cause, how))
        self._emit(CallEnded(self.call_id, at, f"closed: {closed}" if closed is not None else how))
        self._consumer.cancel()
        self.over = True
