from __future__ import annotations

import asyncio
import base64
import gzip
import json
import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from dashboard.call.events import Cause
from dashboard.clock import ManualClock
from dashboard.errors import ConfigError
from dashboard.resilience.exchange import Request
from dashboard.resilience.oauth import Credentials
from dashboard.resilience.retry import Failure, LinkError, Step
from dashboard.resilience.secret import Secret
from dashboard.transport.http import BODY_LIMIT, HttpClient, TokenKeeper, lookup_app
from dashboard.transport.tls import client_context
from tests.unit.transport.authority import authority, server_context, trusting
from tests.unit.transport.peers import Wire, peer

CLIENT = Credentials("client-1", Secret("s3cr3t"))
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class LoginHost:
    """Grants tk-1, tk-2 … and counts; `refuse` makes it answer that status instead."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []
        self.refuse: int | None = None
        self.life: Any = 1000
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.requests.append({"authorization": request.headers.get("Authorization", ""), **form})
        number = len(self.requests)
        await self.gate.wait()
        if self.refuse is not None:
            body = {"error": "invalid_client", "description": "s3cr3t is wrong"}
            return web.json_response(body, status=self.refuse, headers={"Retry-After": "7"})
        return web.json_response({"access_token": f"tk-{number}", "expires_in": self.life})


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A real HTTP server on loopback; yields its base URL."""
    server = web.ServerRunner(web.Server(handler), shutdown_timeout=0.1)  # type: ignore[arg-type]
    await server.setup()
    site = web.TCPSite(server, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        (address,) = server.addresses
        yield f"{'https' if tls else 'http'}://127.0.0.1:{address[1]}"
    finally:
        await server.cleanup()


@asynccontextmanager
async def http_client(timeout_s: float = 10.0) -> AsyncIterator[HttpClient]:
    client = HttpClient(clock=ManualClock(), tls=trusting(), timeout_s=timeout_s)
    try:
        yield client
    finally:
        await client.aclose()


@asynccontextmanager
async def keeper_of(
    host: LoginHost, clock: ManualClock, credentials: Credentials = CLIENT
) -> AsyncIterator[TokenKeeper]:
    async with serving(host) as base, http_client() as client:
        keeper = TokenKeeper(client, f"{base}/oauth/token", credentials, clock=clock)
        try:
            yield keeper
        finally:
            await keeper.aclose()


async def failure_of(handler: Handler, *, timeout_s: float = 10.0) -> Failure:
    async with serving(handler) as base:
        return await failure_at(base, timeout_s=timeout_s)


async def failure_at(base: str, *, timeout_s: float = 10.0) -> Failure:
    """The failure of a lookup; what it says is checked for secrets."""
    async with http_client(timeout_s) as client:
        with pytest.raises(LinkError) as raised:
            await lookup_app(client, base, "app-1", None)
    assert "s3cr3t" not in "".join(traceback.format_exception(raised.value)) + repr(raised.value.failure)
    return raised.value.failure


# -- the token ------------------------------------------------------------------------------------------


async def test_a_token_is_fetched_once_and_kept_until_it_is_due_for_renewal() -> None:
    host, clock = LoginHost(), ManualClock(at=100.0)
    async with keeper_of(host, clock) as keeper:
        token = await keeper.get()
        assert (token.value.reveal(), token.expires_at, token.renew_at) == ("tk-1", 1100.0, 900.0)
        clock.advance(799)
        assert await keeper.get() is token
        clock.advance(1)
        assert (await keeper.get()).value.reveal() == "tk-2"
    basic = base64.b64encode(b"client-1:s3cr3t").decode()
    assert host.requests == [{"authorization": f"Basic {basic}", "grant_type": "client_credentials"}] * 2


async def test_the_body_form_sends_the_credentials_as_fields() -> None:
    host = LoginHost()
    async with keeper_of(host, ManualClock(), replace(CLIENT, in_body=True, org_id="org-1")) as keeper:
        await keeper.get()
    assert host.requests == [
        {
            "authorization": "",
            "grant_type": "client_credentials",
            "client_id": "client-1",
            "client_secret": "s3cr3t",
            "org_id": "org-1",
        }
    ]


async def test_however_many_ask_one_request_is_under_way() -> None:
    host = LoginHost()
    async with keeper_of(host, ManualClock()) as keeper:
        tokens = await asyncio.gather(*(keeper.get() for _ in range(20)))
    assert {token.value.reveal() for token in tokens} == {"tk-1"}
    assert len(host.requests) == 1


async def test_one_who_no_longer_waits_does_not_take_the_answer_from_the_others() -> None:
    host = LoginHost()
    host.gate.clear()
    async with keeper_of(host, ManualClock()) as keeper:
        impatient, patient = asyncio.create_task(keeper.get()), asyncio.create_task(keeper.get())
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.wait([impatient])
        host.gate.set()
        assert (await patient).value.reveal() == "tk-1"
    assert len(host.requests) == 1


async def test_a_failure_that_nobody_waits_for_any_more_is_no_noise() -> None:
    async with http_client() as client:
        keeper = TokenKeeper(client, "http://127.0.0.1:1/oauth/token", CLIENT, clock=ManualClock())
        asking = asyncio.create_task(keeper.get())
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        with pytest.raises(LinkError, match="nothing listens"):
            await keeper.get()


async def test_exactly_the_rejected_token_is_dropped() -> None:
    host = LoginHost()
    async with keeper_of(host, ManualClock()) as keeper:
        first = await keeper.get()
        second = await keeper.get(rejected=first.value)
        assert second.value.reveal() == "tk-2"
        assert await keeper.get(rejected=first.value) is second
    assert len(host.requests) == 2


async def test_the_old_token_serves_while_its_renewal_fails_and_until_it_ends() -> None:
    host, clock = LoginHost(), ManualClock()
    async with keeper_of(host, clock) as keeper:
        token = await keeper.get()
        host.refuse = 503
        clock.advance(900)
        with pytest.raises(LinkError):
            await keeper.renew()
        assert await keeper.get() is token
        clock.advance(100)
        with pytest.raises(LinkError):
            await keeper.get()


async def test_a_renewal_brings_a_new_token_before_it_is_due() -> None:
    host = LoginHost()
    async with keeper_of(host, ManualClock()) as keeper:
        await keeper.get()
        renewed = await keeper.renew()
        assert renewed.value.reveal() == "tk-2"
        assert await keeper.get() is renewed


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (400, Cause.CREDENTIALS_REFUSED),
        (401, Cause.CREDENTIALS_REFUSED),
        (429, Cause.RATE_LIMITED),
        (500, Cause.UNAVAILABLE),
    ],
)
async def test_a_refusal_tells_status_code_and_wait_but_nothing_of_the_body(status: int, cause: Cause) -> None:
    host = LoginHost()
    host.refuse = status
    async with keeper_of(host, ManualClock()) as keeper:
        with pytest.raises(LinkError) as raised:
            await keeper.get()
    assert raised.value.failure == Failure(cause, f"login answered {status} (invalid_client)", status, 7.0)
    assert "s3cr3t" not in "".join(traceback.format_exception(raised.value))


async def test_credentials_do_not_leave_in_the_clear() -> None:
    async with http_client() as client:
        with pytest.raises(ConfigError):
            TokenKeeper(client, "http://login.test/oauth/token", CLIENT, clock=ManualClock())


# -- the app ----------------------------------------------------------------------------------------------


async def test_an_active_app_is_found_with_the_token() -> None:
    async def app(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer tk-1"
        assert request.path == "/api/v2/appfoundry/applications/app-1"
        return web.json_response({"status": "ACTIVE", "websocketUrl": "wss://bridge.test/ws?sig=1"})

    host = LoginHost()
    async with keeper_of(host, ManualClock()) as keeper, serving(app) as base, http_client() as client:
        assert await lookup_app(client, base, "app-1", await keeper.get()) == "wss://bridge.test/ws?sig=1"


async def test_a_redirect_is_not_followed() -> None:
    async def app(request: web.Request) -> web.Response:
        assert request.path != "/elsewhere"
        raise web.HTTPFound("/elsewhere?sig=s3cr3t")

    assert (await failure_of(app)).status == 302


async def test_cookies_are_neither_kept_nor_sent() -> None:
    sent: list[str | None] = []

    async def app(request: web.Request) -> web.Response:
        sent.append(request.headers.get("Cookie"))
        response = web.json_response({"status": "ACTIVE"})
        for number in range(10):
            response.set_cookie(f"c{number}-{len(sent)}", "x" * 1000)
        return response

    async with serving(app) as base, http_client() as client:
        for _ in range(3):
            await client.carry_out(Request(Step.UTTERANCE, "POST", base, {}, json={}))
    assert sent == [None, None, None]


async def test_a_reply_says_who_answered_and_when() -> None:
    async def app(_: web.Request) -> web.Response:
        headers = {"Server": "gateway/1", "Date": "Tue, 01 Jan 2030 10:00:00 GMT", "X-Echo": "s3cr3t", "Via": "1.1 lb"}
        return web.json_response({"status": "ACTIVE"}, headers=headers)

    async with serving(app) as base, http_client() as client:
        reply = await client.carry_out(Request(Step.LOOKUP, "GET", base, {}))
    assert reply.headers == {
        "Server": "gateway/1",
        "Date": "Tue, 01 Jan 2030 10:00:00 GMT",
        "Via": "1.1 lb",
        "Content-Type": "application/json; charset=utf-8",
    }


# -- hostile and broken peers -------------------------------------------------------------------------------


async def test_a_reply_without_end_is_cut() -> None:
    async def app(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"[" * 65536)

    async with serving(app) as base, http_client() as client:
        reply = await client.carry_out(Request(Step.LOOKUP, "GET", base, {}))
        assert (reply.status, len(reply.body)) == (200, BODY_LIMIT)
    assert (await failure_of(app)).cause is Cause.BAD_REPLY


async def test_a_compressed_reply_is_not_inflated() -> None:
    async def app(_: web.Request) -> web.Response:
        packed = gzip.compress(json.dumps({"status": "ACTIVE"}).encode() + b" " * 50_000_000)
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    assert (await failure_of(app)).cause is Cause.BAD_REPLY


async def test_a_reply_that_drips_is_a_time_out() -> None:
    async def app(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.01)

    assert await failure_of(app, timeout_s=0.1) == Failure(Cause.TIMEOUT, "app lookup: timed out")


async def test_a_peer_that_never_replies_is_a_time_out() -> None:
    async with peer(Wire.until_gone) as port:
        failure = await failure_at(f"http://127.0.0.1:{port}", timeout_s=0.1)
    assert failure.cause is Cause.TIMEOUT


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b"s3cr3t is no HTTP\r\n\r\n"])
async def test_a_peer_that_breaks_off_or_talks_something_else_is_a_network_failure(reply: bytes) -> None:
    async def handler(wire: Wire) -> None:
        await wire.request()
        await wire.send(reply)

    async with peer(handler) as port:
        assert (await failure_at(f"http://127.0.0.1:{port}")).cause is Cause.NETWORK


async def test_a_port_where_nothing_listens_and_a_host_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    assert await failure_at("http://127.0.0.1:1") == Failure(Cause.TCP_REFUSED, "app lookup: nothing listens there")
    assert (await failure_at("https://bot.invalid")).cause is Cause.DNS


# -- TLS and proxies ------------------------------------------------------------------------------------------


async def active(_: web.Request) -> web.Response:
    return web.json_response({"status": "ACTIVE"})


async def test_a_private_authority_is_trusted_when_its_file_is_named(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    authority("good").cert_pem.write_to_path(str(ca_file))
    async with serving(active, server_context()) as base:
        client = HttpClient(clock=ManualClock(), tls=client_context(ca_file))
        assert await lookup_app(client, base, "app-1", None) is None
        await client.aclose()


@pytest.mark.parametrize("kind", ["unknown", "name", "expired"])
async def test_a_certificate_that_is_not_to_be_trusted_is_fatal(kind: str) -> None:
    async with serving(active, server_context(kind)) as base:
        assert (await failure_at(base)).cause is Cause.TLS_CERTIFICATE


@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_a_ca_file_that_holds_no_certificate_is_an_error_of_the_settings(content: str | None, tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    if content is not None:
        ca_file.write_text(content)
    with pytest.raises(ConfigError, match=r"ca\.pem"):
        client_context(ca_file)


@pytest.mark.parametrize(("status", "code"), [("407 Who Are You", 407), ("502 Bad Gateway", 502)])
async def test_a_proxy_that_refuses(status: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(wire: Wire) -> None:
        assert (await wire.request()).startswith("CONNECT bot.invalid:443 ")
        await wire.answer(status)

    async with peer(handler) as port:
        monkeypatch.setenv("https_proxy", f"http://user:s3cr3t@127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        failure = await failure_at("https://bot.invalid")
    assert failure == Failure(Cause.PROXY_REFUSED, "app lookup: the proxy refused", code)


async def test_a_proxy_that_cannot_be_used_is_a_failure_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://user:s3cr3t@127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    failure = await failure_at("https://bot.invalid")
    assert failure.cause is Cause.PROXY_REFUSED
    assert failure.detail.startswith("app lookup: the proxy set in the environment speaks SOCKS")


async def test_this_machine_is_never_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    async with serving(active) as base, http_client() as client:
        assert await lookup_app(client, base, "app-1", None) is None
