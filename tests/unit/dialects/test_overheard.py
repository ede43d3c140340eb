"""Two others' conversation, read from the middle."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.call import events as ev
from dashboard.call import hook_events as he
from dashboard.call.tap_events import ClientSent
from dashboard.dialects.base import AudioFormat, AudioFrame
from dashboard.dialects.overheard import Name, Overhearing, overhearing

C = "c1"
HOOK_HEADERS = {"audiohook-session-id": "e160e428-53e2-487c-977d-96989bf5c99d"}
SESSION = HOOK_HEADERS["audiohook-session-id"]
OFFER = {"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}


def reader(name: Name = "auto", headers: dict[str, str] | None = None) -> Overhearing:
    return overhearing(name, AudioFormat(), C, headers or {})


def text(**message: Any) -> bytes:
    return json.dumps(message).encode()


@pytest.mark.parametrize(
    ("name", "headers", "dialect"),
    [("auto", {}, "appfoundry"), ("auto", HOOK_HEADERS, "audiohook"), ("appfoundry", HOOK_HEADERS, "appfoundry"),
     ("audiohook", {}, "audiohook")],
)  # fmt: skip
def test_audiohook_is_told_by_its_headers_unless_the_operator_says(
    name: Name, headers: dict[str, str], dialect: str
) -> None:
    assert reader(name, headers).dialect == dialect


def test_what_the_client_says_to_the_bot_is_an_utterance() -> None:
    one = reader()
    said = text(type="event", event="userInput", data={"text": "where is it", "sessionId": "s"})
    assert one.client(said, text=True, at=1.0) == [ev.UtteranceSent(C, 1.0, 1, "where is it")]
    assert one.client(said, text=True, at=2.0) == [ev.UtteranceSent(C, 2.0, 2, "where is it")]


@pytest.mark.parametrize(
    ("message", "fact"),
    [
        (text(type="reconnect", sessionId="s-1"), ev.ResumeRequested(C, 1.0, "s-1")),
        (text(type="transcript", text="not of a client"), ClientSent(C, 1.0, "transcript", 49)),
        (text(hello=1), ClientSent(C, 1.0, "", 12)),
        (text(type=7), ClientSent(C, 1.0, "", 11)),
    ],
)
def test_what_else_a_client_sends_is_told_by_its_kind(message: bytes, fact: ev.Event) -> None:
    assert reader().client(message, text=True, at=1.0) == [fact]


@pytest.mark.parametrize("message", [b"\xff", b"[1]", b"{", b'{"type":"audio"}'])
def test_what_cannot_be_read_of_a_client_is_a_fact(message: bytes) -> None:
    (fact,) = reader().client(message, text=True, at=1.0)
    assert isinstance(fact, ev.MalformedReceived)


def test_sound_of_the_two_sides_are_two_legs() -> None:
    one = reader()
    (there,) = one.client(b"\x00\x01" * 160, text=False, at=1.0)
    (back,) = one.upstream(b"\x00\x01" * 160, text=False, at=1.0)
    assert isinstance(there, AudioFrame)
    assert isinstance(back, AudioFrame)
    assert (there.leg, back.leg) == ("outbound", "inbound")
    assert (there.position, back.position) == (0.0, 0.0)


def hook(side: str, kind: str, seq: int, seen: int, parameters: dict[str, Any]) -> bytes:
    more = {"serverseq": seen, "position": "PT0S"} if side == "client" else {"clientseq": seen}
    return text(version="2", id=SESSION, type=kind, seq=seq, parameters=parameters, **more)


OPEN = hook("client", "open", 1, 0, {
    "organizationId": "d7934305-0972-4844-938e-9060eef73d05", "conversationId": "090eaa2f-72fa-480a-83e0-8667ff89c0ec",
    "participant": {"id": "883efee8-3d6c-4537-b500-6d7ca4b92fa0", "ani": "", "aniName": "", "dnis": ""},
    "media": [OFFER], "language": "en-US"})  # fmt: skip
OPENED = hook("server", "opened", 1, 1, {"media": [OFFER], "startPaused": False})


def opened() -> Overhearing:
    one = reader("audiohook", HOOK_HEADERS)
    one.client(OPEN, text=True, at=1.0)
    one.upstream(OPENED, text=True, at=1.1)
    return one


def test_both_sides_of_a_session_of_audiohook_are_followed() -> None:
    one = reader("audiohook", HOOK_HEADERS)
    assert {type(item) for item in one.client(OPEN, text=True, at=1.0)} == {ev.SessionStarted, he.HookOffered}
    assert [type(item) for item in one.upstream(OPENED, text=True, at=1.1)] == [he.HookAccepted]
    (frame,) = one.client(bytes(320), text=False, at=1.2)
    assert isinstance(frame, AudioFrame)
    assert (frame.leg, frame.channels) == ("inbound", ("caller", "agent"))


def test_after_unseen_messages_only_what_a_message_breaks_by_itself_is_held_against_it() -> None:
    late_ping = hook("client", "ping", 9, 7, {})
    broken = opened().client(late_ping, text=True, at=2.0)
    assert {item.rule for item in broken if isinstance(item, he.RuleBroken)} == {"seq_gap", "ack_ahead"}
    partial = opened()
    partial.skipped()
    assert [type(item) for item in partial.client(late_ping, text=True, at=2.0)] == [he.HookPinged]
    wrong = text(version="1", id=SESSION, type="ping", seq=10, serverseq=7, position="PT0S", parameters={})
    rules = [item.rule for item in partial.client(wrong, text=True, at=3.0) if isinstance(item, he.RuleBroken)]
    assert rules == ["bad_version"]


def test_the_sessions_own_end_is_told() -> None:
    one = opened()
    assert one.closed is None
    one.client(hook("client", "close", 2, 1, {"reason": "end"}), text=True, at=2.0)
    one.upstream(hook("server", "closed", 2, 2, {}), text=True, at=2.1)
    assert one.closed == "end"
