"""The relay's way to an observer that is slow, or dies: nobody waits, and what it missed is told."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dashboard.tap import feed as feeding
from dashboard.tap.feed import Feed, Unseen, skipped_of
from dashboard.tap.records import Kind, Reader, Record, Side, told

PATIENT = """
import sys, time
out = open({out!r}, "ab", buffering=0)
sys.stdin.buffer.readline()
out.write(b"")
while not __import__("os").path.exists({go!r}):
    time.sleep(0.01)
while data := sys.stdin.buffer.read1(65536):
    out.write(data)
"""
"""An observer that reads nothing until it is told to, and then keeps all."""


class Kept:
    """What observers were told, in a file; `go` lets them read."""

    def __init__(self, folder: Path) -> None:
        self.out, self._go = folder / "told", folder / "go"
        self.argv = [sys.executable, "-c", PATIENT.format(out=str(self.out), go=str(self._go))]

    def go(self) -> None:
        self._go.touch()

    @property
    def records(self) -> list[Record]:
        return list(Reader().feed(self.out.read_bytes()))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def greeting(fate: str, died_at: float) -> Iterable[bytes]:
    yield told(Kind.STARTED, 0, 1.0, fate=fate)


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110 - it is another process that makes it happen
            await asyncio.sleep(0.01)


@asynccontextmanager
async def fed(argv: list[str]) -> AsyncIterator[Feed]:
    feed = Feed(argv, {}, greeting)
    running = asyncio.create_task(feed.run())
    try:
        await until(lambda: feed.keeps_up)
        yield feed
    finally:
        await feed.close()
        await running


async def test_what_passes_is_handed_over_in_order_and_whole(kept: Kept) -> None:
    kept.go()
    async with fed(kept.argv) as feed:
        for number in range(300):
            feed.show(1, Side(number % 2), b"%03d" % number, float(number), 0.5, number == 7, Unseen())
    started, *shown = kept.records
    assert started.fields == {"fate": ""}
    assert [record.data for record in shown] == [b"%03d" % number for number in range(300)]
    assert [record.side for record in shown[:2]] == [Side.CLIENT, Side.UPSTREAM]
    assert [record.at for record in shown if record.late] == [7.0]


async def test_an_observer_that_does_not_read_holds_nobody_up_and_is_told_what_it_missed(kept: Kept) -> None:
    unseen, block = Unseen(), bytes(64 * 1024)
    async with fed(kept.argv) as feed:
        sent = 0
        while feed.keeps_up:
            feed.show(1, Side.CLIENT, block, 1.0, None, False, unseen)
            sent += 1
        assert sent * len(block) < feeding.MOST_WAITING + 2 * feeding.PACK_BYTES + (1 << 20)  # it is bounded
        for _ in range(5):
            feed.show(1, Side.CLIENT, block, 1.0, None, False, unseen)
        assert (unseen.bytes, unseen.reads) == ([5 * len(block), 0], [5, 0])
        kept.go()
        async with asyncio.timeout(10):
            while not feed.keeps_up:
                feed.tell(told(Kind.COMMAND, 0, 1.0))  # as the relay does four times a second
                await asyncio.sleep(0.01)
        feed.show(1, Side.CLIENT, b"and on", 2.0, None, False, unseen)
        assert (unseen.bytes, unseen.total) == ([0, 0], [5 * len(block), 0])
    told_of = [record for record in kept.records if record.kind in (Kind.DATA, Kind.SKIPPED)]
    assert [record.kind for record in told_of] == [*[Kind.DATA] * sent, Kind.SKIPPED, Kind.DATA]
    assert skipped_of(told_of[-2].data) == (5 * len(block), 5)
    assert told_of[-1].data == b"and on"


async def test_an_observer_that_is_killed_is_replaced_and_its_fate_told(kept: Kept) -> None:
    kept.go()
    async with fed(kept.argv) as feed:
        process = feed._process
        assert process is not None
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await until(lambda: feed._process is not process and feed.keeps_up)
    assert [record.fields for record in kept.records][-1] == {"fate": "was killed by SIGKILL"}


async def test_without_an_observer_all_is_counted() -> None:
    feed, unseen = Feed([], {}, greeting), Unseen()
    feed.show(1, Side.UPSTREAM, b"12345", 1.0, None, False, unseen)
    feed.tell(b"nobody hears this")
    assert (unseen.bytes, unseen.reads, unseen.total) == ([0, 5], [0, 1], [0, 5])
    await feed.close()


async def test_an_observer_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "FIRST_WAIT_S", 0.01)
    feed = Feed(["/nowhere/at/all"], {}, greeting)
    running = asyncio.create_task(feed.run())
    await asyncio.sleep(0.1)
    assert not running.done()
    await feed.close()
    running.cancel()
