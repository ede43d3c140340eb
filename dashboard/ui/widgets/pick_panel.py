"""A log with a cursor: a row of it can be picked and opened."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, ClassVar, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.strip import Strip

from dashboard.ui.widgets.lines import Position
from dashboard.ui.widgets.log_panel import LogPanel

T = TypeVar("T")


class PickPanel(LogPanel[T]):
    """The cursor is seen while the panel has the focus. It stays with the newest row until it is moved."""

    FROM_THE_TOP: ClassVar[bool] = False
    """The first row is what matters, not the newest."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor(-1)", "Up", show=False),
        Binding("down,j", "cursor(1)", "Down", show=False),
        Binding("pageup", "cursor_pages(-1)", "Page up", show=False),
        Binding("pagedown", "cursor_pages(1)", "Page down", show=False),
    ]

    class Opened(Message):
        """The operator wants to know more about `item`."""

        def __init__(self, item: Any) -> None:
            super().__init__()
            self.item = item

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.follows = not self.FROM_THE_TOP
        self._picked: int | None = 0 if self.FROM_THE_TOP else None
        """Number of the row under the cursor; live rows are numbered on. None: the newest, whichever that is."""

    @property
    def picked(self) -> T | None:
        """The item under the cursor, None where there is none."""
        index, shown = self.cursor, self.rows.shown
        if index is None:
            return None
        return self.rows[shown[index]] if index < len(shown) else self._live[index - len(shown)]

    @property
    def cursor(self) -> int | None:
        """Index of the row under the cursor among those on view."""
        if not self._count:
            return None
        if self._picked is None:
            return self._count - 1
        shown, live = self.rows.shown, self._picked - self.rows.total
        index = len(shown) + live if live >= 0 else bisect_left(shown, self._picked)
        return min(index, self._count - 1)

    def pick(self, index: int) -> None:
        """Let the cursor stand on the row at `index`, and bring it on view; on the newest one it stays with it."""
        if not self._count:
            return
        index, shown = min(max(0, index), self._count - 1), self.rows.shown
        newest = index == self._count - 1 and not self.FROM_THE_TOP
        self._picked = None if newest else shown[index] if index < len(shown) else self.rows.total + index - len(shown)
        self.go(self._top_that_shows(index))

    def _top_that_shows(self, index: int) -> Position:
        top = self._bottom() if self.follows else self._top
        if (index, 0) < top:
            return index, 0
        last = index, len(self._painted(index)) - 1
        return max(top, self._moved(last, 1 - self._page()))

    # -- what a log does, with a cursor ------------------------------------------------------------------

    def go(self, position: Position) -> None:
        super().go(position)
        if self._picked is not None and self.follows:
            self.follows, self._read = False, self.rows.total

    def clear(self) -> None:
        super().clear()
        self.follows = not self.FROM_THE_TOP
        self._picked = 0 if self.FROM_THE_TOP else None

    def _painted(self, index: int) -> list[Strip]:
        strips = super()._painted(index)
        if not self.has_focus or index != self.cursor or self.size.width < 2:
            return strips
        first, *others = strips
        return [self._lit(_marked(first)), *map(self._lit, others)]

    def _lit(self, strip: Strip) -> Strip:
        light = Style(bgcolor=self.look("cursor").bgcolor)
        return Strip([Segment(text, style + light if style else light) for text, style, _ in strip], strip.cell_length)

    def _subtitle(self) -> Content:
        told = super()._subtitle()
        if self.search is not None or (not self.FROM_THE_TOP and not self.follows and self._top < self._bottom()):
            return told
        return Content("enter explains" if self.has_focus and self._count else "")

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.show_changes()

    # -- keys and mouse ------------------------------------------------------------------------------------

    def action_cursor(self, rows: int) -> None:
        if self.cursor is not None:
            self.pick(self.cursor + rows)

    def action_cursor_pages(self, pages: int) -> None:
        self.action_cursor(pages * max(1, self._page() - 1))

    def action_oldest(self) -> None:
        self.pick(0)

    def action_follow(self) -> None:
        if self.FROM_THE_TOP:
            self.pick(self._count - 1)
        else:
            self._picked = None
            super().action_follow()

    def action_open(self) -> None:
        if (item := self.picked) is not None:
            self.post_message(self.Opened(item))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        super().on_mouse_down(event)
        offset = event.get_content_offset(self)
        if offset is None or self._dragging:
            return
        top = self._bottom() if self.follows else self._top
        line = offset.y - len(self._head())
        index = self._moved(top, line)[0] if line >= 0 else self._count
        if index < self._count:
            self.pick(index)

    def on_click(self, event: events.Click) -> None:
        if event.chain == 2:
            self.action_open()


def _marked(strip: Strip) -> Strip:
    """Put the cursor's sign where a row begins with a blank."""
    first, *others = strip
    if not first.text.startswith(" "):
        return strip
    return Strip([Segment(f"▸{first.text[1:]}", first.style), *others], strip.cell_length)
