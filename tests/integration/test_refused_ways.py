"""Ways that end before the host, gone for real: what is found, and what to do about it."""

from __future__ import annotations

import pytest

from dashboard.call.events import LinkState
from dashboard.call.findings.finding import Finding
from dashboard.clock import SystemClock
from dashboard.resilience.retry import LinkError
from dashboard.transport.websocket import SocketOptions, connect
from tests.builders import Story
from tests.unit.transport.authority import server_context, trusting
from tests.unit.transport.peers import Wire, peer


async def finding_of(url: str) -> Finding:
    """The finding of a call that cannot get to `url`."""
    with pytest.raises(LinkError) as raised:
        await connect(url, clock=SystemClock(), tls=trusting(), options=SocketOptions(close_timeout_s=0.05))
    failure, story = raised.value.failure, Story()
    story.fail(failure.cause, failure.detail, status=failure.status, flaw=failure.flaw)
    story.enter(LinkState.GAVE_UP, failure.cause, detail=failure.detail)
    (finding,) = story.call.findings.standing
    return finding


@pytest.mark.parametrize(
    ("kind", "summary", "remedy"),
    [
        ("expired", "The host's certificate has expired", "renew"),
        ("not yet", "The host's certificate is not valid yet", "clock"),
        ("name", "The host's certificate is for another name", "name"),
        ("self", "The host's certificate is signed by itself", "--ca-file"),
        ("unknown", "The host's certificate comes from an authority that is not known here", "--ca-file"),
    ],
)
async def test_a_certificate_is_told_by_what_is_wrong_with_it(kind: str, summary: str, remedy: str) -> None:
    async with peer(Wire.until_gone, server_context(kind)) as port:
        finding = await finding_of(f"wss://127.0.0.1:{port}/")
    assert (finding.rule, finding.summary) == ("tls_failure", summary)
    assert remedy in finding.remedy


async def test_a_host_without_tls_is_a_tls_failure_of_another_kind() -> None:
    async def handler(wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with peer(handler) as port:
        finding = await finding_of(f"wss://127.0.0.1:{port}/")
    assert (finding.rule, finding.summary) == ("tls_failure", "No TLS connection could be agreed")


async def test_a_proxy_in_the_way_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(wire: Wire) -> None:
        await wire.request()
        await wire.answer("407 Proxy Authentication Required")

    async with peer(handler) as port:
        for name in ("ws_proxy", "http_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        finding = await finding_of("ws://bot.invalid/")
    assert finding.rule == "proxy_refused"
    assert finding.evidence[0] == "proxy answered 407"


async def test_a_closed_port_is_unreachable() -> None:
    async with peer(Wire.until_gone) as port:
        free = port
    finding = await finding_of(f"ws://127.0.0.1:{free}/")
    assert (finding.rule, finding.summary) == ("unreachable", "The host cannot be reached: nothing listens there")
