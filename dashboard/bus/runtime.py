"""The worker process, from both ends: facts come out of it, commands go in, as JSON lines over its standard streams.

The first line in is the configuration (a JSON object, secrets in clear: it goes through a pipe and nowhere else);
every later line is a command. The end of the input means that the screen is gone: the worker closes its call and ends.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from io import FileIO
from typing import Any, BinaryIO

from dashboard.bus.fanout import play
from dashboard.bus.outlet import LineOutlet
from dashboard.call.codec import MAX_LINE, command_from_line, event_from_line, to_line
from dashboard.call.events import CallEnded, Event, WorkerLost
from dashboard.call.ports import Command, Emit, Reconnect, Sink, Source, Stop
from dashboard.clock import Clock
from dashboard.errors import CodecError
from dashboard.wiretext import clean

SILENCE_S = 1.5
"""The worker ticks four times a second; after this long without a line it does not answer."""

START_S = 15.0
"""A new process may take this long to its first fact: a cold disk, a busy host."""

STOP_S = 5.5
"""Longer than a close handshake takes, shorter than the screen waits; then the process is killed."""

_WATCH_S = 0.25
_STDERR_KEPT = 2_000


class WorkerProcess:
    """Screen's end: a source whose facts come from a process of its own, started again by `Reconnect` when it died.

    A new worker goes on with the call `call_id`; other calls, those of a listener, end with the one that had them.
    """

    def __init__(self, argv: Sequence[str], config: Mapping[str, Any], *, call_id: str, clock: Clock) -> None:
        self._argv = list(argv)
        self._config = config
        self._call_id = call_id
        self._clock = clock
        self._others: dict[str, None] = {}  # calls that are up, in the order in which they came
        self._process: asyncio.subprocess.Process | None = None
        self._answers = False
        self._heard_at = 0.0
        self._stopping = False
        self._again = asyncio.Event()

    def command(self, command: Command) -> None:
        """Pass a command on; `Reconnect` starts a dead worker again, `Stop` ends the source with or without one."""
        if isinstance(command, Stop):
            self._stopping = True
            self._again.set()
        if isinstance(command, Reconnect) and not self._answers:
            self._again.set()
            self._kill()
            return
        if self._process is not None and self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(f"{to_line(command)}\n".encode())

    @property
    def is_alive(self) -> bool:
        """Whether there is a process, whether or not it answers."""
        return self._process is not None and self._process.returncode is None

    async def run(self, emit: Emit) -> None:
        """Emit the worker's facts, and `WorkerLost` when there are none; return once stopped."""
        while True:
            self._again.clear()
            detail = await self._one_life(emit)
            if self._stopping:
                self._end(emit, "stopped")
                emit(CallEnded(self._call_id, self._clock.monotonic(), "stopped"))
                return
            self._lost(emit, detail, dead=True)
            self._end(emit, f"callscope's worker {detail}")
            await self._again.wait()
            if self._stopping:
                emit(CallEnded(self._call_id, self._clock.monotonic(), "stopped"))
                return

    def _lost(self, emit: Emit, detail: str, *, dead: bool) -> None:
        for call_id in (self._call_id, *self._others):
            emit(WorkerLost(call_id, self._clock.monotonic(), detail, dead=dead))

    def _end(self, emit: Emit, reason: str) -> None:
        """No other worker can go on with the calls of a listener."""
        for call_id in self._others:
            emit(CallEnded(call_id, self._clock.monotonic(), reason))
        self._others.clear()

    def _note(self, event: Event) -> None:
        if isinstance(event, CallEnded):
            self._others.pop(event.call_id, None)
        elif event.call_id != self._call_id:
            self._others.setdefault(event.call_id)

    async def _one_life(self, emit: Emit) -> str:
        """Start a process and read it to its end; return what became of it, in words."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=MAX_LINE,
                start_new_session=os.name == "posix",  # Ctrl-C and Ctrl-Z in the terminal are for the screen alone
            )
        except OSError as error:
            return f"could not be started: {error.strerror or error}"
        self._process = process
        stderr = asyncio.create_task(_tail(process.stderr))
        try:
            assert process.stdin is not None
            process.stdin.write(f"{json.dumps(self._config)}\n".encode())
            if self._stopping:  # while the process was being made
                self.command(Stop())
            await self._read(process, emit)
            code = await process.wait()
            said = await stderr
            return _fate(code, said)
        finally:
            self._answers = False
            self._kill()
            stderr.cancel()
            await process.wait()

    async def _read(self, process: asyncio.subprocess.Process, emit: Emit) -> None:
        assert process.stdout is not None
        self._heard_at = self._clock.monotonic()
        self._answers = False
        watchdog = asyncio.create_task(self._watch(emit))
        try:
            while line := await _line(process.stdout):
                self._heard_at = self._clock.monotonic()
                self._answers = True
                if (event := _read_line(line)) is not None:
                    self._note(event)
                    emit(event)
        finally:
            watchdog.cancel()

    async def _watch(self, emit: Emit) -> None:
        """Say once per silence that the worker does not answer; kill one that does not stop."""
        said, stop_by, woke_at = False, None, self._clock.monotonic()
        while True:
            await asyncio.sleep(_WATCH_S)
            now = self._clock.monotonic()
            if now - woke_at > _WATCH_S + 0.5:  # it was the screen that stood still (Ctrl-Z): read first
                self._heard_at = now
            woke_at = now
            silent_s = now - self._heard_at
            if self._stopping:
                stop_by = stop_by or now + STOP_S
                if now > stop_by:
                    self._kill()
            elif not said and silent_s > (SILENCE_S if self._answers else START_S):
                said, self._answers = True, False
                self._lost(emit, f"does not answer for {silent_s:.1f} s", dead=False)
            elif self._answers:
                said = False

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()


def _read_line(line: bytes) -> Event | None:
    try:
        return event_from_line(line)
    except CodecError:  # a worker of another version, or something else printed to its stdout
        return None


def _fate(code: int, said: str) -> str:
    how = f"ended with exit code {code}" if code >= 0 else f"was killed by {_signal_name(-code)}"
    told = [line for line in said.splitlines() if line and not line[0].isspace()]  # what to do next is indented
    return f"{how}: {clean(told[-1].removeprefix('callscope: '), 300)}" if told else how


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:  # longer than the limit: no fact of ours
        return b"{}"


async def _tail(stream: asyncio.StreamReader | None) -> str:
    kept = b""
    while stream is not None and (chunk := await stream.read(4096)):
        kept = (kept + chunk)[-_STDERR_KEPT:]
    return kept.decode(errors="replace")


# -- the worker's own end ---------------------------------------------------------------------------


def raw_stdin() -> FileIO:
    """Return standard input without a buffer: a thread that waits in one takes its lock into the interpreter's end."""
    return FileIO(sys.stdin.fileno(), closefd=False)


def read_config(stream: FileIO) -> dict[str, Any]:
    """Read the first line of the worker's input.

    Raises:
        CodecError: it is not a JSON object.
    """
    try:
        config = json.loads(stream.readline())
    except ValueError as error:
        raise CodecError(f"the worker's first line is not JSON: {error}") from None
    if not isinstance(config, dict):
        raise CodecError("the worker's first line is not an object")
    return config


async def serve(source: Source, stdin: FileIO, stdout: BinaryIO, sinks: Sequence[Sink] = ()) -> None:
    """Play `source` to `stdout`, take commands from `stdin`, stop at its end or at SIGTERM, SIGINT and SIGHUP."""
    gc.freeze()  # or the collector halts everything for 70 ms to look through what was imported
    loop = asyncio.get_running_loop()
    stop_on_signals(lambda: source.command(Stop()))
    commands = threading.Thread(target=_read_commands, args=(stdin, loop, source), name="commands", daemon=True)
    commands.start()
    await play(source, [LineOutlet(stdout), *sinks])


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` in the running loop at SIGTERM, SIGINT and SIGHUP, as far as the platform knows them."""
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None:
            continue
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows' loop
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


def stop_at_eof(stop: Callable[[], object]) -> None:
    """Call `stop` in the running loop when standard input ends: whoever started this process is gone."""
    loop = asyncio.get_running_loop()
    threading.Thread(target=_wait_for_eof, args=(loop, stop), name="eof", daemon=True).start()


def _wait_for_eof(loop: asyncio.AbstractEventLoop, stop: Callable[[], object]) -> None:
    stdin = raw_stdin()
    while stdin.read(4096):
        continue
    with suppress(RuntimeError):  # the loop is closed: this process is ending anyway
        loop.call_soon_threadsafe(stop)


def _read_commands(stdin: FileIO, loop: asyncio.AbstractEventLoop, source: Source) -> None:
    def pass_on(command: Command) -> None:
        try:
            loop.call_soon_threadsafe(source.command, command)
        except RuntimeError:  # the loop is closed: the worker is ending anyway
            return

    for line in stdin:
        try:
            pass_on(command_from_line(line))
        except CodecError as error:
            print(f"ignored: {error}", file=sys.stderr)  # noqa: T201
    pass_on(Stop())
