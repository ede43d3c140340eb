"""The client's side of an Audio Connector session, without I/O: Genesys with a bot at the other end.

What the bot sends is played, and the bot is told so; its barge-in ends that; a bot that sends too much is told to wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from dashboard.call.events import ErrorReceived, PingMeasured, StatusReceived
from dashboard.call.hook_events import EntityReceived, PlaybackMeasured, SessionEnding
from dashboard.dialects import audiohook_wire as wire
from dashboard.dialects.audiohook_client import HookClient, Offer, Tamper
from dashboard.dialects.audiohook_entities import BARGE_IN, BOT_TURN
from dashboard.dialects.audiohook_playback import Allowance, Playback, Played
from dashboard.dialects.audiohook_rules import Rule
from dashboard.dialects.audiohook_wire import L16, PCMU, Media
from dashboard.dialects.base import AudioFrame, Item
from dashboard.media.g711 import linear_to_pcmu

EXTERNAL = ("external",)
"""The caller: a bot hears nobody else."""

OFFERS = {"pcmu": Media(EXTERNAL, PCMU), "l16": Media(EXTERNAL, L16)}

RETRY_AFTER_S = 3.0
"""How long a bot that has sent too much is to wait."""
IN_FLIGHT_S = 1.0
"""What a bot had sent before it heard of that."""
UNPLAYED_S = 0.3
"""A bot whose clock is a little off may take the last syllable for played."""


class ConnectorClient(HookClient):
    """One session with a bot. limits: whether to refuse what goes beyond Genesys' rate limits."""

    def __init__(self, call_id: str, offer: Offer, *, limits: bool = True, tamper: Tamper | None = None) -> None:
        super().__init__(call_id, offer, takes_audio=True, tamper=tamper)
        self.playback = Playback()
        self.trouble = ""
        """The last error that was reported to the bot."""
        self._allowance = Allowance()
        self._limits = limits
        self._refused_at: float | None = None
        self._scolded = False
        self._left_s = 0.0  # what waited to be played when the last message came
        self._turn_told = False
        self._turn_untold = False  # what plays began without a bot_turn_response

    # -- what the bot says ----------------------------------------------------------------------------------

    def receive(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        """Take one message; audio is played and so is not among what is returned."""
        found: list[Item] = []
        self._left_s = self.playback.ahead_s(at)
        for item in super().receive(data, text=text, at=at):
            if isinstance(item, AudioFrame):
                found += self._audio(item, at)
            elif not isinstance(item, PingMeasured):  # the next ping tells of it
                found.append(item)
                found += self._read(item, at)
        return found

    def _read(self, item: Item, at: float) -> Sequence[Item]:
        match item:
            case EntityReceived(type_name=name) if name == BARGE_IN:
                return self._stopped(self.playback.drop(at), at)
            case EntityReceived(type_name=name) if name == BOT_TURN:
                return self._turn(at)
            case SessionEnding(by="server", reason=reason, detail=detail):
                return self._ending(reason, detail, at)
        return ()

    def _audio(self, frame: AudioFrame, at: float) -> list[Item]:
        refused = self._refused(at)
        if refused is not None:
            return refused
        sound = frame.payload if frame.format.encoding == "pcmu" else linear_to_pcmu(frame.payload)
        if self.playback.put(sound, at):
            self._turn_untold, self._turn_told = not self._turn_told, False
            if self.state == "open":
                self._say("playback_started", {}, at)
        return []

    def _refused(self, at: float) -> list[Item] | None:
        """Return what is to be told of a message that is too much; None for one that may be played."""
        if not self._limits:
            return None
        waits = self._refused_at is not None and at < self._refused_at + RETRY_AFTER_S
        if waits and self._refused_at is not None:
            if self._scolded or at < self._refused_at + IN_FLIGHT_S:
                return []
            self._scolded = True
            after = f"audio {at - self._refused_at:.1f} s after error 429, retryAfter {RETRY_AFTER_S:g} s"
            return [self.session.broken(Rule.RATE_IGNORED, "server", at, after)]
        if self._allowance.take(at):
            return None
        self.refuse(at)
        return [self.session.broken(Rule.RATE_EXCEEDED, "server", at, "told to wait by error 429")]

    def refuse(self, now: float) -> None:
        """Tell the bot that it has sent too much."""
        self._refused_at, self._scolded = now, False
        wait = wire.duration(RETRY_AFTER_S)
        self._say("error", {"code": 429, "message": "Rate limit exceeded", "retryAfter": wait}, now)

    def _turn(self, at: float) -> list[Item]:
        self.playback.turn()
        if self.playback.playing and self._turn_untold:
            self._turn_untold = False
            return [self.session.broken(Rule.TURN_LATE, "server", at, "its audio had begun to play")]
        self._turn_told = True
        return []

    def _ending(self, reason: str, detail: str, at: float) -> list[Item]:
        found: list[Item] = []
        if reason == "completed" and self._left_s > UNPLAYED_S:
            left = f"{self._left_s:.1f} s were not played"
            found.append(self.session.broken(Rule.DISCONNECT_EARLY, "server", at, left))
        if reason != "completed":
            why = f"the bot ends the call: {reason}{f': {detail}' if detail else ''}"
            found.append(ErrorReceived(self.session.call_id, at, why))
        return found

    def to_send(self) -> tuple[list[str | bytes], list[Item]]:
        """Return what is to leave now, in order, and what is to be told of it; an error is one that we report."""
        messages, items = super().to_send()
        return messages, [self._own(item) for item in items]

    def _own(self, item: Item) -> Item:
        if not isinstance(item, ErrorReceived):
            return item
        self.trouble = item.message
        return StatusReceived(item.call_id, item.at, f"told the bot: error {item.message}")

    # -- time -----------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Do what is due."""
        super().tick(now)
        self._items += self._stopped(self.playback.tick(now), now)

    def close(self, now: float, reason: str = "end") -> None:
        """Begin the end of the session: what waits is not played any more."""
        super().close(now, reason)
        self._items += self._stopped(self.playback.drop(now), now)

    def _stopped(self, figures: Played | None, at: float) -> Sequence[Item]:
        """A playback has ended: say so to the bot, and tell what it was like."""
        if figures is None:
            return ()
        if self.state == "open":
            self._say("playback_completed", {}, at)
        return (PlaybackMeasured(self.session.call_id, at, **asdict(figures)),)
