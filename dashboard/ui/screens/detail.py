"""A screen that shows one side of a call in full, over the call screen, and goes on being sampled."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from dashboard.call.state import CallState
from dashboard.ui.looks import ROLE_CLASSES
from dashboard.ui.screens.modal import Modal


class DetailScreen(Modal[None]):
    """`shown` is the call as the panels show it when the screen opens; from then on the app samples it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_CLASSES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", show=False),
        Binding("space", "app.freeze", show=False),
        Binding("e", "app.evidence", show=False),
        Binding("x", "app.mask", show=False),
        Binding("t", "app.theme", show=False),
    ]

    def __init__(self, shown: CallState) -> None:
        super().__init__()
        self.shown = shown

    def on_mount(self) -> None:
        self.sample(self.shown)

    def start_over(self) -> None:
        """Forget what was sampled: the next sample does not go on from it."""

    def sample(self, call: CallState) -> None:
        """Take the newest state, and draw what changed."""
        raise NotImplementedError
