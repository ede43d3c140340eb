"""The channel of one conversation, step by step, against the bot host on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from dashboard.call.events import Cause
from dashboard.clock import SystemClock
from dashboard.resilience.oauth import Credentials
from dashboard.resilience.retry import LinkError
from dashboard.resilience.secret import Secret
from dashboard.simulator.faults import Fault, Refuse, TokenLife
from dashboard.simulator.server import BotHost
from dashboard.worker.channel import ChannelNetwork
from dashboard.worker.network import NetworkOptions
from tests.unit.worker.channels import scenario


@contextlib.asynccontextmanager
async def channel_of(*faults: Fault) -> AsyncIterator[ChannelNetwork]:
    host = BotHost(scenario(*faults))
    await host.start()
    ready = host.ready()
    credentials = Credentials(ready["client_id"], Secret(ready["client_secret"]))
    options = NetworkOptions(base_url=ready["base_url"], token_url=ready["token_url"], credentials=credentials)
    network = ChannelNetwork(options, ready["conversation_id"], SystemClock())
    try:
        yield network
    finally:
        await network.aclose()
        await host.stop()


async def test_a_token_that_was_revoked_meanwhile_is_replaced_once_and_with_it_its_channel() -> None:
    async with channel_of(TokenLife(kind="token_life", expires_in_s=3600, dies_after_s=0.5)) as network:
        token = await network.token(None)
        await network.resolve(token)
        await asyncio.sleep(0.6)
        standing = await network.subscribe()
        assert standing.created
        assert standing.channel.owner == await network.token(None) != token


async def test_a_channel_that_lives_is_kept_when_its_topics_are_subscribed_again() -> None:
    async with channel_of() as network:
        await network.resolve(await network.token(None))
        before = network.channel
        standing = await network.subscribe()
        assert before is not None
        assert not standing.created
        assert standing.channel.id == before.id
        assert standing.channel.expires_at > before.expires_at


async def test_any_other_refusal_is_no_reason_for_a_new_token() -> None:
    refuses = Refuse(kind="refuse", where="subscription", status=403)
    async with channel_of(refuses) as network:
        token = await network.token(None)
        with pytest.raises(LinkError) as error:
            await network.subscribe()
        assert error.value.failure.cause is Cause.PERMISSION_MISSING
        assert await network.token(None) == token
