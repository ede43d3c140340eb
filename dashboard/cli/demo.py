"""`callscope demo`: the screen on a call with the bot host that comes with callscope."""

from __future__ import annotations

import argparse

from dashboard.cli.settings import Settings
from dashboard.cli.wiring import Demo, run_screen
from dashboard.simulator.scenario import load_scenario

_BOT_HOST = {"analytics": "details", "analytics_every": 10.0}
"""It keeps a record of every call as Genesys would, and does not mind being asked often."""


def run(args: argparse.Namespace) -> int:
    """Open the screen on a scenario; 0 when the operator left it."""
    source = demo(args.scenario, args.seed, args.settings)  # before the screen opens: it may be refused
    return run_screen(source, f"demo: {args.scenario}", args.json_out, source.examine)


def demo(scenario: str, seed: int | None, settings: Settings) -> Demo:
    """Return the source of a demo; what the operator set counts for more than what the scenario advises.

    Raises:
        ScenarioError: the scenario says something impossible.
    """
    advised = {**_BOT_HOST, **load_scenario(scenario).settings.given()}
    own = settings.model_fields_set
    return Demo(scenario, seed, settings.replace(**{key: value for key, value in advised.items() if key not in own}))
