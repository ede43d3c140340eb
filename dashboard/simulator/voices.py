"""The voices of caller and bot: clips, made-up murmur for texts without one, line noise, and the wire's format.

Everything is kept as G.711 µ-law at 8 kHz and turned into the scenario's encoding, rate and channels once per clip.
"""

from __future__ import annotations

import math
import random
import struct
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field

from dashboard.media.g711 import linear_to_pcmu, pcmu_to_linear
from dashboard.media.levels import amplified

Who = Literal["caller", "bot"]
WHO: tuple[Who, Who] = ("caller", "bot")

CLIP_RATE = 8000
_NOISE_S = 2
_NOISE_CODES = b"\xff\x7f\xfe\x7e\xfd\x7d"  # 0, ±8 and ±16 of 32768: about -70 dBFS, a quiet line
_SYLLABLE_S = 0.19
_LETTERS_PER_SYLLABLE = 3
_MURMUR_LIMIT_S = 4.0


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How audio goes over the wire. With two channels the samples alternate: caller, bot, caller, bot."""

    encoding: Literal["pcmu", "pcm16"] = "pcmu"
    rate: Literal[8000, 16000, 24000, 48000] = 8000
    channels: Literal[1, 2] = 2
    frame_ms: Annotated[int, Field(strict=True, ge=5, le=200)] = 20
    transport: Literal["json", "binary"] = "json"
    position: bool = True
    """JSON audio says where it stands in the stream."""

    @property
    def frame_s(self) -> float:
        return self.frame_ms / 1000

    @property
    def samples_per_frame(self) -> int:
        return self.rate * self.frame_ms // 1000

    @property
    def bytes_per_sample(self) -> int:
        return 1 if self.encoding == "pcmu" else 2


@dataclass(frozen=True, slots=True)
class Clip:
    """Speech: what it says, and 8 kHz µ-law."""

    name: str
    text: str
    ulaw: bytes

    @property
    def duration_s(self) -> float:
        return len(self.ulaw) / CLIP_RATE


@dataclass(frozen=True, slots=True)
class Placed:
    """A clip at its place on a timeline, in seconds."""

    who: Who
    clip: Clip
    start_s: float

    @property
    def end_s(self) -> float:
        return self.start_s + self.clip.duration_s


@cache
def clip(name: str) -> Clip:
    """Return the shipped clip of this name. Raises KeyError."""
    folder = files("dashboard.simulator") / "clips"
    return Clip(name, clip_texts()[name], (folder / f"{name}.ulaw").read_bytes())


@cache
def clip_texts() -> dict[str, str]:
    """Return what every shipped clip says, by name."""
    texts = tomllib.loads((files("dashboard.simulator") / "clips" / "clips.toml").read_text("utf-8"))
    return {name: text for voice in texts.values() for name, text in voice.items()}


@cache
def murmur(text: str, who: Who) -> Clip:
    """Return a voice-like murmur for a text that has no clip: as long as the text, louder and softer by syllables."""
    seconds = min(_MURMUR_LIMIT_S, _SYLLABLE_S * max(2, len(text) // _LETTERS_PER_SYLLABLE))
    pitch_hz = 170 if who == "caller" else 105
    samples = []
    for index in range(int(seconds * CLIP_RATE)):
        at = index / CLIP_RATE
        loudness = 9000 * abs(math.sin(math.pi * at / _SYLLABLE_S))
        phase = 2 * math.pi * pitch_hz * at
        tone = math.sin(phase) + 0.5 * math.sin(3 * phase) + 0.3 * math.sin(7 * phase)
        samples.append(round(loudness * tone / 1.8))
    return Clip("murmur", text, linear_to_pcmu(struct.pack(f"<{len(samples)}h", *samples)))


class Mixer:
    """Renders frames of a call in one wire format."""

    def __init__(self, audio: AudioFormat, seed: int) -> None:
        self._audio = audio
        self._wire: dict[Clip, bytes] = {}
        dice = random.Random(seed)
        self._noise = {who: self._encode(bytes(dice.choices(_NOISE_CODES, k=_NOISE_S * CLIP_RATE))) for who in WHO}
        size = audio.samples_per_frame * audio.bytes_per_sample
        self._silence = self._encode(b"\xff" * CLIP_RATE)[:size]

    def frame(
        self,
        start_s: float,
        placed: Iterable[Placed],
        muted: frozenset[Who],
        gains_db: Iterable[tuple[Who, float]] = (),
    ) -> bytes:
        """Render the frame that begins at `start_s` of the timeline that `placed` belongs to."""
        sides = {who: self._silence if who in muted else self._noise_at(who, start_s) for who in WHO}
        speaking: list[Who] = []
        for one in placed:
            if one.who not in muted and one.start_s < start_s + self._audio.frame_s and one.end_s > start_s:
                sides[one.who] = self._overlay(sides[one.who], one, start_s)
                speaking.append(one.who)
        for who, gain_db in gains_db:
            sides[who] = amplified(sides[who], self._audio.encoding, gain_db)
        if self._audio.channels == 1:  # one channel carries whoever speaks, the bot before the caller
            return sides["caller" if speaking == ["caller"] else "bot"]
        return self._interleave(sides["caller"], sides["bot"])

    def _noise_at(self, who: Who, start_s: float) -> bytes:
        noise, size = self._noise[who], len(self._silence)
        offset = round(start_s / self._audio.frame_s) * size % (len(noise) - size)
        offset -= offset % self._audio.bytes_per_sample
        return noise[offset : offset + size]

    def _overlay(self, under: bytes, one: Placed, start_s: float) -> bytes:
        wire, width = self._wired(one.clip), self._audio.bytes_per_sample
        offset = round((start_s - one.start_s) * self._audio.rate) * width
        lead = max(0, -offset)
        heard = wire[max(0, offset) : max(0, offset + len(under))]
        return under[:lead] + heard + under[lead + len(heard) :]

    def _wired(self, one: Clip) -> bytes:
        if one not in self._wire:
            self._wire[one] = self._encode(one.ulaw)
        return self._wire[one]

    def _encode(self, ulaw: bytes) -> bytes:
        if self._audio.encoding == "pcmu":
            return ulaw
        linear, times = pcmu_to_linear(ulaw), self._audio.rate // CLIP_RATE
        if times == 1:
            return linear
        wide = bytearray(len(linear) * times)  # each sample is repeated: it stays a voice from a telephone
        for byte in range(2 * times):
            wide[byte :: 2 * times] = linear[byte % 2 :: 2]
        return bytes(wide)

    def _interleave(self, left: bytes, right: bytes) -> bytes:
        width = self._audio.bytes_per_sample
        both = bytearray(len(left) * 2)
        for byte in range(width):
            both[byte :: 2 * width] = left[byte::width]
            both[width + byte :: 2 * width] = right[byte::width]
        return bytes(both)
