"""A scenario told by Genesys' notifications in made-up time: host, follower, link and dialect are real."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from dashboard.bus.store import Store
from dashboard.call.state import CallState
from dashboard.cli.follow_settings import STALE_AFTER_S
from dashboard.cli.following import follow_options, follower
from dashboard.cli.probe import Operator
from dashboard.cli.settings import Settings
from dashboard.cli.wiring import at_host, play_until_stopped
from dashboard.resilience.oauth import Token
from dashboard.simulator.scenario import Scenario
from dashboard.simulator.server import BotHost
from dashboard.worker.channel import ChannelNetwork
from dashboard.worker.network import Wire
from tests.virtual import SEED, DirectHttp, DirectWires, MadeUpTime

LEAST_S = 20.0
"""A transcript comes later than what it says: a scenario is watched for so long at least."""


class _DirectChannels(ChannelNetwork):
    """Reaches the bot host without a network."""

    def __init__(self, settings: Settings, host: BotHost, time: MadeUpTime) -> None:
        assert settings.conversation is not None
        options = follow_options(settings)
        super().__init__(options, settings.conversation, time)
        self._client = DirectHttp(host, time)
        self._wires = DirectWires(host, time, options.socket)

    async def dial(self, url: str, token: Token | None) -> Wire:
        return await self._wires.open(url, {})

    async def aclose(self) -> None:
        await super().aclose()
        await self._wires.aclose()


def followed_call(scenario: Scenario, *, seconds: float | None = None, **changes: Any) -> CallState:
    """Follow `scenario` as `probe --conversation` would, with a ping often enough for its patience."""
    random.seed(SEED)
    time, store = MadeUpTime(), Store()
    host = BotHost(scenario, port=8080, clock=time)
    advised = {**scenario.settings.given(), **changes}
    stale_s = advised.get("stale_after", STALE_AFTER_S)
    given = {"ping_interval": min(20.0, stale_s / 3), **advised, "stale_after": stale_s, "conversation": "any"}
    settings = Settings.from_worker(at_host(Settings(**given).to_worker(), host.ready()))

    async def play() -> None:
        source = follower(settings, "made-up", time, _DirectChannels(settings, host, time))
        lasts_s = seconds or max(LEAST_S, scenario.probe_s or scenario.duration_s)
        await play_until_stopped(source, [store, Operator(source, settings.say)], lasts_s)

    try:
        time.run_until_complete(asyncio.wait_for(play(), 10_000))
    finally:
        time.close()
    (call,) = store.snapshot().values()
    return call
