"""The Notifications dialect (genesys-cloud.md, 3): what Genesys Cloud tells of one conversation, JSON in text frames.

There is no audio here, and nothing that would speak to the bot. What is told late is not measured: a transcript comes
with its age. Names, numbers and notes of people are not read, and nothing that cannot be read is quoted.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from dashboard.call.events import (
    Event,
    MalformedReceived,
    PingMeasured,
    SessionStarted,
    Speaker,
    StatusReceived,
    UnknownReceived,
)
from dashboard.call.notification_events import (
    ClosingAnnounced,
    ConversationRead,
    HeartbeatReceived,
    PartyJoined,
    PartyLeft,
    SpeechTranscribed,
    SubscriptionChanged,
    SubscriptionLost,
    TranscriptionChanged,
    WrappedUp,
)
from dashboard.call.party import Party, disconnect_word
from dashboard.dialects.base import Item, Pings, Problem
from dashboard.dialects.fields import Message, UnreadableError, number, parsed, ratio, whole
from dashboard.wiretext import clean

PING = '{"message":"ping"}'

_UNQUOTED = "not quoted: it may name people"
_NAME_LIMIT = 100
_UTTERANCES = 2_000  # that are remembered, to tell what is told twice
_TRANSCRIPTS = 200  # of a message that are read
_OLDEST_S = 86_400.0
"""A transcript older than a day, or from the future by more than that, carries no time that can be believed."""

_EXTERNAL, _INTERNAL = "EXTERNAL", "INTERNAL"
_STATUSES = {"SESSION_ONGOING": "ongoing", "SESSION_ENDED": "ended"}
_AGENTS = frozenset({"agent", "user"})
_BOTS = frozenset({"flow", "ivr", "botflow", "bot", "workflow"})
_KINDS = frozenset({"customer", "flow", "acd", "user", "voicemail"})


class Notifications:
    """Reads what is told of a conversation. `wall_offset`: Unix time minus the monotonic clock of the arrivals."""

    def __init__(self, call_id: str, conversation_id: str, wall_offset: float) -> None:
        self.call_id = call_id
        self.conversation_id = conversation_id
        self.over = False
        """Nobody is connected any more; a transcript may still come."""
        self._wall_offset = wall_offset
        self._events = f"v2.detail.events.conversation.{conversation_id}.".lower()
        self._transcription = f"v2.conversations.{conversation_id}.transcription".lower()
        self._channel: str | None = None
        self._pings = Pings()
        self._told: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._present: dict[str, str] = {}
        """Participant → its kind or purpose, of those who are connected."""

    # -- what we say --------------------------------------------------------------------------------------

    def opened(self, channel: str) -> None:
        """A connection to `channel`, by the name that may be shown, was opened: what comes next comes over it."""
        self._channel = channel
        self._pings.clear()

    def ping(self, at: float) -> str:
        """Return the frame that asks for a pong; it leaves at `at`."""
        self._pings.sent(at)
        return PING

    def utterance(self, text: str, session_id: str, wall: float) -> str:
        raise NotImplementedError("there is nobody to speak to on this wire")

    def reconnect(self, session_id: str, wall: float) -> None:
        """Say nothing: topics stay with the channel."""

    # -- what comes -----------------------------------------------------------------------------------------

    def receive(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        facts: list[Item] = []
        if self._channel is not None:
            facts.append(SessionStarted(self.call_id, at, f"channel {self._channel}", self.conversation_id))
            self._channel = None
        try:
            facts += self._message(parsed(data), at, len(data))
        except UnreadableError as error:
            facts.append(MalformedReceived(self.call_id, at, error.problem.value, _UNQUOTED, len(data)))
        return facts

    def read(self, parties: tuple[Party, ...], over: bool, at: float) -> ConversationRead:
        """Take how the conversation stands, which was asked for beside the channel."""
        self._present = {party.participant_id: party.purpose for party in parties if party.connected}
        self.over = over
        return ConversationRead(self.call_id, at, parties, over)

    def _message(self, message: Message, at: float, size: int) -> list[Event]:
        topic = message.get("topicName")
        if topic is None and "result" in message:
            return self._subscribed(message, at)
        if not isinstance(topic, str):
            raise UnreadableError(Problem.MISSING_FIELD if topic is None else Problem.WRONG_TYPE)
        body, name = message.get("eventBody"), topic.lower()
        if name.startswith("v2.system."):  # its name says it all, and must not be lost
            return self._system(name.split(".")[2], body if isinstance(body, dict) else {}, at)
        if not isinstance(body, dict):
            raise UnreadableError(Problem.MISSING_FIELD if body is None else Problem.WRONG_TYPE)
        if name == "channel.metadata":
            return self._metadata(body, at)
        if name == self._transcription:
            return self._transcripts(body, at, size)
        if name.startswith(self._events):
            return self._happened(name.removeprefix(self._events), body, at, size)
        return [UnknownReceived(self.call_id, at, _shown(topic), size)]

    def _metadata(self, body: Message, at: float) -> list[Event]:
        said = _word(body.get("message"))
        if said.lower() == "pong":
            rtt_s = self._pings.answered(at)
            return [] if rtt_s is None else [PingMeasured(self.call_id, at, rtt_s)]
        if "heartbeat" in said.lower():
            return [HeartbeatReceived(self.call_id, at)]
        return [StatusReceived(self.call_id, at, said or "channel.metadata")]

    def _system(self, what: str, body: Message, at: float) -> list[Event]:
        reason = _word(body.get("reason")) or _word(body.get("message"))
        match what:
            case "socket_closing":
                return [ClosingAnnounced(self.call_id, at, reason)]
            case "no_longer_subscribed" | "token_revoked":
                return [SubscriptionLost(self.call_id, at, reason or what)]
        return [SubscriptionChanged(self.call_id, at, f"{_shown(what)}{f': {reason}' if reason else ''}")]

    def _subscribed(self, message: Message, at: float) -> list[Event]:
        """A reply to a subscription over the socket, which we never ask for: a 404 says that the channel is gone."""
        result = str(message.get("result"))[:_NAME_LIMIT]
        if result == "404":
            return [SubscriptionLost(self.call_id, at, "the channel is gone (404)")]
        return [SubscriptionChanged(self.call_id, at, f"subscription answered {clean(result)}")]

    # -- transcripts ----------------------------------------------------------------------------------------

    def _transcripts(self, body: Message, at: float, size: int) -> list[Event]:
        facts: list[Event] = []
        leg = _word(body.get("communicationId"))
        transcripts = body.get("transcripts")
        told: list[Any] = transcripts if isinstance(transcripts, list) else []
        for one in told[:_TRANSCRIPTS]:
            fact = self._utterance(one, body, leg, at) if isinstance(one, dict) else None
            if fact is not None:
                facts.append(fact)
        if len(told) > _TRANSCRIPTS:
            more = f"{len(told) - _TRANSCRIPTS} more transcripts in one message"
            facts.append(UnknownReceived(self.call_id, at, more, size))
        status = body.get("status")
        said = status.get("status") if isinstance(status, dict) else None
        if isinstance(said, str) and said in _STATUSES and (said == "SESSION_ENDED" or not facts):
            facts.append(TranscriptionChanged(self.call_id, at, _STATUSES[said], leg))
        return facts

    def _utterance(self, one: Message, body: Message, leg: str, at: float) -> SpeechTranscribed | None:
        """Return an utterance; None for one that was told before, or says nothing."""
        alternatives = one.get("alternatives")
        said = max(
            (item for item in (alternatives if isinstance(alternatives, list) else []) if isinstance(item, dict)),
            key=lambda item: ratio(item.get("confidence")) or 0.0,
            default=None,
        )
        text = None if said is None else said.get("decoratedTranscript") or said.get("transcript")
        if said is None or not isinstance(text, str) or not text:
            return None
        text, utterance = clean(text), _word(one.get("utteranceId"))
        before = self._told.get((leg, utterance)) if utterance else None
        if before == text:
            return None
        if utterance:
            self._told[leg, utterance] = text
            if len(self._told) > _UTTERANCES:
                self._told.popitem(last=False)
        duration_s = _seconds(said.get("durationMs"))
        return SpeechTranscribed(
            self.call_id,
            at,
            utterance,
            leg,
            self._speaker(one.get("channel")),
            text,
            one.get("isFinal") is not False,
            ratio(said.get("confidence")),
            self._age_s(body, said, duration_s, at),
            duration_s,
            _word(one.get("dialect")),
            _word(one.get("engineProvider")),
            before is not None,
        )

    def _age_s(self, body: Message, said: Message, duration_s: float | None, at: float) -> float | None:
        began_ms = _began_ms(body, said)
        if began_ms is None:
            return None
        age_s = at + self._wall_offset - began_ms / 1000.0 - (duration_s or 0.0)
        return age_s if abs(age_s) <= _OLDEST_S else None

    def _speaker(self, channel: Any) -> Speaker:
        """Return who spoke: the caller's side is external; inside it is the agent, once there is one, else the bot."""
        if channel == _EXTERNAL:
            return Speaker.CALLER
        present = set(self._present.values())
        if channel == _INTERNAL and present & _AGENTS:
            return Speaker.AGENT
        if channel == _INTERNAL and present & _BOTS:
            return Speaker.BOT
        return Speaker.UNKNOWN

    # -- events of the conversation -------------------------------------------------------------------------

    def _happened(self, what: str, body: Message, at: float, size: int) -> list[Event]:
        kind, _, step = what.partition(".")
        who = _word(body.get("participantId"))
        if what == "acw":
            code, took_s = _word(body.get("wrapupCode")), _seconds(body.get("wrapupDurationMs"))
            return [WrappedUp(self.call_id, at, who, code, took_s)]
        if kind in _KINDS and step == "start":
            self._present[who] = kind
            self.over = False
            return [PartyJoined(self.call_id, at, kind, who, _word(body.get("mediaType")).lower())]
        if kind in _KINDS and step == "end":
            self._present.pop(who, None)
            self.over = kind == "customer" or self.over
            lasted_s = _seconds(body.get("interactingDurationMs"))
            return [
                PartyLeft(self.call_id, at, kind, who, disconnect_word(_word(body.get("disconnectType"))), lasted_s)
            ]
        return [UnknownReceived(self.call_id, at, f"event {_shown(what)}", size)]


# -- values ----------------------------------------------------------------------------------------------------


def _word(value: Any) -> str:
    return clean(value, _NAME_LIMIT) if isinstance(value, str) else ""


def _seconds(ms: Any) -> float | None:
    found = whole(ms)
    return found / 1000.0 if found is not None and 0 <= found < 1e11 else None


def _began_ms(body: Message, said: Message) -> float | None:
    """Return when an utterance began, Unix time: as its first word has it.

    Without words it is an offset, and nothing says whether from the start of the transcription or of the session.
    """
    words = said.get("words")
    first = words[0] if isinstance(words, list) and words and isinstance(words[0], dict) else {}
    word_ms = number(first.get("startTimeMs"))
    if word_ms is not None:
        return word_ms
    starts = (number(body.get(name)) for name in ("transcriptionStartTimeMs", "sessionStartTimeMs"))
    start_ms = next((start for start in starts if start is not None), None)
    offset_ms = number(said.get("offsetMs"))
    return None if start_ms is None or offset_ms is None else start_ms + offset_ms


def _shown(topic: str) -> str:
    """Return a topic without the ids in it: that of a channel is a secret."""
    parts = topic[:_NAME_LIMIT].split(".")
    return ".".join(part if part.replace("_", "").isalpha() and part.isascii() else "{id}" for part in parts)
