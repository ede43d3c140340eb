"""The app with a source that a test plays: it hands out states, keeps commands, and ends when told to."""

from __future__ import annotations

import asyncio
import html
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from dashboard.call.ports import Command, Stop
from dashboard.call.state import Calls, CallState
from dashboard.errors import DashboardError
from dashboard.ui.app import CallScopeApp

FULL = (120, 36)

_TEXT = re.compile(r'<text class="[^"]*" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>')


class StagedApp(CallScopeApp):
    """Tells when it has decided to exit."""

    def exit(self, result: None = None, return_code: int = 0, message: Any = None) -> None:
        super().exit(result, return_code, message)
        self.gone.set()

    @cached_property
    def gone(self) -> asyncio.Event:
        return asyncio.Event()


class Stage:
    """`call` is what the next sample sees. `obeys`: the source ends when it is told to stop."""

    def __init__(self, call: CallState | None = None, *, obeys: bool = True, fails: Exception | None = None) -> None:
        self.call = call
        self.commands: list[Command] = []
        self.bundled: list[tuple[Path, str, Path]] = []
        self.refuses: DashboardError | None = None
        """What a bundle fails with."""
        self.obeys = obeys
        self.fails = fails
        self.started = False
        self._sampled: asyncio.Event = asyncio.Event()
        self._ended: asyncio.Event = asyncio.Event()
        self.app = self.new_app()

    def new_app(self, *, ascii_only: bool = False) -> StagedApp:
        return StagedApp(
            self.snapshot, self.command, self.feed, bundle=self.bundle, title="demo bad-day", ascii_only=ascii_only
        )

    def snapshot(self) -> Calls:
        self._sampled.set()
        return {} if self.call is None else {self.call.call_id: self.call}

    def command(self, command: Command) -> None:
        self.commands.append(command)
        if isinstance(command, Stop) and self.obeys:
            self.end()

    async def bundle(self, recording: Path, picture: str, out: Path) -> None:
        self.bundled.append((recording, picture, out))
        if self.refuses is not None:
            raise self.refuses

    async def feed(self) -> None:
        self.started = True
        if self.fails is not None:
            raise self.fails
        await self._ended.wait()

    def end(self) -> None:
        """The source says no more."""
        self._ended.set()

    @asynccontextmanager
    async def opened(self, size: tuple[int, int] = FULL) -> AsyncIterator[Pilot[None]]:
        """Run the app until the block ends; the first sample has been taken."""
        async with self.app.run_test(size=size, notifications=True) as pilot:
            await self.shows(pilot, self.call)
            yield pilot

    async def shows(self, pilot: Pilot[None], call: CallState | None) -> None:
        """Hand out `call` and wait until a sample has been drawn."""
        self.call = call
        for _ in range(2):  # the first may have been under way
            self._sampled.clear()
            await self._sampled.wait()
        await pilot.pause()

    async def gone(self) -> None:
        """Wait until the app has decided to exit."""
        await self.app.gone.wait()

    @property
    def text(self) -> str:
        """What stands on the screen, row by row."""
        return screen_text(self.app)

    def toasts(self) -> list[str]:
        """Title and text of the toasts that are up, oldest first."""
        return [f"{note.title} | {note.message}" for note in self.app._notifications]


def screen_text(app: CallScopeApp) -> str:
    rows: dict[float, list[tuple[float, str]]] = defaultdict(list)
    for x, y, text in _TEXT.findall(app.export_screenshot()):
        rows[float(y)].append((float(x), html.unescape(text).replace("\xa0", " ")))
    return "\n".join("".join(text for _, text in sorted(parts)) for _, parts in sorted(rows.items()))
