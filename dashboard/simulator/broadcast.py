"""One connection of a notification channel: what is told of a call, when it is due, until one side ends it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, replace
from typing import Any

from dashboard.clock import Clock
from dashboard.simulator import notices
from dashboard.simulator.faults import Abort, AnnounceClose, Close, Evict, Garbage, Unsubscribe
from dashboard.simulator.garbage import MESSAGES
from dashboard.simulator.performance import Performance, Permit
from dashboard.simulator.session import Session
from dashboard.transport.listener import Frame, FrameKind, Peer

_EVICTED = Close(kind="close", at_s=0, code=1000, reason="channel removed")
_AFTER_ALL_S = 0.5
"""The last transcript comes before the transcription says that it has ended."""


@dataclass(slots=True)
class ChannelState:
    """A channel as the host keeps it; times are monotonic."""

    channel_id: str
    expires_at: float
    used_at: float
    topics: tuple[str, ...] = ()
    peer: Peer | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class _Due:
    at_s: float
    topic: str
    what: bytes | Abort | Close | AnnounceClose | Unsubscribe | Evict | None
    ends: bool = False  # the call is over with it


class Broadcast(Performance):
    """Tells a session's call over a channel, from `opened_s` of the session on: what was before is not told again."""

    def __init__(
        self, session: Session, channel: ChannelState, peer: Peer, permit: Permit, clock: Clock, opened_s: float
    ) -> None:
        super().__init__(session, peer, permit, clock, opened_s, lambda at, position: None)
        self._channel = channel
        self._wall = clock.wall() - clock.monotonic()
        self._notices = session.scenario.notifications
        self._news: asyncio.Queue[Abort | Close] = asyncio.Queue()

    def _jobs(self, first: Frame | None) -> list[Coroutine[Any, Any, Abort | Close | None]]:
        told = [self._tell(), self._listen(first), self._beat(), self._cut_when_told()]
        return [*told, self._expire(), self._cut_when_idle(), self._cut_when_old()]

    async def _tell(self) -> Abort | Close | None:
        for due in self._dues():
            await self._until(due.at_s)
            self._session.ended = self._session.ended or due.ends
            match due.what:
                case Abort() | Close():
                    return due.what
                case AnnounceClose(after_s=after_s, reason=reason):
                    await self._send(notices.system("socket_closing", self._channel.channel_id, reason))
                    asyncio.get_running_loop().call_later(after_s, self._news.put_nowait, _closing(reason))
                case Unsubscribe(reason=reason):
                    self._channel.topics = ()
                    await self._send(notices.system("no_longer_subscribed", self._channel.channel_id, reason))
                case Evict():
                    self._channel.gone = True
                    return _EVICTED
                case bytes(data) if not due.topic or due.topic in self._channel.topics:
                    await self._send(data)
        await asyncio.get_running_loop().create_future()
        return None

    async def _take(self, frame: Frame) -> None:
        if frame.kind is FrameKind.TEXT and _is_ping(frame.data):
            await self._send(notices.metadata("pong"))
        elif frame.kind is FrameKind.PING:
            await super()._take(frame)

    async def _beat(self) -> None:
        """Say every now and then that the channel lives."""
        while True:
            await asyncio.sleep(self._notices.heartbeat_s)
            await self._send(notices.metadata("WebSocket Heartbeat"))

    async def _cut_when_told(self) -> Abort | Close:
        return await self._news.get()

    # -- what is due ----------------------------------------------------------------------------------------

    def _dues(self) -> Iterator[_Due]:
        round_, session = 0, self._session
        round_s = session.scenario.duration_s
        round_ = int(self._opened_s // round_s) if session.scenario.loop else 0
        while True:
            begin_s = round_ * round_s
            dues = [*self._beginning(round_), *self._said(begin_s), *self._happening(round_), *self._ending()]
            yield from (due for due in sorted(dues, key=lambda due: due.at_s) if due.at_s >= self._opened_s)
            if not session.scenario.loop:
                return
            round_ += 1
            yield _Due(round_ * round_s, "", None)

    def _beginning(self, round_: int) -> Iterator[_Due]:
        if round_ == 0:
            yield self._event(0.05, "customer.start", notices.CUSTOMER)
            yield self._event(0.1, "flow.start", notices.BOT)

    def _said(self, begin_s: float) -> Iterator[_Due]:
        session, scenario = self._session, self._session.scenario
        topic = f"v2.conversations.{session.conversation_id}.transcription"
        for number, (turn, placed) in enumerate(zip(scenario.turns, scenario.placed, strict=True)):
            if turn.who == "bot" and session.bot_is_silent(begin_s + placed.start_s):
                continue
            at_s = session.plan.released_s(begin_s + placed.end_s + self._notices.transcripts_after_s)
            number += round(begin_s * 1000)
            began = self._wall + session.began + begin_s
            yield _Due(at_s, topic, notices.transcript(session.conversation_id, number, turn, placed, began))

    def _happening(self, round_: int) -> Iterator[_Due]:
        for one in self._session.plan.happenings(round_):
            match one.fault:
                case Garbage(messages=names):
                    yield _Due(one.at_s, "", MESSAGES[names[one.nth % len(names)]]())
                case Abort() | Close() | AnnounceClose() | Unsubscribe() | Evict():
                    yield _Due(one.at_s, "", one.fault)

    def _ending(self) -> Iterator[_Due]:
        """Yield how a call that does not loop ends."""
        session, end_s = self._session, self._session.scenario.duration_s
        if session.scenario.loop:
            return
        how = notices.disconnected(session.scenario.analytics.disconnect_type)
        lasted = {"disconnectType": how, "interactingDurationMs": round(end_s * 1000)}
        yield self._event(end_s, "flow.end", notices.BOT, **lasted)
        yield replace(self._event(end_s, "customer.end", notices.CUSTOMER, **lasted), ends=True)
        topic = f"v2.conversations.{session.conversation_id}.transcription"
        late_s = end_s + self._notices.transcripts_after_s + _AFTER_ALL_S
        ended = notices.transcription_ended(session.conversation_id, self._wall + session.began, end_s)
        yield _Due(late_s, topic, ended)

    def _event(self, at_s: float, what: str, participant: str, **more: Any) -> _Due:
        session = self._session
        topic = f"v2.detail.events.conversation.{session.conversation_id}.{what}"
        wall = self._wall + session.began + at_s
        return _Due(at_s, topic, notices.event(session.conversation_id, what, participant, wall, **more))


def _closing(reason: str) -> Close:
    return Close(kind="close", at_s=0, code=1001, reason=reason[:100])


def _is_ping(data: bytes) -> bool:
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("message") == "ping"
