"""Dialogues with a Cognigy endpoint over Socket.IO: `<<` the endpoint sends a frame, `>>` we have sent one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest

from dashboard.call.cognigy_events import (
    Acknowledged,
    EndpointReady,
    EnginePinged,
    TurnFinished,
    TurnTimedOut,
    TypingChanged,
)
from dashboard.call.events import (
    Cause,
    ErrorReceived,
    Event,
    IntentReceived,
    MalformedReceived,
    SessionStarted,
    TextReceived,
    UnknownReceived,
)
from dashboard.dialects.base import AudioFrame
from dashboard.dialects.cognigy import CONNECT_S, READY_S, Cognigy, Endpoint

CALL = "call"
TOKEN = "4be1" * 16
ENDPOINT = Endpoint(TOKEN, "dash-7f01", "dash-op3", turn_limit_s=30.0)
OPEN = '0{"sid":"Zk3","upgrades":[],"pingInterval":25000,"pingTimeout":5000}'
READY = '42["endpoint-ready"]'

Fact = TypeVar("Fact", bound=Event)


class Dialogue:
    def __init__(self, endpoint: Endpoint = ENDPOINT) -> None:
        self.client = Cognigy(endpoint, CALL)
        self.now = 100.0
        self.facts: list[Event] = []
        self.sent: list[str] = []
        self.client.opened(self.now)

    def __lshift__(self, frame: str | bytes) -> Dialogue:
        self.now += 0.1
        data, text = (frame.encode(), True) if isinstance(frame, str) else (frame, False)
        for item in self.client.receive(data, text=text, at=self.now):
            assert not isinstance(item, AudioFrame)
            self.facts.append(item)
        self._go_on()
        return self

    def __rshift__(self, frame: str) -> Dialogue:
        assert self.sent.pop(0) == frame
        return self

    def wait(self, seconds: float) -> Dialogue:
        until = self.now + seconds
        while self.now < until - 1e-9:
            self.now = min(until, self.now + 0.25)
            self._go_on()
        return self

    def say(self, text: str) -> dict[str, Any]:
        assert self.client.may_speak
        frame = self.client.utterance(text, "dash-7f01", 1.9e9)
        self.client.said(self.now)
        name, payload = json.loads(frame.removeprefix("42"))
        assert name == "processInput"
        said: dict[str, Any] = payload
        return said

    def of(self, kind: type[Fact]) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def _go_on(self) -> None:
        self.facts += self.client.tick(self.now)
        self.sent += self.client.to_send(self.now)


def ready(endpoint: Endpoint = ENDPOINT) -> Dialogue:
    """An endpoint that has said that it is ready; what was sent and told until then is forgotten."""
    dialogue = Dialogue(endpoint) << OPEN << "40" << READY
    dialogue.sent.clear()
    dialogue.facts.clear()
    return dialogue


def output(text: str | None = None, **data: Any) -> str:
    return f"42{json.dumps(['output', {'type': 'output', 'data': {'text': text, 'data': data}}])}"


# -- where to dial --------------------------------------------------------------------------------------


def test_the_address_names_token_user_session_and_test_mode() -> None:
    address = urlsplit(ENDPOINT.socket_url("wss://endpoint-trial.cognigy.ai"))
    assert (address.scheme, address.netloc, address.path) == ("wss", "endpoint-trial.cognigy.ai", "/socket.io/")
    assert parse_qs(address.query) == {
        "urlToken": [TOKEN],
        "userId": ["dash-op3"],
        "sessionId": ["dash-7f01"],
        "testMode": ["true"],
        "emitWithAck": ["true"],
        "EIO": ["3"],
        "transport": ["websocket"],
    }


def test_a_path_of_the_host_stands_before_that_of_socket_io() -> None:
    assert urlsplit(ENDPOINT.socket_url("wss://host/cognigy/")).path == "/cognigy/socket.io/"


def test_a_request_goes_to_the_test_path_unless_it_is_meant() -> None:
    assert ENDPOINT.request_url("https://host") == f"https://host/test/{TOKEN}"
    assert Endpoint(TOKEN, "s", test_mode=False).request_url("https://host/") == f"https://host/{TOKEN}"


def test_the_token_is_in_no_repr() -> None:
    assert TOKEN not in repr(ENDPOINT)


# -- until it is ready ------------------------------------------------------------------------------------


def test_nothing_is_said_before_the_endpoint_is_ready() -> None:
    dialogue = Dialogue() << OPEN << "40"
    assert not dialogue.client.may_speak
    dialogue << READY
    assert dialogue.client.may_speak
    assert dialogue.of(SessionStarted) == [SessionStarted(CALL, dialogue.now, "dash-7f01", "")]
    assert dialogue.of(EndpointReady) == [
        EndpointReady(CALL, dialogue.now, "dash-op3", True, pytest.approx(0.3), announced=True, engine=3)
    ]


def test_an_endpoint_that_repeats_that_it_is_ready_begins_no_second_session() -> None:
    assert len((Dialogue() << OPEN << "40" << READY << READY).of(SessionStarted)) == 1


def test_an_older_endpoint_that_never_says_so_is_spoken_to_after_a_while() -> None:
    dialogue = (Dialogue() << OPEN << "40").wait(READY_S - 0.5)
    assert not dialogue.client.may_speak
    dialogue.wait(0.5)
    assert dialogue.client.may_speak
    (told,) = dialogue.of(EndpointReady)
    assert not told.announced


def test_after_each_connect_it_has_to_be_ready_anew() -> None:
    dialogue = ready()
    dialogue.client.opened(dialogue.now)
    assert not dialogue.client.may_speak
    dialogue.client.reconnect("dash-7f01", 1.9e9)  # says nothing: it is the address that names the session
    assert dialogue.client.to_send(dialogue.now) == []
    dialogue << OPEN << "40" << READY
    assert dialogue.client.may_speak


def test_a_server_that_does_not_connect_is_left() -> None:
    dialogue = Dialogue().wait(CONNECT_S)
    assert dialogue.client.hang_up is not None
    assert (dialogue.client.hang_up.cause, dialogue.client.hang_up.final) == (Cause.TIMEOUT, False)


def test_a_refused_token_is_final_and_is_told_without_the_token() -> None:
    dialogue = Dialogue() << OPEN << f'44"no endpoint for {TOKEN}"'
    assert dialogue.client.hang_up is not None
    assert (dialogue.client.hang_up.cause, dialogue.client.hang_up.final) == (Cause.ENDPOINT_REFUSED, True)
    assert dialogue.client.hang_up.detail == "the endpoint refuses: no endpoint for ***"
    assert dialogue.of(ErrorReceived) == [ErrorReceived(CALL, dialogue.now, "no endpoint for ***")]


@pytest.mark.parametrize("event", ["exception", "error"])
def test_an_error_before_the_endpoint_is_ready_is_a_refusal(event: str) -> None:
    dialogue = Dialogue() << OPEN << "40" << f'42["{event}",{{"message":"urlToken is not valid"}}]'
    assert dialogue.client.hang_up is not None
    assert (dialogue.client.hang_up.cause, dialogue.client.hang_up.final) == (Cause.ENDPOINT_REFUSED, True)
    assert dialogue.client.hang_up.detail == "the endpoint refuses: urlToken is not valid"


@pytest.mark.parametrize("frame", ['44"too many connections"', '42["exception","too many connections"]'])
def test_an_endpoint_that_was_ready_before_is_dialled_again_when_it_refuses(frame: str) -> None:
    dialogue = ready()
    dialogue.client.opened(dialogue.now)
    dialogue << OPEN << frame
    assert dialogue.client.hang_up is not None
    assert (dialogue.client.hang_up.cause, dialogue.client.hang_up.final) == (Cause.ENDPOINT_REFUSED, False)


@pytest.mark.parametrize("frame", ['44"rate limit"', '42["exception","rate limit"]', '42["error","rate limit"]'])
def test_an_error_of_an_endpoint_that_is_ready_ends_neither_the_connection_nor_the_turn(frame: str) -> None:
    dialogue = ready()
    dialogue.say("x")
    dialogue << frame << output("still here")
    assert dialogue.client.hang_up is None
    assert [fact.message for fact in dialogue.of(ErrorReceived)] == ["rate limit"]
    assert [fact.text for fact in dialogue.of(TextReceived)] == ["still here"]
    assert not dialogue.client.may_speak
    assert (dialogue << '42["finalPing",{"type":"regular"}]').client.may_speak


@pytest.mark.parametrize("frame", ["41", "1"])
def test_a_server_that_leaves_is_dialled_again(frame: str) -> None:
    dialogue = ready() << frame
    assert dialogue.client.hang_up is not None
    assert (dialogue.client.hang_up.cause, dialogue.client.hang_up.final) == (Cause.GOING_AWAY, False)


def test_a_server_that_leaves_before_it_was_ready_is_told_to_have_done_so() -> None:
    dialogue = Dialogue() << OPEN << "40" << "41"
    assert dialogue.client.hang_up is not None
    assert dialogue.client.hang_up.detail == "the endpoint ended the session's connection before it was ready"


def test_a_handshake_that_is_asked_for_is_answered_with_who_we_are() -> None:
    dialogue = Dialogue() << OPEN << "40"
    dialogue.sent.clear()
    dialogue << '420["handshake"]'
    (answer,) = dialogue.sent
    assert json.loads(answer.removeprefix("430")) == [
        {"userId": "dash-op3", "sessionId": "dash-7f01", "urlToken": TOKEN, "testMode": True, "emitWithAck": True}
    ]


# -- a turn -----------------------------------------------------------------------------------------------


def test_an_utterance_has_every_field_that_cognigy_asks_for() -> None:
    assert ready().say("where is my parcel") == {
        "URLToken": TOKEN,
        "userId": "dash-op3",
        "sessionId": "dash-7f01",
        "channel": "callscope",
        "source": "device",
        "passthroughIP": None,
        "resetFlow": False,
        "text": "where is my parcel",
        "data": {},
    }


def test_a_turn_goes_from_typing_over_outputs_to_the_final_ping() -> None:
    dialogue = ready()
    dialogue.say("where is my parcel")
    dialogue << '42["typingStatus",{"status":"typingOn"}]'
    dialogue << output("One moment.") << output("Which number?", intent="TrackParcel", intentScore=0.93)
    dialogue << '42["typingStatus",{"status":"typingOff"}]' << '42["finalPing",{"type":"regular"}]'
    assert [(type(fact).__name__, round(fact.at, 3)) for fact in dialogue.facts] == [
        ("TypingChanged", 100.4),
        ("TextReceived", 100.5),
        ("TextReceived", 100.6),
        ("IntentReceived", 100.6),
        ("TypingChanged", 100.7),
        ("TurnFinished", 100.8),
    ]
    assert [fact.typing for fact in dialogue.of(TypingChanged)] == [True, False]
    assert [fact.text for fact in dialogue.of(TextReceived)] == ["One moment.", "Which number?"]
    assert [(fact.intent, fact.confidence) for fact in dialogue.of(IntentReceived)] == [("TrackParcel", 0.93)]
    assert [fact.how for fact in dialogue.of(TurnFinished)] == ["regular"]


def test_what_asks_for_an_acknowledgement_gets_an_empty_one() -> None:
    dialogue = ready() << '420["output",{"type":"output","data":{"text":"hi"}}]' << '421["finalPing",{}]'
    _ = dialogue >> "430[]" >> "431[]"
    assert dialogue.sent == []


def test_even_what_cannot_be_read_is_acknowledged() -> None:
    dialogue = ready() << '425["output",null]'
    assert dialogue.of(MalformedReceived)[0].problem == "not an object"
    _ = dialogue >> "435[]"


def test_one_turn_is_open_at_a_time() -> None:
    dialogue = ready()
    dialogue.say("first")
    assert not dialogue.client.may_speak
    dialogue << output("answer")
    assert not dialogue.client.may_speak
    dialogue << '42["finalPing",{"type":"regular"}]'
    assert dialogue.client.may_speak


def test_a_turn_without_a_final_ping_is_given_up_after_its_limit() -> None:
    dialogue = ready()
    dialogue.say("anybody there?")
    dialogue.wait(29.9)
    assert not dialogue.client.may_speak
    dialogue.wait(0.25)
    assert dialogue.client.may_speak
    assert [fact.waited_s for fact in dialogue.of(TurnTimedOut)] == [30.0]
    assert dialogue.wait(100).of(TurnTimedOut) == dialogue.of(TurnTimedOut)[:1]


def test_a_turn_that_a_lost_connection_has_cut_does_not_time_out_on_the_next_one() -> None:
    dialogue = ready()
    dialogue.say("cut")
    dialogue.client.opened(dialogue.now)
    dialogue << OPEN << "40" << READY
    assert dialogue.client.may_speak
    assert dialogue.wait(60).of(TurnTimedOut) == []


@pytest.mark.parametrize(
    ("frame", "how"),
    [
        ('42["output",{"type":"finalPing","data":{"type":"cognigyStopFlow"}}]', "cognigyStopFlow"),
        ('42["output",{"type":"finalPing"}]', ""),
        ('42["output",{"type":"finalPing","data":null}]', ""),
        ('42["finalPing"]', ""),
        ('42["finalPing",{"type":7}]', ""),
        ('42["finalPing","regular"]', ""),
    ],
)
def test_a_final_ping_ends_the_turn_in_whatever_shape_it_comes(frame: str, how: str) -> None:
    dialogue = ready()
    dialogue.say("x")
    dialogue << frame
    assert [fact.how for fact in dialogue.of(TurnFinished)] == [how]
    assert dialogue.client.may_speak


@pytest.mark.parametrize(
    ("status", "typing"), [("typingOn", True), ("on", True), ("typingOff", False), ("off", False), ("else", False)]
)
def test_typing_is_told_as_the_code_and_as_the_readme_word_it(status: str, typing: bool) -> None:
    dialogue = ready() << f'42["typingStatus",{{"status":"{status}"}}]'
    assert [fact.typing for fact in dialogue.of(TypingChanged)] == [typing]


def test_what_is_acknowledged_is_told_for_then_the_connection_was_not_idle() -> None:
    dialogue = ready() << '42["output",{"type":"output","data":{"text":"a"}}]'
    assert dialogue.of(Acknowledged) == []
    dialogue << '427["output",{"type":"output","data":{"text":"b"}}]'
    assert dialogue.of(Acknowledged) == [Acknowledged(CALL, dialogue.now)]
    assert len(dialogue.wait(5).of(Acknowledged)) == 1


def test_an_output_with_a_binary_part_is_told_and_acknowledged_without_it() -> None:
    dialogue = ready()
    dialogue << '451-7["output",{"type":"output","data":{"text":"see","data":{"_placeholder":true,"num":0}}}]'
    _ = dialogue << b"\x04picture" >> "437[]"
    assert [fact.text for fact in dialogue.of(TextReceived)] == ["see"]
    assert dialogue.of(MalformedReceived) == []


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ('42["output",{"type":"error","data":{"error":{"message":"flow not found"}}}]', "flow not found"),
        ('42["exception",{"status":"error","message":"Forbidden"}]', "Forbidden"),
        ('42["exception","plain"]', "plain"),
        ('42["exception",{"code":7}]', '{"code": 7}'),
        ('42["exception"]', "null"),
    ],
)
def test_errors_are_told_in_their_own_words(frame: str, message: str) -> None:
    assert [fact.message for fact in (ready() << frame).of(ErrorReceived)] == [message]


def test_our_ping_is_answered_and_that_is_the_round_trip() -> None:
    dialogue = Dialogue() << OPEN << "40"
    _ = dialogue >> "2"
    dialogue << "3"
    assert [round(fact.rtt_s, 3) for fact in dialogue.of(EnginePinged)] == [0.1]


# -- what an output says ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"_cognigy": {"_default": {"_quickReplies": {"text": "Which one?"}}}}, "Which one? [quick replies]"),
        ({"_data": {"_cognigy": {"_default": {"_buttons": {"text": "Choose"}}}}}, "Choose [buttons]"),
        ({"_cognigy": {"_default": {"_gallery": {"items": []}}}}, "[gallery]"),
        ({"_cognigy": {"_default": {"_image": {"imageUrl": "x", "fallbackText": "a map"}}}}, "a map [image]"),
        ({"_cognigy": {"_default": {"_text": {"text": "plain"}}}}, "plain"),
        ({"_cognigy": {"_default": {"_new": {}}}}, "[rich: _new]"),
        ({"_cognigy": {"_default": 7}}, "(data: _cognigy)"),
        ({"order": 1, "state": 2}, "(data: order, state)"),
        ({}, "(nothing)"),
    ],
)
def test_an_output_without_a_text_of_its_own_is_told_by_its_kind(data: dict[str, Any], text: str) -> None:
    assert [fact.text for fact in (ready() << output(None, **data)).of(TextReceived)] == [text]


def test_the_keys_of_the_intent_can_be_others() -> None:
    endpoint = Endpoint(TOKEN, "s", intent_keys=(("data", "nlu", "name"),))
    dialogue = ready(endpoint) << output("x", nlu={"name": "Track"}, intent="other")
    assert [(fact.intent, fact.confidence) for fact in dialogue.of(IntentReceived)] == [("Track", None)]


@pytest.mark.parametrize("data", [{"intent": 7}, {"intent": ""}, {"intent": None}, {"intent": {"name": "x"}}])
def test_what_is_no_intent_is_none(data: dict[str, Any]) -> None:
    assert (ready() << output("x", **data)).of(IntentReceived) == []


@pytest.mark.parametrize("data", [{"nlu": "x"}, {"nlu": ["x"]}, {"nlu": {"intent": "x"}}, {"nlu": None}, {}])
def test_a_path_of_keys_that_ends_too_soon_leads_to_no_intent(data: dict[str, Any]) -> None:
    keys = (("data", "nlu", "intent", "name"), ("data", "nlu", "score"))
    assert (ready(replace(ENDPOINT, intent_keys=keys)) << output("t", **data)).of(IntentReceived) == []


def test_a_score_beyond_0_to_1_is_no_confidence() -> None:
    (intent,) = (ready() << output("x", intent="T", intentScore=17)).of(IntentReceived)
    assert intent.confidence is None


# -- what is hostile ------------------------------------------------------------------------------------------


def test_the_token_is_never_told_wherever_the_bot_says_it() -> None:
    dialogue = ready()
    dialogue << output(f"your token is {TOKEN}", intent=TOKEN) << f'42["exception","{TOKEN}"]' << f"garbage {TOKEN}"
    dialogue << f'42["{TOKEN}",{{}}]'
    assert TOKEN not in repr(dialogue.facts)


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        ('42["output"]', "not an object"),
        ('42["output",{"type":"output"}]', "required field missing"),
        ('42["output",{"type":"output","data":"text"}]', "wrong type of a field"),
        ('42["typingStatus",{}]', "required field missing"),
        ('42["typingStatus",{"status":1}]', "wrong type of a field"),
        ('451-["output",7]', "not an object"),
        (b"\x04picture", "binary attachment"),
        ("<html>", "not a Socket.IO frame"),
    ],
)
def test_a_message_that_breaks_the_protocol_is_told_and_passed_over(frame: str | bytes, problem: str) -> None:
    dialogue = ready() << frame
    assert [fact.problem for fact in dialogue.of(MalformedReceived)] == [problem]
    assert dialogue.client.may_speak


def test_unknown_events_are_named() -> None:
    dialogue = ready() << '42["logStep",{}]' << '42["output",{"type":"logStep","data":{}}]'
    assert [fact.type_name for fact in dialogue.of(UnknownReceived)] == ["logStep", "output logStep"]
