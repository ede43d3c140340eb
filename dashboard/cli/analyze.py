"""`callscope analyze`: pacing figures of a timing trace."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from dashboard.call.figures import pacing_object
from dashboard.cli.settings import Settings
from dashboard.media.pacing import Pacing, advance
from dashboard.media.trace import read_trace


def run(args: argparse.Namespace) -> int:
    """Print the figures.

    Raises:
        TraceError: the file is no timing trace.
    """
    settings: Settings = args.settings
    trace = read_trace(args.trace)
    columns = trace.arrivals, trace.positions, trace.durations
    pacing = advance(Pacing(), *columns, spike_s=settings.spike_ms / 1000, positioned=True)
    figures = pacing_object(pacing, now=trace.arrivals[-1], buffer_s=settings.buffer_ms / 1000, rtt_s=None)
    sys.stdout.write(f"{json.dumps(figures)}\n" if args.json else _table(figures))
    return 0


def _table(figures: dict[str, Any]) -> str:
    rows = []
    for name, value in figures.items():
        if isinstance(value, dict):
            shown = "   ".join(f"{key} {_shown(number)}" for key, number in value.items())
        else:
            shown = _shown(value)
        if shown != "–":
            rows.append(f"{name:16} {shown}\n")
    return "".join(rows)


def _shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
