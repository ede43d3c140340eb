"""A switchboard on loopback, and callers that play Genesys to it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any

from dashboard.call.ports import Stop
from dashboard.call.state import CallState
from dashboard.clock import SystemClock
from dashboard.dialects.audiohook_access import Access
from dashboard.dialects.audiohook_client import Offer
from dashboard.dialects.audiohook_signature import Keyring
from dashboard.simulator.hookcaller import HookCaller
from dashboard.simulator.scenario import Scenario
from dashboard.simulator.voices import AudioFormat
from dashboard.worker.switchboard import Switchboard, SwitchboardOptions
from tests.unit.worker.told import Told

KEY, SECRET = "lab-key-01", "ZGFzaC1sYWItc2hhcmVkLXNlY3JldC0wMDQy"
KEYS = Keyring.read([f"{KEY}:{SECRET}"])
ACCESS = Access(KEY, b64decode(SECRET))


class Board(Told):
    """What a switchboard told."""

    def __init__(self, board: Switchboard) -> None:
        super().__init__()
        self.board = board

    @property
    def url(self) -> str:
        return self.board.endpoint

    @property
    def calls(self) -> list[CallState]:
        return sorted(self.store.snapshot().values(), key=lambda call: call.started_at)

    @property
    def call(self) -> CallState:
        (only,) = self.calls
        return only


@contextlib.asynccontextmanager
async def switchboard(
    keys: Keyring | None = KEYS, *, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[Board]:
    """A switchboard that runs, and is stopped at the end."""
    names = (f"call-{number}" for number in range(1, 1000))
    board = Switchboard(SwitchboardOptions(**options), keys, SystemClock(), new_id=lambda: next(names), tls=tls)
    told = Board(board)
    running = asyncio.create_task(board.run(told.put))
    await told.until(lambda: told.store.door.endpoint)
    try:
        yield told
    finally:
        board.command(Stop())
        async with asyncio.timeout(20):
            await running


def scenario(duration_s: float = 1.0, *, frame_ms: int = 100, **parts: Any) -> Scenario:
    audio = AudioFormat(frame_ms=frame_ms)
    return Scenario(name="hooked", summary="a call by AudioHook", duration_s=duration_s, audio=audio, **parts)


def caller(
    told: Board, played: Scenario | None = None, *, offer: Offer | None = None, access: Access = ACCESS, **options: Any
) -> HookCaller:
    return HookCaller(played or scenario(), told.url, access, offer=offer, **options)
