"""Builds source, bus, store and sinks: the only room that knows all the words."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.bus.fanout import play
from dashboard.bus.outlet import LineOutlet
from dashboard.bus.runtime import WorkerProcess
from dashboard.call.events import CallEnded, Cause, LinkChanged, LinkState
from dashboard.call.hook_view import CONNECTOR
from dashboard.call.ports import Command, Emit, Sink, Source, Stop
from dashboard.call.state import CallState
from dashboard.clock import SystemClock
from dashboard.errors import ConfigError, WorkerError

if TYPE_CHECKING:
    from dashboard.bus.store import Store
    from dashboard.cli.settings import Settings

_HOST_READY_S = 20.0

Examine = Callable[[Callable[[str], None]], Awaitable[None]]
"""Tells what `doctor` says, line by line."""


def new_call_id() -> str:
    """Return an identifier for a call, short enough for a file name."""
    return uuid.uuid4().hex[:12]


_WORKER = (sys.executable, "-m", "dashboard", "worker")


def worker(settings: dict[str, Any], call_id: str, dialect: str = "") -> WorkerProcess:
    """Return the source that holds the call in a process of its own; `settings` as `Settings.to_worker` gives them.

    With the call id `DOOR` it takes the calls that come in, with the dialect `CONNECTOR` it calls in Genesys' place.
    """
    if (
        settings.get("record") is True and call_id
    ):  # the place is fixed here, for the next worker to go on where one died
        from dashboard.cli.places import shelf

        settings = {**settings, "record": str(shelf().place(call_id, time.time()))}
    config = {"settings": settings, "call_id": call_id, "dialect": dialect}
    return WorkerProcess(_WORKER, config, call_id=call_id, clock=SystemClock())


async def examine(settings: dict[str, Any], tell: Callable[[str], None]) -> None:
    """Tell what `doctor` prints of a call with these settings, line by line; it runs in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *_WORKER,
        "--examine",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=os.name == "posix",
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(f"{json.dumps({'settings': settings})}\n".encode())
        while line := await process.stdout.readline():
            tell(line.decode(errors="replace").rstrip("\n"))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def bundle(recording: Path, picture: str, out: Path) -> None:
    """Write the evidence bundle of a recording to `out`, in a process of its own: the screen goes on meanwhile.

    Raises:
        WorkerError: it was not written; the message is what that process said.
    """
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="callscope-") as folder:
        svg = Path(folder) / "screen.svg"
        svg.write_text(picture, encoding="utf-8")
        argv = ["report", str(recording), "-o", str(out), "--screen", str(svg)]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "dashboard"),
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=os.name == "posix",
        )
        try:
            _, stderr = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode:
        first, _, rest = stderr.decode(errors="replace").strip().partition("\n")
        raise WorkerError(first.removeprefix("callscope: ") or "the report was not written", remedy=rest.strip())


def log_sinks(settings: Settings) -> list[Sink]:
    """Return the sink of `--log-file`, if there is one.

    Raises:
        ConfigError: the file cannot be written.
    """
    if settings.log_file is None:
        return []
    from dashboard.exporters.link_log import LinkLog

    try:
        stream = settings.log_file.open("ab", buffering=0)
    except OSError as error:
        raise ConfigError(
            f"--log-file {settings.log_file}: cannot be written: {error.strerror}", remedy="Name another file."
        ) from None
    return [LineOutlet(stream, LinkLog())]


class Demo:
    """A source that starts the bot host in a process of its own and then a worker that calls it."""

    def __init__(self, scenario: str, seed: int | None, settings: dict[str, Any], dialect: str = "") -> None:
        """`settings` as `Settings.to_worker` gives them, complete but for where the bot host is.

        With the dialect `CONNECTOR` the host is an Audio Connector bot, which knows the key of the settings.
        """
        self._argv = [sys.executable, "-m", "dashboard", "simulate", scenario, "--until-eof"]
        self._environ = dict(os.environ)
        if dialect == CONNECTOR:
            self._argv.append("--connector")
            self._environ["CALLSCOPE_HOOK_KEYS"] = settings["hook_keys"][0]
        if seed is not None:
            self._argv += ["--seed", str(seed)]
        self._settings = settings
        self._dialect = dialect
        self._call_id = new_call_id()
        self._worker: WorkerProcess | None = None
        self._starting: asyncio.Task[dict[str, Any]] | None = None
        self._stopped = False

    def command(self, command: Command) -> None:
        if self._worker is not None:
            self._worker.command(command)
        elif isinstance(command, Stop):
            self._stopped = True
            if self._starting is not None:
                self._starting.cancel()

    async def run(self, emit: Emit) -> None:
        host = await asyncio.create_subprocess_exec(
            *self._argv,
            stdin=asyncio.subprocess.PIPE,  # its end tells the host that we are gone, however we went
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=os.name == "posix",
            env=self._environ,
        )
        try:
            self._starting = asyncio.create_task(ready_of(host))
            if self._stopped:  # while the process was being made
                self._starting.cancel()
            ready = await self._starting
            self._settings = at_host(self._settings, ready)
            self._worker = worker(self._settings, self._call_id, self._dialect)
            await self._worker.run(emit)
        except (WorkerError, asyncio.CancelledError) as error:
            self._failed(emit, error)
        finally:
            if host.returncode is None:
                host.terminate()
            await host.wait()

    async def examine(self, tell: Callable[[str], None]) -> None:
        """Tell what `doctor` says of the way to the bot host."""
        if self._worker is not None:
            await examine(self._settings, tell)

    def _failed(self, emit: Emit, error: BaseException) -> None:
        at = SystemClock().monotonic()
        if isinstance(error, WorkerError):
            emit(LinkChanged(self._call_id, at, LinkState.GAVE_UP, Cause.UNEXPECTED, str(error)))
        emit(CallEnded(self._call_id, at, "stopped"))


def at_host(settings: dict[str, Any], ready: dict[str, Any]) -> dict[str, Any]:
    """Return `settings` pointed at what printed `ready`: host of an app, an endpoint, or an Audio Connector bot."""
    if settings["dialect"] in ("cognigy", "cognigy-rest"):
        return settings | {"url": ready["cognigy_url"], "url_token": ready["url_token"]}
    names = ("base_url", "app_id", "client_id", "client_secret") if "app_id" in ready else ("url",)
    told = settings | {name: ready[name] for name in names}
    return told if settings["conversation"] is None else told | {"conversation": ready["conversation_id"]}


async def ready_of(host: asyncio.subprocess.Process) -> dict[str, Any]:
    """Return the one line that the bot host prints once it serves."""
    assert host.stdout is not None
    assert host.stderr is not None
    try:
        async with asyncio.timeout(_HOST_READY_S):
            line = await host.stdout.readline()
            if not line:
                said = (await host.stderr.read(2000)).decode(errors="replace").strip()
                raise WorkerError(f"the bot host did not start: {said or 'it said nothing'}")
    except TimeoutError:
        raise WorkerError(f"the bot host did not start within {_HOST_READY_S:.0f} s") from None
    ready: dict[str, Any] = json.loads(line)
    return ready


def write_json(path: Path, figures: dict[str, Any]) -> None:
    """Write one JSON object.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        path.write_text(f"{json.dumps(figures, indent=1)}\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}", remedy="Name another file.") from None


async def play_until_stopped(source: Source, sinks: Sequence[Sink], duration_s: float | None) -> None:
    """Play `source` to its end, or stop it after `duration_s` seconds."""
    if duration_s is not None:
        asyncio.get_running_loop().call_later(duration_s, source.command, Stop())
    await play(source, sinks)


def only_call(store: Store) -> CallState:
    """Return the one call of a store; there is none only if its source failed before its first fact."""
    calls = list(store.snapshot().values())
    if not calls:
        raise WorkerError("the call ended before it began", remedy="Run it again with --log-file and report this.")
    return calls[0]
