"""Calls between two others: which connection is of which, and their facts from the first upgrade to the end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from dashboard.call import events as ev
from dashboard.call.events import Cause, ClosedBy, Event, LinkState
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from dashboard.call.verdict import judge
from dashboard.clock import Behind, ManualClock
from dashboard.dialects.base import AudioFormat
from dashboard.dialects.overheard import Name, Overhearing, overhearing
from dashboard.worker.accepted import CallOptions, Opening
from dashboard.worker.overheard import MOST_WAITING, OverheardCalls, OverheardConnection

STARTED = b'{"type":"sessionStart","sessionId":"s-1","conversationId":"c-1"}'
RESUMES = b'{"type":"reconnect","sessionId":"s-1","timestamp":1}'
INTENT = b'{"type":"intent","intent":"TrackParcel"}'
AUDIO = b"\x00\x01" * 160


@dataclass(frozen=True)
class End:
    at: float
    code: int = 1006
    reason: str = ""
    closed_by: ClosedBy = ClosedBy.NETWORK
    words: str = "reset by the client"


class Tapped:
    """The calls, and their facts."""

    def __init__(self, name: Name = "appfoundry") -> None:
        self.clock = ManualClock()
        self.facts: list[Event] = []
        self.name = name
        self.calls = OverheardCalls(CallOptions(), self.facts.append, Behind(self.clock))

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    def connection(
        self, call_id: str = "c1", *, resumed: bool = False, told_until: float | None = None, at: float = 0.0
    ) -> OverheardConnection:
        def reader(call_id: str) -> Overhearing:
            return overhearing(self.name, AudioFormat(), call_id, {})

        now = at or self.now
        opening = Opening(now - 0.2, now - 0.1, 1.9e9, "wss://bot.example.test/ws", "kernel", resumed)
        return self.calls.connection(call_id, opening, reader, told_until)

    def client(self, one: OverheardConnection, data: bytes, *, text: bool = True) -> None:
        one.client(data, text=text, at=self.now, late=False)

    def upstream(self, one: OverheardConnection, data: bytes, *, text: bool = True) -> None:
        one.upstream(data, text=text, at=self.now, late=False)

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * 4)):
            self.clock.advance(0.25)
            self.calls.tick(self.now, 0.0, ())

    def end(self, one: OverheardConnection, code: int = 1006, by: ClosedBy = ClosedBy.NETWORK) -> None:
        one.ended(End(self.now, code, "", by))

    @property
    def states(self) -> dict[str, CallState]:
        found: dict[str, CallState] = {}
        for fact in self.facts:
            found[fact.call_id] = step(found.get(fact.call_id) or CallState(fact.call_id), fact)
        return found

    @property
    def state(self) -> CallState:
        (found,) = self.states.values()
        return found


def established(tapped: Tapped) -> OverheardConnection:
    one = tapped.connection()
    tapped.upstream(one, STARTED)
    tapped.wait(2.0)
    tapped.upstream(one, AUDIO, text=False)
    return one


# -- one connection -----------------------------------------------------------------------------------------


def test_a_call_begins_with_its_upgrade() -> None:
    tapped = Tapped()
    tapped.connection()
    started, opened, changed = tapped.facts
    assert isinstance(started, ev.CallStarted)
    assert (started.endpoint, started.dialect, started.wall) == ("wss://bot.example.test/ws", "appfoundry", 1.9e9)
    assert isinstance(opened, ev.ConnectionOpened)
    assert opened.clock == "kernel"
    assert opened.took_s == pytest.approx(0.1)
    assert isinstance(changed, ev.LinkChanged)
    assert changed.state is LinkState.OPEN


def test_what_both_say_comes_in_its_order_and_sound_in_batches() -> None:
    tapped = Tapped()
    one, now = tapped.connection(), tapped.now
    one.upstream(STARTED, text=True, at=now, late=False)
    one.upstream(AUDIO, text=False, at=now + 0.01, late=True)
    one.client(AUDIO, text=False, at=now + 0.02, late=False)
    tapped.wait(0.25)
    told = tapped.facts[3:]
    assert [type(fact) for fact in told] == [ev.SessionStarted, ev.AudioReceived, ev.AudioReceived, ev.Ticked]
    inbound, outbound = (fact for fact in told if isinstance(fact, ev.AudioReceived))
    assert (inbound.leg, inbound.late, outbound.leg, outbound.late) == ("inbound", (0,), "outbound", ())


@pytest.mark.parametrize(
    ("end", "cause", "outages", "reason"),
    [
        (End(0, 1000, "bye", ClosedBy.CLIENT), Cause.SESSION_ENDED, 0, "closed by the client with 1000: bye"),
        (End(0, 1000, "", ClosedBy.PEER), Cause.SESSION_ENDED, 0, "closed by the upstream with 1000"),
        (End(0, closed_by=ClosedBy.US, words="the tap was stopped"), Cause.STOPPED, 0, "the tap was stopped"),
    ],
)
def test_how_it_ended_is_told_with_who_ended_it(end: End, cause: Cause, outages: int, reason: str) -> None:
    tapped = Tapped()
    one = established(tapped)
    one.ended(End(tapped.now, end.code, end.reason, end.closed_by, end.words))
    state = tapped.state
    assert (state.link.state, state.link.cause) == (LinkState.CLOSED, cause)
    assert (state.link.outage_count, state.ended) == (outages, reason)
    assert judge(state).level == "healthy"


@pytest.mark.parametrize(
    ("end", "cause"),
    [
        (End(0, 1001, "", ClosedBy.PEER), Cause.GOING_AWAY),
        (End(0, 1011, "oops", ClosedBy.PEER), Cause.SERVER_ERROR),
        (End(0), Cause.ABNORMAL_CLOSURE),
    ],
)
def test_a_call_whose_session_has_a_name_waits_for_its_next_connection_and_then_is_over(end: End, cause: Cause) -> None:
    tapped = Tapped()
    one = established(tapped)
    one.ended(End(tapped.now, end.code, end.reason, end.closed_by))
    waiting = tapped.state
    assert (waiting.link.state, waiting.link.cause, waiting.ended) == (LinkState.WAITING, cause, None)
    tapped.wait(61.0)
    state = tapped.state
    assert (state.link.state, state.link.outage_count) == (LinkState.CLOSED, 1)
    assert state.ended == "lost, and no other connection came"
    assert judge(state).level != "healthy"
    told = len(tapped.facts)
    tapped.wait(1.0)
    assert len(tapped.facts) == told


def test_a_connection_that_nobody_has_named_is_over_with_its_end() -> None:
    tapped = Tapped()
    one = tapped.connection()
    tapped.upstream(one, AUDIO, text=False)
    tapped.end(one)
    assert (tapped.state.ended, tapped.state.link.outage_count) == ("reset by the client", 1)


def test_a_mark_stands_where_the_observer_is() -> None:
    tapped = Tapped()
    tapped.connection()
    tapped.calls.mark("c1", "here")
    tapped.calls.mark("another", "not here")
    assert tapped.facts[-1] == ev.Marked("c1", tapped.now, "here")


# -- connections of one call --------------------------------------------------------------------------------


def test_a_client_that_resumes_its_session_goes_on_with_its_call() -> None:
    tapped = Tapped()
    tapped.end(established(tapped))
    tapped.wait(3.0)
    again = tapped.connection("c2")
    tapped.client(again, RESUMES)
    assert again.call_id == "c1"
    tapped.wait(0.5)
    tapped.upstream(again, AUDIO, text=False)
    tapped.wait(0.5)
    tapped.end(again, 1000, ClosedBy.CLIENT)
    state = tapped.state
    (outage,) = state.link.outages
    assert (outage.cause, outage.closed_by, outage.detail) == (
        Cause.ABNORMAL_CLOSURE, ClosedBy.NETWORK, "reset by the client"
    )  # fmt: skip
    assert outage.down_s(state.now) == pytest.approx(3.5)
    assert outage.resumed is True
    assert (state.link.connections, state.sessions, state.ended) == (2, 1, "closed by the client with 1000")


def test_a_session_that_could_not_be_resumed_is_another_one_of_the_same_call() -> None:
    tapped = Tapped()
    tapped.end(established(tapped))
    tapped.wait(1.0)
    again = tapped.connection("c2")
    tapped.upstream(again, STARTED.replace(b"s-1", b"s-2").replace(b"c-1", b"c-2"))  # a server that greets at once
    tapped.upstream(again, AUDIO, text=False)
    assert again.call_id == "c2"
    tapped.client(again, RESUMES)
    state = tapped.state
    assert again.call_id == "c1"
    assert (state.sessions, state.session_id, state.link.outages[0].resumed) == (2, "s-2", False)
    tapped.end(again)
    third = tapped.connection("c3")
    tapped.client(third, RESUMES.replace(b"s-1", b"s-2"))
    assert third.call_id == "c1"


@pytest.mark.parametrize("started", [STARTED, STARTED.replace(b"s-1", b"s-9"), STARTED.replace(b"c-1", b"c-9")])
def test_a_server_that_begins_the_same_session_or_conversation_says_so_as_well(started: bytes) -> None:
    tapped = Tapped()
    tapped.end(established(tapped))
    again = tapped.connection("c2")
    tapped.client(again, AUDIO, text=False)
    tapped.upstream(again, started)
    assert again.call_id == "c1"
    assert tapped.state.link.connections == 2


def test_what_is_held_back_until_the_call_is_known_is_told_as_it_came_and_has_waited_for_nobody() -> None:
    tapped = Tapped()
    tapped.end(established(tapped))
    tapped.wait(0.25)
    again = tapped.connection("c2")
    began = tapped.now
    for _ in range(20):
        tapped.upstream(again, AUDIO, text=False)
        tapped.clock.advance(0.02)
    again.report(ev.Marked("c2", tapped.now, "in between"))
    assert tapped.states.keys() == {"c1"}
    tapped.client(again, RESUMES)
    tapped.wait(0.25)
    heard = [fact for fact in tapped.facts if isinstance(fact, ev.AudioReceived) and fact.at >= began]
    assert sum(len(fact.arrivals) for fact in heard) == 20
    assert max(wait for fact in heard for wait in fact.waits) < 0.001
    assert {fact.call_id for fact in tapped.facts} == {"c1"}
    assert [fact.note for fact in tapped.facts if isinstance(fact, ev.Marked)] == ["in between"]


def test_a_connection_of_somebody_else_is_a_call_of_its_own() -> None:
    tapped = Tapped()
    tapped.end(established(tapped))
    resumes_another, silent = tapped.connection("c2"), tapped.connection("c3")
    tapped.client(resumes_another, RESUMES.replace(b"s-1", b"s-7"))
    assert "c3" not in tapped.states
    tapped.wait(1.0)
    ended_unnamed = tapped.connection("c4")
    tapped.end(ended_unnamed)
    states = tapped.states
    assert {call_id: state.link.connections for call_id, state in states.items()} == {
        "c1": 1,
        "c2": 1,
        "c3": 1,
        "c4": 1,
    }
    assert states["c3"].started_at == pytest.approx(states["c2"].started_at)
    tapped.upstream(silent, INTENT)
    assert tapped.states["c3"].messages["intent"] == 1


def test_who_comes_back_too_late_or_after_a_proper_end_makes_a_new_call() -> None:
    tapped = Tapped()
    tapped.end(established(tapped))
    tapped.wait(60.25)
    late = tapped.connection("c2")
    tapped.client(late, RESUMES)
    tapped.end(late, 1000, ClosedBy.CLIENT)
    tapped.client(tapped.connection("c3"), RESUMES)
    assert tapped.states.keys() == {"c1", "c2", "c3"}


def test_calls_that_wait_are_not_more_than_can_be_kept() -> None:
    tapped = Tapped()
    for number in range(MOST_WAITING + 2):
        one = tapped.connection(f"c{number}")
        tapped.upstream(one, STARTED.replace(b"-1", b"-%d" % number))
        tapped.client(one, AUDIO, text=False)
        tapped.clock.advance(0.01)
        tapped.end(one)
    ended = {call_id: state.ended for call_id, state in tapped.states.items() if state.ended is not None}
    assert ended == dict.fromkeys(("c0", "c1"), "lost, and too many others wait for a connection")
    again = tapped.connection("again")
    tapped.client(again, RESUMES.replace(b"-1", b"-2"))
    assert again.call_id == "c2"


def test_when_the_tap_is_stopped_calls_that_wait_are_over() -> None:
    tapped = Tapped()
    tapped.end(established(tapped))
    tapped.calls.close(tapped.now)
    assert (tapped.state.link.state, tapped.state.ended) == (LinkState.CLOSED, "the tap was stopped")


# -- AudioHook ----------------------------------------------------------------------------------------------

ORGANIZATION, SESSION = "d7934305-0972-4844-938e-9060eef73d05", "e160e428-53e2-487c-977d-96989bf5c99d"
CONVERSATION, PARTICIPANT = "090eaa2f-72fa-480a-83e0-8667ff89c0ec", "883efee8-3d6c-4537-b500-6d7ca4b92fa0"


def opens(participant: str = PARTICIPANT) -> bytes:
    media = [{"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}]
    parameters: dict[str, Any] = {
        "organizationId": ORGANIZATION, "conversationId": CONVERSATION, "media": media,
        "participant": {"id": participant, "ani": "+1", "aniName": "", "dnis": "+2"},
    }  # fmt: skip
    return hooked("open", 1, parameters, position="PT0S")


def hooked(kind: str, seq: int, parameters: dict[str, Any], **more: Any) -> bytes:
    said = {"version": "2", "type": kind, "seq": seq, "serverseq": seq - 1, "id": SESSION, "parameters": parameters}
    return json.dumps(said | {"position": "PT2.5S"} | more).encode()


def closing(tapped: Tapped, one: OverheardConnection, reason: str) -> None:
    tapped.client(one, hooked("close", 2, {"reason": reason}))
    answer = {"version": "2", "type": "closed", "seq": 1, "clientseq": 2, "id": SESSION, "parameters": {}}
    tapped.upstream(one, json.dumps(answer).encode())


def test_the_same_participant_of_a_conversation_goes_on_with_its_call_as_in_listen() -> None:
    tapped = Tapped("audiohook")
    one = tapped.connection()
    tapped.client(one, opens())
    tapped.end(one, 1011, ClosedBy.PEER)
    tapped.wait(2.0)
    again, another = tapped.connection("c2"), tapped.connection("c3")
    tapped.client(another, opens("11111111-3d6c-4537-b500-6d7ca4b92fa0"))
    tapped.client(again, opens())
    assert (again.call_id, another.call_id) == ("c1", "c3")
    closing(tapped, again, "end")
    tapped.end(again, 1000, ClosedBy.CLIENT)
    state = tapped.states["c1"]
    (outage,) = state.link.outages
    assert (outage.cause, outage.code, outage.closed_by) == (Cause.SERVER_ERROR, 1011, ClosedBy.PEER)
    assert (state.ended, state.link.connections) == ("closed: end", 2)


def test_a_session_of_audiohook_that_is_closed_to_be_opened_again_is_not_the_end() -> None:
    tapped = Tapped("audiohook")
    one = tapped.connection()
    tapped.client(one, opens())
    closing(tapped, one, "reconnect")
    tapped.end(one, 1000, ClosedBy.CLIENT)
    assert tapped.state.link.state is LinkState.WAITING
    again = tapped.connection("c2")
    tapped.client(again, opens())
    assert again.call_id == "c1"


# -- an observer that comes later ---------------------------------------------------------------------------


def test_a_call_that_was_up_before_goes_on_without_a_new_connection() -> None:
    tapped = Tapped()
    one = tapped.connection(resumed=True)
    one.recall(STARTED, text=True, at=1000.0, by_client=False)
    tapped.wait(0.25)
    assert [type(fact) for fact in tapped.facts] == [ev.CallStarted, ev.Ticked]
    tapped.end(one)
    again = tapped.connection("c2")
    tapped.client(again, RESUMES)
    assert again.call_id == "c1"


def test_a_loss_that_two_observers_tell_of_is_one_outage_and_what_came_after_it_is_up() -> None:
    first, second = Tapped(), Tapped()
    tapped = first
    tapped.end(established(tapped))
    lost_at = tapped.now
    tapped.wait(0.5)
    again = tapped.connection("c2")
    tapped.client(again, RESUMES)
    tapped.upstream(again, AUDIO, text=False)
    opened_at = tapped.now - 0.1
    second.clock.advance(tapped.now - second.now + 1.0)
    seen = second.connection("c1", resumed=True, at=lost_at - 1.0)  # too shortly before the end of the first observer
    seen.recall(STARTED, text=True, at=lost_at, by_client=False)
    seen.ended(End(lost_at))
    up = second.connection("c2", resumed=True, at=opened_at + 0.1)
    up.recall(RESUMES, text=True, at=opened_at, by_client=True)
    second.wait(0.25)
    second.upstream(up, AUDIO, text=False)
    second.wait(0.25)
    first.facts += second.facts
    state = first.state
    assert (state.link.outage_count, state.link.outage, state.link.state) == (1, None, LinkState.OPEN)


def past(tapped: Tapped, call_id: str, said: bytes, *, by_client: bool, ended_at: float, code: int = 1006) -> None:
    """A connection that an earlier observer has told of."""
    one = tapped.connection(call_id, resumed=True, told_until=tapped.now - 1.0, at=ended_at - 5.0)
    one.recall(said, text=True, at=ended_at, by_client=by_client)
    one.skipped()
    one.ended(End(ended_at, code, "", ClosedBy.NETWORK if code == 1006 else ClosedBy.CLIENT))


def test_a_call_that_went_on_with_another_connection_before_is_still_the_same_one() -> None:
    tapped = Tapped()
    past(tapped, "c1", STARTED, by_client=False, ended_at=tapped.now - 600.0)
    past(tapped, "c2", STARTED.replace(b"-1", b"-2"), by_client=False, ended_at=tapped.now - 500.0, code=1000)
    up = tapped.connection("c3", resumed=True, at=tapped.now - 590.0)
    up.recall(RESUMES, text=True, at=tapped.now, by_client=True)
    tapped.wait(0.25)
    assert up.call_id == "c1"
    assert [type(fact) for fact in tapped.facts] == [ev.CallStarted, ev.Ticked]
    assert tapped.states.keys() == {"c1"}


def test_a_call_that_waits_when_the_observer_dies_still_waits_and_one_that_waited_in_vain_is_not_told_again() -> None:
    tapped = Tapped()
    past(tapped, "c1", STARTED, by_client=False, ended_at=tapped.now - 30.0)
    past(tapped, "c2", STARTED.replace(b"-1", b"-2"), by_client=False, ended_at=tapped.now - 90.0)
    tapped.wait(31.0)
    assert tapped.states.keys() == {"c1"}
    assert tapped.state.ended == "lost, and no other connection came"
