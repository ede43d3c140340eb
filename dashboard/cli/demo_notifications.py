"""`callscope demo --dialect notifications`: the bot host plays Genesys, which tells about a conversation."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.cli import demo
from dashboard.cli.follow_settings import STALE_AFTER_S
from dashboard.cli.noted import noted
from dashboard.errors import ConfigError

if TYPE_CHECKING:
    from dashboard.call.ports import Source
    from dashboard.cli.wiring import Examine

_PINGS = 3
"""So many of them fit into the silence that makes a link stale."""


def order(args: argparse.Namespace) -> dict[str, Any]:
    """Return what the screen needs to know, checked."""
    if args.calls != 1:
        raise ConfigError("--calls needs a dialect in which calls come in", remedy="Give --dialect audiohook.")
    scenario, own = args.scenario or "bad-day", args.settings.model_fields_set
    order = demo.order_of(scenario, args.seed, args.settings)
    settings = order["settings"]
    if "stale_after" not in {*own, *demo.advice(scenario)}:
        settings["stale_after"] = STALE_AFTER_S
    if "ping_interval" not in own:
        settings["ping_interval"] = min(settings["ping_interval"], settings["stale_after"] / _PINGS)
    settings["conversation"] = "the-one-of-the-host"  # which names it once it is up
    return {"title": f"demo: {scenario}", **order}


def show(order: dict[str, Any], json_out: Path | None) -> int:
    """Open the screen; return the exit code."""
    from dashboard.cli.screen import run_screen

    return run_screen(partial(source, order), order["title"], json_out, masks=order["settings"]["mask"])


def source(order: dict[str, Any]) -> tuple[Source, Examine]:
    """Return the source of a demo, and who examines its way."""
    from dashboard.cli.wiring import Demo

    played = Demo(order["scenario"], order["seed"], order["settings"])
    return noted(played, order["note"]), played.examine
