from __future__ import annotations

import math
import struct
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.media.g711 import linear_to_pcmu
from dashboard.media.levels import (
    FLOOR_DBFS,
    MISFIT_DB,
    Encoding,
    LevelMeter,
    amplified,
    hear,
    measure,
    misfit_db,
)

HALF = -6.02


def pcm(*samples: int) -> bytes:
    return struct.pack(f"<{len(samples)}h", *samples)


def sine(amplitude: float, count: int = 160) -> list[int]:
    return [round(amplitude * math.sin(2 * math.pi * 5 * i / count)) for i in range(count)]


def loud(meter: LevelMeter, at: float, level: float, frames: int = 5, duration: float = 0.02) -> LevelMeter:
    """Hear frames of one level; the last one arrives at `at`."""
    return hear(meter, at, [level] * frames, [level] * frames, [duration] * frames)


# -- frames ----------------------------------------------------------------------------------


class Measured(NamedTuple):
    """Levels of one frame, per channel."""

    rms: tuple[float, ...]
    peak: tuple[float, ...]
    clipped: int


def measured(payload: bytes, *, encoding: Encoding, channels: int) -> Measured:
    levels = measure([payload], encoding=encoding, channels=channels)
    return Measured(tuple(rms for (rms,) in levels.rms), tuple(peak for (peak,) in levels.peak), levels.clipped)


def test_a_full_sine_is_3_db_below_its_peak() -> None:
    levels = measured(pcm(*sine(32767)), encoding="pcm16", channels=1)
    assert levels.rms[0] == pytest.approx(-3.01, abs=0.01)
    assert levels.peak[0] == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_every_channel_has_its_own_level(channels: int) -> None:
    amplitudes = [16384, 1638, 164][:channels]
    frames = [amplitude for _ in range(80) for amplitude in amplitudes]
    levels = measured(pcm(*frames), encoding="pcm16", channels=channels)
    assert levels.rms == levels.peak == pytest.approx((HALF, -26.02, -46.01)[:channels], abs=0.02)


def test_quiet_sound_is_measured_without_rounding() -> None:
    samples = [1, 2] * 80
    exact = 20 * math.log10(math.sqrt(2.5) / 32768)
    assert measured(pcm(*samples), encoding="pcm16", channels=1).rms[0] == pytest.approx(exact, abs=0.001)


@pytest.mark.parametrize("payload", [b"", bytes(320)])
def test_digital_silence_and_no_sound_at_all_are_at_the_floor(payload: bytes) -> None:
    levels = measured(payload, encoding="pcm16", channels=2)
    assert (levels.rms, levels.peak, levels.clipped) == ((FLOOR_DBFS,) * 2, (FLOOR_DBFS,) * 2, 0)


def test_pcmu_has_the_level_of_the_sound_that_it_carries() -> None:
    linear = pcm(*sine(8000))
    plain = measured(linear, encoding="pcm16", channels=1)
    coded = measured(linear_to_pcmu(linear), encoding="pcmu", channels=1)
    assert coded.rms == pytest.approx(plain.rms, abs=0.1)


@pytest.mark.parametrize(
    ("samples", "runs"),
    [
        ([32767, 32767], 0),
        ([32767, 32767, 32767], 1),
        ([-32768, -32767, 32767], 1),
        ([32767] * 3 + [0] + [-32768] * 4, 2),
        ([32767] * 160, 1),
        ([32766] * 160, 0),
        ([0x7F00, 0x007F, -1] * 50, 0),
        ([0x0080, 0x0080, 0x0080, 0x0080, 32767], 0),
    ],
)
def test_three_samples_at_full_scale_are_one_clipped_run(samples: list[int], runs: int) -> None:
    assert measured(pcm(*samples), encoding="pcm16", channels=1).clipped == runs


def test_clipping_is_counted_within_each_channel() -> None:
    one_side = [value for _ in range(4) for value in (32767, 0)]
    assert measured(pcm(*one_side), encoding="pcm16", channels=2).clipped == 1
    across = [32767, 0, 0, 32767] * 4
    assert measured(pcm(*across), encoding="pcm16", channels=2).clipped == 0
    assert measured(bytes([0x80, 0xFF] * 3 + [0x00, 0xFF]), encoding="pcmu", channels=2).clipped == 1
    assert measured(bytes([0x81] * 5), encoding="pcmu", channels=1).clipped == 0


def test_frames_measured_together_have_each_its_own_levels() -> None:
    frames = [pcm(*sine(height)) for height in (32767, 1000, 0)]
    together = measure(frames, encoding="pcm16", channels=2)
    apart = [measured(frame, encoding="pcm16", channels=2) for frame in frames]
    assert together.rms == tuple(zip(*(one.rms for one in apart), strict=True))
    assert together.peak == tuple(zip(*(one.peak for one in apart), strict=True))
    assert together.clipped == sum(one.clipped for one in apart)


@given(st.lists(st.integers(-32768, 32767), max_size=60), st.integers(1, 3))
def test_levels_agree_with_plain_arithmetic(samples: list[int], channels: int) -> None:
    samples = samples[: len(samples) // channels * channels]
    levels = measured(pcm(*samples), encoding="pcm16", channels=channels)
    for channel in range(channels):
        row = samples[channel::channels]
        mean_square = sum(sample * sample for sample in row) / len(row) if row else 0
        rms = 10 * math.log10(mean_square / 32768**2) if mean_square else FLOOR_DBFS
        assert levels.rms[channel] == pytest.approx(max(rms, FLOOR_DBFS), abs=0.001)
    marks = ["".join("x" if abs(s) >= 32767 else "." for s in samples[c::channels]) for c in range(channels)]
    assert levels.clipped == sum(len([run for run in row.split(".") if len(run) >= 3]) for row in marks)


# -- a meter -------------------------------------------------------------------------------


def test_a_meter_that_has_heard_nothing_says_nothing() -> None:
    meter = LevelMeter()
    assert (meter.level, meter.peak, meter.mean, meter.sound_until, meter.silent) == (
        None,
        None,
        None,
        None,
        False,
    )


def test_a_level_comes_with_each_whole_100_ms() -> None:
    meter = loud(LevelMeter(), 1.0, -20.0, frames=4)
    assert meter.level is None
    assert loud(meter, 1.02, -20.0, frames=1).level == pytest.approx(-20.0)


def test_a_window_is_the_mean_of_energy_and_not_of_decibels() -> None:
    meter = hear(LevelMeter(), 1.0, [-10.0, -90.0], [-10.0, -90.0], [0.05, 0.05])
    assert meter.level == pytest.approx(-13.01, abs=0.01)


@given(
    st.lists(st.tuples(st.floats(-90, 0), st.sampled_from([0.01, 0.02, 0.03, 0.06, 0.25])), min_size=1, max_size=40),
    st.integers(1, 7),
)
def test_windows_do_not_depend_on_how_frames_were_batched(rows: list[tuple[float, float]], size: int) -> None:
    levels, durations = [row[0] for row in rows], [row[1] for row in rows]
    ends = [sum(durations[: i + 1]) for i in range(len(rows))]
    at_once = hear(LevelMeter(), ends[-1], levels, levels, durations)
    meter = LevelMeter()
    for i in range(0, len(rows), size):
        cut = slice(i, i + size)
        meter = hear(meter, ends[cut][-1], levels[cut], levels[cut], durations[cut])
    assert meter.level == at_once.level
    assert meter.quiet_windows == at_once.quiet_windows
    assert meter.sound_until == pytest.approx(at_once.sound_until)
    assert meter.mean == pytest.approx(at_once.mean)


def test_a_long_frame_fills_many_windows() -> None:
    meter = hear(LevelMeter(), 10.0, [-20.0, -70.0], [-20.0, -70.0], [0.45, 0.85])
    assert meter.level == pytest.approx(-70.0)
    assert meter.quiet_windows == 8
    assert meter.sound_until == pytest.approx(10.0 - 1.3 + 0.5)  # the fifth window was half sound
    assert meter.sound_from == pytest.approx(8.7)


def test_silence_is_300_ms_below_the_threshold() -> None:
    meter = loud(LevelMeter(), 1.0, -20.0)
    assert not loud(meter, 1.28, -60.0, frames=14).silent
    assert loud(meter, 1.3, -60.0, frames=15).silent
    assert not loud(meter, 2.0, -49.0, frames=50).silent
    assert not loud(loud(meter, 2.0, -60.0, frames=50), 2.1, -20.0).silent


def test_the_last_sound_is_known_by_its_beginning_and_end() -> None:
    meter = loud(loud(LevelMeter(), 1.0, -60.0, frames=50), 2.0, -20.0, frames=50)
    assert meter.sound_from == pytest.approx(1.0)
    assert meter.sound_until == pytest.approx(2.0)
    pause = loud(loud(meter, 2.2, -60.0, frames=10), 2.4, -20.0, frames=10)
    assert pause.sound_from == pytest.approx(1.0)  # 200 ms between words
    answer = loud(loud(pause, 3.4, -60.0, frames=50), 3.6, -20.0, frames=10)
    assert answer.sound_from == pytest.approx(3.4)
    assert answer.sound_until == pytest.approx(3.6)


def test_a_peak_is_held_for_a_while() -> None:
    meter = hear(LevelMeter(), 1.0, [-20.0], [-3.0], [0.02])
    assert hear(meter, 2.4, [-20.0], [-15.0], [0.02]).peak == -3.0
    assert hear(meter, 2.6, [-20.0], [-15.0], [0.02]).peak == -15.0
    assert hear(meter, 1.1, [-20.0], [-1.0], [0.02]).peak == -1.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e308])
def test_no_level_and_no_duration_can_make_a_meter_unreadable(bad: float) -> None:
    meter = hear(LevelMeter(), 1.0, [bad, -20.0], [bad, -20.0], [0.02, bad])
    meter = loud(meter, 2.0, -30.0, frames=50)
    assert meter.level == pytest.approx(-30.0)
    assert FLOOR_DBFS <= (meter.peak or 0) <= 0.0
    assert FLOOR_DBFS <= (meter.mean or 0) <= 0.0


def test_an_empty_batch_changes_nothing_that_is_shown() -> None:
    meter = loud(LevelMeter(), 1.0, -20.0)
    assert hear(meter, 1.1, [], [], []) == meter


# -- read as what it is, or as something else -----------------------------------------------------


def murmur(amplitude: float, count: int = 1600) -> bytes:
    """PCM16 of a voice-like sound that swells and ebbs."""
    swell = [abs(math.sin(math.pi * i / 800)) for i in range(count)]
    return pcm(*(round(amplitude * swell[i] * math.sin(2 * math.pi * 170 * i / 8000)) for i in range(count)))


@pytest.mark.parametrize("amplitude", [12, 300, 3000, 6000])
def test_sound_that_is_read_wrongly_is_much_louder_than_it_was(amplitude: float) -> None:
    sound = murmur(amplitude)
    assert misfit_db(sound, "pcmu") > MISFIT_DB
    assert misfit_db(linear_to_pcmu(sound), "pcm16") > MISFIT_DB


@pytest.mark.parametrize("amplitude", [0, 12, 300, 3000, 12000, 32000])
def test_sound_that_is_read_rightly_is_not(amplitude: float) -> None:
    sound = murmur(amplitude)
    assert misfit_db(sound, "pcm16") < MISFIT_DB
    assert misfit_db(linear_to_pcmu(sound), "pcmu") < MISFIT_DB


def test_a_payload_of_odd_length_can_only_be_pcmu() -> None:
    assert misfit_db(b"\x00" * 159, "pcmu") == 0.0


@pytest.mark.parametrize("encoding", ["pcm16", "pcmu"])
def test_a_gain_moves_the_level_and_stops_at_full_scale(encoding: Encoding) -> None:
    sound = murmur(3000) if encoding == "pcm16" else linear_to_pcmu(murmur(3000))
    before, softer, louder = (
        measure([payload], encoding=encoding, channels=1)
        for payload in (sound, amplified(sound, encoding, -12.0), amplified(sound, encoding, 40.0))
    )
    assert softer.rms[0][0] == pytest.approx(before.rms[0][0] - 12.0, abs=0.3)
    assert louder.peak[0][0] == pytest.approx(0.0, abs=0.2)
    assert louder.clipped > 0


# -- what a meter remembers -----------------------------------------------------------------------


def test_a_meter_tells_digital_silence_from_a_quiet_line() -> None:
    meter = loud(loud(LevelMeter(), 1.0, -20.0), 2.0, -70.0)
    assert meter.sound_until == pytest.approx(1.0)
    assert meter.signal_until == pytest.approx(2.0)
    assert loud(meter, 3.0, FLOOR_DBFS).signal_until == pytest.approx(2.0)


def test_a_meter_adds_up_what_was_said_without_the_pauses() -> None:
    meter = LevelMeter()
    for second in range(4):
        for tenth in range(10):
            meter = loud(meter, second + tenth / 10, -20.0 if second % 2 else -70.0)
    assert meter.loud_s == pytest.approx(2.0)
    assert 10 * math.log10(meter.loud_energy / meter.loud_s) == pytest.approx(-20.0)
    assert meter.mean == pytest.approx(-23.0, abs=0.1)
