"""A call that we make in Genesys' place: its keys, and what the connection panel says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.call import hook_events as he
from dashboard.call.hook_view import CONNECTOR
from dashboard.call.ports import Interrupt, Press, Say
from dashboard.call.state import CallState
from dashboard.ui.widgets.utterance import UtteranceInput
from tests.builders import Story, dialogue
from tests.ui.stage import Stage

CALL = "4f1c9a2b7d3e"


@pytest.fixture(scope="module")
def talk() -> CallState:
    story = Story()
    story.call = replace(story.call, dialect=CONNECTOR)
    story.connect()
    story.fact(he.HookOffered(CALL, story.now, "org", "participant", "correlation", ("PCMU 8000 external",)))
    story.fact(he.HookAccepted(CALL, story.now, 0.0123, "PCMU 8000 external", ("caller",)))
    dialogue(story)
    story.fact(he.PlaybackMeasured(CALL, story.now, 2.5, 0.0, 1.4, 0, 0.0, 7))
    return story.call


async def test_keys_of_the_telephone_are_typed_and_not_kept(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        await pilot.press("number_sign")
        await stage.shows(pilot, talk)
        assert "keys of the telephone" in stage.text
        await pilot.press(*"12", "number_sign", "enter")
        assert stage.commands == [Press("12#", CALL)]
        await pilot.press("number_sign", "up")
        assert stage.app.screen.query_one(UtteranceInput).value == ""


async def test_i_interrupts_and_u_still_speaks(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        await pilot.press("i", "u", *"hello", "enter")
        assert stage.commands == [Interrupt(CALL), Say("hello", CALL)]


async def test_where_callscope_is_not_the_caller_there_are_no_such_keys() -> None:
    story = Story()
    story.connect()
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("i", "number_sign")
        assert stage.commands == []
        assert "interrupt" not in stage.text


async def test_the_panel_says_how_soon_the_session_was_opened_and_what_was_played(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened():
        assert "opened  12.3 ms" in stage.text
        assert "played  1× · 2 s" in stage.text
        assert "played 2.5 s, up to 1.4 s ahead" in stage.text
        assert "token" not in stage.text


async def test_audio_that_ran_out_is_said_in_the_panel(talk: CallState) -> None:
    assert talk.hook is not None
    stage = Stage(replace(talk, hook=replace(talk.hook, underruns=3, dry_s=0.4)))
    async with stage.opened():
        assert "played  1× dry 3×" in stage.text
