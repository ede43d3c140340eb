"""The way to a host: names, ports, certificates and proxies that fail."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from dashboard.clock import Clock, SystemClock
from dashboard.doctor.steps import Check, Diagnosis, Outcome, StepResult
from dashboard.transport.listener import Reply
from dashboard.transport.websocket import SocketOptions
from tests.unit.doctor.stage import asked, call_at, examined, failure_of, found, house, socket_at
from tests.unit.transport.authority import authority, server_context
from tests.unit.transport.peers import Wire, peer

IMPATIENT = SocketOptions(open_timeout_s=0.3, close_timeout_s=0.05)


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    """The file of the good authority."""
    file = tmp_path / "ca.pem"
    authority("good").cert_pem.write_to_path(str(file))
    return file


def diagnosed(result: StepResult) -> Diagnosis:
    assert result.diagnosis is not None
    return result.diagnosis


# -- the good way ---------------------------------------------------------------------------------------


async def test_each_host_is_walked_to_once_at_the_point_where_it_is_needed(ca_file: Path) -> None:
    async with house(tls=server_context()) as base:
        results = await examined(call_at(base, ca_file=ca_file))
    assert asked(results) == "settings dns tcp tls clock token lookup upgrade message ping"
    assert {result.outcome for result in results} == {Outcome.OK, Outcome.SKIPPED}


async def test_a_socket_on_another_host_has_a_way_of_its_own() -> None:
    async with house() as login, house() as other:
        results = await examined(call_at(login, api_url=other))
    way = "dns tcp tls"
    assert asked(results) == f"settings {way} clock token {way} lookup upgrade message ping"
    assert [result.facts["role"] for result in results if result.check is Check.TCP] == ["login host", "API host"]


async def test_the_certificate_is_read(ca_file: Path) -> None:
    async with house(tls=server_context("between")) as base:
        tls = found(await examined(call_at(base, ca_file=ca_file)), Check.TLS)
    assert tls.facts["tls"] == "TLSv1.3"
    assert tls.facts["days_left"] == 100
    assert tls.facts["names"] == ["127.0.0.1"]
    assert len(tls.facts["chain"]) == 3
    assert "100 days left, chain of 3" in tls.detail


async def test_a_certificate_that_ends_soon_is_a_warning(ca_file: Path) -> None:
    async with house(tls=server_context("ending")) as base:
        results = await examined(call_at(base, ca_file=ca_file))
    assert results[-1].check is Check.PING
    tls = found(results, Check.TLS)
    assert (tls.outcome, tls.facts["days_left"]) == (Outcome.WARNING, 5)
    assert diagnosed(tls).cause == "certificate_expires_soon"


async def test_plain_text_and_a_literal_address_leave_nothing_to_ask() -> None:
    async with house() as base:
        results = await examined(call_at(base))
    for check in (Check.DNS, Check.TLS):
        assert found(results, check).outcome is Outcome.SKIPPED
    assert found(results, Check.TCP).facts["route"] == "direct"


async def test_a_name_that_has_addresses_shows_them() -> None:
    async with house() as base:
        dns = (await examined(call_at(base.replace("127.0.0.1", "localhost"))))[1]
    assert (dns.check, dns.outcome) == (Check.DNS, Outcome.OK)
    assert "127.0.0.1" in dns.facts["addresses"]


# -- names and ports --------------------------------------------------------------------------------------


async def test_a_name_that_does_not_resolve() -> None:
    failure = await failure_of(call_at("https://api.bot.invalid"), Check.DNS)
    assert diagnosed(failure).cause == "dns"
    assert diagnosed(failure).exit_code == 4
    assert "api.bot.invalid" in diagnosed(failure).words
    assert "--region" in diagnosed(failure).remedy


async def test_a_name_that_the_app_gave_is_not_blamed_on_a_setting() -> None:
    lookup = Reply.of_json({"status": "ACTIVE", "websocketUrl": "wss://bridge.invalid/ws?sig=1"})
    async with house(lookup=lookup) as base:
        failure = await failure_of(call_at(base), Check.DNS)
    assert failure.facts["role"] == "socket host"
    assert "the app's websocketUrl" in diagnosed(failure).remedy


async def test_a_closed_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    failure = await failure_of(socket_at(f"ws://127.0.0.1:{port}/ws"), Check.TCP)
    assert diagnosed(failure).cause == "tcp_refused"
    assert diagnosed(failure).words == f"nothing listens on 127.0.0.1:{port}"
    assert diagnosed(failure).exit_code == 4


@contextmanager
def black_hole() -> Iterator[int]:
    """A port whose backlog is full: the kernel drops what would connect."""
    with ExitStack() as kept:
        server = kept.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            client = kept.enter_context(socket.socket())
            client.setblocking(False)
            with suppress(BlockingIOError):
                client.connect(server.getsockname())
        yield server.getsockname()[1]


async def test_a_black_hole() -> None:
    with black_hole() as port:
        failure = await failure_of(socket_at(f"ws://127.0.0.1:{port}/ws", socket=IMPATIENT), Check.TCP)
    assert diagnosed(failure).cause == "timeout"
    assert diagnosed(failure).words == f"127.0.0.1:{port} does not answer"
    assert "firewall" in diagnosed(failure).remedy


# -- TLS ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "cause", "words", "remedy"),
    [
        ("expired", "certificate_expired", "expired on 20", "must renew it"),
        ("not yet", "certificate_not_yet_valid", "is valid from 20", "Set this machine's clock"),
        ("name", "certificate_other_name", "is for elsewhere.test, not for 127.0.0.1", "Dial one of these names"),
        ("self", "certificate_self_signed", "is signed by itself", "name it in --ca-file"),
        ("unknown", "certificate_unknown_ca", "which this machine does not know", "--ca-file"),
    ],
)
async def test_a_certificate_that_is_not_trusted(kind: str, cause: str, words: str, remedy: str, ca_file: Path) -> None:
    async with peer(Wire.until_gone, server_context(kind)) as port:
        failure = await failure_of(call_at(f"https://127.0.0.1:{port}", ca_file=ca_file), Check.TLS)
    assert diagnosed(failure).cause == cause
    assert words in diagnosed(failure).words
    assert remedy in diagnosed(failure).remedy
    assert diagnosed(failure).exit_code == 4
    assert failure.facts["names"] == [] if kind == "self" else ["127.0.0.1"]
    assert failure.facts["not_after"].endswith("Z")


class LaterClock(SystemClock):
    """A machine whose clock is a year ahead."""

    def wall(self) -> float:
        return super().wall() + 366 * 86400


async def test_whoever_reads_of_an_expired_certificate_is_told_what_day_it_is_here(ca_file: Path) -> None:
    later: Clock = LaterClock()
    async with peer(Wire.until_gone, server_context("expired")) as port:
        results = await examined(call_at(f"https://127.0.0.1:{port}", ca_file=ca_file), clock=later)
    assert results[-1].facts["days_left"] < -360
    assert "If today is not 20" in diagnosed(results[-1]).remedy


async def test_a_peer_that_speaks_no_tls() -> None:
    async def handler(wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with peer(handler) as port:
        failure = await failure_of(call_at(f"https://127.0.0.1:{port}"), Check.TLS)
    assert diagnosed(failure).cause == "tls"
    assert "speak no TLS" in diagnosed(failure).remedy


async def test_a_peer_that_never_answers_the_tls_handshake() -> None:
    async with peer(Wire.until_gone) as port:
        failure = await failure_of(call_at(f"https://127.0.0.1:{port}", socket=IMPATIENT), Check.TLS)
    assert diagnosed(failure).cause == "timeout"
    assert "does not answer the TLS handshake" in diagnosed(failure).words


async def test_a_peer_that_hangs_up_during_the_tls_handshake() -> None:
    async def handler(wire: Wire) -> None:
        await wire.reader.read(100)
        wire.reset()

    async with peer(handler) as port:
        failure = await failure_of(call_at(f"https://127.0.0.1:{port}"), Check.TLS)
    assert diagnosed(failure).cause == "network"
    assert "hangs up during the TLS handshake" in diagnosed(failure).words


# -- settings -------------------------------------------------------------------------------------------------


async def test_a_ca_file_that_holds_no_certificate(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    failure = await failure_of(call_at("https://127.0.0.1:1", ca_file=file), Check.SETTINGS)
    assert diagnosed(failure).exit_code == 2
    assert "ca.pem" in diagnosed(failure).words


async def test_a_token_address_that_would_show_the_secret_to_everybody() -> None:
    failure = await failure_of(call_at("http://bot.invalid"), Check.SETTINGS)
    assert diagnosed(failure).exit_code == 2


# -- proxies --------------------------------------------------------------------------------------------------


async def proxied(monkeypatch: pytest.MonkeyPatch, port: int, open_timeout_s: float = 10.0) -> StepResult:
    """The failure of an examination that has to go through a proxy."""
    monkeypatch.setenv("https_proxy", f"http://user:pr0xy-password@127.0.0.1:{port}")
    options = SocketOptions(open_timeout_s=open_timeout_s, close_timeout_s=0.05)
    results = await examined(call_at("https://bot.invalid", socket=options))
    assert results[-1].outcome is Outcome.FAILED
    assert results[-1].facts["route"] == f"proxy 127.0.0.1:{port}"
    return results[-1]


@pytest.mark.parametrize(
    ("status", "cause", "words"),
    [
        ("407 Proxy Authentication Required", "proxy_authentication", "wants a user and a password (407)"),
        ("403 Forbidden", "proxy_refused", "forbids bot.invalid:443 (403)"),
        ("502 Bad Gateway", "proxy_refused", "could not reach bot.invalid:443 (502)"),
        ("405 Method Not Allowed", "proxy_refused", "did not connect to bot.invalid:443"),
    ],
)
async def test_a_proxy_that_refuses_is_named_and_not_the_host(
    status: str, cause: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def handler(wire: Wire) -> None:
        assert (await wire.request()).startswith("CONNECT bot.invalid:443 ")
        await wire.answer(status)

    async with peer(handler) as port:
        failure = await proxied(monkeypatch, port)
    assert failure.check is Check.PROXY
    assert diagnosed(failure).cause == cause
    assert diagnosed(failure).words.startswith(f"the proxy 127.0.0.1:{port} {words}")
    assert diagnosed(failure).exit_code == 4


async def test_a_proxy_where_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    failure = await proxied(monkeypatch, port)
    assert (failure.check, diagnosed(failure).cause) == (Check.TCP, "proxy_unreachable")
    assert diagnosed(failure).words == f"nothing listens at the proxy 127.0.0.1:{port}"


async def test_a_proxy_whose_name_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.invalid:3128")
    failure = await failure_of(call_at("https://bot.invalid"), Check.DNS)
    assert diagnosed(failure).cause == "proxy_unreachable"
    assert diagnosed(failure).words == "the proxy's name is not known: proxy.invalid:3128"


async def leave(wire: Wire) -> None:
    await wire.request()


@pytest.mark.parametrize(("handler", "words"), [(leave, "hangs up"), (Wire.until_gone, "does not answer")])
async def test_a_proxy_that_hangs_up_or_says_nothing(
    handler: Callable[[Wire], Awaitable[None]], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with peer(handler) as port:
        failure = await proxied(monkeypatch, port, open_timeout_s=0.5)
    assert failure.check is Check.PROXY
    assert diagnosed(failure).words == f"the proxy 127.0.0.1:{port} {words} when asked for bot.invalid:443"


async def test_a_proxy_that_makes_no_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://user:pr0xy-password@127.0.0.1:1")
    failure = await failure_of(call_at("https://bot.invalid"), Check.PROXY)
    assert diagnosed(failure).cause == "proxy_unusable"
    assert "HTTPS_PROXY" in diagnosed(failure).remedy


async def test_behind_a_proxy_that_connects_the_hosts_own_faults_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(wire: Wire) -> None:
        await wire.request()
        await wire.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await wire.reader.read(1000)
        await wire.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with peer(handler) as port:
        failure = await proxied(monkeypatch, port)
    assert (failure.check, diagnosed(failure).cause) == (Check.TLS, "tls")


async def test_plain_text_through_a_proxy_that_wants_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(wire: Wire) -> None:
        if request := await wire.reader.readline():  # the first connection only tries the way
            assert request.startswith(b"POST http://bot.invalid/oauth/token ")
            await wire.answer("407 Proxy Authentication Required")

    async with peer(handler) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        failure = await failure_of(call_at("http://bot.invalid", insecure=True), Check.TOKEN)
    assert diagnosed(failure).cause == "proxy_authentication"
