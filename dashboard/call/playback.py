"""A recording as it plays: what the screen is told of it, and what it may ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dashboard.call.moments import Moment
from dashboard.call.state import CallState

SPEEDS = (1, 2, 5, 10, 30, 60)


@dataclass(frozen=True, slots=True)
class Playback:
    """Where a replay stands. Positions are seconds since the recording's first fact, `wall` is Unix time there.

    read_s: how far the recording has been read; `moments` and `known`, the call at that point, go as far. From the
    end of the reading on `read` is true. complete: the recording was closed; else whoever wrote it was killed.
    """

    position_s: float
    length_s: float
    wall: float
    speed: int
    playing: bool
    read_s: float
    read: bool
    began_at: float  # monotonic time of the first fact
    moments: Sequence[Moment]
    known: CallState
    complete: bool = True
    masked: bool = False

    @property
    def waits(self) -> bool:
        """Whether the position has not been read yet: what is shown is how far the reading has come."""
        return not self.read and self.position_s > self.read_s

    def position_of(self, at: float) -> float:
        """Return where a monotonic moment of the call stands."""
        return at - self.began_at


class Player(Protocol):
    """Plays a recording; every request is carried out before the next `playback`."""

    @property
    def playback(self) -> Playback:
        """Where the replay stands now."""
        ...

    def play_or_pause(self) -> None:
        """Stop, or go on; from the end, play again from the start."""
        ...

    def seek(self, position_s: float) -> None:
        """Go to a position; what is not in the recording is its nearest end."""
        ...

    def step(self, direction: int, *, trouble: bool = False) -> Moment | None:
        """Go to the next (1) or previous (-1) moment of interest, or of `trouble` alone; None: there is no other."""
        ...

    def change_speed(self, steps: int) -> None:
        """Take the speed so many steps up or down in `SPEEDS`."""
        ...

    def position_named(self, text: str) -> float:
        """Return the position that `12:03:20`, `3:20` or `200` names.

        Raises:
            ConfigError: it names none in this recording; the remedy says what can be named.
        """
        ...
