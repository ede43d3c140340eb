"""Genesys asked over real HTTP, by a host that answers as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from dashboard.call.conversation import GenesysVerdict
from dashboard.call.events import Event, GenesysReported
from dashboard.clock import SystemClock
from dashboard.resilience.analytics import Query
from dashboard.resilience.inquiry import Inquiry
from dashboard.resilience.oauth import Credentials
from dashboard.resilience.secret import Secret
from dashboard.transport.websocket import SocketOptions
from dashboard.worker.enquirer import Enquirer
from dashboard.worker.network import Network, NetworkOptions
from tests.records import CONVERSATION, broken, healthy

OTHER = "00000000-1111-4222-8333-000000000000"
Answer = tuple[int, Any] | web.Response | Callable[[], Any]


class Genesys:
    """Grants tokens tk-1, tk-2 …, and answers questions in turn; the last answer stays."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, str]] = []
        self.bodies: list[Any] = []
        self.tokens = 0
        self.was_asked = asyncio.Event()
        self.under_way = 0
        self.most_under_way = 0

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/oauth/token":
            self.tokens += 1
            return web.json_response({"access_token": f"tk-{self.tokens}", "expires_in": 3600})
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            self.asked.append((request.method, request.path, request.headers["Authorization"]))
            self.was_asked.set()
            self.bodies.append(await request.json() if request.method == "POST" else None)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if callable(answer):
                answer = await answer()
            return web.json_response(answer[1], status=answer[0]) if isinstance(answer, tuple) else answer
        finally:
            self.under_way -= 1


class Facts:
    """Facts in the order in which they were told."""

    def __init__(self) -> None:
        self._told: asyncio.Queue[GenesysReported] = asyncio.Queue()

    def put(self, fact: Event) -> None:
        assert isinstance(fact, GenesysReported)
        self._told.put_nowait(fact)

    async def next(self) -> GenesysReported:
        """Return the next one that answers a question."""
        while (fact := await self._told.get()).requests == 0:
            continue
        return fact


@asynccontextmanager
async def asking(
    genesys: Genesys,
    *,
    query: Query = "details",
    every_s: float = 0.02,
    timeout_s: float = 5.0,
    conversation_id: str | None = CONVERSATION,
) -> AsyncIterator[tuple[Facts, Enquirer]]:
    runner = web.ServerRunner(web.Server(genesys), shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    credentials, clock = Credentials("client-1", Secret("s3cr3t")), SystemClock()
    socket = SocketOptions(open_timeout_s=timeout_s)
    network = Network(NetworkOptions(base, f"{base}/oauth/token", credentials, socket=socket), clock)
    inquiry = Inquiry("call-1", every_s, dice=lambda: 0.0)
    enquirer, facts = Enquirer(query, inquiry, network, clock, conversation_id), Facts()
    running = asyncio.create_task(enquirer.run(facts.put))
    try:
        async with asyncio.timeout(10):
            yield facts, enquirer
        assert not running.done()
    finally:
        running.cancel()
        await asyncio.wait([running])
        await network.aclose()
        await runner.cleanup()


async def test_a_conversation_is_asked_about_until_it_is_indexed() -> None:
    genesys = Genesys((404, {}), (404, {}), (200, broken()))
    async with asking(genesys) as (facts, _):
        verdicts = [(await facts.next()).verdict for _ in range(3)]
    assert verdicts == [GenesysVerdict.UNKNOWN, GenesysVerdict.UNKNOWN, GenesysVerdict.BAD]
    path = f"/api/v2/analytics/conversations/{CONVERSATION}/details"
    assert genesys.asked[:3] == [("GET", path, "Bearer tk-1")] * 3
    assert genesys.tokens == 1


async def test_the_tutorials_query_is_posted_as_json() -> None:
    genesys = Genesys((200, {"entities": [{"metrics": {"conversation.errors": 0}}]}))
    async with asking(genesys, query="tutorial") as (facts, _):
        assert (await facts.next()).verdict is GenesysVerdict.OK
    assert genesys.asked[0][:2] == ("POST", "/api/v2/analytics/conversations/details/query")
    assert genesys.bodies[0]["entity"] == {"id": CONVERSATION}


async def test_a_429_is_obeyed_and_tried_again() -> None:
    genesys = Genesys(web.json_response({}, status=429, headers={"Retry-After": "0"}), (200, healthy()))
    async with asking(genesys, every_s=3600) as (facts, _):
        first, second = await facts.next(), await facts.next()
    assert (first.error, first.status, first.again_at) == ("rate limited (429)", 429, first.at)
    assert (second.verdict, second.requests) == (GenesysVerdict.OK, 2)


async def test_403_names_the_permission_and_500_what_support_asks_for() -> None:
    missing = {"message": "You are missing the following permission(s): analytics:conversationDetail:view"}
    broken_host = web.json_response({}, status=500, headers={"ININ-Correlation-Id": "9e9e-12"})
    async with asking(Genesys((403, missing), broken_host, (200, healthy()))) as (facts, _):
        refused, failed = await facts.next(), await facts.next()
    assert refused.error.endswith("give a role of the OAuth client analytics:conversationDetail:view")
    assert (failed.error, failed.correlation_id) == ("analytics unavailable (500)", "9e9e-12")


async def test_a_host_that_does_not_answer_in_time_is_unknown_and_asked_again() -> None:
    async def slow() -> tuple[int, Any]:
        await asyncio.sleep(30)
        return 200, healthy()

    async with asking(Genesys(slow, (200, healthy())), timeout_s=0.2) as (facts, _):
        late, told = await facts.next(), await facts.next()
    assert (late.verdict, late.error) == (GenesysVerdict.UNKNOWN, "analytics: timed out")
    assert told.verdict is GenesysVerdict.OK


async def test_a_rejected_token_is_renewed_once() -> None:
    genesys = Genesys((401, {}), (200, healthy()))
    async with asking(genesys, every_s=3600) as (facts, _):
        await facts.next()
        assert (await facts.next()).verdict is GenesysVerdict.OK
    assert [token for *_, token in genesys.asked] == ["Bearer tk-1", "Bearer tk-2"]


async def test_what_is_no_record_is_unknown() -> None:
    async with asking(Genesys(web.Response(text="<html>"))) as (facts, _):
        fact = await facts.next()
    assert (fact.verdict, fact.error) == (GenesysVerdict.UNKNOWN, "the reply to the analytics is not JSON")


async def test_nothing_is_asked_before_the_session_names_its_conversation() -> None:
    genesys = Genesys((200, healthy()))
    async with asking(genesys, conversation_id=None) as (facts, enquirer):
        assert genesys.asked == []
        enquirer.session_started(CONVERSATION)
        assert (await facts.next()).conversation_id == CONVERSATION


async def test_a_conversation_that_was_given_goes_before_the_one_of_the_session() -> None:
    genesys = Genesys((200, healthy()))
    async with asking(genesys) as (facts, enquirer):
        enquirer.session_started(OTHER)
        assert {(await facts.next()).conversation_id for _ in range(3)} == {CONVERSATION}


async def test_one_request_is_under_way_at_a_time_whatever_the_call_does_meanwhile() -> None:
    answering = asyncio.Event()

    async def gated() -> tuple[int, Any]:
        await answering.wait()
        return 200, healthy()

    genesys = Genesys(gated)
    async with asking(genesys, conversation_id=None) as (facts, enquirer):
        for conversation_id in (CONVERSATION, OTHER, CONVERSATION):
            enquirer.session_started(conversation_id)
        await genesys.was_asked.wait()
        answering.set()
        await facts.next()
        await facts.next()
    assert genesys.most_under_way == 1


async def test_nobody_there_is_a_fact() -> None:
    network = Network(
        NetworkOptions("http://127.0.0.1:1", "http://127.0.0.1:1/oauth/token", Credentials("c", Secret("s"))),
        SystemClock(),
    )
    facts = Facts()
    enquirer = Enquirer("details", Inquiry("call-1"), network, SystemClock(), CONVERSATION)
    running = asyncio.create_task(enquirer.run(facts.put))
    try:
        fact = await facts.next()
    finally:
        running.cancel()
        await asyncio.wait([running])
        await network.aclose()
    assert (fact.verdict, fact.record) == (GenesysVerdict.UNKNOWN, None)
    assert fact.error.startswith("login: nothing listens")


async def test_a_mistake_of_our_own_does_not_end_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_reader(*_: object) -> None:
        raise KeyError("oops")

    monkeypatch.setattr("dashboard.worker.enquirer.read_analytics", broken_reader)
    async with asking(Genesys((200, healthy()))) as (facts, _):
        assert (await facts.next()).error == "unexpected KeyError"
