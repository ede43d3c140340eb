"""The way of a call that is dialled: app, socket, first message, round trip, and the silence that the path bears."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace

from dashboard.call.events import Cause
from dashboard.clock import Clock
from dashboard.dialects.base import Talker
from dashboard.doctor import answers
from dashboard.doctor.hearing import Hearing
from dashboard.doctor.idle import IdleSearch
from dashboard.doctor.joining import Joining
from dashboard.doctor.silence import Silence
from dashboard.doctor.steps import Check, Place
from dashboard.doctor.telling import Tell
from dashboard.doctor.walk import Options, Walk
from dashboard.resilience.applookup import lookup_request, read_lookup
from dashboard.resilience.oauth import Token
from dashboard.resilience.retry import Failure, LinkError
from dashboard.transport.websocket import connect
from dashboard.wiretext import safe_url

_REFUSALS = (Cause.TOKEN_REJECTED, Cause.PERMISSION_MISSING, Cause.NOT_FOUND)
"""How an endpoint may say that it does not know the token."""

FIRST_MESSAGE_S = 10.0
"""How long the peer may take to say something, unless `stale_after` is shorter."""

_SOCKET = ("socket host", "--url")
_ENDPOINT = ("endpoint", "CALLSCOPE_URL")
_NAMED = ("socket host", "the app's websocketUrl")


class Dialled(Walk):
    """Makes the call; with `search` the silence that the path bears is looked for at the end."""

    def __init__(self, options: Options, tell: Tell, clock: Clock, search: IdleSearch | None) -> None:
        super().__init__(options, tell, clock)
        self._search = search
        self._joining: Joining | None = None

    async def go(self) -> None:
        policy, tls = self.options.policy, self.settings()
        named: str | None = None
        if policy.authorize:
            await self.authorize(tls)
        if policy.lookup:
            named = await self._look_up(await self.api(tls))
        url = named or policy.url
        assert url is not None
        place = await self.way(url, _NAMED if named else _ENDPOINT if self.options.url_token else _SOCKET, tls)
        if url.startswith("http"):
            self.teller.tell(answers.not_asked())
            return
        hearing = await self._upgrade(place, url, self._token_for(named), tls)
        if self._joining is None:
            await self._first_message(place, hearing)
        else:
            await self._join(place, self._joining, hearing)
        rtt_s, _ = await self.teller.timed(Check.PING, place, hearing.pong(self.options.socket.ping_timeout_s))
        self.teller.tell(answers.ponged(rtt_s))
        if self._search is not None:
            await self._find_idle(hearing, self._search, tls)

    # -- the app and its socket -----------------------------------------------------------------------------

    async def _look_up(self, place: Place) -> str | None:
        """Return the address that the app names, if any."""
        options = self.options
        assert options.app_id is not None
        request = lookup_request(options.api_url, options.app_id, self.token)
        reply, took_s = await self.exchange(Check.LOOKUP, place, request)
        try:
            url = read_lookup(reply, insecure=options.insecure)
            if url is None and options.policy.url is None:
                lacks = "the app names no websocketUrl, and no websocket id or URL is set"
                raise LinkError(Failure(Cause.BAD_REPLY, lacks, 200))
        except LinkError as error:
            self.fail(Check.LOOKUP, error, place, took_s)
        shown = safe_url(url) if url else None
        self.teller.tell(answers.looked_up(place, options.app_id, shown, reply.headers, took_s))
        return url

    async def _upgrade(self, place: Place, url: str, token: Token | None, tls: ssl.SSLContext) -> Hearing:
        began, began_s = self.clock.wall(), self.clock.monotonic()
        try:
            hearing = await self._connect(url, token, tls, keepalive=self._search is None)
        except LinkError as error:
            self.read_clock(place, error.failure.headers, began)
            took_s = self.clock.monotonic() - began_s
            self.fail(Check.UPGRADE, LinkError(self._of_the_endpoint(error.failure)), place, took_s)
        took_s = self.clock.monotonic() - began_s
        assert self.socket is not None
        headers = self.socket.headers
        self.read_clock(place, headers, began)
        self.end_of_replies()
        auth = "bearer token" if token else "signed address" if "?" in url else "no token"
        auth = auth if self.options.url_token is None else "URL token"
        self.teller.tell(answers.upgraded(place, safe_url(url), auth, headers, took_s))
        return hearing

    async def _connect(self, url: str, token: Token | None, tls: ssl.SSLContext, *, keepalive: bool) -> Hearing:
        options = self.options.socket if keepalive else replace(self.options.socket, ping_interval_s=None)
        value = None if token is None else token.value
        self.socket = await connect(url, clock=self.clock, tls=tls, token=value, options=options)
        if not isinstance(self.options.codec, Talker):
            return Hearing(self.socket)
        self._joining = Joining(self.options.codec, self.clock)
        return Hearing(self.socket, self._joining.arrived)

    def _of_the_endpoint(self, failure: Failure) -> Failure:
        """Return what a failure means where it is a Cognigy endpoint that is asked."""
        refused = self.options.url_token is not None and failure.cause in _REFUSALS
        return replace(failure, cause=Cause.ENDPOINT_REFUSED) if refused else failure

    def _token_for(self, named: str | None) -> Token | None:
        """Return the token for a dial: an address with a query is signed by the lookup's token, and gets no other."""
        return None if named and "?" in named else self.token

    # -- what comes over it -----------------------------------------------------------------------------------

    async def _first_message(self, place: Place, hearing: Hearing) -> None:
        wait_s = min(FIRST_MESSAGE_S, self.options.policy.stale_after_s)
        first, took_s = await self.teller.timed(Check.MESSAGE, place, hearing.first(wait_s))
        if first is None:
            self.teller.tell(answers.silent(wait_s))
            return
        items = self.options.codec.receive(first.data, text=first.text, at=first.at)
        self.teller.tell(answers.spoke(items, len(first.data), took_s))

    async def _join(self, place: Place, joining: Joining, hearing: Hearing) -> None:
        assert self.socket is not None
        _, took_s = await self.teller.timed(Check.READY, place, joining.joined(self.socket, hearing))
        self.teller.tell(answers.joined(joining.facts, took_s))

    # -- the silence that it bears ----------------------------------------------------------------------------

    async def _find_idle(self, hearing: Hearing, search: IdleSearch, tls: ssl.SSLContext) -> None:
        pong_s = self.options.socket.ping_timeout_s
        silence = Silence(search, lambda: self._dial_again(tls), clock=self.clock, pong_s=pong_s)
        try:
            await silence.keep(hearing, self.teller.tell)
        except asyncio.CancelledError:
            self.teller.tell(search.verdict(interrupted=True))
            raise
        self.teller.tell(search.verdict())

    async def _dial_again(self, tls: ssl.SSLContext) -> Hearing:
        """Open another connection, quietly; what a lookup named is asked for again, as a signed address serves once."""
        assert self.socket is not None
        await self.socket.close()
        options, url = self.options, self.options.policy.url
        named: str | None = None
        if options.policy.lookup and self.http is not None and options.app_id is not None:
            request = lookup_request(options.api_url, options.app_id, self.token)
            named = read_lookup(await self.http.carry_out(request), insecure=options.insecure)
        hearing = await self._connect(named or url or "", self._token_for(named), tls, keepalive=False)
        await hearing.first(min(FIRST_MESSAGE_S, options.policy.stale_after_s))
        await hearing.pong(options.socket.ping_timeout_s)
        return hearing
