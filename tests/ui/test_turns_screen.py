"""`b`: the bot's turns as bars, while the call goes on."""

from __future__ import annotations

from dashboard.ui.screens.call import CallScreen
from dashboard.ui.screens.turns import TurnsScreen
from dashboard.ui.widgets.turns import TurnsPanel
from tests.builders import Story, exchange, turns
from tests.ui.host import on_view
from tests.ui.stage import Stage


def panel_of(stage: Stage) -> TurnsPanel:
    return stage.app.screen.query_one(TurnsPanel)


async def test_b_opens_the_turns_and_escape_goes_back() -> None:
    stage = Stage(turns())
    async with stage.opened() as pilot:
        for leave in ("escape", "b", "q"):
            await pilot.press("b")
            assert isinstance(stage.app.screen, TurnsScreen)
            assert "House number" in stage.text
            await pilot.press(leave)
            assert isinstance(stage.app.screen, CallScreen)


async def test_there_are_no_turns_before_there_is_a_call() -> None:
    stage = Stage(None)
    async with stage.opened() as pilot:
        await pilot.press("b")
        assert isinstance(stage.app.screen, CallScreen)


async def test_a_call_without_a_turn_says_so() -> None:
    story = Story()
    story.connect()
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("b")
        assert "no turn so far" in stage.text


async def test_turns_come_in_while_they_are_looked_at() -> None:
    story = Story()
    story.connect()
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("b")
        exchange(story, "one", "yes", "first")
        await stage.shows(pilot, story.call)
        exchange(story, "two", "yes", "second", slow_s=3.0)
        await stage.shows(pilot, story.call)
        lines = on_view(panel_of(stage))
        assert [line.split()[2] for line in lines[1:3]] == ["one", "two"]
        assert panel_of(stage).top_s == 8.0


async def test_a_frozen_screen_holds_the_turns_still() -> None:
    story = Story()
    story.connect()
    exchange(story, "one", "yes", "first")
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("space", "b")
        exchange(story, "two", "yes", "second")
        await stage.shows(pilot, story.call)
        assert "two" not in stage.text
        await pilot.press("space")
        assert "two" in stage.text


async def test_the_filters_and_the_search_of_the_turns() -> None:
    stage = Stage(turns())
    async with stage.opened() as pilot:
        await pilot.press("b")
        seen = []
        for _ in range(3):
            await pilot.press("f")
            seen.append([line.split()[0] for line in on_view(panel_of(stage))[1:] if line])
        assert seen == [["3"], ["4"], ["5"]]
        await pilot.press("f", "slash", *"twelve", "tab")
        assert [line.split()[0] for line in on_view(panel_of(stage))[1:] if line] == [
            "5",
            "8",
        ]  # and the one that goes on


async def test_a_barge_in_that_ends_in_the_next_turn_is_drawn_where_it_began() -> None:
    story = Story()
    story.connect()
    exchange(story, "one", "yes", "first", speaks_s=1.0, pause_s=0.0)
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("b")
        story.listen(0.8, caller_dbfs=-22.0, bot_dbfs=-21.0)
        story.says(story.call.lines[0].speaker, "stop")
        await stage.shows(pilot, story.call)
        assert "780 ms" not in on_view(panel_of(stage))[1]
        story.listen(1.0, bot_dbfs=-90.0)
        await stage.shows(pilot, story.call)
        assert on_view(panel_of(stage))[1].endswith("ms")
