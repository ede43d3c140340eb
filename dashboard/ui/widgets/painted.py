"""Widgets that draw their own lines and repaint only those that changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from dashboard.call.state import CallState
from dashboard.ui.draw.layout import EMPTY, Spans
from dashboard.ui.draw.spans import Role

_ROLES: tuple[Role, ...] = ("text", "strong", "dim", "faint", "accent", "good", "warn", "bad")
"""What figures need; Textual works every one out for every widget, so those of speech are the logs' own."""


class Painted(Widget):
    """A widget of fixed size whose content is lines of spans; what a role looks like is said in `theme.tcss`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"role--{role}" for role in _ROLES}
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
        width, ground = self.size.width, self.rich_style
        if y >= len(self._lines):
            return Strip.blank(width, ground)
        style_of = self.get_component_rich_style
        segments = [Segment(text, style_of(f"role--{role}")) for text, role in self._lines[y]]
        return Strip(segments).adjust_cell_length(width, ground)


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
