"""How many calls one worker process holds on one core, and what a call takes."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from dashboard.bus.fanout import play
from dashboard.bus.outlet import LineOutlet
from dashboard.call.events import AudioReceived, Event, QueueMeasured
from dashboard.call.ports import Sink, Stop
from dashboard.cli.line import line
from dashboard.cli.settings import Settings
from tests.benchmarks.harness import Figure, at_least, at_most, number, spread
from tests.benchmarks.pacer import Pacer, Script
from tests.benchmarks.processes import answer, process, two_cores
from tests.benchmarks.resident import resident_bytes
from tests.benchmarks.wire import SESSION_START, Peer, audio_message, listen, text_frame, tone

NAME = "calls"
SUMMARY = "calls of 50 frames a second that one worker process holds on one core"

FRAME_S = 0.020
RATE = 8000
WAIT_LIMIT_S = 0.020
"""Queue wait at p99 beyond which a worker holds too many calls."""
COUNTS = (1, 10, 50, 100, 200)
FURTHER = (300, 400, 500, 600, 800)
_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Load:
    """What so many calls did to a worker."""

    calls: int
    waits: list[float]
    dropped: int
    cpu: float
    resident_bytes: int

    @property
    def wait_p99(self) -> float:
        return sorted(self.waits)[int(0.99 * len(self.waits))]

    @property
    def held(self) -> bool:
        return self.dropped == 0 and self.wait_p99 <= WAIT_LIMIT_S


def run(quick: bool) -> list[Figure]:
    counts, measured_s = ((1, 5), 0.5) if quick else (COUNTS, 8.0)
    loads = [_load(calls, measured_s) for calls in counts]
    figures = [figure for load in loads for figure in _figures(load)]
    if quick:
        return figures
    assert all(len(load.waits) > 0.9 * load.calls * measured_s / FRAME_S for load in loads), "the sender fell behind"
    first, last = loads[0], loads[-1]
    per_call = (last.resident_bytes - first.resident_bytes) / (last.calls - first.calls) / 1e6
    most = max((load.calls for load in loads if load.held), default=0)
    for calls in FURTHER:
        if most < loads[-1].calls:
            break
        loads.append(_load(calls, measured_s))
        most = calls if loads[-1].held else most
    return [
        *figures,
        number("memory, each further call", per_call, "MB", goal=at_most(1.0)),
        number("calls held on one core", most, "calls", goal=at_least(100)),
    ]


def _figures(load: Load) -> Iterator[Figure]:
    name = f"{load.calls} call{'s' * (load.calls > 1)}"
    yield spread(f"{name}: queue wait", load.waits)
    yield number(f"{name}: share of the core", 100 * load.cpu, "%")
    yield number(f"{name}: memory of the process", load.resident_bytes / 1e6, "MB")
    yield number(f"{name}: frames dropped", load.dropped, "frames")


def _load(calls: int, measured_s: float) -> Load:
    here, there = two_cores()
    with process(_send, core=there) as sender:
        port = answer(sender, _TIMEOUT_S)
        with process(_hold, port, calls, measured_s, core=here) as worker:
            load: Load = answer(worker, _TIMEOUT_S)
            return load


# -- the sender -------------------------------------------------------------------------------------


def _send(pipe: Connection) -> None:
    frames = [text_frame(audio_message(tone(FRAME_S, RATE), RATE, i, FRAME_S)) for i in range(3_000)]
    connections = count()

    def script() -> Script:
        begin = time.monotonic() + FRAME_S * (next(connections) * 0.618 % 1)  # spread evenly, however many there are
        yield begin, text_frame(SESSION_START)
        for index, frame in enumerate(frames):
            yield begin + index * FRAME_S, frame

    pacer, server = Pacer(), listen()
    pacer.serve(server, Peer, script)
    pipe.send(server.getsockname()[1])
    pacer.run(pipe)


# -- the worker -------------------------------------------------------------------------------------


class _Watch:
    """A sink that keeps queue waits while it is told to."""

    def __init__(self, calls: int) -> None:
        self.on = False
        self.all_speak = asyncio.Event()
        self._calls = calls
        self._speaking: set[str] = set()
        self.waits: list[float] = []
        self.dropped: dict[tuple[str, str], int] = {}

    def put(self, event: Event) -> None:
        if isinstance(event, AudioReceived):
            self._speaking.add(event.call_id)
            if len(self._speaking) == self._calls:
                self.all_speak.set()
            if self.on:
                self.waits += event.waits
        elif isinstance(event, QueueMeasured):
            self.dropped[event.call_id, event.queue] = event.dropped

    def close(self) -> None:
        """Nothing is held back."""


def _hold(pipe: Connection, port: int, calls: int, measured_s: float) -> None:
    gc.freeze()  # as the worker does
    with Path(os.devnull).open("wb") as nowhere:
        pipe.send(asyncio.run(_calls(port, calls, measured_s, LineOutlet(nowhere))))


async def _calls(port: int, calls: int, measured_s: float, outlet: LineOutlet) -> Load:
    """Hold `calls` calls as a worker does: each a line, all facts encoded to one stream."""
    settings = Settings(url=f"ws://127.0.0.1:{port}/", auth="none")
    watch = _Watch(calls)
    sources = [line(settings, f"call-{number}") for number in range(calls)]
    playing = [asyncio.create_task(play(source, [_Kept(outlet), watch])) for source in sources]
    async with asyncio.timeout(_TIMEOUT_S / 2):
        await watch.all_speak.wait()
    await asyncio.sleep(min(1.5, measured_s))
    watch.on, cpu, began = True, time.process_time(), time.monotonic()
    await asyncio.sleep(measured_s)
    watch.on = False
    share = (time.process_time() - cpu) / (time.monotonic() - began)
    resident = resident_bytes()
    for source in sources:
        source.command(Stop())
    await asyncio.gather(*playing)
    outlet.close()
    return Load(calls, watch.waits, sum(watch.dropped.values()), share, resident)


class _Kept:
    """One call's share of a sink that outlives it."""

    def __init__(self, sink: Sink) -> None:
        self.put = sink.put

    def close(self) -> None:
        """The others go on."""
