"""`callscope relay`: the process that passes bytes on, and with `--observe` the one that reads a copy of them.

`callscope tap` starts the relay, which starts its observer. Settings and commands come to the relay on its standard
input; facts go from the observer to the standard output that both share. A relay whose input has ended goes on: those
whose calls it carries have nothing to do with whoever was looking at them.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from io import FileIO
from typing import Any

from dashboard.bus.fanout import play
from dashboard.bus.outlet import LineOutlet
from dashboard.bus.runtime import raw_stdin, read_config, stop_on_signals
from dashboard.call.codec import command_from_line
from dashboard.call.ports import Command, Emit, Hear, Mark, Stop
from dashboard.cli.between import Passing, address, relay
from dashboard.cli.board import cannot_listen
from dashboard.cli.descriptors import raise_limit
from dashboard.cli.record import desks
from dashboard.cli.settings import Settings
from dashboard.cli.wiring import log_sinks
from dashboard.clock import Behind, SystemClock
from dashboard.dialects.overheard import Name
from dashboard.errors import CodecError
from dashboard.tap.feed import Feed
from dashboard.tap.observer import Observer, follow
from dashboard.tap.relay import Relay
from dashboard.transport.watched_loop import new_loop

_GIVES_WAY = 10
"""Niceness of the observer: what it does can wait, what the relay does cannot."""
_OBSERVER = (sys.executable, "-m", "dashboard", "relay", "--observe")


def run(args: argparse.Namespace) -> int:
    """Relay until somebody says stop; or observe until the relay is gone."""
    stdin = raw_stdin()
    config = read_config(stdin)
    settings, dialect = Settings.from_worker(config["settings"]), config["dialect"]
    raise_limit()
    work = _observe(settings, dialect, stdin) if args.observe else _relay(settings, dialect, stdin)
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(work)
    return 0


async def _relay(settings: Settings, dialect: Name, stdin: FileIO) -> None:
    between = relay(settings, SystemClock())
    try:
        await between.listen()
    except OSError as error:
        raise cannot_listen(*address(settings), error) from None
    told = settings.replace(hook_keys=()).to_worker()  # who only looks needs no keys
    stop_on_signals(between.stop)
    loop = asyncio.get_running_loop()
    commands = threading.Thread(target=_read_commands, args=(stdin, loop, between), name="commands", daemon=True)
    commands.start()
    gc.freeze()  # or the collector halts everything to look through what was imported
    await between.run(Feed(_OBSERVER, {"settings": told, "dialect": dialect}, between.greeting))


def _read_commands(stdin: FileIO, loop: asyncio.AbstractEventLoop, between: Relay) -> None:
    def pass_on(call: Any, *args: Any) -> None:
        try:
            loop.call_soon_threadsafe(call, *args)
        except RuntimeError:  # the loop is closed: the relay is ending anyway
            return

    for line in stdin:
        try:
            stops = isinstance(command_from_line(line), Stop)
        except CodecError:
            continue
        if stops:
            pass_on(between.stop)
            return
        pass_on(between.command, line)
    pass_on(between.abandon)


async def _observe(settings: Settings, dialect: Name, stdin: FileIO) -> None:
    if hasattr(os, "nice"):
        os.nice(_GIVES_WAY)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # the end of the relay's stream is what ends it
        if (number := getattr(signal, name, None)) is not None:
            signal.signal(number, signal.SIG_IGN)
    gc.freeze()
    passing = _Source(settings, dialect, stdin)
    source = desks(passing, settings, keeps_history=True)
    passing.operator = source.command
    await play(source, [LineOutlet(sys.stdout.buffer), *log_sinks(settings)])


class _Source:
    """A source: the calls that pass through the relay. `operator` gets the commands that come from there."""

    def __init__(self, settings: Settings, dialect: Name, stdin: FileIO) -> None:
        self.operator: Callable[[Command], None] = self.command
        self._settings = settings
        self._dialect = dialect
        self._stdin = stdin
        self._clock = Behind(SystemClock())
        self._calls: Passing | None = None
        self._hear: Hear | None = None

    def overhear(self, hear: Hear) -> None:
        """Hand the sound itself of every call to `hear` as well."""
        self._hear = hear

    def command(self, command: Command) -> None:
        """Mark one of the calls; nothing else can be asked of calls between others."""
        if isinstance(command, Mark) and self._calls is not None:
            self._calls.mark(command.call_id, command.note)

    async def run(self, emit: Emit) -> None:
        """Follow the relay until it is gone."""
        self._calls = Passing(self._settings, self._dialect, emit, self._clock, self._hear)
        observer = Observer(emit, self._calls, lambda command: self.operator(command), self._clock)
        try:
            await follow(observer, self._stdin)
        finally:
            observer.close()
