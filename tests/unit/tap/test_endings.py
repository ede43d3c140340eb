"""How relayed connections end, in clear and under TLS: what was sent before an end arrives, all of it."""

from __future__ import annotations

import asyncio
import hashlib
import random

import pytest
from websockets.frames import Frame, Opcode

from dashboard.transport import relayed
from tests.unit.tap.between import Joined, joined
from tests.unit.transport.authority import server_context, trusting

LAST = 3 << 20
CLOSE = b"\x03\xe8bye"
WAYS = ["clear, clear", "clear, TLS", "TLS, clear", "TLS, TLS"]
"""The client's leg, the upstream's leg."""


def way(legs: str) -> dict[str, object]:
    client, upstream = legs.split(", ")
    return {
        "client_tls": trusting() if client == "TLS" else None,
        "server_tls": server_context() if client == "TLS" else None,
        "upstream_tls": (server_context(), trusting()) if upstream == "TLS" else None,
        "limit": 1024,
    }


def last_words(seed: int, *, mask: bool) -> bytes:
    """A large message, and the close frame right behind it."""
    data = random.Random(seed).randbytes(LAST)
    return Frame(Opcode.BINARY, data).serialize(mask=mask) + Frame(Opcode.CLOSE, CLOSE).serialize(mask=mask)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def slowly(reader: asyncio.StreamReader) -> bytes:
    """Read to the end, with a rest at first, so that what is relayed has to wait."""
    await asyncio.sleep(0.3)
    got = bytearray()
    async with asyncio.timeout(20):
        while data := await reader.read(40_000):
            got += data
    return bytes(got)


def parted(ends: Joined, who: str) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
    return (ends.client[1], ends.upstream[0]) if who == "client" else (ends.upstream[1], ends.client[0])


@pytest.mark.parametrize("who", ["client", "upstream"])
@pytest.mark.parametrize("legs", WAYS)
async def test_a_large_message_a_close_frame_and_the_end_in_one_go_arrive_whole(
    legs: str, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relayed, "QUIET_S", 0.2)
    data = last_words(1, mask=who == "client")
    async with joined(**way(legs)) as ends:  # type: ignore[arg-type]
        writer, reader = parted(ends, who)
        writer.write(data)
        writer.close()
        assert digest(await slowly(reader)) == digest(data)


@pytest.mark.parametrize("legs", WAYS)
async def test_in_a_close_handshake_both_sides_get_all_that_the_other_sent_before_its_close_frame(legs: str) -> None:
    """RFC 6455, 7.1.1: whoever is asked to close may finish its message first, and the server ends TCP."""
    asked, answered = last_words(2, mask=True), last_words(3, mask=False)
    async with joined(**way(legs)) as ends:  # type: ignore[arg-type]
        ends.client[1].write(asked)

        async def serve() -> bytes:
            await asyncio.sleep(0.2)
            got = await ends.upstream[0].readexactly(len(asked))
            ends.upstream[1].write(answered)
            ends.upstream[1].close()
            return got

        got, there = await asyncio.gather(slowly(ends.client[0]), serve())
    assert (digest(there), digest(got)) == (digest(asked), digest(answered))


@pytest.mark.parametrize("legs", WAYS[:2])
async def test_a_client_that_has_said_its_last_still_gets_the_answer(legs: str) -> None:
    """TLS has no half-closed connection here: the upstream is not told, but it is not left either."""
    answer = last_words(4, mask=False)
    async with joined(**way(legs)) as ends:  # type: ignore[arg-type]
        ends.client[1].write(b"my last")
        ends.client[1].write_eof()
        assert await ends.upstream[0].readexactly(7) == b"my last"
        ends.upstream[1].write(answer)
        ends.upstream[1].close()
        assert digest(await slowly(ends.client[0])) == digest(answer)


async def test_an_upstream_that_has_nothing_more_to_say_is_left_when_it_cannot_be_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relayed, "QUIET_S", 0.2)
    async with joined(**way("clear, TLS")) as ends:  # type: ignore[arg-type]
        ends.client[1].write_eof()
        async with asyncio.timeout(20):
            assert await ends.upstream[0].read() == b""
            assert await ends.client[0].read() == b""


@pytest.mark.parametrize("legs", ["clear, clear", "TLS, TLS"])
async def test_a_reader_that_is_slow_is_waited_for(legs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relayed, "FLUSH_S", 0.3)
    data = random.Random(5).randbytes(24 << 20)
    async with joined(**way(legs)) as ends:  # type: ignore[arg-type]
        sending = asyncio.create_task(_sent(ends.upstream[1], data))
        got = bytearray()
        async with asyncio.timeout(30):
            while piece := await ends.client[0].read(1 << 20):
                got += piece
                await asyncio.sleep(0.005)
            await sending
    assert digest(bytes(got)) == digest(data)


async def _sent(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()
    writer.close()
