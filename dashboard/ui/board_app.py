"""The application for a source of many calls: the board, and over it the call that was opened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from dashboard.call.door_view import DoorView
from dashboard.call.ports import Command
from dashboard.call.state import Calls, CallState
from dashboard.ui.app import CallScopeApp
from dashboard.ui.draw.door import Doorway
from dashboard.ui.draw.plot import load_plotter
from dashboard.ui.draw.units import count
from dashboard.ui.screens.board import BoardSample, BoardScreen
from dashboard.ui.screens.call import CallScreen
from dashboard.ui.screens.ground import Ground

_NOT_OURS = ("reconnect", "app.doctor")
"""Calls that come in are dialled by others."""


class BoardApp(CallScopeApp):
    """door: returns what is known of the door at which calls come in, if anything. doorway: what an empty board says.

    Everything else as for one call.
    """

    CSS = """
    BoardScreen { layout: vertical; overflow: hidden; }
    BoardScreen > BoardPanel, BoardScreen > Page { height: 1fr; }
    BoardScreen > Page { display: none; }
    BoardScreen.-empty > Page { display: block; }
    BoardScreen.-empty > BoardPanel { display: none; }
    BoardHeader, DoorBar { height: 1; padding: 0 1; }
    BoardHeader { background: $panel; }
    """

    def __init__(
        self,
        snapshot: Callable[[], Calls],
        command: Callable[[Command], None],
        feed: Callable[[], Awaitable[None]],
        *,
        door: Callable[[], DoorView | None],
        doorway: Doorway,
        **options: Any,
    ) -> None:
        self._door = door
        self._doorway = doorway
        self._opened: str | None = None
        super().__init__(snapshot, command, feed, **options)

    def _first_ground(self) -> Ground:
        self._board = BoardScreen(self._command, self._where, self._doorway, self.open_call)
        return self._board

    def on_ready(self) -> None:
        """Textual calls that of one call as well."""
        self.run_worker(load_plotter, thread=True)  # or the first call that is opened has to wait for it

    # -- sampling -------------------------------------------------------------------------------------------

    def _sample(self) -> None:
        if self._call_screen is None:  # else nobody sees the board
            self._sample_board()
        super()._sample()

    def _sample_board(self) -> None:
        cover = None if self._covers is None else self._covers[0]
        self._board.sample(BoardSample(self._snapshot(), self._door() or DoorView(), self._leaving is not None, cover))

    def _watched(self, calls: Calls) -> CallState | None:
        if self._opened is None:
            return None
        return calls.get(self._opened, self._live)  # one that the store has forgotten stays as it was

    # -- from the board to a call, and back -------------------------------------------------------------------

    def open_call(self, call_id: str) -> None:
        """Show a call over the board."""
        call = self._snapshot().get(call_id)
        if call is None or self._opened is not None or not self._board.is_active:
            return
        self._opened, self._live, self._held = call_id, call, None
        without = (*self._without, *_NOT_OURS, *(("utterance",) if self._doorway.carries else ()))
        self._ground = self._call_screen = CallScreen(self._command, self._where, without, self.close_opened)
        self._draw(keys=False)
        self.push_screen(self._call_screen)

    def close_opened(self) -> None:
        """Go back to the board."""
        if self._call_screen is not None and self._call_screen.is_active:
            self._opened = self._live = self._held = self._call_screen = None
            self._ground = self._board
            self._sample_board()
            self.pop_screen()

    # -- the way out ------------------------------------------------------------------------------------------

    def _question(self) -> str | None:
        up = sum(call.ended is None for call in self._snapshot().values())
        if not up:
            return None
        told = "1 call is" if up == 1 else f"{count(up)} calls are"
        if self._doorway.carries:
            return f"{told} passing through here. Leaving cuts\nthem off."
        return f"{told} being watched. Leaving ends the watching;\nthe calls themselves go on."
