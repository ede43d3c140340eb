"""The question that `q` asks while a call is open."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from dashboard.ui.screens.modal import Modal

_QUESTION = """A call is open. Leaving closes it with code 1000.

[$text-accent]y[/] close it and leave   [$text-accent]n[/] stay"""


class QuitScreen(Modal[bool]):
    """True: close the call and leave."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,q,enter", "dismiss(True)", show=False),
        Binding("n,escape", "dismiss(False)", show=False),
    ]

    def compose(self) -> ComposeResult:
        box = Static(_QUESTION, id="quit")
        box.border_title = "quit"
        box.border_subtitle = "esc back"
        yield box
