"""Rows that draw themselves line by line: of however many there are, only those on view are ever wrapped or painted."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.strip import Strip

from dashboard.ui.draw.spans import Row, Span, fitted, paint, tame
from dashboard.ui.looks import Roled
from dashboard.ui.widgets.row_list import RowList

T = TypeVar("T")

Position = tuple[int, int]
"""Index of a row among those on view, and a line of it."""

_WHEEL_LINES = 3
_HEADER = -1  # its place among the painted rows
_TITLES_FROM = 3  # lines from which one can be spared for titles
_PAGES_KEPT = 4
"""Pages of rows whose picture is kept, some 3 kB a row: on view, at the end, and as much again to scroll through."""


class Lines(Roled, Generic[T], can_focus=True):
    """Rows that grow at the end. Follows the newest until the operator scrolls up, and again from the end on.

    A subclass says how an item looks. It takes new ones in with `append` and `set_live`, names those that look
    different with `repaint`, and then calls `show_changes`, which repaints the lines that differ and nothing else.
    """

    ALLOW_MAXIMIZE = True
    ALLOW_SELECT = False
    WIDEST: ClassVar[int] = 1000
    """Cells that a row takes at most: the eye loses its way along longer ones."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_lines(-1)", "Up", show=False),
        Binding("down,j", "scroll_lines(1)", "Down", show=False),
        Binding("pageup", "scroll_pages(-1)", "Page up", show=False),
        Binding("pagedown", "scroll_pages(1)", "Page down", show=False),
        Binding("home", "oldest", "Oldest", show=False),
        Binding("end", "follow", "Newest", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.rows: RowList[T] = RowList(self.plain)
        self.follows = True
        self._pattern: re.Pattern[str] | None = None
        self._found: int | None = None  # the row that the search stands on
        self._live: tuple[T, ...] = ()
        self._top: Position = (0, 0)
        self._read = 0  # rows that had come when following stopped
        self._view: list[Strip] | None = None
        self._drawn_for: Size | None = None
        self._strips: LRUCache[int, list[Strip]] = LRUCache(_PAGES_KEPT)  # of rows, until there is a size
        self._dragging = False

    # -- what a subclass says ---------------------------------------------------------------------------

    def row(self, item: T, width: int) -> Row:
        """Return how an item looks where a row has `width` cells."""
        raise NotImplementedError

    def plain(self, item: T) -> str:
        """Return the text that a search looks through."""
        raise NotImplementedError

    def header(self, width: int) -> Row | None:
        """Return the line that stays above the rows."""
        return None

    @property
    def has_titles(self) -> bool:
        """Whether there is room for a header."""
        return self.size.height >= _TITLES_FROM

    def nothing(self) -> str:
        """Return what is said where there is no row to show."""
        return ""

    # -- what a subclass does ---------------------------------------------------------------------------

    def append(self, items: Iterable[T]) -> None:
        """Add rows at the end."""
        gone = self.rows.append(items)
        if gone:
            index, line = self._top
            self._top = (index - gone, line) if index >= gone else (0, 0)

    def set_live(self, items: Iterable[T]) -> None:
        """Put rows below the last one that may still change or go."""
        self._live = tuple(items)

    def repaint(self, numbers: Iterable[int]) -> None:
        """Paint these rows anew when they are next on view: they look different now."""
        for number in numbers:
            self._strips.discard(number)

    def clear(self) -> None:
        """Forget all rows and follow those to come."""
        self.rows.clear()
        self._live = ()
        self._found = None
        self._strips.clear()
        self._top, self._read, self.follows = (0, 0), 0, True

    def show_changes(self) -> None:
        """Repaint the lines that look different now."""
        if self._view is None:
            return  # about to be drawn anew as a whole
        if self._drawn_for != self.size:  # the word of the new size is on its way
            self.paint_anew()
            return
        before, self._view = self._view, self._draw()
        changed = [y for y, strip in enumerate(self._view) if strip is not before[y] and strip != before[y]]
        if changed:
            spans = [_differing(before[y], self._view[y]) for y in changed]
            left, right = min(begin for begin, _ in spans), max(end for _, end in spans)
            self.refresh(Region(left, changed[0], max(0, right - left), changed[-1] - changed[0] + 1))

    # -- drawing ----------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        if self._view is None or self._drawn_for != self.size:
            self._view = self._draw()
        return self._view[y] if y < len(self._view) else Strip.blank(self.size.width, self.ground)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.paint_anew()

    def on_resize(self) -> None:
        if self._drawn_for != self.size:
            self.paint_anew()

    def paint_anew(self) -> None:
        """Draw everything again: width, colours or what is marked have changed."""
        self._strips.clear()
        self._view = self._drawn_for = None
        self.refresh()

    def _draw(self) -> list[Strip]:
        """Return the lines on view: the header, the rows from the top one on, blank lines below."""
        if self._drawn_for != self.size:
            self._drawn_for = self.size
            self._strips.clear()
            self._strips.maxsize = _PAGES_KEPT * max(1, self.size.height)
        width, height = self.size.width - 1, self.size.height
        if width < 1:
            return []
        lines = self._head()
        bottom = self._bottom()
        self._top = bottom if self.follows else min(self._top, bottom)
        index, skip = self._top
        while len(lines) < height and index < self._count:
            lines += self._painted(index)[skip:]
            index, skip = index + 1, 0
        if not self._count:
            lines += self._strip([[(tame(self.nothing()), "faint")]])
        lines = [*lines[:height], *[Strip.blank(width, self.ground)] * (height - len(lines))]
        bar = self._bar(height, bottom[0])
        return [Strip([*strip, bar[y]], width + 1) for y, strip in enumerate(lines)]

    def _head(self) -> list[Strip]:
        width = self.size.width - 1
        head = self.header(width) if self.has_titles else None
        if head is None:
            return []
        strips = self._strips.get(_HEADER)
        if strips is None:
            strips = self._strips[_HEADER] = self._strip(paint(head, width)[:1])
        return list(strips)

    def _bar(self, height: int, last: int) -> list[Segment]:
        """The scroll bar, one cell for each line, for rows of which the one at `last` is the last possible top."""
        blank = Segment(" ", self.ground)
        if not last:
            return [blank] * height
        size = max(1, height * (self._count - last) // self._count)
        start = round((height - size) * min(1.0, self._top[0] / last))
        thumb = Segment("▐", self.look("faint"))
        return [thumb if start <= y < start + size else blank for y in range(height)]

    def _painted(self, index: int) -> list[Strip]:
        """The lines of the row at `index` of those on view; the live ones come behind the others."""
        shown = self.rows.shown
        if index >= len(shown):
            return self._paint_item(self._live[index - len(shown)])
        number = shown[index]
        strips = self._strips.get(number)
        if strips is None:
            strips = self._paint_item(self.rows[number], current=number == self._found)
            self._strips[number] = strips
        return strips

    def _height(self, index: int) -> int:
        """How many lines the row at `index` of those on view takes."""
        return len(self._painted(index))

    def _paint_item(self, item: T, *, current: bool = False) -> list[Strip]:
        width = min(self.size.width - 1, self.WIDEST)
        return self._strip(paint(self.row(item, width), width, self._pattern, current=current))

    def _strip(self, lines: Sequence[Sequence[Span]]) -> list[Strip]:
        width = self.size.width - 1
        return [Strip([Segment(text, self.look(role)) for text, role in fitted(line, width)], width) for line in lines]

    # -- position ---------------------------------------------------------------------------------------

    @property
    def unread(self) -> int:
        """How many rows came since the operator scrolled up."""
        shown = self.rows.shown
        return 0 if self.follows else len(shown) - bisect_left(shown, self._read)

    @property
    def _count(self) -> int:
        return len(self.rows.shown) + len(self._live)

    def _page(self) -> int:
        return max(1, self.size.height - len(self._head()))

    def _bottom(self) -> Position:
        """The position from which the last rows just fill the panel."""
        index, missing = self._count, self._page()
        while index and missing > 0:
            index -= 1
            missing -= self._height(index)
        return index, max(0, -missing)

    def _moved(self, position: Position, lines: int) -> Position:
        index, line = position
        line += lines
        while line < 0 and index > 0:
            index -= 1
            line += self._height(index)
        while index < self._count and line >= (size := self._height(index)):
            line -= size
            index += 1
        return index, max(0, line)

    def go(self, position: Position) -> None:
        """Let `position` be the top of what is on view; at the end, follow."""
        bottom = self._bottom()
        if self.follows and position < bottom:
            self._read = self.rows.total
        self.follows = position >= bottom
        self._top = min(position, bottom)
        self.show_changes()

    def reveal(self, number: int) -> None:
        """Bring a row on view, a third from the top, unless it is on view already."""
        index = bisect_left(self.rows.shown, number)
        bottom = self._bottom()
        top = bottom if self.follows else self._top
        if top <= (index, 0) < self._moved(top, self._page()):
            self.go(top)
        else:
            self.go(min(bottom, self._moved((index, 0), -self._page() // 3)))

    def keep_place(self, change: Callable[[], None]) -> None:
        """Change which rows are on view; the first one on view stays there, or the next one that is left."""
        shown = self.rows.shown
        number = shown[self._top[0]] if self._top[0] < len(shown) else self.rows.total
        change()
        self._top = (bisect_left(self.rows.shown, number), 0)

    # -- keys and mouse ---------------------------------------------------------------------------------

    def action_scroll_lines(self, lines: int) -> None:
        self.go(self._moved(self._top, lines))

    def action_scroll_pages(self, pages: int) -> None:
        self.go(self._moved(self._top, pages * max(1, self._page() - 1)))

    def action_oldest(self) -> None:
        self.go((0, 0))

    def action_follow(self) -> None:
        """Go to the newest row and stay with it."""
        self.go(self._bottom())

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_scroll_lines(-_WHEEL_LINES)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_scroll_lines(_WHEEL_LINES)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.x == self.size.width - 1:
            self._dragging = True
            self.capture_mouse()
            self._drag_to(offset.y)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragging:
            self._drag_to(event.get_content_offset_capture(self).y)

    def on_mouse_up(self) -> None:
        if self._dragging:
            self._dragging = False
            self.release_mouse()

    def _drag_to(self, y: int) -> None:
        """Let the scroll bar stand at line `y`."""
        bottom, height = self._bottom(), max(1, self.size.height - 1)
        share = min(1.0, max(0.0, y / height))
        self.go(bottom if share == 1.0 else (round(share * bottom[0]), 0))


def _differing(before: Strip, after: Strip) -> tuple[int, int]:
    """Return the cells from the first to the last piece in which two lines of one width differ."""
    begin, end = 0, after.cell_length
    for old, new in zip(before, after, strict=False):
        if old != new:
            break
        begin += new.cell_length
    for old, new in zip(reversed(before), reversed(after), strict=False):
        if old != new or end <= begin:
            break
        end -= new.cell_length
    return begin, end
