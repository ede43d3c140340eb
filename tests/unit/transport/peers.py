"""Peers on loopback that do exactly what a test says, byte by byte."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

TEXT, BINARY, CONT, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


@dataclass
class Wire:
    """The peer's end of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def request(self) -> str:
        """Read one HTTP request head."""
        return (await self.reader.readuntil(b"\r\n\r\n")).decode()

    async def answer(self, status: str, *headers: str, body: bytes = b"") -> None:
        """Answer with an HTTP response and hang up."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
        self.writer.write("\r\n".join(lines).encode() + body)
        await self.writer.drain()

    async def upgrade(self, then: bytes = b"") -> str:
        """Do the opening handshake, with `then` in the same segment as its reply; return the request."""
        request = await self.request()
        key = request.lower().split("sec-websocket-key: ")[1].split("\r\n")[0]
        key = request[request.lower().index("sec-websocket-key: ") + 19 :][: len(key)]
        accept = base64.b64encode(hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self.writer.write(head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + then)
        await self.writer.drain()
        return request

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read_frame(self) -> tuple[int, bytes]:
        """Read one masked frame: opcode and payload."""
        first, second = await self.reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", await self.reader.readexactly(2))
        mask = await self.reader.readexactly(4)
        masked = await self.reader.readexactly(length)
        return first & 0x0F, bytes(byte ^ mask[i % 4] for i, byte in enumerate(masked))

    async def expect(self, opcode: int) -> bytes:
        """Read frames until one of that kind comes, and answer none."""
        while True:
            kind, data = await self.read_frame()
            if kind == opcode:
                return data

    async def until_gone(self) -> None:
        """Stay, silent, until the other side hangs up."""
        with suppress(ConnectionError):
            while await self.reader.read(65536):
                pass

    def reset(self) -> None:
        """Abort with RST."""
        transport = self.writer.transport
        sock = transport.get_extra_info("socket")
        sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SOL_SOCKET, SO_LINGER
        transport.abort()


def frame(opcode: int, data: bytes, *, fin: bool = True) -> bytes:
    """One unmasked frame, as a server sends it (RFC 6455, 5.2)."""
    head = bytes([opcode | (0x80 if fin else 0)])
    if len(data) < 126:
        return head + bytes([len(data)]) + data
    if len(data) < 65536:
        return head + struct.pack("!BH", 126, len(data)) + data
    return head + struct.pack("!BQ", 127, len(data)) + data


def close_frame(code: int, reason: str = "") -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason.encode())


@asynccontextmanager
async def peer(handler: Callable[[Wire], Awaitable[None]], tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve every connection with `handler`, then hang up; yields the port. What a handler raises fails the test."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(wire: Wire) -> None:
        try:
            await handler(wire)
        finally:
            wire.writer.close()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(serve(Wire(reader, writer))))

    server = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        _, pending = await asyncio.wait(tasks, timeout=2) if tasks else (set(), set())
        for task in pending:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            assert outcome is None or isinstance(outcome, (ConnectionError, asyncio.IncompleteReadError)), repr(outcome)
