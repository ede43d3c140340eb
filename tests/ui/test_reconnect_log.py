from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from dashboard.call import events as ev
from dashboard.call.events import Cause
from dashboard.call.state import CallState
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
    """What stands below the titles, without the times."""
    return [text[10:] for text in on_view(panel)[1:] if text]


async def test_a_call_without_an_outage_says_so() -> None:
    async with shown(up()) as (panel, _):
        assert on_view(panel)[0] == "no outage so far"
        assert panel.border_title == "5 reconnects"


async def test_the_present_outage_counts_and_then_becomes_a_row() -> None:
    call = fold(*dropped(T0 + 5))
    async with shown(call) as (panel, _):
        assert rows(panel) == ["dropped without a close frame      1006      0   500 ms  ▲ down"]
        call = fold(ev.Ticked(ID, T0 + 6), call=call)
        panel.sample(call)
        assert rows(panel) == ["dropped without a close frame      1006      0    1.5 s  ▲ down"]
        call = fold(*back(T0 + 7), call=call)
        panel.sample(call)
        assert rows(panel) == ["dropped without a close frame      1006      1    2.5 s  ● resumed"]
        assert panel.border_title == "5 reconnects · 1"
        panel.sample(fold(ev.Ticked(ID, T0 + 9), call=call))
        assert rows(panel) == ["dropped without a close frame      1006      1    2.5 s  ● resumed"]


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
        assert [text.split()[0] for text in on_view(panel)] == ["#", "16", "17", "18", "19", "20"]
        await pilot.press("home")
        assert [text.split()[0] for text in on_view(panel)] == ["#", "1", "2", "3", "4", "5"]
        panel.sample(fold(*dropped(T0 + 300), *back(T0 + 301), call=call))
        assert panel.border_subtitle == "▼ 1 new · F follow"


async def test_a_very_low_panel_gives_its_lines_to_the_rows() -> None:
    async with shown(fold(*dropped(T0 + 5), *back(T0 + 7)), (80, 4)) as (panel, _):
        assert "dropped without" in on_view(panel)[0]


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
            "dropped without a close frame",
            "stale: open, but nothing came",
        ]
        seen = []
        for _ in range(5):
            await pilot.press("f")
            seen.append([text.split()[0].rstrip(":") for text in rows(panel)])
        assert seen == [["stale"], ["stale"], ["dropped"], ["stale"], ["dropped", "stale"]]


async def test_a_search_looks_through_all_columns() -> None:
    call = fold(*dropped(T0 + 5), *back(T0 + 7), *dropped(T0 + 10, Cause.STALE, 1001), *back(T0 + 12, "s-9002"))
    async with shown(call) as (panel, pilot):
        await pilot.press("slash", *"1001", "tab")
        assert [text.split()[0] for text in rows(panel)] == ["stale:"]
        await pilot.press("ctrl+u", *"network", "enter")
        assert len(panel.rows.hits) == 2


async def test_another_call_starts_over() -> None:
    async with shown(fold(*dropped(T0 + 5), *back(T0 + 7))) as (panel, _):
        panel.sample(up("call-2"))
        assert on_view(panel)[0] == "no outage so far"
