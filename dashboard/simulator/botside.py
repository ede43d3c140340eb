"""One session of the Audio Connector bot: it listens, answers, is interrupted, and misbehaves as it is told to.

The ways in which it can break the protocol (`Unruly`):

- anybody: lets every key and signature in
- audio_early: sends audio before `opened`
- bad_seq: leaves a number out in its fifth message
- closes_unasked: says `closed` where nobody has said `close`
- deaf_to_429: goes on sending after error 429
- disconnect_early: ends the call while its last words are still being played
- drops: drops the connection when the caller breaks a rule
- fixed_order: checks the signature as if its components stood in the usual order
- flood: sends 20 ms of audio in a message, all that there is at once
- hangs_up: closes the connection where it should say `disconnect`
- never_closed: does not answer `close`
- no_entities: sends events without entities
- no_opened, slow_opened: does not answer `open`, or not in time
- no_pong, wrong_pong: does not answer `ping`, or names another one
- no_probe: does not answer a connection probe
- strict_fields: drops the connection on anything that it does not know
- talks_on: does not stop when the caller speaks
- turn_late: says what it understood after it has answered
- unasked: tells its languages to who has not asked, acknowledges an update that nobody sent, and says a transcript that
  is final twice, of a channel that there is not
- wrong_media: selects media that were not offered
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import count
from typing import Any

from dashboard.call.events import ErrorReceived, MalformedReceived, UnknownReceived
from dashboard.call.hook_events import KeyPressed, PlaybackChanged, RuleBroken
from dashboard.clock import Clock
from dashboard.dialects import audiohook_wire as wire
from dashboard.dialects.audiohook_server import HookServer
from dashboard.dialects.base import AudioFrame
from dashboard.errors import DashboardError
from dashboard.media.levels import SILENCE_DBFS, amplified, measure
from dashboard.simulator.dialogue import Turn
from dashboard.simulator.faults import Abort, Close, Garbage, MaxAge, SilentBot
from dashboard.simulator.garbage import MESSAGES
from dashboard.simulator.plan import FaultPlan
from dashboard.simulator.scenario import Scenario
from dashboard.transport.tapped import Arrival
from dashboard.transport.websocket import Socket

TICK_S = 0.05
CHUNK_S = 0.4
AHEAD_S = 0.4
"""What it says leaves in chunks of this length, so much before it is due: half of what Genesys allows."""
SPEAKS_S = 0.2
ENDED_S = 0.5
"""Sound of this length is a caller who speaks, silence of this length one who has ended."""
KEYS_S = 1.0
SLOW_S = 6.5

_BYTES_PER_S = 8000
_FLOOD_BYTES = 160
_FINAL = {
    "type": "transcript",
    "data": {
        "id": "c4c4c4c4-3333-4444-8555-6f6f6f6f6f6f",
        "channelId": 7,
        "isFinal": True,
        "alternatives": [{"confidence": 1.0, "interpretations": [{"type": "display", "transcript": "hello"}]}],
    },
}
_FIELDS = {"version", "id", "type", "seq", "serverseq", "position", "parameters"}


class _Ear:
    """Tells when the caller speaks, by loudness alone."""

    def __init__(self) -> None:
        self.speaking = False
        self._loud_s = 0.0
        self._quiet_s = 0.0

    def hear(self, frame: AudioFrame) -> bool:
        """Take a frame; return whether the caller has just ended."""
        form = frame.format
        (levels,) = measure([frame.payload], encoding=form.encoding, channels=form.channels).rms[:1]
        if levels[0] > SILENCE_DBFS:
            self._loud_s, self._quiet_s = self._loud_s + frame.duration, 0.0
            self.speaking = self.speaking or self._loud_s >= SPEAKS_S
            return False
        self._quiet_s += frame.duration
        if self._quiet_s < ENDED_S:
            return False
        ended, self.speaking, self._loud_s = self.speaking, False, 0.0
        return ended


class BotSide:
    """One session over one connection."""

    def __init__(
        self,
        scenario: Scenario,
        plan: FaultPlan,
        ways: Collection[str],
        machine: HookServer,
        socket: Socket,
        clock: Clock,
    ) -> None:
        self._scenario = scenario
        self._plan = plan
        self._ways = ways
        self._machine = machine
        self._socket = socket
        self._clock = clock
        self._ear = _Ear()
        self._unsent: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._numbers = count(1)
        self._opened = asyncio.Event()
        self._addressed = asyncio.Event()  # the caller has said something, or pressed keys
        self._silent = asyncio.Event()  # nothing of ours is played
        self._silent.set()
        self._saying = False
        self._interrupted = False
        self._waits_until = 0.0
        self._keyed: asyncio.TimerHandle | None = None
        self._began = 0.0
        self._hanging_up: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Hold the session until its connection has ended."""
        ended = asyncio.create_task(self._socket.closed())
        work = (self._send_all(), self._tick(), self._talk(), self._happen(), self._grow_old())
        jobs = [asyncio.create_task(job) for job in work]
        self._socket.deliver_to(self._arrived, lambda at, rtt_s: None)
        try:
            await ended
        finally:
            for task in (*jobs, ended, self._hanging_up):
                if task is not None:
                    task.cancel()
            await asyncio.gather(*jobs, ended, return_exceptions=True)

    # -- what the caller does ---------------------------------------------------------------------------------

    def _arrived(self, arrival: Arrival) -> None:
        if "strict_fields" in self._ways and arrival.text and not _plain(arrival.data):
            self._socket.abort()
            return
        for item in self._machine.receive(arrival.data, text=arrival.text, at=arrival.at):
            match item:
                case AudioFrame():
                    self._hear(item)
                case KeyPressed():
                    self._key()
                case PlaybackChanged(playing=playing):
                    (self._silent.clear if playing else self._silent.set)()
                case ErrorReceived(code=429, retry_after_s=wait_s) if "deaf_to_429" not in self._ways:
                    self._waits_until = self._now() + (wait_s or 3.0)
                case UnknownReceived() if "strict_fields" in self._ways:
                    self._socket.abort()
                case RuleBroken(by="client") | MalformedReceived() if "drops" in self._ways:
                    self._socket.abort()
        self._pump()

    def _hear(self, frame: AudioFrame) -> None:
        if self._ear.hear(frame):
            self._addressed.set()
        mine = self._saying or not self._silent.is_set()
        if self._ear.speaking and mine and not self._interrupted and "talks_on" not in self._ways:
            self._interrupted = True
            self._machine.event(("barge_in", {}))

    def _key(self) -> None:
        if self._keyed is not None:
            self._keyed.cancel()
        self._keyed = asyncio.get_running_loop().call_later(KEYS_S, self._addressed.set)

    # -- what the bot does ------------------------------------------------------------------------------------

    async def _talk(self) -> None:
        await self._opened.wait()
        greets = bool(self._scenario.turns) and self._scenario.turns[0].who == "bot"
        said = 0
        for turn in self._turns():
            if said or not greets:
                await self._until_addressed()
            await asyncio.sleep(turn.after_s)
            await self._say(turn)
            said += 1
        if "disconnect_early" not in self._ways:
            await asyncio.sleep(AHEAD_S)
            await self._silent.wait()
        if "hangs_up" in self._ways:
            await self._socket.close(1011, "out of order")
            return
        variables = {"Outcome": "resolved", "Turns": str(said)}
        self._machine.disconnect(self._now(), variables=variables)
        self._pump()

    def _turns(self) -> Iterator[Turn]:
        turns = [turn for turn in self._scenario.turns if turn.who == "bot"]
        while turns:
            yield from turns
            if not self._scenario.loop:
                return

    async def _until_addressed(self) -> None:
        while True:
            await self._addressed.wait()
            self._addressed.clear()
            if not any(self._plan.active(SilentBot, self._at())):
                return

    async def _say(self, turn: Turn) -> None:
        sure = 1.0 if turn.confidence is None else turn.confidence
        understood = ("bot_turn_response", {"disposition": "match", "text": turn.words(), "confidence": sure})
        late = "turn_late" in self._ways
        if not late:
            self._machine.event(understood)
            self._pump()
        sound = turn.sound("bot").ulaw
        size = _FLOOD_BYTES if "flood" in self._ways else round(CHUNK_S * _BYTES_PER_S)
        self._saying, self._interrupted, began = True, False, self._at()
        for place in range(0, len(sound), size):
            due_s = began + max(0.0, place / _BYTES_PER_S - AHEAD_S) if size > _FLOOD_BYTES else began
            frame = self._plan.frame(round(due_s / self._scenario.audio.frame_s))
            await self._until(max(due_s, frame.leave_s))
            await asyncio.sleep(max(0.0, self._waits_until - self._now()))
            if self._interrupted or self._machine.session.stage not in ("active", "paused"):
                break
            chunk = sound[place : place + size]
            for who, gain_db in frame.gains_db:
                chunk = amplified(chunk, "pcmu", gain_db) if who == "bot" else chunk
            if not frame.dropped:
                self._unsent.put_nowait(b"\xff" * len(chunk) if "bot" in frame.muted else chunk)
        self._saying = False
        if late:
            self._machine.event(understood)
            self._pump()

    async def _happen(self) -> None:
        await self._opened.wait()
        for one in self._plan.happenings(0):
            await self._until(one.at_s)
            match one.fault:
                case Abort():
                    self._socket.abort()
                case Close(code=code, reason=reason):
                    await self._socket.close(code, reason)
                case Garbage(messages=names):
                    self._unsent.put_nowait(MESSAGES[names[one.nth % len(names)]]().decode("utf-8", "replace"))

    async def _grow_old(self) -> None:
        """End the connection when it has become too old."""
        limit = self._plan.constant(MaxAge)
        if limit is None:
            return
        await asyncio.sleep(limit.after_s)
        if limit.code is None:
            self._socket.abort()
        else:
            await self._socket.close(limit.code, limit.reason)

    # -- the socket -------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._machine.tick(self._now())
            self._pump()

    def _pump(self) -> None:
        texts, _ = self._machine.to_send(self._now())
        for text in texts:
            self._leave(json.loads(text))
        hang_up = self._machine.hang_up
        if hang_up is not None and self._hanging_up is None:
            self._hanging_up = asyncio.create_task(self._socket.close(hang_up.code, hang_up.reason))

    def _leave(self, fields: dict[str, Any]) -> None:
        """Send a message, as the bot's ways would have it."""
        kind, ways = fields["type"], self._ways
        probe = self._machine.session.is_probe
        if (kind == "pong" and "no_pong" in ways) or (kind == "closed" and "never_closed" in ways):
            return
        if kind == "disconnect" and "wrong_media" in ways and not self._opened.is_set():
            kind = fields["type"] = "opened"
            fields["parameters"] = {}
        if kind == "opened":
            if "no_opened" in ways or (probe and "no_probe" in ways):
                return
            if "audio_early" in ways:
                self._unsent.put_nowait(b"\xff" * 1600)
            if "unasked" in ways:
                fields["parameters"]["supportedLanguages"] = ["en-US"]
            if "wrong_media" in ways:
                fields["parameters"]["media"] = [wire.Media(("internal", "external")).entry()]
        elif kind == "pong" and "wrong_pong" in ways:
            fields["clientseq"] += 7
        elif kind == "event" and "no_entities" in ways:
            fields["parameters"]["entities"] = []
        if kind == "opened" and "slow_opened" in ways:
            asyncio.get_running_loop().call_later(SLOW_S, self._send, fields)
        else:
            self._send(fields)

    def _send(self, fields: dict[str, Any]) -> None:
        number = next(self._numbers)
        fields["seq"] = number + (number >= 5 and "bad_seq" in self._ways)
        self._unsent.put_nowait(wire.written(fields))
        if fields["type"] == "opened":
            self._began = self._now()
            self._opened.set()
            if "closes_unasked" in self._ways:
                self._send({**fields, "type": "closed", "parameters": {}})
            if "unasked" in self._ways:
                self._send({**fields, "type": "updated", "parameters": {}})
                for _ in range(2):
                    self._send({**fields, "type": "event", "parameters": {"entities": [_FINAL]}})

    async def _send_all(self) -> None:
        with suppress(DashboardError):  # it has ended
            while True:
                data = await self._unsent.get()
                if not self._opened.is_set() or self._plan.half_open(self._at(), 0.0) is None:
                    await self._socket.send(data)

    # -- time -------------------------------------------------------------------------------------------------

    def _now(self) -> float:
        return self._clock.monotonic()

    def _at(self) -> float:
        """Seconds of the scenario, which begins with the session."""
        return self._now() - self._began

    async def _until(self, at_s: float) -> None:
        await asyncio.sleep(max(0.0, at_s - self._at()))


def _plain(data: bytes) -> bool:
    """Tell whether a message holds nothing that the protocol does not know."""
    try:
        fields = json.loads(data)
    except ValueError:
        return False
    return isinstance(fields, dict) and set(fields) <= _FIELDS and "callscope" not in fields.get("parameters", {})
