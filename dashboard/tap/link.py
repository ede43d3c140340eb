"""One relayed connection: its two ends, and what the observer is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dashboard.clock import Clock
from dashboard.tap.feed import Feed, Unseen
from dashboard.tap.heads import RequestHead
from dashboard.tap.records import Kind, Side, Totals, record, told, totals
from dashboard.transport.relayed import End

KEPT_BYTES = 8 * 1024
"""Of what each side sends first: there a session is opened, which an observer must know that comes later."""


class Obituary(NamedTuple):
    """What an observer has to know of a link that has ended: it may not have seen that, or need to know what the call
    was called by that went on with another link. `fields` are those of `Opened`."""

    number: int
    ended_at: float
    fields: dict[str, Any]
    begun: tuple[bytes, bytes]
    ended: bytes

    def records(self, told_until: float | None) -> Iterator[bytes]:
        """Yield its records; told_until: another observer has told of it, and of all else until then."""
        yield from _again(self.number, self.ended_at, {**self.fields, "told_until": told_until}, self.begun)
        yield self.ended


class Link:
    """One relayed connection, joined."""

    def __init__(
        self,
        number: int,
        call_id: str,
        ends: tuple[End, End],
        asked: tuple[RequestHead, float],
        answered: tuple[Mapping[str, str], float],
        *,
        feed: Feed | None,
        clock: Clock,
        gone: Callable[[Link], None],
    ) -> None:
        """`asked`: the client's request, and when it came; answered: the headers of the upgrade, and when it came.
        gone: told when both connections have ended."""
        self.number = number
        self._feed = feed
        self._clock = clock
        self._gone = gone
        self._client, self._upstream = ends
        self._opened = _opened(call_id, asked, answered, ends, clock)
        self._passed = [0, 0]
        self._unseen = Unseen()
        self._begun = (bytearray(), bytearray())
        self.obituary: Obituary | None = None
        self._over = self._forgotten = self._stopped = False

    def join(self) -> None:
        """Pass on from now on what comes, beginning with what has come."""
        if self._feed is not None:
            self._feed.tell(told(Kind.OPENED, self.number, self._opened["opened_at"], **self._opened, resumed=False))
        self._client.copy, self._upstream.copy = self._show_client, self._show_upstream
        self._client.gone, self._upstream.gone = self._end_of, self._end_of
        self._client.join()
        self._upstream.join()
        for end in (self._client, self._upstream):
            if end.closed:
                self._end_of(end)

    def end(self, *, reset: bool = False) -> None:
        """End both connections: the tap is stopped."""
        self._stopped = True
        self._client.end(reset=reset)
        self._upstream.end(reset=reset)

    def greeting(self, now: float) -> Iterator[bytes]:
        """Yield what a new observer has to know of a link that has been up for a while."""
        yield from _again(self.number, now, self._so_far(), self._begun)

    def _so_far(self) -> dict[str, Any]:
        """Return the fields of `Opened`; what was not seen is told with them."""
        unseen = [(self._unseen.bytes[side], self._unseen.reads[side]) for side in Side]
        self._unseen.bytes, self._unseen.reads = [0, 0], [0, 0]
        return {**self._opened, "resumed": True, "passed": list(self._passed), "unseen": unseen}

    def tell_totals(self, now: float) -> None:
        """Tell what has passed so far, and what of it was not shown."""
        feed = self._feed
        if feed is None:
            return
        for side in Side:
            if self._unseen.reads[side] and feed.keeps_up:
                feed.tell_skipped(self.number, side, now, self._unseen)
        passed = Totals(*self._passed, *self._unseen.total)
        feed.tell(totals(self.number, now, passed))

    # -- what the ends tell -----------------------------------------------------------------------------

    def _show_client(self, end: End, data: bytes, at: float, held_s: float | None, late: bool) -> None:
        self._show(Side.CLIENT, data, at, held_s, late)

    def _show_upstream(self, end: End, data: bytes, at: float, held_s: float | None, late: bool) -> None:
        self._show(Side.UPSTREAM, data, at, held_s, late)

    def _show(self, side: Side, data: bytes, at: float, held_s: float | None, late: bool) -> None:
        if self._passed[side] < KEPT_BYTES:
            self._begun[side].extend(data[: KEPT_BYTES - self._passed[side]])
        self._passed[side] += len(data)
        if (feed := self._feed) is not None:
            feed.show(self.number, side, data, at, held_s, late, self._unseen)

    def _end_of(self, end: End) -> None:
        """One end has ended, and so has the other one, or will."""
        if not self._over:
            self._over = True
            first = min(self._client, self._upstream, key=lambda one: one.left_at)
            side = Side.CLIENT if first is self._client else Side.UPSTREAM
            now = self._clock.monotonic()
            if self._feed is not None:
                self.tell_totals(now)
                ended = told(Kind.ENDED, self.number, now, side, reset=first.reset, stopped=self._stopped)
                self._feed.tell(ended)
                fields = {**self._opened, "resumed": True, "passed": self._passed}
                self.obituary = Obituary(
                    self.number, now, fields, (bytes(self._begun[0]), bytes(self._begun[1])), ended
                )
        if self._client.closed and self._upstream.closed and not self._forgotten:
            self._forgotten = True
            self._gone(self)


def _opened(
    call_id: str,
    asked: tuple[RequestHead, float],
    answered: tuple[Mapping[str, str], float],
    ends: tuple[End, End],
    clock: Clock,
) -> dict[str, Any]:
    """Return what the observer is told of an upgrade."""
    (request, asked_at), (headers, opened_at) = asked, answered
    return {
        "call_id": call_id,
        "wall": clock.wall() - (clock.monotonic() - asked_at),
        "asked_at": asked_at,
        "opened_at": opened_at,
        "target": request.target,
        "request": dict(request.headers),
        "extensions": headers.get("sec-websocket-extensions", ""),
        "clock": "kernel" if all(end.clock == "kernel" for end in ends) else "process",
    }


def _again(number: int, at: float, fields: dict[str, Any], begun: Sequence[bytes | bytearray]) -> Iterator[bytes]:
    """Yield what has been told of a link before, for an observer that has not heard it."""
    yield told(Kind.OPENED, number, at, **fields)
    for side in Side:
        yield record(Kind.BEGUN, number, at, bytes(begun[side]), side)
