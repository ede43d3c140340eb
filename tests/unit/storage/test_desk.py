"""The desk between a call and those who follow it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dashboard.call.events import CallEnded, CallStarted, Event, Marked, Ticked
from dashboard.call.ports import Emit, Mark, Reconnect, Save, Sound, Stop
from dashboard.call.record_events import HistoryMeasured, RecordingFailed, RecordingSaved, RecordingStarted
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from dashboard.clock import ManualClock
from dashboard.storage.desk import Desk, Plan
from dashboard.storage.recording import Recording
from dashboard.storage.replay import open_replay
from dashboard.storage.shelf import Shelf
from tests.unit.storage.script import Script

ABOUT_RECORDS = (HistoryMeasured, RecordingStarted, RecordingSaved, RecordingFailed)


class Stage:
    """A desk at work: what it is told, and what it tells."""

    def __init__(self, plan: Plan) -> None:
        self.script = Script()
        self.desk = Desk(self.script, "made-up", plan, ManualClock(wall=1_900_000_000.0))
        self.told: list[Event] = []
        self._more = asyncio.Event()

    def put(self, event: Event) -> None:
        self.told.append(event)
        self._more.set()

    def tell(self, facts: Iterable[Event]) -> None:
        for fact in facts:
            self.script.emit(fact)

    def of(self, kind: type[Any]) -> list[Any]:
        return [fact for fact in self.told if isinstance(fact, kind)]

    async def until(self, kind: type[Any], count: int = 1) -> Any:
        async with asyncio.timeout(10):
            while len(self.of(kind)) < count:
                self._more.clear()
                await self._more.wait()
        return self.of(kind)[count - 1]


@asynccontextmanager
async def desk(tmp_path: Path, **plan: Any) -> AsyncIterator[Stage]:
    stage = Stage(Plan(Shelf(tmp_path / "recordings"), masks=False, **plan))
    running = asyncio.create_task(stage.desk.run(stage.put))
    await asyncio.sleep(0)
    try:
        yield stage
    finally:
        stage.desk.command(Stop())
        async with asyncio.timeout(10):
            await running


def read(path: str) -> list[Event]:
    with Recording(Path(path)) as recording:
        return list(recording.facts())


async def test_facts_and_commands_pass_through(tmp_path: Path, facts: list[Event]) -> None:
    async with desk(tmp_path) as stage:
        stage.tell(facts)
        stage.desk.command(Reconnect())
        stage.desk.command(Mark("here"))
    assert [fact for fact in stage.told if not isinstance(fact, ABOUT_RECORDS)] == facts
    assert stage.script.commands == [Reconnect(), Mark("here"), Stop()]


async def test_a_recording_holds_every_fact_and_is_closed_before_the_call_is_said_to_end(
    tmp_path: Path, facts: list[Event]
) -> None:
    async with desk(tmp_path, record=tmp_path / "call.callscope") as stage:
        stage.tell(facts)
    assert isinstance(stage.told[-1], CallEnded)
    (started,), (saved,) = stage.of(RecordingStarted), stage.of(RecordingSaved)
    assert (started.path, started.trigger) == (str(tmp_path / "call.callscope"), "--record")
    assert stage.told[-2] == RecordingSaved("made-up", facts[-1].at, started.path, len(facts), saved.size_bytes)
    assert read(started.path) == facts


async def test_without_a_name_it_goes_on_the_shelf(tmp_path: Path, facts: list[Event]) -> None:
    async with desk(tmp_path, record=True) as stage:
        stage.tell(facts[:50])
    (saved,) = stage.of(RecordingSaved)
    assert Path(saved.path) == tmp_path / "recordings" / "20300317T174640Z-made-up.callscope"


async def test_what_is_told_of_recordings_lets_no_time_pass_and_is_not_recorded(
    tmp_path: Path, facts: list[Event]
) -> None:
    async with desk(tmp_path, record=tmp_path / "x.callscope") as stage:
        stage.tell(facts)
    newest = 0.0
    for fact in stage.told:
        if isinstance(fact, ABOUT_RECORDS):
            assert fact.at == newest
        newest = max(newest, fact.at)
    assert stage.of(HistoryMeasured)


async def test_save_writes_what_has_been_seen_since_the_start(tmp_path: Path, facts: list[Event]) -> None:
    async with desk(tmp_path) as stage:
        stage.tell(facts[:450])
        stage.desk.command(Save(str(tmp_path / "saved.callscope")))
        saved = await stage.until(RecordingSaved)
        assert (saved.path, saved.facts, saved.missing_s) == (str(tmp_path / "saved.callscope"), 450, 0.0)
        assert read(saved.path) == facts[:450]
        stage.tell(facts[450:])
        stage.desk.command(Save())
        second = await stage.until(RecordingSaved, 2)
        assert Path(second.path).parent == tmp_path / "recordings"
        assert read(second.path) == facts
        with Recording(Path(second.path)) as recording:
            assert (recording.info.trigger, recording.info.complete) == ("s", True)


async def test_save_before_anything_was_seen_fails_with_a_remedy(tmp_path: Path) -> None:
    async with desk(tmp_path) as stage:
        stage.desk.command(Save())
        failed = await stage.until(RecordingFailed)
    assert failed.reason == "nothing has been seen yet"
    assert failed.remedy


async def test_a_save_that_fails_does_not_stop_the_recording(tmp_path: Path, facts: list[Event]) -> None:
    (tmp_path / "taken").write_text("mine")
    async with desk(tmp_path, record=tmp_path / "call.callscope") as stage:
        stage.tell(facts[:300])
        stage.desk.command(Save(str(tmp_path / "taken")))
        failed = await stage.until(RecordingFailed)
        assert "exists already" in failed.reason
        stage.tell(facts[300:])
    assert read(str(tmp_path / "call.callscope")) == facts


async def test_a_recording_that_cannot_be_written_is_told_and_the_call_goes_on(
    tmp_path: Path, facts: list[Event]
) -> None:
    (tmp_path / "file").touch()
    async with desk(tmp_path, record=tmp_path / "file" / "call.callscope") as stage:
        stage.tell(facts[:100])
        failed = await stage.until(RecordingFailed)
        stage.tell(facts[100:])
    assert failed.path == str(tmp_path / "file" / "call.callscope")
    assert "there is a file where its folder should be" in failed.reason
    assert [fact for fact in stage.told if not isinstance(fact, ABOUT_RECORDS)] == facts
    assert stage.of(RecordingFailed) == [failed]


async def test_a_source_that_breaks_leaves_its_recording_closed(tmp_path: Path, facts: list[Event]) -> None:
    class Broken(Script):
        async def run(self, emit: Emit) -> None:
            for fact in facts[:100]:
                emit(fact)
            raise ZeroDivisionError

    told: list[Event] = []
    plan = Plan(Shelf(tmp_path), record=tmp_path / "call.callscope", masks=False)
    with pytest.raises(ZeroDivisionError):
        await Desk(Broken(), "made-up", plan, ManualClock()).run(told.append)
    assert isinstance(told[-1], RecordingSaved)
    assert read(told[-1].path) == facts[:100]


async def test_the_sound_goes_to_recordings_and_nowhere_else(tmp_path: Path, facts: list[Event]) -> None:
    sounds = [Sound("made-up", facts[at].at, "inbound", "pcmu", 8000, 2, 0.1 * at, bytes([at])) for at in (60, 90)]
    async with desk(tmp_path, record=tmp_path / "call.callscope") as stage:
        stage.tell(facts[:61])
        stage.desk.hear(sounds[0])
        stage.tell(facts[61:91])
        stage.desk.hear(sounds[1])
        stage.tell(facts[91:])
        stage.desk.command(Save(str(tmp_path / "saved.callscope")))
        await stage.until(RecordingSaved)
    assert all(isinstance(fact, Event) for fact in stage.told)
    for name in ("call", "saved"):
        with Recording(tmp_path / f"{name}.callscope") as recording:
            assert recording.info.sound
            assert list(recording.facts()) == facts
            assert list(recording.sounds()) == sounds
            assert list(recording.sounds(since_s=sounds[1].at - facts[0].at)) == sounds[1:]


# -- the black box ------------------------------------------------------------------------------------

C = "made-up"


def quiet(since: float, until: float) -> list[Event]:
    return [Ticked(C, since + 0.25 * tick) for tick in range(1, round((until - since) * 4) + 1)]


async def test_the_black_box_leaves_the_minutes_around_a_mark(tmp_path: Path) -> None:
    start = CallStarted(C, 1000.0, wall=1.9e9, endpoint="wss://host/ws", dialect="appfoundry")
    marks = [Marked(C, 1500.0, "here"), Marked(C, 1520.0, "and here")]
    async with desk(tmp_path, record_on=("mark",), pre_roll_s=60.0, keeps_history=False) as stage:
        stage.tell([start, *quiet(1000.0, 1500.0), marks[0], *quiet(1500.0, 1520.0), marks[1], *quiet(1520.0, 1540.0)])
        assert not stage.of(RecordingSaved)
        stage.tell(quiet(1540.0, 1700.0))
        saved = await stage.until(RecordingSaved)
    (started,) = stage.of(RecordingStarted)
    assert started.trigger == "mark here"
    told = read(saved.path)
    assert saved.missing_s == 440.0
    assert told[0] == replace(start, at=1440.0, wall=1.9e9 + 440.0)
    assert told[1].at == 1440.0
    assert [fact for fact in told if isinstance(fact, Marked)] == marks
    assert told[-1].at == 1550.0


async def test_what_comes_after_it_has_been_quiet_is_another_recording(tmp_path: Path) -> None:
    start = CallStarted(C, 1000.0, wall=1.9e9, endpoint="wss://host/ws", dialect="appfoundry")
    async with desk(tmp_path, record_on=("mark",), pre_roll_s=10.0, keeps_history=False) as stage:
        stage.tell([start, Marked(C, 1000.0, ""), *quiet(1000.0, 1100.0)])
        await stage.until(RecordingSaved)
        stage.tell([Marked(C, 1100.0, ""), *quiet(1100.0, 1105.0)])
    one, two = (read(saved.path) for saved in stage.of(RecordingSaved))
    assert (one[0].at, one[-1].at) == (1000.0, 1030.0)
    assert (two[0].at, two[-1].at) == (1090.0, 1105.0)
    assert len(list((tmp_path / "recordings").iterdir())) == 2


async def test_recordings_that_follow_one_another_meet_and_hold_no_moment_twice(tmp_path: Path) -> None:
    start = CallStarted(C, 1000.0, wall=1.9e9, endpoint="wss://host/ws", dialect="appfoundry")
    told = [start, *quiet(1000.0, 1100.0), Marked(C, 1100.0, "one"), *quiet(1100.0, 1150.0)]
    more = [Marked(C, 1150.0, "two"), *quiet(1150.0, 1400.0), Marked(C, 1400.0, "three"), *quiet(1400.0, 1440.0)]
    async with desk(tmp_path, record_on=("mark",), pre_roll_s=60.0, keeps_history=False) as stage:
        stage.tell([*told, *more])
        await stage.until(RecordingSaved, 3)
    by_name = sorted(stage.of(RecordingSaved), key=lambda saved: saved.missing_s)
    one, two, three = (read(saved.path) for saved in by_name)
    assert [saved.missing_s for saved in by_name] == [40.0, 130.0, 340.0]
    assert (one[0].at, one[-1].at, two[0].at, two[-1].at) == (1040.0, 1130.0, 1130.0, 1180.0)
    assert [*one[1:], *two[1:]] == [fact for fact in [*told, *more] if 1040.0 <= fact.at <= 1180.0]
    assert (three[0].at, three[-1].at) == (1340.0, 1430.0)  # that far after the last, its pre-roll is whole


async def test_what_the_black_box_leaves_is_replayed_like_any_other_recording(
    tmp_path: Path, facts: list[Event]
) -> None:
    async with desk(tmp_path, record_on=("outage",), pre_roll_s=5.0, keeps_history=False) as stage:
        stage.tell(facts)
    (saved,) = stage.of(RecordingSaved)
    assert saved.missing_s > 5.0
    clock = ManualClock()
    with Recording(Path(saved.path)) as recording:
        replay = open_replay(recording, clock)
        whole = replay.whole()
        assert whole == recording.call()
        assert replay.playback.wall == pytest.approx(facts[0].wall + saved.missing_s, abs=0.3)  # type: ignore[attr-defined]
        assert [moment.kind for moment in replay.survey.moments if moment.kind == "outage"] == ["outage"]
        replay.play_or_pause()
        for position_s in (replay.length_s, 0.0, 5.2, replay.length_s - 1.0):
            replay.seek(position_s)
            (shown,) = replay.snapshot().values()
            told = recording.facts(until_s=position_s + 1e-9)
            assert position_s == replay.length_s or shown == folded(told, shown.call_id)
    assert whole.session_id
    assert whole.link.outage_count == 1
    assert whole.link.downtime_s > 0.0


def folded(facts: Iterable[Event], call_id: str) -> CallState:
    call = CallState(call_id)
    for fact in facts:
        call = step(call, fact)
    return call


@pytest.mark.parametrize("trigger", ["outage", "finding"])
async def test_a_bad_day_sets_it_off(tmp_path: Path, facts: list[Event], trigger: str) -> None:
    async with desk(tmp_path, record_on=(trigger,)) as stage:
        stage.tell(facts)
    assert stage.of(RecordingStarted)[0].trigger.startswith(trigger)
    (saved,) = stage.of(RecordingSaved)
    assert read(saved.path) == facts  # shorter than the pre-roll


async def test_what_nobody_asked_for_is_not_recorded(tmp_path: Path, facts: list[Event]) -> None:
    async with desk(tmp_path, record_on=("mark",)) as stage:
        stage.tell(facts)
    assert not stage.of(RecordingStarted)
