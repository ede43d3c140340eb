"""Messages per second through the whole path of a worker, beside websockets alone."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import os
import time
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import BinaryIO

from websockets.asyncio.client import connect

from dashboard.bus.fanout import play
from dashboard.bus.outlet import LineOutlet
from dashboard.bus.store import Store
from dashboard.call.codec import to_line
from dashboard.call.events import AudioReceived, Event, SessionStarted
from dashboard.call.ports import Stop
from dashboard.cli.line import line
from dashboard.cli.settings import Settings
from tests.benchmarks.flood import KINDS, Kind, flooded
from tests.benchmarks.harness import Figure, at_least, number
from tests.benchmarks.stages import stages

NAME = "pipeline"
SUMMARY = "messages a second through receive, parse, validate, decode, levels, facts, fold and encode, on one core"


def run(quick: bool) -> list[Figure]:
    count, rounds = (1_000, 1) if quick else (40_000, 5)
    figures: list[Figure] = []
    for kind in KINDS:
        pairs = [(count / flooded(_bare, kind, count), count / flooded(callscope, kind, count)) for _ in range(rounds)]
        does = "json.loads, base64" if kind.json else "receive"
        bare, ours = (median(pair[i] for pair in pairs) for i in (0, 1))
        floor = number(f"{kind.name}: websockets, {does}", bare, "messages/s")
        figures += [
            floor,
            number(f"{kind.name}: callscope", ours, "messages/s", floor=floor, goal=at_least(kind.goal)),
        ]
        took = stages(kind, count, rounds)
        took["what these cost one another"] = 1e6 / ours - sum(took.values())
        figures += [number(f"{kind.name}: {stage}", us, "µs/message") for stage, us in took.items()]
    return figures


# -- who is measured --------------------------------------------------------------------------------


def callscope(pipe: Connection, port: int, kind: Kind, count: int) -> None:
    """A line as the worker runs it, its facts encoded as for the screen and folded as the screen does."""
    gc.freeze()  # as the worker does
    with Path(os.devnull).open("wb") as nowhere:
        pipe.send(asyncio.run(_line(port, kind, count, nowhere)))


async def _line(port: int, kind: Kind, count: int, stream: BinaryIO) -> float:
    settings = Settings(url=f"ws://127.0.0.1:{port}/", auth="none", audio_rate=kind.rate)
    source, store = line(settings, "call"), Store()
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    began_s, encoded = 0.0, 0

    def encode(event: Event) -> str:
        nonlocal began_s, encoded
        text = to_line(event)
        if isinstance(event, SessionStarted):
            began_s = time.process_time()
        elif isinstance(event, AudioReceived):
            encoded += len(event.arrivals)
            if encoded == count:
                loop.call_soon_threadsafe(done.set)
        return text

    playing = asyncio.create_task(play(source, [LineOutlet(stream, encode), store]))
    await done.wait()
    took_s = time.process_time() - began_s
    source.command(Stop())
    await playing
    frames = store.snapshot()["call"].inbound.pacing.frames
    assert frames == count, f"{frames} of {count} frames were folded"
    return took_s


def _bare(pipe: Connection, port: int, kind: Kind, count: int) -> None:
    pipe.send(asyncio.run(_receive(port, kind, count)))


async def _receive(port: int, kind: Kind, count: int) -> float:
    async with connect(f"ws://127.0.0.1:{port}/", compression=None) as connection:
        await connection.recv()
        began_s = time.process_time()
        if kind.json:
            for _ in range(count):
                base64.b64decode(json.loads(await connection.recv())["payload"]["audio"])
        else:
            for _ in range(count):
                await connection.recv()
        return time.process_time() - began_s
