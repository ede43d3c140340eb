"""`callscope demo --dialect combined`: one call of three wires, all of them the bot host's and of one scenario.

Its sound comes in by AudioHook, notifications tell of its conversation, and what the scenario's caller says is asked
again of the Cognigy endpoint beside it, a little later.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.call.bot_events import BotOffered
from dashboard.call.events import Event
from dashboard.call.ports import Command, Emit, Say, Stop
from dashboard.cli import demo, demo_audiohook, demo_cognigy
from dashboard.cli.demo_audiohook import HookDemo
from dashboard.cli.demo_cognigy import Words
from dashboard.errors import ConfigError

if TYPE_CHECKING:
    from dashboard.cli.wiring import Examine

PROFILE = "parcel-bot"
"""What the endpoint is called here, where a settings file would name it."""

_ASKED_AFTER_S = 2.5
"""So long after the caller has said something the same is asked beside the call."""


def order(args: argparse.Namespace) -> dict[str, Any]:
    """Return what the screen needs to know, checked."""
    if args.calls != 1:
        raise ConfigError("--calls needs a dialect in which calls come in", remedy="Give --dialect audiohook.")
    scenario = args.scenario or "bad-day"
    hooked = demo_audiohook.order(argparse.Namespace(**vars(args) | {"scenario": scenario}))
    spoken = demo_cognigy.order_of(scenario, args.seed, args.settings)
    settings = demo.order_of(scenario, args.seed, args.settings)["settings"] | {
        **{name: hooked["settings"][name] for name in ("host", "port", "hook_keys")},
        "follow": True,
        "bot": PROFILE,
        "bot_settings": spoken["settings"],
    }
    return {
        "title": f"demo: {scenario}",
        "scenario": scenario,
        "seed": args.seed,
        "words": [(at_s + _ASKED_AFTER_S, text) for at_s, text in spoken["words"]],
        "round_s": spoken["round_s"],
        "settings": settings,
    }


def show(order: dict[str, Any], json_out: Path | None) -> int:
    """Open the screen; return the exit code."""
    from dashboard.cli.screen import run_board

    masks = order["settings"]["mask"]
    return run_board(lambda: source(order), {"notes": demo_audiohook.NOTES}, order["title"], json_out, masks=masks)


def source(order: dict[str, Any]) -> tuple[CombinedDemo, Examine]:
    """Return the source of the demo, and who says that there is no way to examine."""
    from dashboard.cli.listen import no_way

    return CombinedDemo(order), no_way


class CombinedDemo:
    """A source: the bot host in a process of its own, and when that serves a listener that its Genesys calls."""

    def __init__(self, order: dict[str, Any]) -> None:
        """`order` as the function of that name returns it; words are asked beside the call, each at its second."""
        self._order = order
        self._words: Words = order["words"]
        self._calls: HookDemo | None = None
        self._stopped = False
        self._asking: set[asyncio.Task[None]] = set()

    def command(self, command: Command) -> None:
        self._stopped |= isinstance(command, Stop)
        if self._calls is not None:
            self._calls.command(command)

    async def run(self, emit: Emit) -> None:
        from dashboard.cli.wiring import ready_of

        host = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "dashboard", "simulate", self._order["scenario"], "--until-eof", *self._seed()),
            stdin=asyncio.subprocess.PIPE,  # its end tells the host that we are gone, however we went
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=os.name == "posix",
        )
        try:
            ready = await ready_of(host)
            if not self._stopped:
                await self._listen(ready, emit)
        finally:
            for task in self._asking:
                task.cancel()
            await asyncio.gather(*self._asking, return_exceptions=True)
            if host.returncode is None:
                host.terminate()
            await host.wait()

    async def _listen(self, ready: dict[str, Any], emit: Emit) -> None:
        words = (self._order["scenario"], "--conversation", ready["conversation_id"], *self._seed())
        self._calls = HookDemo(at_host(self._order["settings"], ready), words)
        await self._calls.run(self._watching(emit))

    def _seed(self) -> tuple[str, ...]:
        seed = self._order["seed"]
        return () if seed is None else ("--seed", str(seed))

    def _watching(self, emit: Emit) -> Callable[[Event], None]:
        offered: set[str] = set()

        def take(event: Event) -> None:
            emit(event)
            if isinstance(event, BotOffered) and event.session_id and event.call_id not in offered:
                offered.add(event.call_id)
                self._asking.add(asyncio.create_task(self._ask(event.call_id)))

        return take

    async def _ask(self, call_id: str) -> None:
        """Say each thing at its time, again every round if the scenario loops."""
        loop, round_s = asyncio.get_running_loop(), self._order["round_s"]
        began = loop.time()
        while True:
            for at_s, text in self._words:
                await asyncio.sleep(max(0.0, began + at_s - loop.time()))
                self.command(Say(text, call_id))
            if round_s is None:
                return
            began += round_s


def at_host(settings: dict[str, Any], ready: dict[str, Any]) -> dict[str, Any]:
    """Return `settings` whose conversations and whose bot are those of the host that printed `ready`."""
    told = {name: ready[name] for name in ("base_url", "client_id", "client_secret")}
    bot = settings["bot_settings"] | {"url": ready["cognigy_url"], "url_token": ready["url_token"]}
    return settings | told | {"bot_settings": bot}
