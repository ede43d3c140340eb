"""`callscope watch`: the screen on a live call."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from dashboard.bus.runtime import WorkerProcess
    from dashboard.cli.settings import Settings
    from dashboard.cli.wiring import Examine


def order(args: argparse.Namespace) -> dict[str, Any]:
    """Return what the screen needs to know, checked."""
    return {"title": args.profile or _other_end(args.settings), "settings": args.settings.to_worker()}


def _other_end(settings: Settings) -> str:
    """Return whom one watches, in a word: the host of an endpoint, else Genesys' region."""
    if settings.dialect == "appfoundry" or settings.url is None:
        return settings.region
    return urlsplit(settings.url).hostname or settings.region


def show(order: dict[str, Any], json_out: Path | None) -> int:
    """Open the screen; return the exit code."""
    from dashboard.cli.screen import run_screen

    return run_screen(partial(source, order), order["title"], json_out, masks=order["settings"]["mask"])


def source(order: dict[str, Any]) -> tuple[WorkerProcess, Examine]:
    """Return the source of a live call, and who examines its way."""
    from dashboard.cli.wiring import examine, new_call_id, worker

    settings = order["settings"]
    return worker(settings, new_call_id()), lambda tell: examine(settings, tell)
