"""Values of the wire, and what a server's messages tell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.call.events import ErrorReceived, Event, Speaker, StatusReceived, TextReceived, TranscriptReceived
from dashboard.call.hook_events import EntityReceived, HookAccepted, PlaybackChanged, RuleBroken, SessionEnding
from dashboard.dialects.audiohook import AudioHook
from dashboard.dialects.audiohook_rules import RULES, Rule
from dashboard.dialects.audiohook_wire import duration, duration_s, uuid
from dashboard.dialects.base import AudioFrame, Item
from tests.unit.dialects.hook_dialogue import MONO, SESSION, STEREO, open_parameters

AT = 1000.0
UTTERANCE = "c4c4c4c4-3333-4444-8555-6f6f6f6f6f6f"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT0S", 0.0), ("PT1.5S", 1.5), ("PT.5S", 0.5), ("PT0.0412S", 0.0412), ("PT007S", 7.0), ("PT86400S", 86400.0)],
)
def test_a_duration_is_decimal_seconds(text: str, seconds: float) -> None:
    assert duration_s(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        *("PT1M", "P1D", "PT-1S", "PT1e3S", "PT1.S", "PTS", "1.5", "pt1s", "PT1S\n", "PT٣S", "PT1,5S", "PT99999999S"),
        "PT" + "0" * 60 + "S",
    ],
)
def test_nothing_else_is_a_duration(text: str) -> None:
    assert duration_s(text) is None
    assert duration_s(7) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "PT0S"), (0.00001, "PT0.00001S"), (1.0, "PT1S"), (0.1 + 0.2, "PT0.3S"), (12.6, "PT12.6S"), (-0.1, "PT0S")],
)
def test_a_duration_is_written_without_an_exponent(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_uuid_is_one_of_versions_1_to_5_or_nil() -> None:
    assert uuid("7BE0C7D2-1111-4222-8333-9A9A9A9A9A9A") == "7be0c7d2-1111-4222-8333-9a9a9a9a9a9a"
    assert uuid("00000000-0000-0000-0000-000000000000") is not None
    for wrong in (
        "7be0c7d2-1111-7222-8333-9a9a9a9a9a9a",
        "7be0c7d2-1111-4222-c333-9a9a9a9a9a9a",
        "s-9001",
        "",
        None,
        7,
    ):
        assert uuid(wrong) is None


def test_every_rule_is_told_in_words() -> None:
    assert set(RULES) == set(Rule)


# -- a server that speaks -----------------------------------------------------------------------------------


class Wire:
    """Both sides of a session, read by one observer."""

    def __init__(self, media: dict[str, Any] = STEREO) -> None:
        self.hook = AudioHook("call")
        self.seqs = {"client": 0, "server": 0}
        self.client("open", **open_parameters())
        self.server("opened", media=[media])

    def client(self, kind: str, **parameters: Any) -> list[Item]:
        return self.hook.client(self._written("client", kind, parameters), text=True, at=AT).items

    def server(self, kind: str, **parameters: Any) -> list[Item]:
        return self.hook.server(self._written("server", kind, parameters), text=True, at=AT).items

    def entity(self, kind: str, data: Any) -> list[Item]:
        return self.server("event", entities=[{"type": kind, "data": data}])

    def _written(self, side: str, kind: str, parameters: dict[str, Any]) -> bytes:
        self.seqs[side] += 1
        fields = {"version": "2", "id": SESSION, "type": kind, "seq": self.seqs[side], "parameters": parameters}
        if side == "client":
            fields |= {"serverseq": self.seqs["server"], "position": "PT0S"}
        else:
            fields |= {"clientseq": self.seqs["client"]}
        return json.dumps(fields).encode()


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


def rules(items: list[Item]) -> list[str]:
    return [item.rule for item in items if isinstance(item, RuleBroken)]


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


def test_what_assists_the_agent_is_shown_without_its_markup() -> None:
    data = {
        "id": UTTERANCE,
        "utterances": [
            {"id": "u", "text": "hello", "channel": "internal", "isFinal": True, "confidence": 0.5, "language": "en-US"}
        ],
        "suggestions": [
            {"type": "faq", "question": "Where?", "answer": "<p>In the <b>depot</b> &amp; safe</p>"},
            {"type": "article", "title": "Depots", "documentUri": "https://user:pw@kb.example/d?key=secret"},
            {"type": "poem"},
        ],
    }
    items = Wire().entity("agentassist", data)
    assert items[:3] == [
        TranscriptReceived("call", AT, Speaker.AGENT, "hello", True, 0.5),
        EntityReceived("call", AT, "faq", "Where? → In the  depot  & safe"),
        EntityReceived("call", AT, "article", "Depots https://kb.example/d"),
    ]
    assert rules(items) == ["bad_entity"]


def test_the_turn_of_a_bot_is_its_text() -> None:
    items = Wire(MONO).entity("bot_turn_response", {"disposition": "match", "text": "Hello", "confidence": 1.0})
    assert items == [
        EntityReceived("call", AT, "bot_turn_response", "match, confidence 1.00"),
        TextReceived("call", AT, "Hello"),
    ]


def test_an_entity_that_is_not_known_is_shown_raw() -> None:
    wire = Wire()
    assert wire.entity("barge_in", {}) == [EntityReceived("call", AT, "barge_in", "")]
    (shown,) = wire.entity("mood\x1b[31m", {"a": [1, "token=abcdef123"], "b": "x" * 2000})
    assert isinstance(shown, EntityReceived)
    assert shown.text.startswith('{"a": [1, "token=***')
    assert len(shown.text) < 450


def test_an_event_must_hold_something_and_come_in_time() -> None:
    assert rules(Wire().server("event", entities=[])) == ["no_entities"]
    assert rules(Wire().server("event")) == ["bad_parameters", "no_entities"]
    hook = Wire()
    hook.hook.stage = "opening"
    assert rules(hook.entity("barge_in", {})) == ["event_unexpected"]


def test_ten_thousand_entities_are_read_as_far_as_that_is_useful() -> None:
    items = Wire().server("event", entities=[{"type": "x", "data": None}] * 1000)
    assert len(items) == 50


def test_the_media_of_opened_must_be_one_that_was_offered() -> None:
    for chosen in ([{**STEREO, "channels": ["internal", "external"]}], [STEREO, MONO], ["PCMU"], [{"type": "audio"}]):
        wire = Wire()
        wire.hook.stage = "opening"
        items = wire.server("opened", media=chosen)
        assert "media_not_offered" in rules(items)
        assert any(isinstance(item, HookAccepted) for item in items)


def test_what_a_server_says_unasked_is_a_breach() -> None:
    wire = Wire()
    assert rules(wire.server("opened", media=[STEREO])) == ["opened_unasked"]
    assert rules(wire.server("pong")) == ["pong_unasked"]
    assert rules(wire.server("closed")) == ["closed_unasked"]
    assert rules(wire.server("ping")) == ["wrong_side"]


def test_a_pong_must_name_a_ping_that_waits() -> None:
    wire = Wire()
    wire.client("ping")
    wire.client("update", language="de-DE")
    (broken,) = wire.server("pong")
    assert isinstance(broken, RuleBroken)
    assert (broken.rule, broken.detail) == ("pong_mismatch", "pong: clientseq 3, the ping was 2")


def test_an_answer_to_a_request_to_pause_is_no_breach_however_often_it_is_asked() -> None:
    wire = Wire()
    for _ in range(2):
        assert wire.server("pause") == []
        assert rules(wire.client("paused")) == []
    assert rules(wire.client("paused")) == ["paused_unexpected"]
    for _ in range(2):
        assert wire.server("resume") == []
        assert rules(wire.client("resumed", start="PT0S", discarded="PT0S")) == []


def test_a_position_in_a_servers_message_is_a_breach() -> None:
    fields = {"version": "2", "id": SESSION, "type": "pause", "seq": 2, "clientseq": 1, "position": "PT0S"}
    items = Wire().hook.server(json.dumps({**fields, "parameters": {}}).encode(), text=True, at=AT).items
    assert rules(items) == ["bad_position"]


def test_a_request_to_reconnect_or_to_leave_is_shown() -> None:
    wire = Wire()
    assert wire.server("reconnect", info="rolling update") == [
        StatusReceived("call", AT, "the server asks for a reconnect: rolling update")
    ]
    assert wire.server("updated") == []
    assert wire.server("disconnect", reason="error", info="no capacity") == [
        SessionEnding("call", AT, "server", "error", "no capacity")
    ]


def test_audio_of_a_server_is_the_bots() -> None:
    wire = Wire(MONO)
    (first,) = wire.hook.server(b"\xff" * 1600, text=False, at=AT).items
    (second,) = wire.hook.server(b"\xff" * 800, text=False, at=AT).items
    assert isinstance(first, AudioFrame)
    assert isinstance(second, AudioFrame)
    assert (first.leg, first.channels, first.positioned) == ("outbound", ("bot",), False)
    assert (second.position, second.duration) == (0.2, 0.1)
    assert wire.client("playback_started") == [PlaybackChanged("call", AT, playing=True)]
    assert wire.client("playback_completed") == [PlaybackChanged("call", AT, playing=False)]


def test_secrets_and_phone_numbers_do_not_get_through() -> None:
    items = Wire().client("error", code=400, message="token=abcdef123456 of +1 317 555 0199")
    (error,) = items
    assert isinstance(error, ErrorReceived)
    assert error.message == "400 token=*** of ***"
    assert all(isinstance(item, Event) for item in items)
