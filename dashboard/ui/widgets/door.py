"""The rows around the table of calls."""

from __future__ import annotations

from collections.abc import Collection

from dashboard.call.door_view import DoorView
from dashboard.ui.draw.board import Entry
from dashboard.ui.draw.door import Own, draw_board_header, draw_door
from dashboard.ui.widgets.painted import Painted


class BoardHeader(Painted):
    """The top row. `where` says in words what is shown until the door has opened."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where = where
        self._entries: Collection[Entry] = ()
        self._door = DoorView()
        self._leaving = self._masked = False

    def sample(self, entries: Collection[Entry], door: DoorView, *, closing: bool, masked: bool) -> None:
        self._entries, self._door, self._leaving, self._masked = entries, door, closing, masked
        self.draw()

    def draw(self) -> None:
        row = draw_board_header(
            self._entries,
            self._door,
            self.size.width,
            where=self._where,
            closing=self._leaving,
            masked=self._masked,
        )
        self.show([row])


class DoorBar(Painted):
    """The row below the table: who was refused, which probes came, herds, and how callscope itself does."""

    _told: tuple[Collection[Entry], DoorView, Own] = ((), DoorView(), Own())

    def sample(self, entries: Collection[Entry], door: DoorView, own: Own) -> None:
        self._told = entries, door, own
        self.draw()

    def draw(self) -> None:
        entries, door, own = self._told
        self.show([draw_door(entries, door, own, self.size.width)])
