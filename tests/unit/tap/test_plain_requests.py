"""What is no WebSocket: one request and its answer pass, and nothing that a client puts behind them."""

from __future__ import annotations

import asyncio
import http.client
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.unit.tap.between import REQUEST, connected, relaying

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\nfine"
PARTED = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfine"
SECOND = b"GET /secret HTTP/1.1\r\nHost: inside\r\n\r\n"


@dataclass
class Site:
    """A server that keeps connections alive and answers every request on them; all that it read, by connection."""

    port: int = 0
    answer: bytes = OK
    interim: bytes = b""
    got: list[bytearray] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got = bytearray()
        self.got.append(got)
        while data := await reader.read(65536):
            got += data
            head, found, body = got.partition(b"\r\n\r\n")
            if found and self.interim and not body:
                writer.write(self.interim)
            elif found and len(body) >= _size(head):
                writer.write(self.answer)
        writer.close()


def _size(head: bytearray) -> int:
    sizes = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return int(sizes[0]) if sizes else 0


@asynccontextmanager
async def site(answer: bytes = OK, interim: bytes = b"") -> AsyncIterator[tuple[Site, int]]:
    """Yield a site, and the port of a relay to it that asks it by its own name."""
    one = Site(answer=answer, interim=interim)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    async with relaying(f"ws://127.0.0.1:{one.port}", keeps_host=False) as relay:
        yield one, relay.port
    server.close()


async def said(port: int, request: bytes) -> bytes:
    """Say something in one go, return all that is answered until the connection is closed."""
    async with connected(port) as (reader, writer):
        writer.write(request)
        async with asyncio.timeout(20):
            return await reader.read()


async def test_a_request_is_answered_once_and_the_answer_says_that_it_is_the_last() -> None:
    async with site() as (bot, port), connected(port) as (reader, writer):
        writer.write(b"GET /health HTTP/1.1\r\nHost: tap\r\nConnection: keep-alive\r\n\r\n")
        assert await reader.readexactly(len(PARTED)) == PARTED
        writer.write(SECOND)
        writer.close()
        assert await reader.read() == b""
        assert bot.got == [b"GET /health HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n" % bot.port]


async def test_a_client_that_would_keep_its_connection_gets_another_one_and_each_request_is_looked_at() -> None:
    def ask(port: int) -> list[bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        bodies = []
        for path in ("/one", "/two"):
            connection.request("GET", path)
            bodies.append(connection.getresponse().read())
        connection.request("POST", "/three", body=b"x" * 300_000)
        bodies.append(connection.getresponse().read())
        connection.close()
        return bodies

    async with site() as (bot, port):
        assert await asyncio.to_thread(ask, port) == [b"fine"] * 3
        assert len(bot.got) == 3
        assert all(b"Host: 127.0.0.1:%d\r\n" % bot.port in got for got in bot.got)
        assert bot.got[2].endswith(b"\r\n\r\n" + b"x" * 300_000)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_requests_behind_the_first_one_never_reach_the_upstream(method: str) -> None:
    body = b"12345" if method == "POST" else b""
    first = b"%s / HTTP/1.1\r\nHost: tap\r\nContent-Length: %d\r\n\r\n" % (method.encode(), len(body))
    async with site() as (bot, port), connected(port) as (reader, writer):
        writer.write(first + body + SECOND)
        assert await reader.readexactly(len(PARTED)) == PARTED
        writer.write(SECOND)
        writer.write_eof()
        assert await reader.read() == b""
    (got,) = bot.got
    assert got.endswith(b"\r\n\r\n" + body)
    assert b"secret" not in got


async def test_a_body_that_waits_for_leave_gets_it_from_the_upstream() -> None:
    async with (
        site(interim=b"HTTP/1.1 100 Continue\r\n\r\n") as (bot, port),
        connected(port) as (reader, writer),
    ):
        writer.write(b"POST / HTTP/1.1\r\nHost: tap\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"12345")
        assert await reader.readexactly(len(PARTED)) == PARTED
        assert bot.got[0].endswith(b"\r\n\r\n12345")


async def test_what_follows_an_upgrade_that_was_refused_never_reaches_the_upstream() -> None:
    """Or it would be a request that nobody has looked at, hidden behind one for a WebSocket."""
    async with site() as (bot, port), connected(port) as (reader, writer):
        writer.write(REQUEST + SECOND)
        assert await reader.readexactly(len(PARTED)) == PARTED
        writer.write(SECOND)
        writer.write_eof()
        assert await reader.read() == b""
    (got,) = bot.got
    assert got.count(b"HTTP/1.1") == 1
    assert got.startswith(b"GET /ws?x=1 ")


async def test_nobody_is_upgraded_who_has_not_asked_for_a_websocket() -> None:
    async with site(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n") as (bot, port):
        answer = await said(port, b"GET / HTTP/1.1\r\nHost: tap\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 502 ")
    assert b"\r\nConnection: close\r\n" in bot.got[0]


async def test_an_upstream_that_leaves_without_an_answer_is_told_to_the_client() -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 20")
        writer.close()

    server = await asyncio.start_server(leave, "127.0.0.1", 0)
    async with server, relaying(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}") as relay:
        assert (await said(relay.port, REQUEST)).startswith(b"HTTP/1.1 502 ")


HEAD = b"POST / HTTP/1.1\r\nHost: tap\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (HEAD + b"Content-Length: 5\r\nContent-Length: 50\r\n\r\n12345" + SECOND, 411),
        (HEAD + b"Content-Length: 5, 5\r\n\r\n12345" + SECOND, 411),
        (HEAD + b"Content-Length: -1\r\n\r\n" + SECOND, 411),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n" + SECOND, 411),
        (HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SECOND, 411),
        (HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SECOND, 400),
        (HEAD + b"X: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND, 400),
        (HEAD + b"X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND, 400),
        (HEAD + b"X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND, 400),
        (HEAD + b"Host: inside\r\n\r\n", 400),
        (b"GET http://inside/ HTTP/1.1\r\nHost: tap\r\n\r\n", 400),
        (b"CONNECT inside:22 HTTP/1.1\r\nHost: tap\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (HEAD + b"X: %s\r\n\r\n" % (b"y" * 70_000), 431),
        (HEAD + b"Content-Length: 3000000\r\nTransfer-Encoding: gzip\r\n\r\n" + bytes(3_000_000), 411),
    ],
)
async def test_what_two_servers_may_read_in_two_ways_goes_to_none(request_: bytes, status: int) -> None:
    async with site() as (bot, port):
        answer = await said(port, request_)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert bot.got == []


async def test_noise_in_place_of_a_request_is_answered_or_dropped_and_the_next_one_is_served() -> None:
    dice = random.Random(11)
    async with site() as (bot, port):
        for _ in range(60):
            noise = bytearray(HEAD + b"Content-Length: 3\r\n\r\nabc" + SECOND)
            for _ in range(dice.randrange(1, 6)):
                noise[dice.randrange(len(noise))] = dice.randrange(256)
            async with connected(port) as (reader, writer):
                writer.write(noise[: dice.randrange(1, len(noise))])
                writer.write_eof()
                async with asyncio.timeout(20):
                    answer = await reader.read()
            assert answer.count(b"HTTP/1.1 ") <= 1
        assert not any(b"secret" in got.partition(b"\r\n\r\n")[2] for got in bot.got)
        async with connected(port) as (reader, writer):
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            assert await reader.readexactly(len(PARTED)) == PARTED
