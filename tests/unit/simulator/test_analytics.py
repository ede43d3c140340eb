"""What the bot host tells of its calls in Genesys' name."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from dashboard.resilience.analytics import Query, analytics_request
from dashboard.resilience.oauth import Token
from dashboard.resilience.secret import Secret
from dashboard.simulator.analytics import Analytics, Conversation, details, queried, tutorial_metrics
from dashboard.simulator.faults import Close, Refuse, SlowAnalytics
from dashboard.simulator.server import BotHost
from tests.unit.simulator.client import dial, get_token, hosting, message, scenario, until_closed

WALL = 1_900_000_000.0
CALL = Conversation("c-1", 12.0, None)


async def ask(
    host: BotHost, conversation_id: str, query: Query = "details", token: str | None = None
) -> httpx.Response:
    """Ask as callscope does."""
    secret = Token(Secret(token or await get_token(host)), 0.0, 0.0)
    request = analytics_request(query, host.ready()["base_url"], conversation_id, secret, WALL)
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.request(request.method, request.url, headers=request.headers, json=request.json)


async def called(host: BotHost) -> str:
    """Call for a moment; returns the conversation."""
    async with await dial(host) as client:
        found: str = (await message(client))["conversationId"]
        return found


# -- the record -----------------------------------------------------------------------------------------


def test_a_record_appears_when_it_is_indexed_and_its_figures_later() -> None:
    late = Analytics(indexed_after_s=13, figures_after_s=14)
    assert details(late, CALL, WALL) is None
    assert tutorial_metrics(late, CALL) == {"entities": []}
    found = details(late, Conversation("c-1", 13.5, None), WALL)
    assert found is not None
    assert "mediaStatsMinConversationMos" not in found
    assert "conversationEnd" not in found
    assert (details(late, Conversation("c-1", 14.0, None), WALL) or {})["mediaStatsMinConversationMos"] == 4.41


def test_a_conversation_that_is_over_says_when_and_how() -> None:
    over = Analytics(ends_after_s=10, disconnect_type="timeout", error_code="e", errors=3)
    found: dict[str, Any] = details(over, CALL, WALL) or {}
    assert (found["conversationStart"], found["conversationEnd"]) == (
        "2030-03-17T17:46:28.000Z",
        "2030-03-17T17:46:38.000Z",
    )
    caller, bot = (one["sessions"][0] for one in found["participants"])
    assert (caller["segments"][0]["disconnectType"], caller["segments"][0]["errorCode"]) == ("timeout", "e")
    assert {"nError": 3}.items() <= {one["name"]: one["value"] for one in bot["metrics"]}.items()
    assert tutorial_metrics(over, CALL)["entities"][0]["metrics"] == {
        "conversation.duration": 10,
        "conversation.errors": 3,
    }


def test_packets_are_those_of_the_time_that_the_conversation_lasted() -> None:
    found: dict[str, Any] = details(Analytics(discarded=0.1), CALL, WALL) or {}
    (stats,) = found["participants"][0]["sessions"][0]["mediaEndpointStats"]
    assert (stats["receivedPackets"], stats["discardedPackets"]) == (600, 60)
    assert stats["overrunPackets"] + stats["underrunPackets"] == 60


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"entity": "c"}', b'{"entity": {"id": "c-1"}}', b"[" * 10_000])
def test_a_query_that_is_not_the_tutorials_asks_about_nothing(body: bytes) -> None:
    assert queried(body) is None


# -- the host -------------------------------------------------------------------------------------------


async def test_both_queries_tell_of_a_call() -> None:
    async with hosting(scenario()) as host:
        conversation_id = await called(host)
        told = await ask(host, conversation_id)
        counted = await ask(host, conversation_id, "tutorial")
    assert told.json()["conversationId"] == conversation_id
    assert counted.json()["entities"][0]["metrics"]["conversation.errors"] == 0


async def test_a_conversation_that_nobody_had_is_not_found() -> None:
    async with hosting(scenario()) as host:
        assert (await ask(host, "c-0")).status_code == 404
        assert (await ask(host, "c-0", "tutorial")).json() == {"entities": []}


async def test_a_call_that_the_bot_ended_is_over_by_its_record() -> None:
    ending = Close(kind="close", at_s=0.1, code=1000, end_session=True)
    async with hosting(scenario(faults=[ending])) as host:
        async with await dial(host) as client:
            messages, _ = await until_closed(client)
        told = await ask(host, messages[0]["conversationId"])
    assert "conversationEnd" in told.json()


async def test_a_token_is_needed() -> None:
    async with hosting(scenario()) as host:
        assert (await ask(host, "c-0", token="forged")).status_code == 401


async def test_a_body_that_no_tutorial_has_is_a_bad_request() -> None:
    async with hosting(scenario()) as host, httpx.AsyncClient(trust_env=False) as client:
        url = f"{host.ready()['base_url']}/api/v2/analytics/conversations/details/query"
        headers = {"Authorization": f"Bearer {await get_token(host)}"}
        assert (await client.post(url, headers=headers, json={"interval": "x"})).status_code == 400


async def test_analytics_are_refused_as_often_as_the_scenario_says() -> None:
    refusing = Refuse(kind="refuse", where="analytics", status=429, attempts=1, retry_after_s=2)
    async with hosting(scenario(faults=[refusing])) as host:
        conversation_id = await called(host)
        first = await ask(host, conversation_id)
        second = await ask(host, conversation_id)
    assert (first.status_code, first.headers["Retry-After"], second.status_code) == (429, "2", 200)


async def test_a_missing_permission_is_named_and_the_refusal_has_a_correlation_id() -> None:
    refusing = Refuse(kind="refuse", where="analytics", status=403)
    async with hosting(scenario(faults=[refusing])) as host:
        refused = await ask(host, "c-0")
    assert "analytics:conversationDetail:view" in refused.json()["message"]
    assert refused.headers["ININ-Correlation-Id"] == refused.json()["contextId"]


async def test_slow_analytics_answer_in_the_end() -> None:
    slow = SlowAnalytics(kind="slow_analytics", answer_s=0.05, attempts=1)
    async with hosting(scenario(faults=[slow])) as host:
        assert (await ask(host, await called(host))).status_code == 200
