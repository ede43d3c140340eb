"""A bot host that plays Genesys' notifications on loopback, and a follower of its conversation."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from dashboard.call.notice_view import NOTIFICATIONS, NoticeView
from dashboard.call.ports import Stop
from dashboard.call.state import CallState
from dashboard.clock import SystemClock
from dashboard.dialects.notifications import Notifications
from dashboard.resilience.oauth import Credentials
from dashboard.resilience.policy import LinkPolicy
from dashboard.resilience.secret import Secret
from dashboard.simulator.dialogue import Turn
from dashboard.simulator.faults import Fault
from dashboard.simulator.notices import Notices
from dashboard.simulator.scenario import Scenario
from dashboard.simulator.server import BotHost
from dashboard.transport.websocket import SocketOptions
from dashboard.worker.channel import ChannelNetwork
from dashboard.worker.follower import Follower, Pace
from dashboard.worker.network import NetworkOptions
from dashboard.worker.options import LineOptions
from tests.unit.worker.told import Told

POLICY = LinkPolicy(
    lookup=True, max_attempts=3, backoff_base_s=0.1, stable_after_s=0.3, stale_after_s=5.0, overlap=True, sessions=False
)
PACE = Pace(ping_s=0.2, read_s=30.0, settle_s=0.05, linger_s=0.5)
TURNS = (
    Turn(who="bot", at_s=0.1, text="Hi."),
    Turn(who="caller", at_s=1.0, text="Yes."),
)
QUICK = Notices(transcripts_after_s=0.2, heartbeat_s=0.4)


def scenario(*faults: Fault, notices: Notices = QUICK, seconds: float = 60.0, loop: bool = False) -> Scenario:
    """A short dialogue, and what goes wrong in it."""
    return Scenario(
        name="followed",
        summary="a conversation that is followed",
        duration_s=seconds,
        loop=loop,
        turns=TURNS,
        faults=faults,
        notifications=notices,
    )


class Followed(Told):
    """What a follower told."""

    def __init__(self, follower: Follower, host: BotHost) -> None:
        super().__init__()
        self.follower = follower
        self.host = host

    @property
    def call(self) -> CallState:
        return self.store.snapshot().get("call") or CallState("call")

    @property
    def view(self) -> NoticeView:
        return self.call.notices or NoticeView()

    @property
    def rows(self) -> list[str]:
        return [line.text for line in self.call.lines]


@contextlib.asynccontextmanager
async def following(
    played: Scenario,
    *,
    policy: LinkPolicy = POLICY,
    pace: Pace = PACE,
    conversation_id: str | None = None,
    secret: str | None = None,
) -> AsyncIterator[Followed]:
    """Serve `played` and follow its conversation; both have ended when this ends."""
    host = BotHost(played)
    await host.start()
    asked = conversation_id or host.ready()["conversation_id"]
    follower = follower_of(host, "call", asked, policy, pace, secret=secret)
    followed = Followed(follower, host)
    running = asyncio.create_task(follower.run(followed.put))
    try:
        yield followed
    finally:
        follower.command(Stop())
        async with asyncio.timeout(5.0):
            await running
        await host.stop()


def follower_of(
    host: BotHost, call_id: str, asked: str, policy: LinkPolicy, pace: Pace, *, secret: str | None = None
) -> Follower:
    """Return a follower of a conversation of `host`."""
    clock, ready = SystemClock(), host.ready()
    options = NetworkOptions(
        base_url=ready["base_url"],
        token_url=ready["token_url"],
        credentials=Credentials(ready["client_id"], Secret(secret or ready["client_secret"])),
        socket=SocketOptions(ping_interval_s=None, open_timeout_s=5.0, close_timeout_s=0.5),
    )
    codec = Notifications(call_id, asked, clock.wall() - clock.monotonic())
    line = LineOptions(call_id, ready["base_url"], NOTIFICATIONS)
    return Follower(line, replace(policy), ChannelNetwork(options, asked, clock), codec, clock, pace)
