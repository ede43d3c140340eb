"""The last messages of a connection, each way, as a lost one keeps them."""

from __future__ import annotations

import pytest

from dashboard.call import events as ev
from dashboard.call.events import Speaker
from dashboard.call.messages import received, sent
from dashboard.call.state import Connection
from dashboard.call.trail import KEPT, TEXT_LIMIT, Message, Trail
from tests.builders import Story

ID = "call-1"


def lost(story: Story) -> Connection:
    story.drop()
    outage = story.call.link.outage
    assert outage is not None
    assert outage.connection is not None
    return outage.connection


def test_audio_is_counted_between_messages() -> None:
    trail = Trail().with_audio(5, 0.1).with_audio(5, 0.1).with_message(1.0, "intent", "hello").with_audio(2, 0.04)
    assert trail.messages == (Message(1.0, "intent", "hello", 10, pytest.approx(0.2)),)  # type: ignore[arg-type]
    assert (trail.frames, trail.audio_s) == (2, 0.04)


def test_the_newest_messages_are_kept() -> None:
    trail = Trail()
    for number in range(25):
        trail = trail.with_message(float(number), "text", f"row {number}")
    assert [message.text for message in trail.messages] == [f"row {number}" for number in range(25 - KEPT, 25)]


def test_a_long_message_is_kept_in_part() -> None:
    (message,) = Trail().with_message(1.0, "text", "x" * 5000).messages
    assert len(message.text) == TEXT_LIMIT


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        (ev.SessionStarted(ID, 1.0, "s-1", "c-1"), ("session", "s-1")),
        (ev.TranscriptReceived(ID, 1.0, Speaker.BOT, "Hello.", True), ("transcript", "bot: Hello.")),
        (ev.TranscriptReceived(ID, 1.0, Speaker.UNKNOWN, "Hel", False), ("transcript", "Hel …")),
        (ev.IntentReceived(ID, 1.0, "greet"), ("intent", "greet")),
        (ev.TextReceived(ID, 1.0, "Hi"), ("text", "Hi")),
        (ev.StatusReceived(ID, 1.0, "ready"), ("status", "ready")),
        (ev.ErrorReceived(ID, 1.0, "NLU_TIMEOUT"), ("error", "NLU_TIMEOUT")),
        (ev.UnknownReceived(ID, 1.0, "", 9), ("unknown", "no type, 9 bytes")),
        (ev.MalformedReceived(ID, 1.0, "not JSON", "{", 1), ("malformed", "not JSON, 1 bytes")),
        (ev.PingMeasured(ID, 1.0, 0.01), None),
    ],
)
def test_what_is_kept_of_a_message_from_the_peer(fact: ev.Event, message: tuple[str, str] | None) -> None:
    assert received(fact) == message
    assert sent(fact) is None


def test_a_lost_connection_keeps_its_last_messages_and_round_trips() -> None:
    story = Story()
    story.connect()
    for number in range(7):
        story.ping(0.01 * number)
    story.says(Speaker.BOT, "Hello.")
    story.send("parcel 4711")
    story.listen(0.5)
    connection = lost(story)
    assert [message.kind for message in connection.received.messages] == ["session", "transcript"]
    assert connection.received.frames == 25
    assert connection.received.audio_s == pytest.approx(0.5)
    assert [message.text for message in connection.sent.messages] == ["parcel 4711"]
    assert connection.rtts == pytest.approx((0.02, 0.03, 0.04, 0.05, 0.06))


def test_a_new_connection_begins_without_messages() -> None:
    story = Story()
    story.connect()
    story.ping(0.02)
    story.says(Speaker.BOT, "Hello.")
    story.drop()
    story.connect(attempt=2)
    story.listen(0.1)
    connection = lost(story)
    assert [message.kind for message in connection.sent.messages] == ["reconnect"]
    assert connection.received == Trail((), 5, 0.1)
    assert connection.rtts == ()
