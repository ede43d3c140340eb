"""Values of the wire, and what a server's messages tell."""

from __future__ import annotations

import json

import pytest

from dashboard.call.events import ErrorReceived, Event, StatusReceived
from dashboard.call.hook_events import HookAccepted, PlaybackChanged, RuleBroken, SessionEnding
from dashboard.dialects.audiohook_rules import RULES, Rule
from dashboard.dialects.audiohook_wire import duration, duration_s, uuid
from dashboard.dialects.base import AudioFrame
from dashboard.media.levels import measure
from tests.unit.dialects.hook_dialogue import MONO, SESSION, STEREO
from tests.unit.dialects.hook_wire import AT, Wire, rules


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


def test_languages_are_for_a_client_that_asked_for_them() -> None:
    for asked, broken in ((True, []), (False, ["languages_unasked"]), (..., ["languages_unasked"])):
        wire = Wire(supportedLanguages=asked)
        wire.hook.stage = "opening"
        assert rules(wire.server("opened", media=[STEREO], supportedLanguages=["en-US"])) == broken


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


def test_a_ping_is_answered_once() -> None:
    wire = Wire()
    wire.client("ping")
    assert rules(wire.server("pong")) == []
    assert rules(wire.server("pong")) == ["pong_unasked"]


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
    wire.client("update", language="de-DE")
    assert wire.server("updated") == []
    assert rules(wire.server("updated")) == ["updated_unasked"]
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


def test_audio_of_a_server_that_selected_no_media_is_a_breach() -> None:
    items = Wire(None).hook.server(b"\xff" * 1600, text=False, at=AT).items
    assert [(item.rule, item.detail) for item in items if isinstance(item, RuleBroken)] == [
        ("audio_unexpected", "no media was selected")
    ]
    assert len(items) == 1


@pytest.mark.parametrize("order", [["external"], ["internal"], ["external", "internal"], ["internal", "external"]])
def test_l16_is_little_endian_and_each_channel_keeps_its_name(order: list[str]) -> None:
    offer = {**STEREO, "format": "L16", "channels": order}
    wire = Wire(offer, media=[offer])
    loud_then_quiet = b"".join(value.to_bytes(2, "little", signed=True) for value in (12_000, -1)[: len(order)])
    (frame,) = wire.hook.client(loud_then_quiet * 800, text=False, at=AT).items
    assert isinstance(frame, AudioFrame)
    assert (frame.channels, frame.duration) == (
        tuple({"external": "caller", "internal": "agent"}[one] for one in order),
        0.1,
    )
    levels = measure([frame.payload], encoding=frame.format.encoding, channels=frame.format.channels).rms[0]
    assert levels[0] == pytest.approx(-8.7, abs=0.1)
    assert all(level < -80 for level in levels[1:])


def test_secrets_and_phone_numbers_do_not_get_through() -> None:
    (unknown, told) = Wire().client("token=abcdef123456")
    assert "abcdef" not in f"{unknown}{told}"
    items = Wire().client("error", code=400, message="token=abcdef123456 of +1 317 555 0199")
    (error,) = items
    assert isinstance(error, ErrorReceived)
    assert error.message == "400 token=*** of ***"
    assert all(isinstance(item, Event) for item in items)
