"""What an AudioHook `event` holds: transcripts, agent assistance, the bot's turns; anything else is shown raw."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from dashboard.call.events import Event, Speaker, TextReceived, TranscriptReceived
from dashboard.call.hook_events import EntityReceived
from dashboard.dialects.audiohook_rules import Rule
from dashboard.dialects.audiohook_wire import CHANNELS, Broken
from dashboard.dialects.fields import ratio
from dashboard.wiretext import clean, safe_url

BOT_TURN, BARGE_IN = "bot_turn_response", "barge_in"
"""Entities of the Audio Connector."""

MOST = 50
"""Entities of one message, and parts of one entity, that are read."""

_TYPE_LIMIT = 64
_RAW_LIMIT = 400
_SPEAKERS = {"caller": Speaker.CALLER, "agent": Speaker.AGENT}
_TAG = re.compile(r"<[^<>]{0,2000}>")

Found = Event | Broken


def entities(parameters: dict[str, Any], channels: Sequence[str], call_id: str, at: float) -> Iterator[Found]:
    """Yield the facts of an event's entities, and the rules that they break. `channels`: those selected, in order."""
    listed = parameters.get("entities")
    if not isinstance(listed, list) or not listed:
        yield Broken(Rule.NO_ENTITIES, "")
        return
    for entity in listed[:MOST]:
        match entity:
            case {"type": str(name), "data": data}:
                known = _READERS.get(name)
                yield from known(data, channels, call_id, at) if known else [_raw(name, data, call_id, at)]
            case _:
                yield Broken(Rule.BAD_ENTITY, "")


def _raw(name: str, data: object, call_id: str, at: float) -> EntityReceived:
    text = "" if data in ({}, None) else json.dumps(data, ensure_ascii=False)
    return EntityReceived(call_id, at, clean(name, _TYPE_LIMIT), clean(text, _RAW_LIMIT))


# -- transcripts --------------------------------------------------------------------------------------------


def _transcript(data: object, channels: Sequence[str], call_id: str, at: float) -> Iterator[Found]:
    match data:
        case {"alternatives": [{"interpretations": [{"transcript": str(text)}, *_], **best}, *_], **rest}:
            index = rest.get("channelId")
            if type(index) is int and 0 <= index < len(channels):
                speaker = _SPEAKERS.get(channels[index], Speaker.UNKNOWN)
            else:
                speaker = Speaker.UNKNOWN
                yield Broken(Rule.CHANNEL_UNKNOWN, "")
            if not isinstance(rest.get("isFinal"), bool):
                yield Broken(Rule.BAD_ENTITY, "transcript: isFinal")
            final = rest.get("isFinal") is not False
            yield TranscriptReceived(call_id, at, speaker, clean(text), final, ratio(best.get("confidence")))
        case _:
            yield Broken(Rule.BAD_ENTITY, "transcript: alternatives")


# -- agent assistance ---------------------------------------------------------------------------------------


def _agentassist(data: object, channels: Sequence[str], call_id: str, at: float) -> Iterator[Found]:
    if not isinstance(data, dict):
        yield Broken(Rule.BAD_ENTITY, "agentassist")
        return
    for utterance in _listed(data, "utterances"):
        match utterance:
            case {"text": str(text), "channel": str(channel), **rest} if channel in CHANNELS:
                final, sure = rest.get("isFinal") is not False, ratio(rest.get("confidence"))
                yield TranscriptReceived(call_id, at, _SPEAKERS[CHANNELS[channel]], clean(text), final, sure)
            case _:
                yield Broken(Rule.BAD_ENTITY, "agentassist: utterances")
    for suggestion in _listed(data, "suggestions"):
        match suggestion:
            case {"type": "faq", "question": str(question), "answer": str(answer)}:
                yield EntityReceived(call_id, at, "faq", clean(f"{question} → {_without_markup(answer)}"))
            case {"type": "article", "title": str(title), **rest}:
                where = rest.get("documentUri")
                link = f" {safe_url(where)}" if isinstance(where, str) else ""
                yield EntityReceived(call_id, at, "article", clean(f"{title}{link}"))
            case _:
                yield Broken(Rule.BAD_ENTITY, "agentassist: suggestions")


def _listed(data: dict[str, Any], name: str) -> list[Any]:
    value = data.get(name)
    return value[:MOST] if isinstance(value, list) else []


def _without_markup(text: str) -> str:
    return html.unescape(_TAG.sub(" ", text)).strip()


# -- the bot's turns ----------------------------------------------------------------------------------------


def _bot_turn(data: object, channels: Sequence[str], call_id: str, at: float) -> Iterator[Found]:
    match data:
        case {"disposition": "no_input" | "no_match" | "match" as disposition, **rest}:
            sure = ratio(rest.get("confidence"))
            told = disposition if sure is None else f"{disposition}, confidence {sure:.2f}"
            yield EntityReceived(call_id, at, BOT_TURN, told)
            if isinstance(text := rest.get("text"), str):
                yield TextReceived(call_id, at, clean(text))
        case _:
            yield Broken(Rule.BAD_ENTITY, "bot_turn_response: disposition")


_READERS: dict[str, Callable[[object, Sequence[str], str, float], Iterator[Found]]] = {
    "transcript": _transcript,
    "agentassist": _agentassist,
    BOT_TURN: _bot_turn,
}
