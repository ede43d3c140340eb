"""A call over connections that somebody else opens: one after the other, with its facts in one order.

A connection may be lost, and another one come for the same call: what lies between is an outage. Whether it is the same
call, the protocol says by what it names (`Register`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dashboard.call.events import (
    CallEnded,
    CallStarted,
    Cause,
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
from dashboard.dialects.base import Item
from dashboard.worker.intake import Intake, Policy
from dashboard.worker.ticking import MEASURE_EVERY


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What every call that comes in is to be judged and taken by.

    rejoin_s: how long a lost connection may take to be followed by another one of the same call.
    """

    targets: Targets = field(default_factory=Targets)
    rejoin_s: float = 60.0
    audio_limit: int = 100
    control_limit: int = 50
    drop_policy: Policy = "oldest"


@dataclass(frozen=True, slots=True)
class Opening:
    """A connection: when it was asked for and when it was there (monotonic); `wall` is Unix time at `knocked_at`.

    endpoint: where it was opened, without a query. resumed: it has been up for a while, and has been told of.
    """

    knocked_at: float
    opened_at: float
    wall: float
    endpoint: str
    clock: str
    resumed: bool = False


class AcceptedCall(ABC):
    """One call. `over` after its last fact."""

    def __init__(self, call_id: str, dialect: str, options: CallOptions, emit: Emit, clock: Clock) -> None:
        self.call_id = call_id
        self.over = False
        self.rejoin_by: float | None = None
        """Until when it waits for another connection; None while it has one, or is over."""
        self._dialect = dialect
        self._options = options
        self._emit = emit
        self._clock = clock
        self._started = False
        self._opened_at = 0.0
        self._ticks = 0
        self._intake = Intake(
            self,
            emit=lambda fact: self._emit(fact),
            clock=clock,
            audio_limit=options.audio_limit,
            control_limit=options.control_limit,
            policy=options.drop_policy,
        )

    @abstractmethod
    def receive(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        """Decode a message, for the intake."""

    def overhear(self, hear: Hear) -> None:
        """Hand the sound itself to `hear` as well."""
        self._intake.overhear(hear)

    def report(self, fact: Event) -> None:
        """Tell a fact; what was received before it is told first."""
        self._intake.flush()
        self._emit(fact)

    def give_up(self, at: float, reason: str) -> None:
        """No other connection is waited for any longer."""
        self._close(at, Cause.STOPPED, reason, reason)

    # -- for those who know the protocol ------------------------------------------------------------------

    def _connected(self, opening: Opening) -> None:
        """A connection is there: the first one, or the one that was waited for."""
        opened_at, took_s = opening.opened_at, opening.opened_at - opening.knocked_at
        self._opened_at, self.rejoin_by = opened_at, None
        self._start(opening)
        if opening.resumed:
            return
        self._intake.reanchor()
        self._emit(ConnectionOpened(self.call_id, opened_at, opening.endpoint, opening.clock, took_s))
        self._emit(LinkChanged(self.call_id, opened_at, LinkState.OPEN, Cause.PROGRESS))

    def _start(self, opening: Opening) -> None:
        """Tell the first fact, once."""
        if not self._started:
            self._started = True
            at, where, targets = opening.knocked_at, opening.endpoint, self._options.targets
            self._emit(CallStarted(self.call_id, at, opening.wall, where, self._dialect, targets))

    def _passed(self, at: float, late_s: float, lags: tuple[float, ...]) -> None:
        """Time has passed, a quarter of a second; `late_s`: how late that is told."""
        self._ticks += 1
        self.report(Ticked(self.call_id, at, late_s, lags))
        if self._ticks % MEASURE_EVERY == 0:
            for fact in self._intake.measured():
                self._emit(fact)

    def _lost(self, fact: ConnectionLost) -> None:
        self.report(fact)

    def _await_next(self, at: float, cause: Cause, detail: str) -> None:
        self.rejoin_by = at + self._options.rejoin_s
        self.report(LinkChanged(self.call_id, at, LinkState.WAITING, cause, detail, until=self.rejoin_by))

    def _close(self, at: float, cause: Cause, detail: str, reason: str) -> None:
        """Tell the last facts."""
        if self.over:
            return
        self.over, self.rejoin_by = True, None
        self.report(LinkChanged(self.call_id, at, LinkState.CLOSED, cause, detail))
        self._emit(CallEnded(self.call_id, at, reason))

    def _last_heard_at(self) -> float:
        """When the connection that is up brought its last message, or else was opened."""
        return self._intake.last_inbound_at or self._opened_at


C = TypeVar("C", bound=AcceptedCall)


class Register(Generic[C]):
    """The calls that are not over, and what their protocol calls them by."""

    def __init__(self) -> None:
        self._calls: dict[C, None] = {}
        self._named: dict[str, C] = {}

    def __iter__(self) -> Iterator[C]:
        return iter(list(self._calls))

    @property
    def any_waits(self) -> bool:
        """Whether a call waits for its next connection."""
        return any(call.rejoin_by is not None for call in self._calls)

    def waiting(self, names: Iterable[str], at: float) -> C | None:
        """Return the call of one of these names that waits for its next connection, opened at `at`."""
        for name in names:
            call = self._named.get(name)
            if call is not None and call.rejoin_by is not None and at <= call.rejoin_by:
                return call
        return None

    def enter(self, call: C, names: Iterable[str]) -> None:
        """Enter a call, or more names of one; a name that another one has already stays that one's."""
        self._calls[call] = None
        for name in names:
            self._named.setdefault(name, call)

    def forget(self, call: C) -> None:
        """Strike out a call that is over."""
        self._calls.pop(call, None)
        self._named = {name: one for name, one in self._named.items() if one is not call}
