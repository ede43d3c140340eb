"""The board with a source that a test plays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from dashboard.call.door_view import DoorView
from dashboard.call.state import Calls
from dashboard.ui.board_app import BoardApp
from dashboard.ui.draw.door import Doorway
from dashboard.ui.widgets.board import BoardPanel
from tests import boards
from tests.ui.stage import FULL, Stage, StagedApp

DOORWAY = Doorway(
    "Enter at Genesys Cloud: Admin · Integrations · AudioHook Monitor",
    (("connection URI", boards.URL), ("API key", "KEY of CALLSCOPE_HOOK_KEYS, as KEY:SECRET")),
    ("TLS with the certificate in chain.pem", "every call must be signed"),
)


class StagedBoard(StagedApp, BoardApp):
    """Tells when it has decided to exit."""


class BoardStage(Stage):
    """`calls` and `door` are what the next sample sees."""

    def __init__(self, calls: Calls | None = None, door: DoorView | None = None) -> None:
        self.calls: Calls = calls or {}
        self.door = door or boards.door()
        super().__init__()

    def new_app(self, *, ascii_only: bool = False) -> StagedBoard:
        return StagedBoard(
            self.snapshot,
            self.command,
            self.feed,
            door=lambda: self.door,
            doorway=DOORWAY,
            bundle=self.bundle,
            title="listening on wss://0.0.0.0:443/audiohook",
            ascii_only=ascii_only,
        )

    def snapshot(self) -> Calls:
        self._sampled.set()
        return self.calls

    @asynccontextmanager
    async def opened(self, size: tuple[int, int] = FULL) -> AsyncIterator[Pilot[None]]:
        async with self.app.run_test(size=size, notifications=True) as pilot:
            await self.has(pilot)
            yield pilot

    async def has(self, pilot: Pilot[None], calls: Calls | None = None, door: DoorView | None = None) -> None:
        """Hand these out and wait until a sample has been drawn."""
        self.calls = self.calls if calls is None else calls
        self.door = self.door if door is None else door
        await self.shows(pilot, None)

    @property
    def panel(self) -> BoardPanel:
        return self.app.screen_stack[0].query_one(BoardPanel)
