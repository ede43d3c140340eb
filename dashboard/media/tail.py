"""A bounded history that many states can hold at once.

Sharing rule: every view made by `append` or `extend` reads the same list as its parent and differs only in where it
starts and stops. Appending to the newest view writes in place, behind all that older views read; appending to an
older one (a fork: a replay that was wound back) takes a fresh list. So does an append that would leave more items
before its view than in it: a list never grows beyond twice `limit` items, and that is the most that a view holds on
to, however long it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar, overload

T = TypeVar("T")


class Tail(Sequence[T]):
    """The last `limit` items of a sequence that is only ever appended to. Immutable.

    Absolute indices count from the first item ever appended; `dropped` of them are no longer here.
    """

    __slots__ = ("_items", "_limit", "_offset", "_start", "_stop")

    _items: list[T]
    _start: int  # the view is _items[_start:_stop]
    _stop: int
    _offset: int  # the absolute index of _items[0]
    _limit: int

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError("a tail keeps at least one item")
        self._items = []
        self._start = self._stop = self._offset = 0
        self._limit = limit

    @property
    def limit(self) -> int:
        """The most items that it keeps."""
        return self._limit

    @property
    def dropped(self) -> int:
        """How many items fell off the front; also the absolute index of the first one still here."""
        return self._offset + self._start

    @property
    def total(self) -> int:
        """How many items were ever appended."""
        return self._offset + self._stop

    def append(self, item: T) -> Tail[T]:
        """Return a tail that ends with `item`."""
        return self.extend((item,))

    def extend(self, items: Iterable[T]) -> Tail[T]:
        """Return a tail that ends with `items`."""
        added = items if isinstance(items, tuple) else tuple(items)
        shared, start, stop = self._items, self._start, self._stop
        end = stop + len(added)
        first = max(start, end - self._limit)
        if len(shared) == stop and first <= end - first:
            shared.extend(added)
            return self._view(shared, first, end, self._offset)
        own = [*shared[start:stop], *added][first - end :]
        return self._view(own, 0, len(own), self._offset + first)

    def replace_at(self, index: int, item: T) -> Tail[T]:
        """Return a copy with `item` at the absolute `index`. Raises IndexError if that one is not here."""
        if not self.dropped <= index < self.total:
            raise IndexError(f"absolute index {index} is not in {self.dropped}..{self.total - 1}")
        items = self._items[self._start : self._stop]
        items[index - self.dropped] = item
        return self._view(items, 0, len(items), self.dropped)

    def map(self, change: Callable[[T], T]) -> Tail[T]:
        """Return a copy with every item changed; indices stay."""
        items = [change(item) for item in self]
        return self._view(items, 0, len(items), self.dropped)

    def drop_before(self, index: int) -> Tail[T]:
        """Return a tail without the items before the absolute `index`."""
        start = min(max(index - self._offset, self._start), self._stop)
        return self._view(self._items, start, self._stop, self._offset)

    def since(self, index: int) -> Iterator[T]:
        """Iterate over the items that are still here with an absolute index of at least `index`."""
        return iter(self._items[max(index - self._offset, self._start) : self._stop])

    def _view(self, items: list[T], start: int, stop: int, offset: int) -> Tail[T]:
        view: Tail[T] = Tail.__new__(Tail)
        view._items = items
        view._start = start
        view._stop = stop
        view._offset = offset
        view._limit = self._limit
        return view

    def __len__(self) -> int:
        return self._stop - self._start

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            span = range(len(self))[index]
            if not span:
                return ()
            lowest, highest = sorted((span[0], span[-1]))
            return tuple(self._items[self._start + lowest : self._start + highest + 1])[:: span.step]
        at = index + (self._stop if index < 0 else self._start)
        if not self._start <= at < self._stop:
            raise IndexError("tail index out of range")
        return self._items[at]

    def __iter__(self) -> Iterator[T]:
        return iter(self._items[self._start : self._stop])

    def __reversed__(self) -> Iterator[T]:
        return reversed(self._items[self._start : self._stop])

    def __eq__(self, other: object) -> bool:
        """The same items at the same absolute indices."""
        if not isinstance(other, Tail):
            return NotImplemented
        if self.total != other.total or self.dropped != other.dropped:
            return False
        same_list = self._items is other._items and self._offset == other._offset
        return same_list or list(self) == list(other)

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self[-3:]))
        return f"<Tail of {len(self)}, {self.dropped} dropped: … {shown}>"
