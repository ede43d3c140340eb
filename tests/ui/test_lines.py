from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from textual.events import MouseScrollDown, MouseScrollUp, Paste
from textual.geometry import Region, Size
from textual.pilot import Pilot

from dashboard.ui.draw.spans import Row
from dashboard.ui.widgets.log_panel import Filter, LogPanel
from tests.ui.host import Host, on_view


class Words(LogPanel[str]):
    """Rows that are texts; it notes what it was asked to draw and to repaint."""

    TITLE = "7 words"

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[str] = []
        self.repainted: list[Region | None] = []

    def row(self, item: str, width: int) -> Row:
        self.drawn.append(item)
        return Row(body=((item, "text"),))

    def plain(self, item: str) -> str:
        return item

    def filters(self) -> Sequence[Filter[str]]:
        return (Filter("all"), Filter("even", lambda text: text[-1] in "02468"))

    def nothing(self) -> str:
        return "no word"

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Words:
        if hasattr(self, "repainted"):
            self.repainted += regions or [None]
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def add(self, *texts: str) -> None:
        self.append(texts)
        self.show_changes()

    @property
    def view(self) -> list[str]:
        return on_view(self)

    @property
    def edge(self) -> str:
        return self.border_subtitle or ""


def words(first: int, last: int) -> list[str]:
    return [f"word {number}" for number in range(first, last)]


async def started(pilot: Pilot[None], count: int = 100) -> Words:
    """The panel, with that many words in it."""
    panel = pilot.app.query_one(Words)
    panel.add(*words(0, count))
    await pilot.pause()
    return panel


async def sized(pilot: Pilot[None], panel: Words, size: Size) -> None:
    """Wait until the screen has been laid out anew."""
    while panel.size != size:
        await pilot.pause()


@asynccontextmanager
async def run(size: tuple[int, int] = (60, 12)) -> AsyncIterator[Pilot[None]]:
    """A panel of ten lines and what drives it."""
    async with Host(Words()).run_test(size=size) as pilot:
        yield pilot


def noted(pilot: Pilot[None]) -> list[str]:
    assert isinstance(pilot.app, Host)
    return pilot.app.noted


async def test_the_newest_row_is_followed() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        assert panel.view == words(90, 100)
        panel.add("word 100")
        assert panel.view == words(91, 101)
        assert panel.edge == ""


@pytest.mark.parametrize("resume", ["F", "end"])
async def test_scrolling_up_stops_following_and_new_rows_are_counted(resume: str) -> None:
    async with run() as pilot:
        panel = await started(pilot)
        await pilot.press("k", "up")
        assert panel.view == words(88, 98)
        assert panel.edge == "▼ F follow"
        panel.add(*words(100, 134))
        assert panel.view == words(88, 98)
        assert panel.edge == "▼ 34 new · F follow"
        await pilot.press(resume)
        assert panel.view == words(124, 134)
        assert panel.edge == ""


async def test_scrolling_down_to_the_end_follows_again() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        await pilot.press("pageup", "pageup")
        assert panel.view == words(72, 82)
        await pilot.press("pagedown", "j", "down")
        assert panel.view == words(83, 93)
        await pilot.press("pagedown")
        panel.add("word 100")
        assert panel.view == words(91, 101)


async def test_home_shows_the_oldest_row() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        await pilot.press("home", "up")
        assert panel.view == words(0, 10)


async def test_the_wheel_and_the_scroll_bar_scroll() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        panel.post_message(MouseScrollUp(panel, 5, 5, 0, -1, 0, False, False, False))
        panel.post_message(MouseScrollUp(panel, 5, 5, 0, -1, 0, False, False, False))
        panel.post_message(MouseScrollDown(panel, 5, 5, 0, 1, 0, False, False, False))
        await pilot.pause()
        assert panel.view == words(87, 97)
        await pilot.mouse_down(panel, offset=(58, 1))
        await pilot.mouse_up(panel, offset=(58, 1))
        assert panel.view == words(0, 10)
        await pilot.mouse_down(panel, offset=(58, 1))
        await pilot.hover(panel, offset=(58, 10))
        await pilot.mouse_up(panel, offset=(58, 10))
        assert panel.view == words(90, 100)


async def test_a_few_rows_stand_at_the_top_and_do_not_scroll() -> None:
    async with run() as pilot:
        panel = await started(pilot, 3)
        await pilot.press("up", "pageup")
        assert panel.view == [*words(0, 3), *[""] * 7]
        assert panel.edge == ""


async def test_a_row_higher_than_the_panel_can_be_scrolled_through() -> None:
    async with run((22, 5)) as pilot:
        panel = pilot.app.query_one(Words)
        panel.add("aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj kkkk llll")
        lines = ["aaaa bbbb cccc", "dddd eeee ffff", "gggg hhhh iiii", "jjjj kkkk llll"]
        assert panel.view == lines[1:]
        await pilot.press("up")
        assert panel.view == lines[:3]
        await pilot.press("up", "down")
        assert panel.view == lines[1:]


async def test_only_rows_on_view_are_ever_drawn() -> None:
    async with run() as pilot:
        panel = await started(pilot, 0)
        panel.drawn.clear()
        panel.add(*words(0, 100_000))
        await pilot.press("pageup", "home", "pagedown", "end")
        panel.action_filter()
        await pilot.resize_terminal(40, 12)
        await sized(pilot, panel, Size(37, 10))
        assert len(panel.drawn) < 300
        assert panel.view == [f"word {number}" for number in range(99_980, 100_000, 2)]


async def test_the_oldest_rows_go_while_the_operator_reads_the_newer_ones() -> None:
    async with run() as pilot:
        panel = await started(pilot, 109_990)
        await pilot.press("pageup")
        before = panel.view
        panel.add(*words(109_990, 110_020))
        assert len(panel.rows) == 100_000
        assert panel.view == before
        await pilot.press("home")
        assert panel.view == words(10_020, 10_030)


async def test_nothing_is_repainted_when_nothing_changed() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        await pilot.press("up")
        panel.repainted.clear()
        panel.set_live(())
        panel.repaint([95])
        panel.show_changes()
        assert panel.repainted == []


async def test_a_change_repaints_its_own_cells_only() -> None:
    async with run() as pilot:
        panel = await started(pilot, 4)
        panel.repainted.clear()
        panel.rows.replace(2, "changed")
        panel.repaint([2])
        panel.show_changes()
        assert panel.repainted == [Region(0, 2, panel.size.width - 1, 1)]  # not the scroll bar
        assert panel.view[2] == "changed"


async def test_a_live_row_stands_last_until_it_is_gone() -> None:
    async with run() as pilot:
        panel = await started(pilot, 3)
        panel.set_live(["typing 1"])
        panel.show_changes()
        assert panel.view[:5] == [*words(0, 3), "typing 1", ""]
        panel.set_live(())
        panel.add("typed 1")
        assert panel.view[:5] == [*words(0, 3), "typed 1", ""]


async def test_another_width_wraps_anew_and_stays_at_the_end() -> None:
    async with run() as pilot:
        panel = await started(pilot, 50)
        panel.add("one two three four five six seven eight nine ten eleven twelve")
        assert panel.view[-1] == "twelve"
        await pilot.resize_terminal(30, 12)
        await sized(pilot, panel, Size(27, 10))
        assert panel.view[-3:] == ["one two three four five", "six seven eight nine ten", "eleven twelve"]
        assert all(panel.render_line(y).cell_length == panel.size.width for y in range(panel.size.height))


async def test_an_empty_panel_says_so() -> None:
    async with run() as pilot:
        panel = await started(pilot, 0)
        assert panel.view[0] == "no word"
        assert panel.border_title == "7 words"


# -- filter -----------------------------------------------------------------------------------------------


async def test_the_filter_goes_round_and_the_title_says_which_is_on() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        await pilot.press("f")
        assert panel.view == [f"word {number}" for number in range(80, 100, 2)]
        assert panel._border_title is not None
        assert panel._border_title.plain == "7 words · only even · 50 of 100"
        await pilot.press("f")
        assert panel.view == words(90, 100)
        assert panel.border_title == "7 words · 100"


async def test_a_filter_keeps_the_place_that_is_read() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        await pilot.press("home", "pagedown", "f")
        assert panel.view[0] == "word 10"
        await pilot.press("f")
        assert panel.view[0] == "word 10"


async def test_a_filter_holds_for_live_rows() -> None:
    async with run() as pilot:
        panel = await started(pilot, 3)
        panel.set_live(["typing 1"])
        await pilot.press("f")
        assert panel.view[:3] == ["word 0", "word 2", ""]
        await pilot.press("f")
        assert panel.view[3] == "typing 1"


# -- search -----------------------------------------------------------------------------------------------


async def test_a_search_marks_while_it_is_typed_and_stands_on_the_newest_match() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        await pilot.press("slash", *"D 3")
        assert panel.edge.startswith("/D 3▏  11 of 11")
        assert "word 39" in panel.view
        marked = [[part.text for part in panel.render_line(y)].count("d 3") for y in range(10)]
        assert marked == ["d 3" in text for text in panel.view]
        await pilot.press("5")
        assert panel.edge.startswith("/D 35▏  1 of 1")
        assert "word 35" in panel.view
        await pilot.press("x")
        assert "not found" in panel.edge


async def test_n_goes_on_and_around() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        await pilot.press("slash", *"d 3", "enter")
        assert panel.edge == "/d 3  11 of 11 · n next · N previous · Esc leave"
        await pilot.press("n")
        assert panel.edge.startswith("/d 3  1 of 11")
        assert "word 3" in panel.view
        await pilot.press("N", "N")
        assert panel.edge.startswith("/d 3  10 of 11")
        assert "word 38" in panel.view


async def test_leaving_while_typing_returns_to_where_it_began() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        await pilot.press("slash", *"word 3", "escape")
        assert panel.view == words(90, 100)
        assert panel.follows
        assert panel.edge == ""
        await pilot.press("slash", *"word 3", "enter", "escape")
        assert "word 39" in panel.view
        assert panel.edge == "▼ F follow"
        assert noted(pilot) == []
        await pilot.press("escape")
        assert noted(pilot) == ["back"]


async def test_tab_leaves_only_the_matches_on_view() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        await pilot.press("slash", *"d 3", "tab")
        assert panel.view == words(30, 40)
        assert "Tab all rows" in panel.edge
        panel.add("word 301")
        assert panel.rows.shown[-1] == 100
        await pilot.press("enter", "escape")
        assert panel.view == words(35, 45)


async def test_keys_of_the_screen_are_text_in_a_search_line() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        await pilot.press("slash", *"qfn", "backspace", "slash", "space", "up")
        assert panel.edge.startswith("/qf/ ▏")
        await pilot.press("ctrl+u", "q")
        panel.post_message(Paste("uick\nsecond line"))
        await pilot.pause()
        assert panel.edge.startswith("/quick▏")
        assert noted(pilot) == []


async def test_what_is_typed_is_never_markup_nor_a_control_sequence() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        await pilot.press("slash")
        panel.post_message(Paste("[/b] [red]\x1b[31m"))
        await pilot.pause()
        assert panel._border_subtitle is not None
        assert panel._border_subtitle.plain.startswith("/[/b] [red]␛[31m▏")


async def test_an_empty_search_line_is_no_search() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        await pilot.press("slash", "enter", "n")
        assert panel.search is None
        assert panel.view == words(90, 100)


async def test_new_rows_are_searched_as_they_come() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        await pilot.press("slash", *"word 101", "enter")
        assert "not found" in panel.edge
        panel.add("word 100", "word 101")
        await pilot.press("n")
        assert panel.edge.startswith("/word 101  1 of 1")


async def test_losing_the_focus_ends_the_typing_and_keeps_the_search() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        await pilot.press("slash", *"d 3")
        panel.blur()
        await pilot.pause()
        assert panel.search is not None
        assert not panel.search.typing


async def test_rows_that_come_before_the_word_of_a_larger_size_are_no_crash() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        assert panel._view is not None
        panel._view, panel._drawn_for = panel._view[:3], Size(57, 3)  # drawn when there was less room
        panel.add("word 100")
        await pilot.pause()
        assert panel.view == words(91, 101)


async def test_a_panel_without_room_draws_nothing_and_recovers() -> None:
    async with run() as pilot:
        panel = await started(pilot)
        full = panel.size
        await pilot.resize_terminal(2, 2)
        await sized(pilot, panel, Size(0, 0))
        panel.add("word 100")
        await pilot.press("up")
        await pilot.resize_terminal(60, 12)
        await sized(pilot, panel, full)
        await pilot.press("F")
        assert panel.view == words(91, 101)
