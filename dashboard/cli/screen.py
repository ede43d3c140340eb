"""The screen on a source, from its first frame to the summary that it leaves behind."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.bus.fanout import play
from dashboard.call.ports import Command, Source
from dashboard.call.state import Calls, CallState
from dashboard.ui.app import CallScopeApp

if TYPE_CHECKING:
    from dashboard.bus.store import Store
    from dashboard.call.door_view import DoorView
    from dashboard.cli.wiring import Examine
    from dashboard.storage.replay import Replay

# Facts, and what reads, folds and sums them up, are loaded when the first frame stands: that takes a third of its time.

_SUMMARIES = 20
"""Calls of a listener that are summed up when one leaves."""


class _Fed:
    """What a source has told: nothing until the app has it fed, when the first frame stands. Only then is it made."""

    def __init__(self, open_source: Callable[[], tuple[Source, Examine]]) -> None:
        self._source = cache(open_source)
        self.store: Store | None = None

    def snapshot(self) -> Calls:
        return {} if self.store is None else self.store.snapshot()

    def door(self) -> DoorView | None:
        return None if self.store is None else self.store.door

    def command(self, command: Command) -> None:
        self._source()[0].command(command)

    async def examine(self, tell: Callable[[str], None]) -> None:
        await self._source()[1](tell)

    async def feed(self) -> None:
        from dashboard.bus.store import Store

        gc.freeze()  # the first frame stands: what is loaded now stays, and need never be looked at again
        gc.enable()
        self.store = Store()
        await play(self._source()[0], [self.store])


def run_screen(
    open_source: Callable[[], tuple[Source, Examine]], title: str, json_out: Path | None, *, masks: bool = True
) -> int:
    """Open the screen on a call; on quit print the summary, ready to paste, and write `json_out`.

    open_source: makes the source, once, when the first frame stands, and who examines its way.
    masks: recordings are masked, and so are pictures for evidence.
    """
    fed = _Fed(open_source)
    app = CallScopeApp(
        fed.snapshot,
        fed.command,
        fed.feed,
        examine=fed.examine,
        bundle=_bundle,
        masks=masks,
        title=title,
    )
    return _run(app, fed, json_out)


def run_board(
    open_source: Callable[[], tuple[Source, Examine]],
    doorway: dict[str, Any],
    title: str,
    json_out: Path | None,
    *,
    masks: bool = True,
) -> int:
    """Open the board on a source of many calls; `doorway`: the fields of a `Doorway`. For the rest as `run_screen`."""
    from dashboard.ui.board_app import BoardApp
    from dashboard.ui.draw.door import Doorway

    fed = _Fed(open_source)
    app = BoardApp(
        fed.snapshot,
        fed.command,
        fed.feed,
        door=fed.door,
        doorway=Doorway(**doorway),
        bundle=_bundle,
        masks=masks,
        title=title,
    )
    return _run(app, fed, json_out)


def _run(app: CallScopeApp, fed: _Fed, json_out: Path | None) -> int:
    with _stdout_on_the_terminal():
        app.run()
    if fed.store is not None:
        _sum_up(fed.store, json_out)
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
