"""The question that `q` asks while a call is open."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from dashboard.ui.screens.modal import Modal

_ANSWERS = "[$text-accent]y[/] leave   [$text-accent]n[/] stay"


class QuitScreen(Modal[bool]):
    """True: leave. `question` says what that does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,q,enter", "dismiss(True)", show=False),
        Binding("n,escape", "dismiss(False)", show=False),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        box = Static(f"{self._question}\n\n{_ANSWERS}", id="quit")
        box.border_title = "quit"
        box.border_subtitle = "esc back"
        yield box
