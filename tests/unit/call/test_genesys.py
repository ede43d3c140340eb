"""Genesys' answers folded into the call, in the JSON, in the summary, and beside our own figures."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.call.codec import event_from_line, to_line
from dashboard.call.conversation import GenesysRecord, GenesysVerdict
from dashboard.call.events import Cause, GenesysReported
from dashboard.call.figures import probe_object
from dashboard.call.genesys import compared, our_end, our_sound, verdict_words
from dashboard.call.state import CallState
from dashboard.call.summary import summary
from dashboard.call.verdict import judge
from tests.builders import Story, dialogue
from tests.records import CONVERSATION, broken, healthy, media, participant, record, reported, segment, session

BROKE_HERE = "dropped, no close frame (1006)"


def clear() -> Story:
    story = Story()
    story.connect()
    dialogue(story)
    return story


def poor() -> Story:
    """Every frame of the second half comes far too late for the buffer."""
    story = clear()
    story.listen(30.0, jitter_s=0.4)
    return story


def dropped() -> Story:
    story = clear()
    story.drop()
    return story


def told(story: Story, body: Any, **fields: Any) -> CallState:
    story.fact(reported(body, story.call.call_id, story.now, **fields))
    return story.call


def genesys(call: CallState) -> dict[str, Any]:
    found: dict[str, Any] = probe_object(call)["genesys"]
    return found


# -- folded ---------------------------------------------------------------------------------------------


def test_a_call_about_which_nobody_asked_says_so() -> None:
    call = clear().call
    assert call.genesys is None
    assert probe_object(call)["genesys"] is None
    assert "genesys" not in summary(call)
    assert compared(call) == ()


def test_a_record_outlives_the_failure_to_fetch_a_newer_one() -> None:
    story = clear()
    told(story, broken())
    story.wait(12.0)
    call = told(story, {}, status=503)
    assert call.genesys is not None
    assert call.genesys.answer.verdict is GenesysVerdict.UNKNOWN
    found = genesys(call)
    assert (found["verdict"], found["error"], found["min_mos"]) == ("unknown", "analytics unavailable (503)", 2.91)
    assert found["record_age_s"] == pytest.approx(12.0, abs=0.3)
    assert "genesys unknown · analytics unavailable (503) · 12 s ago: bad" in summary(call)


def test_the_record_of_another_conversation_is_not_kept() -> None:
    story = clear()
    told(story, healthy())
    story.fact(GenesysReported(story.call.call_id, story.now, "another", GenesysVerdict.UNKNOWN))
    assert story.call.genesys is not None
    assert story.call.genesys.known is None


def test_what_genesys_says_changes_nothing_about_our_own_verdict() -> None:
    story = clear()
    before = judge(story.call)
    assert judge(told(story, broken())) == before


@pytest.mark.parametrize("body", [healthy(), broken(), record()])
def test_a_fact_comes_back_from_its_line_as_it_was(body: Any) -> None:
    fact = reported(body, "c", 5.0)
    assert event_from_line(to_line(fact)) == fact


# -- the JSON and the summary ---------------------------------------------------------------------------


def test_the_json_holds_the_record_with_its_units() -> None:
    found = genesys(told(clear(), broken()))
    legs = found.pop("legs")
    sentences = found.pop("compared")
    assert len(sentences) == 2
    assert found == {
        "conversation_id": CONVERSATION,
        "verdict": "bad",
        "provisional": False,
        "reasons": [
            "customer ended with transportFailure",
            "customer reports error.ininedgecontrol.connection.media.timeout",
            "2 errors counted",
            "MOS 2.91 at worst",
        ],
        "error": None,
        "status": 200,
        "correlation_id": None,
        "requests": 3,
        "again_s": 46.0,
        "record_age_s": 0.0,
        "started": "2030-03-17T17:46:40.000Z",
        "ended": "2030-03-17T17:49:52.000Z",
        "duration_s": 192.0,
        "errors": 2,
        "min_mos": 2.91,
        "min_r_factor": 57.3,
        "disconnect_type": "transportFailure",
    }
    assert [leg["purpose"] for leg in legs] == ["customer", "botflow"]
    assert (legs[0]["max_latency_ms"], legs[0]["packets"]["discarded"], legs[0]["sip_codes"]) == (
        412.0,
        333,
        [200, 408],
    )
    assert legs[1]["packets"]["discarded"] is None


def test_before_the_first_record_everything_of_it_is_null() -> None:
    found = genesys(told(clear(), {}, status=404))
    assert (found["verdict"], found["reasons"], found["error"]) == ("unknown", ["not indexed yet (404)"], None)
    assert {found[name] for name in ("provisional", "record_age_s", "started", "min_mos", "errors")} == {None}


def test_a_conversation_that_goes_on_is_judged_so_far() -> None:
    call = told(clear(), healthy())
    assert call.genesys is not None
    assert verdict_words(call.genesys) == "ok so far"
    assert genesys(call)["provisional"] is True
    assert "  genesys ok so far" in summary(call)


def test_the_summary_tells_the_refusal_and_what_support_asks_for() -> None:
    text = summary(told(clear(), {}, status=403, correlation_id="9e9e-12"))
    assert "genesys unknown · permission missing (403): give a role of the OAuth client" in text
    assert text.splitlines()[-1].endswith("ININ-Correlation-Id 9e9e-12")


def test_hostile_text_of_a_record_is_shown_as_symbols() -> None:
    end = segment(disconnectType="\x1b[2J", errorCode="\u202eevil")
    text = summary(told(clear(), record(participant("\x07", session(end)))))
    assert "\x1b" not in text
    assert "\u202e" not in text


# -- side by side ---------------------------------------------------------------------------------------


def sentences(story: Story, body: Any) -> tuple[str, ...]:
    return compared(told(story, body))


def test_the_stories_sound_as_they_say() -> None:
    assert (our_sound(clear().call).mos or 0) > 4
    assert (our_sound(poor().call).mos or 5) < 3.5


@pytest.mark.parametrize(
    ("story", "mos", "start"),
    [
        (clear, 4.4, "Clear on both sides (MOS 4.40 at worst there, "),
        (clear, 2.9, "Poor in Genesys, clear here (MOS 2.90 at worst there, "),
        (poor, 4.4, "Clear in Genesys, poor here (MOS 4.40 at worst there, "),
        (poor, 2.9, "Poor on both sides (MOS 2.90 at worst there, "),
    ],
)
def test_the_sound_of_both_sides_says_where_the_trouble_is(story: Any, mos: float, start: str) -> None:
    assert sentences(story(), healthy(mediaStatsMinConversationMos=mos))[0].startswith(start)


def ended(kind: str) -> dict[str, Any]:
    caller = session(segment(disconnectType=kind), mediaEndpointStats=[media()])
    return record(participant("customer", caller), conversationEnd="2030-03-17T17:50:00.000Z")


@pytest.mark.parametrize(
    ("story", "body", "sentence"),
    [
        (dropped, ended("error"), f"It broke on both sides: error there, {BROKE_HERE} here."),
        (clear, ended("error"), "It broke in Genesys (error); the connection here did not."),
        (
            dropped,
            ended("peer"),
            f"Only the connection here broke: {BROKE_HERE}. Genesys' legs ended normally (peer).",
        ),
        (dropped, healthy(), f"Only the connection here broke: {BROKE_HERE}. In Genesys the conversation goes on."),
    ],
)
def test_the_ends_of_both_sides_say_who_broke(story: Any, body: Any, sentence: str) -> None:
    assert sentences(story(), body)[-1] == sentence


@pytest.mark.parametrize("body", [healthy(), ended("client")])
def test_where_nothing_broke_nothing_is_said_about_it(body: Any) -> None:
    assert len(sentences(clear(), body)) == 1


def test_without_figures_on_either_side_nothing_is_compared() -> None:
    story = Story()
    story.connect()
    assert sentences(story, healthy()) == ()
    assert compared(told(clear(), {}, status=404)) == ()
    silent = GenesysReported(story.call.call_id, 1.0, CONVERSATION, GenesysVerdict.OK, record=GenesysRecord(errors=0))
    story.fact(silent)
    assert compared(story.call) == ()


def test_our_end_is_the_last_one() -> None:
    assert our_end(clear().call) == ""
    assert our_end(dropped().call) == BROKE_HERE
    story = clear()
    story.end()
    assert our_end(story.call) == "stopped here"
    refused = Story()
    refused.fail(Cause.UNAVAILABLE, "HTTP 503", status=503)
    assert our_end(refused.call) == "server unavailable"
