"""Panel 1: where the link stands."""

from __future__ import annotations

from dashboard.call.state import CallState
from dashboard.ui.draw.connection import draw_connection
from dashboard.ui.draw.wires import wire_name
from dashboard.ui.widgets.painted import Panel


class ConnectionPanel(Panel):
    TITLE = "1 connection"
    BORDER_TITLE = TITLE

    def __init__(self, *, offers: bool = True) -> None:
        """`offers`: the operator of a live call is told what can be done."""
        super().__init__()
        self._offers = offers

    def draw(self) -> None:
        call = self.call or CallState("")
        title = " · ".join(filter(None, (self.TITLE, wire_name(call))))
        if title != self.border_title:  # each writing repaints the panel
            self.border_title = title
        self.show(draw_connection(call, self.size.width, self.size.height, offers=self._offers))
