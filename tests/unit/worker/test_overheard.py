"""A call between two others: its facts from the upgrade to the end."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dashboard.call import events as ev
from dashboard.call.events import Cause, ClosedBy, Event, LinkState
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from dashboard.call.verdict import judge
from dashboard.clock import ManualClock
from dashboard.dialects.base import AudioFormat
from dashboard.dialects.overheard import overhearing
from dashboard.worker.answered import CallOptions
from dashboard.worker.overheard import OverheardCall, Upgrade

STARTED = b'{"type":"sessionStart","sessionId":"s-1","conversationId":"c-1"}'


@dataclass(frozen=True)
class End:
    at: float
    code: int = 1006
    reason: str = ""
    closed_by: ClosedBy = ClosedBy.NETWORK
    words: str = ""


class Tapped:
    """A call, and its facts."""

    def __init__(self, *, resumed: bool = False) -> None:
        self.clock = ManualClock()
        self.facts: list[Event] = []
        now = self.clock.monotonic()
        upgrade = Upgrade(now - 0.2, now - 0.1, 1.9e9, "wss://bot.example.test/ws", "kernel", resumed)
        reader = overhearing("appfoundry", AudioFormat(), "c1", {})
        self.call = OverheardCall("c1", CallOptions(), upgrade, reader, self.facts.append, self.clock)

    @property
    def state(self) -> CallState:
        call = CallState("c1")
        for fact in self.facts:
            call = step(call, fact)
        return call


async def test_a_call_begins_with_its_upgrade() -> None:
    tapped = Tapped()
    started, opened, changed = tapped.facts
    assert isinstance(started, ev.CallStarted)
    assert (started.endpoint, started.dialect, started.wall) == ("wss://bot.example.test/ws", "appfoundry", 1.9e9)
    assert isinstance(opened, ev.ConnectionOpened)
    assert opened.clock == "kernel"
    assert opened.took_s == pytest.approx(0.1)
    assert isinstance(changed, ev.LinkChanged)
    assert changed.state is LinkState.OPEN


async def test_what_both_say_comes_in_its_order_and_sound_in_batches() -> None:
    tapped = Tapped()
    now = tapped.clock.monotonic()
    tapped.call.upstream(STARTED, text=True, at=now, late=False)
    tapped.call.upstream(b"\x00\x01" * 160, text=False, at=now + 0.01, late=True)
    tapped.call.client(b"\x00\x01" * 160, text=False, at=now + 0.02, late=False)
    tapped.call.tick(now + 0.25, 0.001, (0.0,))
    told = tapped.facts[3:]
    assert [type(fact) for fact in told] == [ev.SessionStarted, ev.AudioReceived, ev.AudioReceived, ev.Ticked]
    inbound, outbound = (fact for fact in told if isinstance(fact, ev.AudioReceived))
    assert (inbound.leg, inbound.late, outbound.leg, outbound.late) == ("inbound", (0,), "outbound", ())


@pytest.mark.parametrize(
    ("end", "cause", "outages", "reason"),
    [
        (End(0, 1000, "bye", ClosedBy.CLIENT), Cause.SESSION_ENDED, 0, "closed by the client with 1000: bye"),
        (End(0, 1001, "", ClosedBy.PEER), Cause.SESSION_ENDED, 0, "closed by the upstream with 1001"),
        (End(0, 1011, "oops", ClosedBy.PEER), Cause.SERVER_ERROR, 1, "closed by the upstream with 1011: oops"),
        (End(0, words="reset by the client"), Cause.ABNORMAL_CLOSURE, 1, "reset by the client"),
        (End(0, closed_by=ClosedBy.US, words="the tap was stopped"), Cause.STOPPED, 0, "the tap was stopped"),
    ],
)
async def test_how_it_ended_is_told_with_who_ended_it(end: End, cause: Cause, outages: int, reason: str) -> None:
    tapped = Tapped()
    now = tapped.clock.monotonic()
    tapped.call.upstream(STARTED, text=True, at=now, late=False)
    tapped.call.ended(End(now + 1, end.code, end.reason, end.closed_by, end.words))
    state = tapped.state
    assert (state.link.state, state.link.cause) == (LinkState.CLOSED, cause)
    assert state.link.outage_count == outages
    assert state.ended == reason
    assert tapped.call.over
    assert (judge(state).level == "healthy") is (outages == 0)


async def test_a_call_that_was_up_before_goes_on_without_a_new_connection() -> None:
    tapped = Tapped(resumed=True)
    assert [type(fact) for fact in tapped.facts] == [ev.CallStarted]
    before = len(tapped.facts)
    tapped.call.recall(STARTED, text=True, at=1000.0, by_client=False)
    assert len(tapped.facts) == before


async def test_a_mark_stands_where_the_observer_is() -> None:
    tapped = Tapped()
    tapped.call.mark("here")
    assert tapped.facts[-1] == ev.Marked("c1", tapped.clock.monotonic(), "here")
