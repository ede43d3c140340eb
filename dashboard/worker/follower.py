"""A call that is followed by Genesys' notifications: a line whose other end is a channel."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from dashboard.call.events import Cause, ConnectionLost, ConnectionOpened, Event, LinkState, SessionStarted
from dashboard.call.notification_events import (
    ChannelMoved,
    ChannelSubscribed,
    ClosingAnnounced,
    GapMarked,
    PartyJoined,
    PartyLeft,
    RequestFailed,
    SubscriptionLost,
    TranscriptionChanged,
)
from dashboard.call.ports import Command, Say
from dashboard.call.words import cause_words
from dashboard.clock import Clock
from dashboard.dialects.notifications import Notifications
from dashboard.resilience.genesys_errors import correlation_id
from dashboard.resilience.link import Outcome
from dashboard.resilience.orders import Order, Replace
from dashboard.resilience.policy import LinkPolicy
from dashboard.resilience.retry import Failure, LinkError
from dashboard.worker.channel import ChannelNetwork, Standing
from dashboard.worker.enquirer import Enquirer
from dashboard.worker.line import Line
from dashboard.worker.network import Wire
from dashboard.worker.options import LineOptions

_UNHEARD = "nobody listens on this wire: notifications only tell"
_SOON_S = 1.0
_RETRY_S = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How often what is done, seconds.

    ping_s: a ping is sent. read_s: the conversation is read, besides after its events and each opening. settle_s: that
    long after an event, for more may follow. linger_s: a conversation that is over is followed on for late transcripts.
    """

    ping_s: float = 20.0
    read_s: float = 60.0
    settle_s: float = 2.0
    linger_s: float = 90.0


class Follower(Line):
    """A source: follows one conversation until it is over, or until it is stopped."""

    def __init__(
        self,
        options: LineOptions,
        policy: LinkPolicy,
        network: ChannelNetwork,
        codec: Notifications,
        clock: Clock,
        pace: Pace,
        enquirer: Enquirer | None = None,
    ) -> None:
        super().__init__(options, policy, network, codec, clock, enquirer)
        self._genesys = network
        self._told = codec
        self._pace = pace
        self._gap_since: float | None = None
        self._opened_now = asyncio.Event()
        self._subscribed = asyncio.Event()
        self._happened = asyncio.Event()
        self._replacing: asyncio.Task[Any] | None = None
        self._again: asyncio.Task[Any] | None = None
        self._again_at = -math.inf

    def _work(self) -> list[Coroutine[Any, Any, None]]:
        return [*super()._work(), self._ping(), self._keep_channel(), self._keep_reading(), self._end_when_over()]

    # -- what the link wants and tells --------------------------------------------------------------------

    def _obey(self, command: Command) -> Sequence[Outcome]:
        if not isinstance(command, Say):
            return super()._obey(command)
        now = self._now()
        facts = self._outbox.hold(command.text, now)
        utterance = self._outbox.take(now)
        return facts if utterance is None else [*facts, self._outbox.lost(utterance, now, _UNHEARD)]

    def _carry_out(self, order: Order) -> None:
        if isinstance(order, Replace):
            why = cause_words(order.cause)
            self._replacing = self._steps.begin(
                self._another, lambda socket: self._moved(socket, why), unwanted=self._drop
            )
        else:
            super()._carry_out(order)

    def _report(self, fact: Event) -> None:
        if isinstance(fact, ConnectionLost):
            self._gap_since = fact.last_inbound_at if self._gap_since is None else self._gap_since
        if isinstance(fact, ConnectionOpened):
            self._told.opened(self._genesys.channel.name if self._genesys.channel else "")
        super()._report(fact)
        if isinstance(fact, ConnectionOpened):
            self._opened_now.set()
            standing = self._genesys.news()
            if standing is not None:
                self._tell_standing(standing)
            else:  # a kept channel: what has happened meanwhile, it did not tell
                self._happened.set()

    def _take_message(self, fact: Event) -> None:
        super()._take_message(fact)
        match fact:
            case SessionStarted():
                self._mark_gap(fact.at)
            case ClosingAnnounced(reason=reason):
                self._leave(Cause.CLOSE_ANNOUNCED, reason or "socket closing")
            case SubscriptionLost():
                self._gap_since = fact.at if self._gap_since is None else self._gap_since
                if self._again is None or self._again.done():
                    self._again = self._spawn(self._subscribe_again())
            case PartyJoined() | PartyLeft() | TranscriptionChanged():
                self._happened.set()

    def _mark_gap(self, at: float) -> None:
        if self._gap_since is not None:
            since, self._gap_since = self._gap_since, None
            self._emit(GapMarked(self._options.call_id, at, since))

    def _leave(self, cause: Cause, why: str) -> None:
        self._inbox.put_nowait(lambda: self._link.leave(self._now(), cause, why))

    # -- from one connection to the next ------------------------------------------------------------------

    async def _another(self) -> Wire:
        try:
            return await self._genesys.another()
        except LinkError as error:
            self._tell_failure("another connection", error.failure, None)
            raise

    def _moved(self, socket: Wire, why: str) -> Sequence[Outcome]:
        before, self._socket, self._spoke = self._socket, socket, False
        if before is not None:
            self._spawn(before.close(1000, "moved"))
        self._spawn(self._watch(socket))
        asyncio.get_running_loop().call_soon(self._deliver, socket)
        outcomes = self._link.replaced(self._now(), socket.endpoint, socket.clock)
        return [*outcomes, ChannelMoved(self._options.call_id, self._now(), why)]

    async def _watch(self, socket: Wire) -> None:
        await socket.closed()
        if self._replacing is not None and not self._replacing.done():
            await asyncio.wait({self._replacing})  # a second socket to a channel ends the first: that is meant to be
        await super()._watch(socket)

    # -- what goes on beside the link -----------------------------------------------------------------------

    async def _ping(self) -> None:
        """Ask for a pong at each opening, and then often."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.ping_s):
                    await self._opened_now.wait()
            self._opened_now.clear()
            if self._socket is not None:
                await self._send(self._told.ping(self._now()))

    async def _keep_channel(self) -> None:
        """Subscribe the topics again before Genesys drops the channel: that needs no other connection."""
        while True:
            channel = self._genesys.channel
            with suppress(TimeoutError):
                async with asyncio.timeout(None if channel is None else max(0.0, channel.renew_at - self._now())):
                    await self._subscribed.wait()
                self._subscribed.clear()
                continue
            try:
                standing = await self._genesys.subscribe()
            except LinkError as error:
                again_s = max(_RETRY_S, error.failure.retry_after_s or 0.0)
                self._tell_failure("keeping the channel", error.failure, again_s)
                await asyncio.sleep(again_s)
                continue
            self._tell_standing(standing)
            if standing.created:
                self._leave(Cause.SUBSCRIPTION_LOST, "another channel")

    async def _subscribe_again(self) -> None:
        """Take the topics back; never right after the last time, or two clients would take them from each other."""
        patience_s = self._link.policy.stable_after_s
        await asyncio.sleep(max(0.0, self._again_at + patience_s - self._now()))
        self._again_at = self._now()
        try:
            standing = await self._genesys.subscribe()
        except LinkError as error:
            self._tell_failure("subscribing again", error.failure, None)
            self._leave(Cause.SUBSCRIPTION_LOST, "subscription lost")
            return
        self._tell_standing(standing)
        if standing.created:
            self._leave(Cause.SUBSCRIPTION_LOST, "another channel")
        else:
            self._mark_gap(self._now())

    async def _keep_reading(self) -> None:
        """Ask how the conversation stands: after each opening, after events, and now and then."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.read_s):
                    await self._happened.wait()
            await asyncio.sleep(self._pace.settle_s)
            self._happened.clear()
            if self._link.state is not LinkState.OPEN:
                continue
            try:
                found = await self._genesys.conversation()
            except LinkError as error:
                failure = error.failure
                if failure.cause is Cause.PERMISSION_MISSING:
                    return  # it has been told at the opening
                again_s = max(self._pace.read_s, failure.retry_after_s or 0.0)
                self._tell_failure("reading the conversation", failure, again_s)
                await asyncio.sleep(again_s)
            else:
                self._report(self._told.read(found.parties, found.over, self._now()))

    async def _end_when_over(self) -> None:
        """Leave a conversation that is over, once a late transcript has had its time."""
        over_since: float | None = None
        while over_since is None or self._now() < over_since + self._pace.linger_s:
            await asyncio.sleep(_SOON_S)
            over_since = (over_since or self._now()) if self._told.over else None
        self._why_ended = "the conversation is over"
        self._inbox.put_nowait(lambda: self._link.stop(self._now()))

    # -- facts ------------------------------------------------------------------------------------------------

    def _tell_standing(self, standing: Standing) -> None:
        channel, subscribed = standing.channel, standing.subscribed
        call_id, now = self._options.call_id, self._now()
        self._subscribed.set()
        self._report(
            ChannelSubscribed(
                call_id, now, channel.name, subscribed.topics, subscribed.refused, channel.expires_at, standing.created
            )
        )
        if standing.conversation is not None:
            self._report(self._told.read(standing.conversation.parties, standing.conversation.over, now))
        if standing.untold is not None:
            self._tell_failure("reading the conversation", standing.untold, None)

    def _tell_failure(self, what: str, failure: Failure, again_s: float | None) -> None:
        fact = RequestFailed(
            self._options.call_id,
            self._now(),
            what,
            failure.detail,
            failure.status,
            again_s,
            correlation_id(failure.headers),
        )
        self._report(fact)
