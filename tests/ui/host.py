"""An app with one log on it, and ways to read what it shows."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from dashboard.ui.app import CallScopeApp
from dashboard.ui.looks import ROLE_CLASSES
from dashboard.ui.widgets.log_panel import LogPanel
from dashboard.ui.widgets.pick_panel import PickPanel


class HostScreen(Screen[None]):
    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_CLASSES


class Host(App[None]):
    """The keys that the call screen forwards, and `q`, which must not get through a search line."""

    CSS_PATH = CallScopeApp.CSS_PATH
    CSS = "LogPanel { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "forward('search')"),
        Binding("f", "forward('filter')"),
        Binding("F", "forward('follow')"),
        Binding("q", "note('quit')"),
        Binding("escape", "note('back')"),
    ]

    def __init__(self, panel: LogPanel[Any]) -> None:
        super().__init__()
        self.panel = panel
        self.noted: list[str] = []
        self.opened: list[Any] = []

    def get_default_screen(self) -> Screen[None]:
        return HostScreen()

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_mount(self) -> None:
        self.panel.focus()

    def action_forward(self, what: str) -> None:
        getattr(self.panel, f"action_{what}")()

    def on_pick_panel_opened(self, event: PickPanel.Opened) -> None:
        self.opened.append(event.item)

    def action_note(self, what: str) -> None:
        self.noted.append(what)


def on_view(panel: LogPanel[Any]) -> list[str]:
    """Return the lines of the panel's content as they are drawn, without the scroll bar."""
    return [panel.render_line(y).text.rstrip(" ▐") for y in range(panel.size.height)]
