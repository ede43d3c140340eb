"""`callscope demo --dialect audiohook`: a listener, and a Genesys of its own that calls it."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import sys
from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.call.events import Event
from dashboard.call.hook_events import DOOR, ListenerStarted
from dashboard.call.ports import Command, Emit, Source
from dashboard.cli.noted import noted
from dashboard.errors import ConfigError

if TYPE_CHECKING:
    from dashboard.cli.wiring import Examine

_MIX = ("steady", "stalls", "steady", "choppy", "batched", "steady", "dead-air", "reset")
"""What several calls play in turn: good ones and bad ones."""

NOTES = ("A simulated Genesys is about to call.",)


def order(args: argparse.Namespace) -> dict[str, Any]:
    """Return what the screen needs to know, checked."""
    if not 1 <= args.calls <= args.settings.max_calls:
        raise ConfigError(f"--calls must be from 1 to {args.settings.max_calls} (got {args.calls})")
    scenarios = [args.scenario] if args.scenario else list(_MIX) if args.calls > 1 else ["bad-day"]
    own = args.settings.model_fields_set
    advised = {key: value for key, value in _advice(scenarios).items() if key not in own}
    key = f"demo:{b64encode(secrets.token_bytes(24)).decode()}"
    settings = args.settings.replace(**advised, host="127.0.0.1", port=0, hook_keys=(key,)).to_worker()
    what = f"{args.calls} calls" if args.calls > 1 else scenarios[0]
    return {
        "title": f"demo: {what}",
        "scenarios": scenarios,
        "calls": args.calls,
        "seed": args.seed,
        "settings": settings,
    }


def show(order: dict[str, Any], json_out: Path | None) -> int:
    """Open the screen; return the exit code."""
    from dashboard.cli.screen import run_board

    masks = order["settings"]["mask"]
    return run_board(partial(source, order), {"notes": NOTES}, order["title"], json_out, masks=masks)


def source(order: dict[str, Any]) -> tuple[Source, Examine]:
    """Return the source of the calls of a demo, and who says that there is no way to examine."""
    from dashboard.cli.listen import no_way

    words = [*order["scenarios"], "--calls", str(order["calls"])]
    seeded = words if order["seed"] is None else [*words, "--seed", str(order["seed"])]
    return noted(HookDemo(order["settings"], seeded), order["note"]), no_way


class HookDemo:
    """A source: a listener in a process of its own, and as soon as it is up another one that calls it."""

    def __init__(self, settings: dict[str, Any], words: Sequence[str]) -> None:
        """`settings` as `Settings.to_worker` gives them; `words`: what is played, as `simulate` is told."""
        from dashboard.cli.wiring import worker

        self._worker = worker(settings, DOOR)
        self._key = settings["hook_keys"][0]
        self._words = words
        self._callers: set[asyncio.Task[None]] = set()

    def command(self, command: Command) -> None:
        self._worker.command(command)

    async def run(self, emit: Emit) -> None:
        try:
            await self._worker.run(self._watching(emit))
        finally:
            await self._hang_up()

    def _watching(self, emit: Emit) -> Callable[[Event], None]:
        def take(event: Event) -> None:
            emit(event)
            if isinstance(event, ListenerStarted):  # the first one, or one that was started again
                self._callers.add(asyncio.create_task(self._call(event.endpoint)))

        return take

    async def _call(self, url: str) -> None:
        callers = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "dashboard", "simulate", *self._words, "--audiohook", url, "--until-eof"),
            stdin=asyncio.subprocess.PIPE,  # its end tells the callers that we are gone, however we went
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=os.name == "posix",
            env={**os.environ, "CALLSCOPE_HOOK_KEYS": self._key},
        )
        try:
            await callers.wait()
        finally:
            if callers.returncode is None:
                callers.terminate()
            await callers.wait()

    async def _hang_up(self) -> None:
        for task in self._callers:
            task.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)


def _advice(scenarios: Sequence[str]) -> dict[str, Any]:
    """Return what the only scenario advises; several might disagree."""
    from dashboard.cli.demo import advice

    told = [advice(scenario) for scenario in scenarios]
    return told[0] if len(told) == 1 else {}
