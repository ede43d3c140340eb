"""An hour of bad-day recorded faster than time: its size, how soon any place of it is on the screen, what that takes.

And what a worker keeps of a call that nobody records, to be saved later: it grows to its limit and no further. Times
that are made up are rounder than a clock's: a real hour takes some tenths more on the disk, and packed twice as much.
"""

from __future__ import annotations

import gc
import random
import time
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from dashboard.call.events import Event
from dashboard.clock import SystemClock
from dashboard.errors import RecordingError
from dashboard.simulator.scenario import load_scenario
from dashboard.storage.about import About, Written
from dashboard.storage.recorder import Recorder
from dashboard.storage.recording import Recording
from dashboard.storage.replay import KEEP_EVERY, open_replay
from dashboard.storage.ring import Ring
from tests.benchmarks.harness import Figure, at_most, number, spread
from tests.benchmarks.processes import answer, process
from tests.benchmarks.resident import resident_bytes
from tests.virtual import played

NAME = "recording"
SUMMARY = "an hour of bad-day on the disk and back on the screen, and what is kept of a call that is not recorded"

_TIMEOUT_S = 300.0
_SETTLED_S = 1.1
"""The ring packs what has come every second."""


def run(quick: bool) -> list[Figure]:
    minutes, seeks, rounds = (1, 20, 1) if quick else (60, 500, 18)
    with TemporaryDirectory() as folder:
        file = Path(folder, "call.callscope")
        return [*_record(file, minutes), *_replay(file, seeks), *_keep(file, rounds)]


# -- to the disk ---------------------------------------------------------------------------------------------------


def _record(file: Path, minutes: int) -> list[Figure]:
    with process(_write, str(file), minutes) as pipe:
        written = answer(pipe, _TIMEOUT_S)
    if not isinstance(written, Written):
        raise written
    return [number("an hour: size on disk", written.size_bytes / 1e6 * 60 / minutes, "MB")]


def _write(pipe: Connection, path: str, minutes: int) -> None:
    outcomes: list[Written | RecordingError] = []
    about = About("made-up", time.time(), "--record")
    recorder = Recorder(Path(path), lambda: about, ended=lambda _, outcome: outcomes.append(outcome))
    played(load_scenario("bad-day"), minutes * 60.0, {}, [_Patient(recorder)])
    pipe.send(outcomes[0])


class _Patient:
    """A recorder whose file is waited for: time that is made up runs ahead of the disk."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def put(self, event: Event) -> None:
        self._recorder.put(event)

    def close(self) -> None:
        self._recorder.close(_TIMEOUT_S)


# -- and back ------------------------------------------------------------------------------------------------------


def _replay(file: Path, seeks: int) -> list[Figure]:
    with process(_seek, str(file), seeks) as pipe:
        read_s, took_s, grown = answer(pipe, _TIMEOUT_S)
    return [
        number("an hour: read from end to end", read_s, "s"),
        number("an hour: memory that its replay takes", grown / 1e6, "MB"),
        spread("seek anywhere in an hour", took_s, goal=at_most(100)),
        number("seek anywhere in an hour: the slowest", max(took_s) * 1000, "ms", goal=at_most(100)),
    ]


def _seek(pipe: Connection, path: str, seeks: int) -> None:
    gc.freeze()  # as the screen of a replay does
    before = resident_bytes()
    dice = random.Random(1)
    with Recording(Path(path)) as recording:
        replay = open_replay(recording, SystemClock())
        replay.play_or_pause()
        began = time.perf_counter()
        while not replay.survey.done:
            replay.survey.work(KEEP_EVERY)
        read_s = time.perf_counter() - began
        took_s = []
        for _ in range(seeks):
            began = time.perf_counter()
            replay.seek(dice.random() * replay.length_s)
            replay.snapshot()
            took_s.append(time.perf_counter() - began)
        pipe.send((read_s, took_s, resident_bytes() - before))


# -- kept in case that somebody asks -------------------------------------------------------------------------------


def _keep(file: Path, rounds: int) -> list[Figure]:
    """Tell a ring the same hour again and again."""
    with process(_fill, str(file), rounds) as pipe:
        sizes, resident, limit = answer(pipe, _TIMEOUT_S)
    full = next((place for place, size in enumerate(sizes) if size < max(sizes[: place + 1])), len(sizes) - 1)
    level = resident[full]
    strays = max(abs(now - level) for now in resident[full:]) / level * 100
    return [
        number("kept unrecorded, packed: an hour", sizes[0] / 1e6, "MB"),
        number("kept unrecorded: memory that it takes when full", (level - resident[0]) / 1e6, "MB"),
        number(f"kept unrecorded, {rounds} hours: of its limit", max(sizes) / limit * 100, "%", goal=at_most(100)),
        number("kept unrecorded: memory strays once it is full", strays, "%", goal=at_most(5)),
    ]


def _fill(pipe: Connection, path: str, rounds: int) -> None:
    with Recording(Path(path)) as recording:
        facts = list(recording.facts())
    gc.freeze()
    failures: list[RecordingError] = []
    ring = Ring(masks=True, failed=failures.append)
    sizes, resident = [], []
    for _ in range(rounds):
        for fact in facts:
            ring.put(fact)
        size = -1
        while size != ring.size_bytes:
            size = ring.size_bytes
            time.sleep(_SETTLED_S)
        sizes.append(size)
        resident.append(resident_bytes())
    ring.close()
    if failures:
        raise failures[0]
    pipe.send((sizes, resident, ring.limit_bytes))
