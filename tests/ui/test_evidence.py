"""`s`, `e` and `x`: what is written down of a call, and what is masked for others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from dashboard.call.events import CallEnded, Speaker, TranscriptReceived, WorkerLost
from dashboard.call.ports import Save
from dashboard.call.record_events import HistoryMeasured, RecordingFailed, RecordingSaved, RecordingStarted
from dashboard.errors import WorkerError
from dashboard.ui.evidence import bundle_name
from tests.builders import Story, dialogue
from tests.ui.stage import Stage

CARD = "my card is 4111 1111 1111 1111"


@pytest.fixture
def story() -> Story:
    told = Story()
    told.connect()
    dialogue(told)
    told.fact(TranscriptReceived(told.call.call_id, told.now, Speaker.CALLER, CARD, final=True))
    return told


async def until(pilot: Pilot[None], fits: Callable[[], bool]) -> None:
    for _ in range(300):
        if fits():
            return
        await pilot.pause(0.01)
    raise AssertionError("it did not come to pass")


# -- s -------------------------------------------------------------------------------------------------------------


async def test_what_was_saved_is_told_with_path_count_and_size(story: Story) -> None:
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        story.fact(RecordingSaved(story.call.call_id, story.now, "/home/me/[b].callscope", 1234, 3_100_000, 12.0))
        await stage.shows(pilot, story.call)
        told = "Recording saved | /home/me/[b].callscope · 1\u2009234 facts · 3.1 MB · without the first 12.0 s"
        assert stage.toasts() == [told]


async def test_what_could_not_be_saved_is_told_with_what_to_do(story: Story) -> None:
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        story.fact(RecordingFailed(story.call.call_id, story.now, "/x", "the disk is full", "Make room."))
        await stage.shows(pilot, story.call)
        assert stage.toasts() == ["Not recorded | the disk is full · Make room."]


async def test_a_recording_that_is_being_written_has_a_badge_and_a_save_has_none(story: Story) -> None:
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        story.fact(RecordingStarted(story.call.call_id, story.now, "/a", "s"))
        await stage.shows(pilot, story.call)
        assert "REC" not in stage.text.splitlines()[0]
        story.fact(RecordingStarted(story.call.call_id, story.now, "/b", "--record"))
        await stage.shows(pilot, story.call)
        assert "● REC" in stage.text.splitlines()[0]


async def test_help_says_how_much_of_the_call_can_still_be_saved(story: Story) -> None:
    story.fact(HistoryMeasured(story.call.call_id, story.now, story.now - 723.0, 3_100_000, 64_000_000))
    stage = Stage(story.call)
    async with stage.opened((120, 60)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        assert "s saves the last 12:03 of the call: 3.1 MB of at most 64.0 MB kept" in stage.text


# -- e -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_e_has_the_call_saved_and_bundled_and_the_path_copied(story: Story, here: Path) -> None:
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("e")
        await until(pilot, lambda: len(stage.commands) == 1)
        (save,) = stage.commands
        assert isinstance(save, Save)
        assert save.path is not None
        assert stage.bundled == [], "first the recording"
        story.fact(RecordingSaved(story.call.call_id, story.now, save.path, 10, 1000))
        await stage.shows(pilot, story.call)
        await until(pilot, lambda: len(stage.bundled) == 1)
        ((recording, picture, out),) = stage.bundled
        assert (str(recording), out) == (save.path, here / f"{bundle_name(story.call)}.zip")
        assert picture.startswith("<svg")
        await until(pilot, lambda: stage.app.clipboard == str(out))
        assert [toast.partition(" | ")[0] for toast in stage.toasts()] == ["Evidence written"]
        assert not recording.parent.exists(), "nothing is left lying about"


@pytest.mark.parametrize(
    "ended", [CallEnded("c", 0.0, "the peer is done"), WorkerLost("c", 0.0, "was killed", dead=True)]
)
async def test_e_takes_the_recording_that_is_left_of_a_call_that_is_over(
    story: Story, here: Path, ended: CallEnded | WorkerLost
) -> None:
    story.fact(RecordingStarted(story.call.call_id, story.now, "/home/me/call.callscope", "--record"))
    story.fact(replace(ended, call_id=story.call.call_id, at=story.now))
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("e")
        await until(pilot, lambda: len(stage.bundled) == 1)
        assert str(stage.bundled[0][0]) == "/home/me/call.callscope"
        assert stage.commands == [], "nobody is there to save it"


@pytest.mark.parametrize("failed", [True, False])
async def test_a_call_that_is_over_and_left_no_recording_has_no_e(story: Story, here: Path, failed: bool) -> None:
    if failed:
        story.fact(RecordingStarted(story.call.call_id, story.now, "/x", "--record"))
        story.fact(RecordingFailed(story.call.call_id, story.now, "/x", "the disk is full", "Make room."))
    story.fact(RecordingSaved(story.call.call_id, story.now, "/only/a/part", 10, 1000))
    story.fact(CallEnded(story.call.call_id, story.now, "the peer is done"))
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("e")
        await pilot.pause(0.05)
        assert (stage.bundled, stage.commands) == ([], [])


async def test_the_picture_is_masked_as_recordings_are_and_the_screen_is_not(story: Story, here: Path) -> None:
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        assert "4111" in stage.text
        await pilot.press("e")
        await until(pilot, lambda: len(stage.commands) == 1)
        (save,) = stage.commands
        assert isinstance(save, Save)
        story.fact(RecordingSaved(story.call.call_id, story.now, str(save.path), 10, 1000))
        await stage.shows(pilot, story.call)
        await until(pilot, lambda: len(stage.bundled) == 1)
        assert "4111" not in stage.bundled[0][1]
        assert "[card]" in stage.bundled[0][1]
        assert "4111" in stage.text


async def test_a_call_that_cannot_be_saved_has_no_evidence_and_says_why(story: Story, here: Path) -> None:
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("e")
        await until(pilot, lambda: len(stage.commands) == 1)
        (save,) = stage.commands
        assert isinstance(save, Save)
        story.fact(RecordingFailed(story.call.call_id, story.now, str(save.path), "the disk is full", "Make room."))
        await stage.shows(pilot, story.call)
        await until(pilot, lambda: stage.toasts() == ["No evidence: the disk is full | Make room."])
        assert stage.bundled == []


async def test_a_bundle_that_is_not_written_says_why_and_the_next_may_be(story: Story, here: Path) -> None:
    stage = Stage(story.call)
    stage.refuses = WorkerError("no room for the bundle", remedy="Make room.")
    async with stage.opened() as pilot:
        for asked in (1, 2):
            await pilot.press("e")
            while len(stage.commands) < asked:
                await pilot.pause(0.01)
            save = stage.commands[-1]
            assert isinstance(save, Save)
            story.fact(RecordingSaved(story.call.call_id, story.now, str(save.path), 10, 1000))
            await stage.shows(pilot, story.call)
            await until(pilot, lambda: "No evidence: no room for the bundle | Make room." in stage.toasts())


async def test_one_bundle_is_written_at_a_time(story: Story, here: Path) -> None:
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("e")
        await until(pilot, lambda: len(stage.commands) == 1)
        await pilot.press("e")
        assert stage.toasts()[-1].startswith("The evidence is being written")
        assert len(stage.commands) == 1


@pytest.mark.parametrize("call_id", ["../../etc/passwd", "a/b", "..", "\x1b[2J", "x" * 500, "", "con:"])
def test_a_hostile_id_cannot_leave_the_directory(call_id: str) -> None:
    name = bundle_name(Story(call_id).call)
    assert Path(name).name == name
    assert len(name) < 100


# -- x -------------------------------------------------------------------------------------------------------------


async def test_x_masks_what_is_shown_and_what_comes_and_shows_it_again(story: Story) -> None:
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("x")
        await pilot.pause()
        assert "MASKED" in stage.text.splitlines()[0]
        assert "my card is [card]" in stage.text
        story.fact(TranscriptReceived(story.call.call_id, story.now, Speaker.CALLER, f"again: {CARD}", final=True))
        await stage.shows(pilot, story.call)
        assert "again: my card is [card]" in stage.text
        assert "4111" not in stage.text
        await pilot.press("x")
        await pilot.pause()
        assert "MASKED" not in stage.text
        assert CARD in stage.text


async def test_a_frozen_screen_can_be_masked(story: Story) -> None:
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("space", "x")
        story.intent("later")
        await stage.shows(pilot, story.call)
        assert "[card]" in stage.text
        assert "FROZEN +1" in stage.text
        await pilot.press("space")
        await pilot.pause()
        assert "later" in stage.text
        assert "4111" not in stage.text
