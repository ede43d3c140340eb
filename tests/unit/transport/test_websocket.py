from __future__ import annotations

import asyncio
import select
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, nullcontext

import pytest

from dashboard.call.events import ClosedBy
from dashboard.clock import SystemClock
from dashboard.resilience.retry import LinkError
from dashboard.transport.kernel_time import StampedSocket, kernel_stamps
from dashboard.transport.tapped import LATE_S, Arrival, Closed
from dashboard.transport.watched_loop import new_loop
from dashboard.transport.websocket import Socket, SocketOptions, connect
from tests.unit.transport.authority import server_context, trusting
from tests.unit.transport.peers import (
    BINARY,
    CLOSE,
    CONT,
    PING,
    PONG,
    TEXT,
    Wire,
    close_frame,
    frame,
    peer,
)

CLOCK = SystemClock()
QUICK = SocketOptions(close_timeout_s=0.05)
KERNEL = "kernel" if sys.platform.startswith("linux") else "process"


class Listener:
    """Collects what a socket hands over."""

    def __init__(self) -> None:
        self.arrivals: asyncio.Queue[Arrival] = asyncio.Queue()
        self.rtts: asyncio.Queue[tuple[float, float]] = asyncio.Queue()

    def listen_to(self, socket: Socket) -> None:
        socket.deliver_to(self.arrivals.put_nowait, lambda at, rtt: self.rtts.put_nowait((at, rtt)))

    async def messages(self, count: int) -> list[tuple[bytes, bool]]:
        arrivals = [await self.arrivals.get() for _ in range(count)]
        return [(arrival.data, arrival.text) for arrival in arrivals]


@asynccontextmanager
async def connected(
    handler: Callable[[Wire], Awaitable[None]],
    options: SocketOptions = QUICK,
    *,
    then: bytes = b"",
    secure: bool = False,
) -> AsyncIterator[tuple[Socket, Listener]]:
    """A socket to a peer that does the handshake and then what `handler` says."""

    async def serve(wire: Wire) -> None:
        await wire.upgrade(then)
        await handler(wire)

    async with peer(serve, server_context() if secure else None) as port:
        url = f"{'wss' if secure else 'ws'}://127.0.0.1:{port}/ws?sig=s3cr3t"
        opened = await connect(url, clock=CLOCK, tls=trusting(), options=options)
        listener = Listener()
        listener.listen_to(opened)
        try:
            yield opened, listener
        finally:
            await opened.close()


async def ended(handler: Callable[[Wire], Awaitable[None]], options: SocketOptions = QUICK) -> Closed:
    """How a connection ends to a peer that does what `handler` says."""
    async with connected(handler, options) as (opened, _):
        return await opened.closed()


# -- messages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("secure", [False, True])
async def test_messages_come_in_order_with_their_kind(secure: bool) -> None:
    async def handler(wire: Wire) -> None:
        await wire.send(frame(TEXT, "grüezi".encode()) + frame(BINARY, b"\x00\xff") + frame(TEXT, b""))
        await wire.until_gone()

    async with connected(handler, secure=secure) as (opened, listener):
        assert await listener.messages(3) == [("grüezi".encode(), True), (b"\x00\xff", False), (b"", True)]
        assert opened.clock == KERNEL
        assert "s3cr3t" not in opened.endpoint


async def test_messages_that_come_with_the_handshake_wait_for_the_listener() -> None:
    async with connected(Wire.until_gone, then=frame(TEXT, b"first") + frame(TEXT, b"second")) as (_, listener):
        assert await listener.messages(2) == [(b"first", True), (b"second", True)]


async def test_a_close_that_comes_with_the_handshake_is_an_end_and_not_a_failure_to_open() -> None:
    async def handler(wire: Wire) -> None:
        await wire.until_gone()

    async with connected(handler, then=frame(TEXT, b"no") + close_frame(4401, "who are you")) as (opened, listener):
        assert await listener.messages(1) == [(b"no", True)]
        assert (await opened.closed()).code == 4401


async def test_text_that_is_not_utf8_is_a_message_like_any_other() -> None:
    async def handler(wire: Wire) -> None:
        await wire.send(frame(TEXT, b"\xff\xfe{") + frame(TEXT, b"{}"))
        await wire.until_gone()

    async with connected(handler) as (_, listener):
        assert await listener.messages(2) == [(b"\xff\xfe{", True), (b"{}", True)]


async def test_a_fragmented_message_is_one_that_arrived_with_its_last_fragment() -> None:
    before_the_last = 0.0

    async def handler(wire: Wire) -> None:
        nonlocal before_the_last
        await wire.send(frame(TEXT, b"a", fin=False) + frame(CONT, b"", fin=False) + frame(PING, b"?"))
        assert await wire.expect(PONG) == b"?"
        before_the_last = CLOCK.monotonic()
        await wire.send(frame(CONT, b"b") + frame(BINARY, b"c", fin=False) + frame(CONT, b""))
        await wire.until_gone()

    async with connected(handler) as (_, listener):
        first = await listener.arrivals.get()
        assert (first.data, first.text) == (b"ab", True)
        assert first.at >= before_the_last
        assert await listener.messages(1) == [(b"c", False)]


@pytest.fixture
def stamping() -> Iterator[None]:
    """The kernel begins to stamp a moment after the first socket asked for it, and stops after the last."""
    with StampedSocket(socket.AF_INET, CLOCK) if kernel_stamps() else nullcontext():
        kernel_stamps.__wrapped__()  # sends until it sees a stamp
        yield


@pytest.mark.usefixtures("stamping")
@pytest.mark.parametrize("secure", [False, True])
async def test_a_message_is_stamped_when_it_arrives_and_not_when_a_busy_process_reads_it(secure: bool) -> None:
    go = asyncio.Event()
    written = threading.Event()

    async def handler(wire: Wire) -> None:
        await go.wait()
        await wire.send(frame(TEXT, b"x" * 160))
        written.set()
        await wire.until_gone()

    async with elsewhere(handler, go, secure=secure) as (opened, listener, descriptor, say):
        say()
        assert written.wait(10)
        select.select([descriptor], [], [], 10)  # it is here, but our event loop cannot read it: we hold it
        arrived_by = CLOCK.monotonic()
        arrival = await listener.arrivals.get()
        assert (arrival.at <= arrived_by) == (opened.clock == "kernel")


@pytest.mark.usefixtures("stamping")
@pytest.mark.parametrize("stamped", [False, True], ids=["process", "kernel"])
def test_a_message_that_lay_unread_for_long_is_late_unless_the_kernel_stamped_it(
    stamped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not stamped:
        monkeypatch.setattr("dashboard.transport.tcp.kernel_stamps", lambda: False)
    go = asyncio.Event()

    async def handler(wire: Wire) -> None:
        await go.wait()
        await wire.send(frame(TEXT, b"x"))
        until = CLOCK.monotonic() + 2 * LATE_S
        while CLOCK.monotonic() < until:
            pass  # nobody else runs in this loop

    async def receive() -> bool:
        async with connected(handler) as (opened, listener):
            go.set()
            arrival = await listener.arrivals.get()
            return arrival.late == (opened.clock == "process")

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(receive())


@pytest.mark.usefixtures("stamping")
def test_messages_that_lay_unread_and_are_read_together_are_late_for_they_share_the_stamp_of_the_last() -> None:
    go = asyncio.Event()

    async def handler(wire: Wire) -> None:
        await go.wait()
        await wire.send(frame(TEXT, b"x"))
        until = CLOCK.monotonic() + 2 * LATE_S
        while CLOCK.monotonic() < until:
            pass  # nobody else runs in this loop
        await wire.send(frame(TEXT, b"y"))

    async def receive() -> list[bool]:
        async with connected(handler) as (_, listener):
            go.set()
            return [(await listener.arrivals.get()).late for _ in range(2)]

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(receive()) == [True, True]


@asynccontextmanager
async def elsewhere(
    handler: Callable[[Wire], Awaitable[None]], go: asyncio.Event, *, secure: bool
) -> AsyncIterator[tuple[Socket, Listener, int, Callable[[], object]]]:
    """As `connected`, with the peer in a thread of its own; also yields our descriptor and how to say go."""
    ports: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    their_loop = asyncio.new_event_loop()

    async def serve(wire: Wire) -> None:
        await wire.upgrade()
        await handler(wire)

    async def be_there() -> None:
        async with peer(serve, server_context() if secure else None) as port:
            loop.call_soon_threadsafe(ports.put_nowait, port)
            await over.wait()

    def run() -> None:
        their_loop.run_until_complete(be_there())
        their_loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        url = f"{'wss' if secure else 'ws'}://127.0.0.1:{await ports.get()}/"
        opened = await connect(url, clock=CLOCK, tls=trusting(), options=QUICK)
        listener = Listener()
        listener.listen_to(opened)
        descriptor = opened._connection.transport.get_extra_info("socket").fileno()
        yield opened, listener, descriptor, lambda: their_loop.call_soon_threadsafe(go.set)
        await opened.close()
    finally:
        their_loop.call_soon_threadsafe(over.set)
        await asyncio.to_thread(thread.join)


async def test_reading_does_not_wait_for_anyone() -> None:
    async def handler(wire: Wire) -> None:
        await wire.send(frame(BINARY, bytes(1000)) * 5000)
        await wire.until_gone()

    async with connected(handler) as (_, listener):
        assert len(await listener.messages(5000)) == 5000


async def test_what_is_sent_reaches_the_peer_as_text_or_binary() -> None:
    heard: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()

    async def handler(wire: Wire) -> None:
        while (got := await wire.read_frame())[0] != CLOSE:
            heard.put_nowait(got)

    async with connected(handler) as (opened, _):
        await opened.send("héllo")
        await opened.send(b"\x01")
        assert (await heard.get())[0] == PING
        assert await heard.get() == (TEXT, "héllo".encode())
        assert await heard.get() == (BINARY, b"\x01")


async def test_sending_on_an_ended_connection_is_a_link_error() -> None:
    async def handler(wire: Wire) -> None:
        await wire.send(close_frame(1001))

    async with connected(handler) as (opened, _):
        await opened.closed()
        with pytest.raises(LinkError):
            await opened.send("too late")


# -- round trips ------------------------------------------------------------------------------------------


async def test_the_round_trip_is_measured_at_once_and_then_by_every_keepalive() -> None:
    async def handler(wire: Wire) -> None:
        while True:
            opcode, data = await wire.read_frame()
            if opcode == CLOSE:
                return
            await wire.send(frame(PONG, data))

    async with connected(handler, SocketOptions(ping_interval_s=0.01, close_timeout_s=0.05)) as (_, listener):
        for _ in range(3):
            at, rtt = await listener.rtts.get()
            assert 0 <= rtt <= at


async def test_a_pong_that_comes_before_anybody_listens_is_told_then() -> None:
    ponged = asyncio.Event()

    async def handler(wire: Wire) -> None:
        await wire.upgrade(b"")
        opcode, data = await wire.read_frame()
        assert opcode == PING
        await wire.send(frame(PONG, data) + frame(TEXT, b"."))
        ponged.set()
        await wire.until_gone()

    async with peer(handler, None) as port:
        socket = await connect(f"ws://127.0.0.1:{port}/", clock=CLOCK, tls=trusting(), options=QUICK)
        await ponged.wait()
        while not socket._connection._early:  # noqa: ASYNC110 - nothing else tells that the bytes are here
            await asyncio.sleep(0)
        listener = Listener()
        listener.listen_to(socket)
        assert listener.rtts.qsize() == 1
        await socket.close()


async def test_a_pong_that_nobody_asked_for_measures_nothing() -> None:
    async def handler(wire: Wire) -> None:
        await wire.send(frame(PONG, b"hello") + frame(TEXT, b"."))
        await wire.until_gone()

    async with connected(handler) as (_, listener):
        await listener.messages(1)
        assert listener.rtts.empty()


async def test_without_a_keepalive_only_the_pings_that_are_asked_for_are_sent() -> None:
    async def handler(wire: Wire) -> None:
        for _ in range(2):
            await wire.send(frame(PONG, await wire.expect(PING)))
        await wire.send(close_frame(1000))
        await wire.expect(CLOSE)

    async with connected(handler, SocketOptions(ping_interval_s=None, close_timeout_s=0.05)) as (opened, listener):
        await listener.rtts.get()
        await opened.ping()
        await listener.rtts.get()
        await opened.closed()
        with pytest.raises(LinkError):
            await opened.ping()


# -- ends -------------------------------------------------------------------------------------------------


async def test_a_peer_that_closes_is_told_with_code_and_reason() -> None:
    async def handler(wire: Wire) -> None:
        await wire.send(close_frame(4401, "token=abcdefgh expired"))
        await wire.expect(CLOSE)

    assert await ended(handler) == Closed(
        4401, "token=*** expired", ClosedBy.PEER, "closed by the peer with 4401: token=*** expired"
    )


async def test_a_close_without_a_code_is_1005() -> None:
    async def handler(wire: Wire) -> None:
        await wire.send(frame(CLOSE, b""))
        await wire.expect(CLOSE)

    assert await ended(handler) == Closed(1005, "", ClosedBy.PEER, "closed by the peer with 1005")


async def test_a_peer_that_closes_but_does_not_hang_up_is_cut() -> None:
    async def handler(wire: Wire) -> None:
        await wire.send(close_frame(1000))
        await wire.until_gone()

    assert await ended(handler, SocketOptions(close_timeout_s=0.02)) == Closed(
        1000, "", ClosedBy.PEER, "closed by the peer with 1000"
    )


async def test_a_reset_is_an_end_without_a_close_frame() -> None:
    async def handler(wire: Wire) -> None:
        await wire.expect(PING)
        wire.reset()

    assert await ended(handler) == Closed(1006, "", ClosedBy.NETWORK, "connection reset")


async def test_a_peer_that_just_hangs_up_is_an_end_without_a_close_frame() -> None:
    async def handler(wire: Wire) -> None:
        await wire.expect(PING)

    assert await ended(handler) == Closed(1006, "", ClosedBy.NETWORK, "connection ended without a close frame")


async def test_a_missing_pong_is_our_1011_and_nobody_waits_for_the_dead_peer() -> None:
    async def handler(wire: Wire) -> None:
        await wire.until_gone()

    options = SocketOptions(ping_interval_s=0.01, ping_timeout_s=0.01, close_timeout_s=3600)
    assert await ended(handler, options) == Closed(1011, "keepalive ping timeout", ClosedBy.US, "no pong within 0.01 s")


async def test_a_message_above_the_limit_is_our_1009() -> None:
    async def handler(wire: Wire) -> None:
        await wire.send(frame(BINARY, bytes(1001)))
        await wire.expect(CLOSE)

    end = await ended(handler, SocketOptions(max_message_bytes=1000, close_timeout_s=0.05))
    assert (end.code, end.closed_by, end.detail) == (1009, ClosedBy.US, "a message above 1000 bytes")


async def test_fragments_that_add_up_above_the_limit_are_our_1009() -> None:
    async def handler(wire: Wire) -> None:
        await wire.send(frame(BINARY, bytes(600), fin=False) + frame(CONT, bytes(600)))
        await wire.expect(CLOSE)

    end = await ended(handler, SocketOptions(max_message_bytes=1000, close_timeout_s=0.05))
    assert (end.code, end.closed_by) == (1009, ClosedBy.US)


@pytest.mark.parametrize("broken", [frame(3, b"what"), frame(CONT, b"of what"), b"\xff\xff\xff"])
async def test_a_peer_that_breaks_the_protocol_is_our_1002(broken: bytes) -> None:
    async def handler(wire: Wire) -> None:
        await wire.send(broken)
        await wire.expect(CLOSE)

    end = await ended(handler)
    assert (end.code, end.closed_by, end.detail) == (1002, ClosedBy.US, "the peer broke the WebSocket protocol")


async def test_our_close_carries_code_and_reason_and_waits_for_the_answer() -> None:
    async def handler(wire: Wire) -> None:
        payload = await wire.expect(CLOSE)
        await wire.send(frame(CLOSE, payload))

    async with connected(handler) as (opened, _):
        await opened.close(1001, "stale")
        assert await opened.closed() == Closed(1001, "stale", ClosedBy.US, "closed by us with 1001")


async def test_our_close_does_not_wait_for_ever() -> None:
    async with connected(Wire.until_gone, SocketOptions(close_timeout_s=0.02)) as (opened, _):
        await opened.close()
        assert (await opened.closed()).closed_by is ClosedBy.US


async def test_a_peer_that_stops_reading_does_not_keep_us_from_closing() -> None:
    over = asyncio.Event()

    async def handler(wire: Wire) -> None:
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await over.wait()

    async with connected(handler, SocketOptions(close_timeout_s=0.02)) as (opened, _):
        stuck = asyncio.create_task(opened.send(bytes(9_000_000)))
        await asyncio.sleep(0)
        await opened.close()
        assert (await opened.closed()).closed_by is ClosedBy.US
        with pytest.raises(LinkError):
            await stuck
        over.set()


async def test_ten_megabytes_pass_by_default() -> None:
    async def handler(wire: Wire) -> None:
        await wire.send(frame(BINARY, bytes(10 * 1024 * 1024)))
        await wire.until_gone()

    async with connected(handler) as (_, listener):
        arrival = await listener.arrivals.get()
        assert len(arrival.data) == 10 * 1024 * 1024
