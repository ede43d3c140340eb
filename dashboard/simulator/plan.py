"""The pure plan of a scenario's faults: the same faults and seed give the same plan, frame by frame.

A plan reads no clock and keeps no state, so it does not matter which frames are asked for, or in which order.
Times are seconds since the session began. Later rounds of a looping scenario move each fault by up to `vary_s`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeVar

from dashboard.simulator.faults import (
    Abort,
    AnnounceClose,
    Batch,
    Breach,
    Close,
    Drift,
    Drop,
    Evict,
    Fault,
    Gain,
    Garbage,
    HalfOpen,
    HeavyTail,
    Jitter,
    Moment,
    Mute,
    Stall,
    Unsubscribe,
    Window,
)
from dashboard.simulator.voices import WHO, Who

F = TypeVar("F")

_CACHED_ROUNDS = 4
_NO_ONE: frozenset[Who] = frozenset()


@dataclass(frozen=True, slots=True)
class FramePlan:
    """What happens to one frame: when it is to leave, if at all, whose sound it lacks, and whose is how much louder."""

    leave_s: float
    dropped: bool
    muted: frozenset[Who] = _NO_ONE
    gains_db: tuple[tuple[Who, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Happening:
    """A fault of one moment; `nth` counts from 0 within the round."""

    at_s: float
    fault: Abort | Close | Garbage | Breach | AnnounceClose | Unsubscribe | Evict
    nth: int


@dataclass(frozen=True, slots=True)
class _Span:
    number: int  # of the fault in its scenario
    fault: Fault
    start_s: float
    end_s: float
    nth: int

    def holds(self, at_s: float) -> bool:
        return self.start_s <= at_s < self.end_s


class FaultPlan:
    """The faults of a scenario, laid out over the life of a session."""

    def __init__(
        self, faults: Sequence[Fault], *, frame_s: float, frames_per_round: int, vary_s: float = 0.0, seed: int = 1
    ) -> None:
        self._faults = tuple(faults)
        self._frame_s = frame_s
        self._round_s = frame_s * frames_per_round
        self._vary_s = vary_s
        self._seed = seed
        self._clock_rate = 1 + sum(fault.ppm for fault in faults if isinstance(fault, Drift)) / 1e6
        self._spans = lru_cache(_CACHED_ROUNDS)(self._lay_out)

    def frame(self, index: int) -> FramePlan:
        """Return the plan of the frame whose media position is `index` frames."""
        at_s = index * self._frame_s
        late_s, dropped, muted = 0.0, False, _NO_ONE
        gains_db: list[tuple[Who, float]] = []
        for span in self._at(at_s):
            match span.fault:
                case Jitter(sd_s=sd_s):
                    late_s += abs(self._dice(span, index).gauss(0.0, sd_s))
                case HeavyTail(scale_s=scale_s, alpha=alpha, cap_s=cap_s):
                    late_s += min(cap_s, scale_s * (self._dice(span, index).paretovariate(alpha) - 1))
                case Batch(frames=frames):
                    late_s += (frames - 1 - index % frames) * self._frame_s
                case Drop(probability=probability):
                    dropped = dropped or self._dice(span, index).random() < probability
                case Mute(who=who):
                    muted |= frozenset(_sides(who))
                case Gain(who=who, db=db):
                    gains_db += ((side, db) for side in _sides(who))
        return FramePlan(self.released_s(at_s * self._clock_rate + late_s), dropped, muted, tuple(gains_db))

    def first_frame(self, now_s: float) -> int:
        """Return the first frame that is not due yet."""
        return max(0, -int(-now_s / self._clock_rate // self._frame_s))

    def released_s(self, at_s: float) -> float:
        """Return when something that is ready at `at_s` leaves: a stall holds it back."""
        for span in self._at(at_s):
            if isinstance(span.fault, Stall):
                return self.released_s(span.end_s)
        return at_s

    def active(self, kind: type[F], at_s: float) -> Iterator[F]:
        """Yield the faults of one kind whose window holds `at_s`."""
        for span in self._at(at_s):
            if isinstance(span.fault, kind):
                yield span.fault

    def constant(self, kind: type[F]) -> F | None:
        """Return the fault of a kind that has no window."""
        return next((fault for fault in self._faults if isinstance(fault, kind)), None)

    def half_open(self, at_s: float, opened_s: float) -> HalfOpen | None:
        """Return the fault that keeps a connection silent at `at_s`; it was opened at `opened_s`."""
        for span in self._at(at_s):
            if isinstance(span.fault, HalfOpen) and opened_s <= span.start_s:
                return span.fault
        return None

    def happenings(self, round_: int) -> list[Happening]:
        """Return the faults of one moment in a round, in order."""
        found = [
            Happening(span.start_s, span.fault, span.nth)
            for span in self._spans(round_)
            if isinstance(span.fault, Abort | Close | Garbage | Breach | AnnounceClose | Unsubscribe | Evict)
        ]
        return sorted(found, key=lambda one: one.at_s)

    def _at(self, at_s: float) -> Iterator[_Span]:
        return (span for span in self._spans(int(at_s // self._round_s)) if span.holds(at_s))

    def _lay_out(self, round_: int) -> tuple[_Span, ...]:
        return tuple(span for number, fault in enumerate(self._faults) for span in self._repeat(number, fault, round_))

    def _repeat(self, number: int, fault: Fault, round_: int) -> Iterator[_Span]:
        """Yield each time that a fault comes in a round, within the round's bounds."""
        if not isinstance(fault, Window | Moment):
            return
        begin, end = round_ * self._round_s, (round_ + 1) * self._round_s
        lasts_s = 0.0 if isinstance(fault, Moment) else fault.for_s
        shift_s = 0.0 if lasts_s is None else self._shift_s(number, round_)
        at_s, nth = fault.at_s, 0
        while at_s < self._round_s:
            start = min(max(begin, begin + at_s + shift_s), end)
            stop = end if lasts_s is None else min(end, start + lasts_s)
            yield _Span(number, fault, start, stop, nth)
            if fault.every_s is None:
                return
            nth += 1
            at_s = fault.at_s + nth * fault.every_s

    def _shift_s(self, number: int, round_: int) -> float:
        if round_ == 0:
            return 0.0
        return random.Random(self._key(number, round_)).uniform(-self._vary_s, self._vary_s)

    def _dice(self, span: _Span, index: int) -> random.Random:
        return random.Random(self._key(span.number, index))

    def _key(self, number: int, index: int) -> int:
        return (self._seed * 1000 + number) << 40 | index


def _sides(who: Who | Literal["both"]) -> tuple[Who, ...]:
    return WHO if who == "both" else (who,)
