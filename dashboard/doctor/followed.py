"""The way of a conversation that is followed: is it known, may a channel be made, what does it tell.

A channel is one of the twenty of its OAuth client, and Genesys has no request that removes one: its topics are taken
from it at the end, whatever the end is, and its connection is closed, so that it is the first to go.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from urllib.parse import urlsplit

from dashboard.call.events import Cause, PingMeasured
from dashboard.clock import Clock
from dashboard.dialects.notifications import Notifications
from dashboard.doctor import answers, channel_answers
from dashboard.doctor.hearing import Hearing
from dashboard.doctor.steps import STREAMING, Check, Place
from dashboard.doctor.telling import Tell
from dashboard.doctor.walk import Options, Walk
from dashboard.resilience.channels import (
    Channel,
    channel_request,
    channels_request,
    conversation_request,
    read_channel,
    read_channels,
    read_conversation,
    read_subscription,
    subscription_request,
    topics_of,
    unsubscription_request,
)
from dashboard.resilience.exchange import Request
from dashboard.resilience.oauth import Token
from dashboard.resilience.retry import Failure, LinkError
from dashboard.transport.tapped import Arrival
from dashboard.transport.websocket import connect

_CHANNEL_HOST = (STREAMING, "Genesys' connectUri")
_LEAVE_S = 3.0
"""How long it may take to leave a channel of an examination that failed."""


class Followed(Walk):
    """Follows the conversation of `codec`, until the first word comes over the channel."""

    def __init__(self, options: Options, codec: Notifications, tell: Tell, clock: Clock) -> None:
        super().__init__(options, tell, clock)
        self._codec = codec
        self._channel: Channel | None = None
        self._pongs: asyncio.Queue[float] = asyncio.Queue()

    async def go(self) -> None:
        tls = self.settings()
        await self.authorize(tls)
        api, token = await self.api(tls), self.token
        assert token is not None
        await self._ask_after(api, token)
        self._channel = channel = await self._make_channel(api, token)
        await self._subscribe(api, channel, token)
        place = await self.way(channel.address.reveal(), _CHANNEL_HOST, tls)
        hearing = await self._upgrade(place, channel, tls)
        await self._ping(place, hearing)
        reply, took_s = await self.exchange(Check.LEFT, api, self._parting(channel, token))
        self._channel = None
        self.teller.tell(channel_answers.left(api, reply.status, took_s))

    async def aclose(self) -> None:
        if self._channel is not None and self.http is not None and self.token is not None:
            with suppress(LinkError, TimeoutError):
                async with asyncio.timeout(_LEAVE_S):
                    await self.http.carry_out(self._parting(self._channel, self.token))
        await super().aclose()

    # -- what the API says ----------------------------------------------------------------------------------

    async def _ask_after(self, place: Place, token: Token) -> None:
        """Ask how the conversation stands; whoever may not ask follows all the same."""
        conversation_id = self._codec.conversation_id
        request = conversation_request(self.options.api_url, conversation_id, token)
        reply, took_s = await self.exchange(Check.CALL, place, request)
        try:
            found = read_conversation(reply)
        except LinkError as error:
            if error.failure.cause is not Cause.PERMISSION_MISSING:
                self.fail(Check.CALL, error, place, took_s)
            self.teller.tell(channel_answers.unread(place, error.failure, took_s))
        else:
            self.teller.tell(channel_answers.known(place, conversation_id, found, took_s))

    async def _make_channel(self, place: Place, token: Token) -> Channel:
        base_url, insecure = self.options.api_url, self.options.insecure
        listed, _ = await self.exchange(Check.CHANNEL, place, channels_request(base_url, token))
        reply, took_s = await self.exchange(Check.CHANNEL, place, channel_request(base_url, token))
        now, wall = self.clock.monotonic(), self.clock.wall()
        try:
            channel = read_channel(reply, token, now, wall, insecure=insecure)
        except LinkError as error:
            self.fail(Check.CHANNEL, error, place, took_s)
        self.teller.keep_secret(channel.address)
        self.teller.keep_secret(channel.id)
        self.teller.tell(channel_answers.made(place, channel, read_channels(listed), reply.headers, took_s))
        return channel

    async def _subscribe(self, place: Place, channel: Channel, token: Token) -> None:
        topics = topics_of(self._codec.conversation_id)
        request = subscription_request(self.options.api_url, channel, list(topics), token)
        reply, took_s = await self.exchange(Check.TOPICS, place, request)
        try:
            told = read_subscription(reply, topics)
        except LinkError as error:
            self.fail(Check.TOPICS, error, place, took_s)
        self.teller.tell(channel_answers.subscribed(place, told, took_s))

    def _parting(self, channel: Channel, token: Token) -> Request:
        return unsubscription_request(self.options.api_url, channel, token)

    # -- what comes over the channel --------------------------------------------------------------------------

    async def _upgrade(self, place: Place, channel: Channel, tls: ssl.SSLContext) -> Hearing:
        opening = connect(channel.address.reveal(), clock=self.clock, tls=tls, options=self.options.socket)
        socket, took_s = await self.teller.timed(Check.UPGRADE, place, opening)
        self.socket = socket
        self.end_of_replies()
        shown = f"{urlsplit(channel.address.reveal()).scheme}://{place.where}"  # the path is the secret
        self.teller.tell(answers.upgraded(place, shown, "the channel's address", socket.headers, took_s))
        self._codec.opened(channel.name)
        return Hearing(socket, self._arrived)

    def _arrived(self, arrival: Arrival) -> None:
        for item in self._codec.receive(arrival.data, text=arrival.text, at=arrival.at):
            if isinstance(item, PingMeasured):
                self._pongs.put_nowait(item.rtt_s)

    async def _ping(self, place: Place, hearing: Hearing) -> None:
        """Wait for a pong, or for any other message where there is none."""
        pong_s, began = self.options.socket.ping_timeout_s, self.clock.monotonic()
        rtt_s, _ = await self.teller.timed(Check.PING, place, self._pong(hearing, pong_s))
        if rtt_s is not None:
            self.teller.tell(channel_answers.heard(rtt_s, place))
            return
        await self.teller.timed(Check.PING, place, self._any(hearing, began + self.options.policy.stale_after_s))
        self.teller.tell(channel_answers.unanswered(place, pong_s, self.clock.monotonic() - began))

    async def _pong(self, hearing: Hearing, wait_s: float) -> float | None:
        assert self.socket is not None
        await self.socket.send(self._codec.ping(self.clock.monotonic()))
        return await hearing.or_end(self._pongs.get(), wait_s)

    async def _any(self, hearing: Hearing, until: float) -> None:
        if await hearing.first(max(0.0, until - self.clock.monotonic())) is None:
            patience_s = self.options.policy.stale_after_s
            raise LinkError(Failure(Cause.PING_TIMEOUT, f"neither a pong nor a heartbeat within {patience_s:g} s"))
