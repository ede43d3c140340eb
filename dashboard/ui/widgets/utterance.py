"""The line in which a test utterance is typed; up and down bring back what was said before."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

_HISTORY = 100
_LONGEST = 500


SPEAKS = "what the caller says · Enter sends · Esc leaves"
PRESSES = "keys of the telephone, such as 123# · Enter presses them · Esc leaves"


class UtteranceInput(Input):
    """An input with a history, oldest first; what was being typed waits below its newest entry."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "earlier", show=False),
        Binding("down", "later", show=False),
        Binding("escape", "leave", show=False),
    ]

    class Left(Message):
        """The operator changed their mind."""

    def __init__(self) -> None:
        super().__init__(placeholder=SPEAKS, max_length=_LONGEST)
        self.history: list[str] = []
        self._at = 0
        self._draft = ""

    def remember(self, text: str) -> None:
        """Put what was said at the end of the history and start anew."""
        if not self.history or self.history[-1] != text:
            self.history = [*self.history, text][-_HISTORY:]
        self._at, self._draft, self.value = len(self.history), "", ""

    def action_earlier(self) -> None:
        self._go(self._at - 1)

    def action_later(self) -> None:
        self._go(self._at + 1)

    def action_leave(self) -> None:
        self.post_message(self.Left())

    def _go(self, place: int) -> None:
        if not 0 <= place <= len(self.history) or place == self._at:
            return
        if self._at == len(self.history):
            self._draft = self.value
        self._at = place
        self.value = self._draft if place == len(self.history) else self.history[place]
        self.cursor_position = len(self.value)
