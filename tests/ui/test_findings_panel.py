"""Panel 6 and what Enter opens, in the running app, while the call goes on."""

from __future__ import annotations

from dataclasses import replace

from textual.pilot import Pilot

from dashboard.call.events import Cause, ClosedBy
from dashboard.call.findings.finding import Finding, Severity
from dashboard.ui.screens.call import CallScreen
from dashboard.ui.screens.close import CloseScreen
from dashboard.ui.screens.finding import FindingScreen
from dashboard.ui.widgets.findings import FindingsPanel
from tests.builders import gave_up, steady, troubled, waiting
from tests.ui.host import on_view
from tests.ui.stage import Stage


def panel_of(stage: Stage) -> FindingsPanel:
    return stage.app.query_one(FindingsPanel)


def picked(stage: Stage) -> str:
    item = panel_of(stage).picked
    assert isinstance(item, Finding)
    return item.rule


async def test_a_call_without_findings_says_so_and_has_no_badge() -> None:
    stage = Stage(steady())
    async with stage.opened():
        assert on_view(panel_of(stage))[0] == "nothing found so far"
        assert "warning" not in stage.text.splitlines()[0]


async def test_what_stands_is_above_what_was_cleared_and_counted_in_title_and_header() -> None:
    stage = Stage(waiting())
    async with stage.opened():
        lines = on_view(panel_of(stage))
        assert lines[0].startswith(" ▲ The connection broke off")
        assert any(line.startswith(" ○ ") and line.rstrip().endswith(" ago") for line in lines)
        assert "6 findings · ▲ 1 warning" in stage.text
        assert "1 warning" in stage.text.splitlines()[0]


async def test_enter_opens_the_finding_under_the_cursor_and_escape_goes_back() -> None:
    stage = Stage(waiting())
    async with stage.opened() as pilot:
        await pilot.press("6", "enter")
        assert isinstance(stage.app.screen, FindingScreen)
        assert "abnormal_closures" in stage.text
        assert "what to do" in stage.text
        await pilot.press("escape", "j", "enter")
        assert "network_stalls" in stage.text
        await pilot.press("q")
        assert isinstance(stage.app.screen, CallScreen)


async def test_the_cursor_stays_with_its_finding_when_a_worse_one_comes() -> None:
    call = waiting()
    stage = Stage(call)
    async with stage.opened() as pilot:
        await pilot.press("6", "home")
        worse = replace(call.findings.standing[0], rule="worse", severity=Severity.ERROR)
        more = replace(call.findings, standing=(worse, *call.findings.standing))
        await stage.shows(pilot, replace(call, findings=more))
        assert (picked(stage), panel_of(stage).cursor) == ("abnormal_closures", 1)


async def test_a_cursor_that_was_never_moved_stands_on_the_worst() -> None:
    call = waiting()
    stage = Stage(call)
    async with stage.opened() as pilot:
        worse = replace(call.findings.standing[0], rule="worse", severity=Severity.ERROR)
        more = replace(call.findings, standing=(worse, *call.findings.standing))
        await stage.shows(pilot, replace(call, findings=more))
        assert (picked(stage), panel_of(stage).cursor) == ("worse", 0)


async def test_an_open_finding_goes_on() -> None:
    story = troubled()
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("6", "enter")
        assert "○ warning" not in stage.text
        story.listen(90.0)
        await stage.shows(pilot, story.call)
        assert "○ warning" in stage.text


async def test_enter_on_an_outage_explains_it_while_it_lasts_and_afterwards() -> None:
    story = troubled()
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        story.drop(Cause.SERVER_ERROR, code=1011, reason="[red]boom[/red] \x1b[2J", closed_by=ClosedBy.PEER)
        await stage.shows(pilot, story.call)
        await pilot.press("5", "enter")
        assert isinstance(stage.app.screen, CloseScreen)
        assert "outage 2" in stage.text
        assert "“[red]boom[/red] ␛[2J”" in stage.text
        assert "the first message again" not in stage.text
        story.connect(attempt=2)
        story.listen(1.0)
        await stage.shows(pilot, story.call)
        assert "the first message again" in stage.text
        await pilot.press("escape", "k", "enter")
        assert "outage 1" in stage.text


async def test_where_panels_are_stacked_what_is_found_is_on_view_as_soon_as_there_is_room() -> None:
    for size, seen in (((80, 24), False), ((100, 30), True), ((200, 30), True), ((100, 50), True)):
        stage = Stage(waiting())
        async with stage.opened(size):
            assert ("6 findings ·" in stage.text) is seen
            assert ("6 findings" in stage.text.splitlines()[-1]) is not seen


async def test_a_page_that_is_longer_than_the_screen_scrolls_and_stays_where_it_is() -> None:
    stage = Stage(waiting())
    async with stage.opened((80, 24)) as pilot:
        await pilot.press("5", "enter")
        assert "✖ dropped, no close frame" in stage.text
        await pilot.press("j", "j", "j")
        assert "✖ dropped, no close frame" not in stage.text
        await stage.shows(pilot, waiting())
        assert "✖ dropped, no close frame" not in stage.text
        await pilot.press("end")
        assert "the last messages" in stage.text
        await pilot.press("home")
        assert "✖ dropped, no close frame" in stage.text


async def test_enter_where_there_is_nothing_to_open_does_nothing() -> None:
    stage = Stage(steady())
    async with stage.opened() as pilot:
        for panel in "123456":
            await pilot.press(panel, "enter")
            assert isinstance(stage.app.screen, CallScreen)


async def test_enter_finishes_a_search_before_it_opens() -> None:
    stage = Stage(waiting())
    async with stage.opened() as pilot:
        await pilot.press("5", "slash", *"1006", "enter")
        assert isinstance(stage.app.screen, CallScreen)
        await pilot.press("enter")
        assert isinstance(stage.app.screen, CloseScreen)


async def test_a_double_click_on_a_finding_opens_it() -> None:
    stage = Stage(gave_up())
    async with stage.opened() as pilot:
        await click_twice(pilot)
        assert isinstance(stage.app.screen, FindingScreen)
        assert "GENESYS_CLIENT_SECRET" in stage.text


async def click_twice(pilot: Pilot[None]) -> None:
    await pilot.click(FindingsPanel, offset=(10, 1), times=2)
    await pilot.pause()


async def test_findings_of_a_frozen_screen_stay_while_the_badge_goes_on() -> None:
    story = troubled()
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("space")
        before = on_view(panel_of(stage))
        for attempt in range(2, 5):
            story.drop()
            story.wait(1.0)
            story.connect(attempt=attempt)
            story.listen(3.0)
        await stage.shows(pilot, story.call)
        assert on_view(panel_of(stage)) == before
        assert "1 error" in stage.text.splitlines()[0]


async def test_a_cursor_without_room_is_no_crash() -> None:
    stage = Stage(waiting())
    async with stage.opened() as pilot:
        panel = panel_of(stage)
        await pilot.press("6")
        await pilot.resize_terminal(3, 2)
        while panel.size.width:
            await pilot.pause()
        panel.has_focus = True  # a key that was on its way when the terminal shrank
        panel.action_cursor_pages(1)
        panel.action_cursor(-1)
        await pilot.resize_terminal(120, 36)
        await stage.shows(pilot, stage.call)
        assert "6 findings" in stage.text
