"""`callscope worker`: the process that holds a call, or takes those that come in.

The screen starts it and talks to it over its standard streams.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from dashboard.bus.runtime import raw_stdin, read_config, serve
from dashboard.call.hook_events import DOOR
from dashboard.call.hook_view import CONNECTOR
from dashboard.call.ports import Source
from dashboard.cli.record import desk, desks
from dashboard.cli.settings import Settings
from dashboard.cli.source import call_source
from dashboard.cli.wiring import log_sinks
from dashboard.transport.watched_loop import new_loop


def run(args: argparse.Namespace) -> int:
    """Hold one call until its screen is gone or says stop; or examine its way, for the screen, and end."""
    stdin = raw_stdin()
    config = read_config(stdin)
    settings = Settings.from_worker(config["settings"])
    if args.examine:
        from dashboard.cli import doctor  # for those who ask only: a call should be up soon

        return doctor.run(argparse.Namespace(json=False, find_idle=False, load_settings=lambda: settings))
    call_id = config["call_id"]
    sinks = log_sinks(settings)
    source: Source
    if call_id == DOOR:
        from dashboard.cli.board import calls  # as above
        from dashboard.cli.descriptors import raise_limit

        raise_limit()
        source = desks(calls(settings), settings, keeps_history=True)
    elif config.get("dialect") == CONNECTOR:
        from dashboard.cli.dialled import dialled  # as above

        source = desk(dialled(settings, call_id, attended=True), settings, call_id, keeps_history=True)
    else:
        source = desk(call_source(settings, call_id), settings, call_id, keeps_history=True)
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(serve(source, stdin, sys.stdout.buffer, sinks))
    return 0
