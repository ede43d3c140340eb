"""`callscope listen`: the calls that Genesys sends here by AudioHook, with a screen or without one."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.bus.outlet import LineOutlet
from dashboard.bus.runtime import stop_on_signals
from dashboard.bus.store import Store
from dashboard.call.events import CallEnded, Event
from dashboard.call.figures import listen_object
from dashboard.call.hook_events import DOOR, ListenerStarted, ProbeAnswered, UpgradeRefused
from dashboard.call.ports import Sink, Stop
from dashboard.call.summary import summary
from dashboard.call.verdict import judge
from dashboard.wiretext import visible

if TYPE_CHECKING:
    from dashboard.bus.runtime import WorkerProcess
    from dashboard.cli.settings import Settings
    from dashboard.cli.wiring import Examine

EXIT_INTERRUPTED = 130

AGAIN_S = 10.0
"""So long a reason to refuse somebody is not told again: thousands may knock in that time."""


class Narrator:
    """Tells on stderr what happens at the door, and on stdout, unless `quiet`, each call when it is over."""

    def __init__(self, store: Store, *, quiet: bool) -> None:
        self._store = store
        self._quiet = quiet
        self._refused: dict[str, tuple[float, int]] = {}  # reason → when it was told, and how often not since

    def put(self, event: Event) -> None:
        match event:
            case ListenerStarted(endpoint=endpoint, signed=signed):
                how = "every call must be signed" if signed else "unsigned calls are taken"
                narrate(f"listening on {endpoint}; {how}")
            case UpgradeRefused():
                self._tell_refused(event)
            case ProbeAnswered(took_s=took_s, broken=broken):
                took = "not answered" if took_s is None else f"answered in {took_s * 1000:.0f} ms"
                narrate(", ".join((f"connection probe {took}", *broken)))
            case CallEnded(call_id=call_id) if not self._quiet and call_id in self._store.snapshot():
                sys.stdout.write(f"{summary(self._store.snapshot()[call_id])}\n")
                sys.stdout.flush()

    def _tell_refused(self, refused: UpgradeRefused) -> None:
        """Tell the first of those that are refused for one reason, and then how many there are."""
        told_at, untold = self._refused.get(refused.reason, (-AGAIN_S, 0))
        if refused.at < told_at + AGAIN_S:
            self._refused[refused.reason] = told_at, untold + 1
            return
        self._refused[refused.reason] = refused.at, 0
        how, more = f" with {refused.status}" if refused.status else "", f", and {untold} more before" if untold else ""
        narrate(f"refused{how}: {refused.reason}, {refused.detail}{more}")

    def close(self) -> None:
        """Nothing is held back but the number of those who were refused: it stands in the JSON."""


def run(args: argparse.Namespace) -> int:
    """Take calls for `--duration`, or until stopped; print what they were like, return the worst of their codes."""
    if args.check:
        from dashboard.cli import door

        return door.run(args)
    from dashboard.cli.descriptors import raise_limit
    from dashboard.cli.wiring import log_sinks
    from dashboard.transport.watched_loop import new_loop

    raise_limit()

    settings: Settings = args.settings
    store = Store()
    sinks: list[Sink] = [store, *log_sinks(settings), Narrator(store, quiet=args.json or args.jsonl)]
    if args.jsonl:
        sinks.append(LineOutlet(sys.stdout.buffer))
    with asyncio.Runner(loop_factory=new_loop) as runner:
        interrupted = runner.run(_listen(settings, sinks))
    if args.json:
        sys.stdout.write(f"{json.dumps(listen_object(store.snapshot(), store.door))}\n")
    if interrupted:
        return EXIT_INTERRUPTED
    return 0 if all(judge(call).level == "healthy" for call in store.snapshot().values()) else 1


async def _listen(settings: Settings, sinks: Sequence[Sink]) -> bool:
    """Return whether a signal ended it."""
    from dashboard.cli.board import calls, cannot_listen
    from dashboard.cli.record import desks
    from dashboard.cli.wiring import play_until_stopped

    source, signals = desks(calls(settings), settings, keeps_history=False), []

    def interrupt() -> None:
        signals.append(True)
        source.command(Stop())

    stop_on_signals(interrupt)
    try:
        await play_until_stopped(source, sinks, settings.duration)
    except OSError as error:
        raise cannot_listen(settings.host, settings.port, error) from None
    return bool(signals)


def narrate(text: str) -> None:
    """Say something on stderr."""
    sys.stderr.write(f"callscope: {visible(text)}\n")
    sys.stderr.flush()


# -- with a screen ------------------------------------------------------------------------------------------


def order(args: argparse.Namespace) -> dict[str, Any]:
    """Return what the screen needs to know, checked."""
    from dashboard.cli.board import check_door, endpoint
    from dashboard.cli.doorway import doorway

    names = check_door(args.settings)
    return {
        "title": f"listening on {endpoint(args.settings)}",
        "settings": args.settings.to_worker(),
        "doorway": doorway(args.settings, names),
    }


def show(order: dict[str, Any], json_out: Path | None) -> int:
    """Open the screen; return the exit code."""
    from dashboard.cli.screen import run_board

    masks = order["settings"]["mask"]
    return run_board(partial(source, order), order["doorway"], order["title"], json_out, masks=masks)


def source(order: dict[str, Any]) -> tuple[WorkerProcess, Examine]:
    """Return the source of the calls that come in, and who says that there is no way to examine."""
    from dashboard.cli.wiring import worker

    return worker(order["settings"], DOOR), no_way


async def no_way(tell: Callable[[str], None]) -> None:
    """Say, in place of what `doctor` says, that it is Genesys that dials."""
    tell("Genesys dials, callscope answers: there is no way out of here to examine.")
