"""Calls between two others, as a tap sees them: which connection is of which call, and each call's facts in one order.

A connection is of a call of its own, unless both have named it as one that was lost within the last minute. While a
call waits for such a one, what a new connection brings is held back until it is known which it is; that takes as long
as the two need to name it, and a second at most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from dashboard.call.events import Cause, ClosedBy, ConnectionLost, Event, Marked, PingMeasured
from dashboard.call.ports import Emit, Hear
from dashboard.clock import Behind
from dashboard.dialects.base import Item
from dashboard.dialects.overheard import Overhearing
from dashboard.resilience.retry import close_cause
from dashboard.wiretext import clean
from dashboard.worker.accepted import AcceptedCall, CallOptions, Opening, Register

MOST_WAITING = 200
"""Calls that wait for their next connection; of more than that, the one that has waited longest is given up."""
HOLD_S = 1.0
"""How long it may stay open which call a connection belongs to."""
_NOTE_LIMIT = 200
_REASON_LIMIT = 123  # bytes of a close reason, RFC 6455, 5.5
_NOBODY_CLOSED = 1006
MakeReader = Callable[[str], Overhearing]
"""Makes a reader of a connection whose facts bear the id of a call."""

_WHO = {ClosedBy.PEER: "the upstream", ClosedBy.CLIENT: "the client"}


class Ending(Protocol):
    """How a connection ended: the close frame that came first and whose it was, or else the words for what the network
    did."""

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


class OverheardCall(AcceptedCall):
    """One call."""

    def __init__(self, call_id: str, dialect: str, options: CallOptions, emit: Emit, clock: Behind) -> None:
        super().__init__(call_id, dialect, options, emit, clock)
        self._tells = emit
        self._told_until: float | None = None
        self._opening: Opening | None = None
        self._reader: Overhearing | None = None
        self._decode: Callable[..., list[Item]] | None = None

    def begin(self, opening: Opening, reader: Overhearing, told_until: float | None = None) -> None:
        """Go on with a connection. told_until: it is of the past, and all has been told that was until then."""
        if opening.resumed and self.rejoin_by is not None and self._told_until is None:
            opening = replace(opening, resumed=False)  # we have just told that the one before it was lost
        self._told_until, self._reader, self._opening = told_until, reader, opening
        self._emit = self._tells if told_until is None else _nowhere
        self._connected(opening)
        self._started = told_until is None

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called by now."""
        return () if self._reader is None else self._reader.names

    def client(self, data: bytes, *, text: bool, at: float, late: bool) -> None:
        """Take a message of whoever dialled."""
        assert self._reader is not None
        self._decode = self._reader.client
        self._offer(data, text, at, late)

    def upstream(self, data: bytes, *, text: bool, at: float, late: bool) -> None:
        """Take a message of whoever was dialled."""
        assert self._reader is not None
        self._decode = self._reader.upstream
        self._offer(data, text, at, late)

    def receive(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        assert self._decode is not None
        return self._decode(data, text=text, at=at)

    def recall(self, data: bytes, *, text: bool, at: float, by_client: bool) -> None:
        """Read a message again that has been told of, for what it has settled."""
        assert self._reader is not None
        (self._reader.client if by_client else self._reader.upstream)(data, text=text, at=at)

    def skipped(self) -> None:
        """What comes next is not what followed on what came before."""
        assert self._reader is not None
        self._reader.skipped()

    def mark(self, note: str) -> None:
        """The operator said: here."""
        self.report(Marked(self.call_id, self._clock.monotonic(), clean(note, _NOTE_LIMIT)))

    def tick(self, at: float, late_s: float, lags: tuple[float, ...]) -> None:
        """Let time pass, four times a second; how late the relay's timer and loop were."""
        if self._told_until is not None and self.rejoin_by is not None:
            if self.rejoin_by <= self._told_until:
                self.over = True  # and that has been told as well
                return
            assert self._opening is not None
            self._told_until, self._emit = None, self._tells
            self._start(self._opening)
        self._passed(at, late_s, lags)
        if self.rejoin_by is not None and at >= self.rejoin_by:
            self.give_up(at, "lost, and no other connection came")

    def hung_up(self, ending: Ending) -> None:
        """Its connection has ended, and the call with it, unless another one may come."""
        assert self._reader is not None
        self._intake.flush()
        at, closed = ending.at, self._reader.closed
        code, reason = ending.code, clean(ending.reason, _REASON_LIMIT)
        by = _WHO.get(ending.closed_by, "")
        how = f"closed by {by} with {code}{f': {reason}' if reason else ''}" if by else ending.words
        if self._reader.is_over(code if by else _NOBODY_CLOSED):
            self._close(at, Cause.SESSION_ENDED, how, f"closed: {closed}" if closed is not None else how)
        elif ending.closed_by is ClosedBy.US:
            self._close(at, Cause.STOPPED, how, how)
        else:
            cause, last_at = close_cause(code, ending.closed_by), self._last_heard_at()
            self._lost(ConnectionLost(self.call_id, at, cause, code, reason, ending.closed_by, last_at, how))
            if self._reader.names:
                self._await_next(at, cause, "waits for the next connection of this call")
            else:
                self._close(at, cause, how, how)

    def _offer(self, data: bytes, text: bool, at: float, late: bool) -> None:
        self._intake.offer(data, text, at, late)
        self._intake.work()  # by the clock of whoever has seen it, nothing has to wait here


class OverheardConnection:
    """One connection. What there is to tell of it is told to its call, once that is known."""

    def __init__(
        self,
        calls: OverheardCalls,
        call_id: str,
        opening: Opening,
        make_reader: MakeReader,
        told_until: float | None,
    ) -> None:
        self.call_id = call_id
        self._calls = calls
        self._call: OverheardCall | None = None
        self._opening = opening
        self._make_reader = make_reader
        self._told_until = told_until
        self._scout = make_reader(call_id)
        self._at = opening.opened_at
        self._held: list[tuple[float, Callable[[OverheardCall], object]]] = []

    def client(self, data: bytes, *, text: bool, at: float, late: bool) -> None:
        """Take a message of whoever dialled."""
        self._at = at
        if self._call is None:
            self._scout.client(data, text=text, at=at)
        self._do(lambda call: call.client(data, text=text, at=at, late=late))
        self._see_names(text=text)

    def upstream(self, data: bytes, *, text: bool, at: float, late: bool) -> None:
        """Take a message of whoever was dialled."""
        self._at = at
        if self._call is None:
            self._scout.upstream(data, text=text, at=at)
        self._do(lambda call: call.upstream(data, text=text, at=at, late=late))
        self._see_names(text=text)

    def recall(self, data: bytes, *, text: bool, at: float, by_client: bool) -> None:
        """Read a message again that has been told of, for what it has settled."""
        if self._call is None:
            (self._scout.client if by_client else self._scout.upstream)(data, text=text, at=at)
        self._do(lambda call: call.recall(data, text=text, at=at, by_client=by_client))

    def skipped(self) -> None:
        """What comes next is not what followed on what came before."""
        self._do(OverheardCall.skipped)

    def pinged(self, at: float, rtt_s: float) -> None:
        """The upstream has answered a ping of the client's."""
        self.report(PingMeasured(self.call_id, at, rtt_s))

    def report(self, fact: Event) -> None:
        """Tell a fact; what was received before it is told first."""
        self._do(
            lambda call: call.report(fact if fact.call_id == call.call_id else replace(fact, call_id=call.call_id))
        )

    def ended(self, ending: Ending) -> None:
        """The connection has ended."""
        self._at = max(self._at, ending.at)
        self.begin()
        self._do(lambda call: call.hung_up(ending))
        self._calls.left(self)

    def tick(self, at: float) -> None:
        """Time passes."""
        if self._call is None and (self._opening.resumed or at - self._opening.opened_at >= HOLD_S):
            self._at = at
            self.begin()

    def begin(self) -> None:
        """Tell a call what was held back: the one that waits for this connection, or one of its own."""
        if self._call is not None:
            return
        self._call = call = self._calls.call_of(self._scout, self._opening, self.call_id)
        self.call_id = call.call_id
        call.begin(self._opening, self._make_reader(call.call_id), self._told_until)
        self._calls.enter(call)
        held, self._held = self._held, []
        if held:
            for at, what in held:
                self._calls.clock.read(at)
                what(call)
            self._calls.clock.read(self._at)
            self._calls.enter(call)

    def _do(self, what: Callable[[OverheardCall], object]) -> None:
        if self._call is None:
            self._held.append((self._at, what))
        else:
            what(self._call)

    def _see_names(self, *, text: bool) -> None:
        """See whether what was said settles which call this is of, or gives it another name."""
        if self._call is None:
            if self._opening.resumed or self._scout.has_named or self._calls.waits_for(self._scout, self._opening):
                self.begin()
        elif text:
            self._calls.enter(self._call)


class OverheardCalls:
    """All of them, up or waiting for their next connection. Time comes by `tick`."""

    def __init__(self, options: CallOptions, emit: Emit, clock: Behind, hear: Hear | None = None) -> None:
        self.clock = clock
        self._options = options
        self._emit = emit
        self._hear = hear
        self._calls: Register[OverheardCall] = Register()
        self._connections: dict[OverheardConnection, None] = {}

    def connection(
        self, call_id: str, opening: Opening, make_reader: MakeReader, told_until: float | None = None
    ) -> OverheardConnection:
        """Return a new connection.

        call_id: of its call, if it is of one of its own. told_until: it is of the past, and another observer has told
        of it, and of all else until then.
        """
        one = OverheardConnection(self, call_id, opening, make_reader, told_until)
        self._connections[one] = None
        if not (self._calls.any_waits or opening.resumed):
            one.begin()
        return one

    def tick(self, at: float, late_s: float, lags: tuple[float, ...]) -> None:
        """Let time pass, four times a second."""
        for one in list(self._connections):
            one.tick(at)
        for call in self._calls:
            call.tick(at, late_s, lags)
            if call.over:
                self._calls.forget(call)

    def close(self, at: float) -> None:
        """The relay is gone: nothing more will come."""
        for call in self._calls:
            call.give_up(at, "the tap was stopped")

    def mark(self, call_id: str, note: str) -> None:
        """The operator said of a call: here."""
        for call in self._calls:
            if call.call_id == call_id:
                call.mark(note)

    # -- for the connections ------------------------------------------------------------------------------

    def waits_for(self, reader: Overhearing, opening: Opening) -> bool:
        """Tell whether a connection is one that a call waits for."""
        return self._calls.waiting(reader.names, opening.opened_at) is not None

    def call_of(self, reader: Overhearing, opening: Opening, call_id: str) -> OverheardCall:
        """Return the call that a connection is of: one that waits for it, or a new one."""
        call = self._calls.waiting(reader.names, opening.opened_at)
        if call is None:
            call = OverheardCall(call_id, reader.dialect, self._options, self._emit, self.clock)
            if self._hear is not None:
                call.overhear(self._hear)
        return call

    def enter(self, call: OverheardCall) -> None:
        """Note what a call is called by now."""
        self._calls.enter(call, call.names)

    def left(self, one: OverheardConnection) -> None:
        """A connection has ended."""
        self._connections.pop(one, None)
        waiting = [(call.rejoin_by, at, call) for at, call in enumerate(self._calls) if call.rejoin_by is not None]
        if len(waiting) > MOST_WAITING:
            min(waiting)[2].give_up(self.clock.monotonic(), "lost, and too many others wait for a connection")
        for call in self._calls:
            if call.over:
                self._calls.forget(call)


def _nowhere(fact: Event) -> None:
    """Somebody else has told it."""
