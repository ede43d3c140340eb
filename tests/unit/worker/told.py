"""What a source told, as a list and folded, and waiting for what it will tell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from dashboard.bus.store import Store
from dashboard.call.events import Event

Fact = TypeVar("Fact", bound=Event)


class Told:
    """A sink that keeps all facts."""

    def __init__(self) -> None:
        self.facts: list[Event] = []
        self.store = Store()
        self._came = asyncio.Event()

    def put(self, event: Event) -> None:
        self.facts.append(event)
        self.store.put(event)
        self._came.set()

    def of(self, kind: type[Fact], call_id: str | None = None) -> list[Fact]:
        """The facts of a kind, of all calls or of one."""
        return [fact for fact in self.facts if isinstance(fact, kind) and call_id in (None, fact.call_id)]

    async def until(self, so: Callable[[], object]) -> None:
        """Wait until facts have made it so."""
        async with asyncio.timeout(20):
            while not so():
                self._came.clear()
                await self._came.wait()

    async def until_told(self, kind: type[Fact], times: int = 1) -> Fact:
        """Wait for the fact of a kind that comes as number `times`."""
        await self.until(lambda: len(self.of(kind)) >= times)
        return self.of(kind)[times - 1]
