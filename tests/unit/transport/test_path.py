"""The way to a host, step by step, against peers that end it at each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress

import pytest

from dashboard.call.events import Cause, Flaw
from dashboard.clock import SystemClock
from dashboard.resilience.retry import Failure, LinkError
from dashboard.transport.path import Path
from tests.unit.transport.authority import server_context, trusting
from tests.unit.transport.peers import Wire, peer


@pytest.fixture(autouse=True)
def no_proxies(no_proxy_set: None) -> None:
    """The environment of whoever runs the tests plays no part."""


def path_to(url: str, timeout_s: float = 10.0) -> Path:
    return Path(url, clock=SystemClock(), timeout_s=timeout_s)


@asynccontextmanager
async def reached(port: int, timeout_s: float = 10.0) -> AsyncIterator[Path]:
    with closing(path_to(f"https://127.0.0.1:{port}/", timeout_s)) as path:
        await path.resolve()
        await path.reach()
        yield path


async def test_the_way_is_told_before_it_is_gone() -> None:
    with closing(path_to("wss://Bot.test/ws?sig=1")) as path:
        assert (path.host, path.port, path.secured, path.tunnels, path.proxy) == ("bot.test", 443, True, False, None)
    with closing(path_to("http://[::1]:8080/x")) as path:
        assert (path.host, path.port, path.secured) == ("::1", 8080, False)


async def test_a_trusted_host_shows_its_chain_up_to_the_authority() -> None:
    async with peer(Wire.until_gone, server_context("between")) as port, reached(port) as path:
        session = await path.secure(trusting())
    assert session.version == "TLSv1.3"
    own, between, root = session.chain
    assert own.names == ("127.0.0.1",)
    assert (own.issuer, between.issuer, root.issuer) == (between.subject, root.subject, root.subject)
    assert own.not_after - own.not_before == 109 * 86400


@pytest.mark.parametrize(
    ("kind", "flaw"),
    [
        ("expired", Flaw.EXPIRED),
        ("not yet", Flaw.NOT_YET_VALID),
        ("name", Flaw.OTHER_NAME),
        ("self", Flaw.SELF_SIGNED),
        ("unknown", Flaw.UNKNOWN_CA),
    ],
)
async def test_a_certificate_that_is_not_trusted_is_named_and_can_be_read(kind: str, flaw: Flaw) -> None:
    shaken, received = asyncio.Event(), bytearray()

    async def handler(wire: Wire) -> None:
        shaken.set()
        with suppress(ConnectionError):
            received.extend(await wire.reader.read(100))

    async with peer(handler, server_context(kind)) as port, reached(port) as path:
        with pytest.raises(LinkError) as refused:
            await path.secure(trusting())
        assert refused.value.failure.flaw is flaw
        assert refused.value.failure.cause is Cause.TLS_CERTIFICATE
        session = await path.look()
        assert session.chain[0].subject
        if kind == "name":
            assert session.chain[0].names == ("elsewhere.test",)
        await shaken.wait()
    assert received == b""  # the handshake that checks nothing went through, and sent nothing


async def test_a_certificate_that_nobody_can_read_again_is_a_link_error() -> None:

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(once, "127.0.0.1", 0, ssl=server_context("expired"))
    async with reached(server.sockets[0].getsockname()[1]) as path:
        with pytest.raises(LinkError):
            await path.secure(trusting())
        server.close()
        with pytest.raises(LinkError, match="nothing listens"):
            await path.look()


async def test_each_step_has_its_own_failure() -> None:
    with closing(path_to("https://bot.invalid/")) as path, pytest.raises(LinkError) as raised:
        await path.resolve()
    assert raised.value.failure.cause is Cause.DNS
    with closing(path_to("https://127.0.0.1:1/")) as path:
        assert await path.resolve() == ("127.0.0.1",)
        with pytest.raises(LinkError) as raised:
            await path.reach()
    assert raised.value.failure == Failure(Cause.TCP_REFUSED, "nothing listens there")


async def test_a_peer_that_never_answers_the_handshake_is_a_time_out() -> None:
    async with peer(Wire.until_gone) as port, reached(port, timeout_s=0.05) as path:
        with pytest.raises(LinkError) as raised:
            await path.secure(trusting())
    assert raised.value.failure.cause is Cause.TIMEOUT


async def test_the_address_that_answered_is_told() -> None:
    async with peer(Wire.until_gone) as port:
        with closing(path_to(f"http://localhost:{port}/")) as path:
            assert "127.0.0.1" in await path.resolve()
            assert await path.reach() == "127.0.0.1"


# -- through a proxy ------------------------------------------------------------------------------------


async def test_a_tunnel_leads_to_the_hosts_own_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    async with peer(Wire.until_gone, server_context("name")) as host:

        async def handler(wire: Wire) -> None:
            assert (await wire.request()).startswith("CONNECT elsewhere.test:443 HTTP/1.1\r\n")
            await wire.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            reader, writer = await asyncio.open_connection("127.0.0.1", host)
            there = asyncio.create_task(pass_on(wire.reader, writer))
            await pass_on(reader, wire.writer)
            await there

        async with peer(handler) as proxy:
            monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy}")
            with closing(path_to("wss://elsewhere.test/ws")) as path:
                assert path.tunnels
                assert await path.resolve() == ("127.0.0.1",)
                await path.reach()
                await path.tunnel()
                session = await path.secure(trusting())
                assert session.chain[0].names == ("elsewhere.test",)
                assert (await path.look()).chain[0] == session.chain[0]


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
    except ConnectionError:
        pass
    finally:
        writer.close()


async def test_plain_http_goes_through_a_proxy_without_a_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with closing(path_to("http://bot.invalid/")) as path:
        assert (path.proxy is not None, path.tunnels) == (True, False)


@pytest.mark.parametrize(("status", "code"), [("407 Who Are You", 407), ("403 Forbidden", 403)])
async def test_a_proxy_that_refuses_is_told_with_its_status(
    status: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def handler(wire: Wire) -> None:
        await wire.request()
        await wire.answer(status)

    async with peer(handler) as port:
        monkeypatch.setenv("https_proxy", f"http://user:s3cr3t@127.0.0.1:{port}")
        with closing(path_to("https://bot.invalid/")) as path:
            await path.resolve()
            await path.reach()
            with pytest.raises(LinkError) as raised:
                await path.tunnel()
    assert raised.value.failure == Failure(Cause.PROXY_REFUSED, f"proxy answered {code}", code)


async def test_a_proxy_that_hangs_up_is_a_network_failure_and_no_noise(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(wire: Wire) -> None:
        await wire.request()

    async with peer(handler) as port:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        with closing(path_to("https://bot.invalid/")) as path:
            await path.resolve()
            await path.reach()
            with pytest.raises(LinkError) as raised:
                await path.tunnel()
    assert raised.value.failure.cause is Cause.NETWORK
    assert caplog.text == ""
