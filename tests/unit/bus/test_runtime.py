"""The screen's end of the worker process, with real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from dashboard.bus import runtime
from dashboard.bus.runtime import WorkerProcess
from dashboard.call.events import CallEnded, Event, Marked, Ticked, WorkerLost
from dashboard.call.ports import Mark, Reconnect, Say, Stop
from dashboard.clock import SystemClock

DOUBLE = Path(__file__).with_name("worker_double.py")
ROOT = Path(__file__).parents[3]


class Seen:
    """Facts as they come; `until` waits for one that fits."""

    def __init__(self) -> None:
        self.facts: list[Event] = []
        self._more = asyncio.Event()

    def put(self, event: Event) -> None:
        self.facts.append(event)
        self._more.set()

    async def until(self, fits: Callable[[Event], bool]) -> Event:
        position = 0
        async with asyncio.timeout(10):
            while True:
                for fact in self.facts[position:]:
                    if fits(fact):
                        del self.facts[: self.facts.index(fact) + 1]
                        return fact
                position = len(self.facts)
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def worker(config: dict[str, Any]) -> AsyncIterator[tuple[WorkerProcess, Seen]]:
    source = WorkerProcess([sys.executable, str(DOUBLE)], config, call_id="c", clock=SystemClock())
    seen = Seen()
    running = asyncio.create_task(source.run(seen.put))
    try:
        yield source, seen
    finally:
        source.command(Stop())
        async with asyncio.timeout(10):
            await running


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


async def test_the_calls_of_a_listener_end_with_the_worker_that_had_them() -> None:
    """The facts of a worker, and then its death."""
    listener = WorkerProcess([sys.executable, "-c", _LISTENER], {}, call_id="", clock=SystemClock())
    seen = Seen()
    running = asyncio.create_task(listener.run(seen.put))
    await seen.until(lambda fact: isinstance(fact, CallEnded) and fact.call_id == "b")
    listener.command(Stop())
    await running
    (last,) = (fact for fact in seen.facts if isinstance(fact, CallEnded))
    assert (last.call_id, last.reason) == ("", "stopped")


async def test_every_call_that_is_up_learns_that_its_worker_died() -> None:
    listener = WorkerProcess([sys.executable, "-c", _LISTENER], {}, call_id="", clock=SystemClock())
    seen = Seen()
    running = asyncio.create_task(listener.run(seen.put))
    lost = [await seen.until(lambda fact: isinstance(fact, WorkerLost)) for _ in range(2)]
    listener.command(Stop())
    await running
    assert [fact.call_id for fact in lost] == ["", "b"]


_LISTENER = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from dashboard.call.codec import to_line
from dashboard.call.events import CallEnded, Ticked
sys.stdin.readline()
for fact in (Ticked("", 1.0), Ticked("a", 1.0), Ticked("b", 1.0), CallEnded("a", 2.0, "closed: end")):
    print(to_line(fact), flush=True)
"""


def is_mark(text: str) -> Callable[[Event], bool]:
    return lambda fact: isinstance(fact, Marked) and text in fact.note


def is_tick(fact: Event) -> bool:
    return isinstance(fact, Ticked)


def is_loss(fact: Event) -> bool:
    return isinstance(fact, WorkerLost)


def pid_of(source: WorkerProcess) -> int:
    assert source._process is not None
    return source._process.pid


async def test_facts_come_out_and_commands_go_in() -> None:
    async with worker({"settings": {"x": 1}}) as (source, seen):
        await seen.until(is_mark('{"settings": {"x": 1}}'))
        source.command(Say("where is my parcel", "call-1"))
        await seen.until(is_mark("Say(text='where is my parcel', call_id='call-1')"))
        source.command(Mark("here"))
        await seen.until(is_mark("Mark(note='here', call_id='')"))


async def test_a_killed_worker_is_noticed_and_reconnect_starts_another() -> None:
    async with worker({}) as (source, seen):
        await seen.until(is_tick)
        before = pid_of(source)
        os.kill(before, signal.SIGKILL)
        loss = await seen.until(is_loss)
        assert isinstance(loss, WorkerLost)
        assert loss.dead
        assert "SIGKILL" in loss.detail
        source.command(Reconnect())
        await seen.until(is_tick)
        assert pid_of(source) != before


async def test_a_worker_that_stands_still_is_reported_within_two_seconds_and_forgiven_when_it_goes_on() -> None:
    async with worker({}) as (source, seen):
        tick = await seen.until(is_tick)
        os.kill(pid_of(source), signal.SIGSTOP)
        while seen.facts:
            tick = seen.facts.pop()
        loss = await seen.until(is_loss)
        assert isinstance(loss, WorkerLost)
        assert not loss.dead
        assert loss.at - tick.at < 2.0
        os.kill(pid_of(source), signal.SIGCONT)
        await seen.until(is_tick)


async def test_reconnect_replaces_a_worker_that_stands_still() -> None:
    async with worker({}) as (source, seen):
        await seen.until(is_tick)
        os.kill(pid_of(source), signal.SIGSTOP)
        await seen.until(is_loss)
        source.command(Reconnect())
        await seen.until(is_tick)


async def test_of_a_worker_that_refuses_the_problem_is_told_and_not_the_remedy() -> None:
    async with worker({"fail": "callscope: --log-file: cannot be written\n  Name another file."}) as (_, seen):
        loss = await seen.until(is_loss)
    assert isinstance(loss, WorkerLost)
    assert loss.detail == "ended with exit code 1: --log-file: cannot be written"


async def test_a_worker_that_fails_says_why_without_its_secrets() -> None:
    async with worker({"fail": "cannot start: Bearer abcdefgh12345678"}) as (_, seen):
        loss = await seen.until(is_loss)
    assert isinstance(loss, WorkerLost)
    assert loss.detail == "ended with exit code 1: cannot start: Bearer ***"


async def test_a_command_that_does_not_exist_is_a_lost_worker_and_not_a_crash() -> None:
    source = WorkerProcess(["/nonexistent/python"], {}, call_id="c", clock=SystemClock())
    seen = Seen()
    running = asyncio.create_task(source.run(seen.put))
    loss = await seen.until(is_loss)
    assert isinstance(loss, WorkerLost)
    assert "could not be started" in loss.detail
    source.command(Stop())
    await running
    assert isinstance(seen.facts[-1], CallEnded)


async def test_a_stop_that_comes_while_the_process_is_made_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "STOP_S", 3600.0)
    async with worker({}) as (source, seen):
        await asyncio.sleep(0)
        source.command(Stop())
        await seen.until(lambda fact: isinstance(fact, CallEnded))


async def test_lines_that_are_no_facts_are_passed_over() -> None:
    async with worker({"garbage": True}) as (_, seen):
        await seen.until(is_tick)


async def test_a_worker_that_does_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "STOP_S", 0.3)
    async with worker({"deaf": True}) as (source, seen):
        await seen.until(is_tick)
        source.command(Stop())
        await seen.until(lambda fact: isinstance(fact, CallEnded))
