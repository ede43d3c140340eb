from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.call import events as ev
from dashboard.dialects.appfoundry import AppFoundry
from dashboard.dialects.base import AudioFormat, AudioFrame, Item, Problem
from dashboard.media.levels import Encoding
from dashboard.wiretext import TEXT_LIMIT

AT = 12.5
CHUNK = bytes(range(256)) + bytes(64)  # 320 bytes: 20 ms of the default format
ENCODED = b64encode(CHUNK).decode()

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
VALID: list[dict[str, Any]] = [
    {"type": "sessionStart", "id": "m1", "sessionId": "s-9001", "conversationId": "c0ffee00"},
    {"type": "audio", "id": "m2", "payload": {"audio": ENCODED, "position": 1.5, "seq": 7, "timestamp": 20}},
    {"type": "audio", "data": {"payload": {"audio": ENCODED, "encoding": "pcmu", "sampleRate": 8000}}},
    {"type": "audio", "data": {"audio": ENCODED, "channels": 2}},
    {"type": "audio", "audio": ENCODED},
    {"type": "transcript", "text": "hello", "isFinal": False, "speaker": "user", "confidence": 0.5},
    {"type": "intent", "intent": "TrackParcel", "score": 0.9},
    {"type": "error", "message": "skill timeout"},
    {"type": "text", "text": "hello"},
    {"type": "status", "status": "ready"},
]


def codec(encoding: Encoding = "pcm16", rate: int = 8000, channels: int = 1) -> AppFoundry:
    return AppFoundry(AudioFormat(encoding, rate, channels), "call")


def read(message: object, reader: AppFoundry | None = None) -> Item:
    data = message if isinstance(message, bytes) else json.dumps(message).encode()
    [item] = (reader or codec()).receive(data, text=True, at=AT)
    return item


def read_binary(data: bytes, reader: AppFoundry | None = None) -> Item:
    [item] = (reader or codec()).receive(data, text=False, at=AT)
    return item


def frame(item: Item) -> AudioFrame:
    assert isinstance(item, AudioFrame), item
    return item


def audio(reader: AppFoundry | None = None, extras: Mapping[str, object] | None = None) -> Item:
    return read({"type": "audio", "payload": {"audio": ENCODED, **(extras or {})}}, reader)


def problem(item: Item) -> str:
    assert isinstance(item, ev.MalformedReceived), item
    return item.problem


# -- audio --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        {"payload": {"audio": ENCODED}},
        {"data": {"payload": {"audio": ENCODED}}},
        {"data": {"audio": ENCODED}},
        {"audio": ENCODED},
    ],
)
def test_audio_is_found_in_every_place_it_is_known_to_stand(message: dict[str, object]) -> None:
    got = frame(read({"type": "audio", **message}))

    assert (got.payload, got.leg, got.at) == (CHUNK, "inbound", AT)
    assert (got.format, got.channels) == (AudioFormat("pcm16", 8000, 1), ("mixed",))
    assert (got.position, got.duration, got.positioned) == (0.0, 0.02, False)


@pytest.mark.parametrize(
    ("audio", "size_bytes", "duration_s"),
    [
        (AudioFormat(), 320, 0.02),
        (AudioFormat("pcmu", 8000, 1), 160, 0.02),
        (AudioFormat("pcm16", 16000, 2), 1280, 0.02),
        (AudioFormat("pcmu", 8000, 2), 3200, 0.2),
    ],
)
def test_the_duration_comes_from_the_payload(audio: AudioFormat, size_bytes: int, duration_s: float) -> None:
    assert frame(read_binary(bytes(size_bytes), codec(*audio))).duration == pytest.approx(duration_s)


def test_of_two_places_the_first_counts() -> None:
    message = {"type": "audio", "audio": "AAAA", "data": {"audio": "AAAA"}, "payload": {"audio": ENCODED}}

    assert frame(read(message)).payload == CHUNK


def test_a_binary_frame_is_audio_of_the_default_format() -> None:
    got = frame(read_binary(bytes(1600), codec("pcmu", 8000, 2)))

    assert got.format == AudioFormat("pcmu", 8000, 2)
    assert got.channels == ("caller", "bot")
    assert got.duration == pytest.approx(0.1)


def test_a_binary_frame_of_digits_is_audio_and_not_a_number() -> None:
    assert frame(read_binary(b"12345678")).payload == b"12345678"


def test_what_a_message_says_of_its_format_counts_for_more_than_the_settings() -> None:
    got = frame(audio(extras={"encoding": "PCMU", "sampleRate": 16000.0, "channels": 4}))

    assert got.format == AudioFormat("pcmu", 16000, 4)
    assert got.channels == ("channel 1", "channel 2", "channel 3", "channel 4")
    assert got.duration == pytest.approx(320 / 4 / 16000)


def test_what_a_message_leaves_open_is_as_in_the_settings() -> None:
    assert frame(audio(codec("pcmu", 16000, 1), {"channels": 2})).format == AudioFormat("pcmu", 16000, 2)


@pytest.mark.parametrize(
    ("extras", "expected"),
    [
        ({"encoding": "opus"}, Problem.UNKNOWN_ENCODING),
        ({"encoding": 16}, Problem.UNKNOWN_ENCODING),
        ({"sampleRate": 0}, Problem.ABSURD_RATE),
        ({"sampleRate": -8000}, Problem.ABSURD_RATE),
        ({"sampleRate": 10**400}, Problem.ABSURD_RATE),
        ({"sampleRate": "8000"}, Problem.ABSURD_RATE),
        ({"sampleRate": True}, Problem.ABSURD_RATE),
        ({"channels": 0}, Problem.ABSURD_CHANNELS),
        ({"channels": 1000}, Problem.ABSURD_CHANNELS),
        ({"channels": 1.5}, Problem.ABSURD_CHANNELS),
    ],
)
def test_a_format_that_cannot_be_used_makes_the_audio_malformed(extras: dict[str, object], expected: Problem) -> None:
    assert problem(audio(extras=extras)) == expected.value


@pytest.mark.parametrize(
    ("encoded", "expected"),
    [
        ("", Problem.EMPTY_AUDIO),
        ("AAA", Problem.BAD_BASE64),
        ("AAAA\nAAAA", Problem.BAD_BASE64),
        ("AA==AA==", Problem.BAD_BASE64),
        ("AA-_", Problem.BAD_BASE64),
        ("ÄÄÄÄ", Problem.BAD_BASE64),
        ("AAAA", Problem.ODD_BYTE_COUNT),
        (None, Problem.WRONG_TYPE),
        (["AAAA"], Problem.WRONG_TYPE),
    ],
)
def test_audio_that_cannot_be_decoded_is_malformed(encoded: object, expected: Problem) -> None:
    item = read({"type": "audio", "payload": {"audio": encoded}})

    assert problem(item) == expected.value


@pytest.mark.parametrize("message", [{}, {"payload": {}}, {"payload": 5, "data": []}, {"data": {"payload": None}}])
def test_an_audio_message_without_audio_is_malformed(message: dict[str, object]) -> None:
    assert problem(read({"type": "audio", **message})) == Problem.NO_AUDIO.value


@pytest.mark.parametrize(("data", "expected"), [(b"", Problem.EMPTY_AUDIO), (bytes(321), Problem.ODD_BYTE_COUNT)])
def test_a_binary_frame_that_is_no_audio_is_malformed(data: bytes, expected: Problem) -> None:
    assert problem(read_binary(data)) == expected.value


def test_a_frame_that_ends_inside_a_sample_of_two_channels_is_malformed() -> None:
    assert problem(read_binary(bytes(322), codec(channels=2))) == Problem.ODD_BYTE_COUNT.value


# -- where a frame stands -------------------------------------------------------------------------------


def test_frames_that_say_nothing_stand_one_behind_the_other() -> None:
    reader = codec()
    frames = [frame(audio(reader)), frame(read_binary(bytes(640), reader)), frame(audio(reader))]

    assert [got.position for got in frames] == pytest.approx([0.0, 0.02, 0.06])
    assert not any(got.positioned for got in frames)


def test_a_stated_position_is_in_seconds_and_a_timestamp_in_milliseconds() -> None:
    stated = frame(audio(extras={"position": 12.34, "timestamp": 5, "seq": 9}))
    stamped = frame(audio(extras={"timestamp": 1760000012345, "seq": 9}))

    assert (stated.position, stated.positioned) == (12.34, True)
    assert stamped.position == pytest.approx(1760000012.345)
    assert stamped.positioned


def test_a_number_left_out_is_a_hole_of_one_frame() -> None:
    reader = codec()
    positions = [frame(audio(reader, {"seq": seq})).position for seq in (41, 42, 45, 46)]

    assert positions == pytest.approx([0.0, 0.02, 0.08, 0.10])


@pytest.mark.parametrize("second", [7, 3, 10**15, -(10**30)])
def test_a_number_that_makes_no_sense_leaves_no_hole(second: int) -> None:
    reader = codec()
    audio(reader, {"seq": 7})

    assert frame(audio(reader, {"seq": second})).position == pytest.approx(0.02)


@pytest.mark.parametrize(
    "extras", [{"position": "1.5"}, {"position": True}, {"position": 1e300}, {"timestamp": []}, {"seq": 1.5}]
)
def test_a_position_that_is_none_counts_as_absent(extras: dict[str, object]) -> None:
    got = frame(audio(extras=extras))

    assert (got.position, got.positioned) == (0.0, False)


def test_a_position_beyond_the_range_of_numbers_counts_as_absent() -> None:
    message = b'{"type":"audio","payload":{"audio":"%b","position":1e999}}' % ENCODED.encode()

    assert not frame(read(message)).positioned


# -- control ----------------------------------------------------------------------------------------------


def test_a_session_starts_with_both_its_ids() -> None:
    message = {"type": "sessionStart", "sessionId": "s-9001", "conversationId": "c0ffee00-0001"}

    assert read(message) == ev.SessionStarted("call", AT, "s-9001", "c0ffee00-0001")


@pytest.mark.parametrize("hostile", ["", "s\x1b[2J", "s\n", "s\u202eevil", "x" * 257])
def test_a_session_id_that_could_do_harm_is_refused(hostile: str) -> None:
    message = {"type": "sessionStart", "sessionId": hostile, "conversationId": "c"}

    assert problem(read(message)) == Problem.UNUSABLE_ID.value


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"type": "sessionStart", "sessionId": "s"}, Problem.MISSING_FIELD),
        ({"type": "sessionStart", "sessionId": 1, "conversationId": "c"}, Problem.WRONG_TYPE),
        ({"type": "transcript"}, Problem.MISSING_FIELD),
        ({"type": "transcript", "text": None}, Problem.MISSING_FIELD),
        ({"type": "transcript", "text": ["a"]}, Problem.WRONG_TYPE),
        ({"type": "intent", "intent": {}}, Problem.WRONG_TYPE),
        ({"type": "error"}, Problem.MISSING_FIELD),
        ({"type": 7}, Problem.WRONG_TYPE),
        ({"type": ["audio"]}, Problem.WRONG_TYPE),
        ({"type": {}}, Problem.WRONG_TYPE),
    ],
)
def test_a_required_field_that_is_absent_or_of_another_type_is_named(
    message: dict[str, object], expected: Problem
) -> None:
    assert problem(read(message)) == expected.value


def test_a_bare_transcript_is_the_callers_and_final() -> None:
    message = {"type": "transcript", "text": "where is my parcel"}

    assert read(message) == ev.TranscriptReceived("call", AT, ev.Speaker.CALLER, "where is my parcel", True)


def test_a_partial_transcript_says_so() -> None:
    message = {"type": "transcript", "text": "where", "isFinal": False, "confidence": 0.25}

    assert read(message) == ev.TranscriptReceived("call", AT, ev.Speaker.CALLER, "where", False, 0.25)


@pytest.mark.parametrize(
    ("extras", "speaker"),
    [
        ({"speaker": "user"}, ev.Speaker.CALLER),
        ({"speaker": "Customer"}, ev.Speaker.CALLER),
        ({"speaker": "bot"}, ev.Speaker.BOT),
        ({"speaker": "VIRTUAL_AGENT"}, ev.Speaker.BOT),
        ({"speaker": "agent"}, ev.Speaker.AGENT),
        ({"speaker": "agent", "channel": "external"}, ev.Speaker.AGENT),
        ({"channel": "external"}, ev.Speaker.CALLER),
        ({"channel": "internal"}, ev.Speaker.BOT),
        ({"channel": 0}, ev.Speaker.CALLER),
        ({"channel": 1}, ev.Speaker.BOT),
        ({"speaker": None, "channel": None}, ev.Speaker.CALLER),
        ({"speaker": "the neighbour"}, ev.Speaker.UNKNOWN),
        ({"speaker": {"name": "user"}}, ev.Speaker.UNKNOWN),
        ({"speaker": "user" * 1000}, ev.Speaker.UNKNOWN),
    ],
)
def test_the_usual_words_say_who_spoke(extras: dict[str, object], speaker: ev.Speaker) -> None:
    item = read({"type": "transcript", "text": "hello", **extras})

    assert isinstance(item, ev.TranscriptReceived)
    assert item.speaker is speaker


@pytest.mark.parametrize(
    ("extras", "confidence"),
    [
        ({}, None),
        ({"confidence": 0.75}, 0.75),
        ({"score": 1}, 1.0),
        ({"confidence": 0.0, "score": 0.9}, 0.0),
        ({"confidence": "high", "score": 0.9}, 0.9),
        ({"score": 87}, None),
        ({"score": -0.1}, None),
        ({"score": True}, None),
        ({"score": 10**400}, None),
    ],
)
def test_an_intent_is_as_sure_as_its_confidence_or_score(extras: dict[str, object], confidence: float | None) -> None:
    item = read({"type": "intent", "intent": "TrackParcel", **extras})

    assert item == ev.IntentReceived("call", AT, "TrackParcel", confidence)


def test_error_text_and_status_say_what_they_carry() -> None:
    assert read({"type": "error", "message": "skill timeout"}) == ev.ErrorReceived("call", AT, "skill timeout")
    assert read({"type": "text", "text": "hi"}) == ev.TextReceived("call", AT, "hi")
    assert read({"type": "text"}) == ev.TextReceived("call", AT, "")
    assert read({"type": "status", "status": "ready"}) == ev.StatusReceived("call", AT, "ready")
    assert read({"type": "status", "status": 5}) == ev.StatusReceived("call", AT, "")


def test_a_type_that_is_not_known_or_not_there_is_counted_by_its_name() -> None:
    assert read(b'{"type":"telemetry"}') == ev.UnknownReceived("call", AT, "telemetry", 20)
    assert read(b'{"a":1}') == ev.UnknownReceived("call", AT, "", 7)
    assert read(b'{"type":null}') == ev.UnknownReceived("call", AT, "", 13)


def test_secrets_in_a_message_do_not_become_facts() -> None:
    secret = "tk-7f3b9a1c"

    for message in (
        {"type": "error", "message": f"rejected: Bearer {secret}"},
        {"type": "transcript", "text": f"my password: {secret}"},
        {"type": f"token={secret}"},
        {"type": 1, "access_token": secret},
    ):
        assert secret not in repr(read(message))


# -- what cannot be read --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", Problem.NOT_JSON),
        (b"hello", Problem.NOT_JSON),
        (b'{"type":"audio"', Problem.NOT_JSON),
        (b'{"type":"text"} x', Problem.NOT_JSON),
        (b'{"type":"text","text":"\\ud800"}', Problem.NOT_JSON),
        (b'{"n":' + b"1" * 5000 + b"}", Problem.NOT_JSON),
        (b'{"type":"text","text":"\xff"}', Problem.NOT_UTF8),
        (b"\xff\xfe", Problem.NOT_UTF8),
        (b'{"type":"text","n":NaN}', Problem.NOT_FINITE),
        (b'{"type":"text","n":-Infinity}', Problem.NOT_FINITE),
        (b"[]", Problem.NOT_AN_OBJECT),
        (b'"audio"', Problem.NOT_AN_OBJECT),
        (b"1234", Problem.NOT_AN_OBJECT),
        (b"null", Problem.NOT_AN_OBJECT),
        (b"[" * 100_000, Problem.TOO_DEEP),
        (b'{"a":' * 100_000, Problem.TOO_DEEP),
    ],
)
def test_a_text_frame_that_is_no_object_in_json_is_malformed(data: bytes, expected: Problem) -> None:
    item = read(data)

    assert problem(item) == expected.value
    assert isinstance(item, ev.MalformedReceived)
    assert item.size_bytes == len(data)


def test_the_excerpt_of_a_malformed_message_is_short() -> None:
    item = read(b"x" * 9_000_000)

    assert isinstance(item, ev.MalformedReceived)
    assert item.excerpt == "x" * 160


def test_the_excerpt_of_a_binary_frame_shows_its_first_bytes() -> None:
    item = read_binary(b"\x01\xff\x80")

    assert isinstance(item, ev.MalformedReceived)
    assert item.excerpt == "01 ff 80"


def test_nine_megabytes_of_speech_keep_only_their_beginning() -> None:
    item = read({"type": "transcript", "text": "é" * 4_500_000})

    assert isinstance(item, ev.TranscriptReceived)
    assert len(item.text) < TEXT_LIMIT + 50


def test_nine_megabytes_of_audio_are_one_frame() -> None:
    encoded = b64encode(bytes(6_750_000)).decode()

    assert frame(read({"type": "audio", "audio": encoded})).duration == pytest.approx(6_750_000 / 16_000)


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_at_all_are_one_item_and_never_an_exception(data: bytes, text: bool) -> None:
    assert len(codec().receive(data, text=text, at=AT)) == 1


@given(JSON_VALUES)
def test_any_json_at_all_is_one_item_and_never_an_exception(value: object) -> None:
    assert len(codec().receive(json.dumps(value).encode(), text=True, at=AT)) == 1


@given(
    st.sampled_from(VALID),
    st.sampled_from(sorted({key for message in VALID for key in message} | {"payload", "data"})),
    JSON_VALUES,
    st.sampled_from(["payload", "data", None]),
)
def test_a_message_with_any_field_spoilt_is_one_item(
    message: dict[str, Any], key: str, value: object, inside: str | None
) -> None:
    spoilt = {**message, key: value}
    if inside and isinstance(message.get(inside), dict):
        spoilt = {**message, inside: {**message[inside], key: value}}

    [item] = codec().receive(json.dumps(spoilt).encode(), text=True, at=AT)

    assert isinstance(item, AudioFrame | ev.Event)


@given(st.sampled_from(VALID), st.data())
def test_a_message_with_any_byte_spoilt_is_one_item(message: dict[str, Any], data: st.DataObject) -> None:
    raw = bytearray(json.dumps(message).encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))

    assert len(codec().receive(bytes(raw), text=True, at=AT)) == 1


@given(st.lists(st.tuples(st.sampled_from(["position", "timestamp", "seq"]), NUMBERS), max_size=8))
def test_positions_stay_within_reason_whatever_is_said_of_them(said: list[tuple[str, float]]) -> None:
    reader = codec()
    for key, value in said:
        assert abs(frame(audio(reader, {key: value})).position) < 1e11


# -- what we say ------------------------------------------------------------------------------------------


def test_an_utterance_is_stamped_in_seconds() -> None:
    assert json.loads(codec().utterance("parcel 4711", "s-9001", 1760000012.3454)) == {
        "type": "event",
        "event": "userInput",
        "data": {"text": "parcel 4711", "sessionId": "s-9001", "timestamp": 1760000012.345},
    }


def test_a_reconnect_is_stamped_in_whole_milliseconds() -> None:
    said = json.loads(codec().reconnect("s-9001", 1760000019.8705))

    assert said == {"type": "reconnect", "sessionId": "s-9001", "timestamp": 1760000019870}
    assert isinstance(said["timestamp"], int)


@given(st.text())
def test_whatever_the_operator_types_is_one_line_of_json(text: str) -> None:
    said = codec().utterance(text, "s", 1.0)

    assert said.isascii()
    assert said.isprintable()
    assert json.loads(said)["data"]["text"] == text
