"""AudioHook's messages as they stand on the wire: envelope, durations, ids, media, and what each type must hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from dashboard.dialects.audiohook_rules import Rule
from dashboard.dialects.base import AudioFormat, Problem
from dashboard.dialects.fields import UnreadableError, parsed, whole
from dashboard.dialects.shapes import Test, anything, each, flag, is_a, is_text_map, lacking, one_of, shaped, text

Side = Literal["client", "server"]
"""Genesys is the client, which dials; the integration is the server."""

VERSION = "2"
NIL = "00000000-0000-0000-0000-000000000000"
"""What a connection probe gives as conversation and participant."""

TEXT_LIMIT = 65_535
"""Characters of the longest text message."""
FARTHEST_S = 1e7
"""No call lasts four months; what claims to is no position."""
RATE = 8000
CHANNELS = {"external": "caller", "internal": "agent"}
"""What the wire calls the two sides, and what we do."""

_DURATION = re.compile(r"PT((?:[0-9]*\.)?[0-9]{1,20})S")
_DURATION_LIMIT = 40
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_CONTINUATION = bytes(range(0x80, 0xC0))
"""Bytes that begin no character of UTF-8: the others are counted in no time, also where nothing can be decoded."""
_LANGUAGE = re.compile(r"[a-z]{2,3}-[A-Za-z]{2,3}")

Parameters = dict[str, Any]


class Broken(NamedTuple):
    """A rule that a message breaks, and how; the detail holds no text of the peer's but names of fields."""

    rule: Rule
    detail: str


class Message(NamedTuple):
    """A text message as far as it could be read; None stands for what is missing or unusable.

    ack: the highest number of the other side that its sender has seen (`serverseq` or `clientseq`). position: seconds.
    broken: what is wrong with the message for itself.
    """

    kind: str
    id: str
    seq: int | None
    ack: int | None
    position: float | None
    parameters: Parameters
    broken: tuple[Broken, ...]
    size: int


# -- values -------------------------------------------------------------------------------------------------


def duration_s(value: object) -> float | None:
    """Return the seconds of `PT1.5S`, None for anything else."""
    if not isinstance(value, str) or len(value) > _DURATION_LIMIT:
        return None
    found = _DURATION.fullmatch(value)
    seconds = float(found[1]) if found else FARTHEST_S
    return seconds if seconds < FARTHEST_S else None


def duration(seconds: float) -> str:
    """Return a Duration; its digits are written out, down to a microsecond."""
    text = f"{max(0.0, seconds):.6f}".rstrip("0").rstrip(".")
    return f"PT{text}S"


def uuid(value: object) -> str | None:
    """Return a UUID in lower case, None for anything else."""
    if not isinstance(value, str) or len(value) != len(NIL):
        return None
    lowered = value.lower()
    return lowered if lowered == NIL or _UUID.fullmatch(lowered) else None


PCMU, L16 = "PCMU", "L16"


class Media(NamedTuple):
    """An entry of a media offer, 8000 Hz; the channels as the wire names them, in their order.

    L16 is little-endian, not as in RFC 3551: Genesys' reference implementation reads it by Int16Array (audioframe.ts).
    """

    channels: tuple[str, ...]
    format: str = PCMU

    def entry(self) -> dict[str, Any]:
        """Return it as it stands in a message."""
        return {"type": "audio", "format": self.format, "channels": list(self.channels), "rate": RATE}

    @property
    def audio(self) -> AudioFormat:
        """How its bytes are sound."""
        return AudioFormat("pcmu" if self.format == PCMU else "pcm16", RATE, len(self.channels))

    @property
    def names(self) -> tuple[str, ...]:
        """The channels as we call them."""
        return tuple(CHANNELS[channel] for channel in self.channels)

    def __str__(self) -> str:
        return f"{self.format} {RATE} {'+'.join(self.channels)}"


def media(entry: object) -> Media | None:
    """Return an entry of a media list that we can take, None for any other."""
    match entry:
        case {"type": "audio", "format": "PCMU" | "L16" as name, "channels": [*channels], "rate": rate}:
            known = [channel for channel in channels if isinstance(channel, str) and channel in CHANNELS]
            if whole(rate) == RATE and 1 <= len(known) == len(channels) == len(set(known)):
                return Media(tuple(known), name)
    return None


def media_words(entry: object) -> str:
    """Return an entry of a media list in words, whatever it holds."""
    if (known := media(entry)) is not None:
        return str(known)
    if not isinstance(entry, dict):
        return "unreadable"
    channels = entry.get("channels")
    named = "+".join(str(one) for one in channels[:4]) if isinstance(channels, list) else "no channels"
    return f"{entry.get('format')} {entry.get('rate')} {named}"[:80]


# -- what each type holds -----------------------------------------------------------------------------------


def _is_code(value: object) -> bool:
    code = whole(value)
    return code is not None and 400 <= code < 10_000


def _count(value: object) -> int | None:
    """Return a number of a message; what is beyond 2^53 counts nothing."""
    found = whole(value)
    return found if found is not None and 0 <= found <= 2**53 else None


def _is_count(value: object) -> bool:
    return _count(value) is not None


def is_duration(value: object) -> bool:
    return duration_s(value) is not None


def is_uuid(value: object) -> bool:
    return uuid(value) is not None


def is_language(value: object) -> bool:
    return isinstance(value, str) and _LANGUAGE.fullmatch(value) is not None


def _is_media(value: object) -> bool:
    match value:
        case {"type": "audio", "format": "PCMU" | "L16", "channels": [*channels], "rate": rate}:
            return whole(rate) == RATE and len(channels) in (1, 2) and all(map(one_of(*CHANNELS), channels))
    return False


_gap: dict[str, Test] = {"start": is_duration, "discarded": is_duration}
_participant: dict[str, Test] = {"id": is_uuid, "ani": text, "aniName": text, "dnis": text}
_continued: dict[str, Test] = {"id": is_uuid, "serverseq": _is_count, "clientseq": _is_count}

_PARAMETERS: dict[Side, dict[str, dict[str, Test]]] = {
    "client": {
        "open": {
            "organizationId": is_uuid,
            "conversationId": is_uuid,
            "participant": shaped(_participant),
            "media": each(_is_media),
            "language?": is_language,
            "supportedLanguages?": flag,
            "continuedSessions?": each(shaped(_continued)),
            "customConfig?": is_a(dict),
            "inputVariables?": is_text_map,
        },
        "close": {"reason": one_of("end", "error", "disconnect", "reconnect")},
        "ping": {"rtt?": is_duration},
        "paused": {},
        "resumed": _gap,
        "discarded": _gap,
        "update": {"language?": is_language},
        "error": {"code": _is_code, "message": text, "retryAfter?": is_duration},
        "dtmf": {"digit": text},
        "playback_started": {},
        "playback_completed": {},
    },
    "server": {
        "opened": {
            "media": each(_is_media),
            "startPaused?": flag,
            "discardTo?": is_duration,
            "supportedLanguages?": each(text),
        },
        "closed": {},
        "disconnect": {
            "reason": one_of("completed", "unauthorized", "error"),
            "info?": text,
            "outputVariables?": is_text_map,
        },
        "event": {"entities": each(shaped({"type": text, "data": anything}))},
        "pause": {},
        "resume": {},
        "pong": {},
        "reconnect": {"info?": text},
        "updated": {},
    },
}

OTHER: dict[Side, Side] = {"client": "server", "server": "client"}


def _type_broken(kind: str, parameters: Parameters, side: Side) -> Iterator[Broken]:
    fields = _PARAMETERS[side].get(kind)
    if fields is not None:
        for name in lacking(fields, parameters):
            yield Broken(Rule.BAD_PARAMETERS, name)
    elif kind in _PARAMETERS[OTHER[side]]:
        yield Broken(Rule.WRONG_SIDE, "")
    else:
        yield Broken(Rule.UNKNOWN_TYPE, "")


def is_known(kind: str, side: Side) -> bool:
    """Tell whether this side has messages of this type."""
    return kind in _PARAMETERS[side]


# -- the envelope -------------------------------------------------------------------------------------------


def read(data: bytes, side: Side) -> Message:
    """Read a text message of `side`; raises UnreadableError for what is no message at all."""
    if len(data) > TEXT_LIMIT and len(data.translate(None, _CONTINUATION)) > TEXT_LIMIT:
        raise UnreadableError(Problem.TOO_LONG)
    fields = parsed(data)
    kind = fields.get("type")
    if kind is None:
        raise UnreadableError(Problem.MISSING_FIELD)
    if not isinstance(kind, str):
        raise UnreadableError(Problem.WRONG_TYPE)
    return of_fields(fields, kind, side, len(data))


def of_fields(fields: Mapping[str, Any], kind: str, side: Side, size: int) -> Message:
    """Return the message of type `kind` that these fields are."""
    broken: list[Broken] = []
    if fields.get("version") != VERSION:
        broken.append(Broken(Rule.BAD_VERSION, ""))
    if (session_id := uuid(fields.get("id"))) is None:
        broken.append(Broken(Rule.BAD_ID, ""))
    if (seq := _count(fields.get("seq"))) is None:
        broken.append(Broken(Rule.BAD_SEQ, ""))
    ack = "serverseq" if side == "client" else "clientseq"
    if (seen := _count(fields.get(ack))) is None:
        broken.append(Broken(Rule.BAD_ACK, ack))
    position = duration_s(fields.get("position"))
    if position is None if side == "client" else "position" in fields:
        broken.append(Broken(Rule.BAD_POSITION, ""))
    parameters = fields.get("parameters")
    if not isinstance(parameters, dict):
        broken.append(Broken(Rule.NO_PARAMETERS, ""))
        parameters = {}
    broken += _type_broken(kind, parameters, side)
    return Message(kind, session_id or "", seq, seen, position, parameters, tuple(broken), size)


def written(fields: Mapping[str, Any]) -> str:
    """Return a message as it goes over the wire."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
