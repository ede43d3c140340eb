"""The table of calls, with the cursor on its call wherever that moves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from textual import events
from textual.content import Content

from dashboard.call.state import Calls
from dashboard.ui.draw.board import Column, Entry, board_header, board_row, column_at, columns_for, plain
from dashboard.ui.draw.spans import Row
from dashboard.ui.roster import Roster
from dashboard.ui.widgets.log_panel import Filter
from dashboard.ui.widgets.pick_panel import PickPanel


class BoardPanel(PickPanel[str]):
    """Calls by their id. Until the cursor is moved it stands on the first row, whichever call that is."""

    TITLE = "calls"
    FROM_THE_TOP = True

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        self.roster = Roster()
        self._held: str | None = None
        """The call under the cursor, once that has been moved from the top."""
        super().__init__(id=id, classes=classes)

    # -- how it looks -----------------------------------------------------------------------------------

    def row(self, item: str, width: int) -> Row:
        return board_row(self.roster.entries[item], self.roster.now, width)

    def _height(self, index: int) -> int:
        return 1  # known without painting it

    def header(self, width: int) -> Row | None:
        return board_header(width, self.roster.by, reverse=self.roster.reverse)

    def plain(self, item: str) -> str:
        return plain(self.roster.entries[item])

    def nothing(self) -> str:
        return "  no call passes the filter" if self.roster.entries else ""

    def filters(self) -> Sequence[Filter[str]]:
        entries = self.roster.entries
        return (
            Filter("all"),
            Filter("in trouble", lambda item: entries[item].in_trouble),
            Filter("live", lambda item: entries[item].lives),
            Filter("ended", lambda item: not entries[item].lives),
        )

    def _subtitle(self) -> Content:
        if self.search is not None:
            return super()._subtitle()
        return Content("enter opens the call" if self.has_focus and self._count else "")

    @property
    def entries(self) -> Collection[Entry]:
        """The calls as they look now, in no order."""
        return self.roster.entries.values()

    # -- sampling ---------------------------------------------------------------------------------------

    def sample(self, calls: Calls, now: float) -> None:
        """Take the newest states, and draw what changed."""
        change = self.roster.take(calls, now)
        if change.moved:
            self._put_in_order(change.calls)
        elif change.calls:
            self.repaint(number for number, call_id in enumerate(self.roster.order) if call_id in change.calls)
            self.rows.filter(self._filter.keeps)  # what passes may have changed
        else:
            return
        self._find_cursor()
        self.show_changes()

    def cover(self, mask: Callable[[str], str] | None) -> None:
        """Show what is said through `mask`, or as it was said."""
        if self.roster.cover(mask):
            self.paint_anew()

    def _put_in_order(self, changed: Collection[str] = ()) -> None:
        """Number the rows anew; cursor and search stay on their calls, and those that have not `changed` as painted."""
        found = None if self._found is None else self.rows[self._found]
        kept = [number for number in range(len(self.rows)) if number in self._strips]
        painted = {self.rows[number]: self._strips[number] for number in kept}
        self._strips.clear()
        self.rows.clear()
        self.rows.append(self.roster.order)
        for number, call_id in enumerate(self.roster.order):
            if call_id in painted and call_id not in changed:
                self._strips[number] = painted[call_id]
        self._found = self.roster.order.index(found) if found in self.roster.order else None

    def _find_cursor(self) -> None:
        order = self.roster.order
        if self._held not in order:
            self._held = None
        self._picked = 0 if self._held is None else order.index(self._held)
        if self._held is not None and (index := self.cursor) is not None:
            self._top = self._top_that_shows(index)

    # -- the order --------------------------------------------------------------------------------------

    def next_column(self) -> None:
        """Sort by the next column."""
        shown = [column for column, _ in columns_for(self.size.width - 1)]
        at = shown.index(self.roster.by) if self.roster.by in shown else -1
        self._sort(shown[(at + 1) % len(shown)], reverse=False)

    def turn_round(self) -> None:
        """Turn the order round."""
        self._sort(self.roster.by, reverse=not self.roster.reverse)

    def _sort(self, by: Column, *, reverse: bool) -> None:
        self.roster.sort(by, reverse=reverse)
        self._put_in_order()
        self._find_cursor()
        self.paint_anew()

    # -- keys and mouse ---------------------------------------------------------------------------------

    def pick(self, index: int) -> None:
        super().pick(index)
        self._held = None if index <= 0 else self.picked

    def _stand_on(self, number: int) -> None:
        super()._stand_on(number)
        self._held = self.rows[number]  # the cursor goes where the search does
        self._find_cursor()
        self.show_changes()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y == 0 and self._head():
            column = column_at(offset.x, self.size.width - 1)
            if column is not None:
                self._sort(column, reverse=column is self.roster.by and not self.roster.reverse)
            return
        super().on_mouse_down(event)
