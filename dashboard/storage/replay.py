"""A recording played back: the facts that the live screen was given, folded by the same reducer, on a clock handed in.

Two hands work on it. The `Survey` folds the recording once, from end to end and a little at a time, and keeps the state
every so many facts: states are immutable, so a kept one costs but what it alone refers to. The `Replay` stands
somewhere behind it: wherever it is asked to go, it begins at the nearest state that was kept.
"""

from __future__ import annotations

import asyncio
import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from dashboard.call.events import Event
from dashboard.call.moments import TROUBLE, Moment, moments_between
from dashboard.call.playback import SPEEDS, Playback
from dashboard.call.ports import Command, Stop
from dashboard.call.reducer import step
from dashboard.call.state import Calls, CallState
from dashboard.clock import Clock
from dashboard.errors import ConfigError, DashboardError, RecordingError
from dashboard.storage.recording import Recording

Read = Callable[[float | None], Iterator[Event]]
"""The facts of a recording in the order in which they were told, all of them or those later than so many seconds.

Facts are not quite in order of time; here and in recordings the time of a fact is the newest one up to it.
"""

KEEP_EVERY = 256
"""Facts between two states that are kept: folding and reading them takes some 30 ms."""

KEEP_MOST = 512
"""States that are kept. An hour has a few hundred; of a longer recording every other one goes."""

_WORTH_IT = 64
"""Facts that are folded sooner than the recording is read from another place."""

_SLICE = 32
_REST_S = 0.002
"""While the recording is read, the screen gets its turn every 3 ms."""

_LARGE_SLICE = 256
_GLIMPSE_S = 0.5
"""While there is nothing to be seen but how far the reading has come, it goes on by more, and is drawn less often."""

_SPIKES_APART_S = 1.0
"""Spikes that follow one another closer than this are one moment."""

_DAY_S = 86_400.0
_REACH_S = 1e-6  # a moment lies at the very time of its fact; seconds are rounded on the way
_GRACE_S = 1.0
"""While it plays, whoever goes back wants the moment before the one that has just been."""


@dataclass(frozen=True, slots=True)
class Place:
    """The call after its first `count` facts, the newest of which is of `at`."""

    count: int
    at: float
    call: CallState


def folded(place: Place, fact: Event) -> Place:
    """Return the place one fact on."""
    return Place(place.count + 1, max(place.at, fact.at), step(place.call, fact))


class Survey:
    """Goes through a recording once. `front`: how far it has come; `moments`: what is of interest up to there.

    `settled` is the last place before the front behind which time goes on: from there the recording can be read.
    """

    def __init__(self, read: Read, *, keep_every: int = KEEP_EVERY, keep_most: int = KEEP_MOST) -> None:
        self._facts = read(None)
        self._keep_every = keep_every
        self._keep_most = keep_most
        self._last_spike_at: float | None = None
        first = next(self._facts)
        self.start = Place(0, first.at, CallState(first.call_id))
        self.front = folded(self.start, first)
        self.settled = self.start
        self.done = False
        self.moments: list[Moment] = []
        self._kept = [self.start]

    def work(self, facts: int) -> None:
        """Go on by so many facts, or to the end.

        Raises:
            DashboardError: the recording cannot be read any further: it ends here.
        """
        for _ in range(facts):
            try:
                fact = next(self._facts, None)
            except DashboardError:
                self.done = True
                raise
            if fact is None:
                self.done = True
                return
            if fact.at > self.front.at:
                self._settle(self.front)
            before, self.front = self.front, folded(self.front, fact)
            for moment in moments_between(before.call, self.front.call):
                self._note(moment)

    def nearest(self, at: float) -> Place:
        """Return the last place to begin from that is not later than `at`."""
        if self.settled.at <= at:
            return self.settled
        return self._kept[max(0, bisect_right(self._kept, at, key=lambda place: place.at) - 1)]

    def _settle(self, place: Place) -> None:
        self.settled = place
        if place.count - self._kept[-1].count < self._keep_every:
            return
        self._kept.append(place)
        if len(self._kept) > self._keep_most:
            del self._kept[1::2]
            self._keep_every *= 2

    def _note(self, moment: Moment) -> None:
        if moment.kind == "spike":
            before, self._last_spike_at = self._last_spike_at, moment.at
            if before is not None and moment.at - before < _SPIKES_APART_S:
                return
        self.moments.append(moment)


class Replay:
    """The player, and the source that the screen samples; `run` reads the recording while the screen is up."""

    def __init__(
        self,
        read: Read,
        *,
        clock: Clock,
        started: float,
        length_s: float,
        complete: bool = True,
        masked: bool = False,
    ) -> None:
        """`started`: Unix time of the first fact, of which there must be one. Stands at the start, playing."""
        self._read = read
        self._clock = clock
        self._started = started
        self._length_s = length_s
        self._complete = complete
        self._masked = masked
        self.survey = Survey(read)
        self._place = self.survey.start
        self._coming = read(None)
        self._next: Event | None = None  # of those that come, taken and not yet folded
        self._position_s = 0.0
        self._playing = True
        self._speed = SPEEDS[0]
        self._then = clock.monotonic()
        self._glimpsed = -math.inf
        self._stopped = asyncio.Event()

    # -- as a source -----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Read the recording to its end, a little at a time; return once stopped."""
        while not self.survey.done and not self._stopped.is_set():
            self.survey.work(_LARGE_SLICE if self.playback.waits else _SLICE)
            await asyncio.sleep(_REST_S)
        await self._stopped.wait()

    def whole(self) -> CallState:
        """Return the call at the end of the recording, of which the rest is read now."""
        while not self.survey.done:
            self.survey.work(KEEP_EVERY)
        return self.survey.front.call

    def command(self, command: Command) -> None:
        """A recording can be asked for one thing only: to stop."""
        if isinstance(command, Stop):
            self._stopped.set()

    def snapshot(self) -> Calls:
        """Return the call as it was at the position where the replay stands now."""
        self._move_on()
        if not self.playback.waits or self._then >= self._glimpsed + _GLIMPSE_S:
            self._glimpsed = self._then
            self._catch_up()
        call = self._place.call
        return MappingProxyType({call.call_id: call} if self._place.count else {})

    # -- as a player -----------------------------------------------------------------------------------------

    @property
    def playback(self) -> Playback:
        survey = self.survey
        return Playback(
            position_s=self._position_s,
            length_s=self.length_s,
            wall=self._started + self._position_s,
            speed=self._speed,
            playing=self._playing,
            read_s=survey.front.at - survey.start.at,
            read=survey.done,
            began_at=survey.start.at,
            moments=survey.moments,
            known=survey.front.call,
            complete=self._complete,
            masked=self._masked,
        )

    @property
    def length_s(self) -> float:
        """Seconds from the first fact to the last; as the recording says until it has been read."""
        read_s = self.survey.front.at - self.survey.start.at
        return read_s if self.survey.done else max(read_s, self._length_s)

    def play_or_pause(self) -> None:
        self._move_on()
        if not self._playing and self._position_s >= self.length_s:
            self._position_s = 0.0
        self._playing = not self._playing

    def seek(self, position_s: float) -> None:
        self._move_on()
        self._position_s = min(max(0.0, position_s), self.length_s)

    def step(self, direction: int, *, trouble: bool = False) -> Moment | None:
        self._move_on()
        moments = [moment for moment in self.survey.moments if not trouble or moment.kind in TROUBLE]
        here = self.survey.start.at + self._position_s
        if direction > 0:
            index = bisect_right(moments, here + _REACH_S, key=_moment_at)
        else:
            grace_s = _GRACE_S * self._speed if self._playing else _REACH_S
            index = bisect_left(moments, here - grace_s, key=_moment_at) - 1
        if not 0 <= index < len(moments):
            return None
        self.seek(moments[index].at - self.survey.start.at + _REACH_S / 2)
        return moments[index]

    def change_speed(self, steps: int) -> None:
        self._move_on()
        index = SPEEDS.index(self._speed) + steps
        self._speed = SPEEDS[min(max(0, index), len(SPEEDS) - 1)]

    def position_named(self, text: str) -> float:
        return position_named(text, started=self._started, length_s=self.length_s)

    # -- moving ------------------------------------------------------------------------------------------------

    def _move_on(self) -> None:
        """Let the time that has passed on the clock pass in the recording; none does before its place has been read."""
        now = self._clock.monotonic()
        passed_s, self._then = now - self._then, now
        if not self._playing or self.playback.waits:
            return
        self._position_s += passed_s * self._speed
        if self._position_s >= self.length_s:
            self._position_s, self._playing = self.length_s, False

    def _catch_up(self) -> None:
        """Fold what lies between the place and the position, or begin at a better place."""
        at = self.survey.start.at + self._position_s if self._position_s < self.length_s else math.inf
        best = self.survey.nearest(at)
        if self._place.at > at or best.count - self._place.count > _WORTH_IT:
            self._place, self._next = best, None
            self._coming = self._read(best.at - self.survey.start.at if best.count else None)
        while self._place.count < self.survey.front.count:
            self._next = self._next or next(self._coming)
            if self._next.at > at:
                return
            self._place, self._next = folded(self._place, self._next), None


def open_replay(recording: Recording, clock: Clock) -> Replay:
    """Return a replay of a recording, which is to stay open.

    Raises:
        RecordingError: it holds nothing, or its beginning is damaged.
    """
    info = recording.info

    def read(after_s: float | None) -> Iterator[Event]:
        return recording.facts(since_s=None if after_s is None else math.nextafter(after_s, math.inf))

    if next(read(None), None) is None:
        raise RecordingError(
            f"{info.path}: holds nothing: it was cut off before the first fact",
            remedy="callscope recordings lists what has been recorded.",
        )
    return Replay(
        read,
        clock=clock,
        started=info.started,
        length_s=info.length_s,
        complete=info.complete,
        masked=info.masked,
    )


def _moment_at(moment: Moment) -> float:
    return moment.at


def position_named(text: str, *, started: float, length_s: float) -> float:
    """Return the position in a recording that `text` names, in seconds.

    `12:03:20` is a time of day, in the time zone of this machine, as the screen writes it; `3:20` is minutes and
    seconds from the start, `200` seconds, and so is whatever begins with a plus: `+1:02:03`.

    Raises:
        ConfigError: it is none of these, or not in this recording.
    """
    remedy = (
        f"The recording goes from {_time_of_day(started)} to {_time_of_day(started + length_s)}: name a time of day"
        " such as 12:03:20, minutes and seconds from its start such as 3:20, or seconds such as 200."
    )
    words = text.strip()
    try:
        parts = [float(part) for part in words.removeprefix("+").split(":")]
    except ValueError:
        parts = []
    if not 1 <= len(parts) <= 3 or not all(0 <= part < _DAY_S for part in parts) or any(p >= 60 for p in parts[1:]):
        raise ConfigError(f"{words!r} is no place in a recording", remedy=remedy)
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + part
    if len(parts) == 3 and not words.startswith("+"):
        seconds = (seconds - _seconds_of_day(started)) % _DAY_S
    if seconds > length_s:
        raise ConfigError(f"{words} is not in this recording", remedy=remedy)
    return seconds


def _seconds_of_day(wall: float) -> float:
    local = datetime.fromtimestamp(wall)
    return (local - local.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()


def _time_of_day(wall: float) -> str:
    return f"{datetime.fromtimestamp(wall):%H:%M:%S}"
