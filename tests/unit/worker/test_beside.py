"""A bot beside calls: a real bot host answers test utterances while the calls go on."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from dashboard.call.bot_events import BotOffered, BotTold
from dashboard.call.cognigy_events import TurnFinished
from dashboard.call.events import (
    CallEnded,
    CallStarted,
    Cause,
    Event,
    LinkChanged,
    LinkState,
    QueueMeasured,
    SessionStarted,
    Ticked,
    UtteranceSent,
)
from dashboard.call.ports import Command, Emit, Hear, Mark, Reconnect, Say, Source, Stop
from dashboard.call.state import CallState
from dashboard.cli.beside import CognigyBot
from dashboard.cli.settings import Settings
from dashboard.clock import SystemClock
from dashboard.dialects.audiohook_wire import NIL
from dashboard.simulator.dialogue import Answer
from dashboard.simulator.faults import Fault, Refuse
from dashboard.simulator.scenario import Scenario
from dashboard.simulator.server import BotHost
from dashboard.worker.beside import NO_CONVERSATION, NOT_YET, Beside
from tests.unit.worker.told import Told

CLOCK = SystemClock()
ONE, OTHER = "7be0c7d2-1111-4222-8333-9a9a9a9a9a9a", "8ce0c7d2-1111-4222-8333-9a9a9a9a9a9a"
ANSWER = Answer(text="I found your parcel.", delay_s=0.1, intent="TrackParcel", confidence=0.94)


class Calls:
    """A source whose facts a test tells; it ends as its owner says, or when it is stopped."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.up: list[str] = []
        self._emit: Emit = self.commands.append  # type: ignore[assignment]
        self._stopped = asyncio.Event()
        self.running = asyncio.Event()

    def overhear(self, hear: Hear) -> None:
        """It has no sound."""

    def command(self, command: Command) -> None:
        self.commands.append(command)
        if isinstance(command, Stop):
            self._stopped.set()

    async def run(self, emit: Emit) -> None:
        self._emit = emit
        self.running.set()
        await self._stopped.wait()
        for call_id in list(self.up):
            self.end(call_id)

    def begin(self, call_id: str, conversation_id: str | None) -> None:
        now = CLOCK.monotonic()
        self.up.append(call_id)
        self._emit(CallStarted(call_id, now, CLOCK.wall(), "ws://here", "audiohook"))
        self._emit(LinkChanged(call_id, now, LinkState.OPEN, Cause.PROGRESS))
        if conversation_id is not None:
            self.name(call_id, conversation_id)

    def name(self, call_id: str, conversation_id: str) -> None:
        self._emit(SessionStarted(call_id, CLOCK.monotonic(), f"session of {call_id}", conversation_id))

    def close(self, call_id: str) -> None:
        self._emit(LinkChanged(call_id, CLOCK.monotonic(), LinkState.CLOSED, Cause.SESSION_ENDED))

    def end(self, call_id: str) -> None:
        self.up.remove(call_id)
        self._emit(CallEnded(call_id, CLOCK.monotonic(), "over"))


class Heard(Told):
    """What was told, of calls and of the bots beside them."""

    def __init__(self, calls: Calls, beside: Beside) -> None:
        super().__init__()
        self.calls, self.beside = calls, beside

    def bot(self, kind: type[Event], call_id: str | None = None) -> list[Any]:
        """The facts of this kind that the wire of a bot told."""
        return [one.fact for one in self.of(BotTold, call_id) if isinstance(one.fact, kind)]

    def leg(self, call_id: str) -> CallState:
        view = self.store.snapshot()[call_id].bot
        assert view is not None
        assert view.call is not None
        return view.call


@contextlib.asynccontextmanager
async def beside(
    *faults: Fault, conversation_id: str = "", dialect: str = "cognigy", **settings: Any
) -> AsyncIterator[Heard]:
    host = BotHost(Scenario(name="bot", summary="a bot", duration_s=60.0, answer=ANSWER, faults=faults))
    await host.start()
    ready = host.ready()
    told = {"dialect": dialect, "url": ready["cognigy_url"], "url_token": ready["url_token"], "backoff_base": 0.1}
    bot = CognigyBot("parcel-bot", Settings.model_validate({**told, **settings}), CLOCK)
    calls = Calls()
    source = Beside(calls, bot, CLOCK, conversation_id=conversation_id)
    heard = Heard(calls, source)
    running = asyncio.create_task(source.run(heard.put))
    await calls.running.wait()
    try:
        yield heard
    finally:
        source.command(Stop())
        async with asyncio.timeout(10.0):
            await running
        await host.stop()


def finished(told: Heard, call_id: str, times: int = 1) -> Callable[[], bool]:
    return lambda: len(told.bot(TurnFinished, call_id)) >= times


@pytest.mark.parametrize("dialect", ["cognigy", "cognigy-rest"])
async def test_an_utterance_is_answered_beside_the_call_in_a_session_of_the_conversation(dialect: str) -> None:
    async with beside(dialect=dialect) as told:
        told.calls.begin("a", ONE)
        told.beside.command(Say("where is it", "a"))
        await told.until(finished(told, "a"))
        assert told.of(BotOffered)[-1].session_id == told.leg("a").session_id == f"callscope-{ONE}"
        assert [line.text for line in told.leg("a").lines if line.kind == "text"] == [ANSWER.text]
        call = told.store.snapshot()["a"]
        assert (call.session_id, call.turns.current, call.messages.get("text")) == ("session of a", None, None)
        assert told.calls.commands == []


async def test_an_endpoint_is_dialled_at_the_first_utterance_of_a_call_and_for_that_call_alone() -> None:
    async with beside() as told:
        for number in range(100):
            told.calls.begin(f"call-{number}", f"conversation-{number}")
        assert len(told.of(BotOffered)) == 200  # first that it is not known yet
        told.beside.command(Say("hello", "call-7"))
        await told.until(finished(told, "call-7"))
        assert {fact.call_id for fact in told.of(BotTold)} == {"call-7"}
        assert told.leg("call-7").link.connections == 1


async def test_an_utterance_goes_to_its_own_call_and_is_never_said_twice() -> None:
    async with beside() as told:
        names, dice = [f"call-{number}" for number in range(6)], random.Random(7)
        for number, name in enumerate(names):
            told.calls.begin(name, f"conversation-{number}")
        said = [(name, f"{name} says {times}") for name in names for times in range(3)]
        dice.shuffle(said)
        for name, text in said:
            told.beside.command(Say(text, name))
        await told.until(lambda: len(told.bot(TurnFinished)) == len(said))
        sent = [(fact.call_id, fact.text) for fact in told.bot(UtteranceSent)]
        assert sorted(sent) == sorted(said)
        for number, name in enumerate(names):
            assert told.leg(name).session_id == f"callscope-conversation-{number}"


async def test_two_calls_of_one_conversation_are_spoken_beside_in_two_sessions() -> None:
    async with beside() as told:
        told.calls.begin("a", ONE)
        told.calls.begin("b", ONE)
        sessions = {fact.call_id: fact.session_id for fact in told.of(BotOffered)}
        assert sessions == {"a": f"callscope-{ONE}", "b": f"callscope-{ONE}-2"}


@pytest.mark.parametrize(("conversation_id", "why"), [(None, NOT_YET), (NIL, NO_CONVERSATION), ("", NO_CONVERSATION)])
async def test_a_call_without_a_conversation_has_no_bot_and_says_why(conversation_id: str | None, why: str) -> None:
    async with beside() as told:
        told.calls.begin("a", conversation_id)
        told.beside.command(Say("hello", "a"))
        assert told.of(BotOffered)[-1].why_not == why
        told.calls.name("a", ONE)
        assert told.of(BotOffered)[-1].why_not == ""
        told.beside.command(Say("and now", "a"))
        await told.until(finished(told, "a"))
        assert [fact.text for fact in told.bot(UtteranceSent)] == ["and now"]


async def test_a_conversation_that_is_known_before_has_its_bot_from_the_start() -> None:
    async with beside(conversation_id="id:7@x") as told:
        told.calls.begin("a", None)
        told.beside.command(Say("hello"))  # a source of one call need not be told which
        await told.until(finished(told, "a"))
        assert told.leg("a").session_id == "callscope-id-7-x"


async def test_the_bot_is_left_before_the_end_of_its_call_is_told() -> None:
    async with beside() as told:
        told.calls.begin("a", ONE)
        told.beside.command(Say("hello", "a"))
        await told.until(finished(told, "a"))
        told.calls.end("a")
        await told.until(lambda: told.of(CallEnded, "a"))
        assert isinstance(told.facts[-1], CallEnded)
        assert told.leg("a").ended is not None
        told.beside.command(Say("too late", "a"))
        assert [fact.text for fact in told.bot(UtteranceSent)] == ["hello"]


async def test_the_bot_is_left_when_the_sound_has_ended_though_late_transcripts_are_waited_for() -> None:
    async with beside() as told:
        told.calls.begin("a", ONE)
        told.beside.command(Say("hello", "a"))
        await told.until(finished(told, "a"))
        told.calls.close("a")
        await told.until(lambda: told.bot(CallEnded, "a"))
        told.beside.command(Say("too late", "a"))
        assert not told.of(CallEnded)
        told.calls.end("a")
        await told.until(lambda: told.of(CallEnded, "a"))
        assert [fact.text for fact in told.bot(UtteranceSent)] == ["hello"]


async def test_an_endpoint_that_refuses_harms_nothing_and_is_dialled_again_by_the_next_utterance() -> None:
    async with beside(url_token="wrong") as told:
        told.calls.begin("a", ONE)
        told.beside.command(Say("hello", "a"))
        await told.until(lambda: told.leg("a").link.state is LinkState.GAVE_UP if told.bot(LinkChanged) else False)
        assert told.store.snapshot()["a"].link.state is LinkState.OPEN
        attempts = told.leg("a").link.attempts
        told.beside.command(Say("hello again", "a"))
        await told.until(lambda: told.leg("a").link.attempts > attempts)
        assert told.bot(UtteranceSent) == []
        assert "wrong" not in repr(told.facts)


async def test_r_dials_a_bot_that_is_down_and_leaves_one_that_is_up() -> None:
    refused = Refuse(kind="refuse", where="socket", status=503, attempts=1)
    async with beside(refused, backoff_base=30.0, backoff_cap=30.0) as told:
        told.calls.begin("a", ONE)
        told.beside.command(Say("hello", "a"))
        await told.until(lambda: told.bot(LinkChanged) and told.leg("a").link.state is LinkState.WAITING)
        told.beside.command(Reconnect("a"))
        await told.until(finished(told, "a"))
        told.beside.command(Reconnect("a"))
        told.beside.command(Say("and", "a"))
        await told.until(finished(told, "a", 2))
        assert told.leg("a").link.connections == 1
        assert told.calls.commands == [Reconnect("a")] * 2


async def test_an_utterance_does_not_wait_for_the_next_attempt_and_is_said_behind_the_one_that_does() -> None:
    refused = Refuse(kind="refuse", where="socket", status=503, attempts=1)
    async with beside(refused, backoff_base=30.0, backoff_cap=30.0) as told:
        told.calls.begin("a", ONE)
        told.beside.command(Say("hello", "a"))
        await told.until(lambda: told.bot(LinkChanged) and told.leg("a").link.state is LinkState.WAITING)
        told.beside.command(Say("and", "a"))
        await told.until(finished(told, "a", 2))
        assert [fact.text for fact in told.bot(UtteranceSent)] == ["hello", "and"]


async def test_every_other_command_is_for_the_calls() -> None:
    async with beside() as told:
        told.calls.begin("a", ONE)
        told.beside.command(Mark("here", "a"))
        assert told.calls.commands == [Mark("here", "a")]


async def test_time_and_queues_are_told_once_by_the_call_itself() -> None:
    async with beside() as told:
        told.calls.begin("a", ONE)
        told.beside.command(Say("hello", "a"))
        await told.until(finished(told, "a"))
        assert not told.bot(Ticked)
        assert not told.bot(QueueMeasured)


class Broken:
    """A bot whose wire fails as nobody thought of."""

    profile = "parcel-bot"

    def __init__(self) -> None:
        self.dialled = 0

    def offer(self, call_id: str, at: float, session_id: str) -> BotOffered:
        return BotOffered(call_id, at, self.profile, session_id=session_id)

    def source(self, call_id: str, session_id: str, conversation_id: str) -> Source:
        self.dialled += 1
        return self

    def command(self, command: Command) -> None:
        """It hears nothing."""

    async def run(self, emit: Emit) -> None:
        raise RuntimeError("a secret that must not be told")


async def test_a_bug_in_the_bots_wire_ends_that_and_nothing_else() -> None:
    calls, bot = Calls(), Broken()
    source = Beside(calls, bot, CLOCK)
    told = Heard(calls, source)
    running = asyncio.create_task(source.run(told.put))
    await calls.running.wait()
    calls.begin("a", ONE)
    source.command(Say("hello", "a"))
    await told.until(lambda: len(told.of(BotTold)) == 1)
    source.command(Say("hello", "a"))
    await told.until(lambda: len(told.of(BotTold)) == 2)
    assert bot.dialled == 2
    calls.end("a")
    assert isinstance(told.facts[-1], CallEnded)
    source.command(Stop())
    await running
    first, _ = told.bot(LinkChanged)
    assert (first.state, first.detail) == (LinkState.GAVE_UP, "unexpected RuntimeError")
    assert "secret" not in repr(told.facts)
