"""`g`: Genesys' own record of the conversation beside our figures."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from dashboard.call.state import CallState
from dashboard.ui.draw.genesys import draw_genesys
from dashboard.ui.screens.detail import DetailScreen
from dashboard.ui.widgets.painted import Panel


class GenesysPanel(Panel, can_focus=False):
    BORDER_TITLE = "Genesys' record beside our figures"
    BORDER_SUBTITLE = "esc back"

    def draw(self) -> None:
        if self.call is not None:
            self.show(draw_genesys(self.call, self.size.width, self.size.height))


class GenesysScreen(DetailScreen):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("g", "dismiss", show=False)]

    def __init__(self, shown: CallState) -> None:
        super().__init__(shown)
        self._panel = GenesysPanel(id="genesys")

    def compose(self) -> ComposeResult:
        yield self._panel

    def sample(self, call: CallState) -> None:
        self._panel.sample(call)
