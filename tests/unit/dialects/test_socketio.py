"""Socket.IO frames as a server of version 2 (Engine.IO 3) and one of version 4 send them; what 2.5.1 and 4.8.4 do."""

from __future__ import annotations

import pytest

from dashboard.dialects.base import Problem
from dashboard.dialects.fields import UnreadableError
from dashboard.dialects.socketio import (
    CONNECT_UNASKED_S,
    Connected,
    Emitted,
    Heard,
    Left,
    Nothing,
    Opened,
    Ponged,
    Refused,
    SocketIo,
    Unknown,
)

OPEN = '0{"sid":"Zk3","upgrades":[],"pingInterval":2000,"pingTimeout":1000}'


def hear(wire: SocketIo, frame: str | bytes, at: float = 10.0) -> Heard:
    if isinstance(frame, bytes):
        return wire.receive(frame, text=False, at=at)
    return wire.receive(frame.encode(), text=True, at=at)


def connected(at: float = 10.0) -> SocketIo:
    wire = SocketIo()
    hear(wire, OPEN, at)
    hear(wire, "40", at)
    return wire


def problem(wire: SocketIo, frame: str | bytes) -> Problem:
    with pytest.raises(UnreadableError) as error:
        hear(wire, frame)
    return error.value.problem


# -- version 3 of Engine.IO -----------------------------------------------------------------------------


def test_a_server_of_version_2_opens_and_connects_the_namespace_unasked() -> None:
    wire = SocketIo()
    assert hear(wire, OPEN) == Opened()
    assert hear(wire, "40") == Connected(3)
    assert wire.version == 3


def test_a_version_3_is_pinged_at_once_and_then_as_often_as_it_wants() -> None:
    wire = connected(10.0)
    assert wire.to_send(10.0) == ["2"]
    assert wire.to_send(11.9) == []
    assert wire.to_send(12.0) == ["2"]


def test_a_server_that_wants_few_pings_gets_more_so_that_the_link_does_not_look_stale() -> None:
    wire = SocketIo(ping_s=5.0)
    hear(wire, '0{"pingInterval":60000}', 10.0)
    hear(wire, "40", 10.0)
    wire.to_send(10.0)
    assert wire.to_send(14.9) == []
    assert wire.to_send(15.0) == ["2"]


@pytest.mark.parametrize("interval", ["0", "-5", '"soon"', "1e-300", "null"])
def test_an_absurd_ping_interval_makes_no_flood(interval: str) -> None:
    wire = SocketIo()
    hear(wire, f'0{{"pingInterval":{interval}}}', 10.0)
    hear(wire, "40", 10.0)
    sent = [frame for tick in range(1000) for frame in wire.to_send(10.0 + tick / 1000)]
    assert 1 <= len(sent) <= 20


def test_a_pong_tells_the_round_trip_of_its_ping_and_an_unasked_one_tells_nothing() -> None:
    wire = connected(10.0)
    assert hear(wire, "3", 10.0) == Nothing()
    wire.to_send(10.0)
    assert hear(wire, "3", 10.25) == Ponged(0.25)
    assert hear(wire, "3", 10.5) == Nothing()


def test_a_pong_that_could_be_that_of_either_of_two_pings_tells_nothing_and_the_next_one_does_again() -> None:
    wire = connected(10.0)
    wire.to_send(10.0)
    wire.to_send(12.0)  # the first pong was lost, or is late
    assert hear(wire, "3", 12.1) == Nothing()
    wire.to_send(14.0)
    assert hear(wire, "3", 14.25) == Ponged(0.25)


# -- version 4 of Engine.IO -----------------------------------------------------------------------------


def test_a_version_4_that_was_asked_for_is_connected_by_us_and_pings_us() -> None:
    wire = SocketIo(4)
    hear(wire, OPEN, 10.0)
    assert wire.to_send(10.0) == ["40"]
    assert hear(wire, '40{"sid":"abc"}', 10.1) == Connected(4)
    assert hear(wire, "2", 12.0) == Nothing()
    assert wire.to_send(12.0) == ["3"]
    assert wire.to_send(100.0) == []


def test_a_server_that_does_not_connect_by_itself_is_taken_for_version_4() -> None:
    wire = SocketIo()
    hear(wire, OPEN, 10.0)
    wire.tick(10.0 + CONNECT_UNASKED_S - 0.1)
    assert wire.to_send(10.9) == []
    wire.tick(10.0 + CONNECT_UNASKED_S)
    assert wire.to_send(11.0) == ["40"]
    assert hear(wire, '40{"sid":"abc"}', 11.1) == Connected(4)
    assert wire.version == 4


# -- events and acknowledgements ------------------------------------------------------------------------


def test_an_event_is_read_with_its_arguments() -> None:
    assert hear(connected(), '42["finalPing",{"type":"regular"}]') == Emitted("finalPing", [{"type": "regular"}], None)


def test_an_event_that_asks_for_it_is_acknowledged_by_its_own_number() -> None:
    wire = connected()
    wire.to_send(10.0)
    assert hear(wire, '4217["output",{}]') == Emitted("output", [{}], 17)
    wire.acknowledge(17)
    wire.acknowledge(18, {"userId": "u"})
    assert wire.to_send(10.1) == ["4317[]", '4318[{"userId": "u"}]']


def test_what_we_emit_is_an_event_without_an_acknowledgement_number() -> None:
    assert SocketIo().emit("processInput", {"text": "hi"}) == '42["processInput", {"text": "hi"}]'


@pytest.mark.parametrize(
    ("frame", "heard"),
    [
        ('44"invalid URL token"', Refused("invalid URL token")),
        ('44{"message":"invalid URL token"}', Refused("invalid URL token")),
        ("44", Refused("")),
        ("44[1", Refused("")),
        ("41", Left()),
        ("1", Left()),
        ("6", Nothing()),
        ("40", Nothing()),
        ("43[]", Unknown("acknowledgement")),
        ("461-0[]", Unknown("acknowledgement")),
        ("41/admin,", Unknown("namespace")),
        ('42/admin,["output",{}]', Unknown("namespace")),
    ],
)
def test_the_other_packets_are_told_apart(frame: str, heard: Heard) -> None:
    assert hear(connected(), frame) == heard


# -- what cannot be read ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "wrong"),
    [
        ("", Problem.NOT_A_FRAME),
        ("9", Problem.NOT_A_FRAME),
        ("x42[]", Problem.NOT_A_FRAME),
        ("49[]", Problem.NOT_A_FRAME),
        ('422-["output"]', Problem.NOT_A_FRAME),
        ("0", Problem.NOT_JSON),
        ("0[]", Problem.NOT_AN_OBJECT),
        ("42", Problem.NOT_JSON),
        ('42["output",{"text":"cut', Problem.NOT_JSON),
        ('42{"name":"output"}', Problem.NOT_AN_EVENT),
        ("42[]", Problem.NOT_AN_EVENT),
        ("42[7,{}]", Problem.WRONG_TYPE),
        ('42["output",NaN]', Problem.NOT_FINITE),
        ("42" + "[" * 100_000, Problem.TOO_DEEP),
        ('42"' + "9" * 200_000, Problem.NOT_JSON),
    ],
)
def test_an_unreadable_frame_says_what_is_wrong_with_it(frame: str, wrong: Problem) -> None:
    assert problem(connected(), frame) is wrong


def test_an_event_with_attachments_is_one_event_whose_binary_parts_stay_placeholders() -> None:
    wire = connected()
    placeholder = {"_placeholder": True, "num": 0}
    assert hear(wire, '452-3["output",{"_placeholder":true,"num":0}]') == Emitted("output", [placeholder], 3)
    assert hear(wire, b"\x04one") == Nothing()
    assert hear(wire, b"\x04two") == Nothing()
    assert problem(wire, b"\x04three") is Problem.BINARY


def test_attachments_of_another_namespace_are_passed_over_with_their_event() -> None:
    wire = connected()
    assert hear(wire, '451-/admin,["x",{"_placeholder":true,"num":0}]') == Unknown("namespace")
    assert hear(wire, b"\x04one") == Nothing()
    assert problem(wire, b"\x04two") is Problem.BINARY


def test_a_count_of_attachments_beyond_belief_hides_no_more_than_a_hundred_frames() -> None:
    wire = connected()
    assert hear(wire, '459999-["output"]') == Emitted("output", [], None)
    for _ in range(100):
        assert hear(wire, b"\x04") == Nothing()
    assert problem(wire, b"\x04") is Problem.BINARY


def test_invalid_utf8_is_an_unreadable_event() -> None:
    with pytest.raises(UnreadableError) as error:
        connected().receive(b'42["out\xff",{}]', text=True, at=1.0)
    assert error.value.problem is Problem.NOT_UTF8
