"""The notification side of the bot host: channels, their topics, their sockets, and how the conversation stands."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from dashboard.clock import Clock
from dashboard.simulator import notices
from dashboard.simulator.broadcast import Broadcast, ChannelState
from dashboard.simulator.faults import Hold
from dashboard.simulator.performance import Permit
from dashboard.simulator.refusals import refuse
from dashboard.simulator.session import Session
from dashboard.transport.listener import Peer, Reply, Request, Upgrade

CHANNELS = "/api/v2/notifications/channels"
CONVERSATIONS = "/api/v2/conversations/"
SOCKETS = "/channels/"

Refusal = Callable[[str], Reply | None]


class Notifier:
    """Serves one conversation, whose session begins when the first socket of a channel is opened.

    `refusal` says whether the scenario refuses a request of this kind now; `permitted` until when a token is good.
    """

    def __init__(
        self,
        conversation_id: str,
        settings: notices.Notices,
        clock: Clock,
        *,
        begin: Callable[[str], Session],
        refusal: Refusal,
        permitted: Callable[[Request], Permit | None],
    ) -> None:
        self.conversation_id = conversation_id
        self._settings = settings
        self._clock = clock
        self._begin = begin
        self._refusal = refusal
        self._permitted = permitted
        self._session: Session | None = None
        self._channels: dict[str, ChannelState] = {}
        self._permits: dict[str, Permit] = {}
        self._leaving: set[asyncio.Future[None]] = set()

    @staticmethod
    def serves(request: Request) -> bool:
        """Tell whether a request is for this side of the host."""
        return request.path.startswith((CHANNELS, CONVERSATIONS, SOCKETS))

    def answer(self, request: Request, base: str) -> Reply | Upgrade:
        """Answer a request; `base` is the address of this host's sockets."""
        if request.path.startswith(SOCKETS):
            return self._open(request)
        permit = self._permitted(request)
        if permit is None:
            return refuse(401)
        if request.path.startswith(CONVERSATIONS):
            return self._conversation(request)
        if request.path == CHANNELS and request.method == "POST":
            return self._create(permit, base)
        if request.path == CHANNELS and request.method == "GET":
            return Reply.of_json({"entities": [self._told(channel, base) for channel in self._channels.values()]})
        channel_id, _, what = request.path.removeprefix(f"{CHANNELS}/").partition("/")
        channel = self._living(channel_id)
        if channel is None:
            return refuse(404)
        if what == "" and request.method in ("GET", "HEAD"):
            return Reply()
        if what == "subscriptions":
            return self._subscriptions(request, channel)
        return refuse(404)

    # -- channels -------------------------------------------------------------------------------------------

    def _create(self, permit: Permit, base: str) -> Reply:
        if refused := self._refusal("lookup") or self._refusal("channel"):
            return refused
        now = self._clock.monotonic()
        while len(self._channels) >= notices.CHANNEL_LIMIT:
            self._evict()
        channel = ChannelState(f"streaming-{secrets.token_urlsafe(12)}", now + self._settings.channel_life_s, now)
        self._channels[channel.channel_id] = channel
        self._permits[channel.channel_id] = permit
        return Reply.of_json(self._told(channel, base))

    def _told(self, channel: ChannelState, base: str) -> dict[str, Any]:
        expires = datetime.fromtimestamp(self._clock.wall() + channel.expires_at - self._clock.monotonic(), UTC)
        return {
            "id": channel.channel_id,
            "connectUri": f"{base}{SOCKETS}{channel.channel_id}",
            "expires": expires.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }

    def _evict(self) -> None:
        """Remove the channel that was used longest ago, one without a connection first."""
        oldest = min(self._channels.values(), key=lambda one: (one.peer is not None, one.used_at))
        del self._channels[oldest.channel_id]
        oldest.gone = True

    def _living(self, channel_id: str) -> ChannelState | None:
        channel, now = self._channels.get(channel_id), self._clock.monotonic()
        if channel is None or channel.gone or channel.expires_at <= now or self._permits[channel_id].until <= now:
            self._channels.pop(channel_id, None)
            return None
        return channel

    def _subscriptions(self, request: Request, channel: ChannelState) -> Reply:
        if refused := self._refusal("subscription"):
            return refused
        if request.method == "DELETE":
            channel.topics = ()
            return Reply(204)
        if request.method != "GET":
            wanted = _topics(request.body)
            if wanted is None:
                return refuse(400)
            wanted = tuple(dict.fromkeys((*channel.topics, *wanted) if request.method == "POST" else wanted))
            if len(wanted) > self._settings.topic_limit:
                return refuse(400, f"The limit of {self._settings.topic_limit} topics of a channel is exceeded.")
            told = [notices.channel_topic(topic, self._settings) for topic in wanted]
            channel.topics = tuple(one["id"] for one in told if one["state"] == "Permitted")
            channel.used_at = self._clock.monotonic()
            channel.expires_at = channel.used_at + self._settings.channel_life_s
            return Reply.of_json({"entities": told})
        return Reply.of_json({"entities": [notices.channel_topic(topic, self._settings) for topic in channel.topics]})

    # -- the socket -----------------------------------------------------------------------------------------

    def _open(self, request: Request) -> Reply | Upgrade:
        if not request.wants_websocket:
            return Reply(426, b"this is a WebSocket", headers={"Upgrade": "websocket"})
        channel = self._living(request.path.removeprefix(SOCKETS))
        if channel is None:
            return refuse(404)
        return Upgrade(lambda peer: self._serve(peer, channel))

    async def _serve(self, peer: Peer, channel: ChannelState) -> None:
        before, channel.peer = channel.peer, peer
        if before is not None:
            leaving = asyncio.ensure_future(before.close(1000, "another connection"))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
        if self._session is None:
            self._session = self._begin(self.conversation_id)
        session = self._session
        session.left_at = None
        channel.used_at = self._clock.monotonic()
        opened_s = self._clock.monotonic() - session.began
        try:
            await Broadcast(session, channel, peer, self._permits[channel.channel_id], self._clock, opened_s).run(None)
        except ConnectionError:
            return  # the peer left while we were speaking
        finally:
            if channel.peer is peer:
                channel.peer = None
                session.left_at = self._clock.monotonic()

    # -- the conversation -----------------------------------------------------------------------------------

    def _conversation(self, request: Request) -> Reply:
        if refused := self._refusal("conversation"):
            return refused
        if self._settings.conversation == "forbidden":
            lacking = "You are missing the following permission(s): conversation:communication:view"
            return refuse(403, f"Unable to perform the requested action. {lacking}")
        asked = request.path.removeprefix(CONVERSATIONS)
        if self._settings.conversation == "unknown" or asked != self.conversation_id:
            return refuse(404)
        return Reply.of_json(self._standing())

    def _standing(self) -> dict[str, Any]:
        now, wall, session = self._clock.monotonic(), self._clock.wall(), self._session
        if session is None:
            return notices.conversation(self.conversation_id, held=False, ended=None, began_wall=wall)
        at_s, scenario = now - session.began, session.scenario
        over = not scenario.loop and at_s >= scenario.duration_s
        held = any(session.plan.active(Hold, at_s))
        ended = scenario.analytics.disconnect_type if over else None
        return notices.conversation(self.conversation_id, held=held, ended=ended, began_wall=wall - at_s)


def _topics(body: bytes) -> tuple[str, ...] | None:
    """Return the topics of a subscription; None for a body that is no list of them."""
    try:
        wanted = json.loads(body)
        return tuple(str(one["id"]) for one in wanted) if isinstance(wanted, list) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
