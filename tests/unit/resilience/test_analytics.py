"""Genesys' analytics: what is asked, and what is read of whatever comes back."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.call.codec import event_from_line, to_line
from dashboard.call.conversation import GenesysRecord, GenesysVerdict
from dashboard.call.events import Cause, GenesysReported
from dashboard.resilience.analytics import (
    Answer,
    Query,
    analytics_request,
    is_askable,
    read_analytics,
    unfetched,
)
from dashboard.resilience.exchange import Reply
from dashboard.resilience.oauth import Token
from dashboard.resilience.retry import Failure
from dashboard.resilience.secret import Secret
from tests.records import CONVERSATION, broken, healthy, media, participant, record, reply, segment, session

TOKEN = Token(Secret("tk-1"), 100.0, 80.0)
WALL = 1_900_000_000.0  # 2030-03-17T17:46:40Z
BAD, OK, UNKNOWN = GenesysVerdict.BAD, GenesysVerdict.OK, GenesysVerdict.UNKNOWN


def details(body: Any, status: int = 200, **fields: Any) -> Answer:
    return read_analytics("details", CONVERSATION, reply(body, status, **fields))


def known(body: Any) -> GenesysRecord:
    """The record of a reply that has one."""
    found = details(body).record
    assert found is not None
    return found


def tutorial(body: Any) -> Answer:
    return read_analytics("tutorial", CONVERSATION, reply(body))


# -- what is asked --------------------------------------------------------------------------------------


def test_the_details_of_a_conversation_are_asked_for_with_the_token() -> None:
    request = analytics_request("details", "https://api.test/", CONVERSATION, TOKEN, WALL)
    assert request.method == "GET"
    assert request.url == f"https://api.test/api/v2/analytics/conversations/{CONVERSATION}/details"
    assert request.headers["Authorization"] == "Bearer tk-1"
    assert request.json is None
    assert "tk-1" not in repr(request)


def test_the_tutorials_ask_about_the_last_hour_in_a_body_of_their_own() -> None:
    request = analytics_request("tutorial", "https://api.test", CONVERSATION, TOKEN, WALL)
    assert (request.method, request.url) == ("POST", "https://api.test/api/v2/analytics/conversations/details/query")
    assert request.json == {
        "interval": "2030-03-17T16:46:40.000Z/2030-03-17T17:46:40.000Z",
        "view": "summary",
        "entity": {"id": CONVERSATION},
        "groupBy": [],
        "metrics": ["conversation.duration", "conversation.errors"],
    }


@pytest.mark.parametrize("conversation_id", ["", "..", "a/b", "a?b", "x" * 101, "ünter", "a b", "a\n"])
def test_what_could_mean_more_in_a_path_is_no_conversation(conversation_id: str) -> None:
    assert not is_askable(conversation_id)
    assert is_askable(CONVERSATION)


# -- the verdict ----------------------------------------------------------------------------------------


def test_a_conversation_that_sounds_well_is_ok() -> None:
    answer = details(healthy())
    assert (answer.verdict, answer.reasons, answer.error) == (OK, (), "")


def test_a_conversation_that_broke_is_bad_for_every_reason_there_is() -> None:
    answer = details(broken())
    assert answer.verdict is BAD
    assert answer.reasons == (
        "customer ended with transportFailure",
        "customer reports error.ininedgecontrol.connection.media.timeout",
        "2 errors counted",
        "MOS 2.91 at worst",
    )


@pytest.mark.parametrize(
    "kind", ["error", "transportFailure", "timeout", "sessionExpired", "inactivity", "system", "uncallable"]
)
def test_a_disconnect_that_means_trouble_is_bad(kind: str) -> None:
    caller = session(segment(disconnectType=kind), segment(disconnectType="peer"), mediaEndpointStats=[media()])
    answer = details(record(participant("customer", caller)))
    assert (answer.verdict, answer.reasons) == (BAD, (f"customer ended with {kind}",))


@pytest.mark.parametrize("kind", ["client", "endpoint", "peer", "transfer", "consultTransfer", "never heard of"])
def test_a_conversation_that_ended_normally_is_ok_without_media_figures(kind: str) -> None:
    caller = session(segment(disconnectType=kind))
    answer = details(record(participant("customer", caller), conversationEnd="2030-03-17T17:50:00.000Z"))
    assert answer.verdict is OK


def test_legs_without_sound_may_end_as_they_like() -> None:
    chat = session(segment(disconnectType="timeout", errorCode="x"), mediaType="message")
    answer = details(record(participant("bot", chat), participant("customer", session(mediaEndpointStats=[media()]))))
    assert answer.verdict is OK


@pytest.mark.parametrize(("mos", "verdict"), [(3.49, BAD), (3.5, OK)])
def test_a_poor_mos_is_bad(mos: float, verdict: GenesysVerdict) -> None:
    assert details(healthy(mediaStatsMinConversationMos=mos)).verdict is verdict


@pytest.mark.parametrize(
    "body", [record(), record(participant("customer", session())), record(participant("customer"))]
)
def test_a_record_without_figures_is_unknown_not_ok(body: Any) -> None:
    assert details(body).verdict is UNKNOWN
    assert details(body).reasons == ("indexed, but no media figures yet",)


# -- the record -----------------------------------------------------------------------------------------


def test_a_record_tells_when_how_well_and_how_each_leg_ended() -> None:
    found = known(broken())
    assert (found.began, found.ended, found.duration_s) == (WALL, WALL + 192, 192)
    assert (found.errors, found.min_mos, found.min_r_factor, found.legs_left_out) == (2, 2.91, 57.3, 0)
    customer, bot = found.legs
    assert (customer.purpose, customer.disconnect_type, customer.sip_codes) == (
        "customer",
        "transportFailure",
        (200, 408),
    )
    assert (customer.max_latency_s, customer.received, customer.discarded) == (0.412, 9000, 333)
    assert (customer.overrun, customer.underrun, customer.duplicate, customer.invalid) == (7, 20, 1, 0)
    assert customer.codecs == ("audio/opus",)
    assert (bot.flow, bot.errors, bot.disconnect_type, bot.min_mos) == ("Parcel tracking", 2, "peer", None)


def test_several_endpoints_of_a_leg_count_together_and_the_worst_one_counts() -> None:
    stats = [media(minMos=4.1, codecs=["audio/PCMU"]), media(minMos=3.9, maxLatencyMs=90), {"eventTime": "x"}]
    (leg,) = known(record(participant("customer", session(mediaEndpointStats=stats)))).legs
    assert (leg.min_mos, leg.max_latency_s, leg.received) == (3.9, 0.09, 18000)
    assert leg.codecs == ("audio/PCMU", "audio/opus")


def test_a_long_record_keeps_the_legs_with_sound_and_counts_the_rest() -> None:
    chats = [participant("agent", session(mediaType="message"))] * 30
    found = known(record(*chats, participant("customer", session(mediaEndpointStats=[media()]))))
    assert (len(found.legs), found.legs_left_out) == (20, 11)
    assert found.legs[0].purpose == "customer"


def test_the_leg_that_had_trouble_is_kept_however_late_it_comes() -> None:
    fine = [participant("agent", session(segment(disconnectType="peer"), mediaEndpointStats=[media()]))] * 30
    answer = details(record(*fine, participant("customer", session(segment(disconnectType="error")))))
    assert answer.reasons == ("customer ended with error",)
    assert answer.record is not None
    assert (answer.record.legs[0].purpose, answer.record.legs_left_out) == ("customer", 11)


def test_nobody_s_name_or_number_is_kept() -> None:
    kept = str(details(broken()))
    assert "Jo Doe" not in kept
    assert "4930901820" not in str(details(healthy()))


def test_an_id_in_other_letters_is_the_same_conversation() -> None:
    assert read_analytics("details", CONVERSATION.upper(), reply(healthy())).verdict is OK


# -- the tutorials' reply -------------------------------------------------------------------------------


@pytest.mark.parametrize(("errors", "verdict"), [(0, OK), (1, BAD)])
def test_the_tutorials_reply_counts_errors(errors: int, verdict: GenesysVerdict) -> None:
    answer = tutorial({"entities": [{"metrics": {"conversation.errors": errors, "conversation.duration": 61.5}}]})
    assert answer.verdict is verdict
    assert answer.record is not None
    assert (answer.record.errors, answer.record.duration_s) == (errors, 61.5)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"entities": []},
        {"entities": [{}]},
        {"entities": [{"metrics": {}}]},
        {"entities": [{"metrics": {"conversation.errors": "0"}}]},
        {"entities": [{"metrics": {"conversation.errors": -1}}]},
        {"entities": [{"metrics": {"conversation.errors": True}}]},
        {"entities": {"0": {}}},
    ],
)
def test_no_data_in_the_tutorials_reply_is_unknown(body: Any) -> None:
    assert tutorial(body) == Answer(UNKNOWN, ("no data yet",), status=200)


# -- refusals -------------------------------------------------------------------------------------------


def test_404_is_not_indexed_yet_and_no_error() -> None:
    assert details({}, 404) == Answer(UNKNOWN, ("not indexed yet (404)",), status=404)


def test_403_names_the_permission_that_genesys_names() -> None:
    body = {"message": "You are missing the following permission(s): analytics:conversationDetail:view", "status": 403}
    assert details(body, 403).error == (
        "permission missing (403): give a role of the OAuth client analytics:conversationDetail:view"
    )


def test_403_without_a_name_tells_both_permissions_that_would_do() -> None:
    assert details({"message": "no"}, 403).error.endswith(
        "analytics:conversationDetail:view or analytics:agentConversationDetail:view"
    )


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, "token rejected (401): it is from another region, or its OAuth client lacks roles"),
        (429, "rate limited (429)"),
        (500, "analytics unavailable (500)"),
        (504, "analytics unavailable (504)"),
        (302, "analytics answered 302"),
        (400, "analytics answered 400"),
    ],
)
def test_every_other_refusal_is_unknown_with_an_error(status: int, error: str) -> None:
    answer = details({"message": "s3cr3t"}, status)
    assert (answer.verdict, answer.error, answer.status, answer.record) == (UNKNOWN, error, status, None)


def test_a_refusal_keeps_what_genesys_support_asks_for() -> None:
    answer = details({}, 500, headers={"ININ-Correlation-Id": "9e9e-12"})
    assert answer.correlation_id == "9e9e-12"


@pytest.mark.parametrize(
    ("header", "message", "wait_s"),
    [
        (7.0, "Retry the request in [12] seconds", 7.0),
        (None, "Retry the request in [12] seconds", 12.0),
        (None, "Retry the request in [9999] seconds", 300.0),
        (None, "Retry later", None),
    ],
)
def test_429_says_how_long_to_wait_in_its_header_else_in_its_text(
    header: float | None, message: str, wait_s: float | None
) -> None:
    assert details({"message": message}, 429, retry_after_s=header).retry_after_s == wait_s


def rate_limit(count: str, allowed: str = "300", reset: str = "42") -> dict[str, str]:
    return {"ININ-RateLimit-Count": count, "ININ-RateLimit-Allowed": allowed, "ININ-RateLimit-Reset": reset}


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        (rate_limit("240"), 42.0),
        (rate_limit("239"), 0.0),
        (rate_limit("300", reset="86400"), 300.0),
        (rate_limit("300", reset="-1"), 0.0),
        (rate_limit("0", allowed="0"), 0.0),
        (rate_limit("nan"), 0.0),
        (rate_limit("many"), 0.0),
        ({"ININ-RateLimit-Count": "299"}, 0.0),
    ],
)
@pytest.mark.parametrize("status", [200, 404, 500])
def test_nothing_is_asked_until_a_limit_begins_anew_that_is_nearly_used(
    headers: dict[str, str], pause_s: float, status: int
) -> None:
    assert details({}, status, headers=headers).pause_s == pause_s


def test_what_was_never_fetched_is_unknown_and_says_why() -> None:
    answer = unfetched(Failure(Cause.TIMEOUT, "analytics: timed out"))
    assert (answer.verdict, answer.error, answer.record) == (UNKNOWN, "analytics: timed out", None)


# -- hostile replies ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "the reply to the analytics is not JSON"),
        (b"<html>", "the reply to the analytics is not JSON"),
        (b"[" * 100_000, "the reply to the analytics is not JSON"),
        (b"[]", "the reply to the analytics is not a JSON object"),
        (b"{}", "the reply to the analytics is not about the conversation that was asked for"),
        (
            b'{"conversationId": "another"}',
            "the reply to the analytics is not about the conversation that was asked for",
        ),
        (b'{"a": ' + b"9" * 5000 + b"}", "the reply to the analytics is not JSON"),
    ],
)
def test_a_reply_that_is_no_record_is_unknown_and_says_why(body: bytes, error: str) -> None:
    answer = read_analytics("details", CONVERSATION, Reply(200, body))
    assert (answer.verdict, answer.error, answer.record) == (UNKNOWN, error, None)


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", "1e400", "-1", "true", '"4.4"', "null", "[]", "{}", "5.01", "0"]
)
def test_a_mos_that_is_none_is_not_measured(value: str) -> None:
    body = json.dumps(healthy(mediaStatsMinConversationMos="MOS")).replace('"MOS"', value)
    body = body.replace('"minMos": 4.4', f'"minMos": {value}')
    answer = read_analytics("details", CONVERSATION, Reply(200, body.encode()))
    assert answer.record is not None
    assert answer.record.min_mos is None
    assert answer.verdict is UNKNOWN


@pytest.mark.parametrize(
    "when", ["", "tomorrow", "x" * 1000, 5, None, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
def test_a_moment_that_is_none_is_not_known(when: Any) -> None:
    assert known(healthy(conversationStart=when)).began is None


def test_text_of_the_record_is_cut_and_freed_of_secrets() -> None:
    end = segment(disconnectType="x" * 5000, errorCode="token=abcdefgh12345678")
    (leg,) = known(record(participant("[red]\x1b[2J" * 100, session(end)))).legs
    assert len(leg.disconnect_type) < 130
    assert len(leg.purpose) < 130
    assert leg.error_code == "token=***"


KEYS = (
    "conversationId participants sessions segments mediaEndpointStats metrics flow purpose mediaType name value"
    " disconnectType errorCode sipResponseCodes codecs minMos maxLatencyMs receivedPackets conversationStart"
    " conversationEnd entities conversation.errors"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS.split(" ")), inner, max_size=6),
    max_leaves=40,
)


@given(JSON, st.sampled_from([200, 301, 401, 403, 404, 429, 500]), st.sampled_from(["details", "tutorial"]))
def test_whatever_comes_back_is_an_answer_that_can_travel(body: Any, status: int, query: Query) -> None:
    if isinstance(body, dict):
        body["conversationId"] = CONVERSATION
    answer = read_analytics(query, CONVERSATION, reply(body, status))
    assert (answer.record is None) <= (answer.verdict is UNKNOWN)
    fact = GenesysReported("c", 1.0, CONVERSATION, answer.verdict, answer.reasons, answer.record, answer.error)
    assert event_from_line(to_line(fact)) == fact


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(body: bytes) -> None:
    for query in get_args(Query):
        assert read_analytics(query, CONVERSATION, Reply(200, body)).verdict is UNKNOWN
