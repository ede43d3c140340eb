"""callscope's screen on one call, as `callscope watch` opens it, which also writes down when each frame arrived.

`python -m tests.benchmarks.arrivals_screen SETTINGS FILE kernel|process`: SETTINGS as JSON; FILE gets a line for each
frame: its position and its arrival.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dashboard.bus.fanout import play
from dashboard.bus.runtime import WorkerProcess
from dashboard.bus.store import Store
from dashboard.call.events import AudioReceived, Event
from dashboard.cli.settings import Settings
from dashboard.clock import SystemClock
from dashboard.ui.app import CallScopeApp

_WORKERS = {"kernel": "dashboard", "process": "tests.benchmarks.process_clock"}


class _Arrivals:
    """A sink beside the store."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._frames: list[tuple[float, float]] = []

    def put(self, event: Event) -> None:
        if isinstance(event, AudioReceived):
            self._frames += zip(event.positions, event.arrivals, strict=True)

    def close(self) -> None:
        self._path.write_text("".join(f"{at:.6f} {arrival:.9f}\n" for at, arrival in self._frames), encoding="ascii")


def main(settings_json: str, path: str, clock: str) -> None:
    settings = Settings.from_worker(json.loads(settings_json))
    config = {"settings": settings.to_worker(), "call_id": "call"}
    argv = [sys.executable, "-m", _WORKERS[clock], "worker"]
    source = WorkerProcess(argv, config, call_id="call", clock=SystemClock())
    store, arrivals = Store(), _Arrivals(Path(path))
    CallScopeApp(store.snapshot, source.command, lambda: play(source, [store, arrivals]), title="benchmark").run()


if __name__ == "__main__":
    main(*sys.argv[1:])
