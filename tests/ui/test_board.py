"""The board: many calls as a table, and the way from there to a call and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from dashboard.call.ports import Mark, Reconnect, Save, Stop
from dashboard.call.state import CallState
from dashboard.ui.draw.board import column_at, columns_for
from dashboard.ui.screens.board import BoardScreen
from dashboard.ui.screens.call import CallScreen
from dashboard.ui.screens.help import HelpScreen
from dashboard.ui.screens.quit import QuitScreen
from tests import boards
from tests.builders import START
from tests.ui.board_stage import BoardStage
from tests.ui.test_snapshots import SIZES, Compare

SECOND = START + 16.0


def rows(stage: BoardStage) -> list[str]:
    """The conversations of the table, from the top down."""
    names = [entry.name[:8] for entry in stage.panel.roster.entries.values()]
    return [name for line in stage.text.splitlines() for name in names if name in line[:14]]


def under_cursor(stage: BoardStage) -> str | None:
    return stage.panel.picked


async def test_before_the_first_call_it_says_where_it_waits_and_what_to_enter() -> None:
    stage = BoardStage()
    async with stage.opened((80, 24)):
        assert f"Waiting for calls at {boards.URL}" in stage.text
        assert "connection URI" in stage.text
        assert "every call must be signed" in stage.text
        assert "enter open" not in stage.text


async def test_the_worst_call_is_on_top_and_enter_opens_it_and_esc_comes_back() -> None:
    stage = BoardStage(boards.mixed())
    async with stage.opened() as pilot:
        assert rows(stage) == ["4eb06133", "1b7d2e90", "0a3f6c1e", "3daf5022", "5fc17244", "2c9e4f11"]
        await pilot.press("enter")
        assert isinstance(stage.app.screen, CallScreen)
        assert "4eb06133-2c77-413d-a9f5-adc0416c8f95" in stage.text
        assert "starting" not in stage.text
        await pilot.press("escape")
        assert isinstance(stage.app.screen, BoardScreen)
        await pilot.press("j", "enter")
        assert "1b7d2e90-8f44-4e0a-b6c2-7a9d1e3f5c62" in stage.text


async def test_commands_go_to_the_call_that_was_opened_and_keys_that_are_not_ours_do_nothing() -> None:
    stage = BoardStage(boards.mixed())
    async with stage.opened() as pilot:
        await pilot.press("j", "enter", "m", "s", "r", "d")
        assert stage.commands == [Mark("mark 1", "call-2"), Save(call_id="call-2")]
        assert isinstance(stage.app.screen, CallScreen)
        assert "reconnect" not in stage.text.splitlines()[-1]
        assert "esc all calls" in stage.text.splitlines()[-1]


async def test_escape_first_gives_back_all_panels_and_then_the_board() -> None:
    stage = BoardStage(boards.mixed())
    async with stage.opened() as pilot:
        await pilot.press("enter", "M", "escape")
        assert isinstance(stage.app.screen, CallScreen)
        await pilot.press("escape")
        assert isinstance(stage.app.screen, BoardScreen)


async def test_the_cursor_stays_on_its_call_when_that_moves() -> None:
    stage = BoardStage(boards.mixed())
    async with stage.opened() as pilot:
        await pilot.press("j", "j")
        assert under_cursor(stage) == "call-1"
        worse = boards.down("call-1")
        calls = boards.of(*(call for call in stage.calls.values() if call.call_id != "call-1"), worse.call)
        await stage.has(pilot, calls, boards.door(now=SECOND))
        assert rows(stage)[:2] != ["4eb06133", "1b7d2e90"]
        assert under_cursor(stage) == "call-1"
        await pilot.press("enter")
        assert stage.app._live is not None
        assert stage.app._live.call_id == "call-1"


async def test_until_it_is_moved_the_cursor_stays_on_top() -> None:
    fine = boards.of(boards.clear("call-1").call, boards.clear("call-2").call)
    stage = BoardStage(fine)
    async with stage.opened() as pilot:
        assert under_cursor(stage) == "call-1"
        worse = boards.of(fine["call-1"], boards.down("call-2").call)
        await stage.has(pilot, worse, boards.door(now=SECOND))
        assert under_cursor(stage) == "call-2"
        await pilot.press("j", "home")
        await stage.has(pilot, fine, boards.door(now=SECOND + 2))
        assert under_cursor(stage) == "call-1"


async def test_o_sorts_by_the_next_column_and_its_capital_turns_round() -> None:
    stage = BoardStage(boards.mixed())
    async with stage.opened() as pilot:
        await pilot.press("o")
        assert stage.panel.roster.by.name == "call"
        assert rows(stage)[0] == "0a3f6c1e"
        await pilot.press("O")
        assert rows(stage)[0] == "5fc17244"
        await pilot.press("o")
        assert (stage.panel.roster.by.name, stage.panel.roster.reverse) == ("state", False)


async def test_a_click_on_a_title_sorts_by_it_and_another_one_turns_round() -> None:
    stage = BoardStage(boards.mixed())
    async with stage.opened() as pilot:
        columns = columns_for(stage.panel.size.width - 1)
        at = next(x for x in range(200) if column_at(x, stage.panel.size.width - 1) is columns[3][0])
        for reverse in (False, True):
            await pilot.click(stage.panel, offset=(at + 2, 1))
            assert (stage.panel.roster.by.name, stage.panel.roster.reverse) == ("late", reverse)


async def test_f_shows_only_calls_in_trouble_live_or_ended() -> None:
    stage = BoardStage(boards.mixed())
    async with stage.opened() as pilot:
        seen = []
        for _ in range(4):
            await pilot.press("f")
            seen.append(len(rows(stage)))
        assert seen == [2, 5, 1, 6]


async def test_a_filter_follows_what_becomes_of_calls() -> None:
    stage = BoardStage(boards.mixed())
    async with stage.opened() as pilot:
        await pilot.press("f")
        well = boards.of(*(replace(call) for call in stage.calls.values() if call.call_id != "call-5"))
        await stage.has(pilot, well, boards.door(now=SECOND))
        assert rows(stage) == ["1b7d2e90"]


async def test_a_search_puts_the_cursor_on_what_it_finds() -> None:
    stage = BoardStage(boards.mixed())
    async with stage.opened() as pilot:
        await pilot.press("slash", *"3daf", "enter")
        assert under_cursor(stage) == "call-4"
        await pilot.press("enter")
        assert "3daf5022-1b66-402c-98e4-9cbf305b7e84" in stage.text


async def test_a_call_that_ends_while_it_is_open_stays_on_the_screen() -> None:
    stage = BoardStage(boards.mixed())
    async with stage.opened() as pilot:
        await pilot.press("enter")
        await stage.has(pilot, boards.of(boards.clear("call-9").call))
        assert "4eb06133-2c77-413d-a9f5-adc0416c8f95" in stage.text
        await pilot.press("escape")
        assert len(stage.panel.roster.order) == 1


async def test_a_lost_worker_can_be_started_again_from_the_board_and_from_a_call() -> None:
    lost = boards.down("call-1")
    lost.lose_worker("does not answer for 2.0 s")
    stage = BoardStage(boards.of(lost.call), replace(boards.door(), worker_lost="does not answer for 2.0 s"))
    async with stage.opened() as pilot:
        assert "press r to start it again" in stage.text
        await pilot.press("r")
        assert stage.commands == [Reconnect()]
        await pilot.press("enter", "r")
        assert stage.commands == [Reconnect(), Reconnect("call-1")]


async def test_x_masks_the_board_and_the_call_that_is_opened_from_it() -> None:
    story = boards.over("call-1")
    stage = BoardStage(boards.of(replace(story.call, ended="closed: +49 30 1234567")))
    async with stage.opened() as pilot:
        assert "1234567" in stage.text
        await pilot.press("x")
        await stage.has(pilot)
        assert "MASKED" in stage.text
        assert "1234567" not in stage.text
        await pilot.press("enter")
        await stage.has(pilot)
        assert "MASKED" in stage.text
        assert "1234567" not in stage.text


async def test_q_asks_while_calls_are_up_and_says_that_they_go_on() -> None:
    stage = BoardStage(boards.mixed())
    async with stage.opened() as pilot:
        await pilot.press("q")
        assert isinstance(stage.app.screen, QuitScreen)
        assert "5 calls are being watched" in stage.text
        assert "calls themselves go on" in stage.text
        await pilot.press("y")
        await stage.gone()
    assert stage.commands == [Stop()]


async def test_q_leaves_an_empty_board_without_a_question() -> None:
    stage = BoardStage()
    async with stage.opened() as pilot:
        await pilot.press("q")
        await stage.gone()
    assert stage.commands == [Stop()]


async def test_help_and_palette_know_the_keys_of_the_board() -> None:
    stage = BoardStage(boards.mixed())
    async with stage.opened() as pilot:
        await pilot.press("question_mark")
        assert isinstance(stage.app.screen, HelpScreen)
        assert "turn the order round" in stage.text
        await pilot.press("escape", "ctrl+p", *"turn round", "enter")
        await pilot.pause()
        assert stage.panel.roster.reverse is True


async def test_freeze_doctor_and_evidence_are_keys_of_a_call() -> None:
    stage = BoardStage(boards.mixed())
    async with stage.opened() as pilot:
        await pilot.press("space", "d", "e")
        assert isinstance(stage.app.screen, BoardScreen)
        assert (stage.commands, stage.bundled) == ([], [])


async def test_a_hundred_calls_are_listed_and_only_those_on_view_are_painted() -> None:
    story = boards.clear("x")
    calls = boards.of(*(replace(boards.named(story, f"{n:08}-0000"), call_id=f"call-{n:03}") for n in range(100)))
    stage = BoardStage(calls)
    async with stage.opened() as pilot:
        assert "calls · 100" in stage.text
        assert len(rows(stage)) == 29
        await pilot.press("end")
        assert rows(stage)[-1] == "00000099"


def crowd(count: int, *, first: int = 0) -> list[CallState]:
    """So many calls, numbered from `first` on."""
    story = boards.clear("x")
    return [
        replace(boards.named(story, f"{n:08}-0000"), call_id=f"call-{n:04}", started_at=START + n / 100)
        for n in range(first, first + count)
    ]


async def test_among_300_calls_that_come_and_go_cursor_sort_and_filter_stay_where_they_were() -> None:
    stays, lasting = crowd(300), crowd(1, first=150)[0]
    stage = BoardStage(boards.of(*stays))
    async with stage.opened() as pilot:
        await pilot.press("f", "f", "o", "slash", *"00000150", "enter")
        await pilot.press("escape")
        assert under_cursor(stage) == lasting.call_id
        for second in range(1, 6):
            gone = [replace(call, ended="closed: end") for call in stays[: 20 * second]]
            new = crowd(20 * second, first=300)
            await stage.has(pilot, boards.of(*stays[20 * second :], *gone, *new), boards.door(now=SECOND + second))
            assert under_cursor(stage) == lasting.call_id
            assert lasting.conversation_id is not None
            assert lasting.conversation_id[:8] in rows(stage)
        assert stage.panel.roster.by.name == "call"
        assert "only live · 300 of 350" in stage.text
        await pilot.press("enter")
        assert stage.app._live is not None
        assert stage.app._live.call_id == lasting.call_id
        await pilot.press("escape")
        assert isinstance(stage.app.screen, BoardScreen)
        assert (under_cursor(stage), stage.panel.roster.by.name) == (lasting.call_id, "call")
        assert "only live" in stage.text


async def test_a_call_that_comes_does_not_paint_the_others_anew() -> None:
    stage = BoardStage(boards.of(*crowd(20)))
    async with stage.opened() as pilot:
        painted: list[str] = []
        row = stage.panel.row
        stage.panel.row = lambda item, width: painted.append(item) or row(item, width)  # type: ignore
        await stage.has(pilot, boards.of(*stage.calls.values(), *crowd(1, first=20)))
        assert painted == ["call-0020"]


# -- pictures -----------------------------------------------------------------------------------------------


def drawn(stage: BoardStage) -> Callable[[Pilot[Any]], Any]:
    async def wait(pilot: Pilot[Any]) -> None:
        await stage.has(pilot)

    return wait


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_a_board_looks_as_it_did(size: tuple[int, int], snap_compare: Compare) -> None:
    stage = BoardStage(boards.mixed(), boards.door(refused={"expired": 12, "path": 1}))
    assert snap_compare(stage.app, terminal_size=size, run_before=drawn(stage))


def test_an_empty_board_looks_as_it_did(snap_compare: Compare) -> None:
    stage = BoardStage()
    assert snap_compare(stage.app, terminal_size=(80, 24), run_before=drawn(stage))


def test_a_board_in_ascii_looks_as_it_did(snap_compare: Compare) -> None:
    stage = BoardStage(boards.mixed())
    stage.app = stage.new_app(ascii_only=True)
    assert snap_compare(stage.app, terminal_size=(80, 24), run_before=drawn(stage))


def test_a_board_in_a_terminal_that_is_too_small_is_told_so(snap_compare: Compare) -> None:
    stage = BoardStage(boards.mixed())
    assert snap_compare(stage.app, terminal_size=(60, 20), run_before=drawn(stage))
