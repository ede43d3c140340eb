"""The AppFoundry dialect: one JSON object per text frame, audio in base64 inside it or as binary frames.

Audio is looked for in `payload.audio`, `data.payload.audio`, `data.audio` and `audio`, in this order. Beside it, in
the same object, may stand `encoding`, `sampleRate`, `channels` (else the settings hold) and where the frame is in its
stream: `position` in seconds, else `timestamp` in milliseconds from any origin, else `seq`, the frame's number.
Base64 is RFC 4648, strictly: padded, without line breaks. Optional fields of a wrong type count as absent, for
the protocol defines none of them; fields it requires make the message malformed.
"""

from __future__ import annotations

import json
from binascii import a2b_base64
from collections.abc import Callable
from functools import lru_cache

from dashboard.call.events import (
    ErrorReceived,
    Event,
    IntentReceived,
    MalformedReceived,
    SessionStarted,
    Speaker,
    StatusReceived,
    TextReceived,
    TranscriptReceived,
    UnknownReceived,
)
from dashboard.dialects.base import (
    MAX_CHANNELS,
    MAX_RATE,
    MIN_RATE,
    AudioFormat,
    AudioFrame,
    Item,
    Problem,
    Timeline,
)
from dashboard.dialects.fields import Message, UnreadableError, number, parsed, ratio, whole
from dashboard.media.levels import Encoding
from dashboard.wiretext import clean

LEG = "inbound"
EXCERPT = 160
ID_LIMIT = 256
KIND_LIMIT = 64
_FORMATS = 64  # that are remembered
FARTHEST_S = 1e10
"""A position may be Unix time; beyond three centuries it is no time at all."""

_ENCODINGS: dict[str, Encoding] = {
    "pcm16": "pcm16",
    "pcm": "pcm16",
    "linear16": "pcm16",
    "pcmu": "pcmu",
    "mulaw": "pcmu",
    "ulaw": "pcmu",
}
_SPEAKERS = {
    **dict.fromkeys(("caller", "user", "customer", "external", "client", "human", "0"), Speaker.CALLER),
    **dict.fromkeys(("bot", "virtual-agent", "virtualagent", "assistant", "internal", "1"), Speaker.BOT),
    **dict.fromkeys(("agent", "human-agent"), Speaker.AGENT),
}


class AppFoundry:
    """Reads and writes the frames of one call. `default` is the format of binary frames and unlabelled audio."""

    def __init__(self, default: AudioFormat, call_id: str) -> None:
        self.call_id = call_id
        self._default = default
        self._timeline = Timeline()

    def receive(self, data: bytes, *, text: bool, at: float) -> list[Item]:
        try:
            if text:
                return [self._message(data, at)]
            return [self._frame(data, self._default, at, None, None)]
        except UnreadableError as error:
            excerpt = data[:EXCERPT].decode("utf-8", "replace") if text else data[:16].hex(" ")
            problem = error.problem.value
            return [MalformedReceived(self.call_id, at, problem, clean(excerpt, EXCERPT), len(data))]

    def utterance(self, text: str, session_id: str, wall: float) -> str:
        data = {"text": text, "sessionId": session_id, "timestamp": round(wall, 3)}
        return json.dumps({"type": "event", "event": "userInput", "data": data})

    def reconnect(self, session_id: str, wall: float) -> str:
        # Milliseconds here, seconds in an utterance: each as the protocol has it.
        return json.dumps({"type": "reconnect", "sessionId": session_id, "timestamp": int(wall * 1000)})

    def _message(self, data: bytes, at: float) -> Item:
        message = parsed(data)
        kind = message.get("type")
        if kind == "audio":
            return self._audio(message, at)
        if kind is None:
            return UnknownReceived(self.call_id, at, "", len(data))
        if not isinstance(kind, str):
            raise UnreadableError(Problem.WRONG_TYPE)
        reader = _READERS.get(kind)
        if reader is None:
            return UnknownReceived(self.call_id, at, clean(kind, KIND_LIMIT), len(data))
        return reader(message, self.call_id, at)

    def _audio(self, message: Message, at: float) -> AudioFrame:
        holder = _audio_holder(message)
        encoded = holder["audio"]
        if not isinstance(encoded, str):
            raise UnreadableError(Problem.WRONG_TYPE)
        try:
            payload = a2b_base64(encoded, strict_mode=True)
        except ValueError:
            raise UnreadableError(Problem.BAD_BASE64) from None
        if len(holder) == 1:
            return self._frame(payload, self._default, at, None, None)
        audio = _format(holder, self._default)
        return self._frame(payload, audio, at, _position(holder), whole(holder.get("seq")))

    def _frame(
        self, payload: bytes, audio: AudioFormat, at: float, position: float | None, seq: int | None
    ) -> AudioFrame:
        if not payload:
            raise UnreadableError(Problem.EMPTY_AUDIO)
        sample_bytes, bytes_a_second, channels = _shape(audio)
        if len(payload) % sample_bytes:
            raise UnreadableError(Problem.ODD_BYTE_COUNT)
        duration = len(payload) / bytes_a_second
        start = self._timeline.place(duration, position, seq)
        positioned = position is not None or seq is not None
        return AudioFrame(payload, audio, channels, start, duration, positioned, LEG, at)


# -- audio --------------------------------------------------------------------------------------------


def _audio_holder(message: Message) -> Message:
    """Return the object in which the key `audio` stands."""
    payload = message.get("payload")
    if isinstance(payload, dict) and "audio" in payload:
        return payload
    data = message.get("data")
    if isinstance(data, dict):
        payload = data.get("payload")
        if isinstance(payload, dict) and "audio" in payload:
            return payload
        if "audio" in data:
            return data
    if "audio" in message:
        return message
    raise UnreadableError(Problem.NO_AUDIO)


def _format(holder: Message, default: AudioFormat) -> AudioFormat:
    """Return the format that `holder` states; a stated one that cannot be used makes the audio unreadable."""
    stated = holder.get("encoding"), holder.get("sampleRate"), holder.get("channels"), default
    try:
        return _checked(*stated)
    except TypeError:  # a list or an object cannot be looked up, nor be a format
        return _checked.__wrapped__(*stated)


@lru_cache(maxsize=_FORMATS, typed=True)
def _checked(encoding: object, rate: object, channels: object, default: AudioFormat) -> AudioFormat:
    """Return the format that these values are; remembered, for every frame of a call states the same."""
    if encoding is not None:
        encoding = _ENCODINGS.get(encoding.lower()) if isinstance(encoding, str) else None
        if encoding is None:
            raise UnreadableError(Problem.UNKNOWN_ENCODING)
    if rate is not None:
        rate = whole(rate)
        if rate is None or not MIN_RATE <= rate <= MAX_RATE:
            raise UnreadableError(Problem.ABSURD_RATE)
    if channels is not None:
        channels = whole(channels)
        if channels is None or not 1 <= channels <= MAX_CHANNELS:
            raise UnreadableError(Problem.ABSURD_CHANNELS)
    return AudioFormat(encoding or default.encoding, rate or default.rate, channels or default.channels)


def _position(holder: Message) -> float | None:
    """Return where the frame says it stands, in seconds."""
    position = number(holder.get("position"))
    if position is None:
        timestamp = number(holder.get("timestamp"))
        position = None if timestamp is None else timestamp / 1000.0
    return position if position is not None and abs(position) < FARTHEST_S else None


@lru_cache(maxsize=_FORMATS)
def _shape(audio: AudioFormat) -> tuple[int, int, tuple[str, ...]]:
    """Return the bytes of one sample of all channels and of one second, and the channels' names."""
    return audio.sample_bytes, audio.rate * audio.sample_bytes, _channel_names(audio.channels)


def _channel_names(channels: int) -> tuple[str, ...]:
    if channels == 1:
        return ("mixed",)
    if channels == 2:
        return ("caller", "bot")  # external and internal, as AudioHook interleaves them
    return tuple(f"channel {number}" for number in range(1, channels + 1))


# -- control messages -----------------------------------------------------------------------------------


def _session_started(message: Message, call_id: str, at: float) -> Event:
    return SessionStarted(call_id, at, _id(message, "sessionId"), _id(message, "conversationId"))


def _transcript(message: Message, call_id: str, at: float) -> Event:
    text = clean(_required(message, "text"))
    final = message.get("isFinal") is not False
    return TranscriptReceived(call_id, at, _speaker(message), text, final, ratio(message.get("confidence")))


def _intent(message: Message, call_id: str, at: float) -> Event:
    intent = clean(_required(message, "intent"))
    confidence = ratio(message.get("confidence"))
    return IntentReceived(call_id, at, intent, ratio(message.get("score")) if confidence is None else confidence)


def _error(message: Message, call_id: str, at: float) -> Event:
    return ErrorReceived(call_id, at, clean(_required(message, "message")))


def _text(message: Message, call_id: str, at: float) -> Event:
    return TextReceived(call_id, at, _optional(message, "text"))


def _status(message: Message, call_id: str, at: float) -> Event:
    return StatusReceived(call_id, at, _optional(message, "status"))


_READERS: dict[str, Callable[[Message, str, float], Event]] = {
    "sessionStart": _session_started,
    "transcript": _transcript,
    "intent": _intent,
    "error": _error,
    "text": _text,
    "status": _status,
}


# -- fields -----------------------------------------------------------------------------------------------


def _required(message: Message, key: str) -> str:
    value = message.get(key)
    if value is None:
        raise UnreadableError(Problem.MISSING_FIELD)
    if not isinstance(value, str):
        raise UnreadableError(Problem.WRONG_TYPE)
    return value


def _optional(message: Message, key: str) -> str:
    value = message.get(key)
    return clean(value) if isinstance(value, str) else ""


def _id(message: Message, key: str) -> str:
    """Return an id as it is, for it goes back over the wire: not cleaned, so refused unless harmless."""
    value = _required(message, key)
    if not (0 < len(value) <= ID_LIMIT and value.isascii() and value.isprintable()):
        raise UnreadableError(Problem.UNUSABLE_ID)
    return value


def _speaker(message: Message) -> Speaker:
    """Return who spoke; one who is not named is the caller, whose speech the protocol has recognised."""
    named = message.get("speaker")
    if named is None:
        named = message.get("channel")
    if named is None:
        return Speaker.CALLER
    if isinstance(named, str | int) and len(word := str(named)) <= KIND_LIMIT:
        return _SPEAKERS.get(word.lower().replace("_", "-").replace(" ", "-"), Speaker.UNKNOWN)
    return Speaker.UNKNOWN
