"""A call made by the real reducer from the facts of a short dialogue."""

from __future__ import annotations

from dashboard.call import events as ev
from dashboard.call.events import Cause, ClosedBy, Event, LinkState
from dashboard.call.reducer import step
from dashboard.call.state import CallState

T0 = 1000.0
ID = "call-1"


def fold(*facts: Event, call: CallState | None = None) -> CallState:
    """Fold facts into `call`, or into one that is up since T0."""
    call = up() if call is None else call
    for fact in facts:
        call = step(call, fact)
    return call


def up(call_id: str = ID) -> CallState:
    call = CallState(call_id)
    for fact in (
        ev.CallStarted(call_id, T0, 1_900_000_000.0, "wss://bot.example", "appfoundry"),
        ev.LinkChanged(call_id, T0, LinkState.CONNECTING, Cause.PROGRESS),
        ev.ConnectionOpened(call_id, T0, "wss://bot.example", "kernel", 0.1),
        ev.LinkChanged(call_id, T0, LinkState.OPEN, Cause.PROGRESS),
        ev.SessionStarted(call_id, T0, "s-9001", "c-1"),
    ):
        call = step(call, fact)
    return call


def dropped(at: float, cause: Cause = Cause.ABNORMAL_CLOSURE, code: int = 1006, reason: str = "") -> tuple[Event, ...]:
    """The connection is lost half a second after its last message."""
    return (
        ev.ConnectionLost(ID, at, cause, code, reason, ClosedBy.NETWORK, at - 0.5, f"closed with {code}"),
        ev.LinkChanged(ID, at, LinkState.WAITING, cause, "", 1, 10, at + 1.0),
    )


def back(at: float, session: str = "s-9001") -> tuple[Event, ...]:
    """The connection is up again; the server gives it this session."""
    return (
        ev.LinkChanged(ID, at - 0.2, LinkState.CONNECTING, Cause.PROGRESS),
        ev.ConnectionOpened(ID, at - 0.1, "wss://bot.example", "kernel", 0.1),
        ev.ResumeRequested(ID, at - 0.1, "s-9001"),
        ev.SessionStarted(ID, at, session, "c-1"),
    )
