"""A source for tests of what is kept of a call."""

from __future__ import annotations

import asyncio

from dashboard.call.ports import Command, Emit, Stop


class Script:
    """A source that says what the test tells it to, until it is stopped."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self._over = asyncio.Event()

    def command(self, command: Command) -> None:
        self.commands.append(command)
        if isinstance(command, Stop):
            self._over.set()

    async def run(self, emit: Emit) -> None:
        self.emit = emit
        await self._over.wait()
