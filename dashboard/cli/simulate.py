"""`callscope simulate`: the bot host alone, or Genesys calling an AudioHook server."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import threading

from dashboard.bus.runtime import raw_stdin, stop_on_signals
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
    host = BotHost(load_scenario(args.scenario), host=args.host, port=args.port, seed=args.seed, truth_path=args.truth)
    asyncio.run(_serve(host, until_eof=args.until_eof))
    return 0


async def _serve(host: BotHost, *, until_eof: bool) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    stop_on_signals(ended.set)
    if until_eof:
        threading.Thread(target=_wait_for_eof, args=(loop, ended), daemon=True).start()
    await host.start()
    try:
        sys.stdout.write(f"{json.dumps(host.ready())}\n")
        sys.stdout.flush()
        await ended.wait()
    finally:
        await host.stop()


def _wait_for_eof(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    stdin = raw_stdin()
    while stdin.read(4096):
        continue
    loop.call_soon_threadsafe(ended.set)
