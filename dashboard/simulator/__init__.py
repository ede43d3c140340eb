"""A bot host that misbehaves on request, for demonstrations and tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dashboard.simulator.scenario import DEFAULT, Scenario, list_scenarios, load_scenario

if TYPE_CHECKING:
    from dashboard.simulator.server import BotHost

__all__ = ["DEFAULT", "Scenario", "list_scenarios", "load_scenario", "serve"]


async def serve(host: BotHost, on_ready: Callable[[dict[str, Any]], None]) -> None:
    """Run a bot host until cancelled; `on_ready` gets what `BotHost.ready` returns. Raises OSError."""
    await host.start()
    try:
        on_ready(host.ready())
        await asyncio.get_running_loop().create_future()
    finally:
        await host.stop()
