"""Panel 1: where the link stands."""

from __future__ import annotations

from dashboard.call.state import CallState
from dashboard.ui.draw.connection import draw_connection
from dashboard.ui.widgets.painted import Panel


class ConnectionPanel(Panel):
    BORDER_TITLE = "1 connection"

    def __init__(self, *, offers: bool = True) -> None:
        """`offers`: the operator of a live call is told what can be done."""
        super().__init__()
        self._offers = offers

    def draw(self) -> None:
        call = self.call or CallState("")
        self.show(draw_connection(call, self.size.width, self.size.height, offers=self._offers))
