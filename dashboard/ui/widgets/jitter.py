"""Panel 2: how evenly the media arrives."""

from __future__ import annotations

from dashboard.call.cognigy_view import COGNIGY
from dashboard.call.state import CallState
from dashboard.ui.draw.answers import draw_answers
from dashboard.ui.draw.jitter import JitterFigures, draw_jitter, measure_jitter
from dashboard.ui.draw.notices import draw_notices
from dashboard.ui.widgets.painted import Panel

WINDOWS_S: tuple[float | None, ...] = (10.0, 60.0, None)
"""What `w` goes through; None is the whole call."""

_SCOPE_EVERY_S = 0.25
_FIGURES_EVERY_S = 0.5


class JitterPanel(Panel):
    BORDER_TITLE = "2 jitter"

    def __init__(self) -> None:
        super().__init__()
        self.window_s: float | None = 60.0
        self._figures: JitterFigures | None = None
        self._figures_due: object = None
        self._scope_due: object = None

    def on_mount(self) -> None:
        self.show_window(self.window_s)

    def show_window(self, window_s: float | None) -> None:
        """Work the figures out over `window_s` seconds from now on; None is the whole call."""
        self.window_s = window_s
        words = [window_words(choice) for choice in WINDOWS_S]
        chosen = WINDOWS_S.index(window_s)
        self.border_subtitle = " · ".join(
            f"[b $text-accent]{word}[/]" if place == chosen else word for place, word in enumerate(words)
        )
        self._figures_due = None
        self.draw()

    def sample(self, call: CallState | None) -> None:
        before, self.call = self.call, call
        due = (None, None) if call is None else (call.call_id, call.now // _SCOPE_EVERY_S)
        if call is not before and due != self._scope_due:
            self._scope_due = due
            self.draw()

    def draw(self) -> None:
        call = self.call or CallState("")
        if call.dialect in COGNIGY:
            self._caption("2 the bot's answers · no audio on this wire")
            self.show(draw_answers(call, *self.size))
            return
        if call.notices is not None and call.soundless:
            self._caption("2 conversation · no audio on this wire")
            self.show(draw_notices(call.notices, call, *self.size))
            return
        due = call.call_id, call.now // _FIGURES_EVERY_S
        if self._figures is None or due != self._figures_due:
            self._figures, self._figures_due = measure_jitter(call, self.window_s), due
        width, height = self.size
        self.show(draw_jitter(call, self._figures, width, height, window_s=self.window_s))

    def _caption(self, title: str) -> None:
        """Say what stands here in the place of the jitter; each writing repaints the panel."""
        if title != self.border_title:
            self.border_title, self.border_subtitle = title, ""


def window_words(window_s: float | None) -> str:
    """Return how a window is written: `10 s`, `60 s`, `call`."""
    return "call" if window_s is None else f"{window_s:.0f} s"
