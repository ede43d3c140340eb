"""The thread on which many rings put what they hold in memory on the disk: it is one, however many calls there are.

A thread for each would do the same work and have the interpreter hand its lock round among them all: the loop, which
stamps what arrives, would wait its turn behind every one that packs.
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
        while True:
            time.sleep(EVERY_S)
            with self._lock:
                served = list(self._served)
                if not served:
                    self._runs = False
                    return
            for ring in served:
                ring.pack_what_waits()
