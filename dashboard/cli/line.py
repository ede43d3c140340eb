"""From settings to a line: one live call in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.call.events import Targets
from dashboard.cli.cognigy import endpoint_scheme
from dashboard.cli.settings import Settings
from dashboard.clock import Clock, SystemClock
from dashboard.dialects.base import AudioFormat, Caller
from dashboard.dialects.lookup import codec
from dashboard.resilience.inquiry import Inquiry
from dashboard.resilience.oauth import Credentials
from dashboard.resilience.policy import LinkPolicy
from dashboard.resilience.secret import Secret
from dashboard.transport.websocket import SocketOptions
from dashboard.wiretext import safe_url
from dashboard.worker.enquirer import Enquirer
from dashboard.worker.line import Line
from dashboard.worker.network import Network, NetworkOptions
from dashboard.worker.options import LineOptions

if TYPE_CHECKING:
    from dashboard.dialects.cognigy import Endpoint

_NEVER_S = 1e9
_PING_S = 15.0


def line(settings: Settings, call_id: str, *, clock: Clock | None = None, network: Network | None = None) -> Line:
    """Return the source of a live call, on the machine's clock and network unless others are given.

    Raises:
        ConfigError: a CA file that cannot be used, an address for the token that is not safe.
    """
    clock = clock or SystemClock()
    network = network or Network(network_options(settings), clock)
    options = LineOptions(
        call_id=call_id,
        endpoint=safe_url(settings.url or settings.api_url),
        dialect=settings.dialect,
        targets=targets_of(settings),
        audio_limit=settings.audio_queue,
        control_limit=settings.control_queue,
        drop_policy=settings.drop_policy,
    )
    enquirer = enquirer_for(settings, call_id, network, clock)
    return Line(options, link_policy(settings, call_id), network, reader(settings, call_id), clock, enquirer)


def reader(settings: Settings, call_id: str) -> Caller:
    """Return what reads and writes the call's frames."""
    return codec(settings.dialect, audio_format(settings), call_id, endpoint(settings, call_id))


def audio_format(settings: Settings) -> AudioFormat:
    """Return what audio is that does not say so itself."""
    return AudioFormat(settings.audio_format, settings.audio_rate, settings.audio_channels)


def enquirer_for(settings: Settings, call_id: str, network: Network, clock: Clock) -> Enquirer | None:
    """Return who asks for Genesys' own record of the call, if anybody does."""
    query = settings.analytics_query
    if query == "off":
        return None
    inquiry = Inquiry(call_id, settings.analytics_every)
    return Enquirer(query, inquiry, network, clock, settings.conversation or settings.conversation_id)


def targets_of(settings: Settings) -> Targets:
    """Return what a call is judged by."""
    return Targets(
        spike_s=settings.spike_ms / 1000,
        buffer_s=settings.buffer_ms / 1000,
        silent_failure_after_s=settings.silent_failure_after,
        stale_after_s=stale_after_s(settings),
        dead_air_after_s=settings.dead_air_after,
        one_way_after_s=settings.one_way_after,
        max_attempts=settings.max_attempts,
    )


def link_policy(settings: Settings, call_id: str) -> LinkPolicy:
    """Return what decides about the link."""
    return LinkPolicy(
        url=_url(settings, call_id),
        lookup=settings.url is None,
        authorize=settings.authorizes,
        max_attempts=settings.max_attempts,
        backoff_base_s=settings.backoff_base,
        backoff_cap_s=settings.backoff_cap,
        stale_after_s=stale_after_s(settings),
        close_timeout_s=settings.close_timeout,
        reconnect_on_1000=settings.reconnect_on_1000,
    )


def stale_after_s(settings: Settings) -> float:
    """Return after how many seconds of silence the link is dead; where nothing comes unasked that is never."""
    return _NEVER_S if settings.dialect == "cognigy-rest" else settings.stale_after


def _url(settings: Settings, call_id: str) -> str | None:
    spoken_to = endpoint(settings, call_id)
    if spoken_to is None or settings.url is None:
        return settings.url or _app_url(settings)
    if settings.dialect == "cognigy":
        return spoken_to.socket_url(settings.url)
    return spoken_to.request_url(settings.url)


def _app_url(settings: Settings) -> str | None:
    """Where an app's socket is when its lookup names no address (appfoundry.md, 4)."""
    if settings.app_id is None or settings.websocket_id is None:
        return None
    base = settings.api_url.replace("http", "ws", 1)
    return f"{base}/v2/appfoundry/apps/{settings.app_id}/websockets/{settings.websocket_id}"


def network_options(settings: Settings) -> NetworkOptions:
    """Return what is dialled, and with what."""
    return NetworkOptions(
        base_url=settings.api_url,
        token_url=settings.login_url,
        credentials=_credentials(settings),
        app_id=settings.app_id,
        ca_file=settings.ca_file,
        insecure=settings.insecure,
        reply_timeout_s=settings.turn_limit,
        socket=SocketOptions(
            ping_interval_s=settings.ping_interval,
            ping_timeout_s=settings.ping_timeout,
            close_timeout_s=settings.close_timeout,
            open_timeout_s=settings.open_timeout,
            max_message_bytes=settings.max_message_mib * 1024 * 1024,
        ),
    )


def _credentials(settings: Settings) -> Credentials | None:
    if not settings.authorizes or settings.client_id is None or settings.client_secret is None:
        return None
    secret = Secret(settings.client_secret.get_secret_value())
    return Credentials(settings.client_id, secret, settings.token_form == "body", settings.org_id or "")


def endpoint(settings: Settings, call_id: str) -> Endpoint | None:
    """Return the endpoint of a call in a dialect of Cognigy's, None of any other."""
    if not endpoint_scheme(settings.dialect):
        return None
    from dashboard.dialects.cognigy import Endpoint  # for those who speak to one only: a call should be up soon

    assert settings.url_token is not None
    return Endpoint(
        url_token=settings.url_token.get_secret_value(),
        session_id=settings.session_id or f"callscope-{call_id}",
        user_id=settings.user_id,
        conversation_id=settings.conversation_id or "",
        channel=settings.channel,
        test_mode=settings.test_mode,
        intent_keys=tuple(tuple(path.split(".")) for path in settings.intent_keys),
        turn_limit_s=settings.turn_limit,
        ping_s=min(_PING_S, settings.stale_after / 3),
        engine=settings.engine_io,
    )
