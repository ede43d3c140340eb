"""The second row: one sentence on what is wrong now, coloured by how bad it is."""

from __future__ import annotations

from dataclasses import replace

from dashboard.call.headline import Headline
from dashboard.call.state import CallState
from dashboard.ui.draw.header import CLOSING, STARTING, draw_headline
from dashboard.ui.widgets.painted import Painted

_EVERY_S = 0.25
"""The sentence of an open call asks for percentiles: four times a second is enough for an eye."""

_LEVELS = ("ok", "warn", "bad", "idle")


class HeadlineBar(Painted):
    def __init__(self, *, offers: bool = True) -> None:
        """`offers`: the operator of a live call is told what can be done."""
        super().__init__(classes=f"-{STARTING.level}")
        self._offers = offers
        self._said = STARTING
        self._due: tuple[object, ...] = ()

    def sample(self, call: CallState | None, *, closing: bool) -> None:
        due = (closing,) if call is None else (closing, call.link.state, call.worker_lost, call.now // _EVERY_S)
        if due != self._due:
            self._due = due
            said = STARTING if call is None else CLOSING if closing and call.ended is None else _on(call)
            self.say(said if self._offers else replace(said, offer=""))

    def say(self, said: Headline) -> None:
        """Show a sentence."""
        self._said = said
        self.update_classes({f"-{level}": level == said.level for level in _LEVELS})
        self.draw()

    def draw(self) -> None:
        self.show([draw_headline(self._said, self.size.width)])

    @property
    def said(self) -> Headline:
        """What the row says now."""
        return self._said


def _on(call: CallState) -> Headline:
    from dashboard.call.verdict import headline  # not before the first frame, which shows no call yet

    return headline(call)
