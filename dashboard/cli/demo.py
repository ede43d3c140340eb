"""`callscope demo`: the screen on a call with the bot host that comes with callscope."""

from __future__ import annotations

import argparse

from dashboard.cli.settings import Settings
from dashboard.cli.wiring import Demo, run_screen
from dashboard.simulator.scenario import load_scenario


def run(args: argparse.Namespace) -> int:
    """Open the screen on a scenario.

    Raises:
        ScenarioError: the scenario says something impossible; found before the screen opens.
    """
    advised = load_scenario(args.scenario).settings.given()
    settings: Settings = args.settings
    own = settings.model_fields_set  # what the operator said counts for more than what the scenario advises
    settings = settings.replace(**{name: value for name, value in advised.items() if name not in own})
    return run_screen(Demo(args.scenario, args.seed, settings), f"demo: {args.scenario}", args.json_out)
