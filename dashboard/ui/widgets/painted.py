"""Widgets that draw their own lines and repaint only those that changed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip

from dashboard.call.state import CallState
from dashboard.ui.draw.layout import EMPTY, Spans
from dashboard.ui.looks import Roled


class Painted(Roled):
    """A widget of fixed size whose content is lines of spans."""

    ALLOW_SELECT = False

    _lines: Sequence[Spans] = ()

    def show(self, lines: Sequence[Spans]) -> None:
        """Draw `lines`, top down; those that look as before are left alone."""
        before, width = self._lines, self.size.width
        self._lines = lines
        changed = [
            Region(0, y, width, 1)
            for y in range(max(len(before), len(lines)))
            if (before[y] if y < len(before) else EMPTY) != (lines[y] if y < len(lines) else EMPTY)
        ]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """Return line `y` of the content (called by Textual)."""
        width = self.size.width
        if y >= len(self._lines):
            return Strip.blank(width, self.ground)
        segments = [Segment(text, self.look(role)) for text, role in self._lines[y]]
        return Strip(segments).adjust_cell_length(width, self.ground)


class Panel(Painted, can_focus=True):
    """A numbered, framed part of the call screen that shows a slice of the call."""

    call: CallState | None = None

    def on_resize(self) -> None:
        self.draw()

    def sample(self, call: CallState | None) -> None:
        """Take the newest state; draw if the slice that is shown here changed."""
        if call is not self.call:
            self.call = call
            self.draw()

    def draw(self) -> None:
        """Work out the lines for the size there is and `show` them."""
        raise NotImplementedError
