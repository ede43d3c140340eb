"""`callscope tap`: a relay between two WebSocket ends, and the calls that pass through it, on the screen or without."""

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
from dashboard.bus.runtime import WorkerProcess, stop_on_signals
from dashboard.bus.store import Store
from dashboard.call.events import Event, WorkerLost
from dashboard.call.figures import listen_object
from dashboard.call.hook_events import DOOR, ListenerStarted
from dashboard.call.ports import Command, Reconnect, Sink, Stop
from dashboard.call.record_events import RecordingFailed, RecordingSaved
from dashboard.call.tap_events import TapSkipped
from dashboard.call.verdict import judge
from dashboard.cli.listen import Narrator, narrate
from dashboard.clock import SystemClock
from dashboard.errors import WorkerError

if TYPE_CHECKING:
    from dashboard.cli.settings import Settings
    from dashboard.cli.wiring import Examine

EXIT_INTERRUPTED = 130

_RELAY = (sys.executable, "-m", "dashboard", "relay")


class RelayProcess(WorkerProcess):
    """The relay, with its observer, in processes of their own."""

    def __init__(self, settings: dict[str, Any], dialect: str) -> None:
        """`settings` as `Settings.to_worker` gives them."""
        super().__init__(_RELAY, {"settings": settings, "dialect": dialect}, call_id=DOOR, clock=SystemClock())

    def command(self, command: Command) -> None:
        """As of any worker; but a relay that lives is not started anew because its observer does not answer."""
        if not (isinstance(command, Reconnect) and self.is_alive):
            super().command(command)


class TapNarrator(Narrator):
    """Tells as well what passed unseen, and where the recordings are; stops the source when the relay has died."""

    def __init__(self, store: Store, source: RelayProcess, *, quiet: bool) -> None:
        super().__init__(store, quiet=quiet)
        self._source = source
        self.died = ""

    def put(self, event: Event) -> None:
        match event:
            case ListenerStarted(endpoint=endpoint, upstream=upstream):
                narrate(f"listening on {endpoint}; passed on to {upstream}")
            case TapSkipped(call_id=call_id, side=side, size_bytes=size_bytes, reason=reason):
                narrate(f"call {call_id}: {size_bytes} bytes from the {side} passed unseen: {reason}")
            case RecordingSaved(path=path):
                narrate(f"recorded {path}")
            case RecordingFailed(reason=reason, remedy=remedy):
                narrate(f"not recorded: {reason}. {remedy}")
            case WorkerLost(call_id=call_id, detail=detail, dead=True) if call_id == DOOR:
                self.died = detail
                self._source.command(Stop())
            case WorkerLost(call_id=call_id, detail=detail) if call_id == DOOR:
                narrate(f"{detail}; the relay goes on")
            case _:
                super().put(event)


def run(args: argparse.Namespace) -> int:
    """Relay for `--duration`, or until stopped; print what the calls were like, return the worst of their codes."""
    from dashboard.transport.watched_loop import new_loop

    settings: Settings = args.settings
    from dashboard.cli.between import check_tap

    check_tap(settings)
    store, source = Store(), RelayProcess(settings.to_worker(), args.dialect)
    narrator = TapNarrator(store, source, quiet=args.json or args.jsonl)
    sinks: list[Sink] = [store, narrator]
    if args.jsonl:
        sinks.append(LineOutlet(sys.stdout.buffer))
    with asyncio.Runner(loop_factory=new_loop) as runner:
        interrupted = runner.run(_relay(source, sinks, settings.duration))
    if args.json:
        sys.stdout.write(f"{json.dumps(listen_object(store.snapshot(), store.door))}\n")
    if narrator.died:
        raise WorkerError(f"the relay {narrator.died}", remedy="Start it again; --log-file tells what came before.")
    if interrupted:
        return EXIT_INTERRUPTED
    return 0 if all(judge(call).level == "healthy" for call in store.snapshot().values()) else 1


async def _relay(source: RelayProcess, sinks: Sequence[Sink], duration_s: float | None) -> bool:
    """Return whether a signal ended it."""
    from dashboard.cli.wiring import play_until_stopped

    signals = []

    def interrupt() -> None:
        signals.append(True)
        source.command(Stop())

    stop_on_signals(interrupt)
    await play_until_stopped(source, sinks, duration_s)
    return bool(signals)


# -- with a screen ------------------------------------------------------------------------------------------


def order(args: argparse.Namespace) -> dict[str, Any]:
    """Return what the screen needs to know, checked."""
    from dashboard.cli.between import check_tap, doorway, endpoint
    from dashboard.wiretext import safe_url

    settings: Settings = args.settings
    check_tap(settings)
    return {
        "title": f"{endpoint(settings)} → {safe_url(settings.upstream or '')}",
        "settings": settings.to_worker(),
        "dialect": args.dialect,
        "doorway": doorway(settings),
    }


def show(order: dict[str, Any], json_out: Path | None) -> int:
    """Open the screen; return the exit code."""
    from dashboard.cli.screen import run_board

    masks = order["settings"]["mask"]
    return run_board(partial(_source, order), order["doorway"], order["title"], json_out, masks=masks)


def _source(order: dict[str, Any]) -> tuple[RelayProcess, Examine]:
    """Return the source of the calls that pass, and who says that there is no way to examine."""
    return RelayProcess(order["settings"], order["dialect"]), _no_way


async def _no_way(tell: Callable[[str], None]) -> None:
    tell("A tap carries the calls of others: callscope doctor --url examines the way to the upstream.")
