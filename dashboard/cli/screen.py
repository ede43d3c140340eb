"""The screen on a source, from its first frame to the summary that it leaves behind."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.bus.fanout import play
from dashboard.bus.store import Store
from dashboard.call.figures import probe_object
from dashboard.call.ports import Source
from dashboard.call.summary import summary
from dashboard.cli.wiring import Examine, write_json
from dashboard.ui.app import CallScopeApp


def run_screen(source: Source, examine: Examine, title: str, json_out: Path | None) -> int:
    """Open the screen on `source`; on quit print the summary, ready to paste, and write `json_out`."""
    store = Store()

    async def feed() -> None:
        gc.freeze()  # the first frame stands: what is loaded now stays, and need never be looked at again
        gc.enable()
        await play(source, [store])

    app = CallScopeApp(store.snapshot, source.command, feed, examine=examine, title=title)
    with _stdout_on_the_terminal():
        app.run()
    for call in store.snapshot().values():
        sys.stdout.write(f"{summary(call)}\n")
        if json_out is not None:
            write_json(json_out, probe_object(call))
    if app.failure is not None:
        raise app.failure
    return 0


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
