"""The sound of a call as a WAV file: everything where it was spoken, silence where nothing was."""

from __future__ import annotations

import io
import wave
from array import array
from collections.abc import Sequence
from typing import Any

import pytest

from dashboard.call.ports import Sound
from dashboard.errors import RecordingError
from dashboard.exporters.wav import write_wav
from dashboard.media.g711 import linear_to_pcmu, pcmu_to_linear

BEGAN = 1000.0
RATE = 8000
FRAME_S = 0.02


def samples(value: int, seconds: float = FRAME_S, channels: int = 1, rate: int = RATE) -> bytes:
    return array("h", [value] * round(seconds * rate) * channels).tobytes()


def sound(at: float, position: float, value: int, seconds: float = FRAME_S, **other: Any) -> Sound:
    """`at`: when the last of it came, in seconds since the call began."""
    known: dict[str, Any] = {"leg": "inbound", "encoding": "pcm16", "rate": RATE, "channels": 1, **other}
    payload = known.pop("payload", None) or samples(value, seconds, known["channels"], known["rate"])
    return Sound("call", BEGAN + at, position_s=position, payload=payload, **known)


class Heard:
    def __init__(self, sounds: Sequence[Sound], length_s: float) -> None:
        file = io.BytesIO()
        write_wav(file, lambda: iter(sounds), began=BEGAN, length_s=length_s)
        file.seek(0)
        with wave.open(file) as written:
            self.channels, self.rate = written.getnchannels(), written.getframerate()
            self.length_s = written.getnframes() / self.rate
            assert written.getsampwidth() == 2
            self._samples = array("h", written.readframes(written.getnframes()))

    def spans(self, channel: int = 0) -> list[tuple[float, float, int]]:
        """Return (from, until, value) of every stretch of equal samples that is not silence; in seconds."""
        row = self._samples[channel :: self.channels]
        found: list[tuple[float, float, int]] = []
        begin = 0
        for place in range(1, len(row) + 1):
            if place == len(row) or row[place] != row[begin]:
                if row[begin]:
                    found.append((round(begin / self.rate, 6), round(place / self.rate, 6), row[begin]))
                begin = place
        return found


def test_sound_stands_where_it_was_spoken_and_silence_around_it() -> None:
    heard = Heard([sound(1.5, 0.0, 100, 0.5), sound(2.0, 0.5, 200, 0.5)], length_s=3.0)
    assert heard.spans() == [(1.0, 1.5, 100), (1.5, 2.0, 200)]
    assert (heard.length_s, heard.rate, heard.channels) == (3.0, RATE, 1)


def test_a_hole_in_the_positions_is_silence_of_its_length() -> None:
    frames = [sound(0.02 * (n + 1), 0.02 * n, 7) for n in range(50) if n not in (10, 20, 21)]
    assert Heard(frames, 1.0).spans() == [(0.0, 0.2, 7), (0.22, 0.4, 7), (0.44, 1.0, 7)]


def test_what_a_stall_held_back_is_not_late() -> None:
    frames = [sound(0.02 * (n + 1) if not 10 <= n < 100 else 2.01, 0.02 * n, 7) for n in range(200)]
    assert Heard(frames, 4.0).spans() == [(0.0, 4.0, 7)]


def test_a_pause_that_the_positions_do_not_show_is_silence() -> None:
    frames = [sound(0.02 * (n + 1) + (1.5 if n >= 10 else 0.0), 0.02 * n, 7) for n in range(100)]
    assert Heard(frames, 4.0).spans() == [(0.0, 0.2, 7), (1.7, 3.5, 7)]


def test_positions_begin_anew_with_a_connection() -> None:
    frames = [sound(0.02 * (n + 1), 0.02 * n, 1) for n in range(50)]
    again = [sound(5.0 + 0.02 * (n + 1), 0.02 * n, 2) for n in range(50)]
    assert Heard(frames + again, 6.0).spans() == [(0.0, 1.0, 1), (5.0, 6.0, 2)]


def test_a_leap_in_the_positions_makes_no_silence_of_days() -> None:
    heard = Heard([sound(0.02, 0.0, 1), sound(0.04, 1e9, 2), sound(0.06, -5.0, 3)], length_s=0.06)
    assert heard.spans() == [(0.0, 0.02, 1), (0.02, 0.04, 2), (0.04, 0.06, 3)]


def test_uneven_arrivals_leave_no_seams() -> None:
    frames = [sound(0.1 * (n + 1) + 0.03 * (n % 3), 0.1 * n, 7, 0.1) for n in range(100)]
    (span,) = Heard(frames, 10.1).spans()
    assert span[1] - span[0] == pytest.approx(10.0)


def test_sound_is_never_cut() -> None:
    """Two streams that overlap, as when an old connection's last frames come after the first of the next."""
    heard = Heard([sound(1.0, 0.0, 1, 1.0), sound(1.2, 0.0, 2, 1.0)], length_s=1.2)
    assert heard.spans() == [(0.0, 1.0, 1), (1.0, 2.0, 2)]
    assert heard.length_s == 2.0


def test_channels_stay_apart_and_legs_stand_beside_each_other() -> None:
    stereo = array("h", [11, 22] * 160).tobytes()
    inbound = sound(0.02, 0.0, 0, channels=2, payload=stereo)
    outbound = sound(0.06, 0.0, 33, leg="outbound")
    heard = Heard([inbound, outbound], length_s=0.1)
    assert heard.channels == 3
    assert [heard.spans(n) for n in range(3)] == [[(0.0, 0.02, 11)], [(0.0, 0.02, 22)], [(0.04, 0.06, 33)]]


def test_mu_law_is_expanded_and_other_rates_are_brought_to_the_highest() -> None:
    payload = linear_to_pcmu(samples(4000, 1.0))
    value = array("h", pcmu_to_linear(payload))[0]
    narrow = sound(1.0, 0.0, 0, encoding="pcmu", payload=payload)
    wide = sound(2.0, 0.0, 500, 1.0, rate=16_000)
    heard = Heard([narrow, wide], length_s=2.0)
    assert heard.rate == 16_000
    assert heard.length_s == 2.0
    first, *_, last = heard.spans()
    assert first[2] == value
    assert last == (1.0, 2.0, 500)


def test_a_leg_that_changes_to_fewer_channels_keeps_its_place() -> None:
    heard = Heard([sound(0.02, 0.0, 5, channels=2), sound(0.04, 0.02, 6)], length_s=0.04)
    assert heard.channels == 2
    assert heard.spans(0) == heard.spans(1) == [(0.0, 0.02, 5), (0.02, 0.04, 6)]


def test_it_can_be_written_where_nobody_can_seek() -> None:
    class Pipe(io.RawIOBase):
        written = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.written += bytes(data)
            return len(data)

    pipe, file = Pipe(), io.BytesIO()
    for out in (pipe, file):
        write_wav(out, lambda: iter([sound(0.5, 0.0, 9, 0.5)]), began=BEGAN, length_s=2.0)  # type: ignore[arg-type]
    assert pipe.written == file.getvalue()


@pytest.mark.parametrize(
    ("sounds", "length_s", "said"),
    [
        ([], 1.0, "there is no sound in it"),
        ([sound(1.0, 0.0, 1, encoding="opus", payload=b"12")], 1.0, "its sound cannot be read: opus"),
        ([sound(1.0, 0.0, 1, rate=0, payload=b"12")], 1.0, "its sound cannot be read"),
        ([sound(1.0, float("inf"), 1)], 1.0, "its sound cannot be read"),
        ([sound(1.0, 0.0, 1)], 1e6, "too long for one WAV file, which holds 4 GiB: 277.8 h"),
    ],
)
def test_what_cannot_be_written_is_said(sounds: list[Sound], length_s: float, said: str) -> None:
    with pytest.raises(RecordingError, match=said.replace("(", r"\(")):
        Heard(sounds, length_s)
