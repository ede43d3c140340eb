"""A relay in this process between raw sockets of a test: what each side got, byte by byte."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from dashboard.clock import SystemClock
from dashboard.dialects.audiohook_signature import Keyring
from dashboard.tap.relay import Relay, RelayOptions
from dashboard.transport.tls import client_context

REQUEST = b"GET /ws?x=1 HTTP/1.1\r\nHost: bot.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


@dataclass
class Upstream:
    """A server that keeps what it reads of its one connection."""

    port: int = 0
    got: bytearray = field(default_factory=bytearray)
    writer: asyncio.StreamWriter | None = None
    reader: asyncio.StreamReader | None = None
    connected: asyncio.Event = field(default_factory=asyncio.Event)

    async def head(self) -> bytes:
        await self.connected.wait()
        assert self.reader is not None
        return await self.reader.readuntil(b"\r\n\r\n")


@asynccontextmanager
async def upstream(tls: ssl.SSLContext | None = None, limit: int = 1 << 16) -> AsyncIterator[Upstream]:
    one = Upstream()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        one.reader, one.writer = reader, writer
        one.connected.set()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls, limit=limit)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        if one.writer is not None:
            await gone(one.writer)


@asynccontextmanager
async def relaying(
    url: str,
    *,
    client_tls: ssl.SSLContext | None = None,
    server_tls: ssl.SSLContext | None = None,
    keys: Keyring | None = None,
    **options: Any,
) -> AsyncIterator[Relay]:
    numbers = count(1)
    relay = Relay(
        RelayOptions(url, **options),
        SystemClock(),
        client_tls=client_tls or client_context(),
        server_tls=server_tls,
        keys=keys,
        new_id=lambda: f"call-{next(numbers)}",
    )
    await relay.listen()
    running = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        relay.stop()
        async with asyncio.timeout(5):
            await running


@asynccontextmanager
async def connected(
    port: int, tls: ssl.SSLContext | None = None, limit: int = 1 << 16
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    how: dict[str, Any] = {"ssl": tls} if tls else {}
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=limit, **how)
    try:
        yield reader, writer
    finally:
        await gone(writer)


async def gone(writer: asyncio.StreamWriter) -> None:
    if not writer.transport.is_closing():
        writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


@dataclass
class Joined:
    """Both outer ends of a relayed connection after its upgrade."""

    client: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def joined(
    *, client_tls: ssl.SSLContext | None = None, upstream_tls: tuple[ssl.SSLContext, ssl.SSLContext] | None = None,
    server_tls: ssl.SSLContext | None = None, limit: int = 1 << 16,
) -> AsyncIterator[Joined]:  # fmt: skip
    """`upstream_tls`: what it serves with, and what the relay trusts."""
    serving, trusting = upstream_tls or (None, None)
    async with upstream(serving, limit) as bot:
        url = f"{'wss' if serving else 'ws'}://127.0.0.1:{bot.port}"
        async with (
            relaying(url, client_tls=trusting, server_tls=server_tls) as relay,
            connected(relay.port, client_tls, limit) as (reader, writer),
        ):
            writer.write(REQUEST)
            assert await bot.head() == REQUEST
            assert bot.writer is not None
            assert bot.reader is not None
            bot.writer.write(ANSWER)
            assert await reader.readuntil(b"\r\n\r\n") == ANSWER
            yield Joined((reader, writer), (bot.reader, bot.writer))


def reset(writer: asyncio.StreamWriter) -> None:
    """Abort with RST."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SOL_SOCKET, SO_LINGER
    writer.transport.abort()
