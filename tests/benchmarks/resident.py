"""What memory a process holds, and how that goes on while a call does."""

from __future__ import annotations

import resource
import sys
from pathlib import Path


def resident_bytes() -> int:
    """Return what this process holds in memory now, or where the system does not say, what it held at most."""
    if sys.platform.startswith("linux"):
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class Minutes:
    """Notes what memory this process holds at each full minute of a call, the first one included."""

    def __init__(self) -> None:
        self.resident: list[int] = []
        self._began: float | None = None

    def at(self, moment: float) -> None:
        """Hear that the call has come to `moment`, in seconds."""
        self._began = moment if self._began is None else self._began
        while moment - self._began >= 60 * len(self.resident):
            self.resident.append(resident_bytes())
