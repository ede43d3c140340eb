"""A conversation of two others, read from the middle: what each of them says, as facts of one call. No I/O.

The wire decides about the relay, never this: what cannot be read here is a fact like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from dashboard.call.events import (
    Event,
    MalformedReceived,
    ResumeRequested,
    UtteranceSent,
)
from dashboard.call.hook_events import RuleBroken
from dashboard.call.tap_events import ClientSent
from dashboard.dialects.appfoundry import ID_LIMIT, KIND_LIMIT, AppFoundry
from dashboard.dialects.audiohook import AudioHook
from dashboard.dialects.audiohook_rules import Rule
from dashboard.dialects.audiohook_upgrade import Announced
from dashboard.dialects.base import AudioFormat, AudioFrame, Item
from dashboard.dialects.fields import Message, UnreadableError, parsed
from dashboard.wiretext import clean

OUTBOUND = "outbound"
"""The leg of what goes the other way than what is judged."""

Name = Literal["auto", "appfoundry", "audiohook"]

_EXCERPT = 160
_BY_ITSELF = frozenset(
    {
        Rule.BAD_VERSION,
        Rule.BAD_ID,
        Rule.BAD_SEQ,
        Rule.BAD_ACK,
        Rule.BAD_POSITION,
        Rule.NO_PARAMETERS,
        Rule.BAD_PARAMETERS,
        Rule.UNKNOWN_TYPE,
        Rule.WRONG_SIDE,
        Rule.AUDIO_EMPTY,
        Rule.AUDIO_ODD,
        Rule.NO_ENTITIES,
        Rule.BAD_ENTITY,
    }
)
"""Rules that a message breaks whatever came before it."""


class Overhearing(Protocol):
    """Reads both sides of one connection."""

    dialect: str

    def client(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        """Decode a message of whoever dialled. Never raises."""
        ...

    def upstream(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        """Decode a message of whoever was dialled. Never raises."""
        ...

    def skipped(self) -> None:
        """Messages have passed unseen: what comes next is no sign of a broken rule."""
        ...

    @property
    def closed(self) -> str | None:
        """Why the session is over, as its own protocol has said; None while it is not, or where it has no say."""
        ...


def overhearing(name: Name, default: AudioFormat, call_id: str, headers: Mapping[str, str]) -> Overhearing:
    """Return a reader for a connection whose upgrade had these headers, by lower-case name."""
    if name == "audiohook" or (name == "auto" and "audiohook-session-id" in headers):
        return OverheardAudioHook(call_id, headers)
    return OverheardAppFoundry(default, call_id)


class OverheardAppFoundry:
    """AppFoundry JSON: the upstream is the bot's side, the client speaks utterances and resumes sessions."""

    dialect = "appfoundry"
    closed = None

    def __init__(self, default: AudioFormat, call_id: str) -> None:
        self._call_id = call_id
        self._upstream = AppFoundry(default, call_id)
        self._client = AppFoundry(default, call_id)
        self._utterances = 0

    def client(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        if text:
            try:
                own = self._own(parsed(data), at, len(data))
            except UnreadableError as error:
                excerpt = clean(data[:_EXCERPT].decode("utf-8", "replace"), _EXCERPT)
                return [MalformedReceived(self._call_id, at, error.problem.value, excerpt, len(data))]
            if own is not None:
                return [own]
        return [_outbound(item) for item in self._client.receive(data, text=text, at=at)]

    def upstream(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        return self._upstream.receive(data, text=text, at=at)

    def skipped(self) -> None:
        """What was said before has no bearing on what comes next."""

    def _own(self, message: Message, at: float, size: int) -> Event | None:
        """Read what only a client sends; None for audio."""
        kind, said = message.get("type"), message.get("data")
        if kind == "audio":
            return None
        if kind == "event" and message.get("event") == "userInput" and isinstance(said, dict):
            self._utterances += 1
            return UtteranceSent(self._call_id, at, self._utterances, clean(str(said.get("text", ""))))
        if kind == "reconnect" and isinstance(session := message.get("sessionId"), str):
            return ResumeRequested(self._call_id, at, clean(session, ID_LIMIT))
        return ClientSent(self._call_id, at, clean(kind, KIND_LIMIT) if isinstance(kind, str) else "", size)


class OverheardAudioHook:
    """AudioHook: Genesys is the client, whose audio is judged."""

    dialect = "audiohook"

    def __init__(self, call_id: str, headers: Mapping[str, str]) -> None:
        self._session = AudioHook(call_id, Announced.of_headers(headers))
        self._partial = False

    def client(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        return self._sure(self._session.client(data, text=text, at=at).items)

    def upstream(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        return self._sure(self._session.server(data, text=text, at=at).items)

    def skipped(self) -> None:
        self._partial = True

    def _sure(self, items: list[Item]) -> list[Item]:
        """Leave out breaches of rules that only who has seen all can tell."""
        if not self._partial:
            return items
        return [one for one in items if not isinstance(one, RuleBroken) or one.rule in _BY_ITSELF]

    @property
    def closed(self) -> str | None:
        session = self._session
        return session.close_reason or "end" if session.stage == "closed" else None


def _outbound(item: Item) -> Item:
    return item._replace(leg=OUTBOUND) if isinstance(item, AudioFrame) else item
