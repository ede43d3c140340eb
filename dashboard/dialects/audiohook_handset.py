"""What a caller says and hears, as one stream of two channels: so a call that we make is measured like any other.

Both sides stand on the caller's own clock. Where the bot's audio ran out in the middle there is a hole in the stream.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from dashboard.dialects.audiohook_playback import HOLE_S, Playback
from dashboard.dialects.audiohook_wire import RATE
from dashboard.dialects.base import AudioFormat, AudioFrame

TOLD_AFTER_S = HOLE_S + 0.05
"""What is heard is told so much later: until then nobody knows whether the bot pauses or its audio is late."""

PIECE_S = 0.02

_STEREO = AudioFormat("pcmu", RATE, 2)
_PIECE = round(PIECE_S * RATE)


class _Spoken(NamedTuple):
    """`position`: of its begin in the stream, which leaves out what the caller did."""

    ulaw: bytes
    begin: float
    position: float
    late_s: float


class Handset:
    """Puts together what was said and what is played."""

    def __init__(self, playback: Playback, leg: str = "inbound") -> None:
        self._playback = playback
        self._leg = leg
        self._spoken: deque[_Spoken] = deque()
        self._origin: float | None = None

    def spoke(self, ulaw: bytes, begin: float, late_s: float) -> None:
        """The caller's sound from `begin` on has been sent, `late_s` after it was due."""
        if self._origin is None:
            self._origin = begin
        self._spoken.append(_Spoken(ulaw, begin, begin - self._origin, late_s))

    def left_out(self, seconds: float) -> None:
        """The caller has said nothing for so long, by its own fault: that is no hole in what the bot sends."""
        if self._origin is not None:
            self._origin += seconds

    def frames(self, now: float) -> Iterator[AudioFrame]:
        """Yield the frames that can be told at `now`."""
        while self._spoken and self._spoken[0].begin + len(self._spoken[0].ulaw) / RATE + TOLD_AFTER_S <= now:
            yield from self._frames(self._spoken.popleft())

    def _frames(self, spoken: _Spoken) -> Iterator[AudioFrame]:
        for index in range(0, len(spoken.ulaw), _PIECE):
            said = spoken.ulaw[index : index + _PIECE]
            begin = spoken.begin + index / RATE
            heard = self._playback.heard(begin, len(said))
            if heard is None:
                continue
            both = bytearray(2 * len(said))
            both[0::2], both[1::2] = said, heard
            at = begin + len(said) / RATE + spoken.late_s
            seconds = len(said) / RATE
            position = spoken.position + index / RATE
            yield AudioFrame(bytes(both), _STEREO, ("caller", "bot"), position, seconds, True, self._leg, at)
