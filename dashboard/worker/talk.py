"""One session of a call that we make: the socket, the machine, and the caller who speaks, hears and presses keys."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from dashboard.call.events import PingMeasured
from dashboard.call.hook_events import PlaybackMeasured, SessionEnding
from dashboard.clock import Clock
from dashboard.dialects.audiohook_connector import ConnectorClient
from dashboard.dialects.audiohook_handset import Handset
from dashboard.dialects.audiohook_wire import PCMU
from dashboard.dialects.base import Item
from dashboard.media.g711 import linear_to_pcmu
from dashboard.transport.pumped import Pump
from dashboard.transport.tapped import Arrival, Closed
from dashboard.transport.websocket import Socket
from dashboard.worker.conduct import FRAME_S, Conduct, Dial, Frame, Leave, Script, Speak, Speech, Voice

TICK_S = 0.05
STOOD_STILL_S = 1.0
"""Whoever is later than this does not make up for it: what was not sent in time is left out, and said to be."""

DIGITS = "0123456789*#ABCD"


class Teller(Protocol):
    """Takes what a talk tells."""

    def tell(self, items: Sequence[Item]) -> None: ...

    def begun(self, text: str) -> int:
        """Note that the caller begins to say something; return its number."""
        ...

    def said(self, number: int, text: str, at: float) -> None:
        """Note that the caller's last sound of it was at `at`."""
        ...

    def cut_off(self, number: int) -> None:
        """Note that the session ended before the caller had said it."""
        ...


class Talk:
    """One session over one connection; to be made when that has just been opened."""

    def __init__(self, client: ConnectorClient, socket: Socket, teller: Teller, clock: Clock, script: Script) -> None:
        self.client = client
        self.unauthorized = False
        self.last_inbound_at = clock.monotonic()
        self._socket = socket
        self._teller = teller
        self._clock = clock
        self._script = script
        self._out: Pump[Item] = Pump(socket, client, self._tell)
        self._handset = Handset(client.playback)
        self._voice = Voice()
        self._conduct = Conduct(script, clock.monotonic())
        self._number: int | None = None  # of what is being said
        self._interruptions = 0
        self._opened = asyncio.Event()
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> Closed:
        """Hold the session until its connection has ended."""
        jobs = [asyncio.create_task(job) for job in (self._out.run(), self._tick(), self._speak())]
        ended = asyncio.create_task(self._socket.closed())
        watched: set[asyncio.Future[Any]] = {self._failure, *jobs}
        try:
            self._socket.deliver_to(self._arrived, self._pinged)
            self.client.start(self._now())
            self.pump()
            while not ended.done():
                await asyncio.wait({ended, *watched}, return_when=asyncio.FIRST_COMPLETED)
                for one in [one for one in watched if one.done()]:
                    one.result()
                    watched.discard(one)
            return ended.result()
        finally:
            for task in (*jobs, ended):
                task.cancel()
            await asyncio.gather(*jobs, ended, return_exceptions=True)
            self._failure.cancel()
            self._teller.tell(list(self._handset.frames(float("inf"))))
            if self._number is not None:
                self._teller.cut_off(self._number)

    # -- what the operator wants ------------------------------------------------------------------------------

    def say(self, speech: Speech) -> None:
        """Say something, whoever speaks."""
        self._voice.say(speech)

    def interrupt(self) -> None:
        """Say the next of the script's speeches, whoever speaks."""
        if self._script.speeches:
            self._voice.say(self._script.speeches[self._interruptions % len(self._script.speeches)])
            self._interruptions += 1

    def press(self, digits: str) -> None:
        """Press keys of the telephone; what is no key is passed over."""
        for digit in digits.upper():
            if digit in DIGITS:
                self.client.press(digit, self._now())
        self.pump()

    def close(self, reason: str) -> None:
        """Begin the end of the session."""
        self.client.close(self._now(), reason)
        self.pump()

    def pump(self) -> None:
        """Let leave what the machine has to say: to be called by whoever has asked it for something."""
        self._out.pump()

    # -- the socket -------------------------------------------------------------------------------------------

    def _arrived(self, arrival: Arrival) -> None:
        try:
            self.last_inbound_at = arrival.at
            self._tell(self.client.receive(arrival.data, text=arrival.text, at=arrival.at))
            self.pump()
            if self.client.state == "open":
                self._opened.set()
        except Exception as error:  # raised into the loop's callback it would be lost
            if not self._failure.done():
                self._failure.set_exception(error)

    def _pinged(self, at: float, rtt_s: float) -> None:
        self._teller.tell([PingMeasured(self.client.session.call_id, at, rtt_s)])

    def _tell(self, items: Sequence[Item]) -> None:
        for item in items:
            match item:
                case PlaybackMeasured(at=at):
                    self._conduct.heard(at)
                case SessionEnding(by="server", reason="unauthorized"):
                    self.unauthorized = True
        self._teller.tell(items)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            now = self._now()
            self.client.tick(now)
            self.pump()
            self._teller.tell(list(self._handset.frames(now)))

    # -- the caller -------------------------------------------------------------------------------------------

    async def _speak(self) -> None:
        """Send the caller's sound: each frame when its last sample has been spoken, whatever happened before it."""
        await self._opened.wait()
        due = self._now()
        self._conduct.quiet_since = due
        while self.client.state == "open":
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - self._now()))
            late_s = self._now() - due
            if late_s > STOOD_STILL_S:
                self.client.discard(late_s, self._now())
                self._handset.left_out(late_s)
                due += late_s
            self._act(due)
            self._send(self._voice.frame(), due)

    def _act(self, now: float) -> None:
        if self._voice.speaking:
            return
        playback = self.client.playback
        match self._conduct.next(now, bot_since=playback.began_at if playback.playing else None):
            case Speak(speech):
                self._voice.say(speech)
            case Dial(digit):
                self.client.press(digit, now)
            case Leave():
                self.client.close(now)

    def _send(self, frame: Frame, due: float) -> None:
        client, now, begin = self.client, self._now(), due - FRAME_S
        if frame.begun is not None:
            self._number = self._teller.begun(frame.begun.text)
        ulaw, media = linear_to_pcmu(frame.samples), client.media
        if client.streams and media is not None:
            client.audio(ulaw if media.format == PCMU else frame.samples, now)
            self._handset.spoke(ulaw, begin, max(0.0, now - due))
        if frame.ended is not None and self._number is not None:
            at, number, self._number = begin + frame.ended_s, self._number, None
            self._conduct.said(at)
            self._teller.said(number, frame.ended.text, at)
        self.pump()

    def _now(self) -> float:
        return self._clock.monotonic()
