"""What passes through a tap need not be what any protocol has: it is passed on, counted, and kills nobody."""

from __future__ import annotations

import asyncio
import hashlib
import random
import struct
from typing import Any

import pytest

from dashboard.call.codec import event_from_line, to_line
from dashboard.call.events import Event
from dashboard.call.reducer import step
from dashboard.call.state import CallState
from dashboard.cli.between import Passing
from dashboard.cli.settings import Settings
from dashboard.clock import Behind, ManualClock
from dashboard.tap.observer import Observer
from dashboard.tap.records import LATE, Kind, Side, head, record, ticked, told
from tests.integration.test_tap import tapping
from tests.noise import EXTENSIONS, stream
from tests.unit.tap.between import ANSWER, REQUEST, connected, gone

HOOKED = {"audiohook-session-id": "e160e428-53e2-487c-977d-96989bf5c99d"}


class Tapped:
    """What a relay may write of a few connections, fed to an observer with the calls of the real one."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.clock = ManualClock()
        self.facts: list[Event] = []
        behind, settings = Behind(self.clock), Settings(upstream="ws://127.0.0.1:1")
        calls = Passing(settings, "auto", self.facts.append, behind, None)
        self.observer = Observer(self.facts.append, calls, lambda command: None, behind)
        self.links: dict[int, list[bytes]] = {}
        self.opened = 0

    def run(self) -> None:
        for _ in range(self.dice.randrange(10, 60)):
            written = self._something()
            for at in range(0, len(written), 5000):
                self.observer.feed(written[at : at + 5000])
            self.clock.advance(self.dice.random() * 0.1)
        self.observer.close()

    def _something(self) -> bytes:
        dice, now, what = self.dice, self.clock.monotonic(), self.dice.randrange(20)
        if not self.links or (what < 3 and len(self.links) < 4):
            return self._opened(now)
        number, side = dice.choice(list(self.links)), dice.choice(list(Side))
        if what < 15:
            waiting = self.links[number][side] or stream(dice, masked=not side, deflated=dice.random() < 0.5)
            size = dice.choice((1, 7, 100, 1000, 70_000))
            data, self.links[number][side] = waiting[:size], waiting[size:]
            return head(Kind.DATA, side | dice.choice((0, LATE)), number, now, 0.001, len(data)) + data
        if what == 15:
            return record(Kind.SKIPPED, number, now, struct.pack("<QQ", dice.randrange(9999), 3), side)
        if what == 16:
            del self.links[number]
            return told(Kind.ENDED, number, now, side, reset=dice.random() < 0.5, stopped=False)
        for _ in range(dice.choice((1, 4, 40))):
            self.clock.advance(0.25)
            self.observer.feed(ticked(self.clock.monotonic(), 0.0, (0.0,)))
        return b""

    def _opened(self, now: float) -> bytes:
        dice = self.dice
        self.opened += 1
        extensions = dice.choice(EXTENSIONS)
        deflated = "deflate" in extensions
        sides = [stream(dice, masked=not side, deflated=deflated) for side in Side]
        self.links[self.opened] = sides
        fields: dict[str, Any] = {
            "call_id": f"c{self.opened}", "wall": 1.9e9, "asked_at": now, "opened_at": now, "target": "/",
            "request": dice.choice(({}, HOOKED)), "extensions": extensions, "clock": "kernel",
            "resumed": dice.random() < 0.2, "told_until": dice.choice((None, None, now - 1.0)),
        }  # fmt: skip
        begun = b"".join(
            record(Kind.BEGUN, self.opened, now, sides[side][: dice.randrange(200)], side) for side in Side
        )
        return told(Kind.OPENED, self.opened, now, **fields) + (begun if fields["resumed"] else b"")


@pytest.mark.parametrize("seed", range(25))
def test_an_observer_reads_whatever_comes_and_its_facts_are_facts(seed: int) -> None:
    tapped = Tapped(seed)
    tapped.run()
    states: dict[str, CallState] = {}
    for fact in tapped.facts:
        assert event_from_line(to_line(fact)).call_id == fact.call_id
        states[fact.call_id] = step(states.get(fact.call_id) or CallState(fact.call_id), fact)
    assert states


async def test_noise_both_ways_arrives_as_it_was_sent_and_the_observer_lives() -> None:
    dice = random.Random(23)
    got: dict[bytes, bytes] = {}
    sent = [stream(dice, masked=True, deflated=True) for _ in range(30)]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        number = int(asked.split()[1].rpartition(b"/")[2])
        extended = ANSWER.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
        writer.write(extended if number % 2 else ANSWER)
        writer.write(sent[number][::-1])
        got[b"%d" % number] = await reader.read()
        await gone(writer)

    async def say(port: int, number: int) -> bytes:
        async with connected(port) as (reader, writer):
            writer.write(REQUEST.replace(b"/ws?x=1", b"/%d" % number))
            await reader.readuntil(b"\r\n\r\n")
            for at in range(0, len(sent[number]), 700):
                writer.write(sent[number][at : at + 700])
                await asyncio.sleep(0)
            back = await reader.readexactly(len(sent[number]))
            writer.write_eof()
            await reader.read()
            return back

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with tapping(f"ws://127.0.0.1:{port}", "--json") as tap:
            observer, own = tap.observer, int(tap.url.rpartition(":")[2])
            async with asyncio.timeout(20):
                back = await asyncio.gather(*(say(own, number) for number in range(30)))
            assert tap.observer == observer
    assert [hashlib.sha256(one[::-1]).digest() for one in back] == [hashlib.sha256(one).digest() for one in sent]
    assert [got[b"%d" % number] for number in range(30)] == sent
    sides = [call["tap"]["sides"] for call in tap.json["calls"]]
    assert len(sides) == 30
    assert sum(side["client"]["bytes"] for side in sides) == sum(map(len, sent))
    assert sum(side["upstream"]["bytes"] for side in sides) == sum(map(len, sent))
    assert all(side["upstream"]["unread_bytes"] for side in sides if side["upstream"]["bytes"] > 1000)
