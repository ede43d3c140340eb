"""The client's side of an AudioHook session, without I/O: the part that Genesys plays.

Whoever owns the socket calls `start` after the upgrade, `receive` for every message, and `tick` at least ten times a
second; after each of them, and after every request, it sends what `to_send` returns. When `hang_up` is set it closes
the socket with that code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from dashboard.call.events import MalformedReceived, PingMeasured
from dashboard.dialects import audiohook_wire as wire
from dashboard.dialects.audiohook import OPENED_WITHIN_S, AudioHook
from dashboard.dialects.audiohook_rules import Rule
from dashboard.dialects.audiohook_upgrade import Announced
from dashboard.dialects.audiohook_wire import RATE, Media, Message
from dashboard.dialects.base import Item, Problem

FIRST_PING_S = 1.0
PING_S = 5.0
CLOSED_WITHIN_S = 10.0

State = Literal["connecting", "opening", "open", "closing", "closed"]

STEREO = (Media(("external", "internal")), Media(("external",)), Media(("internal",)))
"""What a monitor offers, best first."""

Tamper = Callable[[dict[str, Any]], "dict[str, Any] | str | None"]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a client says of itself in `open`. The ids are UUIDs."""

    session_id: str
    organization_id: str
    conversation_id: str
    participant_id: str
    correlation_id: str
    media: tuple[Media, ...] = STEREO
    language: str = "en-US"
    ani: str = field(default="", repr=False)
    ani_name: str = field(default="", repr=False)
    dnis: str = field(default="", repr=False)
    extra: dict[str, Any] = field(default_factory=dict)
    """Other parameters: customConfig, inputVariables, continuedSessions."""

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of `open`."""
        participant = {"id": self.participant_id, "ani": self.ani, "aniName": self.ani_name, "dnis": self.dnis}
        return {
            "organizationId": self.organization_id,
            "conversationId": self.conversation_id,
            "participant": participant,
            "media": [media.entry() for media in self.media],
            "language": self.language,
            "supportedLanguages": True,
            **self.extra,
        }

    def headers(self, key: str) -> dict[str, str]:
        """Return the upgrade's headers, by lower-case name; a signature is not among them."""
        return {
            "audiohook-organization-id": self.organization_id,
            "audiohook-session-id": self.session_id,
            "audiohook-correlation-id": self.correlation_id,
            "x-api-key": key,
        }


class HookClient:
    """One session.

    takes_audio: a server that speaks is no error. pings: as the protocol has it, or never. tamper: may change a message
    before it leaves, replace it by a text, or hold it back (None).
    """

    def __init__(
        self,
        call_id: str,
        offer: Offer,
        *,
        takes_audio: bool = False,
        pings: bool = True,
        tamper: Tamper | None = None,
    ) -> None:
        self.offer = offer
        self.state: State = "connecting"
        self.paused = False
        self.hang_up: int | None = None
        self.pong_missing = False
        """The server was given up because it did not answer a ping."""
        announced = Announced(offer.session_id, offer.organization_id, offer.correlation_id)
        self.session = AudioHook(call_id, announced, {"server": "inbound", "client": "outbound"})
        self.rtt_s: float | None = None
        self._takes_audio = takes_audio
        self._may_ping = pings
        self._tamper = tamper
        self._seq = 0
        self._waiting: list[str | bytes] = []
        self._items: list[Item] = []
        self._due: float | None = None  # opened or closed
        self._ping_due: float | None = None
        self._pinged: tuple[int, float] | None = None  # seq and time of the one that is not answered
        self._pings = 0
        self._paused_at = 0.0

    @property
    def media(self) -> Media | None:
        """What the server selected."""
        return self.session.media

    @property
    def streams(self) -> bool:
        """Whether audio may be sent."""
        return self.state == "open" and not self.paused and self.media is not None

    # -- what the session's owner wants ---------------------------------------------------------------------

    def start(self, now: float) -> None:
        """The upgrade has ended with 101: offer the session."""
        self.state, self._due = "opening", now + OPENED_WITHIN_S
        self._say("open", self.offer.parameters(), now)

    def audio(self, payload: bytes, now: float) -> None:
        """Send a frame of the selected media; while none may be sent it is let go."""
        if self.streams and payload:
            self._waiting.append(payload)
            self.session.client(payload, text=False, at=now)

    def discard(self, seconds: float, now: float) -> None:
        """Leave a piece of the media out, and say so."""
        if self.streams and seconds > 0.0:
            self._say("discarded", self._gap(seconds), now)

    def pause(self, now: float) -> None:
        """Stop sending audio; asked again, say again that it has stopped."""
        if self.state == "open":
            if not self.paused:
                self.paused, self._paused_at = True, now
            self._say("paused", {}, now)

    def resume(self, now: float) -> None:
        """Go on where the call is now: what was said meanwhile is left out."""
        if self.state == "open":
            gone_s = now - self._paused_at if self.paused else 0.0
            self.paused = False
            self._say("resumed", self._gap(gone_s), now)

    def press(self, digit: str, now: float) -> None:
        """Press a key of the telephone."""
        if self.state == "open":
            self._say("dtmf", {"digit": digit}, now)

    def ping(self, now: float) -> None:
        """Ping now; the next one follows in its usual time."""
        if self.state == "open":
            self._ping(now)

    def update(self, language: str, now: float) -> None:
        """Change the language in mid-call."""
        if self.state == "open":
            self._say("update", {"language": language}, now)

    def close(self, now: float, reason: str = "end") -> None:
        """Begin the end of the session."""
        if self.state in ("opening", "open"):
            self.state, self._due, self._ping_due = "closing", now + CLOSED_WITHIN_S, None
            self._say("close", {"reason": reason}, now)

    def fail(self, code: int, message: str, now: float) -> None:
        """Report an error, and close because of it."""
        if self.state in ("opening", "open"):
            self._say("error", {"code": code, "message": message}, now)
            self.close(now, "error")

    # -- what the server says -------------------------------------------------------------------------------

    def receive(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        """Take one message that arrived at `at`."""
        message, items = self.session.server(data, text=text, at=at)
        if not text:
            if not self._takes_audio:
                self.fail(415, "Unexpected binary message", at)
        elif message is None:
            too_long = any(isinstance(item, MalformedReceived) and item.problem == Problem.TOO_LONG for item in items)
            self.fail(413 if too_long else 400, "Message too large" if too_long else "Message not understood", at)
        else:
            broken = {item.rule for item in message.broken}
            if Rule.BAD_SEQ in broken or message.seq != self.session.numbers("server")[0]:
                self.fail(400, "Message without a number", at)
            items += self._heard(message, items, at)
        return items

    def _heard(self, message: Message, told: list[Item], at: float) -> list[Item]:
        rules = {getattr(item, "rule", "") for item in told}
        if Rule.SEQ_GAP in rules:
            self.fail(500, "Message out of order", at)
            return []
        match message.kind:
            case "opened":
                self._opened(rules, message, at)
            case "closed":
                self._closed(at)
            case "disconnect":
                self.close(at, "disconnect")
            case "pong":
                return self._ponged(message, at)
            case "pause" | "resume" if self.state == "opening":
                self.fail(409, f"Unexpected '{message.kind}'", at)
            case "pause":
                self.pause(at)
            case "resume":
                self.resume(at)
            case "event" | "reconnect" | "updated":
                pass
            case _:
                self.fail(400, "Unknown message type", at)
        return []

    def _opened(self, rules: set[str], message: Message, at: float) -> None:
        if self.state != "opening":
            self.fail(409, "Unexpected 'opened'", at)
        elif Rule.MEDIA_NOT_OFFERED in rules:
            self.fail(400, "Selected media not one of the offered", at)
        else:
            self.state, self._due = "open", None
            self._ping_due = at + FIRST_PING_S if self._may_ping else None
            self.discard(wire.duration_s(message.parameters.get("discardTo")) or 0.0, at)
            if message.parameters.get("startPaused") is True:
                self.pause(at)

    def _closed(self, at: float) -> None:
        if self.state == "closing":
            self.state, self._due, self.hang_up = "closed", None, 1000
        else:
            self.fail(409, "Unexpected 'closed'", at)

    def _ponged(self, message: Message, at: float) -> list[Item]:
        if self.state != "open":
            return []
        if self._pinged is None:
            self._say("error", {"code": 409, "message": "Unexpected 'pong'"}, at)
            return []
        seq, sent_at = self._pinged
        if message.ack != seq:
            self._say("error", {"code": 400, "message": "clientseq of the pong is not the ping's seq"}, at)
            return []
        self._pinged, self.rtt_s = None, max(0.0, at - sent_at)
        if self._pings == 1:
            self._ping(at)  # at once, so that the server learns of the first round trip
        return [PingMeasured(self.session.call_id, at, self.rtt_s)]

    # -- time -----------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Do what is due."""
        if self._due is not None and now >= self._due:
            self._due = None
            if self.state == "opening":
                self.fail(408, "Open transaction timeout", now)
            else:
                self._say("error", {"code": 408, "message": "Close transaction timeout"}, now)
                self.state, self.hang_up = "closed", 1000
        elif self._ping_due is not None and now >= self._ping_due:
            if self._pinged is not None:
                self.pong_missing = True
                self.fail(408, "Timeout waiting for pong", now)
            else:
                self._ping(now)

    def _ping(self, now: float) -> None:
        self._pings += 1
        rtt = {} if self.rtt_s is None else {"rtt": wire.duration(self.rtt_s)}
        self._say("ping", rtt, now)
        self._pinged, self._ping_due = (self._seq, now), now + PING_S

    # -- messages -------------------------------------------------------------------------------------------

    def to_send(self) -> tuple[list[str | bytes], list[Item]]:
        """Return what is to leave now, in order, and what is to be told of it."""
        waiting, self._waiting = self._waiting, []
        items, self._items = self._items, []
        return waiting, items

    def _gap(self, seconds: float) -> dict[str, Any]:
        samples = round(seconds * RATE)  # a gap is of whole samples
        return {"start": wire.duration(self.session.position), "discarded": wire.duration(samples / RATE)}

    def _say(self, kind: str, parameters: dict[str, Any], now: float) -> None:
        self._seq += 1
        _, seen = self.session.numbers("client")
        position = self.session.position
        if kind in ("discarded", "resumed"):
            position += wire.duration_s(parameters["discarded"]) or 0.0
        fields = {
            "version": wire.VERSION,
            "id": self.offer.session_id,
            "type": kind,
            "seq": self._seq,
            "serverseq": seen,
            "position": wire.duration(position),
            "parameters": parameters,
        }
        self._items += self.session.take(wire.of_fields(fields, kind, "client", 0), "client", now)
        sent = fields if self._tamper is None else self._tamper(fields)
        if sent is not None:
            self._waiting.append(sent if isinstance(sent, str) else wire.written(sent))
