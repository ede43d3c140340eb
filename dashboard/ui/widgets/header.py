"""The top row: who, which state, how long, and badges for what needs attention."""

from __future__ import annotations

from dashboard.call.state import CallState
from dashboard.ui.draw.header import draw_header
from dashboard.ui.widgets.painted import Painted


class HeaderBar(Painted):
    """`where` says in words what is shown: a scenario, a profile, a file."""

    def __init__(self, where: str, *, live: bool = True) -> None:
        super().__init__()
        self._where = where
        self._recorded = not live
        self._call: CallState | None = None
        self._waiting: int | None = None
        self._leaving = False
        self._masked = False

    def sample(self, call: CallState | None, *, waiting: int | None, closing: bool, masked: bool) -> None:
        """`waiting`: rows that came since the freeze, None when not frozen."""
        self._call, self._waiting, self._leaving, self._masked = call, waiting, closing, masked
        self.draw()

    def draw(self) -> None:
        row = draw_header(
            self._call,
            self.size.width,
            where=self._where,
            recorded=self._recorded,
            waiting=self._waiting,
            closing=self._leaving,
            masked=self._masked,
        )
        self.show([row])
