"""From settings to a follower: a live call that Genesys' notifications tell about."""

from __future__ import annotations

from dataclasses import replace

from dashboard.call.notice_view import NOTIFICATIONS
from dashboard.cli.line import enquirer_for, network_options, targets_of
from dashboard.cli.settings import Settings
from dashboard.clock import Clock
from dashboard.dialects.notifications import Notifications
from dashboard.resilience.policy import LinkPolicy
from dashboard.transport.websocket import SocketOptions
from dashboard.wiretext import safe_url
from dashboard.worker.channel import ChannelNetwork
from dashboard.worker.follower import Follower, Pace
from dashboard.worker.network import NetworkOptions
from dashboard.worker.options import LineOptions


def follower(settings: Settings, call_id: str, clock: Clock, network: ChannelNetwork | None = None) -> Follower:
    """Return the source of a conversation that is followed; raises ConfigError as `line` does."""
    conversation_id = settings.conversation
    assert conversation_id is not None
    network = network or ChannelNetwork(follow_options(settings), conversation_id, clock)
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
        enquirer_for(settings, call_id, network, clock),
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
