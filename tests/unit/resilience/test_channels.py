"""Requests and replies about a notification channel and its conversation."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from dashboard.call.events import Cause
from dashboard.call.party import Party, disconnect_word
from dashboard.resilience.channels import (
    LIFE_S,
    Channel,
    channel_request,
    channels_request,
    conversation_request,
    read_channel,
    read_channels,
    read_conversation,
    read_subscription,
    subscription_request,
    topics_of,
    unsubscription_request,
)
from dashboard.resilience.exchange import Reply
from dashboard.resilience.oauth import Token
from dashboard.resilience.retry import Failure, LinkError
from dashboard.resilience.secret import Secret

TOKEN = Token(Secret("tk-1"), 3600.0, 3300.0)
WALL = 1_893_492_000.0
BASE = "https://api.mypurecloud.de/"
URI = "wss://streaming.mypurecloud.de/channels/streaming-7-ab12"


def reply(value: object, status: int = 200, retry_after_s: float | None = None) -> Reply:
    return Reply(status, json.dumps(value).encode(), retry_after_s)


def channel(**changes: object) -> Channel:
    fields = {"id": "streaming-7-ab12", "connectUri": URI, "expires": "2030-01-02T10:00:00.000Z", **changes}
    return read_channel(reply(fields), TOKEN, 100.0, WALL)


def refused(read: object, *args: object) -> Failure:
    with pytest.raises(LinkError) as caught:
        read(*args)  # type: ignore[operator]
    return caught.value.failure


# -- the channel --------------------------------------------------------------------------------------------


def test_a_channel_is_asked_for_with_the_token_and_nothing_else() -> None:
    request = channel_request(BASE, TOKEN)
    assert (request.method, request.url) == ("POST", "https://api.mypurecloud.de/api/v2/notifications/channels")
    assert request.headers["Authorization"] == "Bearer tk-1"
    assert request.json is request.form is None


def test_a_channel_keeps_its_secrets_and_has_a_name_that_may_be_shown() -> None:
    made = channel()
    assert made.address.reveal() == URI
    assert made.expires_at == pytest.approx(100.0 + LIFE_S)
    assert made.name not in URI
    assert len(made.name) == 8
    assert "ab12" not in repr(made)
    assert "ab12" not in repr(subscription_request(BASE, made, ["t"], TOKEN))


def test_a_channel_is_subscribed_again_an_hour_before_its_end() -> None:
    made = channel()
    assert made.renew_at == pytest.approx(100.0 + LIFE_S - 3600.0)
    assert made.renewed(500.0).expires_at == pytest.approx(500.0 + LIFE_S)


@pytest.mark.parametrize("expires", [None, 5, "soon", "2029-01-01T00:00:00Z", "2040-01-01T00:00:00Z", "x" * 50])
def test_an_end_that_cannot_be_believed_counts_as_a_day(expires: object) -> None:
    assert channel(expires=expires).expires_at == pytest.approx(100.0 + LIFE_S)


def test_a_shorter_life_is_believed() -> None:
    soon = datetime.fromtimestamp(WALL + 600, UTC).isoformat()
    assert channel(expires=soon).renew_at == pytest.approx(100.0 + 480.0)


@pytest.mark.parametrize(
    "fields",
    [
        {"id": None},
        {"id": "a/b"},
        {"id": ""},
        {"connectUri": None},
        {"connectUri": "https://streaming.mypurecloud.de/x"},
        {"connectUri": "ws://streaming.mypurecloud.de/x"},
        {"connectUri": "wss://user@streaming.mypurecloud.de/x"},
    ],
)
def test_a_channel_that_cannot_be_used_is_a_bad_reply_that_shows_nothing_of_it(fields: dict[str, object]) -> None:
    failure = refused(lambda: channel(**fields))
    assert failure.cause is Cause.BAD_REPLY
    assert "streaming" not in failure.detail


def test_the_channels_of_a_client_are_counted_where_they_are_told() -> None:
    request = channels_request(BASE, TOKEN)
    assert (request.method, request.url) == (
        "GET",
        "https://api.mypurecloud.de/api/v2/notifications/channels?includechannels=oauthclient",
    )
    assert read_channels(reply({"entities": [{"id": "a"}, {"id": "b"}]})) == 2
    assert read_channels(reply({"entities": "many"})) is None
    assert read_channels(reply({"entities": []}, 403)) is None
    assert read_channels(Reply(200, b"no")) is None


def test_a_channel_is_left_by_taking_its_topics_from_it() -> None:
    request = unsubscription_request(BASE, channel(), TOKEN)
    assert (request.method, request.url) == (
        "DELETE",
        "https://api.mypurecloud.de/api/v2/notifications/channels/streaming-7-ab12/subscriptions",
    )
    assert "streaming-7-ab12" not in repr(request)


# -- its topics ---------------------------------------------------------------------------------------------


def test_topics_are_put_as_a_list_and_bad_ones_do_not_spoil_the_rest() -> None:
    request = subscription_request(BASE, channel(), list(topics_of("c-1"))[:2], TOKEN)
    assert request.method == "PUT"
    assert request.url.endswith("/channels/streaming-7-ab12/subscriptions?ignoreErrors=true")
    assert request.json == [
        {"id": "v2.conversations.c-1.transcription"},
        {"id": "v2.detail.events.conversation.c-1.customer.start"},
    ]


def test_what_is_permitted_and_what_is_not_is_told_by_short_names() -> None:
    topics = {"a": "transcription", "b": "acw", "c": "user.end", "d": "flow.end"}
    entities = [
        {"id": "a", "state": "Rejected", "missingPermissions": ["conversation:transcription:view"]},
        {"id": "b", "state": "Permitted"},
        {"id": "c", "state": "Rejected", "rejectionReason": "no such topic"},
    ]
    told = read_subscription(reply({"entities": entities}), topics)
    assert told.topics == ("acw",)
    assert told.refused == (
        "transcription: the OAuth client lacks conversation:transcription:view",
        "user.end: no such topic",
        "flow.end: not confirmed",
    )


def test_no_permitted_topic_at_all_is_a_missing_permission() -> None:
    failure = refused(read_subscription, reply({"entities": []}), {"a": "transcription"})
    assert (failure.cause, failure.status) == (Cause.PERMISSION_MISSING, 403)


@pytest.mark.parametrize("body", [{}, {"entities": {}}, [1]])
def test_a_reply_without_a_list_of_topics_is_a_bad_one(body: object) -> None:
    assert refused(read_subscription, reply(body), {"a": "x"}).cause is Cause.BAD_REPLY


def test_too_many_topics_are_told_in_words() -> None:
    error = {"message": "The limit of 1000 topics is exceeded for channel streaming-7-ab12"}
    failure = refused(read_subscription, reply(error, 400), {"a": "x"})
    assert failure.detail == "subscription: more topics than a channel takes (400)"


# -- the conversation ---------------------------------------------------------------------------------------


def call(**fields: object) -> dict[str, object]:
    return {"id": "leg", "state": "connected", **fields}


def test_how_a_conversation_stands_is_read_without_names_and_numbers() -> None:
    customer = {
        "id": "p-1",
        "purpose": "customer",
        "name": "Jo Doe",
        "address": "tel:+4930901820",
        "calls": [call(recordingState="active", held=True, self={"nameRaw": "Jo Doe"})],
    }
    agent = {
        "id": "p-2",
        "purpose": "agent",
        "wrapup": {"code": "resolved", "notes": "Jo Doe"},
        "calls": [call(state="terminated", disconnectType="transport.failure", errorInfo={"code": "error.ininedge"})],
    }
    told = read_conversation(reply({"id": "c-1", "participants": [customer, agent]}))
    assert told.parties == (
        Party("p-1", "customer", "leg", "voice", held=True, recording="active"),
        Party(
            "p-2",
            "agent",
            "leg",
            "voice",
            connected=False,
            disconnect_type="transportFailure",
            wrap_up="resolved",
            error_code="error.ininedge",
        ),
    )
    assert not told.over
    assert "Doe" not in repr(told)


def test_a_secure_pause_is_a_paused_recording() -> None:
    (party,) = read_conversation(reply({"participants": [{"calls": [call(recording=True, securePause=True)]}]})).parties
    assert (party.recording, party.purpose) == ("paused", "unknown")


def test_a_conversation_is_over_when_nobody_is_connected_any_more() -> None:
    gone = {"calls": [call(state="disconnected")]}
    assert read_conversation(reply({"participants": [gone, gone]})).over
    assert not read_conversation(reply({"participants": []})).over


@pytest.mark.parametrize("participants", [None, 3, [None, 3, {"calls": 5}, {"calls": [None]}]])
def test_whatever_else_stands_there_is_passed_over(participants: object) -> None:
    assert read_conversation(reply({"participants": participants})).parties == ()


def test_the_path_of_a_conversation_holds_nothing_that_means_more_there() -> None:
    assert conversation_request(BASE, "a/../b?c", TOKEN).url.endswith("/api/v2/conversations/a%2F..%2Fb%3Fc")


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("TRANSPORT_FAILURE", "transportFailure"),
        ("transport.failure", "transportFailure"),
        ("transportFailure", "transportFailure"),
        ("PEER", "peer"),
        ("", ""),
    ],
)
def test_a_disconnect_type_has_one_spelling(said: str, word: str) -> None:
    assert disconnect_word(said) == word


# -- refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (401, Cause.TOKEN_REJECTED),
        (403, Cause.PERMISSION_MISSING),
        (404, Cause.NOT_FOUND),
        (429, Cause.RATE_LIMITED),
        (503, Cause.UNAVAILABLE),
    ],
)
def test_a_refusal_is_classified_by_its_status(status: int, cause: Cause) -> None:
    assert refused(read_conversation, reply({}, status)).cause is cause


def test_a_missing_permission_is_named_by_the_reply_or_by_what_is_known() -> None:
    named = {"message": "You are missing the following permission(s): conversation:x:view"}
    assert "role of the OAuth client conversation:x:view" in refused(read_conversation, reply(named, 403)).detail
    assert "conversation:communication:view" in refused(read_conversation, reply({}, 403)).detail


def test_a_rate_limit_says_how_long_to_wait_in_its_header_or_in_words() -> None:
    assert refused(read_conversation, reply({}, 429, retry_after_s=7.0)).retry_after_s == 7.0
    words = {"message": "Rate limit exceeded. Retry the request in [9] seconds"}
    assert refused(read_conversation, reply(words, 429)).retry_after_s == 9.0
    assert refused(read_conversation, reply({}, 429)).retry_after_s == 3.0
    assert refused(read_conversation, reply({}, 503)).retry_after_s is None
