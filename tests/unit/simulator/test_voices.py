"""Clips, murmur, and frames in every format."""

from __future__ import annotations

import math
import struct
from importlib.resources import files
from typing import Literal

import pytest

from dashboard.media.g711 import PCMU_FULL_SCALE, pcmu_to_linear
from dashboard.media.levels import measure
from dashboard.simulator.voices import AudioFormat, Clip, Mixer, Placed, clip, clip_texts, murmur

LOUD = Clip("loud", "loud", b"\x80" * 8000)  # one second of µ-law's largest value


def samples(linear: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(linear) // 2}h", linear)


def level_dbfs(ulaw: bytes) -> float:
    linear = samples(pcmu_to_linear(ulaw))
    return 10 * math.log10(sum(one * one for one in linear) / len(linear) / 32768**2)


@pytest.mark.parametrize("name", clip_texts())
def test_a_shipped_clip_is_speech_at_minus_20_dbfs(name: str) -> None:
    found = clip(name)
    assert 1 < found.duration_s < 5
    assert level_dbfs(found.ulaw) == pytest.approx(-20, abs=0.5)


def test_the_clips_are_small_and_all_have_a_text() -> None:
    shipped = [file for file in (files("dashboard.simulator") / "clips").iterdir() if file.name.endswith(".ulaw")]
    assert {file.name.removesuffix(".ulaw") for file in shipped} == set(clip_texts())
    assert sum(len(file.read_bytes()) for file in shipped) < 400_000


def test_an_unknown_clip_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        clip("no-such-clip")


def test_a_murmur_is_loud_enough_to_be_heard_and_as_long_as_its_text() -> None:
    short, long = murmur("hi", "bot"), murmur("a good deal more than that", "bot")
    assert short.duration_s < long.duration_s <= 4.0
    assert level_dbfs(long.ulaw) > -25
    assert murmur("x" * 10_000, "caller").duration_s <= 4.0


@pytest.mark.parametrize(
    ("audio", "size"),
    [
        (AudioFormat(), 320),
        (AudioFormat(channels=1), 160),
        (AudioFormat(frame_ms=60), 960),
        (AudioFormat(encoding="pcm16", channels=1), 320),
        (AudioFormat(encoding="pcm16", rate=16000), 1280),
        (AudioFormat(encoding="pcm16", rate=48000, frame_ms=10), 1920),
    ],
)
def test_a_frame_has_the_size_of_its_format(audio: AudioFormat, size: int) -> None:
    mixer = Mixer(audio, 1)
    for index in range(120):
        speech = [Placed("bot", LOUD, 0.305), Placed("caller", LOUD, 0.007)]
        assert len(mixer.frame(index * audio.frame_s, speech, frozenset())) == size


def test_two_channels_alternate_caller_and_bot() -> None:
    frame = Mixer(AudioFormat(), 1).frame(0.2, [Placed("bot", LOUD, 0.0)], frozenset())
    assert set(frame[1::2]) == {0x80}
    assert 0x80 not in frame[0::2]


def test_two_channels_of_16_bit_samples_alternate_too() -> None:
    frame = Mixer(AudioFormat(encoding="pcm16"), 1).frame(0.2, [Placed("caller", LOUD, 0.0)], frozenset())
    assert set(samples(frame)[0::2]) == {PCMU_FULL_SCALE}
    assert max(samples(frame)[1::2]) < 30


def test_a_higher_rate_is_the_same_sound() -> None:
    speech = [Placed("bot", clip("bot-here"), 0.0)]
    narrow = Mixer(AudioFormat(encoding="pcm16", channels=1), 1).frame(1.0, speech, frozenset())
    wide = Mixer(AudioFormat(encoding="pcm16", rate=24000, channels=1), 1).frame(1.0, speech, frozenset())
    assert samples(wide)[1::3] == samples(narrow)


def test_speech_begins_and_ends_within_a_frame() -> None:
    mixer = Mixer(AudioFormat(channels=1), 1)
    begin = mixer.frame(0.0, [Placed("bot", LOUD, 0.005)], frozenset())
    end = mixer.frame(1.0, [Placed("bot", LOUD, 0.005)], frozenset())
    assert (begin.count(0x80), begin[40:].count(0x80)) == (120, 120)
    assert (end.count(0x80), end[:40].count(0x80)) == (40, 40)


def test_a_quiet_line_has_noise_and_a_muted_one_has_none() -> None:
    mixer = Mixer(AudioFormat(), 1)
    noise = mixer.frame(0.4, [], frozenset())
    assert -80 < level_dbfs(noise) < -60
    assert mixer.frame(0.4, [Placed("bot", LOUD, 0.0)], frozenset({"bot", "caller"})) == b"\xff" * 320
    assert set(mixer.frame(0.4, [Placed("bot", LOUD, 0.0)], frozenset({"bot"}))[1::2]) == {0xFF}


@pytest.mark.parametrize("encoding", ["pcmu", "pcm16"])
def test_a_gain_makes_its_side_louder_or_softer_and_leaves_the_other_one(encoding: Literal["pcmu", "pcm16"]) -> None:
    mixer = Mixer(AudioFormat(encoding=encoding, channels=2), 1)
    width = AudioFormat(encoding=encoding).bytes_per_sample
    speaking = Placed("bot", clip("bot-welcome"), 0.0)
    plain = mixer.frame(1.0, [speaking], frozenset())
    soft = mixer.frame(1.0, [speaking], frozenset(), [("bot", -12.0)])
    sides = [
        [b"".join(frame[at : at + width] for at in range(side, len(frame), 2 * width)) for side in (0, width)]
        for frame in (plain, soft)
    ]
    assert sides[1][0] == sides[0][0]
    levels = [measure([frame[1]], encoding=encoding, channels=1).rms[0][0] for frame in sides]
    assert levels[0] - levels[1] == pytest.approx(12.0, abs=0.5)


def test_one_channel_carries_whoever_speaks_and_the_bot_before_the_caller() -> None:
    mixer = Mixer(AudioFormat(channels=1), 1)
    other = Clip("other", "other", b"\x90" * 8000)
    bot, caller = Placed("bot", LOUD, 0.0), Placed("caller", other, 0.0)
    assert set(mixer.frame(0.5, [caller], frozenset())) == {0x90}
    assert set(mixer.frame(0.5, [bot, caller], frozenset())) == {0x80}


def test_what_is_placed_last_is_heard() -> None:
    answer = Placed("bot", Clip("answer", "", b"\x90" * 8000), 0.0)
    frame = Mixer(AudioFormat(channels=1), 1).frame(0.5, [Placed("bot", LOUD, 0.0), answer], frozenset())
    assert set(frame) == {0x90}
