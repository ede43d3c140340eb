"""An Audio Connector bot on loopback, and calls that play Genesys to it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import uuid
from collections.abc import AsyncIterator
from typing import Any

from dashboard.call.events import CallEnded, Event, LinkChanged, LinkState, Targets
from dashboard.call.ports import Command, Stop
from dashboard.call.state import CallState
from dashboard.clock import SystemClock
from dashboard.dialects.audiohook_access import Access
from dashboard.dialects.audiohook_client import Offer
from dashboard.dialects.audiohook_connector import OFFERS
from dashboard.dialects.audiohook_signature import Keyring
from dashboard.media.g711 import pcmu_to_linear
from dashboard.simulator.dialogue import Turn
from dashboard.simulator.faults import Unruly
from dashboard.simulator.hookbot import HookBot
from dashboard.simulator.scenario import Scenario
from dashboard.simulator.voices import murmur
from dashboard.worker.conduct import Script, Speech
from dashboard.worker.dialled import DialledCall, DialOptions
from tests.unit.worker.hooks import ACCESS, KEYS
from tests.unit.worker.told import Told

HELLO = Speech("hello", pcmu_to_linear(murmur("hi", "caller").ulaw), 0.38)
LONG = "a long answer, which takes its time until it has come to its end"


def turn(text: str, after_s: float = 0.1) -> Turn:
    return Turn(who="bot", text=text, after_s=after_s)


def scenario(*turns: Turn, ways: tuple[str, ...] = (), loop: bool = False, faults: tuple[Any, ...] = ()) -> Scenario:
    """A bot that greets with the first of these, and says each of the others when it is spoken to."""
    unruly = (Unruly(kind="unruly", ways=ways),) if ways else ()  # type: ignore[arg-type]
    return Scenario(
        name="bot", summary="a bot to call", duration_s=60.0, loop=loop, turns=turns, faults=(*faults, *unruly)
    )


@contextlib.asynccontextmanager
async def bot(played: Scenario, keys: Keyring | None = KEYS) -> AsyncIterator[HookBot]:
    host = HookBot(played, keys)
    await host.start()
    try:
        yield host
    finally:
        await host.stop()


def offer(**options: Any) -> Offer:
    session, organization, conversation, participant, correlation = (str(uuid.uuid4()) for _ in range(5))
    return Offer(session, organization, conversation, participant, correlation, media=(OFFERS["pcmu"],), **options)


class Calling(Told):
    """A call, and what it told."""

    def __init__(
        self,
        url: str,
        script: Script,
        *,
        access: Access = ACCESS,
        stop_s: float = 2.0,
        stays: bool = False,
        targets: Targets | None = None,
        **say: Any,
    ) -> None:
        super().__init__()
        options = DialOptions(
            call_id="call",
            url=url,
            endpoint=url,
            offer=offer(**say),
            access=access,
            script=script,
            targets=targets or Targets(),
            clips=("hello",),
            stays=stays,
            stop_s=stop_s,
        )
        find = {"hello": HELLO}.get
        self.call = DialledCall(options, SystemClock(), tls=ssl.create_default_context(), find=find)

    def put(self, event: Event) -> None:
        super().put(event)
        if isinstance(event, LinkChanged) and event.state is LinkState.GAVE_UP and self.leaves:
            self.call.command(Stop())

    leaves = True

    async def run(self) -> CallState:
        async with asyncio.timeout(30):
            await self.call.run(self.put)
        return self.state

    @property
    def state(self) -> CallState:
        (only,) = self.store.snapshot().values()
        return only

    def command(self, command: Command) -> None:
        self.call.command(command)

    @property
    def rows(self) -> list[str]:
        return [line.text for line in self.state.lines]

    @property
    def ended(self) -> str:
        (last,) = self.of(CallEnded)
        return last.reason


@contextlib.asynccontextmanager
async def calling(url: str, script: Script | None = None, **options: Any) -> AsyncIterator[Calling]:
    """A call that goes on while the block runs."""
    call = Calling(url, script or Script(), **options)
    running = asyncio.create_task(call.run())
    try:
        yield call
    finally:
        call.command(Stop())
        await running
