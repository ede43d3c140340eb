"""The search for the silence that a path bears: ever longer pauses between pings until one is too long, then between.

Pure: whoever drives it waits `next_pause_s`, pings, and says what came of it; after a cut on a new connection. No pause
is longer than `max_s`, and all of them together take at most about seven times as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dashboard.doctor.steps import Check, Diagnosis, Outcome, StepResult

FIRST_PAUSE_S = 5.0
GROWTH = 2.0
MAX_PAUSE_S = 180.0
MARGIN = 0.4
"""A ping interval as a share of the limit: between a third and a half, so that one lost ping costs no call."""

CLOSE = 0.1
"""A limit is known well enough when it is known within this share."""

BEYOND = 1.1
"""A connection that bears so much more than what another one was cut after was not cut for its silence."""


@dataclass(slots=True)
class IdleSearch:
    """How long a silence was borne, and how long a one was not. Seconds.

    ping_interval_s: the setting that is judged. survived_s: the longest pause after which a ping was answered.
    cut_s: the shortest that was not borne, on `cuts` connections. seen: the end was noticed when it came, so `cut_s` is
    the limit itself; else it came at some time after `survived_s`. refuted: why what ended it was not the silence.
    left_off: why the search could not go on. inbound: messages of the peer meanwhile.
    """

    ping_interval_s: float
    max_s: float = MAX_PAUSE_S
    first_s: float = FIRST_PAUSE_S
    survived_s: float = 0.0
    cut_s: float | None = None
    cuts: int = 0
    seen: bool = False
    how: str = ""
    refuted: str = ""
    left_off: str = ""
    inbound: int = 0

    def next_pause_s(self) -> float | None:
        """Return how long to be silent next; None when the search is over."""
        if self.refuted or self.left_off:
            return None
        if self.cut_s is None:
            longer_s = min(self.max_s, max(self.first_s, self.survived_s * GROWTH))
            return longer_s if longer_s > self.survived_s else None
        if not self.seen and self.cut_s - self.survived_s > self._close_s:
            return (self.survived_s + self.cut_s) / 2
        if self.cuts > 1:
            return None
        again_s = min(self.max_s, self.cut_s * BEYOND if self.seen else self.cut_s)  # once may be chance
        return again_s if again_s >= self.cut_s else None

    def survived(self, pause_s: float, rtt_s: float) -> StepResult:
        """A ping was answered after a silence of `pause_s`."""
        if self.cut_s is not None and pause_s >= self.cut_s:
            self.refuted = f"ended after {self.cut_s:.3g} s of silence ({self.how}), the next one bore {pause_s:.3g} s"
        self.survived_s = max(pause_s, self.survived_s)
        facts = {"pause_s": pause_s, "rtt_ms": round(rtt_s * 1000, 3)}
        return StepResult(Check.IDLE, f"{pause_s:.4g} s of silence are borne", took_s=pause_s, facts=facts)

    def ended(self, silence_s: float, how: str) -> StepResult:
        """The connection was seen to end after a silence of `silence_s`."""
        if silence_s < max(self.survived_s, self.first_s / 10):
            borne = f"though {self.survived_s:.4g} s had been borne" if self.survived_s else "right after a ping"
            self.refuted = f"ended after {silence_s:.3g} s of silence, {borne} ({how})"
        elif self.cut_s is not None and self.seen and abs(silence_s - self.cut_s) > self._close_s:
            self.refuted = f"ended after {self.cut_s:.3g} s of silence, the next one after {silence_s:.3g} s ({how})"
        return self._cut(silence_s, how, seen=True)

    def unanswered(self, pause_s: float, how: str) -> StepResult:
        """The connection turned out to be dead when it was used after a silence of `pause_s`."""
        return self._cut(pause_s, how, seen=False)

    def _cut(self, silence_s: float, how: str, *, seen: bool) -> StepResult:
        self.cuts += 1
        if self.cut_s is None or silence_s < self.cut_s or (seen and not self.seen):
            self.cut_s, self.seen, self.how = silence_s, seen, how
        facts = {"silence_s": round(silence_s, 3), "how": how}
        return StepResult(Check.IDLE, f"{silence_s:.4g} s of silence: cut ({how})", took_s=silence_s, facts=facts)

    @property
    def limit_s(self) -> float | None:
        """The silence from which on the path may cut; None if none is known."""
        if self.cut_s is None or self.refuted:
            return None
        return self.cut_s if self.seen else self.survived_s or self.cut_s

    @property
    def recommended_s(self) -> float | None:
        """The ping interval that keeps the path open; None if there is nothing to go by."""
        limit_s = self.limit_s
        if limit_s is None:
            return None
        interval_s = limit_s * MARGIN
        return float(int(interval_s)) if interval_s >= 5 else round(interval_s, 2)

    def verdict(self, *, interrupted: bool = False) -> StepResult:
        """Say what is known now, and whether the setting is short enough."""
        diagnosis = self._diagnosis()
        outcome = Outcome.WARNING if diagnosis else Outcome.OK
        words = self._words(interrupted=interrupted)
        if self.limit_s is not None and diagnosis is None:
            words += f"; ping_interval {self.ping_interval_s:g} s is short enough"
        if self.left_off:
            words += f"; the search ended early, no new connection: {self.left_off}"
        return StepResult(Check.IDLE, words, outcome, facts=self._facts(), diagnosis=diagnosis)

    @property
    def _close_s(self) -> float:
        return max(self.first_s / 5, CLOSE * (self.cut_s or 0.0))

    def _words(self, *, interrupted: bool) -> str:
        if self.refuted:
            return f"{self.refuted}: not for its silence"
        if self.cut_s is not None:
            when = f"after {self.cut_s:.3g}" if self.seen else f"between {self.survived_s:.4g} and {self.cut_s:.4g}"
            words = f"cut {when} s of silence ({self.how}), {'seen once' if self.cuts == 1 else f'{self.cuts} times'}"
        elif interrupted:
            words = f"{self.survived_s:.4g} s of silence were borne, nothing was cut"
        else:
            words = f"nothing was cut up to {self.survived_s:.4g} s of silence"
        words = f"interrupted; {words}" if interrupted else words
        return f"{words}; the peer itself sent {self.inbound} messages meanwhile" if self.inbound else words

    def _diagnosis(self) -> Diagnosis | None:
        if self.refuted:
            return Diagnosis(
                "closed_without_silence",
                self._words(interrupted=False),
                "Not an idle limit: the peer ends connections by their age, or ended this one. Run it again; if it "
                "ends at the same age, expect the drop and let callscope reconnect.",
            )
        recommended_s = self.recommended_s
        if self.limit_s is None or recommended_s is None or self.ping_interval_s <= self.limit_s / 2:
            return None
        return Diagnosis(
            "idle_timeout",
            f"a silent connection is cut {self._when()}, and ping_interval is {self.ping_interval_s:g} s",
            f"Set --ping-interval {recommended_s:g} (in the profile: ping_interval = {recommended_s:g}).",
        )

    def _when(self) -> str:
        if self.seen:
            return f"after {self.cut_s:.3g} s"
        return f"after {self.survived_s:.4g} to {self.cut_s:.4g} s"

    def _facts(self) -> dict[str, Any]:
        return {
            "survived_s": self.survived_s,
            "cut_s": self.cut_s,
            "cuts": self.cuts,
            "exact": self.seen,
            "limit_s": self.limit_s,
            "max_s": self.max_s,
            "how": self.how,
            "inbound_messages": self.inbound,
            "ping_interval_s": self.ping_interval_s,
            "recommended_ping_interval_s": self.recommended_s,
        }
