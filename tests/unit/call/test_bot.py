"""A bot beside a call: its facts folded as of a call of its own, and nothing of them into the call's figures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dashboard.call import cognigy_events as ce
from dashboard.call import events as ev
from dashboard.call.bot_events import BotOffered, BotTold
from dashboard.call.bot_figures import why_unspoken
from dashboard.call.cover import Cover
from dashboard.call.events import Cause, Event, LinkState, Speaker
from dashboard.call.figures import probe_object
from dashboard.call.notification_events import SideLinkChanged
from dashboard.call.state import CallState
from dashboard.call.summary import summary
from dashboard.call.verdict import headline, judge
from dashboard.storage.standing import Standing
from tests.builders import Story

LINE = -65.0
"""dBFS of a quiet line."""

OWN = ("bot", "duration_s")
"""What of the JSON may differ between a call with a bot beside it and the same call without."""


def offered(call_id: str, at: float, **fields: Any) -> BotOffered:
    told = {"endpoint": "ws://endpoint", "dialect": "cognigy", "session_id": "callscope-7be0", "user_id": "callscope"}
    return BotOffered(call_id, at, "parcel-bot", **{**told, **fields})


def told(story: Story, *facts: Event) -> None:
    for fact in facts:
        story.fact(BotTold(story.call.call_id, fact.at, fact))


def dialled(story: Story, limit_s: float = 30.0) -> None:
    """The bot beside the call is reached, and ready."""
    c, at = story.call.call_id, story.now
    targets = ev.Targets(silent_failure_after_s=limit_s)
    story.fact(offered(c, at))
    told(
        story,
        ev.CallStarted(c, at, 1.9e9, "ws://endpoint", "cognigy", targets),
        ev.ConnectionOpened(c, at, "ws://endpoint/socket.io/", "kernel", 0.01),
        ev.LinkChanged(c, at, LinkState.OPEN, Cause.PROGRESS),
        ev.SessionStarted(c, at, "callscope-7be0", "7be0"),
        ce.EndpointReady(c, at, "callscope", True, 0.1, announced=True, engine=3),
    )


def asked(story: Story, *, answers: bool = True, ends: bool = True) -> None:
    """A test utterance of a moment ago, and what the bot has said to it."""
    c, at = story.call.call_id, story.now - 0.7
    told(story, ev.UtteranceHeld(c, at, 1, "where is it"), ev.UtteranceSent(c, at, 1, "where is it"))
    if answers:
        told(story, ev.TextReceived(c, at + 0.4, "Which number?"), ev.IntentReceived(c, at + 0.4, "Track", 0.9))
    if ends:
        told(story, ce.TurnFinished(c, at + 0.6, "regular"))


def talk(*, beside: bool, **bot: bool) -> CallState:
    """A call in which the caller is answered after 0.5 s; with a bot beside it that is asked in the midst of it."""
    story = Story()
    story.connect()
    if beside:
        dialled(story)
    c = story.call.call_id
    for _ in range(3):
        story.listen(1.0, caller_dbfs=-20.0, bot_dbfs=-90.0)
        story.fact(ev.TranscriptReceived(c, story.now, Speaker.CALLER, "hello", True))
        if beside:
            asked(story, **bot)
        story.listen(0.5, bot_dbfs=-90.0)
        story.fact(ev.TextReceived(c, story.now, "good day"))
        story.listen(1.0, bot_dbfs=-20.0)
    return story.call


def leg(call: CallState) -> CallState:
    assert call.bot is not None
    assert call.bot.call is not None
    return call.bot.call


@pytest.mark.parametrize("answers", [True, False])
def test_what_a_bot_beside_the_call_does_changes_no_figure_of_the_call(answers: bool) -> None:
    without, with_bot = (probe_object(talk(beside=beside, answers=answers)) for beside in (False, True))
    for figures in (without, with_bot):
        for name in OWN:
            del figures[name]
    assert with_bot == without


def test_its_turns_have_figures_of_their_own() -> None:
    call = talk(beside=True)
    figures = probe_object(call)
    assert figures["turns"]["latency_ms"]["p50"] == pytest.approx(500, abs=60)
    bot = figures["bot"]
    assert (bot["profile"], bot["session_id"], bot["link"], bot["silent_failures"]) == (
        *("parcel-bot", "callscope-7be0", "open"),
        0,
    )
    assert bot["cognigy"]["first_output_ms"]["p50"] == pytest.approx(400)
    assert bot["cognigy"]["whole_turn_ms"]["p50"] == pytest.approx(600)
    assert bot["cognigy"]["utterances"][0]["outputs"] == ["Which number?"]
    assert figures["messages"]["sent"] == 0


def test_rows_of_the_bot_stand_among_those_of_the_call_and_say_that_they_are_its() -> None:
    rows = [(line.kind, line.text) for line in talk(beside=True).lines if line.beside]
    assert rows[0] == ("status", "ready after 100 ms: as callscope, test mode")
    assert rows[1:4] == [("utterance", "where is it"), ("text", "Which number?"), ("intent", "Track")]
    assert [line.text for line in talk(beside=True).lines if line.kind == "text" and not line.beside] == [
        "good day"
    ] * 3


def test_a_bot_that_hangs_is_a_silent_failure_of_its_own_and_none_of_the_call() -> None:
    story = Story()
    story.connect()
    dialled(story, limit_s=2.0)
    asked(story, answers=False, ends=False)
    story.listen(4.0, caller_dbfs=LINE)
    assert leg(story.call).turns.silent_failures == 1
    assert story.call.turns.silent_failures == 0
    (finding,) = story.call.findings.standing
    assert (finding.rule, finding.severity) == ("silent_bot", "warning")
    assert finding.summary == "Test utterances: the bot has not answered for 3.8 s; no error was reported"


def test_a_bot_that_hangs_beside_the_call_does_not_explain_that_nobody_speaks_on_it() -> None:
    story = Story()
    story.connect()
    dialled(story, limit_s=2.0)
    asked(story, answers=False, ends=False)
    story.listen(8.0, caller_dbfs=LINE, bot_dbfs=LINE)
    assert {finding.rule for finding in story.call.findings.standing} == {"silent_bot", "dead_air"}


def test_a_bot_that_loops_is_no_finding_about_the_call() -> None:
    story = Story()
    story.connect()
    dialled(story)
    for _ in range(5):
        asked(story)
        story.listen(2.0, caller_dbfs=LINE)
    assert [finding.rule for finding in story.call.findings.all] == []


def refused(story: Story) -> None:
    c, at = story.call.call_id, story.now
    told(
        story,
        ev.ErrorReceived(c, at, "not allowed"),
        ev.ConnectionLost(c, at, Cause.ENDPOINT_REFUSED, 1001, "", ev.ClosedBy.US, at),
        ev.LinkChanged(c, at, LinkState.GAVE_UP, Cause.ENDPOINT_REFUSED, "the endpoint refuses: not allowed"),
    )


def test_an_endpoint_that_refuses_is_named_and_the_call_goes_on() -> None:
    story = Story()
    story.connect()
    dialled(story)
    refused(story)
    story.listen(3.0, caller_dbfs=LINE)
    (finding,) = story.call.findings.standing
    assert (finding.rule, finding.severity) == ("endpoint_refused", "warning")
    assert finding.summary == "Test utterances: the Cognigy endpoint refuses us"
    assert judge(story.call).level == "degraded"
    assert headline(story.call).text == finding.summary
    assert story.call.link.state is LinkState.OPEN
    assert story.call.link.outage_count == 0


def test_a_refusal_beside_the_call_does_not_explain_what_ends_its_own_link() -> None:
    story = Story()
    story.connect()
    dialled(story)
    story.listen(3.0, caller_dbfs=LINE)
    story.drop()
    story.enter(LinkState.WAITING, Cause.ABNORMAL_CLOSURE, wait_s=9.0)
    refused(story)
    story.wait(2.0)
    assert {finding.rule for finding in story.call.findings.standing} == {"abnormal_closures", "endpoint_refused"}
    assert headline(story.call).text.startswith("The sound is down: ")


def test_a_turn_without_an_end_is_told_of_the_bot() -> None:
    story = Story()
    story.connect()
    dialled(story)
    asked(story, ends=False)
    story.listen(1.0, caller_dbfs=LINE)
    told(story, ce.TurnTimedOut(story.call.call_id, story.now, 30.0))
    story.listen(2.5, caller_dbfs=LINE)
    (finding,) = story.call.findings.standing
    assert finding.rule == "unfinished_turn"
    assert finding.summary == "Test utterances: the bot answered, but never said that it had finished"


def test_both_wires_beside_the_call_that_are_down_are_told_of_in_one_sentence() -> None:
    story = Story()
    story.connect()
    dialled(story)
    c = story.call.call_id
    told(story, ev.LinkChanged(c, story.now, LinkState.WAITING, Cause.TCP_REFUSED, "nobody is there"))
    story.listen(2.0, caller_dbfs=LINE)
    assert headline(story.call).text.startswith("Test utterances: the link to the bot is down")
    story.fact(SideLinkChanged(c, story.now, LinkState.GAVE_UP, "404"))
    story.listen(2.0, caller_dbfs=LINE)
    assert headline(story.call).text.startswith("Transcript and test utterances: ")
    told(story, ev.LinkChanged(c, story.now, LinkState.OPEN, Cause.PROGRESS))
    story.listen(2.0, caller_dbfs=LINE)
    assert headline(story.call).text == "Transcript: the link to Genesys' notifications is given up"


def test_a_call_without_a_bot_says_what_to_set_and_one_with_none_for_it_why() -> None:
    hooked = replace(CallState("c"), dialect="audiohook")
    assert why_unspoken(hooked).startswith("--bot PROFILE")
    assert why_unspoken(CallState("c", dialect="appfoundry")) == ""
    story = Story()
    story.fact(offered("c", story.now, session_id="", why_not="no conversation"))
    assert why_unspoken(story.call) == "no conversation"
    story.fact(offered("c", story.now))
    assert why_unspoken(story.call) == ""
    story.connect()
    story.enter(LinkState.CLOSED, Cause.SESSION_ENDED)
    assert why_unspoken(story.call) == "the call is over"


def test_the_summary_tells_of_the_bot_in_lines_of_its_own() -> None:
    text = summary(talk(beside=True))
    assert "  test   parcel-bot · session callscope-7be0 · test mode · no caller heard it\n" in text
    assert "3 said · 3 answered to the end" in text
    story = Story()
    story.fact(offered("c", story.now))
    assert "no caller heard it\n         nothing was said" in summary(story.call)


def test_a_screen_that_is_masked_masks_what_the_bot_says() -> None:
    story = Story()
    story.connect()
    dialled(story)
    told(story, ev.TextReceived(story.call.call_id, story.now, "mail anna@example.com"))
    masked = Cover().masked(story.call)
    assert masked.lines[-1].text == "mail [e-mail]"
    assert leg(masked).lines[-1].text == "mail [e-mail]"


def test_a_worker_that_dies_takes_the_bot_with_it_and_that_is_no_finding_about_the_bot() -> None:
    story = Story()
    story.connect()
    dialled(story)
    story.fact(ev.WorkerLost(story.call.call_id, story.now, "was killed", dead=True))
    assert leg(story.call).worker_lost == "was killed"
    assert [finding.rule for finding in story.call.findings.standing] == ["worker_lost"]


def test_what_holds_of_the_bot_holds_beside_what_holds_of_the_call() -> None:
    opened = ev.ConnectionOpened("c", 2.0, "wss://call", "kernel", 0.1)
    facts: list[Event] = [
        ev.CallStarted("c", 1.0, 1.9e9, "wss://call", "audiohook"),
        opened,
        offered("c", 2.0),
        BotTold("c", 3.0, ev.CallStarted("c", 3.0, 1.9e9, "ws://endpoint", "cognigy")),
        BotTold("c", 3.1, ev.LinkChanged("c", 3.1, LinkState.CONNECTING, Cause.PROGRESS)),
        BotTold("c", 3.2, ev.LinkChanged("c", 3.2, LinkState.OPEN, Cause.PROGRESS)),
        BotTold("c", 3.3, ev.TextReceived("c", 3.3, "hi")),
    ]
    standing = Standing()
    for fact in facts:
        standing = standing.after(fact)
    assert standing.opening(9.0)[1:] == (opened, facts[2], facts[3], facts[5])
