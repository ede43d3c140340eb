"""Plays the part of Genesys: dials an AudioHook server and plays a scenario to it.

What is a frame that the host leaves out in another dialect is `discarded` here; sound comes in the scenario's frames,
PCMU at 8 kHz, the caller on the external channel and the bot on the internal one.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import ssl
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dashboard.call.events import ErrorReceived, MalformedReceived, PingMeasured
from dashboard.call.hook_events import HookAccepted, RuleBroken
from dashboard.clock import Clock, SystemClock
from dashboard.dialects.audiohook_access import Access
from dashboard.dialects.audiohook_client import HookClient, Offer
from dashboard.dialects.base import Item
from dashboard.errors import DashboardError
from dashboard.simulator.breaches import BREACHES
from dashboard.simulator.faults import Abort, Breach, Close, Garbage, Hold, MaxAge, NoPings, Return
from dashboard.simulator.garbage import MESSAGES
from dashboard.simulator.plan import FaultPlan, Happening
from dashboard.simulator.scenario import Scenario
from dashboard.simulator.voices import Mixer
from dashboard.transport.pumped import Pump
from dashboard.transport.tapped import Arrival
from dashboard.transport.websocket import Socket, connect

TICK_S = 0.05
_CUSTOMER, _AGENT = 0, 1


@dataclass(slots=True)
class Outcome:
    """What became of the sessions of a caller."""

    scenario: str
    conversation_id: str
    sessions: int = 0
    frames: int = 0
    opened_s: list[float] = field(default_factory=list)
    rtts_s: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """Rules that the server broke."""
    closed: bool = False
    """The last session was closed as it should be."""

    def take(self, items: list[Item]) -> None:
        for item in items:
            match item:
                case HookAccepted(took_s=took_s):
                    self.opened_s.append(took_s)
                case PingMeasured(rtt_s=rtt_s):
                    self.rtts_s.append(rtt_s)
                case RuleBroken(rule=rule, by="server"):
                    self.broken.append(rule)
                case MalformedReceived(problem=problem):
                    self.broken.append(problem)
                case ErrorReceived(message=message):
                    self.errors.append(message)

    def to_json(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return {
            "scenario": self.scenario,
            "conversation_id": self.conversation_id,
            "sessions": self.sessions,
            "frames": self.frames,
            "opened_ms": [round(took_s * 1000, 3) for took_s in self.opened_s],
            "rtt_ms": [round(rtt_s * 1000, 3) for rtt_s in self.rtts_s],
            "errors": self.errors,
            "broken": self.broken,
            "closed": self.closed,
        }


def someone(seed: int | None = None, **extra: Any) -> Offer:
    """Return the offer of a session of somebody made up; the same seed makes up the same."""
    dice = random.Random(seed)
    session, organization, conversation, participant, correlation = (
        str(uuid.UUID(int=dice.getrandbits(128), version=4)) for _ in range(5)
    )
    return Offer(session, organization, conversation, participant, correlation, ani="tel:+15550100", extra=extra)


class HookCaller:
    """One participant of one conversation, calling `url`."""

    def __init__(
        self,
        scenario: Scenario,
        url: str,
        access: Access,
        *,
        offer: Offer | None = None,
        tls: ssl.SSLContext | None = None,
        seed: int = 1,
        clock: Clock | None = None,
        endless: bool = False,
    ) -> None:
        """`endless`: a scenario that loops begins again and again, instead of ending after one round."""
        self.offer = offer or someone()
        self.outcome = Outcome(scenario.name, self.offer.conversation_id)
        self.endless = endless and scenario.loop
        self._scenario = scenario
        self._url = url
        self._access = access
        self._tls = tls or ssl.create_default_context()
        self._seed = seed
        self._clock = clock or SystemClock()
        self._plan = FaultPlan(
            scenario.faults,
            frame_s=scenario.audio.frame_s,
            frames_per_round=scenario.frames_per_round,
            vary_s=scenario.vary_s,
            seed=seed,
        )
        self._back = self._plan.constant(Return)

    async def run(self) -> Outcome:
        """Call until the scenario has ended; raises DashboardError when it is not let in the first time."""
        from_s = 0.0
        while True:
            try:
                session = await self._dial()
            except DashboardError:
                if not self.outcome.sessions:
                    raise
                return self.outcome
            self.outcome.sessions += 1
            reached_s = await session.play(from_s)
            if self._back is None or reached_s is None:
                return self.outcome
            await asyncio.sleep(self._back.after_s)
            from_s = reached_s + self._back.after_s
            self.offer = replace(self.offer, session_id=someone(self._seed + self.outcome.sessions).session_id)

    async def _dial(self) -> _Session:
        headers = self._access.headers(self.offer, self._url, nonce=secrets.token_urlsafe(24), wall=self._clock.wall())
        socket = await connect(self._url, clock=self._clock, tls=self._tls, headers=headers)
        return _Session(self, socket)

    # -- what a session needs -----------------------------------------------------------------------------

    @property
    def scenario(self) -> Scenario:
        return self._scenario

    @property
    def plan(self) -> FaultPlan:
        return self._plan

    @property
    def seed(self) -> int:
        return self._seed

    def now(self) -> float:
        return self._clock.monotonic()


class _Session:
    """One session over one connection."""

    def __init__(self, caller: HookCaller, socket: Socket) -> None:
        self._caller = caller
        self._socket = socket
        self._breach: str | None = None
        pings = caller.plan.constant(NoPings) is None
        self._client = HookClient("simulated", caller.offer, pings=pings, tamper=self._tamper)
        self._mixer = Mixer(replace(caller.scenario.audio, encoding="pcmu", rate=8000, channels=2), caller.seed)
        self._pump = Pump(socket, self._client, self._sent)
        self._opened = asyncio.Event()
        self._round_s = caller.scenario.frames_per_round * caller.scenario.audio.frame_s
        self._lost = False
        self._opened_s = 0.0  # of the scenario
        self._began = 0.0

    async def play(self, from_s: float) -> float | None:
        """Play the scenario from there; return where it was lost, None when it ended."""
        self._socket.deliver_to(self._arrived, lambda at, rtt_s: None)
        ended = asyncio.create_task(self._socket.closed())
        helpers = [asyncio.create_task(self._pump.run()), asyncio.create_task(self._tick())]
        self._client.start(self._now())
        self._pump.pump()
        playing = asyncio.create_task(self._play(from_s))
        try:
            await asyncio.wait({ended, playing}, return_when=asyncio.FIRST_COMPLETED)
            if playing.done():
                playing.result()
                await ended
            elif self._client.state not in ("closing", "closed"):
                self._lost = True
        finally:
            for task in (playing, ended, *helpers):
                task.cancel()
            await asyncio.gather(playing, ended, *helpers, return_exceptions=True)
        self._caller.outcome.closed = self._client.state == "closed" and not self._lost
        return self._now() - self._began if self._lost else None

    async def _play(self, from_s: float) -> None:
        await self._opened.wait()
        self._began, self._opened_s = self._now() - from_s, from_s
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(job) for job in (self._happen(from_s), self._hold(), self._grow_old())]
            await self._speak(from_s)
            self._client.close(self._now())
            self._send()
            for task in beside:
                task.cancel()

    async def _speak(self, from_s: float) -> None:
        """Send the audio, each frame at its own time; what is left out is told before the next one."""
        scenario, plan, client = self._caller.scenario, self._caller.plan, self._client
        frame_s, left_out_s, index = scenario.audio.frame_s, 0.0, plan.first_frame(from_s)
        while self._caller.endless or index < scenario.frames_per_round:
            frame = plan.frame(index)
            start_s = index % scenario.frames_per_round * frame_s
            index += 1
            await self._until(frame.leave_s)
            if frame.dropped or self._silenced():
                left_out_s += frame_s if frame.dropped else 0.0
                continue
            if left_out_s:
                client.discard(left_out_s, self._now())
                left_out_s = 0.0
            if client.streams and client.media is not None:
                sound = self._mixer.frame(start_s, scenario.placed, frame.muted, frame.gains_db)
                client.audio(_of_channels(sound, client.media.channels), self._now())
                self._caller.outcome.frames += 1
            self._send()
        await self._until(scenario.duration_s)

    async def _happen(self, from_s: float) -> None:
        round_ = int(from_s // self._round_s)
        while True:
            for one in self._caller.plan.happenings(round_):
                if one.at_s >= from_s:
                    await self._until(one.at_s)
                    await self._do(one)
            if not self._caller.endless:
                return
            round_ += 1
            await self._until(round_ * self._round_s)

    async def _do(self, one: Happening) -> None:
        match one.fault:
            case Abort():
                await self._lose(None)
            case Close(code=code, reason=reason):
                await self._lose(code, reason)
            case Garbage(messages=names):
                self._pump.send(MESSAGES[names[one.nth % len(names)]]().decode("utf-8", "replace"))
            case Breach(rules=rules):
                self._breach = rules[one.nth % len(rules)]
                self._client.update("en-US", self._now())
                self._send()

    async def _grow_old(self) -> None:
        """End the connection when it has become too old."""
        limit = self._caller.plan.constant(MaxAge)
        if limit is not None:
            await asyncio.sleep(limit.after_s)
            await self._lose(limit.code, limit.reason)

    async def _lose(self, code: int | None, reason: str = "") -> None:
        """End the connection in mid-call, without a close frame if there is no code."""
        self._lost = True
        if code is None:
            self._socket.abort()
        else:
            await self._socket.close(code, reason)

    async def _hold(self) -> None:
        """Put the caller on hold where the scenario says so."""
        plan, held = self._caller.plan, False
        while True:
            wanted = next(plan.active(Hold, self._at()), None) is not None
            if wanted is not held:
                held = wanted
                (self._client.pause if held else self._client.resume)(self._now())
                self._send()
            await asyncio.sleep(TICK_S)

    def _tamper(self, fields: dict[str, Any]) -> dict[str, Any] | str | None:
        breach, self._breach = self._breach, None
        return fields if breach is None else BREACHES[breach](fields)

    # -- the socket ---------------------------------------------------------------------------------------

    def _arrived(self, arrival: Arrival) -> None:
        self._caller.outcome.take(self._client.receive(arrival.data, text=arrival.text, at=arrival.at))
        if self._client.state == "open":
            self._opened.set()
        self._send()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._client.tick(self._now())
            self._send()

    def _send(self) -> None:
        """Let leave what is to be sent, unless this connection is open and nothing comes over it any more."""
        if not self._silenced():
            self._pump.pump()

    def _silenced(self) -> bool:
        return self._opened.is_set() and self._caller.plan.half_open(self._at(), self._opened_s) is not None

    def _sent(self, items: Sequence[Item]) -> None:
        self._caller.outcome.take([item for item in items if isinstance(item, ErrorReceived)])

    # -- time ---------------------------------------------------------------------------------------------

    def _now(self) -> float:
        return self._caller.now()

    def _at(self) -> float:
        """Seconds of the scenario."""
        return self._now() - self._began

    async def _until(self, at_s: float) -> None:
        await asyncio.sleep(max(0.0, at_s - self._at()))


def _of_channels(stereo: bytes, channels: tuple[str, ...]) -> bytes:
    """Return the selected channels of caller and bot, interleaved in their order."""
    sides = {"external": stereo[_CUSTOMER::2], "internal": stereo[_AGENT::2]}
    if len(channels) == 1:
        return sides[channels[0]]
    both = bytearray(len(stereo))
    for index, channel in enumerate(channels):
        both[index::2] = sides[channel]
    return bytes(both)
