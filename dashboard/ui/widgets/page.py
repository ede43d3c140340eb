"""A page of text that scrolls, and stays where it is when its text changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from dashboard.ui.draw.spans import Row
from dashboard.ui.widgets.lines import Lines


class Page(Lines[Row]):
    """Rows from the top down; `write` replaces them all. `follows`: a longer text is shown from its end."""

    WIDEST: ClassVar[int] = 124

    def __init__(self, *, follows: bool = False) -> None:
        super().__init__()
        self._from_the_end = self.follows = follows
        self._written: Sequence[Row] = ()

    def row(self, item: Row, width: int) -> Row:
        return item

    def plain(self, item: Row) -> str:
        return "".join(text for text, _ in (*item.lead, *item.body, *item.tail))

    def write(self, rows: Sequence[Row]) -> None:
        """Show `rows` from now on; only lines that look different are painted."""
        if rows != self._written:
            self._written = rows
            self.set_live(rows)
            self.follows = self._from_the_end and self.follows
            self.show_changes()
