"""`callscope replay`: the screen on a recording."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from dashboard.clock import SystemClock
from dashboard.storage.recording import Recording
from dashboard.storage.replay import open_replay


def order(args: argparse.Namespace) -> dict[str, Any]:
    """Return what the screen needs to know, checked: the file is a recording, and holds the place to begin at.

    Raises:
        RecordingError: it cannot be read, or holds nothing.
        ConfigError: `--at` is no place in it.
    """
    with Recording(args.recording) as recording:
        replay = open_replay(recording, SystemClock())
        position_s = 0.0 if args.at is None else replay.position_named(args.at)
    return {"recording": str(args.recording), "position_s": position_s}


def show(order: dict[str, Any], json_out: Path | None) -> int:
    """Open the screen; return the exit code."""
    from dashboard.cli.screen import run_replay

    with Recording(Path(order["recording"])) as recording:
        replay = open_replay(recording, SystemClock())
        replay.seek(order["position_s"])
        return run_replay(replay, recording.info.path, json_out)
