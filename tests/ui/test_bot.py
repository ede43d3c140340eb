"""A bot beside the call on the screen: what u says and does, and how what the bot says is told from the call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.call import cognigy_events as ce
from dashboard.call import events as ev
from dashboard.call.bot_events import BotOffered, BotTold
from dashboard.call.events import Cause, Event, LinkState, Speaker
from dashboard.call.ports import Say
from dashboard.ui.board_app import BoardApp
from dashboard.ui.draw.door import Doorway
from tests.builders import Story
from tests.ui.board_stage import BoardStage
from tests.ui.stage import FULL, Stage

SESSION = "callscope-7be0c7d2-1111-4222-8333-9a9a9a9a9a9a"
STACKED = (80, 24)


def hooked(*, bot: bool = True, why_not: str = "") -> Story:
    """A call that came in by AudioHook."""
    story = Story()
    story.call = replace(story.call, dialect="audiohook")
    story.connect()
    if bot:
        where = ("", "", "") if why_not else ("https://endpoint", "cognigy", SESSION)
        story.fact(BotOffered(story.call.call_id, story.now, "parcel-bot", *where, "callscope", True, why_not))
    story.listen(0.5)
    return story


def told(story: Story, *facts: Event) -> None:
    for fact in facts:
        story.fact(BotTold(story.call.call_id, fact.at, fact))


def asked(story: Story) -> Story:
    """The bot has been asked something and has answered."""
    c, at = story.call.call_id, story.now
    told(
        story,
        ev.CallStarted(c, at, 1.9e9, "wss://endpoint", "cognigy"),
        ev.UtteranceHeld(c, at, 1, "where is it"),
        ev.ConnectionOpened(c, at, "wss://endpoint", "kernel", 0.01),
        ev.LinkChanged(c, at, LinkState.OPEN, Cause.PROGRESS),
        ev.SessionStarted(c, at, SESSION, ""),
        ce.EndpointReady(c, at, "callscope", True, 0.1, announced=True, engine=3),
        ev.UtteranceSent(c, at, 1, "where is it"),
        ev.TextReceived(c, at + 0.4, "Which number?"),
        ce.TurnFinished(c, at + 0.6, "regular"),
    )
    story.fact(ev.TranscriptReceived(c, at + 0.7, Speaker.BOT, "Good day.", True))
    return story


async def test_u_speaks_to_the_bot_beside_the_call_that_is_shown_and_says_in_which_session() -> None:
    story = hooked()
    stage = Stage(story.call)
    async with stage.opened() as pilot:
        await pilot.press("u")
        await stage.shows(pilot, story.call)
        assert f"test ▸{SESSION} at parcel-bot · no caller hears it · test mode" in stage.text
        await pilot.press(*"hi", "enter")
        assert stage.commands == [Say("hi", story.call.call_id)]


async def test_a_narrow_terminal_still_says_that_no_caller_hears_it() -> None:
    stage = Stage(hooked().call)
    async with stage.opened(STACKED) as pilot:
        await pilot.press("u")
        await stage.shows(pilot, stage.call)
        assert "at parcel-bot · no caller hears it · test mode" in stage.text


async def test_without_a_bot_u_says_what_to_set() -> None:
    stage = Stage(hooked(bot=False).call)
    async with stage.opened() as pilot:
        await pilot.press("u")
        (toast,) = stage.toasts()
        assert toast.startswith("No test utterance on this call | --bot PROFILE, or bot in your profile")
        assert stage.commands == []


async def test_where_there_is_no_conversation_u_says_so() -> None:
    stage = Stage(hooked(why_not="Genesys names no conversation for this call").call)
    async with stage.opened() as pilot:
        await pilot.press("u")
        assert stage.toasts() == ["No test utterance on this call | Genesys names no conversation for this call"]
        assert "○ none: Genesys names" in stage.text


async def test_a_call_that_was_opened_from_the_board_has_its_own_bot() -> None:
    story = hooked()
    stage = BoardStage({story.call.call_id: story.call})
    async with stage.opened() as pilot:
        await pilot.press("enter", "u", *"hi", "enter")
        assert stage.commands == [Say("hi", story.call.call_id)]


class PassingStage(BoardStage):
    """A board of calls that pass through here."""

    def new_app(self, *, ascii_only: bool = False) -> BoardApp:  # type: ignore[override]
        app = super().new_app(ascii_only=ascii_only)
        app._doorway = Doorway(carries=True)
        return app


async def test_into_a_call_that_only_passes_through_here_nothing_can_be_said() -> None:
    story = hooked(bot=False)
    stage = PassingStage({story.call.call_id: story.call})
    async with stage.opened() as pilot:
        await pilot.press("enter", "u")
        assert (stage.toasts(), stage.commands) == ([], [])


@pytest.mark.parametrize("size", [STACKED, FULL, (200, 50)])
async def test_what_the_bot_says_is_told_from_what_the_caller_heard(size: tuple[int, int]) -> None:
    stage = Stage(asked(hooked()).call)
    async with stage.opened(size):
        rows = [row for row in stage.text.splitlines() if "▸" in row or "◂" in row or "»" in row]
        (question,) = (row for row in rows if "where is it" in row)
        (answer,) = (row for row in rows if "Which number?" in row)
        (live,) = (row for row in rows if "Good day." in row)
        assert "» test" in question
        assert "● finished" in question
        assert "◂ test" in answer
        assert "400 ms" in answer
        assert "◂ bot" in live


@pytest.mark.parametrize("size", [STACKED, FULL, (200, 50)])
async def test_the_connection_panel_names_state_and_session_of_the_bot_at_every_size(size: tuple[int, int]) -> None:
    story = hooked()
    stage = Stage(story.call)
    async with stage.opened(size) as pilot:
        (row,) = (row for row in stage.text.splitlines() if "○ not dialled" in row)
        assert "callscope" in row
        await stage.shows(pilot, asked(story).call)
        (row,) = (row for row in stage.text.splitlines() if "● open · callscope" in row)
        assert "1 said" in row


@pytest.mark.parametrize("size", [STACKED, FULL])
async def test_a_bot_that_is_down_is_in_the_headline_and_the_call_is_not(size: tuple[int, int]) -> None:
    story = asked(hooked())
    told(story, ev.LinkChanged(story.call.call_id, story.now, LinkState.WAITING, Cause.TCP_REFUSED, "nobody"))
    story.listen(1.5)
    stage = Stage(story.call)
    async with stage.opened(size):
        first, second = stage.text.splitlines()[:2]
        assert "● open" in first
        assert "Test utterances: the link to the bot is down" in second
