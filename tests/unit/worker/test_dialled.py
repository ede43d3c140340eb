"""Calls in Genesys' place, to a bot on loopback."""

from __future__ import annotations

import asyncio
import time

import pytest

from dashboard.call.events import (
    AudioReceived,
    Cause,
    ConnectionOpened,
    LinkState,
    Targets,
    UtteranceExpired,
    UtteranceHeld,
    UtteranceSent,
)
from dashboard.call.hook_events import (
    EntityReceived,
    HookAccepted,
    HookOffered,
    KeyPressed,
    MediaDiscarded,
    PlaybackMeasured,
    RuleBroken,
    SessionClosed,
    SessionEnding,
)
from dashboard.call.ports import Interrupt, Press, Reconnect, Say, Sound, Stop
from dashboard.call.verdict import judge
from dashboard.dialects.audiohook_access import Access
from dashboard.simulator.faults import Abort, Refuse, SilentBot
from dashboard.worker.conduct import Script
from tests.unit.worker.connectors import HELLO, LONG, Calling, bot, calling, scenario, turn
from tests.unit.worker.hooks import KEY


async def test_a_whole_call_from_the_offer_to_the_variables_at_its_end() -> None:
    async with bot(scenario(turn("Welcome to parcels"), turn("It is on its way"))) as host:
        call = Calling(host.url, Script((HELLO,)), extra={"inputVariables": {"Order": "12"}})
        state = await call.run()
    (accepted,) = call.of(HookAccepted)
    assert (accepted.media, accepted.channels) == ("PCMU 8000 external", ("caller",))
    assert call.of(RuleBroken) == []
    assert len(call.of(PlaybackMeasured)) == 2
    assert state.hook is not None
    assert (state.hook.stage, state.hook.outputs) == ("closed", ("Outcome=resolved", "Turns=2"))
    assert (call.ended, state.link.state, state.link.outage_count) == ("closed: disconnect", LinkState.CLOSED, 0)
    assert state.inbound.channels == ("caller", "bot")
    assert state.inbound.pacing.lost == 0
    (one,) = [state.turns.current]
    assert one is not None
    assert (one.text, one.utterance) == ("hello", 1)
    assert one.audio_at is not None
    assert one.audio_at > one.ended_at
    assert judge(state).level == "healthy"
    for text in ("Welcome to parcels", "hello", "It is on its way", "bot_turn_response: match, confidence 1.00"):
        assert text in call.rows


async def test_whoever_sits_at_a_screen_may_call_again_when_the_bot_has_hung_up() -> None:
    async with bot(scenario(turn("hi"))) as host, calling(host.url, stays=True) as call:
        await call.until(lambda: call.facts and call.state.link.state is LinkState.CLOSED)
        assert call.state.ended is None
        call.command(Reconnect())
        await call.until_told(SessionClosed, 2)
        await call.until(lambda: call.state.link.state is LinkState.CLOSED)
    assert (call.state.sessions, call.state.link.outage_count, call.ended) == (2, 0, "closed: disconnect")


async def test_what_was_being_said_when_the_session_ended_was_not_said() -> None:
    async with bot(scenario(turn(LONG))) as host, calling(host.url) as call:
        await call.until_told(HookAccepted)
        call.command(Say("hello"))
        await call.until_told(UtteranceHeld)
    (expired,) = call.of(UtteranceExpired)
    assert (expired.utterance, expired.why) == (1, "the session ended while it was said")


async def test_a_bot_stops_when_the_caller_speaks_into_its_speech() -> None:
    async with bot(scenario(turn(LONG), turn("all right"))) as host:
        call = Calling(host.url, Script((HELLO,), interrupts=True))
        state = await call.run()
    assert [item.type_name for item in call.of(EntityReceived) if item.type_name == "barge_in"] == ["barge_in"]
    first, _ = call.of(PlaybackMeasured)
    assert first.dropped_s > 0.1
    (barge_in,) = state.turns.barge_ins
    assert barge_in.silent_at is not None


async def test_keys_of_the_telephone_reach_the_bot() -> None:
    async with bot(scenario(turn("Your number please"), turn("thank you"))) as host:
        call = Calling(host.url, Script(digits="12#"))
        await call.run()
    assert [fact.key for fact in call.of(KeyPressed)] == ["digit", "digit", "#"]
    assert len(call.of(PlaybackMeasured)) == 2


async def test_the_operator_speaks_interrupts_presses_and_calls_again() -> None:
    async with bot(scenario(turn(LONG), turn(LONG), turn(LONG))) as host, calling(host.url, Script((HELLO,))) as call:
        sounds: list[Sound] = []
        call.call.overhear(sounds.append)
        await call.until_told(EntityReceived)
        call.command(Interrupt())
        await call.until_told(UtteranceSent)
        call.command(Say("nobody knows this"))
        call.command(Press("7 x"))
        await call.until_told(KeyPressed)
        (expired,) = call.of(UtteranceExpired)
        assert expired.why == "there is no such clip: hello, or the name of a WAV file"
        call.command(Reconnect())
        await call.until_told(HookAccepted, 2)
        call.command(Say("hello"))
        await call.until_told(UtteranceSent, 2)
    first, second = call.of(HookOffered)
    assert first.participant_id == second.participant_id
    assert [fact.reason for fact in call.of(SessionEnding)] == ["reconnect", "end"]
    assert len(call.of(SessionClosed)) == 2
    assert (call.state.sessions, call.state.link.outage_count) == (2, 0)
    assert len({fact.at for fact in call.of(ConnectionOpened)}) == 2
    assert sounds[0].channels == 2
    assert (call.ended, call.state.link.state) == ("stopped", LinkState.CLOSED)


async def test_a_key_that_is_not_known_is_refused() -> None:
    async with bot(scenario(turn("hi"))) as host:
        call = Calling(host.url, Script(), access=Access(KEY, b"another secret"))
        state = await call.run()
    assert (state.link.state, state.link.cause) == (LinkState.GAVE_UP, Cause.HANDSHAKE_REFUSED)
    assert state.link.outage is not None
    assert state.link.outage.failures[-1].cause is Cause.HANDSHAKE_REFUSED
    assert state.link.outage.failures[-1].status == 401
    assert judge(state).level == "failed"


async def test_a_busy_bot_is_told_as_such() -> None:
    async with bot(scenario(turn("hi"), faults=(Refuse(kind="refuse", status=429),))) as host:
        state = await Calling(host.url, Script()).run()
    assert state.link.outage is not None
    assert state.link.outage.failures[-1].cause is Cause.RATE_LIMITED


@pytest.mark.parametrize(
    ("status", "summary", "remedy"),
    [
        (401, "does not take our key", "CALLSCOPE_HOOK_KEYS"),
        (403, "it answers 403", "gateway"),
        (404, "no bot at that path", "Check the path"),
        (418, "is no bot", "Check the path"),
        (429, "takes no call now", "Call again later"),
    ],
)
async def test_a_refusal_is_told_in_the_words_of_a_bot_and_not_of_an_app(
    status: int, summary: str, remedy: str
) -> None:
    async with bot(scenario(turn("hi"), faults=(Refuse(kind="refuse", status=status),))) as host:
        state = await Calling(host.url, Script()).run()
    (finding,) = state.findings.standing
    assert summary in finding.summary
    assert remedy in finding.remedy
    assert "app" not in finding.summary + finding.remedy
    assert "OAuth" not in finding.summary + finding.remedy


async def test_a_lost_session_is_not_continued_until_somebody_calls_again() -> None:
    cut = scenario(turn(LONG), turn("hi"), faults=(Abort(kind="abort", at_s=0.5),))
    async with bot(cut) as host:
        call = Calling(host.url, Script())
        call.leaves = False
        running = asyncio.create_task(call.run())
        await call.until(lambda: call.facts and call.state.link.state is LinkState.GAVE_UP)
        assert call.state.link.cause is Cause.ABNORMAL_CLOSURE
        assert [fact.rule for fact in call.of(RuleBroken)] == ["close_missing"]
        call.command(Reconnect())
        await call.until_told(HookAccepted, 2)
        call.command(Stop())
        await running
    assert call.state.link.outage_count == 1
    assert call.state.link.outage is None


async def test_a_caller_who_stood_still_leaves_out_what_was_not_said_in_time() -> None:
    async with bot(scenario(turn(LONG))) as host, calling(host.url) as call:
        await call.until_told(AudioReceived, 2)
        time.sleep(1.3)  # noqa: ASYNC251 - nothing else runs meanwhile, as when a machine wakes up
        await call.until_told(MediaDiscarded)
        heard = len(call.of(AudioReceived))
        await call.until_told(AudioReceived, heard + 6)
    (left_out,) = call.of(MediaDiscarded)
    assert left_out.discarded_s > 1.0
    assert call.state.inbound.pacing.lost == 0
    assert call.of(RuleBroken) == []


async def test_a_bot_that_never_says_closed_is_left_all_the_same() -> None:
    async with bot(scenario(turn("hi"), ways=("never_closed",))) as host:
        async with calling(host.url, stop_s=0.3) as call:
            await call.until_told(PlaybackMeasured)
        assert "close_missing" in [fact.rule for fact in call.of(RuleBroken)]


async def test_what_a_bot_breaks_is_told_rule_by_rule() -> None:
    async with bot(scenario(turn("hello there"), ways=("turn_late", "disconnect_early"))) as host:
        call = Calling(host.url, Script())
        await call.run()
    assert [fact.rule for fact in call.of(RuleBroken)] == ["turn_late", "disconnect_early"]


async def test_a_bot_that_does_not_answer_is_a_silent_failure() -> None:
    silent = scenario(turn("hi"), turn("there"), faults=(SilentBot(kind="silent_bot", at_s=0.0),))
    async with (
        bot(silent) as host,
        calling(host.url, Script((HELLO,)), targets=Targets(silent_failure_after_s=0.6)) as call,
    ):
        await call.until(lambda: call.facts and call.state.turns.silent_failures == 1)
        await call.until(lambda: judge(call.state).level == "degraded")


@pytest.mark.parametrize("port", [1])
async def test_where_nobody_listens_there_is_no_call(port: int) -> None:
    state = await Calling(f"ws://127.0.0.1:{port}/connector", Script()).run()
    assert state.link.outage is not None
    assert state.link.outage.failures[-1].cause is Cause.TCP_REFUSED
