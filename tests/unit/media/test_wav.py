"""Speech out of WAV files of any kind."""

from __future__ import annotations

import math
import struct
from itertools import pairwise

import pytest

from dashboard.media.g711 import linear_to_pcmu
from dashboard.media.levels import measure
from dashboard.media.wav import WavError, sound_ends_s, speech


def tone(hz: float, rate: int, seconds: float = 0.5, amplitude: float = 0.5) -> list[float]:
    return [amplitude * math.sin(2 * math.pi * hz * n / rate) for n in range(round(rate * seconds))]


def pcm16(samples: list[float]) -> bytes:
    return struct.pack(f"<{len(samples)}h", *(round(32767 * value) for value in samples))


def wav(
    sound: bytes, *, kind: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16, extra: bytes = b""
) -> bytes:
    size = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * size, size, bits) + extra
    chunks = b"LIST\x03\0\0\0abc\0" + b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(sound)) + sound
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def level(samples: bytes) -> float:
    return measure([samples], encoding="pcm16", channels=1).rms[0][0]


def test_telephone_sound_is_taken_as_it_is() -> None:
    sound = pcm16(tone(440, 8000))
    assert speech(wav(sound)) == sound


@pytest.mark.parametrize("rate", [11_025, 16_000, 22_050, 44_100, 48_000])
def test_other_rates_become_8_khz_at_the_same_level_and_pitch(rate: int) -> None:
    found = speech(wav(pcm16(tone(1000, rate)), rate=rate))
    assert len(found) == pytest.approx(8000, abs=4)
    assert level(found[800:-800]) == pytest.approx(-9.03, abs=0.1)
    values = struct.unpack(f"<{len(found) // 2}h", found)
    rising = sum(a < 0 <= b for a, b in pairwise(values))
    assert rising == pytest.approx(500, abs=2)


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_what_a_telephone_cannot_carry_is_taken_out_and_not_folded_down(rate: int) -> None:
    assert level(speech(wav(pcm16(tone(5000, rate)), rate=rate))[800:-800]) < -60


def test_two_channels_become_one() -> None:
    left, right = tone(440, 8000), [0.0] * 4000
    both = [value for pair in zip(left, right, strict=True) for value in pair]
    assert level(speech(wav(pcm16(both), channels=2))) == pytest.approx(-9.03 - 6.02, abs=0.1)


def test_every_usual_way_to_write_samples_is_read() -> None:
    values = tone(440, 8000)
    sound = pcm16(values)
    wide = b"".join(b"\0" + sound[n : n + 2] for n in range(0, len(sound), 2))
    float_guid = struct.pack("<HHIH", 22, 32, 0, 3) + bytes(14)
    for written in (
        wav(bytes(round(127 + 127 * value) for value in values), bits=8),
        wav(wide, bits=24),
        wav(struct.pack(f"<{len(values)}f", *values), kind=3, bits=32),
        wav(struct.pack(f"<{len(values)}f", *values), kind=0xFFFE, bits=32, extra=float_guid),
        wav(linear_to_pcmu(sound), kind=7, bits=8),
    ):
        assert level(speech(written)) == pytest.approx(-9.03, abs=0.2)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no WAV file"),
        (b"ID3" + bytes(100), "no WAV file"),
        (wav(b""), "no sound"),
        (wav(bytes(100), kind=85), "kind 85"),
        (wav(bytes(100), bits=12), "12 bits"),
        (wav(bytes(100), channels=0), "0 channels"),
        (wav(bytes(100), rate=400), "400 Hz"),
        (b"RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd", "no sound"),
        (b"RIFF\0\0\0\0WAVEfmt \x04\0\0\0abcddata\x04\0\0\0abcd", "cut off"),
    ],
)
def test_what_is_no_speech_is_refused_with_its_reason(data: bytes, why: str) -> None:
    with pytest.raises(WavError, match=why):
        speech(data)


def test_a_file_that_was_cut_off_is_read_as_far_as_it_goes() -> None:
    whole = wav(pcm16(tone(440, 8000)))
    assert len(speech(whole[:-1001])) == 8000 - 1002


def test_the_end_of_what_is_said_is_found() -> None:
    said = pcm16(tone(440, 8000, 0.5)) + bytes(8000)
    assert sound_ends_s(said, -50.0) == pytest.approx(0.5, abs=0.011)
    assert sound_ends_s(bytes(8000), -50.0) == 0.0
