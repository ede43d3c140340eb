"""Carries out the requests of oauth.py, applookup.py and analytics.py, and keeps the token."""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib import import_module

import httpx

from dashboard.call.events import Cause
from dashboard.clock import Clock
from dashboard.resilience.applookup import lookup_request, read_lookup
from dashboard.resilience.exchange import Reply, Request
from dashboard.resilience.oauth import Credentials, Token, read_token, token_request
from dashboard.resilience.retry import Failure, LinkError, Step, retry_after
from dashboard.resilience.secret import Secret
from dashboard.transport.failures import network_failure
from dashboard.transport.headers import notable
from dashboard.transport.proxies import proxy_for

BODY_LIMIT = 1024 * 1024
"""Bytes of a reply that are read; what is longer is cut, and is then no JSON any more."""


class HttpClient:
    """HTTP with certificate checks, environment proxies (not for this machine itself), no redirects, no cookies."""

    def __init__(self, *, clock: Clock, tls: ssl.SSLContext, timeout_s: float = 10.0) -> None:
        self._clock = clock
        self._tls = tls
        self._timeout_s = timeout_s
        self._clients: dict[str | None, httpx.AsyncClient] = {}  # by the proxy's address

    async def carry_out(self, request: Request) -> Reply:
        """Send a request and read the reply, whatever its status; raises LinkError if there is none in time."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange(request)
        except Exception as error:
            failure = _failure(error, request.step)
            raise LinkError(failure) from None

    async def warm_up(self, url: str) -> None:
        """Load and make beside the loop what the first request to `url` needs: that request is measured."""
        await asyncio.to_thread(self._client_to, url)
        with suppress(ImportError):  # httpx's backend loads this when it first connects
            await asyncio.to_thread(import_module, "anyio._backends._asyncio")

    async def aclose(self) -> None:
        """Close the kept connections."""
        for client in self._clients.values():
            await client.aclose()

    async def _exchange(self, request: Request) -> Reply:
        body = bytearray()
        async with self._client_to(request.url).stream(
            request.method, request.url, headers=request.headers, data=request.form, json=request.json
        ) as response:
            async for chunk in response.aiter_raw():  # raw: no small body can unpack into a large one
                body += chunk
                if len(body) > BODY_LIMIT:
                    break
            wait_s = retry_after(response.headers.get("Retry-After"), self._clock.wall())
            return Reply(
                response.status_code, bytes(body[:BODY_LIMIT]), wait_s, notable(response.headers.multi_items())
            )

    def _client_to(self, url: str) -> httpx.AsyncClient:
        proxy = proxy_for(url)
        address = proxy.address if proxy else None
        if address not in self._clients:
            self._clients[address] = httpx.AsyncClient(
                verify=self._tls,
                timeout=self._timeout_s,
                follow_redirects=False,  # a redirect would carry credentials to a host that nobody named
                trust_env=False,
                proxy=address,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # a peer could fill memory and headers
                headers={"User-Agent": "callscope", "Accept-Encoding": "identity"},
            )
        return self._clients[address]


class TokenKeeper:
    """Keeps one client's token: one request at a time, however many ask.

    A request once begun is finished even if whoever asked no longer waits, so the next to ask has its answer.
    """

    def __init__(
        self, client: HttpClient, url: str, credentials: Credentials, *, clock: Clock, insecure: bool = False
    ) -> None:
        self._client = client
        self._request = token_request(url, credentials, insecure=insecure)
        self._clock = clock
        self._token: Token | None = None
        self._fetching: asyncio.Task[Token] | None = None

    async def get(self, rejected: Secret | None = None) -> Token:
        """Return a valid token, but not `rejected`: the kept one, or a new one when that is due for renewal.

        Raises LinkError if there is no new one and the old one has ended.
        """
        if rejected is not None:
            self.invalidate(rejected)
        if self._token is not None and self._clock.monotonic() < self._token.renew_at:
            return self._token
        try:
            return await self.renew()
        except LinkError:
            if self._token is not None and self._clock.monotonic() < self._token.expires_at:
                return self._token
            raise

    async def renew(self) -> Token:
        """Fetch a new token, or wait for the one being fetched; the old one stays if that fails with LinkError."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._fetched)
        return await asyncio.shield(self._fetching)

    def invalidate(self, rejected: Secret) -> None:
        """Drop the kept token if it is that one; a newer one stays."""
        if self._token is not None and self._token.value == rejected:
            self._token = None

    async def aclose(self) -> None:
        """Abandon a request under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    async def _fetch(self) -> Token:
        reply = await self._client.carry_out(self._request)
        self._token = read_token(reply, self._clock.monotonic())
        return self._token

    def _fetched(self, task: asyncio.Task[Token]) -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()  # seen, even if nobody waits for it any more


async def lookup_app(
    client: HttpClient, base_url: str, app_id: str, token: Token | None, *, insecure: bool = False
) -> str | None:
    """Look an app up: the `websocketUrl` of an ACTIVE one, None if it names none; raises LinkError."""
    reply = await client.carry_out(lookup_request(base_url, app_id, token))
    return read_lookup(reply, insecure=insecure)


def _failure(error: Exception, step: Step) -> Failure:
    """Classify what httpx and the choice of a proxy can raise."""
    if isinstance(error, LinkError):
        return Failure(error.failure.cause, f"{step.value}: {error.failure.detail}")
    if isinstance(error, httpx.ProxyError):
        status = re.match(r"[45]\d\d\b", str(error))  # the proxy's status line is all that this error has
        return Failure(Cause.PROXY_REFUSED, f"{step.value}: the proxy refused", int(status[0]) if status else None)
    if isinstance(error, httpx.TimeoutException):
        return Failure(Cause.TIMEOUT, f"{step.value}: timed out")
    if failure := network_failure(error):
        return Failure(failure.cause, f"{step.value}: {failure.detail}")
    if isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol):
        return Failure(Cause.NETWORK, f"{step.value}: the connection failed before the reply")
    return Failure(Cause.UNEXPECTED, f"{step.value}: unexpected {type(error).__name__}")
