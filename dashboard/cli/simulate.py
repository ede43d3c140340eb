"""`callscope simulate`: the bot host alone, an Audio Connector bot, or Genesys calling an AudioHook server."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any, Protocol

from dashboard.bus.runtime import stop_at_eof, stop_on_signals
from dashboard.errors import ConfigError
from dashboard.simulator.scenario import list_scenarios, load_scenario
from dashboard.simulator.server import BotHost


def run(args: argparse.Namespace) -> int:
    """Serve until a signal, printing one JSON line with the addresses when ready; or call somebody."""
    if args.list:
        width = max(len(name) for name, _ in list_scenarios())
        for name, summary in list_scenarios():
            sys.stdout.write(f"{name:{width}}  {summary}\n")
        return 0
    if args.audiohook is not None:
        from dashboard.cli import calling  # for those who call only: a demo waits for its host

        return calling.run(args)
    scenario, *more = args.scenarios
    if more:
        raise ConfigError("the bot host plays one scenario", remedy="Several are for the calls of --audiohook.")
    host: Host
    if args.connector:
        from dashboard.cli import calling
        from dashboard.simulator.hookbot import HookBot

        keys, played = calling.keyring(), load_scenario(scenario)
        host = HookBot(played, keys, host=args.host, port=args.port, seed=1 if args.seed is None else args.seed)
    else:
        host = BotHost(load_scenario(scenario), host=args.host, port=args.port, seed=args.seed, truth_path=args.truth)
    asyncio.run(_serve(host, until_eof=args.until_eof))
    return 0


class Host(Protocol):
    """What can be served."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def ready(self) -> dict[str, Any]: ...


async def _serve(host: Host, *, until_eof: bool) -> None:
    ended = asyncio.Event()
    stop_on_signals(ended.set)
    if until_eof:
        stop_at_eof(ended.set)
    await host.start()
    try:
        sys.stdout.write(f"{json.dumps(host.ready())}\n")
        sys.stdout.flush()
        await ended.wait()
    finally:
        await host.stop()
