"""How loud it is: RMS and peak in dBFS, clipping, and whether somebody speaks.

`measure` looks at the sound of frames where they arrive; the dBFS that it returns travel in facts. `hear` folds
those into 100 ms windows, so a recording without sound gives the same levels.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dashboard.frozen import replace
from dashboard.media._audioop import audioop
from dashboard.media.g711 import PCMU_FULL_SCALE, linear_to_pcmu, pcmu_to_linear, swapped

Encoding = Literal["pcm16", "pcmu"]

FULL_SCALE = 32768
FLOOR_DBFS = -90.0
SILENCE_DBFS = -50.0
WINDOW_S = 0.1
SILENT_WINDOWS = 3
"""So many windows below the threshold, 300 ms, are silence."""

PEAK_HOLD_S = 1.5

MISFIT_DB = 8.0
MISFIT_DBFS = -14.0
"""Sound is taken to be misread where it is by so much louder than read otherwise, and so loud."""

_PCM16_FULL_SCALE = 32767
_FLOOR_AMPLITUDE = FULL_SCALE * 10 ** (FLOOR_DBFS / 20)
_WHOLE = WINDOW_S - 1e-9  # five 20 ms frames fill a window, whatever their sum rounds to
_LONGEST_FRAME_S = 3600.0
_DIGITAL_SILENCE_DBFS = FLOOR_DBFS + 0.5  # below any sample but 0, whatever rounding adds

# One mark per sample at full scale: bit 0 for 0x7fff, bit 1 for 0x8000 and 0x8001, told from its two bytes.
_HIGH_MARKS = bytes({0x7F: 1, 0x80: 2}.get(byte, 0) for byte in range(256))
_LOW_MARKS = bytes({0xFF: 1, 0x00: 2, 0x01: 2}.get(byte, 0) for byte in range(256))
_PCM16_RUN = re.compile(rb"[^\x00]{3,}")
_PCMU_RUN = re.compile(rb"[\x00\x80]{3,}")


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels of some frames: a row per channel, dBFS per frame; and runs of 3 or more samples at full scale in all."""

    rms: tuple[tuple[float, ...], ...]
    peak: tuple[tuple[float, ...], ...]
    clipped: int


def measure(payloads: Sequence[bytes], *, encoding: Encoding, channels: int) -> Levels:
    """Measure frames of interleaved samples. Each payload holds whole samples of all channels."""
    frames = payloads if encoding == "pcm16" else [pcmu_to_linear(payload) for payload in payloads]
    if sys.byteorder == "big":
        frames = [swapped(frame) for frame in frames]
    full_scale = PCMU_FULL_SCALE if encoding == "pcmu" else _PCM16_FULL_SCALE
    rms, peak, clipped = [], [], 0
    for channel in range(channels):
        rows = frames if channels == 1 else [_row(frame, channel, channels) for frame in frames]
        highest = [audioop.max(row, 2) for row in rows]
        # In 32 bits, because audioop cuts the fraction off: at -60 dBFS that would cost 0.2 dB.
        rms.append(tuple([_dbfs(audioop.rms(audioop.lin2lin(row, 2, 4), 4) / 65536) for row in rows]))
        peak.append(tuple([_dbfs(amplitude) for amplitude in highest]))
        if max(highest) >= full_scale:
            loud = (frame for frame, amplitude in zip(payloads, highest, strict=True) if amplitude >= full_scale)
            clipped += sum(_clipped_runs(payload, encoding, channel, channels) for payload in loud)
    return Levels(tuple(rms), tuple(peak), clipped)


def misfit_db(payload: bytes, encoding: Encoding) -> float:
    """Return how many dB louder `payload` is as what it is called than as the other encoding.

    Sound read wrongly is loud noise, in pauses most of all: of telephone speech at -40 to -10 dBFS at least 79 % of
    the frames are above MISFIT_DB when misread, and none when not. A payload of odd length can only be PCMU.
    """
    if len(payload) % 2:
        return 0.0
    pcm16 = audioop.rms(swapped(payload), 2)
    pcmu = audioop.rms(audioop.ulaw2lin(payload, 2), 2)
    louder = _dbfs(pcmu) - _dbfs(pcm16)
    return louder if encoding == "pcmu" else -louder


def amplified(payload: bytes, encoding: Encoding, gain_db: float) -> bytes:
    """Return `payload` louder by `gain_db`, cut off at full scale."""
    linear = swapped(pcmu_to_linear(payload) if encoding == "pcmu" else payload)
    louder = swapped(audioop.mul(linear, 2, 10 ** (gain_db / 20)))
    return linear_to_pcmu(louder) if encoding == "pcmu" else louder


def _row(linear: bytes, channel: int, channels: int) -> bytes:
    if channels == 2:
        return audioop.tomono(linear, 2, 1 - channel, channel)
    return memoryview(linear).cast("h")[channel::channels].tobytes()


def _dbfs(amplitude: float) -> float:
    return 20 * math.log10(amplitude / FULL_SCALE) if amplitude > _FLOOR_AMPLITUDE else FLOOR_DBFS


def _clipped_runs(payload: bytes, encoding: Encoding, channel: int, channels: int) -> int:
    """Count runs at full scale without a loop in Python: a hostile frame may hold millions of samples."""
    if encoding == "pcmu":
        return len(_PCMU_RUN.findall(payload[channel::channels]))
    low = payload[2 * channel :: 2 * channels].translate(_LOW_MARKS)
    high = payload[2 * channel + 1 :: 2 * channels].translate(_HIGH_MARKS)
    both = int.from_bytes(low, "little") & int.from_bytes(high, "little")
    return len(_PCM16_RUN.findall(both.to_bytes(len(low), "little")))


@dataclass(frozen=True, slots=True)
class LevelMeter:
    """The level of one channel over time; `LevelMeter()` has heard nothing. dBFS, monotonic seconds."""

    level: float | None = None
    """RMS of the newest whole 100 ms."""
    peak: float | None = None
    """The highest sample of the last 1.5 s."""
    peak_at: float = -math.inf
    quiet_windows: int = 0
    """Windows below the threshold in a row, up to now."""
    sound_from: float | None = None
    """When the sound began that is heard now, or was last: the first window above the threshold after silence."""
    sound_until: float | None = None
    """The end of the last window above the threshold."""
    signal_until: float | None = None
    """The end of the last window that held more than digital silence."""
    loud_energy: float = 0.0
    """Power times seconds of all windows above the threshold; with `loud_s` the level of what was said."""
    loud_s: float = 0.0
    energy: float = 0.0
    """Power times seconds of the window that still fills; full scale is 1."""
    filled_s: float = 0.0
    total_energy: float = 0.0
    total_s: float = 0.0

    @property
    def silent(self) -> bool:
        """Whether it has been below −50 dBFS for 300 ms of sound."""
        return self.quiet_windows >= SILENT_WINDOWS

    @property
    def mean(self) -> float | None:
        """RMS of everything heard so far, dBFS."""
        return _level_of(self.total_energy / self.total_s) if self.total_s else None


def hear(
    meter: LevelMeter,
    at: float,
    levels: Sequence[float],
    peaks: Sequence[float],
    durations: Sequence[float],
) -> LevelMeter:
    """Fold frames of one channel: columns of equal length, dBFS and seconds. `at` is when the last one arrived.

    A frame's sound is taken to have ended as long before `at` as the frames after it last.
    """
    durations = [duration if 0.0 <= duration <= _LONGEST_FRAME_S else 0.0 for duration in durations]
    lasted = sum(durations)
    clock = at - lasted
    energy, filled, total = meter.energy, meter.filled_s, meter.total_energy
    windows: list[_Windows] = []
    for level, duration in zip(levels, durations, strict=True):
        power = 10 ** (level / 10) if FLOOR_DBFS <= level <= 0.0 else _power_of_beyond(level)
        clock += duration
        total += power * duration
        if filled + duration < _WHOLE:
            energy, filled = energy + power * duration, filled + duration
            continue
        left = WINDOW_S - filled
        rest = max(0.0, duration - left)
        windows.append(((energy + power * left) / WINDOW_S, 1, clock - rest))
        if whole := int((rest + WINDOW_S - _WHOLE) / WINDOW_S):
            rest = max(0.0, rest - whole * WINDOW_S)
            windows.append((power, whole, clock - rest))
        energy, filled = power * rest, rest
    highest = min(max(FLOOR_DBFS, *peaks), 0.0) if peaks else FLOOR_DBFS
    held = meter.peak is not None and highest < meter.peak and at - meter.peak_at <= PEAK_HOLD_S
    return replace(
        meter,
        **_closed(meter, windows),
        peak=meter.peak if held else highest,
        peak_at=meter.peak_at if held else at,
        energy=energy,
        filled_s=filled,
        total_energy=total,
        total_s=meter.total_s + lasted,
    )


_Windows = tuple[float, int, float]
"""Whole windows of one power, how many, and when the last of them ended."""


def _closed(meter: LevelMeter, closed: Sequence[_Windows]) -> dict[str, Any]:
    """Return what changes in `meter` by windows that are full."""
    changes: dict[str, Any] = {}
    quiet, sound_from = meter.quiet_windows, meter.sound_from
    loud_energy, loud_s = meter.loud_energy, meter.loud_s
    for power, windows, end in closed:
        changes["level"] = level = _level_of(power)
        if level > _DIGITAL_SILENCE_DBFS:
            changes["signal_until"] = end
        if level < SILENCE_DBFS:
            quiet += windows
            continue
        if sound_from is None or quiet >= SILENT_WINDOWS:
            sound_from = end - windows * WINDOW_S
        changes["sound_until"], quiet = end, 0
        loud_energy += power * windows * WINDOW_S
        loud_s += windows * WINDOW_S
    return {
        **changes,
        "quiet_windows": quiet,
        "sound_from": sound_from,
        "loud_energy": loud_energy,
        "loud_s": loud_s,
    }


def _power_of_beyond(level: float) -> float:
    """The power of a level that no sound of ours has: a recording may say anything."""
    return 10 ** (min(max(FLOOR_DBFS, level), 0.0) / 10)


def _level_of(power: float) -> float:
    return max(FLOOR_DBFS, 10 * math.log10(power)) if power else FLOOR_DBFS
