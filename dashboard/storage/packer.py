"""The thread on which many rings put what they hold in memory on the disk: it is one, however many calls there are.

Each has its turn once a second, evenly spread. A thread for each would pack at its own time, and calls that begin
together would do so together: the loop, which stamps what arrives, would wait for the interpreter behind them all.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol

EVERY_S = 1.0


class Packs(Protocol):
    """What is asked about once a second to pack what waits."""

    def pack_what_waits(self) -> None:
        """Called on the packer's thread; never raises."""


class Packer:
    """Its thread lives as long as there is something to pack for."""

    def __init__(self) -> None:
        self._served: list[Packs] = []
        self._lock = threading.Lock()
        self._runs = False

    def serve(self, ring: Packs) -> None:
        """Ask `ring` from now on."""
        with self._lock:
            self._served.append(ring)
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._run, name="packer", daemon=True).start()

    def leave(self, ring: Packs) -> None:
        """Ask `ring` no more, but for once if that is under way."""
        with self._lock:
            self._served.remove(ring)

    def _run(self) -> None:
        while served := self._now_served():
            for ring in served:
                time.sleep(EVERY_S / len(served))
                ring.pack_what_waits()

    def _now_served(self) -> list[Packs]:
        with self._lock:
            self._runs = bool(self._served)
            return list(self._served)
