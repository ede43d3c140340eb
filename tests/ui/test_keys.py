"""What every key does, pressed in the running app."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from dashboard.call.ports import Mark, Reconnect, Save, Say, Stop
from dashboard.call.state import CallState
from dashboard.ui.keys import KEYS
from dashboard.ui.screens.call import CallScreen
from dashboard.ui.screens.help import HelpScreen
from dashboard.ui.screens.quit import QuitScreen
from dashboard.ui.theme import DARK, LIGHT
from dashboard.ui.widgets.jitter import JitterPanel
from dashboard.ui.widgets.plot import PlotPanel
from dashboard.ui.widgets.reconnect_log import ReconnectPanel
from dashboard.ui.widgets.transcript import TranscriptPanel
from dashboard.ui.widgets.utterance import UtteranceInput
from tests.builders import Story, dialogue
from tests.ui.stage import Stage

CALL = "4f1c9a2b7d3e"
"""The id of the builders' call."""


@pytest.fixture(scope="module")
def talk() -> CallState:
    story = Story()
    story.connect()
    dialogue(story)
    return story.call


def focused(pilot: Pilot[None]) -> str:
    widget = pilot.app.focused
    return "" if widget is None else type(widget).__name__


async def test_r_asks_for_a_reconnect(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        await pilot.press("r")
        assert stage.commands == [Reconnect(CALL)]


async def test_a_lost_worker_is_asked_for_nothing_but_a_reconnect() -> None:
    story = Story()
    story.lose_worker("it was killed")
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        assert "r starts it again" in stage.text
        await pilot.press("u", "m", "r")
        assert stage.commands == [Reconnect(CALL)]


async def test_u_takes_an_utterance_and_enter_says_it(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        await pilot.press("u")
        assert focused(pilot) == "UtteranceInput"
        await pilot.press(*"q r", "enter")  # keys of the screen are text here
        assert stage.commands == [Say("q r", CALL)]
        assert focused(pilot) == "TranscriptPanel"


async def test_up_and_down_bring_back_earlier_utterances_and_the_draft(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        line = stage.app.screen.query_one(UtteranceInput)
        await pilot.press("u", "a", "enter", "u", "b", "enter", "u", "c", "up")
        assert line.value == "b"
        await pilot.press("up", "up")
        assert line.value == "a"
        await pilot.press("down", "down", "down")
        assert line.value == "c"


async def test_escape_leaves_the_utterance_unsaid_and_an_empty_one_is_not_said(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        await pilot.press("u", "x", "escape", "u", "backspace", "space", "enter")
        assert stage.commands == []
        assert focused(pilot) == "TranscriptPanel"


async def test_space_holds_the_panels_and_counts_the_rows_that_wait(talk: CallState) -> None:
    story = Story()
    story.connect()
    dialogue(story)
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("space")
        story.intent("a_new_intent")
        story.intent("another_intent")
        story.drop()
        await stage.shows(pilot, story.call)
        assert "FROZEN +3" in stage.text
        assert "a_new_intent" not in stage.text
        assert "1 outage" in stage.text, "the header goes on"
        await pilot.press("space")
        assert "FROZEN" not in stage.text
        assert "a_new_intent" in stage.text


async def test_m_puts_a_numbered_mark(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        await pilot.press("m")
        assert stage.commands == [Mark("mark 1", CALL)]


async def test_s_asks_for_a_recording_of_what_has_been_seen(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        await pilot.press("s")
        assert stage.commands == [Save(call_id=CALL)]


async def test_a_number_goes_to_its_panel(talk: CallState) -> None:
    stage = Stage(talk)
    panels = ("ConnectionPanel", "JitterPanel", "TranscriptPanel", "PlotPanel", "ReconnectPanel", "FindingsPanel")
    async with stage.opened() as pilot:
        for number, panel in enumerate(panels, start=1):
            await pilot.press(str(number))
            assert focused(pilot) == panel
        assert visible_panels(stage) == list(panels)


def visible_panels(stage: Stage) -> list[str]:
    panels = stage.app.screen.query_one("#panels").children
    return [type(panel).__name__ for panel in panels if panel.display]


async def test_a_number_shows_its_panel_alone_where_panels_are_stacked(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened((80, 24)) as pilot:
        assert not {"PlotPanel", "FindingsPanel"} & set(visible_panels(stage))
        await pilot.press("6")
        assert visible_panels(stage) == ["FindingsPanel"]
        await pilot.press("4")
        assert visible_panels(stage) == ["PlotPanel"]
        assert "lateness over time" in stage.text
        assert "esc all panels" in stage.text
        await pilot.press("escape")
        assert "PlotPanel" not in visible_panels(stage)


async def test_M_gives_the_focused_panel_all_the_room_and_takes_it_back(talk: CallState) -> None:  # noqa: N802
    stage = Stage(talk)
    async with stage.opened() as pilot:
        await pilot.press("5", "M")
        assert visible_panels(stage) == ["ReconnectPanel"]
        await pilot.press("M")
        assert len(visible_panels(stage)) == 6
        await pilot.press("M", "escape")
        assert len(visible_panels(stage)) == 6


async def test_t_changes_between_dark_and_light(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        assert stage.app.theme == DARK.name
        await pilot.press("t")
        assert stage.app.theme == LIGHT.name
        await pilot.press("t")
        assert stage.app.theme == DARK.name


async def test_w_goes_through_the_windows_of_jitter_and_plot(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        windows = []
        for _ in range(3):
            await pilot.press("w")
            windows.append(stage.app.screen.query_one(JitterPanel).window_s)
            assert stage.app.screen.query_one(PlotPanel).window_s == windows[-1]
        assert windows == [None, 10.0, 60.0]


async def test_p_goes_through_the_plots(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        titles = ("lateness: frames by ms", "round trips over time", "lateness over time")
        for title in titles:
            await pilot.press("p")
            assert title in stage.text


async def test_search_and_filter_go_to_the_log_that_has_the_focus_else_to_the_transcript(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        transcript = stage.app.screen.query_one(TranscriptPanel)
        reconnects = stage.app.screen.query_one(ReconnectPanel)
        await pilot.press("1", "slash", *"pa", "enter")
        assert focused(pilot) == "TranscriptPanel"
        assert transcript.search is not None
        assert transcript.search.text == "pa"
        await pilot.press("5", "slash", *"st", "enter")
        assert reconnects.search is not None
        assert reconnects.search.text == "st"
        await pilot.press("2", "f")
        assert "only speech" in stage.text


async def test_F_follows_again(talk: CallState) -> None:  # noqa: N802
    stage = Stage(talk)
    async with stage.opened((80, 24)) as pilot:
        transcript = stage.app.screen.query_one(TranscriptPanel)
        await pilot.press("up", "up")
        assert not transcript.follows
        await pilot.press("F")
        assert transcript.follows


async def test_help_lists_every_key_and_closes(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        await pilot.press("question_mark", "escape", "f1")
        assert isinstance(stage.app.screen, HelpScreen)
        shown = stage.text
        assert [known.help for known in KEYS if known.help not in shown] == []
        await pilot.press("escape")
        assert isinstance(stage.app.screen, CallScreen)


async def test_the_palette_does_what_a_key_does(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        await pilot.press("ctrl+p", *"rec")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert stage.commands == [Reconnect(CALL)]


async def test_a_page_key_in_the_palette_while_the_terminal_shrinks_is_no_crash(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        await pilot.press("ctrl+p", "down", "ctrl+end")
        await pilot.resize_terminal(3, 2)
        await pilot.press("pageup", "pagedown", "pageup")
        await pilot.resize_terminal(120, 36)
        await pilot.press("escape")
        assert stage.app.is_running


@pytest.mark.parametrize("key", ["b", "g", "question_mark", "q", "ctrl+p"])
async def test_a_screen_that_is_told_twice_to_leave_takes_no_other_with_it(talk: CallState, key: str) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        await pilot.press(key)
        above = stage.app.screen
        above.dismiss()
        above.dismiss()
        await pilot.pause()
        assert isinstance(stage.app.screen, CallScreen)
        assert len(stage.app.screen_stack) == 1


async def test_keys_that_come_faster_than_screens_open_one() -> None:
    story = Story()
    story.connect()
    story.drop()
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("5")
        log = stage.app.screen.query_one(ReconnectPanel)
        for _ in range(50):
            log.action_open()
        await pilot.pause()
        await pilot.press("ctrl+p")
        assert len(stage.app.screen_stack) == 2
        await pilot.press("escape")
        assert isinstance(stage.app.screen, CallScreen)


async def test_a_bug_is_kept_for_whoever_ran_the_app_and_prints_nothing(
    talk: CallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    bug = RuntimeError("a bug")

    def fail(self: CallScreen) -> None:
        raise bug

    monkeypatch.setattr(CallScreen, "action_reconnect", fail)
    stage = Stage(talk)
    with pytest.raises(RuntimeError, match="a bug"):
        async with stage.opened() as pilot:
            await pilot.press("r")
    assert stage.app.failure is bug
    assert not stage.app._exit_renderables


async def test_a_click_on_the_footer_does_what_its_key_does(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        await pilot.click("KeyBar", offset=(3, 0))
        assert stage.commands == [Reconnect(CALL)]


async def test_keys_that_need_a_call_do_nothing_before_there_is_one() -> None:
    stage = Stage(None)
    async with stage.opened() as pilot:
        assert "starting the worker" in stage.text.lower()
        assert "reconnect" not in stage.text.splitlines()[-1]
        await pilot.press("r", "m", "e", "space", "u")
        assert stage.commands == []
        assert "FROZEN" not in stage.text
        assert focused(pilot) == "TranscriptPanel"


async def test_a_call_that_has_ended_takes_no_more_commands(talk: CallState) -> None:
    story = Story()
    story.connect()
    story.end()
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("r", "m", "u")
        assert stage.commands == []
        await pilot.press("q")
        assert not isinstance(stage.app.screen, QuitScreen)
        assert stage.commands == [Stop()]
