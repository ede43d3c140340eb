"""The observer: reads the records of the relay, takes messages out of the copies, and hands them to calls.

It runs in a process of its own, has no say in what passes, and time comes to it by the records.
"""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from dashboard.call.codec import command_from_line
from dashboard.call.events import ClosedBy, Event, Ticked, WorkerLost
from dashboard.call.hook_events import DOOR, ListenerStarted, UpgradeRefused
from dashboard.call.ports import Command, Emit
from dashboard.call.tap_events import TapMeasured, TapResumed, TapSkipped, TapUnread
from dashboard.clock import Behind
from dashboard.errors import CodecError
from dashboard.tap.feed import skipped_of
from dashboard.tap.records import Kind, Reader, Record, Side, Totals, lags_of, totals_of
from dashboard.transport.overheard import Flaw, Hung, Overheard, Pinged, Said, Unread, agreed

BEHIND = "the observer was behind"
_HELD_KEPT = 60
"""Of a second: of more reads than that, every so manieth says how long the relay had it."""
_PINGS_KEPT = 20
_MEASURE_EVERY = 4  # ticks


@dataclass(frozen=True, slots=True)
class Opened:
    """A relayed connection, as the relay tells of it; moments are monotonic, `wall` is Unix time at `asked_at`.

    resumed: another observer has seen its beginning; then `passed` are the bytes of each side so far, and `unseen` the
    bytes and reads of each that passed while there was no observer. told_until: it has ended, and another observer has
    told of it, and of all else until then; what it was called by is what counts.
    """

    call_id: str
    wall: float
    asked_at: float
    opened_at: float
    target: str
    request: dict[str, str] = field(repr=False)
    extensions: str
    clock: str
    resumed: bool
    passed: tuple[int, int] = (0, 0)
    unseen: tuple[tuple[int, int], ...] = ((0, 0), (0, 0))
    told_until: float | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a connection ended: by a close frame, whose is `closed_by`, or else in `words`."""

    at: float
    code: int
    reason: str
    closed_by: ClosedBy
    words: str


class Overhears(Protocol):
    """A connection of a call, by whose id it goes."""

    call_id: str

    def client(self, data: bytes, *, text: bool, at: float, late: bool) -> None: ...
    def upstream(self, data: bytes, *, text: bool, at: float, late: bool) -> None: ...
    def recall(self, data: bytes, *, text: bool, at: float, by_client: bool) -> None: ...
    def skipped(self) -> None: ...
    def pinged(self, at: float, rtt_s: float) -> None: ...
    def report(self, fact: Event) -> None: ...
    def ended(self, ended: Ended) -> None: ...


class Calls(Protocol):
    """Whose connections they are."""

    def connection(self, opened: Opened) -> Overhears: ...
    def tick(self, at: float, late_s: float, lags: tuple[float, ...]) -> None: ...
    def close(self, at: float) -> None: ...


Obey = Callable[[Command], None]


class Observer:
    """Follows the relay's records. `emit` gets the facts of no call; calls see to their own."""

    def __init__(self, emit: Emit, calls: Calls, obey: Obey, clock: Behind) -> None:
        self._clock = clock
        self._emit = emit
        self._calls = calls
        self._obey = obey
        self._records = Reader()
        self._links: dict[int, _Link] = {}
        self._fate = ""

    def feed(self, data: bytes) -> None:
        """Take what the relay has written."""
        for record in self._records.feed(data):
            self._take(record)

    def close(self) -> None:
        """The relay is gone: what it carried has ended with it."""
        at = self._clock.monotonic()
        for link in self._links.values():
            link.gone(at)
        self._links.clear()
        self._calls.close(at)

    def _take(self, record: Record) -> None:
        self._clock.read(record.at)
        link = self._links.get(record.link)
        match record.kind:
            case Kind.DATA:
                if link is not None:
                    link.data(record)
            case Kind.TICKED:
                self._tick(record)
            case Kind.TOTALS:
                if link is not None:
                    link.totals(totals_of(record.data))
            case Kind.SKIPPED:
                if link is not None:
                    link.skipped(record.side, record.at, *skipped_of(record.data), BEHIND)
            case Kind.OPENED:
                opened = Opened(**record.fields)
                self._links[record.link] = _Link(self._calls.connection(opened), opened, record.at, self._fate)
            case Kind.BEGUN:
                if link is not None:
                    link.begun(record)
            case Kind.ENDED:
                if link is not None:
                    del self._links[record.link]
                    link.ended(record)
            case Kind.REFUSED:
                self._emit(UpgradeRefused(DOOR, record.at, **record.fields))
            case Kind.STARTED:
                self._started(record.at, **record.fields)
            case Kind.COMMAND:
                self._command(record)

    def _started(self, at: float, endpoint: str, upstream: str, wall: float, fate: str) -> None:
        self._fate = fate and f"the observer {fate}"
        if fate:
            self._emit(WorkerLost(DOOR, at, self._fate, dead=False))
        self._emit(ListenerStarted(DOOR, at, wall, endpoint, signed=False, upstream=upstream))

    def _tick(self, record: Record) -> None:
        lags = lags_of(record.data)
        self._emit(Ticked(DOOR, record.at, record.held_s, lags))
        self._calls.tick(record.at, record.held_s, lags)
        for link in self._links.values():
            link.tick(record.at)

    def _command(self, record: Record) -> None:
        try:
            self._obey(command_from_line(record.data))
        except CodecError as error:
            sys.stderr.write(f"ignored: {error}\n")


class _Side:
    """What is seen of one side."""

    def __init__(self, name: str, reader: Overheard) -> None:
        self.name = name
        self.reader = reader
        self.bytes = 0
        self.messages = 0
        self.pings = 0
        self.sought = 0  # bytes in which the next frame was looked for
        self.held: list[float] = []
        self.unread: dict[str, list[int]] = {}
        self.told: tuple[int, ...] = (0, 0, 0, 0, 0, 0)
        self.hung: Hung | None = None
        self.hung_at = math.inf

    def keep_held(self, held_s: float) -> None:
        if not math.isnan(held_s) and len(self.held) < _HELD_KEPT:
            self.held.append(held_s)

    def note_unread(self, sign: Unread) -> None:
        if sign.flaw is Flaw.SEEKING:
            self.sought += sign.size_bytes
            return
        entry = self.unread.setdefault(sign.flaw.value, [0, 0])
        entry[0] += sign.size_bytes
        entry[1] += sign.messages

    def facts(self, call_id: str, at: float) -> list[Event]:
        """Return what is to be told since the last time."""
        reader = self.reader
        now = (self.bytes, self.messages, reader.frames, reader.fragments, reader.compressed, self.pings)
        facts: list[Event] = []
        if now != self.told:
            size, messages, frames, fragments, compressed, pings = (
                new - old for new, old in zip(now, self.told, strict=True)
            )
            held = tuple(self.held)
            facts.append(
                TapMeasured(call_id, at, self.name, size, messages, frames, fragments, compressed, pings, held)
            )
            self.told = now
            self.held.clear()
        return facts

    def unread_facts(self, call_id: str, at: float) -> list[Event]:
        """Return what could not be read since the last time."""
        unread, self.unread = self.unread, {}
        return [TapUnread(call_id, at, self.name, flaw, *counts) for flaw, counts in unread.items()]


class _Link:
    """One relayed connection."""

    def __init__(self, call: Overhears, opened: Opened, at: float, fate: str) -> None:
        self._call = call
        self._pings: dict[bytes, float] = {}  # of the client's, that are not answered
        self._ticks = 0
        self._sides = tuple(
            _Side(side.name.lower(), Overheard(agreed(opened.extensions, client=not side), masked=not side))
            for side in Side
        )
        if opened.resumed:
            for side, passed, unseen in zip(self._sides, opened.passed, opened.unseen, strict=True):
                side.bytes, side.told = passed, (passed, *side.told[1:])
                call.report(TapSkipped(call.call_id, at, side.name, *unseen, fate))

    def data(self, record: Record) -> None:
        """Read what one side has sent."""
        side = self._sides[record.side]
        side.keep_held(record.held_s)
        was_in_sync = side.reader.in_sync
        signs = list(side.reader.feed(record.data))
        if side.reader.in_sync and not was_in_sync:
            self._call.report(TapResumed(self._call.call_id, record.at, side.name, side.sought))
            side.sought = 0
        said = sum(isinstance(sign, Said) for sign in signs)
        # The kernel's stamp is that of the last bytes; what was read together with them may have come before.
        late = record.late and said > 1
        take = self._call.client if record.side is Side.CLIENT else self._call.upstream
        for sign in signs:
            if isinstance(sign, Said):
                side.messages += 1
                take(sign.data, text=sign.text, at=record.at, late=late)
            else:
                self._other(side, sign, record)
        if was_in_sync and not side.reader.in_sync:
            self._tell_unread(side, record.at)
            self._call.skipped()

    def begun(self, record: Record) -> None:
        """Read again how one side began, for what holds since then; what follows is not known."""
        side = self._sides[record.side]
        for sign in side.reader.feed(record.data):
            if isinstance(sign, Said):
                self._call.recall(sign.data, text=sign.text, at=record.at, by_client=record.side is Side.CLIENT)
        side.told = (side.bytes, 0, side.reader.frames, side.reader.fragments, side.reader.compressed, 0)
        self._lost(side)

    def skipped(self, number: Side, at: float, size: int, reads: int, why: str) -> None:
        """Bytes of one side have passed that we were not shown."""
        side = self._sides[number]
        self._lost(side)
        self._call.report(TapSkipped(self._call.call_id, at, side.name, size, reads, why))

    def totals(self, passed: Totals) -> None:
        """The relay has counted."""
        for side in Side:
            self._sides[side].bytes = passed[side]

    def tick(self, at: float) -> None:
        """Time passes."""
        self._ticks += 1
        if self._ticks % _MEASURE_EVERY == 0:
            self._tell(at)

    def ended(self, record: Record) -> None:
        """The connection has ended."""
        self._tell(record.at)
        fields = record.fields
        who = record.side.name.lower()
        words = f"reset by the {who}" if fields["reset"] else f"the {who} left without a close frame"
        self._call.ended(self._ending(record.at, words, stopped=fields["stopped"]))

    def gone(self, at: float) -> None:
        """The relay has ended."""
        self._tell(at)
        self._call.ended(self._ending(at, "", stopped=True))

    def _ending(self, at: float, words: str, *, stopped: bool) -> Ended:
        client, upstream = self._sides
        if client.hung is None and upstream.hung is None:
            if stopped:
                return Ended(at, 1006, "", ClosedBy.US, "the tap was stopped")
            return Ended(at, 1006, "", ClosedBy.NETWORK, words)
        first, by = (client, ClosedBy.CLIENT) if client.hung_at <= upstream.hung_at else (upstream, ClosedBy.PEER)
        assert first.hung is not None
        return Ended(at, first.hung.code, first.hung.reason, by, words)

    def _tell(self, at: float) -> None:
        for side in self._sides:
            for fact in side.facts(self._call.call_id, at):
                self._call.report(fact)
            self._tell_unread(side, at)

    def _tell_unread(self, side: _Side, at: float) -> None:
        for fact in side.unread_facts(self._call.call_id, at):
            self._call.report(fact)

    def _lost(self, side: _Side) -> None:
        side.reader.lost()
        self._pings.clear()
        self._call.skipped()

    def _other(self, side: _Side, sign: Any, record: Record) -> None:
        match sign:
            case Pinged(payload, answers):
                side.pings += 1
                self._ping(payload, record, answers=answers)
            case Hung():
                if side.hung is None:
                    side.hung, side.hung_at = sign, record.at
            case Unread():
                side.note_unread(sign)

    def _ping(self, payload: bytes, record: Record, *, answers: bool) -> None:
        if not answers and record.side is Side.CLIENT:
            if len(self._pings) >= _PINGS_KEPT:
                del self._pings[next(iter(self._pings))]
            self._pings[payload] = record.at
        elif answers and record.side is Side.UPSTREAM and (sent_at := self._pings.pop(payload, None)) is not None:
            self._call.pinged(record.at, max(0.0, record.at - sent_at))


class _Pipe(asyncio.Protocol):
    """The relay's stream."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        try:
            self._take(data)
        except Exception as error:  # raised into the loop's callback it would be lost
            if not self.ended.done():
                self.ended.set_exception(error)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


async def follow(observer: Observer, stream: Any) -> None:
    """Feed `observer` from a pipe to its end."""
    transport, pipe = await asyncio.get_running_loop().connect_read_pipe(lambda: _Pipe(observer.feed), stream)
    try:
        await pipe.ended
    finally:
        transport.close()
