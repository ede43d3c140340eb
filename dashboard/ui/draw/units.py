"""Figures as the screen writes them: those of `call/units.py`, and the time of day where the operator sits."""

from __future__ import annotations

import time

from dashboard.call.units import NOTHING, clock, count, dbfs, megabytes, millis, minus, percent, ppm, span

__all__ = ["NOTHING", "clock", "count", "dbfs", "megabytes", "millis", "minus", "percent", "ppm", "span", "time_of_day"]


def time_of_day(wall: float) -> str:
    """Return the local time of a Unix time, `14:02:55`."""
    return time.strftime("%H:%M:%S", time.localtime(wall))
