"""The server's side of an AudioHook session, without I/O: what it answers, when it gives up, and what it tells.

It takes the first offer that it can read, answers pings, and of itself asks for nothing but the end. A client that
breaks rules keeps its session where it can; each breach is a fact. Whoever owns the socket calls, for every message,
`receive`, then sends what `to_send` returns, and four times a second `tick`; when `hang_up` is set it closes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from dashboard.call.events import Cause
from dashboard.dialects import audiohook_wire as wire
from dashboard.dialects.audiohook import AudioHook
from dashboard.dialects.audiohook_rules import Rule
from dashboard.dialects.audiohook_upgrade import Announced
from dashboard.dialects.audiohook_wire import Message, Side
from dashboard.dialects.base import Item

OPEN_WITHIN_S = 10.0
"""Whoever has not opened a session by then does not want one."""
PING_WITHIN_S = 20.0
"""Four pings of a client's."""
CLOSE_WITHIN_S = 10.0
"""How long a client may take to close, and to close its socket after that."""

NO_MEDIA = "none of the media offered is PCMU at 8000 Hz"


class HangUp(NamedTuple):
    """The socket is to be closed from here."""

    code: int
    reason: str
    cause: Cause


class HookServer:
    """One session from `now` on. `stale_after_s`: without any message for so long, the link is dead."""

    def __init__(self, call_id: str, announced: Announced, now: float, *, stale_after_s: float = 30.0) -> None:
        self.session = AudioHook(call_id, announced)
        self.hang_up: HangUp | None = None
        self._stale_after_s = stale_after_s
        self._seq = 0
        self._waiting: list[dict[str, Any]] = []
        self._began = now
        self._heard_at = now
        self._ping_due = now
        self._end_due: float | None = None
        self._disconnecting = False

    def receive(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        """Take one message that arrived at `at`."""
        self._heard_at = max(at, self._heard_at)
        stage = self.session.stage
        message, items = self.session.client(data, text=text, at=at)
        if message is not None:
            self._answer(message, stage, at)
        return items

    def to_send(self, now: float) -> tuple[list[str], list[Item]]:
        """Return the messages that leave at `now`, and what is to be told of that."""
        texts: list[str] = []
        items: list[Item] = []
        for fields in self._waiting:
            texts.append(wire.written(fields))
            message = wire.of_fields(fields, fields["type"], "server", len(texts[-1]))
            items += self.session.take(message, "server", now)
        self._waiting.clear()
        return texts, items

    def event(self, *entities: tuple[str, Any]) -> None:
        """Tell the client something: type and data of each entity."""
        if self.session.stage in ("active", "paused", "closing"):
            self._say("event", {"entities": [{"type": name, "data": data} for name, data in entities]})

    def disconnect(
        self,
        now: float,
        reason: str = "completed",
        info: str = "",
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Ask the client to close; before it has opened a session there is nobody to ask. variables: for its flow."""
        if self._disconnecting or self.session.stage in ("closing", "closed"):
            return
        if self.session.stage == "preparing":
            self.hang_up = HangUp(1001, "going away", Cause.STOPPED)
            return
        self._disconnecting = True
        self._end_due = now + CLOSE_WITHIN_S
        optional = {"info": info, "outputVariables": dict(variables or {})}
        self._say("disconnect", {"reason": reason, **{name: value for name, value in optional.items() if value}})

    def tick(self, now: float) -> list[Item]:
        """Do what is due."""
        session = self.session
        if self.hang_up is not None:
            return []
        if session.stage == "preparing" and now >= self._began + OPEN_WITHIN_S:  # whatever else it says
            self.hang_up = HangUp(1002, "no open", Cause.TIMEOUT)
        elif self._end_due is not None and now >= self._end_due:
            self.hang_up = HangUp(1000, "", Cause.SESSION_ENDED if session.stage == "closed" else Cause.TIMEOUT)
        elif now >= self._heard_at + self._stale_after_s:
            self.hang_up = HangUp(1001, "stale", Cause.STALE)
        elif session.stage in ("active", "paused") and now >= self._ping_due + PING_WITHIN_S:
            silent_s, self._ping_due = now - self._ping_due, now
            return [session.broken(Rule.PING_MISSING, "client", now, f"none for {silent_s:.0f} s")]
        return []

    def lost(self, at: float) -> list[Item]:
        """The socket has ended."""
        if self.session.stage in ("preparing", "closed"):
            return []
        by: Side = "server" if self.hang_up is not None else "client"
        return [self.session.broken(Rule.CLOSE_MISSING, by, at, f"while {self.session.stage}")]

    def _answer(self, message: Message, before: str, at: float) -> None:
        match message.kind:
            case "open" if before == "preparing":
                self._ping_due = at
                self._open(message, at)
            case "ping" if before not in ("preparing", "closed"):
                self._ping_due = at
                self._say("pong", {})
            case "close" if before not in ("preparing", "closing", "closed"):
                self._end_due = at + CLOSE_WITHIN_S
                self._say("closed", {})

    def _open(self, message: Message, at: float) -> None:
        offers = self.session.offers
        chosen = next((offer for offer in offers if (known := wire.media(offer)) and known.format == wire.PCMU), None)
        if chosen is None and offers and not self.session.is_probe:
            self.disconnect(at, "error", NO_MEDIA)
            return
        opened: dict[str, Any] = {"media": [] if chosen is None else [chosen], "startPaused": False}
        if message.parameters.get("supportedLanguages") is True:
            language = message.parameters.get("language")
            opened["supportedLanguages"] = [language] if isinstance(language, str) else []
        self._say("opened", opened)

    def _say(self, kind: str, parameters: dict[str, Any]) -> None:
        # Numbered where it is decided: a pong must name the ping that it answers, whatever comes after that.
        self._seq += 1
        seen, _ = self.session.numbers("client")
        self._waiting.append(
            {
                "version": wire.VERSION,
                "id": self.session.session_id or wire.NIL,
                "type": kind,
                "seq": self._seq,
                "clientseq": seen,
                "parameters": parameters,
            }
        )
