"""What the facts of a tap do to a call."""

from __future__ import annotations

from typing import Any

from dashboard.call import events as ev
from dashboard.call import tap_events as te
from dashboard.call.events import ClosedBy
from dashboard.call.figures import MESSAGE_KINDS, probe_object
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from dashboard.call.tap_view import TapView
from dashboard.call.verdict import headline
from dashboard.call.words import closed_by_words
from tests.builders import Story

C = "4f1c9a2b7d3e"


def up() -> Story:
    story = Story(C)
    story.connect()
    return story


def test_what_passes_adds_up_on_each_side() -> None:
    story = up()
    for _ in range(3):
        story.fact(te.TapMeasured(C, story.now, "client", 1000, 5, 6, 2, 1, 1, (0.0001, 0.002)))
    story.fact(te.TapMeasured(C, story.now, "upstream", 70, 1, 1))
    sides = probe_object(story.call)["tap"]["sides"]
    assert (sides["client"]["bytes"], sides["client"]["messages"], sides["client"]["frames"]) == (3000, 15, 18)
    assert (sides["client"]["fragments"], sides["client"]["compressed"], sides["client"]["pings"]) == (6, 3, 3)
    assert sides["client"]["held_ms"]["p99"] >= sides["client"]["held_ms"]["p50"] > 0
    assert (sides["upstream"]["bytes"], sides["upstream"]["held_ms"]["p50"]) == (70, None)


def test_a_side_is_blind_from_what_was_skipped_until_it_is_read_again() -> None:
    story = up()
    story.fact(te.TapSkipped(C, story.now, "client", 9_000_000, 70, "the observer was behind"))
    assert story.call.tap is not None
    assert story.call.tap.client.blind == "the observer was behind"
    assert story.call.tap.upstream.blind == ""
    assert story.call.lines[-1].text == "9.0 MB from the client passed unseen: the observer was behind"
    story.fact(te.TapResumed(C, story.now, "client", 800))
    assert (story.call.tap.client.blind, story.call.tap.client.skipped_bytes) == ("", 9_000_800)
    assert story.call.lines[-1].text == "what the client sends is read again"


def test_a_call_that_waits_for_its_client_says_so() -> None:
    story = up()
    story.listen(1.0)
    story.fact(te.TapMeasured(C, story.now, "client", 70, 1, 1))
    story.drop()
    story.fact(ev.LinkChanged(C, story.now, ev.LinkState.WAITING, ev.Cause.ABNORMAL_CLOSURE, until=story.now + 60.0))
    said = headline(story.call)
    assert (said.more, said.offer) == (("it is the client that dials: 60 s left to come back",), "")


def test_what_passed_unseen_is_neither_lost_nor_late() -> None:
    frames: dict[str, Any] = {
        "encoding": "pcm16",
        "channels": ("mixed",),
        "size_bytes": 640,
        "levels": ((-20.0, -20.0),),
        "peaks": ((-10.0, -10.0),),
        "waits": (0.0, 0.0),
        "durations": (0.02, 0.02),
        "positioned": True,
    }
    story = up()
    at = story.now
    story.fact(ev.AudioReceived(C, at, "inbound", arrivals=(at, at + 0.02), positions=(0.0, 0.02), **frames))
    story.fact(te.TapSkipped(C, at + 1, "upstream", 5000, 3, "the observer was behind"))
    later = at + 5
    story.fact(ev.AudioReceived(C, later, "inbound", arrivals=(later, later + 0.02), positions=(5.0, 5.02), **frames))
    assert story.call.inbound.pacing.lost == 0
    assert story.call.inbound.pacing.spikes == 0


def test_what_cannot_be_read_is_counted_by_reason_and_said_once() -> None:
    story = up()
    for _ in range(3):
        story.fact(te.TapUnread(C, story.now, "upstream", "unknown extension", 100, 2))
    side = probe_object(story.call)["tap"]["sides"]["upstream"]
    assert (side["unread"], side["unread_bytes"], side["blind"]) == (6, {"unknown extension": 300}, None)
    assert sum("unknown extension" in line.text for line in story.call.lines) == 1


def test_a_side_that_sends_no_frames_is_blind() -> None:
    call = step(CallState(C), te.TapUnread(C, 1.0, "client", "not WebSocket frames", 100, 0))
    assert call.tap is not None
    assert call.tap.client.blind == "not WebSocket frames"


def test_what_the_client_sends_counts_as_sent_and_is_no_sign_of_life_of_the_bot() -> None:
    story = up()
    before = story.call.link.last_inbound_at
    story.now += 1
    story.fact(te.ClientSent(C, story.now, "hello", 20))
    assert story.call.messages["sent"] == 1
    assert "sent" in MESSAGE_KINDS
    assert story.call.link.last_inbound_at == before


def test_a_side_of_a_newer_tap_is_passed_over() -> None:
    call = step(CallState(C), te.TapMeasured(C, 1.0, "sideways", 1, 1, 1))
    assert call.tap == TapView()


def test_the_client_of_a_tap_is_somebody_of_its_own() -> None:
    assert closed_by_words(ClosedBy.CLIENT) == "by the client"
