"""`callscope demo --dialect connector`: an Audio Connector bot, and a call to it in Genesys' place."""

from __future__ import annotations

import argparse
import secrets
from base64 import b64encode
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.call.hook_view import CONNECTOR
from dashboard.cli.noted import noted
from dashboard.errors import ConfigError

if TYPE_CHECKING:
    from dashboard.call.ports import Source
    from dashboard.cli.wiring import Examine


def order(args: argparse.Namespace) -> dict[str, Any]:
    """Return what the screen needs to know, checked."""
    from dashboard.simulator.scenario import load_scenario

    if args.calls != 1:
        raise ConfigError("--calls needs a dialect in which calls come in", remedy="Give --dialect audiohook.")
    scenario = args.scenario or "steady"
    advised = load_scenario(scenario).settings.given()
    key = f"demo:{b64encode(secrets.token_bytes(24)).decode()}"
    kept = {name: value for name, value in advised.items() if name not in args.settings.model_fields_set}
    settings = args.settings.replace(**kept, hook_keys=(key,))
    return {"title": f"demo: {scenario}", "scenario": scenario, "seed": args.seed, "settings": settings.to_worker()}


def show(order: dict[str, Any], json_out: Path | None) -> int:
    """Open the screen; return the exit code."""
    from dashboard.cli.screen import run_screen

    return run_screen(partial(source, order), order["title"], json_out, masks=order["settings"]["mask"])


def source(order: dict[str, Any]) -> tuple[Source, Examine]:
    """Return the source of the call, and who says how a bot is examined."""
    from dashboard.cli.call import no_way
    from dashboard.cli.wiring import Demo

    return noted(Demo(order["scenario"], order["seed"], order["settings"], CONNECTOR), order["note"]), no_way
