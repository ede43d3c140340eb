"""Folds facts into the newest state of every call and hands it out."""

from __future__ import annotations

from types import MappingProxyType

from dashboard.call import door
from dashboard.call.door_view import DoorView
from dashboard.call.events import CallEnded, Event
from dashboard.call.findings import herd
from dashboard.call.hook_events import DOOR
from dashboard.call.reducer import step
from dashboard.call.state import Calls, CallState

KEPT_ENDED = 200
"""Calls that are over and can still be looked at; a listener runs for weeks."""


class Store:
    """A sink that the screen samples; facts and samples come from one thread."""

    def __init__(self) -> None:
        self._calls: dict[str, CallState] = {}
        self._ended: dict[str, None] = {}  # in the order of their ends
        self._snapshot: Calls | None = None
        self.door = DoorView()
        self.facts = 0

    def put(self, event: Event) -> None:
        self.facts += 1
        if event.call_id == DOOR:
            self.door = door.step(self.door, event)
            return
        before = self._calls.get(event.call_id) or CallState(event.call_id)
        self._calls[event.call_id] = call = step(before, event)
        if call.link.outages is not before.link.outages and len(self._calls) >= herd.FEWEST_LINKS:
            self._calls.update(herd.noted(self._calls))
        self._snapshot = None
        if isinstance(event, CallEnded):
            self._forget_oldest(event.call_id)

    def close(self) -> None:
        """Nothing is held back: the last snapshot stays readable."""

    def snapshot(self) -> Calls:
        """Return the calls as they are now; later facts do not change what was returned."""
        if self._snapshot is None:
            self._snapshot = MappingProxyType(dict(self._calls))
        return self._snapshot

    def _forget_oldest(self, ended: str) -> None:
        self._ended.pop(ended, None)
        self._ended[ended] = None
        if len(self._ended) > KEPT_ENDED:
            oldest = next(iter(self._ended))
            del self._ended[oldest], self._calls[oldest]
