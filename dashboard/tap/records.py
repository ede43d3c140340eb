"""What the relay tells the observer: records on a stream, each a head of fixed size and its data.

Nothing comes back. A link is one relayed connection, a side one of its two directions, named for who sent it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, NamedTuple

from dashboard.wiretext import clean

NO_LINK = 0
"""The link of records that are of none; links are numbered from 1."""

_HEAD = struct.Struct("<BBIdfI")
_TOTALS = struct.Struct("<QQQQ")
_WORDS = 200
_LAGS = struct.Struct("<f")


class Side(IntEnum):
    """Who sent it: the client dialled the tap, the upstream was dialled by it."""

    CLIENT = 0
    UPSTREAM = 1


class Kind(IntEnum):
    """What a record tells; in brackets its data.

    STARTED: connections may come in (JSON: `endpoint`, `upstream`, `wall`). OPENED: an upgrade was answered with 101
    (JSON: `Opened`). DATA: a read of one side, after the upgrade (the bytes). SKIPPED: what passed unseen (two
    counters). ENDED: the link has ended (JSON: `reset`, `stopped`), on the side that ended first. REFUSED: a request
    that did not become a link (JSON: `status`, `reason`, `detail`). TOTALS: what has passed on a link so far, four
    counters. TICKED: time passes (the lags of the relay's loop). COMMAND: a line from the operator.
    BEGUN: the first bytes of one side, again, for an observer that has not seen them (the bytes).
    """

    STARTED = 1
    OPENED = 2
    DATA = 3
    SKIPPED = 4
    ENDED = 5
    REFUSED = 6
    TOTALS = 7
    TICKED = 8
    COMMAND = 9
    BEGUN = 10


LATE = 0x80
_SIDE = 0x01


class Record(NamedTuple):
    """One record; `at` monotonic.

    held_s: of DATA, how long the relay had it; NaN where it had to wait for a slow reader. Of SKIPPED, unused.
    late: of DATA, it may have lain unread for a while before `at`.
    """

    kind: Kind
    side: Side
    link: int
    at: float
    held_s: float
    late: bool
    data: bytes

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON object that the data is."""
        found: dict[str, Any] = json.loads(self.data)
        return found


class Totals(NamedTuple):
    """Bytes that passed on a link, by side, and bytes that the observer was not shown."""

    client: int = 0
    upstream: int = 0
    client_skipped: int = 0
    upstream_skipped: int = 0


def head(kind: Kind, flags: int, link: int, at: float, held_s: float, size: int) -> bytes:
    """Return what stands before the `size` bytes of data; `flags` are a side and LATE."""
    return _HEAD.pack(kind, flags, link, at, held_s, size)


def record(kind: Kind, link: int, at: float, data: bytes = b"", side: Side = Side.CLIENT) -> bytes:
    """Return a record."""
    return _HEAD.pack(kind, side, link, at, 0.0, len(data)) + data


def told(kind: Kind, link: int, at: float, side: Side = Side.CLIENT, **fields: Any) -> bytes:
    """Return a record of JSON."""
    return record(kind, link, at, json.dumps(fields).encode(), side)


def refused(at: float, status: int, reason: str, detail: str) -> bytes:
    """Return a record of a request that did not become a link."""
    return told(Kind.REFUSED, NO_LINK, at, status=status, reason=reason, detail=clean(detail, _WORDS))


def totals(link: int, at: float, passed: Totals) -> bytes:
    """Return a record of what has passed."""
    return record(Kind.TOTALS, link, at, _TOTALS.pack(*passed))


def totals_of(data: bytes) -> Totals:
    """Read the data of TOTALS."""
    return Totals(*_TOTALS.unpack(data))


def ticked(at: float, late_s: float, lags: tuple[float, ...]) -> bytes:
    """Return a record of time: how late the relay's own timer was, and its loop at moments 20 ms apart."""
    data = struct.pack(f"<{len(lags)}f", *lags)
    return _HEAD.pack(Kind.TICKED, 0, NO_LINK, at, late_s, len(data)) + data


def lags_of(data: bytes) -> tuple[float, ...]:
    """Read the data of TICKED."""
    return tuple(value for (value,) in _LAGS.iter_unpack(data))


class Reader:
    """Cuts a stream into records."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Record]:
        """Yield what is whole now."""
        held = self._held
        held += data
        at, end = 0, len(held)
        while end - at >= _HEAD.size:
            kind, flags, link, stamp, held_s, size = _HEAD.unpack_from(held, at)
            stop = at + _HEAD.size + size
            if stop > end:
                break
            yield Record(
                Kind(kind),
                Side(flags & _SIDE),
                link,
                stamp,
                held_s,
                bool(flags & LATE),
                bytes(held[at + _HEAD.size : stop]),
            )
            at = stop
        del held[:at]
