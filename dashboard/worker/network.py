"""What a line needs of the network: a token, the app's address, a socket, Genesys' own figures."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

from dashboard.clock import Clock
from dashboard.resilience.analytics import Query, analytics_request
from dashboard.resilience.exchange import Reply
from dashboard.resilience.oauth import Credentials, Token
from dashboard.resilience.secret import Secret
from dashboard.transport.http import HttpClient, TokenKeeper, lookup_app
from dashboard.transport.requests import Requests, reach
from dashboard.transport.tapped import Arrival, Closed
from dashboard.transport.tls import client_context
from dashboard.transport.websocket import SocketOptions, connect


class Wire(Protocol):
    """An open connection, as `Socket` says it: a socket, or requests in the place of one."""

    @property
    def endpoint(self) -> str: ...

    @property
    def clock(self) -> str: ...

    def deliver_to(self, on_arrival: Callable[[Arrival], None], on_rtt: Callable[[float, float], None]) -> None: ...

    async def send(self, data: str) -> None: ...

    async def close(self, code: int = 1000, reason: str = "") -> None: ...

    async def closed(self) -> Closed: ...


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """Where the login host and the REST base are, and how they and the socket are trusted.

    `credentials` None: no token is ever asked for. `app_id` None: no app is ever looked up. reply_timeout_s: how long
    an utterance that is a request may take.
    """

    base_url: str
    token_url: str
    credentials: Credentials | None = None
    app_id: str | None = None
    ca_file: Path | None = None
    insecure: bool = False
    reply_timeout_s: float = 30.0
    socket: SocketOptions = field(default_factory=SocketOptions)


class Network:
    """Carries out the steps of an attempt, and the question beside the call; each raises LinkError when it fails."""

    def __init__(self, options: NetworkOptions, clock: Clock) -> None:
        """Nothing is opened yet; raises ConfigError for a CA file that holds no certificates."""
        self._options = options
        self._clock = clock
        self._tls = _trust(options.ca_file)
        self._client: HttpClient | None = None
        self._keeper: TokenKeeper | None = None
        self._poster: HttpClient | None = None

    async def token(self, rejected: Secret | None) -> Token:
        """Return a valid token, never `rejected`."""
        return await self._tokens().get(rejected)

    async def renewed_token(self) -> Token:
        """Return a new token while the old one still serves."""
        return await self._tokens().renew()

    async def resolve(self, token: Token | None) -> str | None:
        """Look the app up; return the address it names, if any."""
        options = self._options
        assert options.app_id is not None
        return await lookup_app(self._http(), options.base_url, options.app_id, token, insecure=options.insecure)

    async def dial(self, url: str, token: Token | None) -> Wire:
        """Open a socket; at an address of HTTP reach the host, to be sent requests."""
        if url.startswith("http"):
            options = self._options.socket
            await reach(url, clock=self._clock, tls=self._tls, timeout_s=options.open_timeout_s)
            if self._poster is None:
                self._poster = HttpClient(clock=self._clock, tls=self._tls, timeout_s=self._options.reply_timeout_s)
                await self._poster.warm_up(url)
            return Requests(url, self._poster, self._clock)
        value = None if token is None else token.value
        return await connect(url, clock=self._clock, tls=self._tls, token=value, options=self._options.socket)

    async def analytics(self, query: Query, conversation_id: str, token: Token) -> Reply:
        """Ask for Genesys' own figures of a conversation; return the reply, whatever its status."""
        wall = self._clock.wall()
        return await self._http().carry_out(
            analytics_request(query, self._options.base_url, conversation_id, token, wall)
        )

    async def aclose(self) -> None:
        """Abandon what is under way and close what is kept."""
        if self._keeper is not None:
            await self._keeper.aclose()
        for client in (self._client, self._poster):
            if client is not None:
                await client.aclose()

    def _http(self) -> HttpClient:
        if self._client is None:
            self._client = HttpClient(clock=self._clock, tls=self._tls, timeout_s=self._options.socket.open_timeout_s)
        return self._client

    def _tokens(self) -> TokenKeeper:
        options = self._options
        assert options.credentials is not None
        if self._keeper is None:
            self._keeper = TokenKeeper(
                self._http(), options.token_url, options.credentials, clock=self._clock, insecure=options.insecure
            )
        return self._keeper


@cache
def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """Return the context that all calls of this process share: the authorities take 50 ms and 0.5 MB to read."""
    return client_context(ca_file)
