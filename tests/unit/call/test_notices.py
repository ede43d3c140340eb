"""What Genesys' notifications do to a call: rows, view, headline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dashboard.call import notification_events as ne
from dashboard.call.events import Cause, LinkState, Speaker
from dashboard.call.masking import masked
from dashboard.call.notice_view import NOTIFICATIONS, NoticeView
from dashboard.call.notices import folded, is_message
from dashboard.call.party import Party
from dashboard.call.summary import summary
from dashboard.call.verdict import headline, judge
from tests.builders import Story
from tests.scenarios.notices import followed

CALL, AT = "call-1", 110.0


def story() -> Story:
    told = Story()
    told.call = replace(told.call, dialect=NOTIFICATIONS, notices=NoticeView())
    told.connect()
    return told


def tell(told: Story, kind: type[Any], *values: Any, **more: Any) -> list[str]:
    """Tell a fact; return the rows that it makes."""
    before = len(told.call.lines)
    told.fact(kind(told.call.call_id, told.now, *values, **more))
    return [line.text for line in told.call.lines[before:]]


def view(*facts: Any) -> NoticeView:
    seen = NoticeView()
    for fact in facts:
        seen = folded(fact, seen)
    return seen


# -- rows ---------------------------------------------------------------------------------------------------


def test_what_is_subscribed_and_what_is_not_is_told_once() -> None:
    told = story()
    values = ("1f2e3d4c", ("transcription", "acw", "user.end"), ("flow.end: rejected",))
    assert tell(told, ne.ChannelSubscribed, *values) == [
        "subscribed: transcription, 2 kinds of events",
        "not subscribed: flow.end: rejected",
    ]
    assert tell(told, ne.ChannelSubscribed, *values) == []


def test_parties_are_named_as_people_name_them() -> None:
    told = story()
    assert tell(told, ne.PartyJoined, "user", "p-1", "voice") == ["agent joined (voice)"]
    assert tell(told, ne.PartyJoined, "acd", "p-2") == ["queue joined"]
    assert tell(told, ne.PartyLeft, "acd", "p-2", "transfer", 12.0) == ["queue left after 12 s: transfer"]
    assert tell(told, ne.WrappedUp, "p-1", "resolved", 4.0) == ["agent wrapped up: resolved, took 4.0 s"]


def test_a_disconnect_that_should_not_be_is_an_error() -> None:
    told = story()
    tell(told, ne.PartyLeft, "customer", "p-1", "transportFailure")
    assert told.call.lines[-1].kind == "error"


def test_what_has_changed_since_it_was_last_asked_is_told() -> None:
    told = story()
    customer, agent = Party("p-1", "customer", "a", recording="active"), Party("p-2", "agent", "b")
    assert tell(told, ne.ConversationRead, (customer, agent), False) == [
        "customer is connected",
        "customer leg: recording active",
        "agent is connected",
    ]
    held = replace(customer, held=True, muted=True, recording="paused")
    assert tell(told, ne.ConversationRead, (held, agent), False) == [
        "customer is on hold",
        "customer is muted",
        "customer leg: recording paused",
    ]
    gone = replace(agent, connected=False, disconnect_type="peer", error_code="error.ininedge")
    assert tell(told, ne.ConversationRead, (customer, gone), False) == [
        "customer is off hold",
        "customer is not muted any more",
        "customer leg: recording active",
        "agent left: peer",
        "agent: error.ininedge",
    ]
    nobody = replace(customer, connected=False, disconnect_type="client")
    assert tell(told, ne.ConversationRead, (nobody, gone), True) == [
        "customer left: client",
        "the conversation is over: nobody is connected",
    ]


def test_a_request_that_fails_again_alike_is_told_once() -> None:
    told = story()
    failed = ("reading the conversation", "conversation answered 503", 503, 60.0)
    assert tell(told, ne.RequestFailed, *failed) == ["reading the conversation: conversation answered 503"]
    assert tell(told, ne.RequestFailed, *failed) == []


def test_a_gap_says_how_long_nothing_was_told() -> None:
    told = story()
    told.wait(3.0)
    assert tell(told, ne.GapMarked, told.now - 12.3) == [
        "gap of 12 s: what was said and what happened meanwhile is not told again"
    ]
    assert told.call.notices is not None
    assert (told.call.notices.gaps, round(told.call.notices.gap_s, 1)) == (1, 12.3)


def test_the_loss_of_a_connection_is_told_as_on_any_wire() -> None:
    told = story()
    tell(told, ne.HeartbeatReceived)
    told.drop(Cause.ABNORMAL_CLOSURE)
    told.connect()
    tell(told, ne.HeartbeatReceived)
    assert told.call.link.outage_count == 1
    assert told.call.link.outage is None


# -- transcripts ----------------------------------------------------------------------------------------------


def test_a_late_transcript_is_a_row_with_its_age_and_neither_turn_nor_answer() -> None:
    told = story()
    tell(told, ne.SpeechTranscribed, "u-1", "leg", Speaker.CALLER, "Where is it?", True, 0.9, 34.0, 1.0)
    tell(told, ne.SpeechTranscribed, "u-2", "leg", Speaker.BOT, "One moment.", True, 0.9, 33.0, 1.0)
    told.wait(30.0)
    assert [(line.kind, line.age_s) for line in told.call.lines[-2:]] == [("transcript", 34.0), ("transcript", 33.0)]
    assert told.call.turns.current is None
    assert told.call.turns.silent_failures == 0


def test_a_transcript_that_is_not_final_is_shown_until_it_is() -> None:
    told = story()
    tell(told, ne.SpeechTranscribed, "u-1", "leg", Speaker.CALLER, "Where", False)
    assert told.call.partials[Speaker.CALLER].text == "Where"
    assert tell(told, ne.SpeechTranscribed, "u-1", "leg", Speaker.CALLER, "Where is it?", True) == ["Where is it?"]
    assert told.call.partials == {}


def test_numbers_in_a_transcript_are_masked_also_while_it_is_spoken() -> None:
    spoken = ne.SpeechTranscribed(CALL, AT, "u-1", "leg", Speaker.CALLER, "It is four one one", False)
    assert masked(spoken).text == "It is [digits]"
    card = replace(spoken, text="4111 1111 1111 1111", final=True)
    assert (masked(card).text, masked(card).utterance_id) == ("[card]", "u-1")


# -- the view -------------------------------------------------------------------------------------------------


def test_the_recording_is_paused_where_any_leg_is() -> None:
    active, paused = Party("a", "customer", recording="active"), Party("b", "agent", recording="paused")
    assert view(ne.ConversationRead(CALL, AT, (active, paused), False)).recording == "paused"
    assert view(ne.ConversationRead(CALL, AT, (active,), False)).recording == "active"
    assert view(ne.ConversationRead(CALL, AT, (replace(paused, connected=False),), True)).recording == ""


def test_a_party_that_comes_again_is_one() -> None:
    seen = view(
        ne.PartyJoined(CALL, AT, "user", "p"),
        ne.PartyLeft(CALL, AT, "user", "p", "transfer"),
        ne.PartyJoined(CALL, AT, "user", "p"),
        ne.WrappedUp(CALL, AT, "p", "resolved"),
    )
    assert seen.parties == (Party("p", "agent", wrap_up="resolved"),)


def test_only_what_comes_over_the_socket_shows_that_it_lives() -> None:
    assert is_message(ne.HeartbeatReceived(CALL, AT))
    assert not is_message(ne.ConversationRead(CALL, AT, (), False))
    assert not is_message(ne.ChannelSubscribed(CALL, AT, "c", ()))


def test_beside_a_call_with_a_connection_of_its_own_nothing_touches_its_link() -> None:
    told = Story()
    told.connect()
    told.drop(Cause.ABNORMAL_CLOSURE)
    tell(told, ne.SideLinkChanged, LinkState.OPEN)
    tell(told, ne.HeartbeatReceived)
    assert told.call.link.outage is not None
    assert told.call.notices is not None
    assert told.call.notices.link is LinkState.OPEN
    assert not told.call.soundless
    assert tell(told, ne.SideLinkChanged, LinkState.GAVE_UP, "404") == ["no transcript from Genesys: 404"]


# -- what it all amounts to -----------------------------------------------------------------------------------


def test_nothing_is_said_of_sound_where_there_is_none() -> None:
    call = followed(seconds=90.0)
    assert judge(call).level == "healthy"
    assert call.findings.all == ()
    assert "frames" not in summary(call)
    assert "transcripts" in summary(call)


def test_a_summary_names_a_few_participants_and_counts_the_rest() -> None:
    told = story()
    for number in range(20):
        tell(told, ne.PartyJoined, "customer", f"p-{number}")
    (line,) = [line for line in summary(told.call).splitlines() if "customer" in line]
    assert line.count("customer connected") == 8
    assert line.endswith(" · 12 more")


@pytest.mark.parametrize(
    ("seconds", "level", "text"),
    [(34.0, "ok", "Following: nobody yet; no transcript yet"), (37.0, "bad", "Open, but nothing has come for 37 s")],
)
def test_the_headline_waits_for_a_heartbeat(seconds: float, level: str, text: str) -> None:
    told = story()
    told.wait(seconds)
    assert (headline(told.call).level, headline(told.call).text) == (level, text)


def test_the_headline_names_who_is_there_and_how_old_the_last_transcript_was() -> None:
    told = story()
    tell(told, ne.PartyJoined, "customer", "p-1")
    tell(told, ne.PartyJoined, "flow", "p-2")
    tell(told, ne.SpeechTranscribed, "u-1", "leg", Speaker.CALLER, "Hello", True, 0.9, 4.2, 1.0)
    assert headline(told.call).text == "Following: customer, flow; the last transcript was 4.2 s old"
    tell(told, ne.ConversationRead, (Party("p-1", "customer", connected=False),), True)
    assert headline(told.call).level == "idle"
