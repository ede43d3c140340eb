"""An hour of bad-day played faster than time: does a process grow? And: how smoothly does a long transcript move?"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from dashboard.bus.fanout import play
from dashboard.bus.outlet import LineOutlet
from dashboard.call.codec import to_line
from dashboard.call.events import AudioReceived, Event, Speaker
from dashboard.call.ports import Stop
from dashboard.call.state import CallState, Line
from dashboard.cli.line import line
from dashboard.cli.settings import Settings
from dashboard.errors import RecordingError
from dashboard.simulator.scenario import load_scenario
from dashboard.storage.ring import Ring
from dashboard.ui.app import CallScopeApp
from dashboard.ui.screens.call import CallScreen, Sample
from dashboard.ui.widgets.transcript import TranscriptPanel
from tests.benchmarks.flood import FRAME_S, Kind, flood
from tests.benchmarks.harness import Figure, at_most, number, spread
from tests.benchmarks.meter import MeteredTerminal, clean_environment
from tests.benchmarks.processes import answer, process
from tests.benchmarks.resident import Minutes
from tests.builders import steady
from tests.virtual import played

NAME = "memory"
SUMMARY = "an hour of bad-day in minutes, and a transcript of 100,000 lines"

_TIMEOUT_S = 300.0
_FRAMES = Kind("JSON, 8 kHz", 8000, True, 0.0)
_ROWS = 100_000
"""As many as a call keeps, and the screen; beyond that the oldest go."""

_PAINTED_S = 0.02
"""A little more than Textual leaves between two paintings."""


def run(quick: bool) -> list[Figure]:
    minutes, settled, rows, times = (1, 0, 1_000, 3) if quick else (60, 10, _ROWS, 100)
    with TemporaryDirectory() as folder:
        facts = Path(folder, "facts.jsonl")
        grown = {
            "worker, bad-day in made-up time": _worker(facts, minutes),
            "worker, as many frames through its socket": _socket(minutes),
            "screen, bad-day": _screen(facts, Path(folder, "resident"), minutes),
        }
    growth = [figure for name, resident in grown.items() for figure in _growth(name, resident, settled)]
    return [*growth, *asyncio.run(_scroll(rows, times))]


def _growth(name: str, resident: Sequence[int], settled: int) -> list[Figure]:
    """Return the memory of a process when it has settled, in MB, and how far it strays from that, in percent."""
    level = resident[settled]
    strays = max(abs(now - level) for now in resident[settled:]) / level * 100
    return [
        number(f"{name}: after {settled} minutes", level / 1e6, "MB"),
        number(f"{name}: strays from that", strays, "%", goal=at_most(5.0)),
    ]


# -- an hour of the worker -----------------------------------------------------------------------------------------


def _worker(facts: Path, minutes: int) -> list[int]:
    with process(_play, str(facts), minutes) as pipe:
        resident: list[int] = answer(pipe, _TIMEOUT_S)
        return resident


def _play(pipe: Connection, path: str, minutes: int) -> None:
    """Line, link, dialect, intake, encoder and what is kept to be saved, on a clock that jumps.

    The bot host is in the same process.
    """
    gc.freeze()  # as the worker does
    failures: list[RecordingError] = []
    with Path(path).open("wb") as stream:
        written = _Written(stream)
        played(load_scenario("bad-day"), minutes * 60 + 1.0, {}, [written, Ring(masks=True, failed=failures.append)])
    if failures:
        raise failures[0]
    pipe.send(written.minutes.resident)


class _Written:
    """A sink that writes facts as the worker writes them."""

    def __init__(self, stream: BinaryIO) -> None:
        self.minutes = Minutes()
        self._stream = stream

    def put(self, event: Event) -> None:
        self._stream.write(f"{to_line(event)}\n".encode())
        self.minutes.at(event.at)

    def close(self) -> None:
        """The stream belongs to who opened it."""


def _socket(minutes: int) -> list[int]:
    """What the play leaves out: a real socket, its stamps, and the thread that writes."""
    count = (minutes * 60 + 4) * round(1 / FRAME_S)
    with process(flood, _FRAMES, count) as sender, process(_receive, answer(sender, _TIMEOUT_S), minutes) as pipe:
        resident: list[int] = answer(pipe, _TIMEOUT_S)
        return resident


def _receive(pipe: Connection, port: int, minutes: int) -> None:
    gc.freeze()
    with Path(os.devnull).open("wb") as nowhere:
        pipe.send(asyncio.run(_received(port, minutes, nowhere)))


async def _received(port: int, minutes: int, stream: BinaryIO) -> list[int]:
    source = line(Settings(url=f"ws://127.0.0.1:{port}/", auth="none", audio_rate=_FRAMES.rate), "call")
    heard = _Heard(minutes)
    playing = asyncio.create_task(play(source, [LineOutlet(stream), heard]))
    await heard.enough.wait()
    source.command(Stop())
    await playing
    return heard.minutes.resident


class _Heard:
    """A sink that follows the time of the sound, which comes faster than that."""

    def __init__(self, minutes: int) -> None:
        self.minutes = Minutes()
        self.enough = asyncio.Event()
        self._until_s = minutes * 60.0

    def put(self, event: Event) -> None:
        if isinstance(event, AudioReceived):
            position = event.positions[-1]
            self.minutes.at(position)
            if position >= self._until_s:
                self.enough.set()

    def close(self) -> None:
        """Nothing is held back."""


# -- an hour of the screen -----------------------------------------------------------------------------------------


def _screen(facts: Path, written: Path, minutes: int) -> list[int]:
    """Decoder, store and screen in a real terminal."""
    argv = (sys.executable, "-m", "tests.benchmarks.hour_screen", str(facts), str(written))
    end = time.monotonic() + _TIMEOUT_S
    with MeteredTerminal(argv, (120, 36), clean_environment()) as terminal:
        terminal.until("callscope")
        while len(resident := _read(written)) <= minutes:
            if time.monotonic() > end:
                raise TimeoutError(f"the screen came to minute {len(resident)} of {minutes}")
            terminal.drain(0.5)
    return resident


def _read(written: Path) -> list[int]:
    """Return the whole lines of a file that is being written."""
    return [int(line) for line in written.read_text(encoding="ascii").split("\n")[:-1]] if written.exists() else []


# -- a long transcript ---------------------------------------------------------------------------------------------


async def _scroll(rows: int, times: int) -> list[Figure]:
    """Move through `rows` lines while more come and the oldest go; note how long each takes and the loop stands still.

    A complete collection of garbage is among the moves: with so many rows it is what halts a program longest.
    """
    async with _opened() as screen:
        gc.freeze()  # as the screen does after its first frame
        panel = screen.query_one(TranscriptPanel)
        page, step = panel.action_scroll_pages, panel.action_scroll_lines
        moves: list[Callable[[], object]] = [
            panel.action_oldest,
            *[partial(page, 1)] * times,
            panel.action_follow,
            gc.collect,
            *[partial(page, -1)] * times,
            *[partial(step, -1)] * times,
        ]
        call = await _grown(screen, steady(), rows)
        call = await _grown(screen, call, rows // 10 - len(moves))  # the list of rows is trimmed in the middle of it
        took = []
        async with _pulse() as pauses:
            for move in moves:
                call = _longer(call, 2)
                began = time.perf_counter()
                screen.sample(Sample(call, call))
                move()
                took.append(time.perf_counter() - began)
                await asyncio.sleep(_PAINTED_S)
    return [
        spread(f"transcript of {rows:,} lines: two more, and one scroll", took),
        number(f"transcript of {rows:,} lines: longest pause", max(pauses) * 1000, "ms", goal=at_most(50.0)),
    ]


@asynccontextmanager
async def _opened() -> AsyncIterator[CallScreen]:
    async def feed() -> None:
        await asyncio.Event().wait()

    app = CallScopeApp(dict, lambda command: None, feed)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, CallScreen)
        yield app.screen


async def _grown(screen: CallScreen, call: CallState, rows: int) -> CallState:
    """Show the call with so many lines more, and let the screen come to rest."""
    call = _longer(call, rows)
    screen.sample(Sample(call, call))
    await asyncio.sleep(0.5)
    return call


def _longer(call: CallState, count: int) -> CallState:
    first = call.lines.total
    more = (
        Line(call.now, "transcript", f"line {first + n}: where is my parcel?", Speaker.CALLER) for n in range(count)
    )
    return replace(call, lines=call.lines.extend(more))


@asynccontextmanager
async def _pulse(every_s: float = 0.002) -> AsyncIterator[list[float]]:
    """Collect how late a timer of the loop is."""
    late: list[float] = [0.0]

    async def beat() -> None:
        while True:
            due = time.perf_counter() + every_s
            await asyncio.sleep(every_s)
            late.append(time.perf_counter() - due)

    beating = asyncio.create_task(beat())
    try:
        yield late
    finally:
        beating.cancel()
