"""The relay between raw sockets: bytes, ends, refusals."""

from __future__ import annotations

import asyncio
import hashlib
import random
import re

import pytest

from dashboard.clock import SystemClock
from dashboard.dialects.audiohook_signature import Keyring, SignedRequest, sign, verify
from dashboard.tap.feed import Feed
from dashboard.tap.heads import read_request
from dashboard.tap.relay import Relay, RelayOptions
from dashboard.transport.relayed import BACKLOG
from dashboard.transport.tls import client_context
from tests.unit.tap.between import ANSWER, REQUEST, connected, joined, relaying, reset, upstream
from tests.unit.transport.authority import server_context, trusting

MEGABYTES = 8
KEY, SECRET = "lab-key-01", "ZGFzaC1sYWItc2hhcmVkLXNlY3JldC0wMDQy"


async def digest(reader: asyncio.StreamReader, size: int) -> str:
    found = hashlib.sha256()
    while size:
        data = await reader.read(min(size, 65536))
        assert data, f"ended {size} bytes too early"
        size -= len(data)
        found.update(data)
    return found.hexdigest()


async def pour(writer: asyncio.StreamWriter, data: bytes, dice: random.Random) -> None:
    """Write in pieces of every size."""
    at = 0
    while at < len(data):
        size = dice.choice((1, 7, 125, 4096, 65536, 300_000))
        writer.write(data[at : at + size])
        await writer.drain()
        at += size


@pytest.mark.parametrize("tls", ["neither side", "both sides"])
async def test_what_arrives_on_one_side_leaves_on_the_other_byte_for_byte_in_both_directions(tls: str) -> None:
    dice = random.Random(6)
    there, back = dice.randbytes(MEGABYTES << 20), dice.randbytes(MEGABYTES << 20)
    secure = tls == "both sides"
    async with joined(
        client_tls=trusting() if secure else None,
        server_tls=server_context() if secure else None,
        upstream_tls=(server_context(), trusting()) if secure else None,
    ) as ends:
        _, _, got_there, got_back = await asyncio.gather(
            pour(ends.client[1], there, dice),
            pour(ends.upstream[1], back, dice),
            digest(ends.upstream[0], len(there)),
            digest(ends.client[0], len(back)),
        )
    assert got_there == hashlib.sha256(there).hexdigest()
    assert got_back == hashlib.sha256(back).hexdigest()


async def test_a_slow_reader_holds_its_peer_back_and_loses_nothing() -> None:
    data = random.Random(2).randbytes(64 << 20)
    async with joined(limit=1024) as ends:
        writing = asyncio.create_task(pour(ends.client[1], data, random.Random(1)))
        written, _ = await asyncio.wait({writing}, timeout=0.5)
        assert not written  # nobody reads: it does not all fit between
        transport = ends.client[1].transport
        assert isinstance(transport, asyncio.WriteTransport)
        assert transport.get_write_buffer_size() <= 300_000 + BACKLOG
        assert await digest(ends.upstream[0], len(data)) == hashlib.sha256(data).hexdigest()
        await writing


async def test_a_half_closed_connection_stays_half_open() -> None:
    async with joined() as ends:
        ends.client[1].write(b"the last words")
        ends.client[1].write_eof()
        assert await ends.upstream[0].read() == b"the last words"
        ends.upstream[1].write(b"an answer")
        assert await ends.client[0].readexactly(9) == b"an answer"
        ends.upstream[1].close()
        assert await ends.client[0].read() == b""


@pytest.mark.parametrize("who", ["client", "upstream"])
async def test_a_reset_on_one_side_is_a_reset_on_the_other(who: str) -> None:
    async with joined() as ends:
        (_, writer), (reader, _) = (ends.client, ends.upstream) if who == "client" else (ends.upstream, ends.client)
        reset(writer)
        with pytest.raises(ConnectionResetError):
            await reader.read()


async def test_what_was_sent_before_a_close_still_arrives() -> None:
    data = random.Random(3).randbytes(4 << 20)
    async with joined(limit=1024) as ends:
        ends.upstream[1].write(data)
        ends.upstream[1].close()
        assert hashlib.sha256(await ends.client[0].read()).digest() == hashlib.sha256(data).digest()


async def test_frames_that_come_with_the_request_and_with_the_answer_pass_in_their_order() -> None:
    async with (
        upstream() as bot,
        relaying(f"ws://127.0.0.1:{bot.port}") as relay,
        connected(relay.port) as (reader, writer),
    ):
        writer.write(REQUEST + b"early")
        assert await bot.head() == REQUEST
        assert bot.reader is not None
        assert bot.writer is not None
        bot.writer.write(ANSWER + b"at once")
        assert await reader.readexactly(len(ANSWER) + 7) == ANSWER + b"at once"
        assert await bot.reader.readexactly(5) == b"early"


async def test_the_path_of_the_upstream_takes_the_place_of_the_clients_and_the_query_stays() -> None:
    async with (
        upstream() as bot,
        relaying(f"ws://127.0.0.1:{bot.port}/bot/v2") as relay,
        connected(relay.port) as (_, writer),
    ):
        writer.write(REQUEST)
        assert await bot.head() == REQUEST.replace(b"/ws?x=1", b"/bot/v2?x=1")


async def test_the_upstream_is_asked_by_its_own_name_when_that_is_wanted() -> None:
    async with (
        upstream() as bot,
        relaying(f"ws://127.0.0.1:{bot.port}", keeps_host=False) as relay,
        connected(relay.port) as (_, writer),
    ):
        writer.write(REQUEST)
        assert await bot.head() == REQUEST.replace(b"bot.example", b"127.0.0.1:%d" % bot.port)


async def test_a_copy_that_fails_does_not_touch_what_passes() -> None:
    failed: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, told: failed.append(told["exception"]))

    class Broken(Feed):
        def show(self, *args: object) -> None:
            raise ZeroDivisionError

    async with upstream() as bot:
        relay = Relay(
            RelayOptions(f"ws://127.0.0.1:{bot.port}"), SystemClock(), client_tls=client_context(), new_id=lambda: "c"
        )
        await relay.listen()
        running = asyncio.create_task(relay.run(Broken(["true"], {}, relay.greeting)))
        async with connected(relay.port) as (reader, writer):
            writer.write(REQUEST)
            await bot.head()
            assert bot.writer is not None
            bot.writer.write(ANSWER)
            assert await reader.readexactly(len(ANSWER)) == ANSWER
            for _ in range(3):
                bot.writer.write(b"frame")
                assert await reader.readexactly(5) == b"frame"
        relay.stop()
        await running
    assert [type(error) for error in failed] == [ZeroDivisionError]


# -- signatures ---------------------------------------------------------------------------------------------


def signed(secret: bytes, now: float) -> bytes:
    headers = {
        "host": "bot.example",
        "audiohook-organization-id": "d7934305-0972-4844-938e-9060eef73d05",
        "audiohook-session-id": "e160e428-53e2-487c-977d-96989bf5c99d",
        "audiohook-correlation-id": "e160e428-53e2-487c-977d-96989bf5c99d",
        "x-api-key": KEY,
    }
    proof = sign(SignedRequest("/hook", "bot.example", headers), secret, nonce="n" * 24, now=now)
    asks = "Upgrade: websocket", "Connection: Upgrade"
    lines = ["GET /hook HTTP/1.1", *asks, *(f"{name}: {value}" for name, value in {**headers, **proof}.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def keyring() -> Keyring:
    return Keyring.read([f"{KEY}:{SECRET}"])


async def test_a_signed_request_passes_as_it_is_and_its_signature_holds() -> None:
    _, (secret,) = keyring().find(KEY)
    request = signed(secret, SystemClock().wall())
    async with (
        upstream() as bot,
        relaying(f"ws://127.0.0.1:{bot.port}") as relay,
        connected(relay.port) as (_, writer),
    ):
        writer.write(request)
        assert await bot.head() == request


async def test_a_request_for_another_host_is_signed_anew() -> None:
    _, (secret,) = keyring().find(KEY)
    async with (
        upstream() as bot,
        relaying(f"ws://127.0.0.1:{bot.port}/other", keeps_host=False, keys=keyring()) as relay,
        connected(relay.port) as (_, writer),
    ):
        writer.write(signed(secret, SystemClock().wall()))
        asked = read_request(await bot.head())
        assert asked is not None
        assert (asked.target, asked.headers["host"]) == ("/other", f"127.0.0.1:{bot.port}")
        request = SignedRequest(asked.target, asked.headers["host"], asked.headers)
        assert verify(request, keyring(), SystemClock().wall()) is None


async def test_a_request_that_was_overheard_is_not_signed_anew_a_second_time() -> None:
    _, (secret,) = keyring().find(KEY)
    request = signed(secret, SystemClock().wall())
    async with (
        upstream() as bot,
        relaying(f"ws://127.0.0.1:{bot.port}", keeps_host=False, keys=keyring()) as relay,
        connected(relay.port) as (_, first),
        connected(relay.port) as (reader, second),
    ):
        first.write(request)
        await bot.head()
        second.write(request)
        assert (await reader.read()).startswith(b"HTTP/1.1 401 Unauthorized\r\n")


async def test_nobody_gets_a_signature_who_had_none_that_holds() -> None:
    async with (
        upstream() as bot,
        relaying(f"ws://127.0.0.1:{bot.port}", keeps_host=False, keys=keyring()) as relay,
        connected(relay.port) as (reader, writer),
    ):
        writer.write(signed(b"another secret", SystemClock().wall()))
        assert (await reader.read()).startswith(b"HTTP/1.1 401 Unauthorized\r\n")
        assert not bot.connected.is_set()


# -- refusals -----------------------------------------------------------------------------------------------


async def refused(url: str, request: bytes = REQUEST, **options: object) -> tuple[int, str]:
    async with relaying(url, **options) as relay, connected(relay.port) as (reader, writer):  # type: ignore[arg-type]
        writer.write(request)
        answer = (await reader.read()).decode()
    status = re.match(r"HTTP/1\.1 (\d{3}) ", answer)
    assert status is not None, answer
    return int(status[1]), answer.partition("\r\n\r\n")[2].strip()


async def test_an_upstream_that_cannot_be_reached_is_told_to_the_client() -> None:
    async with upstream() as bot:
        port = bot.port
    assert await refused(f"ws://127.0.0.1:{port}") == (
        502,
        "callscope tap: the upstream cannot be reached: nothing listens there",
    )


async def test_a_certificate_that_is_not_trusted_is_told_in_the_words_of_the_house() -> None:
    async with upstream(server_context("expired")) as bot:
        status, words = await refused(f"wss://127.0.0.1:{bot.port}", client_tls=trusting())
    assert status == 502
    assert words.endswith("certificate not trusted (certificate has expired)")


async def test_an_upstream_that_takes_too_long_is_a_gateway_timeout() -> None:
    async with upstream() as bot:  # speaks no TLS and never answers
        status, words = await refused(f"wss://127.0.0.1:{bot.port}", open_timeout_s=0.2)
    assert (status, words) == (504, "callscope tap: the upstream cannot be reached: timed out")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno header\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000, 431),
    ],
)
async def test_what_is_no_request_is_not_passed_on(request_: bytes, status: int) -> None:
    async with upstream() as bot:
        assert (await refused(f"ws://127.0.0.1:{bot.port}", request_))[0] == status
        assert not bot.connected.is_set()


async def test_more_connections_than_allowed_are_told_to_come_later() -> None:
    async with (
        upstream() as bot,
        relaying(f"ws://127.0.0.1:{bot.port}", most_links=1) as relay,
        connected(relay.port) as (_, first),
        connected(relay.port) as (reader, second),
    ):
        first.write(REQUEST)
        await bot.head()
        second.write(REQUEST)
        assert (await reader.read()).startswith(b"HTTP/1.1 503 ")


async def test_a_client_that_leaves_while_the_upstream_is_dialled_leaves_nothing_behind() -> None:
    async with (
        upstream() as bot,
        relaying(f"ws://127.0.0.1:{bot.port}") as relay,
        connected(relay.port) as (_, writer),
    ):
        writer.write(REQUEST)
        writer.close()
        await bot.connected.wait()
        assert bot.reader is not None
        assert (await bot.reader.read()).startswith(b"GET /ws")  # and then its end


async def test_stopping_ends_what_is_open() -> None:
    async with (
        upstream() as bot,
        relaying(f"ws://127.0.0.1:{bot.port}") as relay,
        connected(relay.port) as (reader, writer),
    ):
        writer.write(REQUEST)
        await bot.head()
        relay.stop()
        assert await reader.read() == b""
