"""Accepting calls, against real clients on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import socket
import ssl
import sys
import time
from asyncio.sslproto import SSLProtocol
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from dashboard.call.events import ClosedBy
from dashboard.clock import SystemClock
from dashboard.errors import ConfigError
from dashboard.transport.accepting import Door, Knock, TurnedAway
from dashboard.transport.tapped import Arrival, Closed
from dashboard.transport.tls import server_context as serving
from dashboard.transport.websocket import Socket, SocketOptions
from tests.unit.transport.authority import authority, server_context, trusting

CLOCK = "kernel" if sys.platform == "linux" else "process"


class Callers:
    """Whoever came in: the requests, the sockets, what they said, and how they ended."""

    def __init__(self, refuse: TurnedAway | None = None) -> None:
        self.knocks: list[Knock] = []
        self.sockets: list[Socket] = []
        self.arrivals: asyncio.Queue[Arrival] = asyncio.Queue()
        self.rtts: asyncio.Queue[float] = asyncio.Queue()
        self.ends: asyncio.Queue[Closed] = asyncio.Queue()
        self._refuse = refuse

    async def admit(self, knock: Knock) -> TurnedAway | None:
        self.knocks.append(knock)
        return self._refuse

    async def serve(self, socket: Socket, knock: Knock) -> None:
        self.sockets.append(socket)
        socket.deliver_to(self.arrivals.put_nowait, lambda at, rtt_s: self.rtts.put_nowait(rtt_s))
        self.ends.put_nowait(await socket.closed())


@contextlib.asynccontextmanager
async def door(
    callers: Callers, tls: ssl.SSLContext | None = None, options: SocketOptions | None = None, **how: Any
) -> AsyncIterator[Door]:
    one = Door(callers.admit, callers.serve, clock=SystemClock(), tls=tls, options=options, **how)
    await one.start()
    try:
        yield one
    finally:
        one.shut()
        for socket in callers.sockets:
            await socket.close()
        async with asyncio.timeout(5):
            await one.closed()


def dial(one: Door, path: str = "/", **options: Any) -> connect:
    return connect(f"{one.endpoint}{path}", proxy=None, ping_interval=None, compression=None, **options)


@pytest.mark.parametrize("secure", [False, True], ids=["ws", "wss"])
async def test_messages_come_with_the_time_of_their_arrival(secure: bool) -> None:
    callers = Callers()
    async with door(callers, server_context() if secure else None) as one:
        how: dict[str, Any] = {"ssl": trusting()} if secure else {}
        async with dial(one, **how) as client:
            before = time.monotonic()
            await client.send("größer")
            first = await callers.arrivals.get()
            await client.send(b"\x00\xff" * 5000)
            second = await callers.arrivals.get()
            await client.send([b"one ", b"message"])
            third = await callers.arrivals.get()
            after = time.monotonic()
    assert (first.data, first.text) == ("größer".encode(), True)
    assert (second.data, second.text) == (b"\x00\xff" * 5000, False)
    assert third.data == b"one message"
    assert before - 0.001 <= first.at <= second.at <= third.at <= after
    assert [socket.clock for socket in callers.sockets] == [CLOCK]


async def test_small_messages_are_not_held_back_for_one_another() -> None:
    callers = Callers()
    async with door(callers) as one, dial(one) as client:
        await client.send("here")
        await callers.arrivals.get()
        inner = callers.sockets[0]._connection.transport.get_extra_info("socket")
        assert inner.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux stamps what TCP receives")
@pytest.mark.parametrize("secure", [False, True], ids=["ws", "wss"])
async def test_a_busy_process_does_not_make_arrivals_late(secure: bool) -> None:
    callers = Callers()
    async with door(callers, server_context() if secure else None) as one:
        how: dict[str, Any] = {"ssl": trusting()} if secure else {}
        async with dial(one, **how) as client:
            await client.send("first")  # Linux begins to stamp a moment after it was asked to
            await callers.arrivals.get()
            sent = time.monotonic()
            await client.send("second")
            await asyncio.sleep(0)
            time.sleep(0.2)  # noqa: ASYNC251 - the loop that should read stands still
            arrival = await callers.arrivals.get()
    assert arrival.at - sent < 0.1


async def test_the_request_is_told_as_it_stood_on_its_line() -> None:
    callers = Callers()
    headers = [("X-API-KEY", "lab-key-01"), ("X-Twice", "a"), ("X-Twice", "b")]
    async with door(callers) as one, dial(one, "/hook/ws?bot=demo&x=%20y", additional_headers=headers):
        (knock,) = callers.knocks
        assert (knock.target, knock.path) == ("/hook/ws?bot=demo&x=%20y", "/hook/ws")
        assert knock.headers["host"] == f"127.0.0.1:{one.port}"
        assert (knock.headers["x-api-key"], knock.headers["x-twice"]) == ("lab-key-01", "a, b")
        assert knock.at <= time.monotonic()
        assert "lab-key-01" not in repr(knock)


async def test_who_is_turned_away_gets_a_status_and_no_upgrade() -> None:
    callers = Callers(TurnedAway(401, "unauthorized"))
    async with door(callers) as one:
        with pytest.raises(InvalidStatus) as caught:
            await dial(one)
    assert caught.value.response.status_code == 401
    assert caught.value.response.body == b"unauthorized\n"
    assert callers.sockets == []


async def test_a_plain_request_is_no_call() -> None:
    callers = Callers()
    async with door(callers) as one, httpx.AsyncClient(trust_env=False) as client:
        reply = await client.get(f"http://127.0.0.1:{one.port}/")
    assert reply.status_code == 426
    assert callers.sockets == []


async def test_each_caller_has_a_connection_of_its_own() -> None:
    callers = Callers()
    async with door(callers) as one, dial(one) as a, dial(one) as b:
        await b.send("b")
        await a.send("a")
        said = {(await callers.arrivals.get()).data for _ in range(2)}
        await callers.sockets[0].send("for a")
        assert await a.recv() == "for a"
    assert said == {b"a", b"b"}


async def test_round_trips_are_measured_from_here_as_well() -> None:
    callers = Callers()
    async with door(callers) as one, dial(one):
        assert 0 <= await callers.rtts.get() < 1


async def test_how_a_call_ended_is_told() -> None:
    callers = Callers()
    async with door(callers) as one:
        async with dial(one) as client:
            await client.close(1000, "bye")
        async with dial(one) as client:
            client.transport.abort()
        ends = [await callers.ends.get() for _ in range(2)]
    assert (ends[0].code, ends[0].reason, ends[0].closed_by) == (1000, "bye", ClosedBy.PEER)
    assert (ends[1].code, ends[1].closed_by) == (1006, ClosedBy.NETWORK)


async def test_a_message_over_the_limit_ends_the_call_with_1009() -> None:
    callers = Callers()
    async with door(callers, options=SocketOptions(max_message_bytes=1000)) as one, dial(one) as client:
        await client.send(b"x" * 1001)
        with pytest.raises(ConnectionClosedError):
            await client.recv()
        end = await callers.ends.get()
    assert (end.code, end.closed_by) == (1009, ClosedBy.US)


async def test_a_door_that_is_shut_lets_nobody_in_and_nobody_out() -> None:
    callers = Callers()
    async with door(callers) as one, dial(one) as client:
        one.shut()
        with pytest.raises((OSError, InvalidStatus)):
            await dial(one)
        await client.send("still here")
        assert (await callers.arrivals.get()).data == b"still here"


async def test_who_never_finishes_knocking_is_let_go() -> None:
    callers = Callers()
    async with door(callers, options=SocketOptions(open_timeout_s=0.1)) as one:
        reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
        writer.close()
    assert callers.knocks == []


async def test_who_never_shakes_hands_is_let_go() -> None:
    async with door(Callers(), server_context(), SocketOptions(open_timeout_s=0.1)) as one:
        reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
        async with asyncio.timeout(20):
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("secure", [False, True], ids=["ws", "wss"])
async def test_of_those_who_only_wait_the_oldest_goes_when_they_are_too_many(secure: bool) -> None:
    callers = Callers()
    how: dict[str, Any] = {"ssl": trusting()} if secure else {}
    async with door(callers, server_context() if secure else None, most_waiting=3) as one, dial(one, **how) as client:
        waiting = [await asyncio.open_connection("127.0.0.1", one.port) for _ in range(3)]
        async with dial(one, **how) as second:
            await second.send("let in all the same")
            await callers.arrivals.get()
            (first, _), (other, _), _ = waiting
            async with asyncio.timeout(20):
                with contextlib.suppress(ConnectionResetError):
                    assert await first.read() == b""
            assert not other.at_eof()
            assert one.turned_out == 1
        await client.send("still here")
        assert (await callers.arrivals.get()).data == b"still here"
        for _, writer in waiting:
            writer.close()


async def test_what_is_left_of_many_who_never_came_in_is_thrown_away() -> None:
    def left() -> int:
        return sum(type(one) is SSLProtocol for one in gc.get_objects())  # isinstance would ask dead proxies

    async with door(Callers(), server_context(), SocketOptions(open_timeout_s=20.0), most_waiting=1) as one:
        gc.disable()  # which may not come for as long as that
        try:
            async with asyncio.timeout(20):
                for _ in range(140):
                    _, writer = await asyncio.open_connection("127.0.0.1", one.port)
                    writer.close()
                    await writer.wait_closed()
                while left() >= 20:
                    one.tidy()
                    await asyncio.sleep(0.05)
        finally:
            gc.enable()


async def test_who_has_come_in_or_gone_waits_no_longer() -> None:
    callers = Callers()
    async with door(callers, most_waiting=2) as one:
        for _ in range(4):
            async with dial(one):
                pass
            _, writer = await asyncio.open_connection("127.0.0.1", one.port)
            writer.close()
            await writer.wait_closed()
        async with dial(one), dial(one), dial(one) as client:
            await client.send("here")
            await callers.arrivals.get()
        assert one.turned_out == 0


async def test_a_taken_port_is_an_os_error_and_leaves_nothing_open() -> None:
    callers = Callers()
    async with door(callers) as one:
        second = Door(callers.admit, callers.serve, clock=SystemClock(), port=one.port)
        with pytest.raises(OSError, check=lambda error: error.errno == errno.EADDRINUSE):
            await second.start()
        second.shut()
        await second.closed()


def _pair(folder: Path) -> tuple[Path, Path]:
    issued = authority("good").issue_cert("127.0.0.1")
    cert, key = folder / "cert.pem", folder / "key.pem"
    issued.private_key_pem.write_to_path(str(key))
    for part in issued.cert_chain_pems:
        part.write_to_path(str(cert), append=True)
    return cert, key


async def test_it_serves_with_a_certificate_from_files(tmp_path: Path) -> None:
    cert, key = _pair(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(key.read_bytes() + cert.read_bytes())
    for tls in (serving(cert, key), serving(both, None)):
        callers = Callers()
        async with door(callers, tls) as one, dial(one, ssl=trusting()) as client:
            assert isinstance(client, ClientConnection)
            assert one.endpoint.startswith("wss://")


@pytest.mark.parametrize("what", ["no key", "no certificate", "missing", "locked"])
def test_files_that_are_no_pair_are_refused(what: str, tmp_path: Path) -> None:
    cert, key = _pair(tmp_path)
    if what == "no key":
        key.write_text("nothing\n")
    elif what == "no certificate":
        cert.write_text("nothing\n")
    elif what == "missing":
        key.unlink()
    else:
        key.write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n")
    with pytest.raises(ConfigError, match="cannot be served with") as caught:
        serving(cert, key)
    assert "--cert" in caught.value.remedy
