"""Recording from end to end: the real probe, the real worker, and workers that are killed."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from dashboard.call.codec import command_from_line, event_from_line, to_line
from dashboard.call.events import AudioReceived, CallEnded, CallStarted, Event, Ticked, WorkerLost
from dashboard.call.figures import probe_object
from dashboard.call.ports import Save, Stop
from dashboard.call.record_events import RecordingSaved
from dashboard.call.records import RecordFact
from dashboard.cli.settings import Settings
from dashboard.cli.wiring import at_host
from dashboard.storage.recording import Recording
from tests.hosts import CALLSCOPE, bot_host, callscope, environment

SEED = int(os.environ.get("KILL_SEED", "5"))


def data_of(tmp_path: Path, ready: Mapping[str, Any]) -> dict[str, str]:
    return environment(ready, XDG_DATA_HOME=str(tmp_path / "data"))


def shelved(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "data" / "callscope" / "recordings").iterdir())


async def test_the_figures_of_a_recording_are_those_that_the_probe_printed(tmp_path: Path) -> None:
    path = tmp_path / "call.callscope"
    async with bot_host("reset") as ready:
        ended = await callscope("probe", "--json", "--duration", "9", "--record", str(path), env=environment(ready))
    assert f"callscope: recorded {path}\n" in ended.stderr
    with Recording(path) as recording:
        assert probe_object(recording.call()) == ended.json
        assert recording.info.complete
        told = json.dumps(recording.info.settings)
        assert recording.info.versions["callscope"]
    assert ended.json["link"]["outages"] == 1
    assert ready["client_secret"] not in told


async def test_an_unattended_probe_leaves_the_minutes_around_an_outage(tmp_path: Path) -> None:
    async with bot_host("reset") as ready:
        env = data_of(tmp_path, ready)
        await callscope("probe", "--duration", "9", "--record-on", "outage", "--pre-roll", "1", env=env)
        listed = await callscope("recordings", "--json", env=env)
    (row,) = listed.json["recordings"]
    assert row["trigger"] == "outage"
    assert row["missing_s"] > 0.5
    assert 2.0 < row["length_s"] < 9.5 - row["missing_s"]
    assert [row["path"]] == [str(path) for path in shelved(tmp_path)]


async def test_a_folder_that_cannot_be_written_to_is_told_and_the_call_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with bot_host("steady") as ready:
        record = ("--record", str(tmp_path / "file" / "call.callscope"))
        ended = await callscope("probe", "--json", "--duration", "2", *record, env=environment(ready))
    assert "callscope: not recorded: " in ended.stderr
    assert "Name a file in a folder" in ended.stderr
    assert ended.code == 0
    assert ended.json["verdict"] == "healthy"


async def test_the_sound_is_recorded_when_told_so_and_printed_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "call.callscope"
    async with bot_host("steady") as ready:
        flags = ("--jsonl", "--duration", "3", "--record", str(path), "--record-audio")
        ended = await callscope("probe", *flags, env=environment(ready))
    assert "the voices of the people on the call are recorded" in ended.stderr
    assert "payload" not in ended.stdout
    with Recording(path) as recording:
        sounds = list(recording.sounds())
        told = [fact for fact in recording.facts() if isinstance(fact, AudioReceived)]
    assert sum(len(sound.payload) for sound in sounds) == sum(fact.size_bytes for fact in told) > 10_000
    assert {sound.encoding for sound in sounds} == {fact.encoding for fact in told}


# -- the worker ---------------------------------------------------------------------------------------


class Worker:
    """A worker as the screen has one: settings and commands in, facts out."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.facts: list[Event] = []
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout

    @classmethod
    async def start(cls, ready: Mapping[str, Any], call_id: str, **settings: Any) -> Worker:
        process = await asyncio.create_subprocess_exec(
            *CALLSCOPE, "worker", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=environment(ready)
        )
        worker = cls(process)
        values = at_host(Settings().to_worker(), dict(ready)) | settings
        worker._stdin.write(f"{json.dumps({'settings': values, 'call_id': call_id})}\n".encode())
        return worker

    async def read(self, kind: type[Event] | None = None) -> Event | None:
        """Read on to a fact of this kind, or to the end."""
        while line := await self._stdout.readline():
            self.facts.append(event_from_line(line))
            if kind is not None and isinstance(self.facts[-1], kind):
                return self.facts[-1]
        return None

    def command(self, command: Save | Stop) -> None:
        line = to_line(command)
        assert command_from_line(line) == command
        self._stdin.write(f"{line}\n".encode())

    async def end(self) -> None:
        self.command(Stop())
        await self.read()
        await self.process.wait()


def told(worker: Worker) -> list[Event]:
    """What a recording of this worker would hold."""
    return [fact for fact in worker.facts if not isinstance(fact, get_args(RecordFact))]


async def test_save_writes_what_the_worker_has_told_since_the_start(tmp_path: Path) -> None:
    path = tmp_path / "saved.callscope"
    async with bot_host("steady") as ready:
        worker = await Worker.start(ready, "c-1", mask=False)
        for _ in range(10):
            await worker.read(Ticked)
        worker.command(Save(str(path)))
        saved = await worker.read(RecordingSaved)
        await worker.end()
    assert isinstance(saved, RecordingSaved)
    with Recording(path) as recording:
        kept = list(recording.facts())
        assert recording.info.trigger == "s"
    assert saved.facts == len(kept) > 20
    assert told(worker)[: len(kept)] == kept


async def test_a_worker_that_takes_over_goes_on_with_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "call.callscope"
    async with bot_host("steady") as ready:
        first = await Worker.start(ready, "c-1", record=str(path), mask=False)
        for _ in range(6):
            await first.read(Ticked)
        first.process.kill()
        await first.read()
        second = await Worker.start(ready, "c-1", record=str(path), mask=False)
        for _ in range(6):
            await second.read(Ticked)
        await second.end()
    with Recording(path) as recording:
        kept = list(recording.facts())
        call = recording.call()
        assert recording.info.complete
    (place,) = [place for place, fact in enumerate(kept) if isinstance(fact, WorkerLost)]
    assert kept[:place] == told(first)[:place]
    assert kept[place + 1 :] == told(second)
    assert isinstance(kept[-1], CallEnded)
    assert call.link.connections == 2


# -- workers that are killed --------------------------------------------------------------------------

KILLS = 50
AT_ONCE = 6
LONGEST_S = 2.5
LOST_S = 1.0
"""What may be lost, of the time that a worker has had: on a machine that is busy elsewhere it stands still, told by
its loop's lag and, at the end, by its silence: a call tells something every 100 ms."""


async def test_a_worker_that_is_killed_loses_at_most_the_last_second(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    places = asyncio.Semaphore(AT_ONCE)

    async def one_life(number: int, seconds: float) -> int:
        path = tmp_path / f"{number}.callscope"
        async with places:
            worker = await Worker.start(ready, f"c-{number}", record=str(path), mask=False)
            await worker.read(CallStarted)
            reading = asyncio.create_task(worker.read())
            await asyncio.sleep(seconds)
            worker.process.kill()
            await reading
            await worker.process.wait()
        return _check(path, told(worker))

    async with bot_host("steady") as ready:
        lives = [one_life(number, dice.uniform(0.0, LONGEST_S)) for number in range(KILLS)]
        kept = await asyncio.gather(*lives)
    assert sum(1 for facts in kept if facts) > KILLS / 2, f"seed {SEED}"
    assert max(kept) > 10


def _check(path: Path, facts: list[Event]) -> int:
    """Check what a killed worker left; return how many facts that is."""
    stood_still_s = max((fact.loop_lag_s for fact in facts if isinstance(fact, Ticked)), default=0.0)
    due = [fact for fact in facts if fact.at < facts[-1].at - LOST_S - stood_still_s]
    if not path.exists():
        assert due == [], f"{path.name}: nothing was written of {len(due)} facts, seed {SEED}"
        return 0
    with Recording(path) as recording:
        kept = list(recording.facts())
        assert not recording.info.complete
        assert recording.summary().verdict
    shorter = min(len(kept), len(facts))
    assert kept[:shorter] == facts[:shorter], f"{path.name}, seed {SEED}"
    assert len(kept) >= len(due), f"{path.name}: {len(due) - len(kept)} facts are lost, seed {SEED}"
    return len(kept)


HAMMER = """
import itertools, sys
from pathlib import Path
from dashboard.call.events import CallStarted, Marked
from dashboard.storage.about import About
from dashboard.storage.writer import Writer

for number in itertools.count():
    writer = Writer(Path(sys.argv[1]) / f"{number}.callscope", About("c", 0.0, "hammer"))
    writer.add(CallStarted("c", 0.0, 0.0, "x" * 2000, "appfoundry"))
    for at in range(600):
        writer.add(Marked("c", float(at), "x" * 10_000))
        if at % 5 == 0:
            writer.commit()
    writer.close()
    writer.release()
    print(number, flush=True)
"""


async def test_a_recorder_that_is_killed_between_making_and_closing_leaves_readable_files(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    for life in range(6):
        folder = tmp_path / str(life)
        folder.mkdir()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", HAMMER, str(folder), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        await process.stdout.readline()
        await asyncio.sleep(dice.uniform(0.0, 1.0))
        process.kill()
        await process.communicate()
        for path in folder.glob("*.callscope"):
            with Recording(path) as recording:
                facts = recording.info.facts
                assert sum(1 for _ in recording.facts()) == facts
                assert not recording.info.complete or facts == 601
