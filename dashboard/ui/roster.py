"""Which calls a board shows, as what, and in which order: worst first unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dashboard.call.state import Calls, CallState
from dashboard.ui.draw.board import WORST_FIRST, Column, Entry, entry, in_order

EVERY_S = 1.0
"""Figures are worked out, and calls put in order, no more often than an eye can follow."""

KEPT_S = 600.0
"""How long a call that is over stays on the board."""

KEPT_ENDED = 50


@dataclass(frozen=True, slots=True)
class Change:
    """What a sample has changed: the order of calls, or how these look."""

    moved: bool
    calls: frozenset[str]


class Roster:
    """`order` names the calls from the top down, `entries` says how each looks."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.order: list[str] = []
        self.by: Column = WORST_FIRST
        self.reverse = False
        self.now = 0.0
        self._mask: Callable[[str], str] | None = None
        self._seen: dict[str, CallState] = {}
        self._due = 0.0

    def sort(self, by: Column, *, reverse: bool) -> None:
        """Put the calls in another order, at once."""
        self.by, self.reverse = by, reverse
        self._sort()

    def cover(self, mask: Callable[[str], str] | None) -> bool:
        """Show what is said through `mask` from now on; tell whether that is a change."""
        if (mask is None) is (self._mask is None):
            return False
        self._mask = mask
        for call_id in self.entries:
            self.entries[call_id] = self._entry(self._seen[call_id])
        return True

    def take(self, calls: Calls, now: float) -> Change:
        """Take the newest states. What comes, ends or is lost is shown at once, all else once a second."""
        due = not self._due - EVERY_S <= now < self._due  # or time has gone back: another source
        before, self.now = self.order, now
        if due:
            self._due = now + EVERY_S
        changed = {call.call_id for call in calls.values() if self._is_news(call, due=due)}
        for call_id in changed:
            self._seen[call_id] = call = calls[call_id]
            self.entries[call_id] = self._entry(call)
        self._forget(calls)
        self.order = [call_id for call_id in before if call_id in self.entries]
        new = self.entries.keys() - set(before)
        self.order += sorted(new, key=lambda call_id: (self.entries[call_id].started_at, call_id))
        if due:
            self._sort()
        return Change(self.order != before, frozenset(changed if not due else self.entries))

    def _entry(self, call: CallState) -> Entry:
        shown, mask = entry(call), self._mask
        if mask is None:
            return shown
        said = replace(shown.headline, text=mask(shown.headline.text))
        return replace(shown, headline=said, ended=mask(shown.ended), herd=mask(shown.herd))

    def _is_news(self, call: CallState, *, due: bool) -> bool:
        before = self._seen.get(call.call_id)
        if before is call:
            return False
        if before is None:
            return call.ended is None or self.now - call.now < KEPT_S
        return due or _standing(before) != _standing(call)

    def _forget(self, calls: Calls) -> None:
        """Drop what was over long ago, what is too much of it, and what the source does not know any more."""
        over = self._ended_first_to_go()
        stale = [one.call_id for one in over if self.now - (one.ended_at or 0.0) >= KEPT_S]
        stale += [one.call_id for one in over[: max(0, len(over) - KEPT_ENDED)]]
        stale += [call_id for call_id in self.entries if call_id not in calls]
        for call_id in stale:
            self.entries.pop(call_id, None)
        if len(self._seen) > len(calls):
            self._seen = {call_id: seen for call_id, seen in self._seen.items() if call_id in calls}

    def _ended_first_to_go(self) -> list[Entry]:
        return sorted((one for one in self.entries.values() if not one.lives), key=lambda one: one.ended_at or 0.0)

    def _sort(self) -> None:
        self.order = [one.call_id for one in in_order(self.entries.values(), self.by, reverse=self.reverse)]


def _standing(call: CallState) -> object:
    """Return what is drawn at once when it changes."""
    return call.link.state, call.link.outage is None, call.worker_lost, call.ended
