from __future__ import annotations

import asyncio

from dashboard.call.events import CallEnded, Event
from dashboard.call.ports import Stop
from dashboard.cli.wiring import Demo


async def test_a_demo_that_is_stopped_before_its_bot_host_stands_ends_at_once() -> None:
    facts: list[Event] = []
    source = Demo("steady", None, {})
    async with asyncio.timeout(10):
        running = asyncio.create_task(source.run(facts.append))
        await asyncio.sleep(0)  # the process is being made
        source.command(Stop())
        await running
    (ended,) = facts
    assert isinstance(ended, CallEnded)
