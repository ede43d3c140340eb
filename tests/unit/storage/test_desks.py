"""A desk for each of many calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from dashboard.call.events import CallEnded, CallStarted, Event, Marked, Ticked
from dashboard.call.ports import Mark, Save, Sound, Stop
from dashboard.call.record_events import HistoryMeasured, RecordingSaved, RecordingStarted
from dashboard.clock import ManualClock
from dashboard.storage.desk import Plan
from dashboard.storage.desks import HISTORY_BYTES, Desks
from dashboard.storage.recording import Recording
from dashboard.storage.ring import LIMIT_BYTES
from dashboard.storage.shelf import Shelf
from tests.unit.storage.script import Script


class Stage:
    def __init__(self, plan: Plan) -> None:
        self.script = Script()
        self.desks = Desks(self.script, plan, ManualClock(wall=1_900_000_000.0))
        self.told: list[Event] = []
        self._more = asyncio.Event()

    def put(self, event: Event) -> None:
        self.told.append(event)
        self._more.set()

    def begin(self, call_id: str, at: float = 1.0) -> None:
        self.script.emit(CallStarted(call_id, at, 1.9e9, "ws://here", "audiohook"))

    def of(self, kind: type[Any], call_id: str) -> list[Any]:
        return [fact for fact in self.told if isinstance(fact, kind) and fact.call_id == call_id]

    async def until(self, kind: type[Any], call_id: str, count: int = 1) -> Any:
        async with asyncio.timeout(10):
            while len(self.of(kind, call_id)) < count:
                self._more.clear()
                await self._more.wait()
        return self.of(kind, call_id)[count - 1]


@asynccontextmanager
async def desks(tmp_path: Path, **plan: Any) -> AsyncIterator[Stage]:
    stage = Stage(Plan(Shelf(tmp_path / "calls"), masks=False, **plan))
    running = asyncio.create_task(stage.desks.run(stage.put))
    await asyncio.sleep(0)
    try:
        yield stage
    finally:
        stage.desks.command(Stop())
        async with asyncio.timeout(10):
            await running


def read(path: str) -> list[Event]:
    with Recording(Path(path)) as recording:
        return list(recording.facts())


async def test_every_call_has_a_recording_of_its_own_facts(tmp_path: Path) -> None:
    async with desks(tmp_path, record=True) as stage:
        for call_id in ("a", "b"):
            stage.begin(call_id)
        stage.script.emit(Marked("b", 2.0, "only here"))
        for call_id in ("a", "b"):
            stage.script.emit(CallEnded(call_id, 3.0, "closed: end"))
            await stage.until(CallEnded, call_id)
    (a,), (b,) = (stage.of(RecordingSaved, call_id) for call_id in ("a", "b"))
    assert [type(fact) for fact in read(a.path)] == [CallStarted, CallEnded]
    assert [type(fact) for fact in read(b.path)] == [CallStarted, Marked, CallEnded]
    assert len(list((tmp_path / "calls").iterdir())) == 2


async def test_facts_of_a_call_keep_their_order_and_those_of_no_call_pass(tmp_path: Path) -> None:
    async with desks(tmp_path) as stage:
        stage.script.emit(Ticked("", 0.5))
        assert stage.told == [Ticked("", 0.5)]
        stage.begin("a")
        stage.script.emit(Marked("a", 2.0, "early"))
        await stage.until(Marked, "a")
        stage.script.emit(Marked("a", 3.0, "late"))
        assert [type(fact) for fact in stage.told[1:]] == [CallStarted, Marked, Marked]


async def test_a_save_is_of_the_call_that_it_names(tmp_path: Path) -> None:
    async with desks(tmp_path) as stage:
        for call_id in ("a", "b"):
            stage.begin(call_id)
        await stage.until(CallStarted, "b")
        stage.desks.command(Save(str(tmp_path / "b.callscope"), "b"))
        stage.desks.command(Save(str(tmp_path / "c.callscope"), "nobody"))
        await stage.until(RecordingSaved, "b")
        stage.desks.command(Mark("here", "a"))
        assert stage.script.commands == [Mark("here", "a")]
    assert not stage.of(RecordingStarted, "a")
    assert [fact.call_id for fact in read(str(tmp_path / "b.callscope"))] == ["b"]
    assert not (tmp_path / "c.callscope").exists()


async def test_the_black_box_begins_for_the_call_that_something_happens_to(tmp_path: Path) -> None:
    async with desks(tmp_path, keeps_history=False, record_on=("mark",)) as stage:
        for call_id in ("a", "b"):
            stage.begin(call_id)
        stage.script.emit(Marked("b", 2.0, "here"))
        assert (await stage.until(RecordingStarted, "b")).trigger == "mark here"
    assert not stage.of(RecordingStarted, "a")


async def test_sound_goes_to_the_recording_of_its_call(tmp_path: Path) -> None:
    def sound(call_id: str) -> Sound:
        return Sound(call_id, 2.0, "inbound", "pcmu", 8000, 2, 0.0, b"\xff" * 320)

    async with desks(tmp_path, record=True) as stage:
        for call_id in ("a", "b"):
            stage.begin(call_id)
        stage.desks.hear(sound("a"))
        stage.desks.hear(sound("nobody"))
    (a,), (b,) = (stage.of(RecordingSaved, call_id) for call_id in ("a", "b"))
    with Recording(Path(a.path)) as recording, Recording(Path(b.path)) as other:
        assert recording.info.sound
        assert not other.info.sound


async def test_what_is_kept_of_all_calls_together_is_bounded(tmp_path: Path) -> None:
    async with desks(tmp_path) as stage:
        stage.begin("call-0")
        stage.script.emit(Ticked("call-0", 1.1))
        assert (await stage.until(HistoryMeasured, "call-0")).limit_bytes == LIMIT_BYTES
        for number in range(1, 16):
            stage.begin(f"call-{number}")
            stage.script.emit(Ticked(f"call-{number}", 1.1))
        assert (await stage.until(HistoryMeasured, "call-15")).limit_bytes == HISTORY_BYTES // 16


async def test_what_a_call_had_is_let_go_when_it_ends(tmp_path: Path) -> None:
    async with desks(tmp_path) as stage:
        stage.begin("a")
        stage.script.emit(CallEnded("a", 3.0, "closed: end"))
        await stage.until(CallEnded, "a")
        stage.begin("b")
        for number in range(21):
            stage.script.emit(Ticked("b", 4.0 + number / 4))
        assert (await stage.until(HistoryMeasured, "b")).limit_bytes == LIMIT_BYTES


async def test_a_source_that_ends_without_a_word_leaves_whole_files(tmp_path: Path) -> None:
    async with desks(tmp_path, record=True) as stage:
        stage.begin("a")
        await stage.until(RecordingStarted, "a")
    (saved,) = stage.of(RecordingSaved, "a")
    assert [type(fact) for fact in read(saved.path)] == [CallStarted]
