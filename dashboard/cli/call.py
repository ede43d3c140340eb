"""`callscope call`: a call to an Audio Connector bot in Genesys' place, with a screen or without one."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.call.hook_view import CONNECTOR

if TYPE_CHECKING:
    from dashboard.bus.runtime import WorkerProcess
    from dashboard.call.ports import Sink, Source
    from dashboard.cli.settings import Settings
    from dashboard.cli.wiring import Examine


def run(args: argparse.Namespace) -> int:
    """Call until the bot or the caller hangs up, or for `--duration`; print the verdict, return its exit code."""
    if args.conformance:
        from dashboard.cli import conformance

        return conformance.run(args)
    from dashboard.bus.outlet import LineOutlet
    from dashboard.bus.store import Store
    from dashboard.call.figures import probe_object
    from dashboard.call.summary import summary
    from dashboard.cli.probe import EXIT_INTERRUPTED, Narrator, exit_code_of
    from dashboard.cli.wiring import log_sinks, only_call
    from dashboard.transport.watched_loop import new_loop

    settings: Settings = args.settings
    store = Store()
    sinks: list[Sink] = [store, *log_sinks(settings), Narrator()]
    if args.jsonl:
        sinks.append(LineOutlet(sys.stdout.buffer))
    with asyncio.Runner(loop_factory=new_loop) as runner:
        interrupted = runner.run(_hold(settings, sinks))
    call = only_call(store)
    if args.json:
        sys.stdout.write(f"{json.dumps(probe_object(call))}\n")
    else:
        (sys.stderr if args.jsonl else sys.stdout).write(f"{summary(call)}\n")
    return EXIT_INTERRUPTED if interrupted else exit_code_of(call)


async def _hold(settings: Settings, sinks: Sequence[Sink]) -> bool:
    """Return whether a signal ended it."""
    from dashboard.bus.runtime import stop_on_signals
    from dashboard.cli.dialled import dialled
    from dashboard.cli.probe import Operator
    from dashboard.cli.wiring import new_call_id, play_until_stopped

    call_id = new_call_id()
    call = dialled(settings, call_id, attended=False)
    source: Source = call
    if settings.record or settings.record_on:
        from dashboard.cli.record import desk

        source = desk(call, settings, call_id, keeps_history=False)
    operator = Operator(source, ())
    stop_on_signals(operator.interrupt)
    await play_until_stopped(source, [*sinks, operator], settings.duration)
    return operator.interrupted


# -- with a screen ------------------------------------------------------------------------------------------


def order(args: argparse.Namespace) -> dict[str, Any]:
    """Return what the screen needs to know, checked."""
    from dashboard.cli.dialled import dialled
    from dashboard.wiretext import safe_url

    settings: Settings = args.settings
    dialled(settings, "", attended=True)
    return {"title": f"calling {safe_url(settings.url or '')}", "settings": settings.to_worker()}


def show(order: dict[str, Any], json_out: Path | None) -> int:
    """Open the screen; return the exit code."""
    from dashboard.cli.screen import run_screen

    return run_screen(partial(source, order), order["title"], json_out, masks=order["settings"]["mask"])


def source(order: dict[str, Any]) -> tuple[WorkerProcess, Examine]:
    """Return the source of the call, and who says how a bot is examined."""
    from dashboard.cli.wiring import new_call_id, worker

    return worker(order["settings"], new_call_id(), CONNECTOR), no_way


async def no_way(tell: Callable[[str], None]) -> None:
    """Say, in place of what `doctor` says, who examines a bot."""
    tell("callscope call URL --conformance examines a bot, rule by rule, on connections of its own.")
