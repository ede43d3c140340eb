"""callscope's board, as `callscope listen` opens it, which also writes down where its processor's time goes.

`python -m tests.benchmarks.board_screen SETTINGS FILE`: SETTINGS as JSON; FILE gets a line each
second: a `Count` as JSON.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from textual.screen import Screen

from dashboard.bus import runtime
from dashboard.bus.store import Store
from dashboard.call.events import CallEnded, Event, LinkChanged
from dashboard.call.findings import assess
from dashboard.call.hook_events import DOOR, ListenerStarted
from dashboard.cli.doorway import doorway
from dashboard.cli.listen import no_way
from dashboard.cli.screen import run_board
from dashboard.cli.settings import Settings
from dashboard.cli.wiring import worker
from dashboard.ui.board_app import BoardApp
from dashboard.ui.roster import Change, Roster
from tests.benchmarks.resident import children, processor_s, resident_bytes

EVERY_S = 1.0


@dataclass(slots=True)
class Count:
    """What two processes have taken: seconds of the processor since their start, bytes of memory now.

    parts_s: how `screen_s` divides; what is not among them is the pipe, the loop and the collector of garbage.
    delays_s: from a fact to its row, of the calls whose state has changed since the last line.
    """

    url: str = ""  # where calls come in, once they can
    at: float = 0.0
    facts: int = 0
    screen_s: float = 0.0
    screen_bytes: int = 0
    worker_s: float = 0.0
    worker_bytes: int = 0
    parts_s: dict[str, float] = field(default_factory=dict)
    delays_s: list[float] = field(default_factory=list)


class Accountant:
    """Puts itself around what the screen's process does."""

    def __init__(self, told: TextIO) -> None:
        self._told = told
        self._count = Count()
        self._within_s = 0.0  # of the parts inside the one that runs
        self._changed: dict[str, float] = {}  # calls whose rows do not show yet what happened, and when that was

    def watch(self) -> None:
        self._time("decoding", runtime, "event_from_line")
        self._time("findings", assess, "assess")
        self._time("folding", Store, "put", after=self._heard)
        self._time("rows", Roster, "take", after=self._shown)
        self._time("rows", BoardApp, "_sample", after=self._tell)
        self._time("painting", Screen, "_compositor_refresh")

    def _time(self, part: str, owner: Any, name: str, *, after: Callable[..., None] | None = None) -> None:
        """Count the time of `owner.name` as that of `part`, and not as that of a part around it."""
        work, parts = getattr(owner, name), self._count.parts_s
        parts[part] = 0.0

        def timed(*args: Any) -> Any:
            outside_s, self._within_s = self._within_s, 0.0
            began = time.thread_time()
            result = work(*args)
            took_s = time.thread_time() - began
            parts[part] += took_s - self._within_s
            self._within_s = outside_s + took_s
            if after is not None:
                after(result, *args)
            return result

        setattr(owner, name, timed)

    def _heard(self, _: None, store: Store, event: Event) -> None:
        self._count.facts += 1
        if isinstance(event, ListenerStarted):
            self._count.url = event.endpoint
        elif isinstance(event, LinkChanged | CallEnded) and event.call_id != DOOR:
            self._changed.setdefault(event.call_id, event.at)

    def _shown(self, change: Change, *_: Any) -> None:
        now = time.monotonic()
        for call_id in change.calls & self._changed.keys():
            self._count.delays_s.append(now - self._changed.pop(call_id))

    def _tell(self, *_: Any) -> None:
        count, now = self._count, time.monotonic()
        if now - count.at < EVERY_S:
            return
        count.at, count.screen_s, count.screen_bytes = now, processor_s(), resident_bytes()
        started = children()
        count.worker_s = sum(map(processor_s, started))
        count.worker_bytes = sum(map(resident_bytes, started))
        self._told.write(f"{json.dumps(asdict(count))}\n")
        count.delays_s.clear()


def main(settings_json: str, path: str) -> None:
    gc.disable()  # as the screen's process until its first frame
    settings = Settings.model_validate(json.loads(settings_json))
    with Path(path).open("w", encoding="ascii", buffering=1) as told:
        Accountant(told).watch()
        run_board(lambda: (worker(settings.to_worker(), DOOR), no_way), doorway(settings, ()), "benchmark", None)


if __name__ == "__main__":
    main(*sys.argv[1:])
