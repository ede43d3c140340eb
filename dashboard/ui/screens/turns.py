"""`b`: where the time of every turn went."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from dashboard.call.state import CallState
from dashboard.ui.screens.detail import DetailScreen
from dashboard.ui.widgets.turns import TurnsFoot, TurnsPanel


class TurnsScreen(DetailScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "dismiss", show=False),
        Binding("slash", "search", show=False),
        Binding("f", "filter", show=False),
        Binding("F", "follow", show=False),
    ]

    def __init__(self, shown: CallState) -> None:
        super().__init__(shown)
        self._panel = TurnsPanel()
        self._foot = TurnsFoot()

    def compose(self) -> ComposeResult:
        yield self._panel
        yield self._foot

    def start_over(self) -> None:
        self._panel.sample(CallState(""))

    def sample(self, call: CallState) -> None:
        self.shown = call
        self._panel.sample(call)
        self._foot.sample(call)

    def action_search(self) -> None:
        self._panel.action_search()

    def action_filter(self) -> None:
        self._panel.action_filter()

    def action_follow(self) -> None:
        self._panel.action_follow()
