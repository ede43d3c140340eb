"""Requests in the place of a socket, against real HTTP hosts on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from dashboard.call.events import Cause, ClosedBy
from dashboard.clock import SystemClock
from dashboard.resilience.retry import LinkError
from dashboard.transport.http import HttpClient
from dashboard.transport.requests import Requests, reach
from dashboard.transport.tapped import Arrival
from tests.unit.transport.authority import server_context, trusting
from tests.unit.transport.peers import Wire, peer
from tests.unit.transport.test_http import serving

TOKEN = "4be1" * 16


@asynccontextmanager
async def posting(base: str, timeout_s: float = 5.0) -> AsyncIterator[tuple[Requests, asyncio.Queue[Arrival]]]:
    client = HttpClient(clock=SystemClock(), tls=trusting(), timeout_s=timeout_s)
    await client.warm_up(base)
    requests = Requests(f"{base}/test/{TOKEN}", client, SystemClock())
    arrivals: asyncio.Queue[Arrival] = asyncio.Queue()
    requests.deliver_to(arrivals.put_nowait, lambda at, rtt_s: None)
    try:
        yield requests, arrivals
    finally:
        await requests.close()
        await client.aclose()


async def echo(request: web.Request) -> web.Response:
    body = await request.json()
    status = body.get("status", 200)
    return web.json_response({"path": request.path, **body}, status=status, headers={"Retry-After": "7"})


async def test_what_is_sent_is_posted_and_the_answer_arrives_with_status_and_wanted_pause() -> None:
    async with serving(echo) as base, posting(base) as (requests, arrivals):
        await requests.send('{"text":"hi"}')
        arrival = await arrivals.get()
        assert arrival.text
        assert arrival.data == b'200 7\n{"path": "/test/' + TOKEN.encode() + b'", "text": "hi"}'
        await requests.send('{"status":503}')
        assert (await arrivals.get()).data.startswith(b"503 7\n")
        assert TOKEN not in requests.endpoint


async def test_a_host_that_is_gone_ends_it_as_a_socket_would_end() -> None:
    async with serving(echo) as base:
        pass
    async with posting(base) as (requests, _):
        await requests.send("{}")
        end = await requests.closed()
        assert (end.code, end.closed_by) == (1006, ClosedBy.NETWORK)
        assert TOKEN not in end.detail
        with pytest.raises(LinkError):
            await requests.send("{}")


async def test_an_answer_that_does_not_come_in_time_is_not_heard_of_and_the_next_request_is_answered() -> None:
    async def slow(request: web.Request) -> web.Response:
        if (await request.json())["text"] == "slow":
            await asyncio.sleep(60)
        return web.Response(text="quick")

    async with serving(slow) as base, posting(base, timeout_s=0.2) as (requests, arrivals):
        await requests.send('{"text":"slow"}')
        await asyncio.sleep(0.4)
        await requests.send('{"text":"quick"}')
        assert (await arrivals.get()).data == b"200\nquick"
        assert arrivals.empty()


async def test_a_request_under_way_is_abandoned_when_it_is_closed() -> None:
    async with peer(Wire.until_gone) as port, posting(f"http://127.0.0.1:{port}") as (requests, arrivals):
        await requests.send("{}")
        await requests.close(1000)
        assert (await requests.closed()).code == 1000
        assert arrivals.empty()


async def test_a_host_is_reached_as_far_as_tls_and_asked_nothing() -> None:
    async with serving(refuse_all, server_context()) as base:
        await reach(f"{base}/x", clock=SystemClock(), tls=trusting(), timeout_s=5)


async def refuse_all(request: web.Request) -> web.Response:
    raise AssertionError("nothing is to be asked")


async def test_a_host_that_cannot_be_reached_says_why() -> None:
    async with serving(echo) as base:
        pass
    with pytest.raises(LinkError) as error:
        await reach(base, clock=SystemClock(), tls=trusting(), timeout_s=5)
    assert error.value.failure.cause is Cause.TCP_REFUSED
