"""What opening a connection can run into, and what is told of it."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

import pytest

from dashboard.call.events import Cause
from dashboard.clock import SystemClock
from dashboard.resilience.retry import Failure, LinkError
from dashboard.resilience.secret import Secret
from dashboard.transport.websocket import SocketOptions, connect
from tests.unit.transport.authority import server_context, trusting
from tests.unit.transport.peers import Wire, peer

TOKEN = Secret("t0ken")


async def refusal(url: str, *, open_timeout_s: float = 10.0) -> Failure:
    """The failure of a connection that must not open; what it says is checked for secrets."""
    options = SocketOptions(open_timeout_s=open_timeout_s, close_timeout_s=0.05)
    with pytest.raises(LinkError) as raised:
        await connect(f"{url}?sig=s3cr3t", clock=SystemClock(), tls=trusting(), token=TOKEN, options=options)
    told = str(raised.value) + repr(raised.value.failure)
    assert raised.value.__suppress_context__  # no traceback shows the library's own exception
    assert not [secret for secret in ("s3cr3t", "t0ken") if secret in told]
    return raised.value.failure


async def refused_by(handler: Callable[[Wire], Awaitable[None]], *, open_timeout_s: float = 10.0) -> Failure:
    async with peer(handler) as port:
        return await refusal(f"ws://127.0.0.1:{port}/ws", open_timeout_s=open_timeout_s)


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("401 Unauthorized", Cause.TOKEN_REJECTED),
        ("403 Forbidden", Cause.PERMISSION_MISSING),
        ("404 Not Found", Cause.NOT_FOUND),
        ("429 Too Many Requests", Cause.RATE_LIMITED),
        ("503 Service Unavailable", Cause.UNAVAILABLE),
        ("500 Oops", Cause.UNAVAILABLE),
        ("418 Teapot", Cause.HANDSHAKE_REFUSED),
        ("200 OK", Cause.HANDSHAKE_REFUSED),
    ],
)
async def test_a_refused_handshake_has_the_cause_of_its_status(status: str, cause: Cause) -> None:
    async def handler(wire: Wire) -> None:
        await wire.request()
        await wire.answer(status, "X-Echo: t0ken", body=b"t0ken s3cr3t")

    code = int(status[:3])
    assert await refused_by(handler) == Failure(cause, f"handshake answered {code}", code)


async def test_retry_after_is_read_from_a_refused_handshake() -> None:
    async def handler(wire: Wire) -> None:
        await wire.request()
        await wire.answer("429 Too Many Requests", "Retry-After: 7", "Retry-After: 9")

    assert (await refused_by(handler)).retry_after_s == 7.0


async def test_a_refusal_says_who_answered() -> None:
    async def handler(wire: Wire) -> None:
        await wire.request()
        await wire.answer("403 Forbidden", "Server: gateway/1", "X-Echo: t0ken", "ININ-Correlation-Id: 4711-a")

    assert (await refused_by(handler)).headers == {"Server": "gateway/1", "ININ-Correlation-Id": "4711-a"}


async def test_a_redirect_is_not_followed() -> None:
    visited = False

    async def elsewhere(_: Wire) -> None:
        nonlocal visited
        visited = True

    async with peer(elsewhere) as port:

        async def handler(wire: Wire) -> None:
            await wire.request()
            await wire.answer("302 Found", f"Location: ws://127.0.0.1:{port}/?sig=s3cr3t")

        failure = await refused_by(handler)
    assert (failure.cause, failure.status, visited) == (Cause.HANDSHAKE_REFUSED, 302, False)


async def test_the_token_travels_in_the_authorization_header_and_nothing_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    requests: list[str] = []

    async def handler(wire: Wire) -> None:
        requests.append(await wire.request())
        await wire.answer("401 Unauthorized")

    with caplog.at_level(logging.DEBUG):
        await refused_by(handler)
    assert "Authorization: Bearer t0ken\r\n" in requests[0]
    assert "t0ken" not in caplog.text
    assert "s3cr3t" not in caplog.text


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (b"", Cause.NETWORK),
        (b"HTTP/1.1 101 Switch", Cause.NETWORK),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", Cause.HANDSHAKE_REFUSED),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", Cause.HANDSHAKE_REFUSED),
        (b"HTTP/1.1 " + b"9" * 100_000, Cause.HANDSHAKE_REFUSED),
        (b"HTTP/1.1 101 OK\r\n" + b"X-Echo: t0ken\r\n" * 1000 + b"\r\n", Cause.HANDSHAKE_REFUSED),
    ],
    ids=["nothing", "half a line", "another protocol", "no accept header", "endless line", "many headers"],
)
async def test_a_reply_that_is_no_handshake_is_told_without_its_text(reply: bytes, cause: Cause) -> None:
    async def handler(wire: Wire) -> None:
        await wire.request()
        await wire.send(reply)

    assert (await refused_by(handler)).cause is cause


async def test_a_port_where_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert await refusal(f"ws://127.0.0.1:{port}/") == Failure(Cause.TCP_REFUSED, "nothing listens there")


@pytest.mark.parametrize("host", ["bot.invalid", "a" * 64 + ".test"])
async def test_a_host_that_does_not_exist(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    assert (await refusal(f"ws://{host}/")).cause is Cause.DNS


async def test_a_host_of_which_only_a_later_address_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(wire: Wire) -> None:
        await wire.request()
        await wire.answer("404 Not Found")

    async with peer(handler) as port:
        loop = asyncio.get_running_loop()

        async def two_addresses(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
            addresses = [("127.0.0.2", port), ("127.0.0.1", port)]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

        monkeypatch.setattr(loop, "getaddrinfo", two_addresses)
        assert (await refusal(f"ws://localhost:{port}/")).cause is Cause.NOT_FOUND


async def test_a_peer_that_accepts_and_says_nothing_is_a_time_out() -> None:
    assert await refused_by(Wire.until_gone, open_timeout_s=0.05) == Failure(Cause.TIMEOUT, "timed out")


async def test_an_attempt_that_is_cancelled_leaves_no_connection_behind() -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def handler(wire: Wire) -> None:
        await wire.request()
        asked.set()
        await wire.until_gone()
        left.set()

    async with peer(handler) as port:
        attempt = asyncio.create_task(connect(f"ws://127.0.0.1:{port}/", clock=SystemClock(), tls=trusting()))
        await asked.wait()
        attempt.cancel()
        await left.wait()
        assert (await asyncio.wait([attempt]))[0].pop().cancelled()


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "nonsense", "ws://", "ws://127.0.0.1:99999/"])
async def test_what_is_no_websocket_url_is_told_as_such(url: str) -> None:
    assert (await refusal(url)).cause is Cause.UNEXPECTED


# -- TLS ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "words"), [("unknown", "local issuer"), ("name", "not valid for"), ("expired", "expired")]
)
async def test_a_certificate_that_is_not_to_be_trusted_is_fatal(kind: str, words: str) -> None:
    async with peer(Wire.until_gone, server_context(kind)) as port:
        failure = await refusal(f"wss://127.0.0.1:{port}/")
    assert failure.cause is Cause.TLS_CERTIFICATE
    assert words in failure.detail


async def test_tls_to_a_peer_that_has_none_is_a_tls_failure() -> None:
    async def handler(wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with peer(handler) as port:
        assert (await refusal(f"wss://127.0.0.1:{port}/")).cause is Cause.TLS


async def test_a_peer_that_hangs_up_during_the_tls_handshake_is_a_network_failure() -> None:
    async def handler(wire: Wire) -> None:
        await wire.reader.read(100)

    async with peer(handler) as port:
        assert (await refusal(f"wss://127.0.0.1:{port}/")).cause in (Cause.NETWORK, Cause.TLS)


# -- proxies ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "code"), [("407 Proxy Authentication Required", 407), ("502 Bad Gateway", 502)])
async def test_a_proxy_that_refuses(status: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(wire: Wire) -> None:
        assert (await wire.request()).startswith("CONNECT bot.invalid:80 ")
        await wire.answer(status)

    async with peer(handler) as port:
        monkeypatch.setenv("ws_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        failure = await refusal("ws://bot.invalid/")
    assert failure == Failure(Cause.PROXY_REFUSED, f"proxy answered {code}", code)


async def test_a_proxy_that_hangs_up_is_told_once_and_by_us_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))

    async def handler(wire: Wire) -> None:
        await wire.request()

    async with peer(handler) as port:
        monkeypatch.setenv("ws_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        assert (await refusal("ws://bot.invalid/")).cause in (Cause.NETWORK, Cause.PROXY_REFUSED)
    for _ in range(5):  # the end of a connection is told in the loop's next rounds
        await asyncio.sleep(0)
    assert said == []


async def test_a_proxy_setting_that_makes_no_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "gopher://user:s3cr3t@127.0.0.1")
    monkeypatch.setenv("https_proxy", "gopher://user:s3cr3t@127.0.0.1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert (await refusal("wss://bot.invalid/")).cause is Cause.PROXY_REFUSED


async def test_through_a_proxy_a_call_opens_with_the_clock_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(wire: Wire) -> None:
        await wire.request()
        await wire.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await wire.upgrade()
        await wire.until_gone()

    async with peer(handler) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        options = SocketOptions(close_timeout_s=0.05)
        opened = await connect("ws://bot.invalid/ws", clock=SystemClock(), tls=trusting(), options=options)
        await opened.close()
    assert opened.clock == "process"


async def test_this_machine_is_never_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)

    async def handler(wire: Wire) -> None:
        await wire.request()
        await wire.answer("404 Not Found")

    assert (await refused_by(handler)).cause is Cause.NOT_FOUND
