"""What stands in events, and the rules that it breaks (audiohook.md, 11)."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.call.events import Speaker, TextReceived, TranscriptReceived
from dashboard.call.hook_events import EntityReceived, RuleBroken
from tests.unit.dialects.hook_dialogue import MONO, SESSION, STEREO
from tests.unit.dialects.hook_wire import AT, Wire, rules

UTTERANCE = "c4c4c4c4-3333-4444-8555-6f6f6f6f6f6f"


def transcript(**changes: Any) -> dict[str, Any]:
    said = {"type": "display", "transcript": "where is my parcel"}
    data = {
        "id": UTTERANCE,
        "channelId": 0,
        "isFinal": True,
        "offset": "PT0.82S",
        "duration": "PT1.4S",
        "alternatives": [{"confidence": 0.91, "interpretations": [said]}],
    }
    return {name: value for name, value in (data | changes).items() if value is not ...}


@pytest.mark.parametrize(("channel", "speaker"), [(0, Speaker.CALLER), (1, Speaker.AGENT)])
def test_a_transcript_is_of_the_channel_that_it_names_by_its_index(channel: int, speaker: Speaker) -> None:
    assert Wire().entity("transcript", transcript(channelId=channel)) == [
        TranscriptReceived("call", AT, speaker, "where is my parcel", True, 0.91)
    ]


def test_the_index_counts_the_selected_channels() -> None:
    wire = Wire({**STEREO, "channels": ["internal", "external"]})
    (_, said) = [*wire.entity("transcript", transcript(channelId=0)), None]
    (heard,) = wire.entity("transcript", transcript(channelId=1, isFinal=False))
    assert isinstance(heard, TranscriptReceived)
    assert (heard.speaker, heard.final, said) == (Speaker.CALLER, False, None)


@pytest.mark.parametrize("channel", [2, -1, "0", True, 0.5, None, ...])
def test_a_channel_that_was_not_selected_is_nobodys(channel: Any) -> None:
    items = Wire().entity("transcript", transcript(channelId=channel))
    assert rules(items) == ["channel_unknown"]
    assert [item.speaker for item in items if isinstance(item, TranscriptReceived)] == [Speaker.UNKNOWN]


def test_a_channel_by_its_name_is_understood_and_told() -> None:
    items = Wire().entity("transcript", transcript(channelId=..., channel="internal"))
    assert rules(items) == ["channel_unknown"]
    assert [item.speaker for item in items if isinstance(item, TranscriptReceived)] == [Speaker.AGENT]


@pytest.mark.parametrize(
    "data",
    [
        *(None, [], "text"),
        *(transcript(alternatives=...), transcript(alternatives=[]), transcript(alternatives=[{}])),
        transcript(alternatives=[{"interpretations": [{"transcript": 7}]}]),
    ],
)
def test_a_transcript_without_words_is_a_breach(data: Any) -> None:
    assert rules(Wire().entity("transcript", data)) == ["bad_entity"]


WORD = {"type": "word", "value": "parcel", "confidence": 0.9, "offset": "PT0.82S", "duration": "PT0.3S"}


def alternatives(sure: Any = 0.91, tokens: Any = (WORD,), **changes: Any) -> list[dict[str, Any]]:
    said = {"type": "display", "transcript": "where is my parcel", "tokens": list(tokens)}
    return [{"confidence": sure, "languages": ["en-US"], "interpretations": [said]} | changes]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": ...}, "id"),
        ({"id": "utterance-1"}, "id"),
        ({"isFinal": ...}, "isFinal"),
        ({"isFinal": "yes"}, "isFinal"),
        ({"offset": "820"}, "offset"),
        ({"duration": 1.4}, "duration"),
        ({"alternatives": alternatives(sure=1.5)}, "alternatives"),
        ({"alternatives": alternatives(sure=None)}, "alternatives"),
        ({"alternatives": alternatives(languages=["english"])}, "alternatives"),
        ({"alternatives": alternatives(tokens=[{**WORD, "type": "syllable"}])}, "alternatives"),
        ({"alternatives": alternatives(tokens=[{**WORD, "offset": 0.8}])}, "alternatives"),
        ({"alternatives": [{"confidence": 1, "interpretations": [{"transcript": "hi"}]}]}, "alternatives"),
    ],
    ids=str,
)
def test_a_transcript_is_read_whatever_else_is_wrong_with_it_and_that_is_told(changes: Any, field: str) -> None:
    items = Wire().entity("transcript", transcript(**changes))
    assert [item.detail for item in items if isinstance(item, RuleBroken)] == [f"event: transcript: {field}"]
    assert sum(isinstance(item, TranscriptReceived) for item in items) == 1


def test_a_transcript_with_all_that_there_is_breaks_nothing() -> None:
    assert rules(Wire().entity("transcript", transcript(alternatives=alternatives()))) == []


def test_a_final_is_sent_once() -> None:
    wire = Wire()
    for final in (False, False, True):
        assert rules(wire.entity("transcript", transcript(isFinal=final))) == []
    assert rules(wire.entity("transcript", transcript(id=SESSION))) == []
    assert rules(wire.entity("transcript", transcript(id=UTTERANCE.upper()))) == ["final_repeated"]


UTTERANCE_SAID: dict[str, Any] = {"id": "u", "position": "PT2S", "text": "hello", "language": "en-US"}
UTTERANCE_SAID |= {"confidence": 0.5, "channel": "internal", "isFinal": True}


def assistance(**changes: Any) -> dict[str, Any]:
    faq = {
        "type": "faq",
        "id": "f",
        "confidence": 0.7,
        "question": "Where?",
        "answer": "<p>In the <b>depot</b> &amp; safe</p>",
    }
    article = {"type": "article", "id": "a", "confidence": 0.7, "title": "Depots", "excerpts": ["<i>all</i> of them"]}
    article |= {"documentUri": "https://user:pw@kb.example/d?key=secret"}
    return {"id": UTTERANCE, "utterances": [UTTERANCE_SAID], "suggestions": [faq, article]} | changes


def test_what_assists_the_agent_is_shown_without_its_markup() -> None:
    assert Wire().entity("agentassist", assistance()) == [
        TranscriptReceived("call", AT, Speaker.AGENT, "hello", True, 0.5),
        EntityReceived("call", AT, "faq", "Where? → In the  depot  & safe"),
        EntityReceived("call", AT, "article", "Depots https://kb.example/d"),
    ]


@pytest.mark.parametrize(
    ("data", "details"),
    [
        ("text", ["event: agentassist"]),
        ({}, ["event: agentassist: id"]),
        (assistance(utterances=7, suggestions=[]), ["event: agentassist: utterances"]),
        (assistance(suggestions=[{"type": "poem"}]), ["event: agentassist: suggestions"]),
        (
            assistance(utterances=[{"text": "hello", "channel": 0}], suggestions=[]),
            [
                f"event: utterance: {name}"
                for name in ("id", "position", "language", "confidence", "channel", "isFinal")
            ],
        ),
        (
            assistance(
                utterances=[UTTERANCE_SAID | {"position": "2 s", "duration": "2", "confidence": 7}], suggestions=[]
            ),
            [f"event: utterance: {name}" for name in ("position", "duration", "confidence")],
        ),
        (
            assistance(suggestions=[{"type": "faq", "question": "", "answer": ""}]),
            ["event: faq: id", "event: faq: confidence"],
        ),
        (
            assistance(suggestions=[{"type": "article", "title": ""}]),
            [f"event: article: {name}" for name in ("id", "confidence", "excerpts", "documentUri")],
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_assistance_lacks_is_told_field_by_field(data: Any, details: list[str]) -> None:
    items = Wire().entity("agentassist", data)
    assert [item.detail for item in items if isinstance(item, RuleBroken)] == details
    assert {item.rule for item in items if isinstance(item, RuleBroken)} == {"bad_entity"}


def test_the_turn_of_a_bot_is_its_text() -> None:
    items = Wire(MONO).entity("bot_turn_response", {"disposition": "match", "text": "Hello", "confidence": 1.0})
    assert items == [
        EntityReceived("call", AT, "bot_turn_response", "match, confidence 1.00"),
        TextReceived("call", AT, "Hello"),
    ]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"disposition": "maybe"}, "disposition"),
        ({"text": "Hello"}, "disposition"),
        ({"disposition": "match", "confidence": "1"}, "confidence"),
        ({"disposition": "no_input", "text": None}, "text"),
    ],
)
def test_a_turn_of_a_bot_is_held_against_its_fields(data: Any, field: str) -> None:
    items = Wire(MONO).entity("bot_turn_response", data)
    assert [item.detail for item in items if isinstance(item, RuleBroken)] == [f"event: bot_turn_response: {field}"]


def test_an_entity_that_is_not_known_is_shown_raw() -> None:
    wire = Wire()
    assert wire.entity("barge_in", {}) == [EntityReceived("call", AT, "barge_in", "")]
    (shown,) = wire.entity("mood\x1b[31m", {"a": [1, "token=abcdef123"], "b": "x" * 2000})
    assert isinstance(shown, EntityReceived)
    assert shown.text.startswith('{"a": [1, "token=***')
    assert len(shown.text) < 450
