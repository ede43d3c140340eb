"""Messages of a notification channel, one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.call.events import (
    Event,
    MalformedReceived,
    PingMeasured,
    SessionStarted,
    Speaker,
    StatusReceived,
    UnknownReceived,
)
from dashboard.call.notification_events import (
    ClosingAnnounced,
    HeartbeatReceived,
    PartyJoined,
    PartyLeft,
    SpeechTranscribed,
    SubscriptionChanged,
    SubscriptionLost,
    TranscriptionChanged,
    WrappedUp,
)
from dashboard.call.party import Party
from dashboard.dialects.base import Caller
from dashboard.dialects.notifications import PING, Notifications

CONVERSATION = "7be0c7d2-1111-4222-8333-9a9a9a9a9a9a"
TRANSCRIPTION = f"v2.conversations.{CONVERSATION}.transcription"
WALL = 1_893_492_041.2  # 2030-01-01T10:00:41.200Z
AT = 100.0


def codec() -> Notifications:
    return Notifications("call", CONVERSATION, WALL - AT)


def message(topic: str, body: object) -> bytes:
    return json.dumps({"topicName": topic, "version": "2", "eventBody": body, "metadata": {}}).encode()


def read(data: bytes, *, by: Notifications | None = None, at: float = AT) -> list[Any]:
    return (by or codec()).receive(data, text=True, at=at)


def only(data: bytes, *, by: Notifications | None = None) -> Any:
    (fact,) = read(data, by=by)
    return fact


def event(what: str, **body: object) -> bytes:
    told = {"conversationId": CONVERSATION, "participantId": "p-1", **body}
    return message(f"v2.detail.events.conversation.{CONVERSATION}.{what}", told)


def said(text: str = "Where is my parcel?", **more: Any) -> dict[str, Any]:
    """An utterance from 4.2 to 5.7 s after the transcription began."""
    alternative = {
        "confidence": 0.88,
        "offsetMs": 4200,
        "durationMs": 1500,
        "transcript": text.lower(),
        "decoratedTranscript": text,
    }
    return {"utteranceId": "u-1", "isFinal": True, "channel": "EXTERNAL", "alternatives": [alternative], **more}


def transcription(*utterances: object, status: str = "SESSION_ONGOING", **more: object) -> bytes:
    body = {
        "conversationId": CONVERSATION,
        "communicationId": "leg-1",
        "sessionStartTimeMs": 1_893_492_000_000,
        "transcriptionStartTimeMs": 1_893_492_000_350,
        "transcripts": list(utterances),
        "status": {"offsetMs": 41_000, "status": status},
        **more,
    }
    return message(TRANSCRIPTION, body)


# -- the channel itself -----------------------------------------------------------------------------------


def test_a_heartbeat_is_one() -> None:
    assert only(message("channel.metadata", {"message": "WebSocket Heartbeat"})) == HeartbeatReceived("call", AT)


PONG = message("channel.metadata", {"message": "pong"})


def test_a_pong_gives_the_round_trip_of_its_ping_and_an_unasked_one_tells_nothing() -> None:
    by = codec()
    assert by.ping(99.5) == PING
    assert only(PONG, by=by) == PingMeasured("call", AT, 0.5)
    assert read(PONG, by=by) == []


def test_a_pong_that_could_be_that_of_either_of_two_pings_tells_nothing_and_the_next_one_does_again() -> None:
    by = codec()
    by.ping(60.0)
    by.ping(80.0)  # the pong to the first one was lost, or is late
    assert read(PONG, by=by, at=80.1) == []
    by.ping(99.5)
    assert only(PONG, by=by) == PingMeasured("call", AT, 0.5)


def test_pings_of_another_connection_are_not_waited_for() -> None:
    by = codec()
    by.ping(10.0)
    by.opened("1f2e3d4c")
    started, *others = read(message("channel.metadata", {"message": "pong"}), by=by)
    assert started == SessionStarted("call", AT, "channel 1f2e3d4c", CONVERSATION)
    assert others == []


def test_nothing_has_to_be_said_first_on_a_channel_that_is_kept() -> None:
    by: Caller = codec()
    assert by.reconnect("channel 1f2e3d4c", WALL - 0.5) is None


def test_other_words_of_the_channel_are_shown() -> None:
    assert only(message("channel.metadata", {"message": "hello"})) == StatusReceived("call", AT, "hello")


def test_a_close_is_announced() -> None:
    body = {"channelId": "secret-id", "reason": "maintenance"}
    assert only(message("v2.system.socket_closing", body)) == ClosingAnnounced("call", AT, "maintenance")


@pytest.mark.parametrize("what", ["no_longer_subscribed", "token_revoked"])
def test_a_subscription_is_lost(what: str) -> None:
    body = {"channelId": "secret-id", "reason": "another_channel_subscribed"}
    fact = only(message(f"v2.system.{what}.secret-id", body))
    assert fact == SubscriptionLost("call", AT, "another_channel_subscribed")


@pytest.mark.parametrize("body", [None, [], "soon", {}, {"reason": 7}])
def test_what_the_channel_says_of_itself_counts_without_a_body_too(body: object) -> None:
    assert only(message("v2.system.socket_closing", body)) == ClosingAnnounced("call", AT, "")
    assert only(message("v2.system.no_longer_subscribed.x", body)).reason == "no_longer_subscribed"
    assert only(message("v2.system.subscription_changed.x", body)).reason == "subscription_changed"


def test_a_channel_that_is_gone_says_so_in_a_reply() -> None:
    assert isinstance(only(b'{"result":"404","status":"failed"}'), SubscriptionLost)
    assert isinstance(only(b'{"result":"200","status":"subscribed"}'), SubscriptionChanged)


def test_the_id_of_a_channel_is_never_told() -> None:
    data = [
        message("v2.system.subscription_changed.secret-id-1", {"channelId": "secret-id-1", "reason": "x"}),
        message("v2.system.new_kind.secret-id-1", {"channelId": "secret-id-1"}),
        message("v2.something.secret-id-1.else", {}),
        b'{"topicName": "v2.system.no_longer_subscribed.secret-id-1"}',
        b'{"topicName": "v2.system.no_longer_subscribed.secret-id-1", "eventBody": ',
    ]
    assert "secret-id-1" not in repr([read(one) for one in data])


# -- transcripts --------------------------------------------------------------------------------------------


def test_an_utterance_comes_with_its_age_from_its_end() -> None:
    fact = only(transcription(said(dialect="en-US", engineProvider="GENESYS")))
    assert fact.age_s == pytest.approx(41.2 - 0.35 - 5.7)
    assert fact == SpeechTranscribed(
        "call",
        AT,
        "u-1",
        "leg-1",
        Speaker.CALLER,
        "Where is my parcel?",
        True,
        0.88,
        fact.age_s,
        1.5,
        "en-US",
        "GENESYS",
    )


def test_the_alternative_with_the_highest_confidence_counts() -> None:
    worse = {"confidence": 0.2, "transcript": "bear is my parcel"}
    utterance = said()
    utterance["alternatives"] = [worse, *utterance["alternatives"]]
    assert only(transcription(utterance)).text == "Where is my parcel?"


def test_an_utterance_that_is_told_twice_is_told_once_and_a_new_text_is_a_revision() -> None:
    by = codec()
    assert not only(transcription(said()), by=by).revised
    assert read(transcription(said()), by=by) == [TranscriptionChanged("call", AT, "ongoing", "leg-1")]
    assert only(transcription(said("Where is my parcel now?")), by=by).revised
    assert not only(transcription(said(), communicationId="leg-2"), by=by).revised


def test_where_words_have_their_own_times_an_utterance_begins_with_the_first() -> None:
    utterance = said()
    utterance["alternatives"][0]["words"] = [{"word": "where", "startTimeMs": 1_893_492_014_550, "offsetMs": 4200}]
    assert only(transcription(utterance)).age_s == pytest.approx(41.2 - 14.55 - 1.5)


@pytest.mark.parametrize("words", [[], "where", [7], [{"startTimeMs": "x"}], [{"startTimeMs": True}], {}, None])
def test_words_without_times_leave_the_offset_from_the_start_of_the_transcription(words: object) -> None:
    utterance = said()
    utterance["alternatives"][0]["words"] = words
    assert only(transcription(utterance)).age_s == pytest.approx(41.2 - 0.35 - 5.7)


def test_where_only_the_start_of_the_session_is_told_the_offset_is_from_there() -> None:
    assert only(transcription(said(), transcriptionStartTimeMs=None)).age_s == pytest.approx(41.2 - 5.7)


def test_without_times_that_can_be_believed_there_is_no_age() -> None:
    for times in ({"transcriptionStartTimeMs": None, "sessionStartTimeMs": None}, {"transcriptionStartTimeMs": 1}):
        assert only(transcription(said(), **times)).age_s is None


def test_inside_speaks_the_agent_once_there_is_one_else_the_bot_if_there_is_one() -> None:
    by = codec()

    def speaker(utterance_id: str) -> Speaker:
        fact = only(transcription(said(channel="INTERNAL", utteranceId=utterance_id)), by=by)
        assert isinstance(fact, SpeechTranscribed)
        return fact.speaker

    assert speaker("u-1") is Speaker.UNKNOWN
    read(event("flow.start"), by=by)
    assert speaker("u-2") is Speaker.BOT
    read(event("user.start", participantId="p-2"), by=by)
    assert speaker("u-3") is Speaker.AGENT
    read(event("user.end", participantId="p-2"), by=by)
    assert speaker("u-4") is Speaker.BOT
    by.read((Party("p-3", "agent"),), over=False, at=AT)
    assert speaker("u-5") is Speaker.AGENT


def test_the_state_of_the_transcription_is_told() -> None:
    assert only(transcription()) == TranscriptionChanged("call", AT, "ongoing", "leg-1")
    assert only(transcription(status="SESSION_ENDED")) == TranscriptionChanged("call", AT, "ended", "leg-1")
    spoken, ended = read(transcription(said(), status="SESSION_ENDED"))
    assert isinstance(spoken, SpeechTranscribed)
    assert isinstance(ended, TranscriptionChanged)


@pytest.mark.parametrize(
    "utterance",
    [
        None,
        {},
        {"alternatives": []},
        {"alternatives": "x"},
        {"alternatives": [None]},
        {"alternatives": [{"transcript": 3}]},
        {"alternatives": [{"transcript": ""}]},
    ],
)
def test_an_utterance_that_says_nothing_is_none(utterance: object) -> None:
    assert read(transcription(utterance)) == [TranscriptionChanged("call", AT, "ongoing", "leg-1")]


def test_of_a_thousand_transcripts_in_one_message_the_first_are_told_and_the_rest_counted() -> None:
    facts = read(transcription(*(said(utteranceId=f"u-{number}") for number in range(1000))))
    assert [type(fact) for fact in facts] == [SpeechTranscribed] * 200 + [UnknownReceived]
    assert facts[-1].type_name == "800 more transcripts in one message"


def test_secrets_that_are_spoken_are_not_kept() -> None:
    text = only(transcription(said("my password: swordfish, call +49 30 5550 1234"))).text
    assert "swordfish" not in text
    assert "5550" not in text


# -- the conversation ---------------------------------------------------------------------------------------


def test_parties_come_and_go_with_their_reason() -> None:
    by = codec()
    joined = only(event("customer.start", mediaType="VOICE", ani="tel:+4930901820"), by=by)
    assert joined == PartyJoined("call", AT, "customer", "p-1", "voice")
    assert not by.over
    ended = {"disconnectType": "TRANSPORT_FAILURE", "interactingDurationMs": 42_000}
    left = only(event("customer.end", **ended), by=by)
    assert left == PartyLeft("call", AT, "customer", "p-1", "transportFailure", 42.0)
    assert by.over


def test_the_wrap_up_is_told_without_its_notes() -> None:
    fact = only(event("acw", wrapupCode="resolved", wrapupDurationMs=4_000, wrapupNotes="Jo Doe was angry"))
    assert fact == WrappedUp("call", AT, "p-1", "resolved", 4.0)


def test_an_event_that_is_not_known_is_named() -> None:
    assert only(event("robot.dance")) == UnknownReceived("call", AT, "event robot.dance", len(event("robot.dance")))


def test_another_conversation_is_not_ours() -> None:
    other = message("v2.conversations.someone-else.transcription", {"transcripts": [said()]})
    fact = only(other)
    assert isinstance(fact, UnknownReceived)
    assert fact.type_name == "{id}.conversations.{id}.transcription"


# -- what cannot be read ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not JSON"),
        (b"\xff", "invalid UTF-8"),
        (b"[1]", "not an object"),
        (b"{}", "required field missing"),
        (b'{"topicName": 3, "eventBody": {}}', "wrong type of a field"),
        (b'{"topicName": "channel.metadata"}', "required field missing"),
        (b'{"topicName": "channel.metadata", "eventBody": []}', "wrong type of a field"),
        (b"[" * 100_000, "nesting too deep"),
    ],
)
def test_what_cannot_be_read_is_a_fact_that_quotes_nothing(data: bytes, problem: str) -> None:
    fact = only(data)
    assert fact == MalformedReceived("call", AT, problem, "not quoted: it may name people", len(data))


def test_names_and_numbers_of_people_are_in_no_fact() -> None:
    people = {"ani": "tel:+4930901820", "callbackUserName": "Jo Doe", "wrapupNotes": "Jo Doe", "addressFrom": "Jo Doe"}
    facts: list[Event] = []
    for what in ("customer.start", "customer.end", "acd.start", "user.end", "acw", "flow.start"):
        facts += read(event(what, **people))
    assert len(facts) == 6
    assert "Doe" not in repr(facts)
    assert "4930901820" not in repr(facts)
