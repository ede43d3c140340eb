"""Dialling the other end of a relayed connection: directly, by TLS, through a proxy."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from dashboard.call.events import Cause
from dashboard.clock import SystemClock
from dashboard.resilience.retry import LinkError
from dashboard.transport.kernel_time import StampedSocket
from dashboard.transport.relayed import End, unheard, unnoticed
from dashboard.transport.upstream import dial
from tests.unit.transport.authority import server_context, trusting
from tests.unit.transport.peers import Wire, peer


@pytest.fixture(autouse=True)
def no_proxies(no_proxy_set: None) -> None:
    """None in the environment but those that a test names."""


def make_end(stamped: Mapping[int, StampedSocket]) -> End:
    return End(SystemClock(), unheard, unnoticed, stamped)


async def dialled(url: str) -> End:
    return await dial(url, make_end, clock=SystemClock(), tls=trusting(), timeout_s=2.0)


async def echo(wire: Wire) -> None:
    wire.writer.write(await wire.reader.readuntil(b"\r\n\r\n"))
    await wire.until_gone()


async def said(end: End) -> bytes:
    end.transport.write(b"hello\r\n\r\n")
    head, _ = await end.head()
    end.end()
    return head


@pytest.mark.parametrize("secure", [False, True])
async def test_what_is_written_arrives_and_what_comes_is_kept(secure: bool) -> None:
    async with peer(echo, server_context() if secure else None) as port:
        end = await dialled(f"{'wss' if secure else 'ws'}://127.0.0.1:{port}")
        assert end.secured is secure
        assert await said(end) == b"hello\r\n\r\n"


async def test_through_a_proxy_the_way_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    async def proxy(wire: Wire) -> None:
        asked.append((await wire.request()).splitlines()[0])
        wire.writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await echo(wire)

    async with peer(proxy) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        assert await said(await dialled("ws://bot.test:8080/ws")) == b"hello\r\n\r\n"
    assert asked == ["CONNECT bot.test:8080 HTTP/1.1"]


async def test_a_proxy_that_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def proxy(wire: Wire) -> None:
        await wire.request()
        await wire.answer("407 Proxy Authentication Required")

    async with peer(proxy) as port:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        with pytest.raises(LinkError) as raised:
            await dialled("ws://bot.test/ws")
    assert raised.value.failure.cause is Cause.PROXY_REFUSED


async def test_a_host_that_is_silent_is_given_up() -> None:
    async def silent(wire: Wire) -> None:
        await wire.until_gone()

    async with peer(silent) as port:
        with pytest.raises(LinkError) as raised:
            await dial(f"wss://127.0.0.1:{port}", make_end, clock=SystemClock(), tls=trusting(), timeout_s=0.1)
    assert raised.value.failure.cause is Cause.TIMEOUT


async def test_a_head_that_never_ends_is_given_up_on() -> None:
    async def hangs_up(wire: Wire) -> None:
        wire.writer.write(b"HTTP/1.1 101 half a he")
        await wire.writer.drain()

    async with peer(hangs_up) as port:
        end = await dialled(f"ws://127.0.0.1:{port}")
        with pytest.raises(ConnectionError):
            async with asyncio.timeout(2):
                await end.head()
        end.end()
