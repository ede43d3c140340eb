"""Where a message's time goes on its way through a worker: each stage by itself, on the messages of the pipeline."""

from __future__ import annotations

import asyncio
import gc
import ssl
import time
from binascii import a2b_base64
from collections.abc import Callable, Iterable
from functools import partial
from multiprocessing.connection import Connection
from typing import TypeVar

from dashboard.bus.store import Store
from dashboard.call.codec import to_line
from dashboard.call.events import AudioReceived, Event
from dashboard.clock import SystemClock
from dashboard.dialects.appfoundry import AppFoundry
from dashboard.dialects.base import AudioFormat
from dashboard.dialects.fields import parsed
from dashboard.media.levels import measure, misfit_db
from dashboard.transport.tapped import Arrival
from dashboard.transport.websocket import connect
from dashboard.worker.intake import Intake
from tests.benchmarks.flood import FRAME_S, Kind, flooded
from tests.benchmarks.processes import answer, process, two_cores
from tests.benchmarks.wire import audio_message, tone

T = TypeVar("T")

_READ_BYTES = 256 * 1024  # what asyncio reads at once, so what comes together in a flood
_TOLD_BY = 5  # frames of a batch that tell the encoding
_TIMEOUT_S = 120.0


def stages(kind: Kind, count: int, rounds: int) -> dict[str, float]:
    """Return what each stage takes by itself, µs of CPU a message, in their order; the best of `rounds`."""
    receive_s = min(flooded(_receive, kind, count) for _ in range(rounds))
    here, _ = two_cores()
    with process(_behind_the_socket, kind, count // 4, rounds, core=here) as measured:
        others: dict[str, float] = answer(measured, _TIMEOUT_S)
    return {"receive": receive_s / count * 1e6, **others}


def _receive(pipe: Connection, port: int, kind: Kind, count: int) -> None:
    gc.freeze()  # as the worker does
    pipe.send(asyncio.run(_received(port, count)))


async def _received(port: int, count: int) -> float:
    """Take messages from the socket and do nothing with them; return the seconds of CPU after the first."""
    socket = await connect(f"ws://127.0.0.1:{port}/", clock=SystemClock(), tls=ssl.create_default_context())
    done = asyncio.Event()
    began_s, came = 0.0, 0

    def take(arrival: Arrival) -> None:
        nonlocal began_s, came
        if came == 0:
            began_s = time.process_time()
        came += 1
        if came > count:  # the first one starts the session
            done.set()

    socket.deliver_to(take, lambda at, rtt_s: None)
    await done.wait()
    took_s = time.process_time() - began_s
    await socket.close()
    return took_s


def _behind_the_socket(pipe: Connection, kind: Kind, count: int, rounds: int) -> None:
    """Measure the stages behind the socket; each is what a step takes less the steps that it is made of."""
    gc.freeze()
    sound = tone(FRAME_S, kind.rate)
    messages = [audio_message(sound, kind.rate, i, FRAME_S) if kind.json else sound for i in range(count)]
    facts = _facts(kind, messages)
    heard = [fact for fact in facts if isinstance(fact, AudioReceived)]

    def per_message(work: Callable[[], object]) -> float:
        took = []
        for _ in range(rounds):
            began = time.process_time()
            work()
            took.append(time.process_time() - began)
        return min(took) / count * 1e6

    json_stages = {}
    if kind.json:
        encoded = [parsed(message)["payload"]["audio"] for message in messages]
        json_stages["parse"] = per_message(lambda: _each(parsed, messages))
        json_stages["decode"] = per_message(lambda: _each(partial(a2b_base64, strict_mode=True), encoded))
    codec = AppFoundry(AudioFormat("pcm16", kind.rate, 1), "call")
    read = per_message(lambda: _each(partial(codec.receive, text=kind.json, at=0.0), messages))
    levels = per_message(lambda: _each(partial(_levels, sound), [len(fact.arrivals) for fact in heard]))
    gathered = per_message(lambda: _facts(kind, messages))
    pipe.send(
        {
            **json_stages,
            "validate": read - sum(json_stages.values()),
            "levels": levels,
            "facts": gathered - read - levels,
            "fold": per_message(lambda: _each(Store().put, facts)),
            "encode": per_message(lambda: _each(to_line, facts)),
        }
    )


def _facts(kind: Kind, messages: list[bytes]) -> list[Event]:
    facts: list[Event] = []
    clock, codec = SystemClock(), AppFoundry(AudioFormat("pcm16", kind.rate, 1), "call")
    intake = Intake(codec, emit=facts.append, clock=clock)
    together = _READ_BYTES // len(messages[0])
    for first in range(0, len(messages), together):
        at = clock.monotonic()
        for message in messages[first : first + together]:
            intake.offer(message, kind.json, at)
        intake.work()
    intake.flush()
    return facts


def _levels(sound: bytes, frames: int) -> None:
    measure([sound] * frames, encoding="pcm16", channels=1)
    misfit_db(sound * min(frames, _TOLD_BY), "pcm16")


def _each(work: Callable[[T], object], items: Iterable[T]) -> None:
    for item in items:
        work(item)
