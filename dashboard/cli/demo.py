"""`callscope demo`: the screen on a call with the bot host that comes with callscope.

Here it is called by the AppFoundry socket; every other dialect (`--dialect NAME`) has a module `demo_NAME.py`, with
`order` and `show` as below.
"""

from __future__ import annotations

import argparse
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.errors import ConfigError

if TYPE_CHECKING:
    from dashboard.cli.settings import Settings
    from dashboard.cli.wiring import Demo, Examine

_BOT_HOST = {"analytics": "details", "analytics_every": 10.0}
"""It keeps a record of every call as Genesys would, and does not mind being asked often."""


def order(args: argparse.Namespace) -> dict[str, Any]:
    """Return what the screen needs to know, checked."""
    if args.dialect != "appfoundry":
        from dashboard.cli.noted import note_of

        told: dict[str, Any] = _of(args.dialect).order(args)
        return {"dialect": args.dialect, "note": note_of(args.scenario or "", args.dialect), **told}
    if args.calls != 1:
        raise ConfigError("--calls needs a dialect in which calls come in", remedy="Give --dialect audiohook.")
    scenario = args.scenario or "bad-day"
    return {"title": f"demo: {scenario}", **order_of(scenario, args.seed, args.settings)}


def order_of(scenario: str, seed: int | None, settings: Settings) -> dict[str, Any]:
    """Return what a demo needs to know; what the operator set counts for more than what the scenario advises.

    Raises:
        ScenarioError: the scenario says something impossible.
    """
    own = settings.model_fields_set
    advised = {key: value for key, value in {**_BOT_HOST, **advice(scenario)}.items() if key not in own}
    return {"scenario": scenario, "seed": seed, "settings": settings.replace(**advised).to_worker()}


def show(order: dict[str, Any], json_out: Path | None) -> int:
    """Open the screen; return the exit code."""
    if "dialect" in order:
        code: int = _of(order["dialect"]).show(order, json_out)
        return code
    from dashboard.cli.screen import run_screen

    return run_screen(partial(source, order), order["title"], json_out, masks=order["settings"]["mask"])


def source(order: dict[str, Any]) -> tuple[Demo, Examine]:
    """Return the source of a demo, and who examines its way."""
    from dashboard.cli.wiring import Demo

    demo = Demo(order["scenario"], order["seed"], order["settings"])
    return demo, demo.examine


def _of(dialect: str) -> Any:
    return import_module(f"dashboard.cli.demo_{dialect.replace('-', '_')}")


def advice(scenario: str) -> dict[str, Any]:
    """Return the settings that a scenario advises."""
    import tomllib  # here, as the check alone asks, and not the screen

    from dashboard.simulator.shipped import shipped

    file = shipped().get(scenario)
    if file is not None:  # the tests have checked it, and the first frame waits for this
        settings: dict[str, Any] = tomllib.loads(file.read_text("utf-8")).get("settings", {})
        return settings
    from dashboard.simulator.scenario import load_scenario

    return load_scenario(scenario).settings.given()
