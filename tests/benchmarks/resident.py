"""What memory a process holds, and how that goes on while a call does."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path


def resident_bytes(process: int | None = None) -> int:
    """Return what this process holds in memory now, or where the system does not say, what it held at most.

    Of another `process` only Linux tells.
    """
    if sys.platform.startswith("linux"):
        return int(_told("statm", process).split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def processor_s(process: int | None = None) -> float:
    """Return the processor time that a process of this machine, on Linux, has taken so far without its children."""
    fields = _told("stat", process).rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children() -> list[int]:
    """Return the processes that this one has started, on Linux, and that live."""
    return [int(child) for child in _told(f"task/{os.getpid()}/children").split()]


def _told(what: str, process: int | None = None) -> str:
    return Path(f"/proc/{process or 'self'}/{what}").read_text(encoding="ascii")


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
