"""Folds facts into the newest state of every call and hands it out."""

from __future__ import annotations

from types import MappingProxyType

from dashboard.call.events import Event
from dashboard.call.reducer import step
from dashboard.call.state import Calls, CallState


class Store:
    """A sink that the screen samples; facts and samples come from one thread."""

    def __init__(self) -> None:
        self._calls: dict[str, CallState] = {}
        self._snapshot: Calls | None = None
        self.facts = 0

    def put(self, event: Event) -> None:
        call = self._calls.get(event.call_id) or CallState(event.call_id)
        self._calls[event.call_id] = step(call, event)
        self._snapshot = None
        self.facts += 1

    def close(self) -> None:
        """Nothing is held back: the last snapshot stays readable."""

    def snapshot(self) -> Calls:
        """Return the calls as they are now; later facts do not change what was returned."""
        if self._snapshot is None:
            self._snapshot = MappingProxyType(dict(self._calls))
        return self._snapshot
