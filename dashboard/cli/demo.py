"""`callscope demo`: the screen on a call with the bot host that comes with callscope."""

from __future__ import annotations

import argparse

from dashboard.cli.wiring import Demo, run_screen
from dashboard.simulator.scenario import load_scenario


def run(args: argparse.Namespace) -> int:
    """Open the screen on a scenario.

    Raises:
        ScenarioError: the scenario says something impossible; found before the screen opens.
    """
    load_scenario(args.scenario)
    demo = Demo(args.scenario, args.seed, args.settings, frozenset(args.settings.model_fields_set))
    return run_screen(demo, f"demo: {args.scenario}", args.json_out)
