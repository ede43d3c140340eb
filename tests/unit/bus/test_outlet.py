"""Facts written as lines to a reader that may be slow, stopped or gone."""

from __future__ import annotations

import os
import threading

from dashboard.bus.outlet import LineOutlet
from dashboard.call.codec import event_from_line
from dashboard.call.events import Event, Marked, QueueMeasured, Ticked


class Gate:
    """A stream that writes only while open, as a pipe whose reader was stopped."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.blocked = threading.Event()
        self.data = b""

    def write(self, data: bytes) -> int:
        self.blocked.set()
        self.open.wait(10)
        self.data += data
        return len(data)

    def flush(self) -> None:
        pass

    def facts(self) -> list[Event]:
        return [event_from_line(line) for line in self.data.splitlines()]


def mark(number: int) -> Marked:
    return Marked("c", float(number), str(number))


def blocked(gate: Gate, **limits: int) -> LineOutlet:
    """An outlet whose thread is held up in writing fact 0."""
    outlet = LineOutlet(gate, **limits)  # type: ignore[arg-type]
    outlet.put(mark(0))
    gate.blocked.wait(10)
    return outlet


def test_facts_are_written_in_order_one_a_line() -> None:
    gate = Gate()
    gate.open.set()
    outlet = LineOutlet(gate)  # type: ignore[arg-type]
    for number in range(500):
        outlet.put(mark(number))
    outlet.close()
    assert gate.facts() == [mark(number) for number in range(500)]


def test_behind_a_stopped_reader_the_oldest_media_goes_first_and_control_never() -> None:
    gate = Gate()
    outlet = blocked(gate, media_limit=3)
    for number in range(1, 11):
        outlet.put(Ticked("c", float(number)))
        outlet.put(mark(number))
    gate.open.set()
    outlet.close()
    facts = gate.facts()
    assert [fact.at for fact in facts if isinstance(fact, Marked)] == [float(n) for n in range(11)]
    assert [fact.at for fact in facts if isinstance(fact, Ticked)] == [8.0, 9.0, 10.0]
    measured = [fact for fact in facts if isinstance(fact, QueueMeasured)]
    assert [(fact.queue, fact.dropped, fact.limit) for fact in measured] == [("screen", 7, 3)]


def test_a_reader_that_leaves_everything_unread_is_given_up() -> None:
    gate = Gate()
    outlet = blocked(gate, control_limit=5)
    for number in range(1, 8):
        outlet.put(mark(number))
    assert outlet.broken
    gate.open.set()
    outlet.close()
    assert gate.facts() == [mark(0)]


def test_a_reader_that_is_gone_stops_the_writing_and_nothing_else() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb", buffering=0) as stream:
        outlet = LineOutlet(stream)
        outlet.put(mark(1))
        outlet._thread.join(5)
        assert outlet.broken
        outlet.put(mark(2))
        outlet.close()


def test_a_fact_that_the_encoder_leaves_out_is_not_written() -> None:
    gate = Gate()
    gate.open.set()
    outlet = LineOutlet(gate, lambda event: None if event.at == 1.0 else "kept")  # type: ignore[arg-type]
    outlet.put(mark(1))
    outlet.put(mark(2))
    outlet.close()
    assert gate.data == b"kept\n"
