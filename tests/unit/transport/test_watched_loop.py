from __future__ import annotations

import asyncio
import selectors
import socket
import sys
from collections.abc import Sequence

import pytest

from dashboard.transport.watched_loop import KEPT_SAMPLES, SAMPLE_S, LoopWatch, loop_watch, new_loop

Poll = tuple[float, float | None]
"""When a poll for a millisecond began and when it was over, seconds; None: it found something at once."""


def watch(*polls: Poll) -> LoopWatch:
    """A watch made at 0 s and polled so."""
    times = iter([0.0, *(moment for poll in polls for moment in poll if moment is not None)])
    reader, writer = socket.socketpair()
    with reader, writer, LoopWatch(times.__next__) as made:
        for _, over in polls:
            if over is None:
                made.register(writer, selectors.EVENT_WRITE)  # it is always ready
            made.select(0.001)
            if over is None:
                made.unregister(writer)
    return made


def idle(begin_ms: int, end_ms: int) -> list[Poll]:
    """Poll after poll, 5 ms each at most."""
    edges = [*range(begin_ms, end_ms, 5), end_ms]
    return [(edges[i] / 1000, edges[i + 1] / 1000) for i in range(len(edges) - 1)]


def in_ms(lags: Sequence[float]) -> list[float]:
    return [round(lag * 1000, 3) for lag in lags]


def test_what_a_poll_waited_for_has_just_come() -> None:
    assert watch((0.001, 0.002)).unread_since == 0.002


def test_what_a_poll_finds_at_once_may_have_come_since_the_one_before() -> None:
    assert watch((0.001, 0.002), (0.030, None)).unread_since == 0.002
    assert watch((0.001, 0.002), (0.030, None), (0.050, None)).unread_since == 0.030


@pytest.mark.parametrize(
    ("over", "since"), [(0.003, 0.003), (0.090, 0.001)], ids=["a timer's grain", "not given the processor"]
)
def test_what_a_poll_reports_long_after_its_end_may_have_come_since_its_beginning(over: float, since: float) -> None:
    assert watch((0.001, over)).unread_since == since


def test_lag_at_a_moment_is_the_time_until_the_next_poll_and_nothing_while_the_loop_waits() -> None:
    busy = watch(*idle(1, 90), *idle(140, 200), (0.201, None))
    # samples at 0, 20 … 200 ms; the loop was busy to 1 ms, from 90 to 140 ms, and from 200 to 201 ms
    assert in_ms(busy.lags(0)) == [0, 0, 0, 0, 0, 40, 20, 0, 0, 0, 0]
    assert in_ms(busy.lags(6)) == [20, 0, 0, 0, 0]
    assert busy.sampled == 11
    assert busy.lags(busy.sampled) == ()


def test_a_loop_that_is_not_given_the_processor_lags() -> None:
    assert in_ms(watch((0.001, 0.050), (0.051, None)).lags(0)) == [0, 31, 11]


def test_after_a_long_standstill_only_its_last_minute_is_sampled() -> None:
    stopped = watch((0.0, 0.001), (7200.0, None))
    assert len(stopped.lags(0)) == KEPT_SAMPLES
    assert max(stopped.lags(0)) <= KEPT_SAMPLES * SAMPLE_S


def test_a_runner_can_be_given_a_watched_loop_where_loops_have_selectors() -> None:
    async def look() -> bool:
        return loop_watch() is not None

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(look()) == (sys.platform != "win32")


async def test_a_loop_of_another_kind_has_no_watch() -> None:
    assert loop_watch() is None
