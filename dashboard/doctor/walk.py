"""What every examination goes through: settings, hosts, a token, a socket. What it is for says the subclass."""

from __future__ import annotations

import ssl
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import NoReturn

from dashboard.clock import Clock
from dashboard.dialects.base import Codec
from dashboard.dialects.notifications import Notifications
from dashboard.doctor import answers
from dashboard.doctor.steps import Check, Diagnosis, Outcome, Place, StepResult
from dashboard.doctor.telling import Tell, Teller
from dashboard.doctor.ways import Ways
from dashboard.errors import ConfigError
from dashboard.resilience.exchange import Reply, Request, error_code
from dashboard.resilience.oauth import Credentials, Token, read_token, token_request
from dashboard.resilience.policy import LinkPolicy
from dashboard.resilience.retry import LinkError
from dashboard.resilience.secret import Secret
from dashboard.transport.http import HttpClient
from dashboard.transport.tls import client_context
from dashboard.transport.websocket import Socket, SocketOptions
from dashboard.wiretext import safe_url

_LOGIN = ("login host", "--token-url, --base-url or --region")
_API = ("API host", "--base-url or --region")


@dataclass(frozen=True, slots=True)
class Options:
    """What is to be examined: all that a line is given to make the call.

    `credentials` and `app_id` are there where `policy` authorizes and looks up. codec: Notifications for a conversation
    that is followed. url_token: what opens the Cognigy endpoint that is at the address of `policy`.
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


class Walk(ABC):
    """One examination: `go` asks every check in its order and tells each answer, until one ends it by `Stopped`."""

    def __init__(self, options: Options, tell: Tell, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.teller = Teller(tell, clock)
        self.token: Token | None = None
        self.http: HttpClient | None = None
        self.socket: Socket | None = None
        self._ways = Ways(self.teller, clock, options.socket.open_timeout_s)
        self._clock_told = False

    @abstractmethod
    async def go(self) -> None:
        """Go the whole way."""

    async def aclose(self) -> None:
        """Leave nothing open."""
        self._ways.close()
        if self.http is not None:
            await self.http.aclose()
        if self.socket is not None:
            await self.socket.close()

    # -- settings ---------------------------------------------------------------------------------------

    def settings(self) -> ssl.SSLContext:
        """Check what was given; return whom to trust."""
        options, began = self.options, self.clock.monotonic()
        try:
            tls = client_context(options.ca_file)
            if options.url_token is not None:
                self.teller.keep_secret(options.url_token)
            if options.credentials is not None:
                self.teller.keep_secret(options.credentials.client_secret)
                token_request(options.login_url, options.credentials, insecure=options.insecure)
        except ConfigError as error:
            self.teller.fail(settings_refused(error))
        self.http = HttpClient(clock=self.clock, tls=tls, timeout_s=options.socket.open_timeout_s)
        self.teller.tell(_settings_step(options, self.clock.monotonic() - began))
        return tls

    # -- hosts --------------------------------------------------------------------------------------------

    async def way(self, url: str, whose: tuple[str, str], tls: ssl.SSLContext) -> Place:
        """Go to the host of `url` as far as TLS; `whose`: its role, and which setting names it."""
        return await self._ways.to(url, *whose, tls)

    async def authorize(self, tls: ssl.SSLContext) -> None:
        """Fetch a token from the login host."""
        options = self.options
        assert options.credentials is not None
        place = await self.way(options.login_url, _LOGIN, tls)
        request = token_request(options.login_url, options.credentials, insecure=options.insecure)
        reply, took_s = await self.exchange(Check.TOKEN, place, request)
        received_at = self.clock.monotonic()
        try:
            self.token = token = read_token(reply, received_at)
        except LinkError as error:
            self.fail(Check.TOKEN, error, place, took_s, code=error_code(reply.body))
        self.teller.keep_secret(token.value)
        self.teller.tell(answers.granted(place, token.expires_at - received_at, reply.headers, took_s))

    async def api(self, tls: ssl.SSLContext) -> Place:
        """Go to the API host."""
        return await self.way(self.options.api_url, _API, tls)

    async def exchange(self, check: Check, place: Place, request: Request) -> tuple[Reply, float]:
        """Carry out a request; return the reply, whatever its status, and how long it took."""
        assert self.http is not None
        began = self.clock.wall()
        reply, took_s = await self.teller.timed(check, place, self.http.carry_out(request))
        self.read_clock(place, reply.headers, began)
        return reply, took_s

    def read_clock(self, place: Place, headers: Mapping[str, str], began: float) -> None:
        """Tell the skew by the first reply that says what time it is; it was asked for at `began`, Unix time."""
        skew_s = answers.skew_of(headers.get("Date", ""), began, self.clock.wall())
        if skew_s is not None and not self._clock_told:
            self._clock_told = True
            self.teller.tell(answers.clock_read(place, skew_s))

    def end_of_replies(self) -> None:
        """Say so if none of them told the time."""
        if not self._clock_told:
            self.teller.tell(answers.clock_unread())

    def fail(self, check: Check, error: LinkError, place: Place, took_s: float, *, code: str = "") -> NoReturn:
        """Tell that the way ends here; `code` is the error code of a login host."""
        self.teller.fail(answers.failed(check, error.failure, place, took_s, code=code))


def settings_refused(error: ConfigError) -> StepResult:
    """Return the step of settings that cannot be used."""
    what = "; ".join(str(error).splitlines())
    diagnosis = Diagnosis("settings", what, " ".join(error.remedy.splitlines()), error.exit_code)
    return StepResult(Check.SETTINGS, what, Outcome.FAILED, diagnosis=diagnosis)


def _settings_step(options: Options, took_s: float) -> StepResult:
    policy = options.policy
    followed = options.codec.conversation_id if isinstance(options.codec, Notifications) else None
    whom = f"conversation {followed}" if followed else f"app {options.app_id}"
    url = safe_url(policy.url) if policy.url else None
    what = f"{whom} at {options.api_url}" if policy.lookup else url
    by = f"token from {options.login_url}" if policy.authorize else "URL token" if options.url_token else "no token"
    facts = {
        "app_id": options.app_id if policy.lookup and not followed else None,
        "conversation_id": followed,
        "api_url": options.api_url if policy.lookup else None,
        "login_url": options.login_url if policy.authorize else None,
        "url": url,
    }
    return StepResult(Check.SETTINGS, f"{what}, {by}", took_s=took_s, facts=facts)
