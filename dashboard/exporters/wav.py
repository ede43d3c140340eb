"""The sound of a call as one WAV file that begins with the call: each channel of each leg is a channel of the file.

Every frame stands where it was spoken, and what was never heard is silence: before the first frame, while the call was
down, where the sender left something out. A frame's own position says where it belongs beside its neighbours. What a
stall held back came late and is not late here; only when a stream falls behind by more than `PAUSE_S` and does not make
up for it within `AHEAD_S` was there a pause. Sound is never cut: what would begin before the last frame has ended
begins then.
"""

from __future__ import annotations

import math
import wave
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import BinaryIO, cast, get_args

from dashboard.call.ports import Sound
from dashboard.call.state import INBOUND
from dashboard.errors import RecordingError
from dashboard.media.g711 import swapped
from dashboard.media.levels import Encoding
from dashboard.media.linear import linear, resampled

AHEAD_S = 30.0
PAUSE_S = 0.2
SEAM_S = 0.01
"""Half a frame: closer than this, sound goes on without a gap."""

_LEAP_S = 1.0
"""Whoever skips more than the time that has passed and this begins a new stream."""

_BLOCK = 8000
_MOST_BYTES = (1 << 32) - 1024
_WIDTH = {"pcm16": 2, "pcmu": 1}
_HIGHEST_RATE, _MOST_CHANNELS = 192_000, 8

Sounds = Callable[[], Iterator[Sound]]
"""The sound of a call in the order in which it came, as often as it is asked for."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A piece of sound without its payload: when the last of it had come, where it stands on its stream's timeline."""

    at: float
    position: float
    frames: int
    rate: int
    channels: int

    @property
    def duration(self) -> float:
        return self.frames / self.rate


@dataclass(frozen=True, slots=True)
class _Leg:
    """starts: sample of the file at which each run begins."""

    name: str
    channels: int
    starts: Sequence[int]


def write_wav(file: BinaryIO, sounds: Sounds, *, began: float, length_s: float) -> None:
    """Write the sound of a call that began at `began` (monotonic seconds) and lasted `length_s`.

    The file need not be seekable: its length is found out first.

    Raises:
        RecordingError: there is no sound, it is none that can be read, or it is too long for a WAV file.
    """
    runs = _runs(sounds)
    if not runs:
        raise RecordingError("there is no sound in it")
    rate = max(run.rate for leg in runs.values() for run in leg)
    length = math.ceil(length_s * rate)
    legs = []
    for name in sorted(runs, key=lambda name: (name != INBOUND, name)):
        starts, end = _placed(runs[name], began, rate)
        legs.append(_Leg(name, max(run.channels for run in runs[name]), starts))
        length = max(length, end)
    channels = sum(leg.channels for leg in legs)
    if length * channels * 2 > _MOST_BYTES:
        raise RecordingError(
            f"its sound is too long for one WAV file, which holds 4 GiB: {length / rate / 3600:.1f} h",
            remedy="Record shorter calls, or take the payloads from the table `sound` of the recording.",
        )
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.setnframes(length)
        blocks = [_blocks(_samples(leg, sounds, rate), leg.channels, length) for leg in legs]
        for block in zip(*blocks, strict=True):
            out.writeframesraw(swapped(block[0] if len(block) == 1 else _interleaved(block, legs)))


def _runs(sounds: Sounds) -> dict[str, list[_Run]]:
    runs: dict[str, list[_Run]] = {}
    for sound in sounds():
        rate, channels = sound.rate, sound.channels
        if sound.encoding not in get_args(Encoding) or not (
            0 < rate <= _HIGHEST_RATE and 0 < channels <= _MOST_CHANNELS and math.isfinite(sound.position_s)
        ):
            raise RecordingError(f"its sound cannot be read: {sound.encoding}, {rate} Hz, {channels} channels")
        frames = len(sound.payload) // (_WIDTH[sound.encoding] * channels)
        runs.setdefault(sound.leg, []).append(_Run(sound.at, sound.position_s, frames, rate, channels))
    return runs


# -- where everything stands ----------------------------------------------------------------------------------


def _placed(runs: Sequence[_Run], began: float, rate: int) -> tuple[list[int], int]:
    """Return the sample at which each run begins, and the one behind the last."""
    starts: list[int] = []
    end = 0
    for stream in _streams(runs):
        offset: float | None = None
        for run, least in zip(stream, _earliest(stream), strict=True):
            if offset is None or least > offset + PAUSE_S:
                offset = least
            start = round((run.position + offset - began) * rate)
            start = end if start < end + SEAM_S * rate else start
            starts.append(start)
            end = start + round(run.frames * rate / run.rate)
    return starts, end


def _streams(runs: Sequence[_Run]) -> Iterator[list[_Run]]:
    """Part runs where positions begin anew, or leap."""
    stream = [runs[0]]
    for before, run in pairwise(runs):
        skipped_s = run.position - (before.position + before.duration)
        if not -SEAM_S <= skipped_s <= run.at - before.at + _LEAP_S:
            yield stream
            stream = []
        stream.append(run)
    yield stream


def _earliest(stream: Sequence[_Run]) -> list[float]:
    """Return for each run what to add to its position: its end had come when the run had, or one soon after it says."""
    found: list[float] = []
    ahead: deque[tuple[float, float]] = deque()  # nearest first, each less than all that are nearer
    for run in reversed(stream):
        offset = run.at - run.position - run.duration
        while ahead and ahead[0][1] >= offset:
            ahead.popleft()
        ahead.appendleft((run.at, offset))
        while ahead[-1][0] > run.at + AHEAD_S:
            ahead.pop()
        found.append(ahead[-1][1])
    return found[::-1]


# -- samples --------------------------------------------------------------------------------------------------


def _samples(leg: _Leg, sounds: Sounds, rate: int) -> Iterator[bytes]:
    """Yield the leg from the beginning of the call to the end of its last frame, silence included."""
    at, size = 0, 2 * leg.channels
    own = (sound for sound in sounds() if sound.leg == leg.name)
    for start, sound in zip(leg.starts, own, strict=True):
        yield from _silence(start - at, leg.channels)
        whole = len(sound.payload) // (_WIDTH[sound.encoding] * sound.channels)
        payload = sound.payload[: whole * _WIDTH[sound.encoding] * sound.channels]
        samples = resampled(linear(payload, cast(Encoding, sound.encoding)), sound.channels, sound.rate, rate)
        frames = round(whole * rate / sound.rate)
        wide = _widened(samples, sound.channels, leg.channels)[: frames * size]
        yield wide + bytes(frames * size - len(wide))
        at = start + frames


def _blocks(samples: Iterator[bytes], channels: int, length: int) -> Iterator[bytes]:
    """Yield `length` samples of all channels in blocks of equal size but for the last, with silence at the end."""
    size = 2 * channels
    held = bytearray()
    left = length * size
    for piece in chain(samples, _silence(length, channels)):
        held += piece
        while len(held) >= _BLOCK * size or len(held) >= left:
            block = bytes(held[: min(_BLOCK * size, left)])
            del held[: len(block)]
            left -= len(block)
            yield block
            if not left:
                return


def _silence(frames: int, channels: int) -> Iterator[bytes]:
    while frames > 0:
        yield bytes(2 * channels * min(frames, _BLOCK))
        frames -= _BLOCK


def _widened(samples: bytes, channels: int, wanted: int) -> bytes:
    """Give a leg that had fewer channels for a while its usual number: its last one is on the others too."""
    if channels == wanted:
        return samples
    narrow = array("h", samples)
    wide = array("h", bytes(len(samples) // channels * wanted))
    for channel in range(wanted):
        wide[channel::wanted] = narrow[min(channel, channels - 1) :: channels]
    return wide.tobytes()


def _interleaved(blocks: Sequence[bytes], legs: Sequence[_Leg]) -> bytes:
    """Put the channels of several legs side by side."""
    total = sum(leg.channels for leg in legs)
    out = array("h", bytes(sum(map(len, blocks))))
    first = 0
    for block, leg in zip(blocks, legs, strict=True):
        samples = array("h", block)
        for channel in range(leg.channels):
            out[first + channel :: total] = samples[channel :: leg.channels]
        first += leg.channels
    return out.tobytes()
