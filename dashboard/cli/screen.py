"""The screen on a source, from its first frame to the summary that it leaves behind."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.bus.fanout import play
from dashboard.call.ports import Command, Source
from dashboard.call.state import Calls, CallState
from dashboard.ui.app import CallScopeApp

if TYPE_CHECKING:
    from dashboard.bus.store import Store
    from dashboard.cli.wiring import Examine
    from dashboard.storage.replay import Replay

# Facts, and what reads, folds and sums them up, are loaded when the first frame stands: that takes a third of its time.

_SUMMARIES = 20
"""Calls of a listener that are summed up when one leaves."""


def run_screen(
    open_source: Callable[[], tuple[Source, Examine]],
    title: str,
    json_out: Path | None,
    *,
    records: bool = True,
    masks: bool = True,
) -> int:
    """Open the screen on a source; on quit print the summary, ready to paste, and write `json_out`.

    open_source: makes the source, once, when the first frame stands, and who examines its way.
    records: the source writes recordings. masks: they are masked, and so are pictures for evidence.
    """
    store: Store | None = None
    source = cache(open_source)

    def command(command: Command) -> None:
        source()[0].command(command)

    async def examine(tell: Callable[[str], None]) -> None:
        await source()[1](tell)

    def snapshot() -> Calls:
        return {} if store is None else store.snapshot()

    async def feed() -> None:
        nonlocal store
        from dashboard.bus.store import Store

        gc.freeze()  # the first frame stands: what is loaded now stays, and need never be looked at again
        gc.enable()
        store = Store()
        await play(source()[0], [store])

    app = CallScopeApp(
        snapshot,
        command,
        feed,
        examine=examine,
        bundle=_bundle if records else None,
        masks=masks,
        title=title,
    )
    with _stdout_on_the_terminal():
        app.run()
    if store is not None:
        _sum_up(store, json_out)
    if app.failure is not None:
        raise app.failure
    return 0


async def _bundle(recording: Path, picture: str, out: Path) -> None:
    from dashboard.cli.wiring import bundle

    await bundle(recording, picture, out)


def _sum_up(store: Store, json_out: Path | None) -> None:
    from dashboard.call.figures import listen_object, probe_object
    from dashboard.call.summary import summary
    from dashboard.cli.wiring import write_json

    calls = list(store.snapshot().values())
    for call in calls[-_SUMMARIES:]:
        sys.stdout.write(f"{summary(call)}\n")
    if json_out is not None and store.door.endpoint:
        write_json(json_out, listen_object(store.snapshot(), store.door))
    elif json_out is not None and calls:
        write_json(json_out, probe_object(calls[-1]))


def run_replay(replay: Replay, recording: Path, json_out: Path | None) -> int:
    """Open the screen on a recording; on quit print the summary of the whole call, and write `json_out`."""

    async def feed() -> None:
        gc.freeze()
        gc.enable()
        await replay.run()

    app = CallScopeApp(
        replay.snapshot,
        replay.command,
        feed,
        player=replay,
        recording=recording,
        bundle=_bundle,
        masks=False,
        title=recording.name,
    )
    with _stdout_on_the_terminal():
        app.run()
    if json_out is not None or replay.playback.read:
        _leave_behind(replay.whole(), json_out)
    else:
        sys.stderr.write("callscope: left before the recording had been read: no summary\n")
    if app.failure is not None:
        raise app.failure
    return 0


def _leave_behind(call: CallState, json_out: Path | None) -> None:
    from dashboard.call.figures import probe_object
    from dashboard.call.summary import summary
    from dashboard.cli.wiring import write_json

    sys.stdout.write(f"{summary(call)}\n")
    if json_out is not None:
        write_json(json_out, probe_object(call))


@contextmanager
def _stdout_on_the_terminal() -> Iterator[None]:
    """Textual paints on stderr and asks stdout for the size: while stdout is a file it must not be asked."""
    if sys.stdout.isatty() or not sys.stderr.isatty():
        yield
        return
    sys.stdout.flush()
    kept = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        yield
    finally:
        os.dup2(kept, sys.stdout.fileno())
        os.close(kept)
