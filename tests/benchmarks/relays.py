"""The relays that a tap is measured beside: raw TCP in asyncio, messages with websockets, mitmproxy."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.benchmarks.meter import clean_environment
from tests.benchmarks.processes import answer, process

_START_S = 30.0
MITMPROXY = "mitmdump"


@contextmanager
def raw(port: int) -> Iterator[int]:
    """Pass bytes on: two asyncio protocols, each of which writes what it reads to the other's transport."""
    with process(_raw, port) as relay:
        yield answer(relay, _START_S)
        relay.send("enough")


@contextmanager
def messages(port: int) -> Iterator[int]:
    """Pass messages on with websockets."""
    with process(_messages, port) as relay:
        yield answer(relay, _START_S)
        relay.send("enough")


@contextmanager
def mitmproxy(port: int) -> Iterator[int]:
    """mitmproxy as a reverse proxy; only where it is installed."""
    own = _free_port()
    argv = [MITMPROXY, "-q", "--mode", f"reverse:http://127.0.0.1:{port}", "--listen-host", "127.0.0.1"]
    argv += ["--set", "connection_strategy=lazy"]  # or whoever asks whether it listens gets a way upstream
    with subprocess.Popen(
        [*argv, "--listen-port", str(own)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as relay:
        try:
            _wait_for(own)
            yield own
        finally:
            relay.kill()


@contextmanager
def callscope(port: int) -> Iterator[int]:
    """The tap as it is used: relay, observer, and whoever takes the facts."""
    argv = [sys.executable, "-m", "dashboard", "tap", "--listen", "127.0.0.1:0", "--upstream", f"ws://127.0.0.1:{port}"]
    with subprocess.Popen(
        [*argv, "--jsonl"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=clean_environment()
    ) as tap:
        assert tap.stderr is not None
        try:
            line = tap.stderr.readline()
            found = re.search(r"listening on ws://127\.0\.0\.1:(\d+);", line)
            if found is None:
                raise AssertionError(line + tap.stderr.read())
            yield int(found[1])
        finally:
            tap.terminate()


def has_mitmproxy() -> bool:
    return shutil.which(MITMPROXY) is not None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    end = time.monotonic() + _START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


# -- raw bytes ----------------------------------------------------------------------------------------------


class _Half(asyncio.Protocol):
    def __init__(self) -> None:
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self.other: _Half | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        assert self.other is not None
        self.other.transport.write(data)

    def pause_writing(self) -> None:
        assert self.other is not None
        self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        assert self.other is not None
        self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None:
            self.other.transport.close()


class _Accepted(_Half):
    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.pause_reading()
        self._dialling = asyncio.get_running_loop().create_task(self._dial())

    async def _dial(self) -> None:
        _, other = await asyncio.get_running_loop().create_connection(_Half, "127.0.0.1", self._port)
        self.other, other.other = other, self
        self.transport.resume_reading()


def _raw(pipe: Connection, port: int) -> None:
    asyncio.run(_serve_raw(pipe, port))


async def _serve_raw(pipe: Connection, port: int) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Accepted(port), "127.0.0.1", 0)
    pipe.send(server.sockets[0].getsockname()[1])
    await asyncio.to_thread(pipe.recv)
    server.close()


# -- messages -----------------------------------------------------------------------------------------------


def _messages(pipe: Connection, port: int) -> None:
    asyncio.run(_serve_messages(pipe, port))


async def _serve_messages(pipe: Connection, port: int) -> None:
    async def relay(client: ServerConnection) -> None:
        assert client.request is not None
        url = f"ws://127.0.0.1:{port}{client.request.path}"
        async with connect(url, compression=None, ping_interval=None) as upstream:
            await asyncio.wait(
                {asyncio.create_task(_pass(client, upstream)), asyncio.create_task(_pass(upstream, client))},
                return_when=asyncio.FIRST_COMPLETED,
            )

    async with serve(relay, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        pipe.send(next(iter(server.sockets)).getsockname()[1])
        await asyncio.to_thread(pipe.recv)


async def _pass(source: ServerConnection | ClientConnection, sink: ServerConnection | ClientConnection) -> None:
    try:
        async for message in source:
            await sink.send(message)
    except ConnectionClosed:
        return
