"""A leg over time, in equal pieces: how late its frames came, how long its gaps were, how loud each channel was.

A call of any length takes a bounded number of pieces: when there are too many, two neighbours become one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from dashboard.call.events import AudioReceived
from dashboard.call.state import Leg
from dashboard.media.levels import FLOOR_DBFS
from dashboard.media.pacing import Sample

PIECE_S = 0.1
"""As long as a batch of audio at most is, and as a window of the level meter."""

MOST_PIECES = 40_000
"""An hour of pieces of 0.1 s."""

MOST_CHANNELS = 8
_FARTHEST_S = 1e9
"""A recording may say anything; what it says of later than this goes into the last piece."""


@dataclass(slots=True)
class Piece:
    """What came within one piece of time; seconds.

    power: per channel, mean power times seconds (full scale is 1). jitter_s, lag_s: of its newest frame.
    """

    frames: int = 0
    lateness_s: float = 0.0  # summed
    latest_s: float = 0.0
    gap_s: float = 0.0  # the longest
    late: int = 0
    lost: int = 0
    jitter_s: float | None = None
    lag_s: float | None = None
    sound_s: float = 0.0
    power: list[float] = field(default_factory=list)

    @property
    def mean_s(self) -> float:
        """Mean lateness."""
        return self.lateness_s / self.frames if self.frames else 0.0

    def level(self, channel: int) -> float | None:
        """RMS of a channel, dBFS; None where nothing came on it."""
        if channel >= len(self.power) or self.sound_s <= 0.0:
            return None
        mean = self.power[channel] / self.sound_s
        return max(FLOOR_DBFS, 10 * math.log10(mean)) if mean > 0.0 else FLOOR_DBFS

    def absorb(self, later: Piece) -> None:
        """Become the piece that covers `later`, which follows, as well."""
        self.frames += later.frames
        self.lateness_s += later.lateness_s
        self.latest_s = max(self.latest_s, later.latest_s)
        self.gap_s = max(self.gap_s, later.gap_s)
        self.late += later.late
        self.lost += later.lost
        self.jitter_s = self.jitter_s if later.jitter_s is None else later.jitter_s
        self.lag_s = self.lag_s if later.lag_s is None else later.lag_s
        self.sound_s += later.sound_s
        self.hear(later.power)

    def hear(self, power: Sequence[float]) -> None:
        """Add power times seconds of every channel."""
        self.power += [0.0] * (len(power) - len(self.power))
        for channel, more in enumerate(power):
            self.power[channel] += more


class Raster:
    """The pieces of one leg, counted from `began` (monotonic seconds)."""

    def __init__(self, began: float, buffer_s: float, *, piece_s: float = PIECE_S, most: int = MOST_PIECES) -> None:
        """`buffer_s`: a frame that is later counts as late."""
        self.began = began
        self.piece_s = piece_s
        self.channels: tuple[str, ...] = ()
        self._buffer_s = buffer_s
        self._most = most
        self._seen = 0  # frames, in the absolute numbers of `Pacing.samples`
        self._pieces: dict[int, Piece] = {}

    def hear(self, event: AudioReceived, leg: Leg) -> None:
        """Take what `event` added to `leg`."""
        for frame in leg.pacing.samples.since(self._seen):
            self._frame(frame)
        self._seen = leg.pacing.samples.total
        last = self._piece(event.arrivals[-1])
        last.jitter_s, last.lag_s = leg.pacing.jitter.current, leg.pacing.media_lag.current
        self._sound(event)
        self.channels = leg.channels[:MOST_CHANNELS]

    def _frame(self, frame: Sample) -> None:
        arrival, lateness, delta, _, lost = frame
        piece = self._piece(arrival)
        piece.frames += 1
        piece.lateness_s += lateness
        piece.lost += lost
        piece.late += lateness > self._buffer_s
        if lateness > piece.latest_s:
            piece.latest_s = lateness
        if delta > piece.gap_s:
            piece.gap_s = delta

    def _sound(self, event: AudioReceived) -> None:
        rows = event.levels[:MOST_CHANNELS]
        for arrival, duration, *levels in zip(event.arrivals, event.durations, *rows, strict=False):
            if 0.0 < duration <= 3600.0:
                piece = self._piece(arrival)
                piece.sound_s += duration
                piece.hear([duration * 10 ** (min(max(FLOOR_DBFS, level), 0.0) / 10) for level in levels])

    def _piece(self, at: float) -> Piece:
        index = int(min(max(0.0, at - self.began), _FARTHEST_S) / self.piece_s)
        piece = self._pieces.get(index)
        if piece is None:
            piece = self._pieces[index] = Piece()
            if len(self._pieces) > self._most:
                self._double()
                return self._piece(at)
        return piece

    def _double(self) -> None:
        self.piece_s *= 2
        self._pieces = _merged((index // 2, piece) for index, piece in sorted(self._pieces.items()))

    def columns(self, duration_s: float, count: int) -> list[Piece | None]:
        """Return the pieces of `duration_s` seconds from the beginning in `count` equal columns; None: no frame."""
        width_s = duration_s / count
        merged = _merged((min(count - 1, int((start + 1e-9) / width_s)), piece) for start, piece in self._placed())
        return [merged.get(column) for column in range(count)]

    def rows(self, width_s: float) -> tuple[float, list[tuple[int, Piece]]]:
        """Return (width of a row in seconds, (number of the row, what came in it)); rows without frames are left out.

        A row is as wide as asked for, or as a piece where that is wider.
        """
        width_s = max(width_s, self.piece_s)
        inside = ((int((start + 1e-9) / width_s), piece) for start, piece in self._placed())
        return width_s, list(_merged(inside).items())

    def _placed(self) -> Iterator[tuple[float, Piece]]:
        """Yield (seconds from the beginning, piece) in order of time."""
        return ((index * self.piece_s, piece) for index, piece in sorted(self._pieces.items()))


def _merged(pieces: Iterable[tuple[int, Piece]]) -> dict[int, Piece]:
    """Merge pieces of the same number; they come in order of time, and stay as they are."""
    merged: dict[int, Piece] = {}
    for index, piece in pieces:
        merged.setdefault(index, Piece()).absorb(piece)
    return merged
