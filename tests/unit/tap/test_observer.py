"""The observer on records as a relay writes them: what its calls are told."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.frames import Frame, Opcode

from dashboard.call.codec import to_line
from dashboard.call.events import ClosedBy, Event, Ticked, WorkerLost
from dashboard.call.hook_events import DOOR, ListenerStarted, UpgradeRefused
from dashboard.call.ports import Command, Mark
from dashboard.call.tap_events import TapMeasured, TapResumed, TapSkipped, TapUnread
from dashboard.clock import Behind, ManualClock
from dashboard.tap.observer import Ended, Observer, Opened
from dashboard.tap.records import LATE, Kind, Side, Totals, head, record, refused, ticked, told, totals

SKIPPED = struct.Struct("<QQ")


@dataclass
class Call:
    """A call that keeps what it is told."""

    call_id: str
    said: list[tuple[str, bytes, bool]] = field(default_factory=list)
    late: list[bool] = field(default_factory=list)
    facts: list[Event] = field(default_factory=list)
    recalled: list[tuple[str, bytes]] = field(default_factory=list)
    rtts: list[float] = field(default_factory=list)
    skips: int = 0
    end: Ended | None = None

    def client(self, data: bytes, *, text: bool, at: float, late: bool) -> None:
        self.said.append(("client", data, text))
        self.late.append(late)

    def upstream(self, data: bytes, *, text: bool, at: float, late: bool) -> None:
        self.said.append(("upstream", data, text))
        self.late.append(late)

    def recall(self, data: bytes, *, text: bool, at: float, by_client: bool) -> None:
        self.recalled.append(("client" if by_client else "upstream", data))

    def skipped(self) -> None:
        self.skips += 1

    def pinged(self, at: float, rtt_s: float) -> None:
        self.rtts.append(rtt_s)

    def report(self, fact: Event) -> None:
        self.facts.append(fact)

    def ended(self, ended: Ended) -> None:
        self.end = ended


class Tap:
    """An observer, and what came of the records that it was fed."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.door: list[Event] = []
        self.calls: list[Call] = []
        self.commands: list[Command] = []
        self.behind = Behind(self.clock)
        self.ticks = 0
        self.closed_at: float | None = None
        self.observer = Observer(self.door.append, self, self.commands.append, self.behind)

    def connection(self, opened: Opened) -> Call:
        self.calls.append(Call(opened.call_id))
        return self.calls[-1]

    def tick(self, at: float, late_s: float, lags: tuple[float, ...]) -> None:
        self.ticks += 1

    def close(self, at: float) -> None:
        self.closed_at = at

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    def started(self, fate: str = "") -> None:
        self.observer.feed(told(Kind.STARTED, 0, self.now, endpoint="ws://t", upstream="ws://u", wall=1.0, fate=fate))

    def opened(self, link: int = 1, extensions: str = "", **more: Any) -> Call:
        fields = {"call_id": f"call-{link}", "wall": 5.0, "asked_at": self.now, "opened_at": self.now, "target": "/",
                  "request": {}, "extensions": extensions, "clock": "kernel", "resumed": False, **more}  # fmt: skip
        self.observer.feed(told(Kind.OPENED, link, self.now, **fields))
        return self.calls[-1]

    def data(self, side: Side, data: bytes, *, flags: int = 0, held_s: float = 0.0001, link: int = 1) -> None:
        self.observer.feed(head(Kind.DATA, side | flags, link, self.now, held_s, len(data)) + data)

    def seconds(self, count: int = 1) -> None:
        for _ in range(4 * count):
            self.clock.advance(0.25)
            self.observer.feed(ticked(self.now, 0.001, ()))


def client(data: bytes, opcode: Opcode = Opcode.TEXT) -> bytes:
    return Frame(opcode, data).serialize(mask=True)


def server(data: bytes, opcode: Opcode = Opcode.TEXT) -> bytes:
    return Frame(opcode, data).serialize(mask=False)


def close(code: int, reason: bytes = b"") -> bytes:
    return struct.pack("!H", code) + reason


@pytest.fixture
def tap() -> Tap:
    return Tap()


def test_what_both_sides_say_is_heard_by_one_call(tap: Tap) -> None:
    call = tap.opened()
    tap.data(Side.CLIENT, client(b"hello"))
    tap.data(Side.UPSTREAM, server(b"\x01", Opcode.BINARY) + server(b"yes"))
    assert call.said == [("client", b"hello", True), ("upstream", b"\x01", False), ("upstream", b"yes", True)]


def test_two_links_are_two_calls(tap: Tap) -> None:
    one, other = tap.opened(1), tap.opened(2)
    tap.data(Side.CLIENT, client(b"b"), link=2)
    tap.data(Side.CLIENT, client(b"a"), link=1)
    assert (one.said, other.said) == ([("client", b"a", True)], [("client", b"b", True)])


def test_only_what_was_read_together_may_have_come_earlier_than_its_stamp(tap: Tap) -> None:
    call = tap.opened()
    tap.data(Side.UPSTREAM, server(b"1"), flags=LATE)
    tap.data(Side.UPSTREAM, server(b"2") + server(b"3"), flags=LATE)
    assert call.late == [False, True, True]


def test_once_a_second_each_side_is_measured_by_what_has_changed(tap: Tap) -> None:
    call = tap.opened()
    tap.data(Side.UPSTREAM, server(b"12345"), held_s=0.002)
    tap.observer.feed(totals(1, tap.now, Totals(0, 7)))
    tap.seconds(2)
    (measured,) = (fact for fact in call.facts if isinstance(fact, TapMeasured))
    assert (measured.side, measured.size_bytes, measured.messages, measured.frames) == ("upstream", 7, 1, 1)
    assert measured.held == pytest.approx([0.002])


def test_a_ping_of_the_clients_that_the_upstream_answers_is_a_round_trip(tap: Tap) -> None:
    call = tap.opened()
    tap.data(Side.CLIENT, client(b"p1", Opcode.PING))
    tap.clock.advance(0.125)
    tap.data(Side.UPSTREAM, server(b"p1", Opcode.PONG))
    tap.data(Side.UPSTREAM, server(b"p1", Opcode.PONG))
    assert call.rtts == pytest.approx([0.125])


def test_what_was_skipped_is_told_with_its_size_and_reading_begins_anew(tap: Tap) -> None:
    call = tap.opened()
    tap.data(Side.UPSTREAM, server(b"x" * 100)[:50])
    tap.observer.feed(record(Kind.SKIPPED, 1, tap.now, SKIPPED.pack(9000, 12), Side.UPSTREAM))
    for text in (b"one", b"two", b"three"):
        tap.data(Side.UPSTREAM, server(text))
    tap.seconds()
    assert call.said == [("upstream", b"two", True), ("upstream", b"three", True)]
    assert call.skips == 1
    told_facts = [fact for fact in call.facts if isinstance(fact, TapSkipped | TapResumed | TapUnread)]
    assert [type(fact) for fact in told_facts] == [TapSkipped, TapResumed]
    assert told_facts[1] == TapResumed("call-1", tap.now - 1.0, "upstream", len(server(b"one")))
    assert isinstance(told_facts[0], TapSkipped)
    assert (told_facts[0].side, told_facts[0].size_bytes, told_facts[0].reads) == ("upstream", 9000, 12)


def test_a_connection_that_another_observer_saw_begin_says_what_is_missing(tap: Tap) -> None:
    tap.started("was killed by SIGKILL")
    call = tap.opened(resumed=True, passed=[1000, 2000], unseen=[[10, 1], [0, 0]])
    assert [(fact.side, fact.size_bytes) for fact in call.facts if isinstance(fact, TapSkipped)] == [
        ("client", 10),
        ("upstream", 0),
    ]
    assert all(fact.reason == "the observer was killed by SIGKILL" for fact in call.facts if hasattr(fact, "reason"))
    tap.observer.feed(record(Kind.BEGUN, 1, tap.now, client(b"open") + client(b"audio")[:-1], Side.CLIENT))
    tap.observer.feed(record(Kind.BEGUN, 1, tap.now, server(b"opened"), Side.UPSTREAM))
    assert call.recalled == [("client", b"open"), ("upstream", b"opened")]
    assert (call.said, call.skips) == ([], 2)
    tap.observer.feed(totals(1, tap.now, Totals(1005, 2000)))
    tap.seconds()
    assert [fact.size_bytes for fact in call.facts if isinstance(fact, TapMeasured)] == [5]


@pytest.mark.parametrize(
    ("frames", "code", "reason", "by", "words"),
    [
        ([(Side.CLIENT, client(close(1000, b"bye"), Opcode.CLOSE)), (Side.UPSTREAM, server(close(1000), Opcode.CLOSE))],
         1000, "bye", ClosedBy.CLIENT, ""),
        ([(Side.UPSTREAM, server(close(1011, b"oops"), Opcode.CLOSE))], 1011, "oops", ClosedBy.PEER, ""),
        ([], 1006, "", ClosedBy.NETWORK, "the upstream left without a close frame"),
    ],
)  # fmt: skip
def test_the_first_close_frame_says_how_it_ended(
    tap: Tap, frames: list[tuple[Side, bytes]], code: int, reason: str, by: ClosedBy, words: str
) -> None:
    call = tap.opened()
    for side, data in frames:
        tap.clock.advance(0.01)
        tap.data(side, data)
    tap.observer.feed(told(Kind.ENDED, 1, tap.now, Side.UPSTREAM, reset=False, stopped=False))
    assert call.end is not None
    assert (call.end.code, call.end.reason, call.end.closed_by) == (code, reason, by)
    assert not words or call.end.words == words


def test_a_reset_is_told_with_whose_it_was(tap: Tap) -> None:
    call = tap.opened()
    tap.observer.feed(told(Kind.ENDED, 1, tap.now, Side.CLIENT, reset=True, stopped=False))
    assert call.end is not None
    assert call.end.words == "reset by the client"


def test_when_the_relay_is_gone_so_is_what_it_carried(tap: Tap) -> None:
    call = tap.opened()
    tap.observer.close()
    assert call.end is not None
    assert (call.end.closed_by, call.end.words) == (ClosedBy.US, "the tap was stopped")


def test_the_door_tells_where_it_listens_who_was_refused_and_that_time_passes(tap: Tap) -> None:
    tap.started()
    tap.observer.feed(refused(tap.now, 502, "tcp_refused", "the upstream cannot be reached"))
    tap.seconds()
    started, turned_away, *ticks = tap.door
    assert isinstance(started, ListenerStarted)
    assert (started.call_id, started.endpoint, started.upstream) == (DOOR, "ws://t", "ws://u")
    assert isinstance(turned_away, UpgradeRefused)
    assert (turned_away.status, turned_away.reason) == (502, "tcp_refused")
    assert [type(tick) for tick in ticks] == [Ticked] * 4


def test_the_fate_of_the_last_observer_is_told(tap: Tap) -> None:
    tap.started("ended with exit code 70")
    assert isinstance(tap.door[0], WorkerLost)
    assert (tap.door[0].detail, tap.door[0].dead) == ("the observer ended with exit code 70", False)


def test_commands_come_through_the_relay(tap: Tap) -> None:
    tap.observer.feed(record(Kind.COMMAND, 0, tap.now, to_line(Mark("here")).encode() + b"\n"))
    tap.observer.feed(record(Kind.COMMAND, 0, tap.now, b"nonsense\n"))
    assert tap.commands == [Mark("here")]


def test_records_of_a_link_that_is_not_known_are_nothing(tap: Tap) -> None:
    tap.data(Side.CLIENT, client(b"x"))
    tap.observer.feed(told(Kind.ENDED, 1, tap.now, Side.CLIENT, reset=True, stopped=False))
    assert tap.calls == []


def test_a_call_that_is_read_late_waits_for_nobody(tap: Tap) -> None:
    at = tap.now
    tap.clock.advance(3.0)
    tap.observer.feed(ticked(at, 0.0, ()))
    assert tap.behind.monotonic() == at
    tap.clock.advance(0.5)
    assert tap.behind.monotonic() == at + 0.5
