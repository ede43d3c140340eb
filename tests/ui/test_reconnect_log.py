from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from dashboard.call import events as ev
from dashboard.call.events import Cause
from dashboard.call.state import CallState, Outage
from dashboard.ui.widgets.reconnect_log import ReconnectPanel
from tests.ui.host import Host, on_view
from tests.unit.ui.folding import ID, T0, back, dropped, fold, up


@asynccontextmanager
async def shown(call: CallState, size: tuple[int, int] = (80, 8)) -> AsyncIterator[tuple[ReconnectPanel, Pilot[None]]]:
    panel = ReconnectPanel()
    async with Host(panel).run_test(size=size) as pilot:
        panel.sample(call)
        await pilot.pause()
        yield panel, pilot


def rows(panel: ReconnectPanel) -> list[str]:
    """What stands below the titles, without the times and the cursor."""
    return [text[11:] for text in on_view(panel)[1:] if text]


async def test_a_call_without_an_outage_says_so() -> None:
    async with shown(up()) as (panel, _):
        assert on_view(panel)[0] == "no outage so far"
        assert panel.border_title == "5 reconnects"


async def test_the_present_outage_counts_and_then_becomes_a_row() -> None:
    call = fold(*dropped(T0 + 5))
    async with shown(call) as (panel, _):
        assert rows(panel) == ["dropped, no close frame        1006         0   500 ms  ▲ down"]
        call = fold(ev.Ticked(ID, T0 + 6), call=call)
        panel.sample(call)
        assert rows(panel) == ["dropped, no close frame        1006         0    1.5 s  ▲ down"]
        call = fold(*back(T0 + 7), call=call)
        panel.sample(call)
        assert rows(panel) == ["dropped, no close frame        1006         1    2.5 s  ● resumed"]
        assert panel.border_title == "5 reconnects · 1"
        panel.sample(fold(ev.Ticked(ID, T0 + 9), call=call))
        assert rows(panel) == ["dropped, no close frame        1006         1    2.5 s  ● resumed"]


async def test_what_is_learned_after_an_outage_is_shown_in_its_row() -> None:
    call = fold(*dropped(T0 + 5), *back(T0 + 7))
    async with shown(call, (120, 8)) as (panel, _):
        assert "● resumed" in rows(panel)[0]
        call = fold(
            ev.SessionStarted(ID, T0 + 7.2, "s-9002", "c-1"), *dropped(T0 + 9), *back(T0 + 10, "s-9002"), call=call
        )
        panel.sample(call)
        assert ["○ new" in text for text in rows(panel)] == [True, False]


async def test_the_newest_outages_are_on_view_below_the_titles() -> None:
    facts = [fact for number in range(20) for fact in (*dropped(T0 + 5 + 10 * number), *back(T0 + 7 + 10 * number))]
    call = fold(*facts)
    async with shown(call, (120, 8)) as (panel, pilot):
        assert [text.strip("▸ ").split()[0] for text in on_view(panel)] == ["#", "16", "17", "18", "19", "20"]
        await pilot.press("home")
        assert [text.strip("▸ ").split()[0] for text in on_view(panel)] == ["#", "1", "2", "3", "4", "5"]
        panel.sample(fold(*dropped(T0 + 300), *back(T0 + 301), call=call))
        assert panel.border_subtitle == "▼ 1 new · F follow"


async def test_a_very_low_panel_gives_its_lines_to_the_rows() -> None:
    async with shown(fold(*dropped(T0 + 5), *back(T0 + 7)), (80, 4)) as (panel, _):
        assert (
            on_view(panel)[0].split(maxsplit=1)[1]
            == "no close frame    code 1006    1 attempt    down 2.5 s  ● resumed"
        )


async def test_the_filters_name_the_causes_that_there_were() -> None:
    call = fold(
        *dropped(T0 + 5),
        *back(T0 + 7),
        *dropped(T0 + 10, Cause.STALE, 1001),
        ev.AttemptFailed(ID, T0 + 11, 1, Cause.UNAVAILABLE, "503", 503, 1.0),
        *back(T0 + 12, "s-9002"),
    )
    async with shown(call) as (panel, pilot):
        assert [known.name for known in panel.filters()] == [
            "all",
            "not resumed",
            "failed attempts",
            "dropped, no close frame",
            "stale, nothing came",
        ]
        seen = []
        for _ in range(5):
            await pilot.press("f")
            seen.append([text.split()[0].rstrip(",") for text in rows(panel)])
        assert seen == [["stale"], ["stale"], ["dropped"], ["stale"], ["dropped", "stale"]]


async def test_a_search_looks_through_all_columns() -> None:
    call = fold(*dropped(T0 + 5), *back(T0 + 7), *dropped(T0 + 10, Cause.STALE, 1001), *back(T0 + 12, "s-9002"))
    async with shown(call) as (panel, pilot):
        await pilot.press("slash", *"1001", "tab")
        assert [text.split()[0] for text in rows(panel)] == ["stale,"]
        await pilot.press("ctrl+u", *"network", "enter")
        assert len(panel.rows.hits) == 2


async def test_another_call_starts_over() -> None:
    async with shown(fold(*dropped(T0 + 5), *back(T0 + 7))) as (panel, _):
        panel.sample(up("call-2"))
        assert on_view(panel)[0] == "no outage so far"


# -- the cursor -------------------------------------------------------------------------------------------


def outages(count: int) -> CallState:
    return fold(*(fact for n in range(count) for fact in (*dropped(T0 + 5 + 10 * n), *back(T0 + 7 + 10 * n))))


def under_the_cursor(panel: ReconnectPanel) -> int | None:
    """Number of the outage that is picked; its row has the cursor's sign, if it is on view."""
    marked = [line for line in on_view(panel) if line.startswith("▸")]
    assert len(marked) <= 1
    return None if panel.picked is None else panel.picked.number


def opened(pilot: Pilot[None]) -> list[Outage]:
    assert isinstance(pilot.app, Host)
    return pilot.app.opened


async def test_the_cursor_stays_with_the_newest_outage_until_it_is_moved() -> None:
    call = outages(2)
    async with shown(call, (120, 9)) as (panel, pilot):
        assert under_the_cursor(panel) == 2
        call = fold(*dropped(T0 + 50), call=call)
        panel.sample(call)
        assert under_the_cursor(panel) == 3, "the one that goes on"
        panel.sample(fold(*back(T0 + 52), call=call))
        assert under_the_cursor(panel) == 3, "and has become a row"
        await pilot.press("k")
        panel.sample(fold(*dropped(T0 + 60), call=panel._call))
        assert under_the_cursor(panel) == 2
        await pilot.press("j", "down")
        panel.sample(fold(*back(T0 + 61), *dropped(T0 + 70), call=panel._call))
        assert under_the_cursor(panel) == 5


async def test_the_cursor_stops_at_both_ends() -> None:
    async with shown(outages(3), (120, 9)) as (panel, pilot):
        await pilot.press("up", "up", "up", "up")
        assert under_the_cursor(panel) == 1
        await pilot.press("j", "j", "j", "j")
        assert under_the_cursor(panel) == 3
        await pilot.press("home")
        assert under_the_cursor(panel) == 1
        await pilot.press("end")
        assert under_the_cursor(panel) == 3


async def test_the_view_goes_with_the_cursor_and_only_as_far_as_it_must() -> None:
    async with shown(outages(20), (120, 8)) as (panel, pilot):
        await pilot.press("k", "k", "k", "k")
        assert [line.split()[0].strip("▸") or line.split()[1] for line in on_view(panel)[1:]] == [
            "16", "17", "18", "19", "20",
        ]  # fmt: skip
        await pilot.press("k")
        assert on_view(panel)[1].startswith("▸ 15")
        assert not panel.follows
        await pilot.press("pagedown")
        assert under_the_cursor(panel) == 19
        await pilot.press("F")
        assert under_the_cursor(panel) == 20
        assert panel.follows


async def test_a_row_under_the_cursor_is_not_scrolled_away_by_those_to_come() -> None:
    call = outages(4)
    async with shown(call, (120, 8)) as (panel, pilot):
        await pilot.press("home")
        for number in range(6):
            call = fold(*dropped(T0 + 100 + 10 * number), *back(T0 + 101 + 10 * number), call=call)
            panel.sample(call)
        assert on_view(panel)[1].startswith("▸  1")
        assert panel.border_subtitle == "▼ 6 new · F follow"


async def test_a_click_picks_a_row_and_a_double_click_opens_it() -> None:
    async with shown(outages(3), (120, 9)) as (panel, pilot):
        await pilot.click(panel, offset=(10, 2))
        assert under_the_cursor(panel) == 1
        assert opened(pilot) == []
        await pilot.click(panel, offset=(10, 3), times=2)
        assert [outage.number for outage in opened(pilot)] == [2]


async def test_a_click_below_the_rows_picks_none() -> None:
    async with shown(outages(3), (120, 9)) as (panel, pilot):
        await pilot.click(panel, offset=(10, 6))
        assert under_the_cursor(panel) == 3
        await pilot.click(panel, offset=(10, 1))
        assert under_the_cursor(panel) == 3


async def test_the_cursor_is_seen_only_where_the_focus_is() -> None:
    async with shown(outages(2), (120, 9)) as (panel, pilot):
        assert any(line.startswith("▸") for line in on_view(panel))
        assert panel.border_subtitle == "enter explains"
        pilot.app.set_focus(None)
        await pilot.pause()
        assert not any(line.startswith("▸") for line in on_view(panel))
        assert panel.border_subtitle is None


async def test_a_filter_leaves_the_cursor_on_a_row_that_is_on_view() -> None:
    call = fold(
        *dropped(T0 + 5), *back(T0 + 7), *dropped(T0 + 10, Cause.STALE, 1001), *back(T0 + 12, "s-9002"), call=outages(0)
    )
    async with shown(call, (120, 9)) as (panel, pilot):
        await pilot.press("home", "f")
        assert under_the_cursor(panel) == 2
        await pilot.press("f", "f")
        assert under_the_cursor(panel) == 1


async def test_nothing_is_opened_where_there_is_no_row() -> None:
    async with shown(up()) as (panel, pilot):
        await pilot.press("j", "k", "home", "end", "pageup")
        panel.action_open()
        await pilot.pause()
        assert under_the_cursor(panel) is None
        assert opened(pilot) == []
