"""What an AudioHook `event` holds: transcripts, agent assistance, the bot's turns; anything else is shown raw."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from dashboard.call.events import Event, Speaker, TextReceived, TranscriptReceived
from dashboard.call.hook_events import EntityReceived
from dashboard.dialects.audiohook_rules import Rule
from dashboard.dialects.audiohook_wire import CHANNELS, Broken, is_duration, is_language, is_uuid, uuid
from dashboard.dialects.fields import ratio
from dashboard.dialects.shapes import Shape, each, flag, is_ratio, is_text_map, lacking, one_of, shaped, some, text
from dashboard.wiretext import clean, safe_url

BOT_TURN, BARGE_IN = "bot_turn_response", "barge_in"
"""Entities of the Audio Connector."""

MOST = 50
"""Entities of one message, and parts of one entity, that are read."""

_MOST_FINALS = 500
_TYPE_LIMIT = 64
_RAW_LIMIT = 400
_SPEAKERS = {"caller": Speaker.CALLER, "agent": Speaker.AGENT}
_TAG = re.compile(r"<[^<>]{0,2000}>")

Found = Event | Broken


class _Event(NamedTuple):
    """Where an entity stands. `channels`: those selected, in order."""

    channels: Sequence[str]
    call_id: str
    at: float


class Entities:
    """Reads the entities of a session's events."""

    def __init__(self) -> None:
        self._finals: dict[str, None] = {}  # ids of utterances, oldest first

    def read(self, parameters: dict[str, Any], channels: Sequence[str], call_id: str, at: float) -> Iterator[Found]:
        """Yield the facts of an event's entities, and the rules that they break."""
        listed = parameters.get("entities")
        if not isinstance(listed, list) or not listed:
            yield Broken(Rule.NO_ENTITIES, "")
            return
        event = _Event(channels, call_id, at)
        for entity in listed[:MOST]:
            match entity:
                case {"type": "transcript", "data": data}:
                    yield from _transcript(data, event)
                    yield from self._final(data)
                case {"type": str(name), "data": data}:
                    known = _READERS.get(name)
                    yield from known(data, event) if known else [_raw(name, data, event)]
                case _:
                    yield Broken(Rule.BAD_ENTITY, "")

    def _final(self, data: object) -> Iterator[Found]:
        match data:
            case {"isFinal": True, "id": said} if utterance := uuid(said):
                if utterance in self._finals:
                    yield Broken(Rule.FINAL_REPEATED, "")
                self._finals[utterance] = None
                if len(self._finals) > _MOST_FINALS:
                    del self._finals[next(iter(self._finals))]


def _raw(name: str, data: object, event: _Event) -> EntityReceived:
    words = "" if data in ({}, None) else json.dumps(data, ensure_ascii=False)
    return EntityReceived(event.call_id, event.at, clean(name, _TYPE_LIMIT), clean(words, _RAW_LIMIT))


def _flaws(name: str, shape: Shape, data: object) -> Iterator[Broken]:
    """Yield a breach for each field that is missing or wrong."""
    if not isinstance(data, dict):
        yield Broken(Rule.BAD_ENTITY, name)
        return
    for field in lacking(shape, data):
        yield Broken(Rule.BAD_ENTITY, f"{name}: {field}")


# -- transcripts --------------------------------------------------------------------------------------------

_TOKEN: Shape = {
    "type": one_of("word"),
    "value": text,
    "confidence": is_ratio,
    "offset": is_duration,
    "duration": is_duration,
    "language?": is_language,
}
_INTERPRETATION: Shape = {"type": one_of("display"), "transcript": text, "tokens?": each(shaped(_TOKEN))}
_ALTERNATIVE: Shape = {
    "confidence": is_ratio,
    "languages?": each(is_language),
    "interpretations": some(shaped(_INTERPRETATION)),
}
_TRANSCRIPT: Shape = {
    "id": is_uuid,
    "isFinal": flag,
    "offset?": is_duration,
    "duration?": is_duration,
    "alternatives": some(shaped(_ALTERNATIVE)),
}


def _transcript(data: object, event: _Event) -> Iterator[Found]:
    yield from _flaws("transcript", _TRANSCRIPT, data)
    match data:
        case {"alternatives": [{"interpretations": [{"transcript": str(words)}, *_], **best}, *_], **rest}:
            speaker = _speaker(rest.get("channelId"), event.channels)
            if speaker is None:
                yield Broken(Rule.CHANNEL_UNKNOWN, "")
                speaker = _named(rest.get("channel"))
            final = rest.get("isFinal") is not False
            sure = ratio(best.get("confidence"))
            yield TranscriptReceived(event.call_id, event.at, speaker, clean(words), final, sure)


def _speaker(index: object, channels: Sequence[str]) -> Speaker | None:
    if type(index) is not int or not 0 <= index < len(channels):
        return None
    return _SPEAKERS.get(channels[index], Speaker.UNKNOWN)


def _named(channel: object) -> Speaker:
    """Return who speaks by the name of a channel, which one version of the protocol has in place of its index."""
    return _SPEAKERS[CHANNELS[channel]] if isinstance(channel, str) and channel in CHANNELS else Speaker.UNKNOWN


# -- agent assistance ---------------------------------------------------------------------------------------

_UTTERANCE: Shape = {
    "id": text,
    "position": is_duration,
    "duration?": is_duration,
    "text": text,
    "language": text,
    "confidence": is_ratio,
    "channel": one_of(*CHANNELS),
    "isFinal": flag,
}
_SUGGESTION: Shape = {
    "type": one_of("faq", "article"),
    "id": text,
    "confidence": is_ratio,
    "position?": is_duration,
}
_FAQ: Shape = {**_SUGGESTION, "question": text, "answer": text}
_ARTICLE: Shape = {
    **_SUGGESTION,
    "title": text,
    "excerpts": each(text),
    "documentUri": text,
    "metadata?": is_text_map,
}
_ASSISTANCE: Shape = {"id": text, "utterances?": each(shaped({})), "suggestions?": each(shaped({}))}


def _agentassist(data: object, event: _Event) -> Iterator[Found]:
    yield from _flaws("agentassist", _ASSISTANCE, data)
    if not isinstance(data, dict):
        return
    call_id, at = event.call_id, event.at
    for utterance in _listed(data, "utterances"):
        yield from _flaws("utterance", _UTTERANCE, utterance)
        match utterance:
            case {"text": str(words), **rest}:
                final, sure = rest.get("isFinal") is not False, ratio(rest.get("confidence"))
                yield TranscriptReceived(call_id, at, _named(rest.get("channel")), clean(words), final, sure)
    for suggestion in _listed(data, "suggestions"):
        match suggestion:
            case {"type": "faq", "question": str(question), "answer": str(answer)}:
                yield from _flaws("faq", _FAQ, suggestion)
                yield EntityReceived(call_id, at, "faq", clean(f"{question} → {_without_markup(answer)}"))
            case {"type": "article", "title": str(title), **rest}:
                yield from _flaws("article", _ARTICLE, suggestion)
                where = rest.get("documentUri")
                link = f" {safe_url(where)}" if isinstance(where, str) else ""
                yield EntityReceived(call_id, at, "article", clean(f"{title}{link}"))
            case _:
                yield Broken(Rule.BAD_ENTITY, "agentassist: suggestions")


def _listed(data: dict[str, Any], name: str) -> list[Any]:
    value = data.get(name)
    return [one for one in value[:MOST] if isinstance(one, dict)] if isinstance(value, list) else []


def _without_markup(words: str) -> str:
    return html.unescape(_TAG.sub(" ", words)).strip()


# -- the bot's turns ----------------------------------------------------------------------------------------

_TURN: Shape = {"disposition": one_of("no_input", "no_match", "match"), "text?": text, "confidence?": is_ratio}


def _bot_turn(data: object, event: _Event) -> Iterator[Found]:
    yield from _flaws(BOT_TURN, _TURN, data)
    match data:
        case {"disposition": "no_input" | "no_match" | "match" as disposition, **rest}:
            sure = ratio(rest.get("confidence"))
            told = disposition if sure is None else f"{disposition}, confidence {sure:.2f}"
            yield EntityReceived(event.call_id, event.at, BOT_TURN, told)
            if isinstance(words := rest.get("text"), str):
                yield TextReceived(event.call_id, event.at, clean(words))


_READERS: dict[str, Callable[[object, _Event], Iterator[Found]]] = {
    "agentassist": _agentassist,
    BOT_TURN: _bot_turn,
}
