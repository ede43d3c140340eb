"""How the app ends, and that nothing ends it by surprise."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from dashboard.call.ports import Stop
from dashboard.call.state import CallState
from dashboard.errors import WorkerError
from dashboard.ui import app as app_module
from dashboard.ui.screens.quit import QuitScreen
from tests.builders import Story
from tests.ui.stage import Stage


@pytest.fixture(scope="module")
def talk() -> CallState:
    story = Story()
    story.connect()
    story.listen(1.0)
    return story.call


async def test_q_asks_while_a_call_is_open_and_n_stays(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        await pilot.press("q")
        assert isinstance(stage.app.screen, QuitScreen)
        await pilot.press("n")
        assert stage.commands == []
        assert stage.app.is_running


async def test_a_confirmed_quit_stops_the_call_and_leaves_when_it_has_closed(talk: CallState) -> None:
    stage = Stage(talk, obeys=False)
    async with stage.opened() as pilot:
        await pilot.press("q", "y")
        await pilot.pause()
        assert stage.commands == [Stop()]
        assert "closing…" in stage.text
        assert stage.app.is_running
        stage.end()
        await stage.gone()
    assert stage.app.return_code == 0


async def test_q_does_not_ask_before_the_call_is_open() -> None:
    stage = Stage(None)
    async with stage.opened() as pilot:
        await pilot.press("q")
        await stage.gone()
    assert stage.commands == [Stop()]


async def test_ctrl_c_quits_without_asking_even_from_help(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        await pilot.press("question_mark", "ctrl+c")
        await stage.gone()
    assert stage.commands == [Stop()]


async def test_ctrl_c_again_leaves_without_waiting(talk: CallState) -> None:
    stage = Stage(talk, obeys=False)
    async with stage.opened() as pilot:
        await pilot.press("ctrl+c", "ctrl+c")
        await stage.gone()
    assert stage.commands == [Stop()]


async def test_a_call_that_does_not_close_is_left_after_a_while(
    talk: CallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_module, "CLOSE_S", 0.05)
    stage = Stage(talk, obeys=False)
    async with stage.opened() as pilot:
        await pilot.press("ctrl+c")
        await stage.gone()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals to itself")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
async def test_a_signal_closes_the_call_and_leaves(talk: CallState, name: str) -> None:
    stage = Stage(talk)
    async with stage.opened():
        os.kill(os.getpid(), getattr(signal, name))
        await stage.gone()
    assert stage.commands == [Stop()]


async def test_the_source_starts_after_the_first_frame() -> None:
    stage = Stage(None)
    assert not stage.started
    async with stage.opened():
        assert stage.started


async def test_a_source_that_ends_by_itself_leaves_the_last_picture(talk: CallState) -> None:
    stage = Stage(talk)
    async with stage.opened() as pilot:
        stage.end()
        await stage.shows(pilot, talk)
        assert stage.app.is_running
        assert "s-9001" in stage.text


async def test_a_source_that_cannot_start_says_why(talk: CallState) -> None:
    failure = WorkerError("the bot host [did] not start", remedy="Run callscope simulate.")
    stage = Stage(None, fails=failure)
    async with stage.opened():
        assert stage.toasts() == ["the bot host [did] not start | Run callscope simulate."]
        assert stage.app.failure is failure


async def test_a_bug_in_the_source_ends_the_app_and_is_handed_on() -> None:
    bug = ZeroDivisionError("a bug")
    stage = Stage(None, fails=bug)
    async with stage.app.run_test():
        await stage.gone()
    assert stage.app.failure is bug
    assert stage.app.return_code == 1


async def test_leaving_cancels_the_source(talk: CallState) -> None:
    stage = Stage(talk, obeys=False)
    async with stage.opened() as pilot:
        await pilot.press("ctrl+c", "ctrl+c")
    assert "feed" not in {task.get_name() for task in asyncio.all_tasks()}
