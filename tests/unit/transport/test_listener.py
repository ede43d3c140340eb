"""The listener against real clients on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
import trustme
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK, InvalidStatus

from dashboard.transport.listener import MESSAGE_LIMIT, Frame, FrameKind, Listener, Peer, Reply, Request, Upgrade

Serve = Callable[[Peer], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[Listener]:
    async def handle(request: Request) -> Upgrade:
        return Upgrade(serve)

    listener = Listener(handle, tls=tls)
    await listener.start()
    try:
        yield listener
    finally:
        await listener.stop()


def dial(listener: Listener) -> connect:
    return connect(f"ws://127.0.0.1:{listener.port}/", proxy=None, ping_interval=None)


async def until_gone(peer: Peer) -> None:
    while await peer.receive() is not None:
        pass


async def test_a_request_reaches_the_handler_and_its_reply_the_client() -> None:
    seen: list[Request] = []

    async def handle(request: Request) -> Reply:
        seen.append(request)
        return Reply.of_json({"ok": True}, 418, {"Retry-After": "3"})

    listener = Listener(handle)
    await listener.start()
    async with httpx.AsyncClient(trust_env=False) as client:
        url = f"http://127.0.0.1:{listener.port}/a/b?c=d"
        reply = await client.post(url, content=b"body", headers={"X-Thing": "yes"})
    await listener.stop()
    assert (reply.status_code, reply.json(), reply.headers["Retry-After"]) == (418, {"ok": True}, "3")
    (request,) = seen
    assert (request.method, request.path, request.query["c"], request.body) == ("POST", "/a/b", "d", b"body")
    assert request.headers["x-thing"] == "yes"
    assert not request.wants_websocket


async def test_messages_pass_both_ways_as_text_and_binary() -> None:
    async def echo(peer: Peer) -> None:
        while (frame := await peer.receive()) is not None:
            await peer.send(frame.data, frame.kind)

    async with listening(echo) as listener, dial(listener) as client:
        await client.send("größer")
        assert await client.recv() == "größer"
        await client.send(b"\x00\xff")
        assert await client.recv() == b"\x00\xff"


async def test_a_text_frame_may_carry_bytes_that_are_no_utf8() -> None:
    async def serve(peer: Peer) -> None:
        await peer.send(b"\xff\xfe")
        await until_gone(peer)

    async with listening(serve) as listener, dial(listener) as client:
        assert await client.recv(decode=False) == b"\xff\xfe"


async def test_a_ping_is_the_handlers_to_answer() -> None:
    async def serve(peer: Peer) -> None:
        frame = await peer.receive()
        assert frame == Frame(FrameKind.PING, b"are you there")
        await peer.send(frame.data, FrameKind.PONG)
        await until_gone(peer)

    async with listening(serve) as listener, dial(listener) as client:
        assert await (await client.ping("are you there")) >= 0


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1012, "service restart"), (4401, "token expired")])
async def test_a_connection_is_closed_with_the_code_and_reason_that_were_asked_for(code: int, reason: str) -> None:
    async def serve(peer: Peer) -> None:
        await peer.close(code, reason)

    async with listening(serve) as listener, dial(listener) as client:
        with pytest.raises(ConnectionClosed) as caught:
            await client.recv()
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (code, reason)


async def test_a_reason_that_is_too_long_is_cut_between_characters() -> None:
    async def serve(peer: Peer) -> None:
        await peer.close(1011, "ü" * 100)

    async with listening(serve) as listener, dial(listener) as client:
        with pytest.raises(ConnectionClosedError) as caught:
            await client.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.reason == "ü" * 61


async def test_an_abort_is_a_reset_without_a_close_frame() -> None:
    async def serve(peer: Peer) -> None:
        peer.abort()
        peer.abort()  # once more changes nothing

    async with listening(serve) as listener, dial(listener) as client:
        with pytest.raises(ConnectionClosedError) as caught:
            await client.recv()
    assert caught.value.rcvd is None
    assert isinstance(caught.value.__cause__, ConnectionResetError)


async def test_the_handler_learns_that_the_peer_left() -> None:
    left = asyncio.Event()

    async def serve(peer: Peer) -> None:
        await until_gone(peer)
        with pytest.raises(ConnectionError):
            await peer.send("too late")
        left.set()

    async with listening(serve) as listener:
        async with dial(listener) as client:
            client.transport.abort()
        async with asyncio.timeout(5):
            await left.wait()


async def test_a_message_over_the_limit_is_answered_with_1009() -> None:
    async with listening(until_gone) as listener, dial(listener) as client:
        await client.send(b"x" * (MESSAGE_LIMIT + 1))
        with pytest.raises(ConnectionClosedError) as caught:
            await client.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1009


async def test_a_handler_may_refuse_the_upgrade() -> None:
    async def handle(request: Request) -> Reply:
        assert request.wants_websocket
        return Reply(503, headers={"Retry-After": "7"})

    listener = Listener(handle)
    await listener.start()
    with pytest.raises(InvalidStatus) as caught:
        await dial(listener)
    await listener.stop()
    assert caught.value.response.status_code == 503
    assert caught.value.response.headers["Retry-After"] == "7"


async def test_an_upgrade_of_a_plain_request_is_refused() -> None:
    async with listening(until_gone) as listener, httpx.AsyncClient(trust_env=False) as client:
        reply = await client.get(f"http://127.0.0.1:{listener.port}/")
    assert reply.status_code == 400


async def test_stopping_closes_every_peer_with_going_away() -> None:
    async with listening(until_gone) as listener, dial(listener) as one, dial(listener) as other:
        receiving = [asyncio.create_task(client.recv()) for client in (one, other)]
        await asyncio.sleep(0)
        await listener.stop()
        results = await asyncio.gather(*receiving, return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionClosedOK, ConnectionClosedOK]
    assert one.close_code == other.close_code == 1001


@contextlib.asynccontextmanager
async def raw_client(listener: Listener) -> AsyncIterator[asyncio.StreamReader]:
    """A client that upgrades and then does nothing by itself."""
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")
    yield reader
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def test_stopping_does_not_wait_for_a_peer_that_never_answers() -> None:
    async with listening(until_gone) as listener, raw_client(listener) as reader:
        async with asyncio.timeout(5):
            await listener.stop()
        rest = await reader.read()
    assert rest[2:4] == (1001).to_bytes(2, "big")


async def test_stopping_does_not_wait_for_a_peer_that_does_not_read() -> None:
    stuck = asyncio.Event()

    async def flood(peer: Peer) -> None:
        for _ in range(100):
            sending = asyncio.create_task(peer.send(b"x" * 2**20))
            await asyncio.wait([sending], timeout=0.1)
            if not sending.done():
                stuck.set()
            with contextlib.suppress(ConnectionError):
                await sending

    async with listening(flood) as listener, raw_client(listener):
        async with asyncio.timeout(5):
            await stuck.wait()
            await listener.stop()


async def test_a_taken_port_is_an_os_error_and_leaves_nothing_open() -> None:
    async with listening(until_gone) as listener:
        second = Listener(listener._handler, port=listener.port)
        with pytest.raises(OSError, check=lambda error: error.errno == errno.EADDRINUSE):
            await second.start()
        await second.stop()


async def test_it_serves_tls() -> None:
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(trusting)

    async def serve(peer: Peer) -> None:
        await peer.send("hello")
        peer.abort()

    async with (
        listening(serve, serving) as listener,
        connect(f"wss://127.0.0.1:{listener.port}/", ssl=trusting, proxy=None) as client,
    ):
        assert await client.recv() == "hello"
        with pytest.raises(ConnectionClosedError):
            await client.recv()
