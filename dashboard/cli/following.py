"""From settings to a follower: a live call that Genesys' notifications tell about."""

from __future__ import annotations

from dataclasses import replace

from dashboard.call.notice_view import NOTIFICATIONS
from dashboard.call.ports import Overheard
from dashboard.cli.follow_settings import STALE_AFTER_S
from dashboard.cli.line import enquirer_for, network_options, targets_of
from dashboard.cli.settings import Settings
from dashboard.clock import Clock
from dashboard.dialects.notifications import Notifications
from dashboard.resilience.policy import LinkPolicy
from dashboard.transport.websocket import SocketOptions
from dashboard.wiretext import safe_url
from dashboard.worker.channel import ChannelNetwork
from dashboard.worker.follower import Follower, Pace
from dashboard.worker.joined import Joined
from dashboard.worker.network import Network, NetworkOptions
from dashboard.worker.options import LineOptions

LINGER_S = 40.0
"""How long a conversation is followed on when its sound has ended: transcripts come about 35 s late."""


def follower(settings: Settings, call_id: str, clock: Clock, network: ChannelNetwork | None = None) -> Follower:
    """Return the source of a conversation that is followed; raises ConfigError as `line` does."""
    assert settings.conversation is not None
    network = network or ChannelNetwork(follow_options(settings), settings.conversation, clock)
    return _follower(settings, call_id, settings.conversation, clock, network)


def joined(settings: Settings, calls: Overheard, clock: Clock) -> Joined:
    """Return a source of calls that come in, each with what Genesys tells of its conversation.

    Raises:
        ConfigError: a CA file that cannot be used, an address for the token that is not safe.
    """
    options = follow_options(settings)
    among = Network(options, clock)
    told = settings.replace(stale_after=STALE_AFTER_S, linger=LINGER_S)

    def follow(call_id: str, conversation_id: str) -> Follower:
        network = ChannelNetwork(options, conversation_id, clock, among)
        return _follower(told, call_id, conversation_id, clock, network)

    return Joined(calls, follow, linger_s=LINGER_S, aclose=among.aclose)


def _follower(
    settings: Settings, call_id: str, conversation_id: str, clock: Clock, network: ChannelNetwork
) -> Follower:
    options = LineOptions(
        call_id=call_id,
        endpoint=safe_url(settings.api_url),
        dialect=NOTIFICATIONS,
        targets=targets_of(settings),
        control_limit=settings.control_queue,
    )
    return Follower(
        options,
        follow_policy(settings),
        network,
        Notifications(call_id, conversation_id, clock.wall() - clock.monotonic()),
        clock,
        Pace(ping_s=settings.ping_interval, linger_s=settings.linger),
        enquirer_for(settings.replace(conversation=conversation_id), call_id, network, clock),
    )


def follow_options(settings: Settings) -> NetworkOptions:
    """Return what is dialled, and with what: WebSocket's own pings are left to the channel's."""
    options = network_options(settings)
    socket: SocketOptions = replace(options.socket, ping_interval_s=None)
    return replace(options, socket=socket)


def follow_policy(settings: Settings) -> LinkPolicy:
    """Return what decides about the channel's link."""
    return LinkPolicy(
        lookup=True,
        max_attempts=settings.max_attempts,
        backoff_base_s=settings.backoff_base,
        backoff_cap_s=settings.backoff_cap,
        stale_after_s=settings.stale_after,
        close_timeout_s=settings.close_timeout,
        overlap=True,
        sessions=False,
    )
