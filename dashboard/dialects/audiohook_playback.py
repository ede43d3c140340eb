"""What a bot sends is played in order and takes as long as it lasts; and how much it may send at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from dashboard.dialects.audiohook_wire import RATE

COMPLETED_S = 0.1
"""Playback has completed when nothing has followed for so long: a bot that sends in step is never exactly in time."""

SHORTEST_GAP_S = 0.02
LONGEST_GAP_S = 1.0
"""Within a turn, silence of this length between two pieces of audio is audio that came too late: speech synthesis sends
the pauses of speech as sound."""
HOLE_S = 0.25
"""Up to this length it is told as a hole in what the caller hears: whoever tells waits as long to know."""

MOST_AHEAD_S = 600.0
"""More is not kept: nobody listens to a bot for ten minutes."""

MESSAGES_PER_S = 5.0
MOST_AT_ONCE = 25
"""Genesys' limits on what a bot sends: audio messages a second on average, and in one burst."""

_QUIET = b"\xff\x7f\xfe\xff\x7e\xfd\x7f\xff\xfe\x7d\xff" * 100
"""A line on which nobody speaks, about -70 dBFS: zeros would be a mute."""
_FORGOTTEN_S = 2.0


@dataclass(slots=True)
class Played:
    """What was played from one start to the next completion, in seconds; `PlaybackMeasured` without its stamp."""

    played_s: float = 0.0
    dropped_s: float = 0.0
    ahead_s: float = 0.0
    underruns: int = 0
    dry_s: float = 0.0
    messages: int = 0


class _Piece(NamedTuple):
    start: float
    end: float
    ulaw: bytes


class Playback:
    """The queue of a caller who plays PCMU at 8 kHz from the moment it comes. Moments are monotonic seconds."""

    def __init__(self) -> None:
        self.playing = False
        self.began_at = 0.0
        """When the playback that goes on, or was last, began."""
        self._ends_at: float | None = None  # what there is has been played then
        self._anew = False
        self._figures = Played()
        self._pieces: deque[_Piece] = deque()
        self._gaps: deque[tuple[float, float]] = deque()

    def put(self, ulaw: bytes, at: float) -> bool:
        """Take audio that came at `at`; return whether playback begins with it."""
        starts, figures, ends_at = not self.playing, self._figures, self._ends_at
        start = at if ends_at is None else max(at, ends_at)
        dry_s = 0.0 if ends_at is None or self._anew else at - ends_at
        self._anew = False
        if SHORTEST_GAP_S < dry_s <= LONGEST_GAP_S:
            figures.underruns += 1
            figures.dry_s += dry_s
            if dry_s <= HOLE_S:
                self._gaps.append((start - dry_s, start))
        seconds = min(len(ulaw) / RATE, max(0.0, at + MOST_AHEAD_S - start))
        if starts:
            self.playing, self.began_at = True, at
        self._ends_at = start + seconds
        self._pieces.append(_Piece(start, self._ends_at, ulaw))
        figures.messages += 1
        figures.played_s += seconds
        figures.dropped_s += len(ulaw) / RATE - seconds
        figures.ahead_s = max(figures.ahead_s, self._ends_at - at)
        return starts

    def turn(self) -> None:
        """What comes next is another turn: silence before it is none that is missing."""
        self._anew = True

    def ahead_s(self, now: float) -> float:
        """Return how much audio waits to be played."""
        return max(0.0, (self._ends_at or now) - now)

    def tick(self, now: float) -> Played | None:
        """Return the figures of a playback that has completed by now."""
        if not self.playing or self._ends_at is None or now < self._ends_at + COMPLETED_S:
            return None
        return self._completed()

    def drop(self, now: float) -> Played | None:
        """Throw away what waits; return the figures of the playback that this ends."""
        if not self.playing:
            return None
        waits_s = self.ahead_s(now)
        self._figures.played_s -= waits_s
        self._figures.dropped_s += waits_s
        self._pieces = deque(_cut(self._pieces, now))
        self._ends_at = None
        return self._completed()

    def _completed(self) -> Played:
        figures, self._figures, self.playing = self._figures, Played(), False
        return figures

    def heard(self, begin: float, samples: int) -> bytes | None:
        """Return what is heard from `begin` on; None where audio was due and came too late. Later than asked before."""
        end = begin + samples / RATE
        middle = (begin + end) / 2
        while self._pieces and self._pieces[0].end < begin - _FORGOTTEN_S:
            self._pieces.popleft()
        while self._gaps and self._gaps[0][1] < begin - _FORGOTTEN_S:
            self._gaps.popleft()
        if any(start <= middle < stop for start, stop in self._gaps):
            return None
        sound = bytearray(_QUIET[:samples])
        for piece in self._pieces:
            if piece.start >= end:
                break
            offset = round((begin - piece.start) * RATE)
            source, place = max(0, offset), max(0, -offset)
            part = piece.ulaw[source : source + samples - place]
            sound[place : place + len(part)] = part
        return bytes(sound[:samples])


def _cut(pieces: deque[_Piece], now: float) -> Iterator[_Piece]:
    for piece in pieces:
        if piece.start < now:
            end = min(piece.end, now)
            yield piece._replace(end=end, ulaw=piece.ulaw[: round((end - piece.start) * RATE)])


class Allowance:
    """How many audio messages a bot may send now."""

    def __init__(self) -> None:
        self._left = float(MOST_AT_ONCE)
        self._at: float | None = None

    def take(self, at: float) -> bool:
        """Count a message that came at `at`; return whether it was within the limits."""
        if self._at is not None:
            self._left = min(float(MOST_AT_ONCE), self._left + max(0.0, at - self._at) * MESSAGES_PER_S)
        self._at = at
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
