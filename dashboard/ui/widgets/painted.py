"""Widgets that draw their own lines and repaint only those that changed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.geometry import Region, Size
from textual.strip import Strip

from dashboard.call.state import CallState
from dashboard.ui.draw.layout import EMPTY, Spans
from dashboard.ui.looks import Roled


class Painted(Roled):
    """A widget of fixed size whose content is lines of spans."""

    ALLOW_SELECT = False

    _lines: Sequence[Spans] | None = None  # None before there was room for any
    _drawn_for = Size(0, 0)

    def draw(self) -> None:
        """Work out the lines for the size there is and `show` them."""
        raise NotImplementedError

    def on_resize(self) -> None:
        self.draw()

    def show(self, lines: Sequence[Spans]) -> None:
        """Draw `lines`, top down; those that look as before are left alone."""
        width = self.size.width
        if not width:
            return
        before, self._lines, self._drawn_for = self._lines, lines, self.size
        if before is None:
            return  # about to be painted for the first time
        changed = [
            Region(0, y, width, 1)
            for y in range(max(len(before), len(lines)))
            if (before[y] if y < len(before) else EMPTY) != (lines[y] if y < len(lines) else EMPTY)
        ]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """Return line `y` of the content (called by Textual)."""
        if self._drawn_for != self.size:  # the first painting comes before the word of the size
            self.draw()
        width, lines = self.size.width, self._lines or ()
        if y >= len(lines):
            return Strip.blank(width, self.ground)
        segments = [Segment(text, self.look(role)) for text, role in lines[y]]
        return Strip(segments).adjust_cell_length(width, self.ground)


class Panel(Painted, can_focus=True):
    """A numbered, framed part of the call screen that shows a slice of the call."""

    call: CallState | None = None

    def sample(self, call: CallState | None) -> None:
        """Take the newest state; draw if the slice that is shown here changed."""
        if call is not self.call:
            self.call = call
            self.draw()
