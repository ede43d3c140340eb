from __future__ import annotations

import select
import socket
import sys

import pytest

from dashboard.clock import SystemClock
from dashboard.transport.kernel_time import KernelTime, StampedSocket, kernel_stamps, spread


class TwoClocks:
    """Monotonic and wall time that can be moved apart."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.offset = 1_900_000_000.0
        self.pause = 0.0  # how long the process stands still between two readings

    def monotonic(self) -> float:
        self.now += self.pause
        return self.now

    def wall(self) -> float:
        return self.now + self.offset


def test_a_stamp_is_told_on_the_monotonic_clock() -> None:
    clock = TwoClocks()
    kernel = KernelTime(clock)
    assert kernel.monotonic(clock.wall() - 0.25) == pytest.approx(999.75, abs=1e-6)


def test_slewing_of_the_wall_clock_does_not_add_up() -> None:
    clock = TwoClocks()
    kernel = KernelTime(clock)
    for _ in range(1000):
        clock.now += 1.0
        clock.offset += 500e-6
        assert kernel.monotonic(clock.wall() - 0.25) == pytest.approx(clock.now - 0.25, abs=1e-6)


@pytest.mark.parametrize("step", [3600.0, -3600.0, 0.5])
def test_after_a_step_of_the_wall_clock_one_arrival_counts_as_read_and_the_next_are_right_again(step: float) -> None:
    clock = TwoClocks()
    kernel = KernelTime(clock)
    before_the_step = clock.wall() - 0.001
    clock.offset += step
    assert kernel.monotonic(before_the_step) == 1000.0
    assert kernel.monotonic(clock.wall() - 0.25) == pytest.approx(999.75, abs=1e-6)


def test_a_process_that_stood_still_between_two_readings_does_not_spoil_the_offset() -> None:
    clock = TwoClocks()
    kernel = KernelTime(clock)
    clock.pause = 0.004
    assert kernel.monotonic(1_900_000_999.75) == pytest.approx(999.75, abs=1e-6)


def test_no_arrival_lies_in_the_future() -> None:
    clock = TwoClocks()
    assert KernelTime(clock).monotonic(clock.wall() + 0.002) == clock.now


def test_linux_stamps_what_tcp_receives_by_either_way_of_reading() -> None:
    assert kernel_stamps() == sys.platform.startswith("linux")
    if not kernel_stamps():
        return
    clock = SystemClock()
    with socket.create_server(("127.0.0.1", 0)) as server, StampedSocket(socket.AF_INET, clock) as reading:
        began = clock.monotonic()
        reading.connect(server.getsockname())
        writing, _ = server.accept()
        with writing:
            first = None
            while first is None:  # the kernel begins to stamp a moment after it was asked to
                writing.sendall(b"o")
                assert reading.recv(100) == b"o"
                first = reading.arrived
            writing.sendall(b"three")
            room = bytearray(4)
            assert reading.recv_into(room) == 4
            second = reading.arrived
            assert reading.recv_into(room, 1) == 1
            assert bytes(room) == b"ehre"
    assert second is not None
    assert began - 0.001 <= first <= second <= clock.monotonic()


def test_a_read_knows_when_its_first_and_its_last_bytes_came() -> None:
    clock = SystemClock()
    with socket.create_server(("127.0.0.1", 0)) as server, StampedSocket(socket.AF_INET, clock) as reading:
        reading.connect(server.getsockname())
        writing, _ = server.accept()
        with writing:
            arrived: list[float] = []
            while not arrived and kernel_stamps():
                writing.sendall(b"o")
                reading.recv(100)
                arrived += [reading.arrived] if reading.arrived is not None else []
            writing.sendall(b"first")
            select.select([reading], [], [])
            between = clock.monotonic()
            while clock.monotonic() < between + 0.005:
                pass
            writing.sendall(b"last")
            assert reading.recv(100) == b"firstlast"
    if kernel_stamps():
        assert reading.began is not None
        assert reading.arrived is not None
        # The kernel may have merged the two, and then knows of the last alone. Wall time is read to 0.24 µs.
        assert arrived[0] < reading.began <= reading.arrived + 1e-6 < clock.monotonic()
        assert reading.arrived >= between + 0.004
    else:
        assert reading.began is reading.arrived is None


@pytest.mark.parametrize(
    ("began", "ended", "moments"),
    [
        (1.0, 2.0, [1.0, 1.25, 1.5, 1.75, 2.0]),
        (2.0, 2.0, [2.0] * 5),
        (1.0, 2.0, [2.0]),
        (2.0, 1.5, [2.0, 2.0]),
    ],
    ids=["evenly between first and last", "at once", "one alone when it was whole", "none before the bytes before it"],
)
def test_messages_that_were_read_together_arrived_one_after_the_other(
    began: float, ended: float, moments: list[float]
) -> None:
    assert spread(began, ended, len(moments)) == moments
