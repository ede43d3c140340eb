"""Sound by AudioHook and the conversation by notifications, joined into one call by its id."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from dashboard.call.events import AudioReceived, CallEnded, LinkState
from dashboard.call.notification_events import SideLinkChanged, SpeechTranscribed
from dashboard.call.ports import Stop
from dashboard.call.state import CallState
from dashboard.clock import SystemClock
from dashboard.simulator.hookcaller import HookCaller, someone
from dashboard.simulator.scenario import Scenario
from dashboard.simulator.server import BotHost
from dashboard.worker.joined import Joined
from dashboard.worker.switchboard import Switchboard, SwitchboardOptions
from tests.unit.worker.channels import PACE, POLICY, QUICK, follower_of, scenario
from tests.unit.worker.hooks import ACCESS, KEYS
from tests.unit.worker.told import Told


class Call(Told):
    """What was told of the only call."""

    @property
    def call(self) -> CallState:
        return next(iter(self.store.snapshot().values()), CallState(""))


@contextlib.asynccontextmanager
async def joining(
    told: Scenario, sound: Scenario, *, linger_s: float = 1.0, most: int = 18
) -> AsyncIterator[tuple[Call, HookCaller]]:
    """Listen, follow what comes in, and let somebody call."""
    host, clock = BotHost(told), SystemClock()
    await host.start()
    ids = iter(f"call-{number}" for number in range(100))
    board = Switchboard(SwitchboardOptions(), KEYS, clock, new_id=lambda: next(ids))
    joined = Joined(
        board,
        lambda call_id, conversation_id: follower_of(host, call_id, conversation_id, POLICY, PACE),
        linger_s=linger_s,
        most=most,
    )
    heard = Call()
    running = asyncio.create_task(joined.run(heard.put))
    await heard.until(lambda: heard.facts)
    offer = replace(someone(1), conversation_id=host.ready()["conversation_id"])
    caller = HookCaller(sound, board.endpoint, ACCESS, offer=offer)
    calling = asyncio.create_task(caller.run())
    try:
        yield heard, caller
    finally:
        joined.command(Stop())
        async with asyncio.timeout(8.0):
            await running
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
        await host.stop()


async def test_sound_and_transcript_are_one_call() -> None:
    async with joining(scenario(), scenario(seconds=30.0)) as (told, _):
        await told.until(lambda: told.of(SpeechTranscribed) and len(told.of(AudioReceived)) > 5)
        call = told.call
        assert {fact.call_id for fact in told.of(SpeechTranscribed)} == {call.call_id}
        assert call.inbound.pacing.frames > 20
        assert call.hook is not None
        assert call.notices is not None
        assert call.notices.transcripts >= 1
        assert not call.soundless


async def test_the_link_of_the_call_is_that_of_its_sound() -> None:
    async with joining(scenario(), scenario(seconds=30.0)) as (told, _):
        await told.until(lambda: told.of(SpeechTranscribed))
        assert told.call.endpoint.endswith("/audiohook")
        assert told.call.link.connections == 1
        assert told.call.session_id is not None
        assert "channel" not in told.call.session_id
        assert [fact.state for fact in told.of(SideLinkChanged)][-1] is LinkState.OPEN
        assert told.call.notices is not None
        assert told.call.notices.link is LinkState.OPEN


async def test_what_is_told_late_comes_before_the_end_of_the_call() -> None:
    late = scenario(notices=replace(QUICK, transcripts_after_s=3.0))
    async with joining(late, scenario(seconds=2.5), linger_s=3.5) as (told, _):
        await told.until(lambda: told.call.link.state is LinkState.CLOSED)
        assert not told.of(SpeechTranscribed)
        await told.until(lambda: told.of(CallEnded))
        assert isinstance([fact for fact in told.facts if fact.call_id == told.call.call_id][-1], CallEnded)
        assert len(told.of(SpeechTranscribed)) == 2


async def test_a_conversation_that_is_not_known_leaves_the_sound_alone() -> None:
    unknown = scenario(notices=replace(QUICK, conversation="unknown"))
    async with joining(unknown, scenario(seconds=30.0)) as (told, _):
        await told.until(lambda: any(fact.state is LinkState.GAVE_UP for fact in told.of(SideLinkChanged)))
        heard = len(told.of(AudioReceived))
        await told.until(lambda: len(told.of(AudioReceived)) > heard + 3)
        assert told.call.link.state is LinkState.OPEN
        assert any("no transcript from Genesys" in line.text for line in told.call.lines)


async def test_calls_beyond_the_channels_of_a_client_are_heard_and_not_followed() -> None:
    async with joining(scenario(), scenario(seconds=30.0), most=0) as (told, _):
        await told.until(lambda: len(told.of(AudioReceived)) > 3)
        assert told.call.notices is None
