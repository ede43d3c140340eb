"""The rows that a log keeps: which of them a filter lets through, and which a search finds."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_ROWS = 100_000
"""Rows that a log keeps; the oldest go first."""


class RowList(Generic[T]):
    """Items numbered from the first one ever appended. `shown` and `hits` are such numbers, ascending.

    `plain(item)` is the text that a search looks through.
    """

    def __init__(self, plain: Callable[[T], str], limit: int = MAX_ROWS) -> None:
        self._plain = plain
        self._limit = limit
        self._items: list[T] = []
        self._first = 0
        self._keeps: Callable[[T], bool] | None = None
        self._pattern: re.Pattern[str] | None = None
        self._only_hits = False
        self._passing: range | list[int] = range(0)
        self.hits: list[int] = []

    @property
    def total(self) -> int:
        """How many items were ever appended."""
        return self._first + len(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, number: int) -> T:
        return self._items[number - self._first]

    @property
    def shown(self) -> Sequence[int]:
        """The items on view: those that pass the filter, or of these only what the search finds."""
        return self.hits if self._only_hits and self._pattern is not None else self._passing

    @property
    def passing(self) -> Sequence[int]:
        """The items that pass the filter."""
        return self._passing

    def append(self, items: Iterable[T]) -> int:
        """Add items at the end; return how many shown ones went at the front to make room."""
        number = self.total
        for item in items:
            self._items.append(item)
            if self._passes(item):
                if isinstance(self._passing, list):
                    self._passing.append(number)
                if self._pattern is not None and self._pattern.search(self._plain(item)):
                    self.hits.append(number)
            number += 1
        gone = self._trim() if len(self._items) > self._limit + self._limit // 10 else 0
        if self._keeps is None:
            self._passing = range(self._first, number)
        return gone

    def clear(self) -> None:
        """Forget the items; filter and search stay. Numbers begin at 0 again."""
        self._items.clear()
        self._first = 0
        self._sift()

    def replace(self, number: int, item: T) -> None:
        """Put `item` in the place of one that is kept."""
        self._items[number - self._first] = item
        if self._keeps is not None or self._pattern is not None:
            self._sift()

    def filter(self, keeps: Callable[[T], bool] | None) -> None:
        """Let through what `keeps` says, or everything."""
        self._keeps = keeps
        self._sift()

    def find(self, pattern: re.Pattern[str] | None, *, only_hits: bool = False) -> None:
        """Search for `pattern`; `only_hits` hides what it does not find."""
        self._only_hits = only_hits
        if pattern is not self._pattern:
            self._pattern = pattern
            self._seek()

    def _passes(self, item: T) -> bool:
        return self._keeps is None or self._keeps(item)

    def _sift(self) -> None:
        if self._keeps is None:
            self._passing = range(self._first, self.total)
        else:
            keeps = self._keeps
            self._passing = [number for number, item in enumerate(self._items, self._first) if keeps(item)]
        self._seek()

    def _seek(self) -> None:
        if self._pattern is None:
            self.hits = []
            return
        search, plain, items, first = self._pattern.search, self._plain, self._items, self._first
        self.hits = [number for number in self._passing if search(plain(items[number - first]))]

    def _trim(self) -> int:
        before = self.shown
        more = len(self._items) - self._limit
        del self._items[:more]
        self._first += more
        gone = bisect_left(before, self._first)
        if isinstance(self._passing, list):
            del self._passing[: bisect_left(self._passing, self._first)]
        del self.hits[: bisect_left(self.hits, self._first)]
        return gone
