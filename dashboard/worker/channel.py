"""What a follower needs of the network: a notification channel with the topics of a conversation, and its socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from dashboard.call.events import Cause
from dashboard.clock import Clock
from dashboard.resilience.channels import (
    Channel,
    Conversation,
    Subscribed,
    channel_request,
    conversation_request,
    read_channel,
    read_conversation,
    read_subscription,
    subscription_request,
    topics_of,
)
from dashboard.resilience.oauth import Token
from dashboard.resilience.retry import Failure, LinkError
from dashboard.transport.http import HttpClient, TokenKeeper
from dashboard.transport.websocket import connect
from dashboard.worker.network import Network, NetworkOptions, Wire

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Standing:
    """A channel whose topics have been subscribed, and how the conversation stands; `created`: it is a new one.

    conversation: None where it was not asked for or not told, for which `untold` is why.
    """

    channel: Channel
    subscribed: Subscribed
    created: bool
    conversation: Conversation | None = None
    untold: Failure | None = None


class ChannelNetwork(Network):
    """Makes the channel of one conversation, and another one when that is gone; each step raises LinkError."""

    def __init__(
        self, options: NetworkOptions, conversation_id: str, clock: Clock, among: Network | None = None
    ) -> None:
        """`among`: whose token and connections to use, so that several conversations share them."""
        super().__init__(options, clock)
        self._among = among
        self._conversation_id = conversation_id
        self._topics = topics_of(conversation_id)
        self._channel: Channel | None = None
        self._news: Standing | None = None
        self._known = False

    @property
    def channel(self) -> Channel | None:
        """The channel in use."""
        return self._channel

    def news(self) -> Standing | None:
        """Return what the last `resolve` or `subscribe` came to, once."""
        news, self._news = self._news, None
        return news

    async def resolve(self, token: Token | None) -> str | None:
        """Return the address of a channel with the topics; a conversation that is not known is not followed."""
        assert token is not None
        conversation, untold = await self._read_first(token)
        channel, subscribed, created = await self._subscribed(token)
        self._news = Standing(channel, subscribed, created, conversation, untold)
        return channel.address.reveal()

    async def dial(self, url: str, token: Token | None) -> Wire:
        """Open the channel's socket: its address is all that it wants, and is told nobody."""
        socket = await connect(url, clock=self._clock, tls=self._tls, options=self._options.socket)
        socket.endpoint = _host(url)
        return socket

    async def another(self) -> Wire:
        """Open a socket to take the place of an open one: to the same channel, or a new one for a new token."""

        async def work(token: Token) -> Wire:
            if self._channel is not None and self._channel.owner != token:
                self._channel = None  # it would end with the token that it was made with
            url = await self.resolve(token)
            assert url is not None
            return await self.dial(url, token)

        return await self._with_token(work)

    async def subscribe(self) -> Standing:
        """Subscribe the topics again, for the channel to live on."""
        return Standing(*await self._with_token(self._subscribed))

    async def aclose(self) -> None:
        if self._among is None:
            await super().aclose()

    def _http(self) -> HttpClient:
        return super()._http() if self._among is None else self._among._http()

    def _tokens(self) -> TokenKeeper:
        return super()._tokens() if self._among is None else self._among._tokens()

    async def conversation(self, token: Token | None = None) -> Conversation:
        """Ask how the conversation stands."""
        token = token or await self.token(None)
        request = conversation_request(self._options.base_url, self._conversation_id, token)
        found = read_conversation(await self._http().carry_out(request))
        self._known = True
        return found

    async def _with_token(self, work: Callable[[Token], Awaitable[T]]) -> T:
        """Do something with the kept token, or with a new one where that has been revoked."""
        token = await self.token(None)
        try:
            return await work(token)
        except LinkError as error:
            if error.failure.cause is not Cause.TOKEN_REJECTED:
                raise
        return await work(await self.token(token.value))

    async def _read_first(self, token: Token) -> tuple[Conversation | None, Failure | None]:
        """Ask, so that a wrong id is found out; whoever may not ask follows all the same."""
        try:
            return await self.conversation(token), None
        except LinkError as error:
            cause = error.failure.cause
            if cause is Cause.PERMISSION_MISSING or (cause is Cause.NOT_FOUND and self._known):
                return None, error.failure
            raise

    async def _subscribed(self, token: Token) -> tuple[Channel, Subscribed, bool]:
        kept = self._channel
        if kept is not None:
            try:
                return *await self._subscribe(kept, token), False
            except LinkError as error:
                if error.failure.cause is not Cause.NOT_FOUND:
                    raise
                self._channel = None  # expired, or more channels have been made than an OAuth client may have
        return *await self._subscribe(await self._created(token), token), True

    async def _created(self, token: Token) -> Channel:
        reply = await self._http().carry_out(channel_request(self._options.base_url, token))
        now, wall = self._clock.monotonic(), self._clock.wall()
        return read_channel(reply, token, now, wall, insecure=self._options.insecure)

    async def _subscribe(self, channel: Channel, token: Token) -> tuple[Channel, Subscribed]:
        request = subscription_request(self._options.base_url, channel, list(self._topics), token)
        subscribed = read_subscription(await self._http().carry_out(request), self._topics)
        self._channel = channel.renewed(self._clock.monotonic())
        return self._channel, subscribed


def _host(url: str) -> str:
    """Return an address as far as its host: the path is the secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
