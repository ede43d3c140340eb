"""Plays an Audio Connector bot: answers whoever calls in Genesys' place with the bot's turns of a scenario.

The bot says its turns one after another, each when the caller has said something or pressed keys, and falls silent when
the caller speaks into its speech. After the last one it ends the call, or begins again where the scenario loops.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from dashboard.clock import Clock, SystemClock
from dashboard.dialects.audiohook_server import HookServer
from dashboard.dialects.audiohook_signature import COMPONENTS, Keyring, SignedRequest, verify
from dashboard.dialects.audiohook_upgrade import Announced
from dashboard.simulator.botside import BotSide
from dashboard.simulator.faults import Refuse, SlowOpen, Unruly
from dashboard.simulator.plan import FaultPlan
from dashboard.simulator.scenario import Scenario
from dashboard.transport.accepting import Door, Knock, TurnedAway
from dashboard.transport.websocket import Socket, SocketOptions

PATH = "/connector"


class HookBot:
    """Serves one scenario to any number of callers. `keys` None: whoever knocks may come in."""

    def __init__(
        self,
        scenario: Scenario,
        keys: Keyring | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 1,
        tls: ssl.SSLContext | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.scenario = scenario
        self._keys = keys
        self._clock = clock or SystemClock()
        self._plan = FaultPlan(
            scenario.faults,
            frame_s=scenario.audio.frame_s,
            frames_per_round=scenario.frames_per_round,
            vary_s=scenario.vary_s,
            seed=seed,
        )
        unruly = self._plan.constant(Unruly)
        self._ways = frozenset(unruly.ways) if unruly is not None else frozenset()
        options = SocketOptions(ping_interval_s=None, close_timeout_s=1.0)
        self._door = Door(self._admit, self._serve, clock=self._clock, host=host, port=port, tls=tls, options=options)
        self._sockets: set[Socket] = set()
        self._knocks = 0

    @property
    def url(self) -> str:
        """Where it is called, once started."""
        return f"{self._door.endpoint}{PATH}"

    def ready(self) -> dict[str, Any]:
        """Return what a caller needs to know, once started."""
        return {"url": self.url, "scenario": self.scenario.name, "signed": self._keys is not None and self._keys.signs}

    async def start(self) -> None:
        """Open the port; raises OSError when the address is taken."""
        await self._door.start()

    async def stop(self) -> None:
        """Close every connection with 1001, and the port."""
        self._door.shut()
        await asyncio.gather(*(socket.close(1001, "going away") for socket in self._sockets))
        await self._door.closed()

    async def _admit(self, knock: Knock) -> TurnedAway | None:
        self._knocks += 1
        if slow := next(self._plan.active(SlowOpen, 0.0), None):
            await asyncio.sleep(slow.open_s)
        refusal = next((one for one in self._plan.active(Refuse, 0.0) if one.where == "socket"), None)
        if refusal is not None and (refusal.attempts is None or self._knocks <= refusal.attempts):
            return TurnedAway(refusal.status, "refused")
        if knock.path != PATH:
            return TurnedAway(404, "not found")
        if self._keys is None or "anybody" in self._ways:
            return None
        if "fixed_order" in self._ways and " ".join(f'"{one}"' for one in COMPONENTS) not in str(
            knock.headers.get("signature-input")
        ):
            return TurnedAway(401, "unauthorized")
        request = SignedRequest(knock.target, knock.headers.get("host", ""), knock.headers)
        return None if verify(request, self._keys, self._clock.wall()) is None else TurnedAway(401, "unauthorized")

    async def _serve(self, socket: Socket, knock: Knock) -> None:
        machine = HookServer("simulated", Announced.of_headers(knock.headers), self._clock.monotonic())
        self._sockets.add(socket)
        try:
            await BotSide(self.scenario, self._plan, self._ways, machine, socket, self._clock).run()
        finally:
            self._sockets.discard(socket)
