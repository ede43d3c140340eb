"""Toasts for what matters and is out of sight, few at once, and nothing in them is read as markup."""

from __future__ import annotations

from dashboard.call.events import Cause, ClosedBy
from tests.builders import Story
from tests.ui.stage import Stage


def opened() -> Story:
    story = Story()
    story.connect()
    story.listen(0.5)
    return story


async def test_a_lost_and_restored_connection_is_told_where_the_headline_is_out_of_sight() -> None:
    story = opened()
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("b")
        story.drop()
        await stage.shows(pilot, story.call)
        story.connect(attempt=2)
        story.listen(0.1)
        await stage.shows(pilot, story.call)
        lost, restored = stage.toasts()
        assert lost.startswith("Connection lost: dropped, no close frame | code 1006")
        assert restored.startswith("Restored after ")


async def test_what_the_peer_wrote_stands_in_a_toast_as_it_is() -> None:
    story = opened()
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("b")
        story.drop(Cause.SERVER_ERROR, code=1011, reason="[red]boom[/nonsense] \x1b[2J", closed_by=ClosedBy.PEER)
        await stage.shows(pilot, story.call)
        assert stage.toasts()[0].endswith("“[red]boom[/nonsense] ␛[2J”")
        assert "[red]boom[/nonsense]" in stage.text


async def test_a_flapping_link_never_piles_toasts_up() -> None:
    story = opened()
    stage = Stage(story.call)
    most = 0
    async with stage.opened() as pilot:
        await pilot.press("question_mark")
        for attempt in range(2, 6):
            story.drop()
            await stage.shows(pilot, story.call)
            most = max(most, len(stage.toasts()))
            story.connect(attempt=attempt)
            story.listen(0.1)
            await stage.shows(pilot, story.call)
            most = max(most, len(stage.toasts()))
    assert most == 3


async def test_toasts_that_gave_way_leave_nothing_behind() -> None:
    stage = Stage()
    async with stage.opened() as pilot:
        before = len(stage.app.screen.walk_children())
        for number in range(1, 9):
            stage.app._toast("warning", f"number {number}", "in quick succession")
            await pilot.pause()
        assert stage.toasts() == [f"number {number} | in quick succession" for number in (7, 8)]
        assert len(stage.app.screen.walk_children()) == before + 2 * 2  # a toast, and what holds it in its place


async def test_what_header_and_headline_tell_covers_no_panel_with_a_toast() -> None:
    story = opened()
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("space")
        story.drop()
        await stage.shows(pilot, story.call)
        assert stage.toasts() == []
        assert "1 outage" in stage.text, "the header goes on though the panels are frozen"
        number = story.hold("are you there?")
        await stage.shows(pilot, story.call)
        story.expire(number, "older than 30 s")
        await stage.shows(pilot, story.call)
        assert [toast.partition(" |")[0] for toast in stage.toasts()] == ["Utterance not sent"]
