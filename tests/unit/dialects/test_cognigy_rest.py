"""Answers of a Cognigy REST endpoint."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.call.cognigy_events import EndpointReady, InputRefused, TurnFinished, TurnTimedOut
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
from dashboard.dialects.base import Item
from dashboard.dialects.cognigy import Endpoint
from dashboard.dialects.cognigy_rest import HOLD_OFF_S, CognigyRest

TOKEN = "4be1" * 16
ENDPOINT = Endpoint(TOKEN, "dash-7f01", "dash-op3", turn_limit_s=30.0)


def opened(now: float = 100.0) -> CognigyRest:
    client = CognigyRest(ENDPOINT, "call")
    client.opened(now)
    client.tick(now)
    return client


def asked(now: float = 100.0) -> CognigyRest:
    client = opened(now)
    client.utterance("hi", "dash-7f01", 1.9e9)
    client.said(now)
    return client


def answer(client: CognigyRest, status: str, body: Any = b"", at: float = 101.0) -> list[Item]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.receive(f"{status}\n".encode() + raw, text=True, at=at)


def test_a_session_begins_when_the_host_has_been_reached() -> None:
    client = CognigyRest(ENDPOINT, "call")
    client.opened(100.0)
    assert not client.may_speak
    facts: list[Event] = client.tick(100.0)
    assert [type(fact) for fact in facts] == [SessionStarted, EndpointReady]
    assert client.may_speak
    assert client.tick(100.25) == []


def test_a_request_holds_user_session_and_text() -> None:
    assert json.loads(opened().utterance("hi", "dash-7f01", 1.9e9)) == {
        "userId": "dash-op3",
        "sessionId": "dash-7f01",
        "text": "hi",
        "data": {},
    }


def test_the_outputs_of_the_stack_are_told_one_by_one_and_the_turn_is_over() -> None:
    client = asked()
    assert not client.may_speak
    stack = [{"text": "One moment."}, {"text": "Which?", "data": {"intent": "Track", "intentScore": 0.9}}]
    told = answer(client, "200", {"text": "One moment. Which?", "outputStack": stack})
    assert told == [
        TextReceived("call", 101.0, "One moment."),
        TextReceived("call", 101.0, "Which?"),
        IntentReceived("call", 101.0, "Track", 0.9),
        TurnFinished("call", 101.0, "reply"),
    ]
    assert client.may_speak


def test_an_answer_without_a_stack_is_one_output() -> None:
    assert answer(asked(), "200", {"text": "hello", "data": {}})[0] == TextReceived("call", 101.0, "hello")


@pytest.mark.parametrize("body", [{"outputStack": []}, {"text": "", "data": None}, {}])
def test_a_bot_that_says_nothing_finishes_all_the_same(body: dict[str, Any]) -> None:
    assert answer(asked(), "200", body) == [TurnFinished("call", 101.0, "reply")]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_token_is_final(status: int) -> None:
    client = asked()
    told = answer(client, f"{status}")
    assert client.hang_up is not None
    assert (client.hang_up.cause, client.hang_up.final) == (Cause.ENDPOINT_REFUSED, True)
    assert InputRefused("call", 101.0, f"the endpoint answered {status}", False) in told


def test_after_429_nothing_is_said_for_as_long_as_the_host_asks() -> None:
    client = asked()
    told = answer(client, "429 7")
    assert told[0] == ErrorReceived("call", 101.0, "the endpoint answered 429", 429, 7.0)
    assert client.hang_up is None
    client.tick(107.9)
    assert not client.may_speak
    client.tick(108.0)
    assert client.may_speak


def test_after_a_server_error_nobody_knows_whether_the_utterance_arrived() -> None:
    client = asked()
    told = answer(client, "503")
    assert told[1] == InputRefused("call", 101.0, "the endpoint answered 503", None)
    client.tick(101.0 + HOLD_OFF_S)
    assert client.may_speak


def test_an_answer_that_does_not_come_ends_the_turn_after_its_limit() -> None:
    client = asked()
    assert client.tick(129.9) == []
    assert client.tick(130.0) == [TurnTimedOut("call", 130.0, 30.0)]
    assert client.may_speak


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        ("200", b"<html>login</html>", "not JSON"),
        ("200", b"[1]", "not an object"),
        ("204", b"", "not JSON"),
        ("200", b'{"text":"\xff"}', "invalid UTF-8"),
        ("OK", b"{}", "not an HTTP reply"),
    ],
)
def test_an_answer_that_cannot_be_read_is_an_error_and_nobody_knows_what_became_of_the_utterance(
    status: str, body: bytes, problem: str
) -> None:
    client = asked()
    unreadable, *others = answer(client, status, body)
    assert isinstance(unreadable, MalformedReceived)
    assert unreadable.problem == problem
    why = f"the answer cannot be read: {problem}"
    assert others == [ErrorReceived("call", 101.0, why), InputRefused("call", 101.0, why, None)]
    assert client.may_speak


def test_an_output_that_cannot_be_read_does_not_take_the_others_with_it() -> None:
    told = answer(asked(), "200", {"outputStack": [{"text": "One moment."}, [TOKEN], None, {"text": "Which?"}]})
    assert [fact.text for fact in told if isinstance(fact, TextReceived)] == ["One moment.", "Which?"]
    assert [fact.excerpt for fact in told if isinstance(fact, MalformedReceived)] == ['["***"]', "null"]
    assert told[-1] == TurnFinished("call", 101.0, "reply")


def test_of_ten_thousand_outputs_in_one_answer_the_first_are_told_and_the_rest_counted() -> None:
    told = answer(asked(), "200", {"outputStack": [{"text": "again"}] * 10_000})
    texts = [fact for fact in told if isinstance(fact, TextReceived)]
    (rest,) = [fact for fact in told if isinstance(fact, UnknownReceived)]
    assert len(texts) == 200
    assert rest.type_name == "9800 more outputs in one answer"


@pytest.mark.parametrize("stack", ["text", 7, {"text": "x"}, None, True])
def test_a_stack_that_is_none_leaves_the_answer_itself(stack: Any) -> None:
    told = answer(asked(), "200", {"text": "hello", "outputStack": stack, "userId": 7, "sessionId": ["x"]})
    assert told == [TextReceived("call", 101.0, "hello"), TurnFinished("call", 101.0, "reply")]


def test_any_success_is_an_answer() -> None:
    assert answer(asked(), "201", {"text": "hello"})[0] == TextReceived("call", 101.0, "hello")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"error": "skill timeout"}, "the endpoint answered 500: skill timeout"),
        ({"error": {"message": f"no endpoint {TOKEN}"}}, "the endpoint answered 500: no endpoint ***"),
        ({"type": "error", "message": "skill timeout"}, "the endpoint answered 500: skill timeout"),
        ({"error": 7}, "the endpoint answered 500"),
        ({"error": {"message": ["x"]}}, "the endpoint answered 500"),
        ([1], "the endpoint answered 500"),
        (b"<html>", "the endpoint answered 500"),
    ],
)
def test_a_refusal_is_told_with_its_own_words(body: Any, why: str) -> None:
    assert answer(asked(), "500", body)[0] == ErrorReceived("call", 101.0, why, 500)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 413])
def test_what_was_not_taken_did_not_arrive_and_the_next_may_be_said(status: int) -> None:
    client = asked()
    assert InputRefused("call", 101.0, f"the endpoint answered {status}", False) in answer(client, f"{status}")
    assert client.hang_up is None
    client.tick(101.0 + HOLD_OFF_S)
    assert client.may_speak


def test_the_token_is_never_told() -> None:
    told = answer(asked(), "200", {"text": f"it is {TOKEN}"}) + answer(asked(), "200", f"no JSON {TOKEN}".encode())
    assert TOKEN not in repr(told)
