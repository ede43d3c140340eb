"""The error of callscope's arrival stamps while its screen is at work, beside programs that do nothing but receive."""

from __future__ import annotations

import json
import random
import ssl
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count, cycle
from multiprocessing.connection import Connection
from pathlib import Path

import trustme

from dashboard.cli.settings import Settings
from tests.benchmarks import floors
from tests.benchmarks.harness import Figure, at_most, spread
from tests.benchmarks.meter import MeteredTerminal, clean_environment
from tests.benchmarks.pacer import Pacer, Script
from tests.benchmarks.processes import answer, process
from tests.benchmarks.wire import SESSION_START, Peer, RawPeer, audio_message, listen, message, text_frame, tone

NAME = "stamps"
SUMMARY = "error of arrival stamps, screen at 200x50 resized and scrolled; frames every 10 ms over loopback"

FRAME_S = 0.010
RATE = 8000
SIZE = (200, 50)
OTHER_SIZE = (160, 45)
_FIRST = 1_000_000  # so that all numbers and positions have as many digits, and all frames one size
_BLOCK, _PACED = 200, 150
"""Of so many frames so many are paced; the others come unevenly and in bursts, in which the kernel merges stamps."""
_STALL_S = 0.300
_TIMEOUT_S = 30.0
_TLS_RECORD = 22  # bytes that TLS 1.3 adds to a message
_KEYS = ("3", "\x1b[5~", "\x1b[5~", "\x1b[6~", "M", "\x1b[5~", "\x1b", "w", "4", "p", "F")


@dataclass(frozen=True, slots=True)
class Trust:
    """A certificate for loopback, and the authority that signed it; PEM files."""

    ca_file: Path
    server_file: Path


@dataclass(frozen=True, slots=True)
class Truth:
    """When frames really left: of the call by their number, and of the floor in their order."""

    call: dict[int, float]
    floor: list[float]


def run(quick: bool) -> list[Figure]:
    runs = [("ws", "kernel"), ("wss", "kernel"), ("ws", "process"), ("wss", "process")]
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        for scheme, clock in runs[:: 3 if quick else 1]:
            figures += _measured(scheme, clock, 2.5 if quick else 45.0, Path(folder))
    return figures


def _measured(scheme: str, clock: str, seconds: float, folder: Path) -> Iterator[Figure]:
    trust = _trust(folder) if scheme == "wss" else None
    written = folder / "arrivals"
    with ExitStack() as running:
        sender = running.enter_context(process(_send, clock, trust))
        call_port, floor_port = answer(sender, _TIMEOUT_S)
        if clock == "kernel":
            receiver = floors.name_of_blocking()
            size = len(_frame(0)) + (_TLS_RECORD if trust else 0)
            received = running.enter_context(floors.blocking(floor_port, size, folder))
        else:
            receiver = "websockets in its own process"
            ca_file = trust.ca_file if trust else None
            received = running.enter_context(floors.bare(f"{scheme}://127.0.0.1:{floor_port}/", ca_file))
        ours = _watched(f"{scheme}://127.0.0.1:{call_port}/", clock, trust, written, seconds)
        sender.send("enough")
        truth: Truth = answer(sender, _TIMEOUT_S)
    goals = {"paced": at_most(1.5 if clock == "kernel" else 1.2), "bursts": None}
    for pace, goal in goals.items():
        name = f"{scheme}, {clock} time, {pace}"
        floor = spread(f"{name}: {receiver}", _errors(enumerate(received), dict(enumerate(truth.floor)), pace))
        yield floor
        yield spread(f"{name}: callscope", _errors(ours, truth.call, pace), floor=floor, goal=goal)


def _errors(arrivals: Iterable[tuple[int, float]], sent: Mapping[int, float], pace: str) -> list[float]:
    paced = pace == "paced"
    return [arrival - sent[index] for index, arrival in arrivals if index in sent and _paced(index) is paced]


def _trust(folder: Path) -> Trust:
    trust = Trust(folder / "ca.pem", folder / "server.pem")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(trust.ca_file)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(trust.server_file)
    return trust


# -- callscope --------------------------------------------------------------------------------------------


def _watched(url: str, clock: str, trust: Trust | None, written: Path, seconds: float) -> list[tuple[int, float]]:
    """Open the screen on the call and keep it busy; return (number, arrival) of every frame."""
    settings = Settings(url=url, auth="none", ca_file=trust.ca_file if trust else None, backoff_base=0.2)
    words = json.dumps(settings.to_worker()), str(written), clock
    argv = [sys.executable, "-m", "tests.benchmarks.arrivals_screen", *words]
    with MeteredTerminal(argv, SIZE, clean_environment()) as terminal:
        terminal.until("s-1")
        end, keys, sizes = time.monotonic() + seconds, cycle(_KEYS), cycle((OTHER_SIZE, SIZE))
        while time.monotonic() < end:
            terminal.resize(*next(sizes))
            for key in (next(keys), next(keys), next(keys)):
                terminal.drain(0.3)
                terminal.press(key)
    lines = (line.split() for line in written.read_text(encoding="ascii").splitlines())
    return [(round(float(position) / FRAME_S) - _FIRST, float(arrival)) for position, arrival in lines]


# -- the sender -------------------------------------------------------------------------------------------


def _send(pipe: Connection, clock: str, trust: Trust | None) -> None:
    truth = Truth({}, [])
    context = None
    if trust:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(trust.server_file)
    pacer, call, floor = Pacer(), listen(), listen()
    pacer.serve(call, lambda tcp: Peer(tcp, context), lambda: _bad_day(truth.call))
    if clock == "kernel":
        data = bytes(len(_frame(0)) + (_TLS_RECORD if trust else 0))
        pacer.serve(floor, RawPeer, lambda: _frames_alone(truth.floor, data))
    else:
        pacer.serve(floor, lambda tcp: Peer(tcp, context), lambda: _frames_alone(truth.floor, _frame(0), SESSION_START))
    pipe.send((call.getsockname()[1], floor.getsockname()[1]))
    pacer.run(pipe)
    pipe.send(truth)


def _schedule(first: int) -> Iterator[float]:
    """Frames from number `first` on, every 10 ms on an absolute schedule, a little off it to meet all phases of others.

    Those that are not `_paced` stand still at first, come at once, and are then late by a heavy-tailed while.
    """
    begin, due = time.monotonic() + FRAME_S, 0.0
    for index in count(first):
        late = 0.2 * random.random() * FRAME_S if _paced(index) else random.paretovariate(2.5) * 0.004
        due = max(due, begin + (index - first) * FRAME_S + late)
        if index % _BLOCK == _PACED:
            due += _STALL_S
        yield due


def _paced(index: int) -> bool:
    return index % _BLOCK < _PACED


def _bad_day(sent: dict[int, float]) -> Script:
    """A call that keeps the screen busy: talk, pauses, stalls, and every 12 s a lost connection."""
    yield time.monotonic(), text_frame(SESSION_START)
    first = len(sent)
    for due in _schedule(first):
        index = len(sent)
        sent[index] = yield due, _frame(index)
        if index % 40 == 20:
            yield due + FRAME_S / 2, text_frame(_said(index))
        if index == first + 1_200:
            yield due, None


def _frames_alone(sent: list[float], data: bytes, welcome: bytes | None = None) -> Script:
    """The same schedule and size of frames, and nothing else."""
    if welcome is not None:
        yield time.monotonic(), text_frame(welcome)
    for due in _schedule(0):
        at = yield due, data
        sent.append(at)


def _frame(index: int) -> bytes:
    """One frame as it goes over the wire; all are of one size."""
    dbfs = -20.0 if index // 150 % 3 else -70.0  # speech and pauses
    return text_frame(audio_message(tone(FRAME_S, RATE, dbfs), RATE, _FIRST + index, FRAME_S))


def _said(index: int) -> bytes:
    if index % 240 == 140:
        return message("intent", intent=f"intent-{index}", confidence=0.87)
    speaker, final = "caller" if index % 320 < 160 else "bot", index % 160 == 20
    return message("transcript", text=f"what was said at frame {index}", isFinal=final, speaker=speaker)
