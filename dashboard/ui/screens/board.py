"""The board: many calls as a table, the worst on top; until the first one comes, where it is waited for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from dashboard.call.door_view import DoorView
from dashboard.call.ports import Command, Reconnect
from dashboard.call.state import Calls
from dashboard.ui.board_keys import BOARD_KEYS
from dashboard.ui.draw.door import Doorway, Own, board_headline, waiting_page
from dashboard.ui.draw.header import CLOSING
from dashboard.ui.keys import Key, bindings
from dashboard.ui.screens.call import STACKED
from dashboard.ui.screens.ground import Ground
from dashboard.ui.widgets.board import BoardPanel
from dashboard.ui.widgets.door import BoardHeader, DoorBar
from dashboard.ui.widgets.headline import HeadlineBar
from dashboard.ui.widgets.key_bar import KeyBar
from dashboard.ui.widgets.page import Page

if TYPE_CHECKING:
    from dashboard.call.cover import Cover

_NEED_CALLS = ("open", "sort", "turn_round", "filter", "search", "top")


@dataclass(frozen=True, slots=True)
class BoardSample:
    """What the board is to show. cover: masks what is said, while that is asked for."""

    calls: Calls
    door: DoorView
    closing: bool = False
    cover: Cover | None = None


class BoardScreen(Ground):
    """`where` says in words what is shown, `opened` is told which call the operator wants to see."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(BOARD_KEYS)]
    KEYS: ClassVar[Sequence[Key]] = BOARD_KEYS
    AUTO_FOCUS = "BoardPanel"

    def __init__(
        self,
        command: Callable[[Command], None],
        where: str,
        doorway: Doorway,
        opened: Callable[[str], None],
    ) -> None:
        super().__init__(classes="-empty")
        self._command = command
        self._doorway = doorway
        self._opened = opened
        self._sample = BoardSample({}, DoorView())
        self._header = BoardHeader(where)
        self._headline = HeadlineBar()
        self.panel = BoardPanel()
        self._page = Page()
        self._page.border_title = "no call yet"
        self._door = DoorBar()
        self._keys = KeyBar(self.works, self.KEYS)
        self._too_small = Static(id="too-small", markup=False)

    def compose(self) -> ComposeResult:
        yield self._header
        yield self._headline
        yield self.panel
        yield self._page
        yield self._door
        yield self._keys
        yield self._too_small

    # -- sampling -------------------------------------------------------------------------------------------

    def sample(self, new: BoardSample) -> None:
        """Take what is to be shown, and draw what changed."""
        before, self._sample = self._sample, new
        was_empty = not self.panel.entries
        door, calls = new.door, new.calls
        now = max([door.now, *(call.now for call in calls.values())], default=0.0)
        self.panel.cover(None if new.cover is None else new.cover.text)
        self.panel.sample(calls, now)
        entries = self.panel.entries
        self._header.sample(entries, door, closing=new.closing, masked=new.cover is not None)
        self._headline.say(CLOSING if new.closing else board_headline(entries, door))
        self._door.sample(entries, door, _own(calls))
        self._page.write(waiting_page(door, self._doorway))
        if was_empty is bool(entries):
            self.set_class(not entries, "-empty")
            self.set_focus(self.panel if entries else self._page)
            self.show_keys()
        if (before.door.worker_lost is None) != (door.worker_lost is None):
            self.show_keys()

    def show_keys(self) -> None:
        self._keys.sample(renamed={}, hidden=())

    def works(self, action: str) -> bool:
        if action in _NEED_CALLS:
            return bool(self.panel.entries)
        if action == "restart":
            return self._sample.door.worker_lost is not None
        return action not in ("app.freeze", "app.evidence", "app.doctor")

    # -- what keys do ---------------------------------------------------------------------------------------

    def action_open(self) -> None:
        self.panel.action_open()

    @on(BoardPanel.Opened)
    def _open(self, event: BoardPanel.Opened) -> None:
        event.stop()
        self._opened(event.item)

    def action_sort(self) -> None:
        self.panel.next_column()

    def action_turn_round(self) -> None:
        self.panel.turn_round()

    def action_filter(self) -> None:
        self.panel.action_filter()

    def action_search(self) -> None:
        self.panel.action_search()

    def action_next_match(self, step: int) -> None:
        self.panel.action_next_match(step)

    def action_top(self) -> None:
        self.panel.action_oldest()

    def action_restart(self) -> None:
        self._command(Reconnect())

    # -- room -----------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        too_small = width < STACKED[0] or height < STACKED[1]
        self.set_class(too_small, "-too-small")
        self._too_small.update(f"callscope needs {STACKED[0]} x {STACKED[1]}; this terminal has {width} x {height}")
        self.show_keys()


def _own(calls: Calls) -> Own:
    return Own(
        dropped=sum(queue.dropped for call in calls.values() for queue in call.queues.values()),
        recording=sum(bool(call.records.writing) for call in calls.values() if call.ended is None),
        failed=sum(bool(call.records.failed) for call in calls.values() if call.ended is None),
    )
