"""`callscope demo --dialect cognigy`: an endpoint of its own, and the scenario's caller as the one who speaks to it."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.call.ports import Command, Emit, Say, Source
from dashboard.cli.noted import noted

if TYPE_CHECKING:
    from dashboard.call.terms import Event
    from dashboard.cli.settings import Settings
    from dashboard.cli.wiring import Demo, Examine

Words = Sequence[tuple[float, str]]
"""What is said, and how many seconds after the session began, in order."""


def order(args: argparse.Namespace, dialect: str = "cognigy") -> dict[str, Any]:
    """Return what the screen needs to know, checked."""
    scenario = args.scenario or "bad-day"
    return {"title": f"demo: {scenario}", **order_of(scenario, args.seed, args.settings, dialect)}


def order_of(scenario: str, seed: int | None, settings: Settings, dialect: str = "cognigy") -> dict[str, Any]:
    """Return what such a demo needs to know.

    Raises:
        ScenarioError: the scenario says something impossible.
    """
    from dashboard.simulator.flow import utterances
    from dashboard.simulator.scenario import load_scenario

    played = load_scenario(scenario)
    patience_s = played.settings.silent_failure_after or 30.0
    advised = {"silent_failure_after": patience_s, "turn_limit": patience_s, **played.settings.given()}
    own = settings.model_fields_set
    chosen = {name: value for name, value in advised.items() if name not in own}
    return {
        "scenario": scenario,
        "seed": seed,
        "words": utterances(played),
        "round_s": played.duration_s if played.loop else None,
        "settings": settings.replace(**chosen, dialect=dialect).to_worker(),
    }


def show(order: dict[str, Any], json_out: Path | None) -> int:
    """Open the screen; return the exit code."""
    from dashboard.cli.screen import run_screen

    return run_screen(lambda: source(order), order["title"], json_out, masks=order["settings"]["mask"])


def source(order: dict[str, Any]) -> tuple[Source, Examine]:
    """Return the source of a demo, and who examines its way."""
    from dashboard.cli.wiring import Demo

    demo = Demo(order["scenario"], order["seed"], order["settings"])
    return noted(SpokenDemo(demo, order["words"], order["round_s"]), order["note"]), demo.examine


class SpokenDemo:
    """A source: a demo to which somebody speaks from when its session has begun; again every `round_s`, if it loops."""

    def __init__(self, demo: Demo, words: Words, round_s: float | None) -> None:
        self._demo = demo
        self._words = words
        self._round_s = round_s
        self._speaking: asyncio.Task[None] | None = None

    def command(self, command: Command) -> None:
        self._demo.command(command)

    async def run(self, emit: Emit) -> None:
        try:
            await self._demo.run(self._watching(emit))
        finally:
            if self._speaking is not None:
                self._speaking.cancel()

    def _watching(self, emit: Emit) -> Callable[[Event], None]:
        from dashboard.call.events import SessionStarted

        def take(event: Event) -> None:
            emit(event)
            if isinstance(event, SessionStarted) and self._speaking is None:
                self._speaking = asyncio.create_task(self._speak())

        return take

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            for at_s, text in self._words:
                await asyncio.sleep(max(0.0, began + at_s - loop.time()))
                self._demo.command(Say(text))
            if self._round_s is None:
                return
            began += self._round_s
            await asyncio.sleep(max(0.0, began - loop.time()))
