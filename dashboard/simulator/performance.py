"""One session over one connection: frames and messages leave on an absolute schedule until one side ends it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, NoReturn

from dashboard.clock import Clock
from dashboard.simulator import messages
from dashboard.simulator.dialogue import Intent, Transcript
from dashboard.simulator.faults import Abort, Close, IdleCut, MaxAge
from dashboard.simulator.session import Session
from dashboard.simulator.voices import Placed
from dashboard.transport.listener import Frame, FrameKind, Peer

Sent = Callable[[float, float], None]
"""Called with monotonic send time and media position of each frame, in seconds."""

CALL_ENDED = Close(kind="close", at_s=0, code=1000, reason="call ended", end_session=True)

_ANSWERS_LIMIT = 8


@dataclass(frozen=True, slots=True)
class Permit:
    """Until when a connection may stay open (monotonic), and the code it is closed with then."""

    until: float
    close_code: int


class Performance:
    """Plays a session to a peer, from `opened_s` of the session on."""

    def __init__(self, session: Session, peer: Peer, permit: Permit, clock: Clock, opened_s: float, sent: Sent) -> None:
        self._session = session
        self._peer = peer
        self._permit = permit
        self._clock = clock
        self._sent = sent
        self._opened_s = opened_s
        self._heard_at = clock.monotonic()
        self._answers: set[asyncio.Task[None]] = set()

    async def run(self, first: Frame | None) -> None:
        """Play until the call ends, a fault ends the connection, or the peer leaves. `first` came before."""
        jobs = {asyncio.create_task(job) for job in self._jobs(first)}
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*jobs, *self._answers):
                task.cancel()
            await asyncio.gather(*jobs, *self._answers, return_exceptions=True)
        # A connection that broke while we were sending is the peer's leave; anything else is our own mistake.
        await self._end([task.result() for task in done if not isinstance(task.exception(), ConnectionError)])

    def _jobs(self, first: Frame | None) -> list[Coroutine[Any, Any, Abort | Close | None]]:
        talk = [self._play(), self._tell(), self._listen(first)]
        return [*talk, self._expire(), self._cut_when_idle(), self._cut_when_old()]

    async def _end(self, endings: list[Abort | Close | None]) -> None:
        for ending in endings:
            match ending:
                case Abort():
                    self._peer.abort()
                case Close(code=code, reason=reason, end_session=end_session):
                    self._session.ended = self._session.ended or end_session
                    await self._peer.close(code, reason)

    def _now_s(self) -> float:
        return self._clock.monotonic() - self._session.began

    async def _until(self, at_s: float) -> None:
        """Sleep until a moment of the session; at least give others a turn."""
        await asyncio.sleep(max(0.0, at_s - self._now_s()))

    def _silenced(self) -> bool:
        return self._session.plan.half_open(self._now_s(), self._opened_s) is not None

    async def _send(self, data: bytes, kind: FrameKind = FrameKind.TEXT) -> None:
        if not self._silenced():
            await self._peer.send(data, kind)

    async def _play(self) -> Close:
        """Send the audio: frame i is due at its own place on the session's clock, whatever happened before it."""
        session = self._session
        form = session.scenario.audio
        kind = FrameKind.BINARY if form.transport == "binary" else FrameKind.TEXT
        index = session.plan.first_frame(self._opened_s)
        while session.frames is None or index < session.frames:
            plan = session.plan.frame(index)
            await self._until(plan.leave_s)
            if not plan.dropped and not self._silenced():
                data = session.audio(index, plan)
                left = self._clock.monotonic()
                await self._peer.send(data, kind)
                self._sent(left, index * form.frame_s)
            index += 1
        await self._until(index * form.frame_s)
        return CALL_ENDED

    async def _tell(self) -> Abort | Close | None:
        """Send the dialogue's messages, and end the connection where a fault says so."""
        for part in self._session.parts(self._opened_s):
            await self._until(part.at_s)
            if isinstance(part.what, Abort | Close):
                return part.what
            if part.what is not None:
                await self._send(self._session.written(part.what))
        return await _never()

    async def _listen(self, frame: Frame | None) -> None:
        """Take what the peer says until it leaves."""
        while True:
            if frame is not None:
                await self._take(frame)
            frame = await self._peer.receive()
            if frame is None:
                return
            self._heard_at = self._clock.monotonic()

    async def _take(self, frame: Frame) -> None:
        if frame.kind is FrameKind.PING:
            silence = self._session.plan.half_open(self._now_s(), self._opened_s)
            if silence is None or silence.answer_pings:
                await self._peer.send(frame.data, FrameKind.PONG)
        elif frame.kind is FrameKind.TEXT and isinstance(messages.read(frame.data), messages.Utterance):
            self._begin(self._answer())

    def _begin(self, answer: Coroutine[Any, Any, None]) -> None:
        if len(self._answers) >= _ANSWERS_LIMIT:
            answer.close()
        else:
            task = asyncio.create_task(answer)
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)

    async def _answer(self) -> None:
        answer = self._session.scenario.answer
        if answer is None or self._session.bot_is_silent(self._now_s()):
            return
        await self._until(self._now_s() + answer.delay_s)
        self._session.say(Placed("bot", answer.sound("bot"), self._now_s()))
        with contextlib.suppress(ConnectionError):  # the listening job learns of it too, and ends the performance
            if answer.intent is not None:
                await self._send(self._session.written(Intent(answer.intent, answer.confidence)))
            await self._send(self._session.written(Transcript("bot", answer.words(), final=True)))

    async def _expire(self) -> Close:
        """Close when the token of the connection dies."""
        await asyncio.sleep(self._permit.until - self._clock.monotonic())
        return Close(kind="close", at_s=0, code=self._permit.close_code, reason="token expired")

    async def _cut_when_idle(self) -> Abort:
        """Cut the connection when the path has heard nothing of the client for too long."""
        idle = self._session.plan.constant(IdleCut)
        if idle is None:
            return await _never()
        while True:
            rest_s = self._heard_at + idle.after_s - self._clock.monotonic()
            if rest_s <= 0:
                return Abort(kind="abort", at_s=0)
            await asyncio.sleep(rest_s)

    async def _cut_when_old(self) -> Abort | Close:
        """End the connection when it has become too old."""
        limit = self._session.plan.constant(MaxAge)
        if limit is None:
            return await _never()
        await asyncio.sleep(limit.after_s)
        if limit.code is None:
            return Abort(kind="abort", at_s=0)
        return Close(kind="close", at_s=0, code=limit.code, reason=limit.reason)


async def _never() -> NoReturn:
    """Wait until cancelled."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError("nobody holds that future")
