"""`callscope watch`: the screen on a live call."""

from __future__ import annotations

import argparse

from dashboard.cli.settings import Settings
from dashboard.cli.wiring import examine, new_call_id, run_screen, worker


def run(args: argparse.Namespace) -> int:
    """Open the screen; 0 when the operator left it, whatever the call was like."""
    settings: Settings = args.settings
    title = args.profile or settings.region
    return run_screen(worker(settings, new_call_id()), title, args.json_out, lambda tell: examine(settings, tell))
