"""The notification side of the bot host, asked as a client asks it."""

from __future__ import annotations

import json
from typing import Any

import httpx

from dashboard.clock import ManualClock
from dashboard.simulator.notices import CHANNEL_LIMIT, Notices
from dashboard.simulator.scenario import Scenario
from dashboard.simulator.server import BotHost
from dashboard.simulator.tokens import CLIENT_ID, CLIENT_SECRET
from dashboard.transport.listener import Reply, Request, Upgrade

CHANNELS = "/api/v2/notifications/channels"
TOPIC = "v2.conversations.c.transcription"


class Client:
    """Asks a host without a network."""

    def __init__(self, notices: Notices | None = None) -> None:
        self.clock = ManualClock()
        played = Scenario(name="told", summary="told", duration_s=10.0, notifications=notices or Notices())
        self.host = BotHost(played, port=8080, clock=self.clock)
        self.token = ""

    async def ask(self, method: str, path: str, body: object = None, *, upgrade: bool = False) -> Reply | Upgrade:
        headers = httpx.Headers({"Authorization": f"Bearer {self.token}"} if self.token else {})
        raw = b"" if body is None else json.dumps(body).encode()
        return await self.host.answer(Request(method, path, {}, headers, raw, upgrade))

    async def status(self, method: str, path: str, body: object = None) -> int:
        reply = await self.ask(method, path, body)
        assert isinstance(reply, Reply)
        return reply.status

    async def told(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        reply = await self.ask(method, path, body)
        assert isinstance(reply, Reply)
        assert reply.status == 200
        found: dict[str, Any] = json.loads(reply.body)
        return found

    async def log_in(self) -> None:
        form = f"grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}"
        reply = await self.host.answer(Request("POST", "/oauth/token", {}, httpx.Headers(), form.encode(), False))
        assert isinstance(reply, Reply)
        self.token = json.loads(reply.body)["access_token"]

    async def channel(self) -> str:
        return str((await self.told("POST", CHANNELS))["id"])


async def client(notices: Notices | None = None) -> Client:
    asked = Client(notices)
    await asked.log_in()
    return asked


async def test_nobody_gets_a_channel_without_a_token() -> None:
    assert await Client().status("POST", CHANNELS) == 401
    assert await Client().status("GET", "/api/v2/conversations/c") == 401


async def test_topics_are_replaced_added_listed_and_taken_away() -> None:
    asked = await client()
    place = f"{CHANNELS}/{await asked.channel()}/subscriptions"
    first = await asked.told("PUT", place, [{"id": TOPIC}])
    assert [(one["id"], one["state"]) for one in first["entities"]] == [(TOPIC, "Permitted")]
    assert len((await asked.told("POST", place, [{"id": "another"}]))["entities"]) == 2
    assert len((await asked.told("PUT", place, [{"id": "only"}]))["entities"]) == 1
    assert await asked.status("DELETE", place) == 204
    assert (await asked.told("GET", place))["entities"] == []
    nonsenses: tuple[object, ...] = ({"topics": []}, [3], "x", [{"no": "id"}])
    for nonsense in nonsenses:
        assert await asked.status("PUT", place, nonsense) == 400


async def test_a_channel_takes_no_more_topics_than_a_thousand() -> None:
    asked = await client()
    place = f"{CHANNELS}/{await asked.channel()}/subscriptions"
    assert await asked.status("PUT", place, [{"id": f"t-{number}"} for number in range(1000)]) == 200
    assert await asked.status("POST", place, [{"id": "one more"}]) == 400


async def test_what_is_not_permitted_is_rejected_by_name() -> None:
    asked = await client(Notices(rejected=("transcription",)))
    place = f"{CHANNELS}/{await asked.channel()}/subscriptions"
    (told,) = (await asked.told("PUT", place, [{"id": TOPIC}]))["entities"]
    assert (told["state"], told["missingPermissions"]) == ("Rejected", ["conversation:transcription:view"])


async def test_the_channel_after_the_twentieth_ends_the_one_that_was_used_longest_ago() -> None:
    asked = await client()
    first, second = await asked.channel(), ""
    asked.clock.advance(1.0)
    second = await asked.channel()
    asked.clock.advance(1.0)
    await asked.told("PUT", f"{CHANNELS}/{first}/subscriptions", [{"id": TOPIC}])
    for _ in range(CHANNEL_LIMIT - 1):
        await asked.channel()
    assert await asked.status("HEAD", f"{CHANNELS}/{second}") == 404
    assert await asked.status("HEAD", f"{CHANNELS}/{first}") == 200


async def test_a_client_is_told_which_channels_it_has() -> None:
    asked = await client()
    made = [await asked.channel() for _ in range(3)]
    assert [one["id"] for one in (await asked.told("GET", CHANNELS))["entities"]] == made


async def test_a_channel_lives_a_day_from_its_last_subscription_and_no_longer_than_its_token() -> None:
    asked = await client(Notices(channel_life_s=600.0))
    channel = await asked.channel()
    asked.clock.advance(500.0)
    await asked.told("PUT", f"{CHANNELS}/{channel}/subscriptions", [{"id": TOPIC}])
    asked.clock.advance(500.0)
    assert await asked.status("GET", f"{CHANNELS}/{channel}") == 200
    asked.clock.advance(101.0)
    assert await asked.status("GET", f"{CHANNELS}/{channel}") == 404
    of_a_token = await asked.channel()
    asked.clock.advance(500.0)
    await asked.told("PUT", f"{CHANNELS}/{of_a_token}/subscriptions", [])
    asked.clock.advance(590.0)
    await asked.told("PUT", f"{CHANNELS}/{of_a_token}/subscriptions", [])
    asked.clock.advance(4000.0)
    await asked.log_in()
    assert await asked.status("GET", f"{CHANNELS}/{of_a_token}") == 404


async def test_only_the_one_conversation_is_known() -> None:
    asked = await client()
    told = await asked.told("GET", f"/api/v2/conversations/{asked.host.ready()['conversation_id']}")
    assert [one["purpose"] for one in told["participants"]] == ["customer", "ivr"]
    assert await asked.status("GET", "/api/v2/conversations/another") == 404


async def test_a_socket_is_opened_by_its_channel_alone() -> None:
    asked = await client()
    channel = await asked.channel()
    asked.token = ""
    assert isinstance(await asked.ask("GET", f"/channels/{channel}", upgrade=True), Upgrade)
    assert await asked.status("GET", f"/channels/{channel}") == 426
    gone = await asked.ask("GET", "/channels/no-such-one", upgrade=True)
    assert isinstance(gone, Reply)
    assert gone.status == 404
