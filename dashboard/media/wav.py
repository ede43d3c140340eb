"""Speech out of a WAV file: any rate, any number of channels, as 16-bit samples of one channel at 8 kHz."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from functools import cache
from operator import mul

from dashboard.media._audioop import audioop
from dashboard.media.g711 import pcma_to_linear, pcmu_to_linear, swapped

RATE = 8000
LONGEST_S = 600.0

_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_LOBES = 12
"""Zero crossings of the low-pass on either side: the higher, the steeper."""
_EDGE = 0.92
"""Where the low-pass begins to close, of half the lower rate."""


class WavError(ValueError):
    """The bytes are no WAV file that can be read; the text says why."""


def speech(data: bytes) -> bytes:
    """Return the sound of a WAV file as 16-bit little-endian samples, one channel, 8 kHz. Raises WavError."""
    form, sound = _chunks(data)
    kind, channels, rate, width = _format(form)
    if not 1 <= channels <= 8 or not 1000 <= rate <= 192_000:
        raise WavError(f"{channels} channels at {rate} Hz are no speech")
    sound = sound[: int(LONGEST_S * rate) * channels * width]
    linear = _linear(sound[: len(sound) - len(sound) % (channels * width)], kind, width)
    if not linear:
        raise WavError("there is no sound in it")
    return resampled(_mono(linear, channels), rate)


def _chunks(data: bytes) -> tuple[bytes, bytes]:
    """Return the chunks that say how samples are written, and the samples."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise WavError("it is no WAV file")
    form, at = b"", 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            form = body
        elif name == b"data" and form:
            return form, body  # whoever writes to a pipe does not know the size: what there is counts
        at += 8 + size + size % 2
    raise WavError("it holds no sound, or does not say how it is written")


def _format(form: bytes) -> tuple[int, int, int, int]:
    """Return kind, channels, rate and bytes per sample."""
    if len(form) < 16:
        raise WavError("its format chunk is cut off")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if kind == _EXTENSIBLE and len(form) >= 26:
        (kind,) = struct.unpack_from("<H", form, 24)
    known = {_PCM: (8, 16, 24, 32), _FLOAT: (32,), _ALAW: (8,), _ULAW: (8,)}
    if bits not in known.get(kind, ()):
        raise WavError(f"samples of kind {kind} with {bits} bits cannot be read: save it as 16-bit PCM")
    return kind, channels, rate, bits // 8


def _linear(sound: bytes, kind: int, width: int) -> bytes:
    """Return 16-bit little-endian samples."""
    if kind == _ULAW:
        return pcmu_to_linear(sound)
    if kind == _ALAW:
        return pcma_to_linear(sound)
    if kind == _FLOAT:
        floats = struct.unpack(f"<{len(sound) // 4}f", sound)
        return struct.pack(f"<{len(floats)}h", *(_clipped(32767 * value) for value in floats))
    if width == 1:
        return b"".join((bytes(1) + bytes([byte ^ 0x80])) for byte in sound)  # 8-bit samples have no sign
    if width == 2:
        return sound
    kept = bytearray(len(sound) // width * 2)
    kept[0::2], kept[1::2] = sound[width - 2 :: width], sound[width - 1 :: width]
    return bytes(kept)


def _clipped(value: float) -> int:
    return round(max(-32768.0, min(32767.0, value))) if math.isfinite(value) else 0


def _mono(linear: bytes, channels: int) -> bytes:
    if channels == 1:
        return linear
    samples = memoryview(swapped(linear)).cast("h")
    rows = [samples[channel::channels].tolist() for channel in range(channels)]
    return struct.pack(f"<{len(rows[0])}h", *(round(sum(values) / channels) for values in zip(*rows, strict=True)))


def resampled(linear: bytes, rate: int) -> bytes:
    """Return 16-bit little-endian samples of one channel at 8 kHz instead of `rate`."""
    if rate == RATE:
        return linear
    common = math.gcd(rate, RATE)
    up, down = RATE // common, rate // common
    bank = _filters(up, down)
    taps = len(bank[0])
    pad = [0] * (taps // 2)
    samples = [*pad, *memoryview(swapped(linear)).cast("h"), *pad, 0]
    count = len(linear) // 2 * up // down
    found = []
    for index in range(count):
        whole, phase = divmod(index * down, up)
        found.append(_clipped(sum(map(mul, bank[phase], samples[whole : whole + taps]))))
    return struct.pack(f"<{count}h", *found)


@cache
def _filters(up: int, down: int) -> Sequence[Sequence[float]]:
    """Return for each phase the taps of a windowed sinc: everything above half the lower rate is taken out."""
    cutoff = _EDGE * min(1.0, up / down)
    half = math.ceil(_LOBES / cutoff)
    bank = []
    for phase in range(up):
        taps = []
        for index in range(-half, half + 1):
            at = index - phase / up
            window = 0.5 + 0.5 * math.cos(math.pi * at / (half + 1)) if abs(at) <= half + 1 else 0.0
            taps.append(cutoff * window * (math.sin(math.pi * cutoff * at) / (math.pi * cutoff * at) if at else 1.0))
        gain = sum(taps)
        bank.append([tap / gain for tap in taps])
    return bank


def sound_ends_s(linear: bytes, threshold_dbfs: float) -> float:
    """Return where the last sound above the threshold ends, s; 0 for silence. `linear` is 16-bit at 8 kHz."""
    native, step = swapped(linear), RATE // 100 * 2
    limit = 32768 * 10 ** (threshold_dbfs / 20)
    for start in range(len(native) - len(native) % step - step, -1, -step):
        if audioop.rms(native[start : start + step], 2) > limit:
            return (start + step) / (2 * RATE)
    return 0.0
