"""Goes the way of a call, one step at a time, and says what came of each: the driver of the doctor."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any, NoReturn, TypeVar

from dashboard.call.events import Cause, Flaw
from dashboard.clock import Clock
from dashboard.dialects.base import Codec, Talker
from dashboard.doctor import answers
from dashboard.doctor.diagnosis import untrusted
from dashboard.doctor.hearing import Hearing
from dashboard.doctor.idle import IdleSearch
from dashboard.doctor.joining import Joining
from dashboard.doctor.silence import Silence
from dashboard.doctor.steps import Check, Diagnosis, Outcome, Place, StepResult
from dashboard.errors import ConfigError
from dashboard.resilience.applookup import lookup_request, read_lookup
from dashboard.resilience.exchange import Reply, Request, error_code
from dashboard.resilience.oauth import Credentials, Token, read_token, token_request
from dashboard.resilience.policy import LinkPolicy
from dashboard.resilience.retry import Failure, LinkError
from dashboard.resilience.secret import Secret
from dashboard.transport.certificate import Certificate, Session
from dashboard.transport.http import HttpClient
from dashboard.transport.path import Path
from dashboard.transport.tls import client_context
from dashboard.transport.websocket import Socket, SocketOptions, connect
from dashboard.wiretext import safe_url

_REFUSALS = (Cause.TOKEN_REJECTED, Cause.PERMISSION_MISSING, Cause.NOT_FOUND)
"""How an endpoint may say that it does not know the token."""

Tell = Callable[[StepResult], None]
Answer = TypeVar("Answer")

FIRST_MESSAGE_S = 10.0
"""How long the peer may take to say something, unless `stale_after` is shorter."""

SECRET_LENGTH = 6
"""A shorter one would be found in innocent words."""

_LOGIN = ("login host", "--token-url, --base-url or --region")
_API = ("API host", "--base-url or --region")
_SOCKET = ("socket host", "--url")
_ENDPOINT = ("endpoint", "CALLSCOPE_URL")
_NAMED = ("socket host", "the app's websocketUrl")


@dataclass(frozen=True, slots=True)
class Options:
    """What is to be examined: all that a line is given to make the call.

    `credentials` and `app_id` are there where `policy` authorizes and looks up. url_token: what opens the Cognigy
    endpoint that is at the address of `policy`.
    """

    policy: LinkPolicy
    login_url: str
    api_url: str
    codec: Codec
    url_token: Secret | None = None
    credentials: Credentials | None = None
    app_id: str | None = None
    ca_file: FilePath | None = None
    insecure: bool = False
    socket: SocketOptions = field(default_factory=SocketOptions)


async def examine(options: Options, tell: Tell, *, clock: Clock, search: IdleSearch | None = None) -> None:
    """Ask every check in its order and `tell` each answer as it comes; return after the last, or the first failure.

    With `search` the silence that the path bears is looked for at the end; cancelled meanwhile, it tells what was
    found until then.
    """
    walk = _Walk(options, tell, clock)
    try:
        await walk.go(search)
    except _Stopped:
        return
    finally:
        await walk.aclose()


def settings_refused(error: ConfigError) -> StepResult:
    """Return the step of settings that cannot be used."""
    what = "; ".join(str(error).splitlines())
    diagnosis = Diagnosis("settings", what, " ".join(error.remedy.splitlines()), error.exit_code)
    return StepResult(Check.SETTINGS, what, Outcome.FAILED, diagnosis=diagnosis)


def _settings_step(options: Options, took_s: float) -> StepResult:
    policy = options.policy
    url = safe_url(policy.url) if policy.url else None
    what = f"app {options.app_id} at {options.api_url}" if policy.lookup else url
    by = f"token from {options.login_url}" if policy.authorize else "URL token" if options.url_token else "no token"
    facts = {
        "app_id": options.app_id if policy.lookup else None,
        "api_url": options.api_url if policy.lookup else None,
        "login_url": options.login_url if policy.authorize else None,
        "url": url,
    }
    return StepResult(Check.SETTINGS, f"{what}, {by}", took_s=took_s, facts=facts)


class _Stopped(Exception):
    """A check failed, and was told."""


class _Walk:
    """One examination."""

    def __init__(self, options: Options, tell: Tell, clock: Clock) -> None:
        self._options = options
        self._listener = tell
        self._clock = clock
        self._gone: set[tuple[object, ...]] = set()  # the ways that were gone already
        self._secrets: list[str] = []  # what a peer might echo
        self._token: Token | None = None
        self._clock_told = False
        self._http: HttpClient | None = None
        self._path: Path | None = None
        self._socket: Socket | None = None
        self._joining: Joining | None = None

    async def go(self, search: IdleSearch | None) -> None:
        policy, options = self._options.policy, self._options
        tls = self._settings()
        named: str | None = None
        if policy.authorize:
            await self._authorize(await self._way(options.login_url, _LOGIN, tls))
        if policy.lookup:
            named = await self._look_up(await self._way(options.api_url, _API, tls))
        url = named or policy.url
        assert url is not None
        place = await self._way(url, _NAMED if named else _ENDPOINT if options.url_token else _SOCKET, tls)
        if url.startswith("http"):
            self._tell(answers.not_asked())
            return
        token = self._token_for(named)
        hearing = await self._upgrade(place, url, token, tls, keepalive=search is None)
        if self._joining is None:
            await self._first_message(place, hearing)
        else:
            await self._join(place, self._joining, hearing)
        await self._ping(place, hearing)
        if search is not None:
            await self._find_idle(hearing, search, tls)

    async def aclose(self) -> None:
        """Leave nothing open."""
        if self._path is not None:
            self._path.close()
        if self._http is not None:
            await self._http.aclose()
        if self._socket is not None:
            await self._socket.close()

    # -- settings ---------------------------------------------------------------------------------------

    def _settings(self) -> ssl.SSLContext:
        options, began = self._options, self._clock.monotonic()
        try:
            tls = client_context(options.ca_file)
            if options.url_token is not None:
                self._keep_secret(options.url_token)
            if options.credentials is not None:
                self._keep_secret(options.credentials.client_secret)
                token_request(options.login_url, options.credentials, insecure=options.insecure)
        except ConfigError as error:
            self._fail(settings_refused(error))
        self._http = HttpClient(clock=self._clock, tls=tls, timeout_s=options.socket.open_timeout_s)
        self._tell(_settings_step(options, self._clock.monotonic() - began))
        return tls

    # -- the way to a host --------------------------------------------------------------------------------

    async def _way(self, url: str, whose: tuple[str, str], tls: ssl.SSLContext) -> Place:
        """Go to the host of `url` as far as TLS, unless this way was gone before."""
        role, named_by = whose
        timeout_s = self._options.socket.open_timeout_s
        try:
            self._path = path = Path(url, clock=self._clock, timeout_s=timeout_s)
        except LinkError as error:  # the environment's proxy makes no sense
            self._fail(answers.no_proxy(error.failure))
        proxy = f"{path.proxy.host}:{path.proxy.port}" if path.proxy else None
        place = Place(role, named_by, path.host, path.port, proxy)
        way = (place.where, proxy, path.secured, path.tunnels)
        if way not in self._gone:
            self._gone.add(way)
            await self._walk_to(path, place, tls)
        path.close()
        return place

    async def _walk_to(self, path: Path, place: Place, tls: ssl.SSLContext) -> None:
        addresses, took_s = await self._timed(Check.DNS, place, path.resolve())
        self._tell(answers.resolved(place, addresses, took_s))
        address, took_s = await self._timed(Check.TCP, place, path.reach())
        self._tell(answers.reached(place, address, addresses, took_s))
        if path.tunnels:
            _, took_s = await self._timed(Check.PROXY, place, path.tunnel())
            self._tell(answers.tunnelled(place, took_s))
        if not path.secured:
            self._tell(answers.not_secured(place))
            return
        session, took_s = await self._timed(Check.TLS, place, self._trusted(path, place, tls))
        self._tell(answers.secured(place, session, self._clock.wall(), took_s))

    async def _trusted(self, path: Path, place: Place, tls: ssl.SSLContext) -> Session:
        began = self._clock.monotonic()
        try:
            return await path.secure(tls)
        except LinkError as error:
            if error.failure.flaw is None:
                raise
            took_s = self._clock.monotonic() - began
            self._fail(await self._untrusted(path, place, error.failure, error.failure.flaw, took_s))

    async def _untrusted(self, path: Path, place: Place, failure: Failure, flaw: Flaw, took_s: float) -> StepResult:
        facts: dict[str, Any] = {**place.facts(), "flaw": flaw.value}
        wall = self._clock.wall()
        chain: tuple[Certificate, ...] = ()
        with suppress(LinkError):  # then there is only what the refused handshake told
            session = await path.look()
            chain = session.chain
            facts |= answers.session_facts(session, wall)
        diagnosis = untrusted(flaw, chain, failure.detail, place, wall)
        detail = f"{place.where}: {failure.detail}"
        return StepResult(Check.TLS, detail, Outcome.FAILED, took_s, facts, diagnosis)

    # -- token and app ------------------------------------------------------------------------------------

    async def _authorize(self, place: Place) -> None:
        options = self._options
        assert options.credentials is not None
        request = token_request(options.login_url, options.credentials, insecure=options.insecure)
        reply, took_s = await self._exchange(Check.TOKEN, place, request)
        received_at = self._clock.monotonic()
        try:
            self._token = token = read_token(reply, received_at)
        except LinkError as error:
            self._fail(answers.failed(Check.TOKEN, error.failure, place, took_s, code=error_code(reply.body)))
        self._keep_secret(token.value)
        self._tell(answers.granted(place, token.expires_at - received_at, reply.headers, took_s))

    async def _look_up(self, place: Place) -> str | None:
        """Return the address that the app names, if any."""
        options = self._options
        assert options.app_id is not None
        request = lookup_request(options.api_url, options.app_id, self._token)
        reply, took_s = await self._exchange(Check.LOOKUP, place, request)
        try:
            url = read_lookup(reply, insecure=options.insecure)
        except LinkError as error:
            self._fail(answers.failed(Check.LOOKUP, error.failure, place, took_s))
        if url is None and options.policy.url is None:
            failure = Failure(Cause.BAD_REPLY, "the app names no websocketUrl, and no websocket id or URL is set", 200)
            self._fail(answers.failed(Check.LOOKUP, failure, place, took_s))
        shown = safe_url(url) if url else None
        self._tell(answers.looked_up(place, options.app_id, shown, reply.headers, took_s))
        return url

    async def _exchange(self, check: Check, place: Place, request: Request) -> tuple[Reply, float]:
        assert self._http is not None
        began = self._clock.wall()
        reply, took_s = await self._timed(check, place, self._http.carry_out(request))
        self._read_clock(place, reply.headers, began)
        return reply, took_s

    def _read_clock(self, place: Place, headers: Mapping[str, str], began: float) -> None:
        """Tell the skew by the first reply that says what time it is."""
        skew_s = answers.skew_of(headers.get("Date", ""), began, self._clock.wall())
        if skew_s is not None and not self._clock_told:
            self._clock_told = True
            self._tell(answers.clock_read(place, skew_s))

    # -- the socket -----------------------------------------------------------------------------------------

    async def _upgrade(
        self, place: Place, url: str, token: Token | None, tls: ssl.SSLContext, *, keepalive: bool
    ) -> Hearing:
        began = self._clock.wall()
        began_s = self._clock.monotonic()
        try:
            hearing = await self._connect(url, token, tls, keepalive=keepalive)
        except LinkError as error:
            self._read_clock(place, error.failure.headers, began)
            took_s = self._clock.monotonic() - began_s
            failure = self._of_the_endpoint(error.failure)
            self._fail(answers.failed(Check.UPGRADE, failure, place, took_s))
        took_s = self._clock.monotonic() - began_s
        assert self._socket is not None
        headers = self._socket.headers
        self._read_clock(place, headers, began)
        if not self._clock_told:
            self._tell(answers.clock_unread())
        auth = "bearer token" if token else "signed address" if "?" in url else "no token"
        auth = auth if self._options.url_token is None else "URL token"
        self._tell(answers.upgraded(place, safe_url(url), auth, headers, took_s))
        return hearing

    async def _connect(self, url: str, token: Token | None, tls: ssl.SSLContext, *, keepalive: bool) -> Hearing:
        options = self._options.socket if keepalive else replace(self._options.socket, ping_interval_s=None)
        value = None if token is None else token.value
        self._socket = await connect(url, clock=self._clock, tls=tls, token=value, options=options)
        if not isinstance(self._options.codec, Talker):
            return Hearing(self._socket)
        self._joining = Joining(self._options.codec, self._clock)
        return Hearing(self._socket, self._joining.arrived)

    def _of_the_endpoint(self, failure: Failure) -> Failure:
        """Return what a failure means where it is a Cognigy endpoint that is asked."""
        refused = self._options.url_token is not None and failure.cause in _REFUSALS
        return replace(failure, cause=Cause.ENDPOINT_REFUSED) if refused else failure

    def _token_for(self, named: str | None) -> Token | None:
        """Return the token for a dial: an address with a query is signed by the lookup's token, and gets no other."""
        return None if named and "?" in named else self._token

    async def _first_message(self, place: Place, hearing: Hearing) -> None:
        wait_s = min(FIRST_MESSAGE_S, self._options.policy.stale_after_s)
        first, took_s = await self._timed(Check.MESSAGE, place, hearing.first(wait_s))
        if first is None:
            self._tell(answers.silent(wait_s))
            return
        items = self._options.codec.receive(first.data, text=first.text, at=first.at)
        self._tell(answers.spoke(items, len(first.data), took_s))

    async def _join(self, place: Place, joining: Joining, hearing: Hearing) -> None:
        assert self._socket is not None
        _, took_s = await self._timed(Check.READY, place, joining.joined(self._socket, hearing))
        self._tell(answers.joined(joining.facts, took_s))

    async def _ping(self, place: Place, hearing: Hearing) -> None:
        rtt_s, _ = await self._timed(Check.PING, place, hearing.pong(self._options.socket.ping_timeout_s))
        self._tell(answers.ponged(rtt_s))

    async def _find_idle(self, hearing: Hearing, search: IdleSearch, tls: ssl.SSLContext) -> None:
        pong_s = self._options.socket.ping_timeout_s
        silence = Silence(search, lambda: self._dial_again(tls), clock=self._clock, pong_s=pong_s)
        try:
            await silence.keep(hearing, self._tell)
        except asyncio.CancelledError:
            self._tell(search.verdict(interrupted=True))
            raise
        self._tell(search.verdict())

    async def _dial_again(self, tls: ssl.SSLContext) -> Hearing:
        """Open another connection, quietly; what a lookup named is asked for again, as a signed address serves once."""
        assert self._socket is not None
        await self._socket.close()
        options, url = self._options, self._options.policy.url
        named: str | None = None
        if options.policy.lookup and self._http is not None and options.app_id is not None:
            request = lookup_request(options.api_url, options.app_id, self._token)
            named = read_lookup(await self._http.carry_out(request), insecure=options.insecure)
        hearing = await self._connect(named or url or "", self._token_for(named), tls, keepalive=False)
        await hearing.first(min(FIRST_MESSAGE_S, options.policy.stale_after_s))
        await hearing.pong(options.socket.ping_timeout_s)
        return hearing

    # -- telling ----------------------------------------------------------------------------------------------

    async def _timed(self, check: Check, place: Place, asking: Awaitable[Answer]) -> tuple[Answer, float]:
        """Return the answer and how long it took; a failure ends the walk."""
        began = self._clock.monotonic()
        try:
            return await asking, self._clock.monotonic() - began
        except LinkError as error:
            self._fail(answers.failed(check, error.failure, place, self._clock.monotonic() - began))

    def _fail(self, result: StepResult) -> NoReturn:
        self._tell(result)
        raise _Stopped

    def _keep_secret(self, secret: Secret) -> None:
        if len(secret.reveal()) >= SECRET_LENGTH:
            self._secrets.append(secret.reveal())

    def _tell(self, result: StepResult) -> None:
        self._listener(_without(result, self._secrets))


def _without(result: StepResult, secrets: Sequence[str]) -> StepResult:
    """Return a result in which no secret stands that a peer may have echoed."""

    def hidden(value: Any) -> Any:
        if isinstance(value, str):
            for secret in secrets:
                value = value.replace(secret, "***")
            return value
        if isinstance(value, Mapping):
            return {key: hidden(item) for key, item in value.items()}
        return [hidden(item) for item in value] if isinstance(value, list) else value

    told = result.diagnosis
    diagnosis = told and replace(told, words=hidden(told.words), remedy=hidden(told.remedy))
    return replace(result, detail=hidden(result.detail), facts=hidden(result.facts), diagnosis=diagnosis)
