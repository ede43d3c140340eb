"""`callscope probe`: a live call without a screen; its verdict on stdout and as exit code."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence

from dashboard.bus.outlet import LineOutlet
from dashboard.bus.runtime import stop_on_signals
from dashboard.bus.store import Store
from dashboard.call.bot_events import BotOffered
from dashboard.call.codec import to_line
from dashboard.call.events import Event, LinkChanged, LinkState, SessionStarted
from dashboard.call.figures import probe_object
from dashboard.call.ports import Say, Sink, Source, Stop
from dashboard.call.record_events import RecordingFailed, RecordingSaved
from dashboard.call.state import CallState
from dashboard.call.summary import summary
from dashboard.call.utterances import settled
from dashboard.call.verdict import judge, last_failure
from dashboard.cli.settings import Settings
from dashboard.cli.source import call_source
from dashboard.cli.wiring import log_sinks, new_call_id, only_call, play_until_stopped
from dashboard.resilience.retry import exit_code
from dashboard.storage.recording import Recording
from dashboard.transport.watched_loop import new_loop
from dashboard.wiretext import visible

EXIT_INTERRUPTED = 130


class Operator:
    """What a person at the screen would do: speak once there is a session, leave once the link has given up."""

    def __init__(self, source: Source, say: Sequence[str]) -> None:
        self._source = source
        self._say = list(say)
        self.interrupted = False

    def put(self, event: Event) -> None:
        if isinstance(event, SessionStarted | BotOffered):
            for text in self._say:
                self._source.command(Say(text))
            self._say.clear()
        elif isinstance(event, LinkChanged) and event.state is LinkState.GAVE_UP:
            self._source.command(Stop())

    def close(self) -> None:
        """Nothing is held back."""

    def interrupt(self) -> None:
        self.interrupted = True
        self._source.command(Stop())


class Leaver:
    """Leaves when everything has been said, the bot has finished or will not, or the peer has closed for good; and that
    has been looked at by the rules. For wires that tell.
    """

    def __init__(self, source: Source, store: Store, count: int) -> None:
        self._source = source
        self._store = store
        self._count = count
        self._settled_at: float | None = None

    def put(self, event: Event) -> None:
        for call in self._store.snapshot().values():
            if call.link.state is LinkState.CLOSED:  # the rules have just looked, and do so no more
                self._source.command(Stop())
            if settled(call.all_utterances) < self._count:
                continue
            self._settled_at = call.now if self._settled_at is None else self._settled_at
            if (call.findings.assessed_at or 0.0) > self._settled_at:
                self._source.command(Stop())

    def close(self) -> None:
        """Nothing is held back."""


class Narrator:
    """Says at once what the operator may still do something about, and where the recordings are."""

    def put(self, event: Event) -> None:
        if isinstance(event, RecordingSaved):
            sys.stderr.write(f"callscope: recorded {visible(event.path)}\n")
        if isinstance(event, RecordingFailed):
            sys.stderr.write(f"callscope: not recorded: {visible(event.reason)}\n  {visible(event.remedy)}\n")
            sys.stderr.flush()

    def close(self) -> None:
        """Nothing is held back."""


def run(args: argparse.Namespace) -> int:
    """Listen for `--duration`, or read a recording; print the verdict, return its exit code."""
    if args.replay is not None:
        return _judge(args)
    settings: Settings = args.settings
    store = Store()
    sinks: list[Sink] = [store, *log_sinks(settings), Narrator()]
    if args.jsonl:
        sinks.append(LineOutlet(sys.stdout.buffer))
    with asyncio.Runner(loop_factory=new_loop) as runner:
        interrupted = runner.run(_listen(settings, sinks, store))
    call = only_call(store)
    _print(call, args)
    return EXIT_INTERRUPTED if interrupted else exit_code_of(call)


def _judge(args: argparse.Namespace) -> int:
    """Tell of a recording what was told of its call."""
    with Recording(args.replay) as recording:
        if args.jsonl:
            for fact in recording.facts():
                sys.stdout.write(f"{to_line(fact)}\n")
        call = recording.call()
    _print(call, args)
    return exit_code_of(call)


def _print(call: CallState, args: argparse.Namespace) -> None:
    if args.json:
        sys.stdout.write(f"{json.dumps(probe_object(call))}\n")
    else:
        (sys.stderr if args.jsonl else sys.stdout).write(f"{summary(call)}\n")


async def _listen(settings: Settings, sinks: Sequence[Sink], store: Store) -> bool:
    """Return whether a signal ended it."""
    call_id = new_call_id()
    call = call_source(settings, call_id)
    source: Source = call
    if settings.record or settings.record_on:
        from dashboard.cli.record import desk  # for those who record only: a call should be up soon

        source = desk(call, settings, call_id, keeps_history=False)
    operator = Operator(source, settings.say)
    sinks = [*sinks, operator]
    tells = settings.dialect != "appfoundry" or settings.bot is not None
    if tells and settings.say and settings.duration is None:
        sinks.append(Leaver(source, store, len(settings.say)))
    stop_on_signals(operator.interrupt)
    await play_until_stopped(source, sinks, settings.duration)
    return operator.interrupted


def exit_code_of(call: CallState) -> int:
    """Return the exit code of a call: refused and unreachable are told apart from a call that was up and bad."""
    cause = last_failure(call)
    if cause is not None and judge(call).level == "failed":
        return exit_code(cause)
    return 0 if judge(call).level == "healthy" else 1
