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
    SessionStarted,
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
_MOST_NAMES = 20
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

    @property
    def names(self) -> tuple[str, ...]:
        """What the two have called the call that this is: the next connection of the same call names one of these."""
        ...

    @property
    def has_named(self) -> bool:
        """Whether all has been said that may tell that this goes on with the call of an earlier connection."""
        ...

    def is_over(self, code: int) -> bool:
        """Tell whether a connection that ends with this close code is the call's last; 1006: nobody closed it."""
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
        self._names: dict[str, None] = {}
        self._spoken = {"client": False, "upstream": False}
        self._resumes = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._names)

    @property
    def has_named(self) -> bool:
        """A client that resumes a session says so first; else the server may say it by beginning the same one."""
        return self._resumes or all(self._spoken.values())

    def is_over(self, code: int) -> bool:
        """1001 is said by a server that restarts, and by a client that is to try anew."""
        return code in (1000, 1005) or (code == 1001 and not self._names)

    def client(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        self._spoken["client"] = True
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
        self._spoken["upstream"] = True
        items = self._upstream.receive(data, text=text, at=at)
        for item in items:
            if isinstance(item, SessionStarted):
                self._named(f"session {item.session_id}", f"conversation {item.conversation_id}")
        return items

    def _named(self, *names: str) -> None:
        for name in names:
            if len(self._names) < _MOST_NAMES:
                self._names[name] = None

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
            self._resumes = True
            self._named(f"session {session[:ID_LIMIT]}")
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
        return self._session.close_reason or "end" if self._session.is_over else None

    @property
    def names(self) -> tuple[str, ...]:
        return self._session.names

    @property
    def has_named(self) -> bool:
        return self._session.stage != "preparing"

    def is_over(self, code: int) -> bool:
        """A call ends with its session, and not with a connection, unless nobody has named it."""
        return self._session.is_over or (code in (1000, 1001, 1005) and not self._session.names)


def _outbound(item: Item) -> Item:
    return item._replace(leg=OUTBOUND) if isinstance(item, AudioFrame) else item
