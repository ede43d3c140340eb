"""One relayed connection: its two ends, and what the observer is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dashboard.clock import Clock
from dashboard.tap.feed import Feed, Unseen
from dashboard.tap.heads import RequestHead, read_response
from dashboard.tap.records import Kind, Side, Totals, record, refused, told, totals
from dashboard.transport.relayed import HEAD_LIMIT, End, unheard

KEPT_BYTES = 8 * 1024
"""Of what each side sends first: there a session is opened, which an observer must know that comes later."""


class Link:
    """One relayed connection, joined."""

    def __init__(
        self,
        number: int,
        call_id: str,
        ends: tuple[End, End],
        asked: tuple[RequestHead, float],
        *,
        feed: Feed | None,
        clock: Clock,
        gone: Callable[[Link], None],
    ) -> None:
        """`asked`: the client's request, and when it came. gone: told when both connections have ended."""
        self.number = number
        self._feed = feed
        self._clock = clock
        self._gone = gone
        self._call_id = call_id
        self._client, self._upstream = ends
        self._request, self._asked_at = asked
        self._answer = bytearray()  # until its head is whole
        self._early: list[tuple[bytes, float, float | None, bool]] = []  # what the client sent before it was answered
        self._opened: dict[str, Any] | None = None
        self._passed = [0, 0]
        self._unseen = Unseen()
        self._begun = (bytearray(), bytearray())
        self.obituary: tuple[bytes, ...] = ()
        """What an observer has to be told that may not have seen the end."""
        self._over = self._forgotten = self._stopped = False

    def join(self) -> None:
        """Pass on from now on what comes."""
        self._client.copy, self._upstream.copy = self._asks, self._answers
        self._client.gone, self._upstream.gone = self._end_of, self._end_of
        self._client.join(self._upstream)
        self._upstream.join(self._client)
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
        if self._opened is None:
            return
        unseen = [(self._unseen.bytes[side], self._unseen.reads[side]) for side in Side]
        self._unseen.bytes, self._unseen.reads = [0, 0], [0, 0]
        yield told(Kind.OPENED, self.number, now, **self._opened, resumed=True, passed=self._passed, unseen=unseen)
        for side in Side:
            yield record(Kind.BEGUN, self.number, now, bytes(self._begun[side]), side)

    def tell_totals(self, now: float) -> None:
        """Tell what has passed so far, and what of it was not shown."""
        feed = self._feed
        if self._opened is None or feed is None:
            return
        for side in Side:
            if self._unseen.reads[side] and feed.keeps_up:
                feed.tell_skipped(self.number, side, now, self._unseen)
        passed = Totals(*self._passed, *self._unseen.total)
        feed.tell(totals(self.number, now, passed))

    # -- what the ends tell -----------------------------------------------------------------------------

    def _asks(self, end: End, data: bytes, at: float, held_s: float | None, late: bool) -> None:
        """The client sends something before it was answered."""
        if len(self._early) < HEAD_LIMIT:
            self._early.append((data, at, held_s, late))

    def _answers(self, end: End, data: bytes, at: float, held_s: float | None, late: bool) -> None:
        """Look for the end of the upstream's head."""
        self._answer += data
        while (size := self._answer.find(b"\r\n\r\n") + 4) > 3:
            head = bytes(self._answer[:size])
            del self._answer[:size]
            answer = read_response(head)
            if answer is None:
                self._not_opened(0, "bad_reply", "the upstream did not answer in HTTP/1.1")
                return
            status, headers = answer
            if status == 101:
                self._open(headers, at)
                if self._answer:
                    self._show_upstream(end, bytes(self._answer), at, held_s, late)
                self._answer.clear()
                return
            if status >= 200:
                self._not_opened(status, "upstream_refused", f"the upstream answered {status}")
                return
        if len(self._answer) > HEAD_LIMIT:
            self._not_opened(0, "bad_reply", "the upstream did not answer in HTTP/1.1")

    def _open(self, headers: Mapping[str, str], at: float) -> None:
        """The upgrade was answered: from here on there are frames."""
        clock = self._clock
        self._opened = {
            "call_id": self._call_id,
            "wall": clock.wall() - (clock.monotonic() - self._asked_at),
            "asked_at": self._asked_at,
            "opened_at": at,
            "target": self._request.target,
            "request": dict(self._request.headers),
            "extensions": headers.get("sec-websocket-extensions", ""),
            "clock": "kernel" if {self._client.clock, self._upstream.clock} == {"kernel"} else "process",
        }
        if (feed := self._feed) is not None:
            feed.tell(told(Kind.OPENED, self.number, at, **self._opened, resumed=False))
        self._client.copy, self._upstream.copy = self._show_client, self._show_upstream
        for early in self._early:
            self._show_client(self._client, *early)
        self._early.clear()

    def _not_opened(self, status: int, reason: str, detail: str) -> None:
        """What passes from here on is no WebSocket."""
        if self._feed is not None:
            self._feed.tell(refused(self._clock.monotonic(), status, reason, detail))
        self._client.copy = self._upstream.copy = unheard
        self._answer.clear()
        self._early.clear()

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
            if self._opened is not None and self._feed is not None:
                self.tell_totals(now)
                ended = told(Kind.ENDED, self.number, now, side, reset=first.reset, stopped=self._stopped)
                self._feed.tell(ended)
                self.obituary = (*self.greeting(now), ended)
        if self._client.closed and self._upstream.closed and not self._forgotten:
            self._forgotten = True
            self._gone(self)
