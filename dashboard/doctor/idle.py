"""The search for the silence that a path bears: ever longer pauses between pings, until one is too long.

Pure: whoever drives it waits `next_pause_s`, pings, and says what came of it.
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


@dataclass(slots=True)
class IdleSearch:
    """How long a silence was borne, and how long a one was not. Seconds.

    ping_interval_s: the setting that is judged. survived_s: the longest pause after which a ping was answered.
    cut_s: the pause that was not borne. seen: the end was noticed when it came, so `cut_s` is the limit itself; else
    it came at some time after `survived_s`. inbound: messages of the peer meanwhile.
    """

    ping_interval_s: float
    max_s: float = MAX_PAUSE_S
    first_s: float = FIRST_PAUSE_S
    survived_s: float = 0.0
    cut_s: float | None = None
    seen: bool = False
    how: str = ""
    inbound: int = 0

    def next_pause_s(self) -> float | None:
        """Return how long to be silent next; None when the search is over."""
        if self.cut_s is not None or self.survived_s >= self.max_s:
            return None
        return min(self.max_s, max(self.first_s, self.survived_s * GROWTH))

    def survived(self, pause_s: float, rtt_s: float) -> StepResult:
        """A ping was answered after a silence of `pause_s`."""
        self.survived_s = pause_s
        facts = {"pause_s": pause_s, "rtt_ms": round(rtt_s * 1000, 3)}
        return StepResult(Check.IDLE, f"{pause_s:g} s of silence are borne", took_s=pause_s, facts=facts)

    def ended(self, silence_s: float, how: str) -> None:
        """The connection was seen to end after a silence of `silence_s`."""
        self.cut_s, self.seen, self.how = silence_s, True, how

    def unanswered(self, pause_s: float, how: str) -> None:
        """The connection turned out to be dead when it was used after a silence of `pause_s`."""
        self.cut_s, self.how = pause_s, how

    @property
    def limit_s(self) -> float | None:
        """The silence from which on the path may cut; None if none is known."""
        if self.cut_s is None or self._not_for_silence:
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
        return StepResult(Check.IDLE, words, outcome, facts=self._facts(), diagnosis=diagnosis)

    @property
    def _not_for_silence(self) -> bool:
        """It ended after less silence than was borne before, or after hardly any."""
        return self.cut_s is not None and self.seen and self.cut_s < max(self.survived_s, self.first_s / 10)

    def _words(self, *, interrupted: bool) -> str:
        if self._not_for_silence:
            borne = f"though {self.survived_s:g} s had been borne" if self.survived_s else "right after a ping"
            return f"ended after {self.cut_s:.3g} s of silence, {borne} ({self.how}): not for its silence"
        if self.cut_s is not None and self.seen:
            words = f"cut after {self.cut_s:.3g} s of silence ({self.how})"
        elif self.cut_s is not None:
            words = f"cut between {self.survived_s:g} and {self.cut_s:g} s of silence ({self.how})"
        elif interrupted:
            words = f"interrupted; {self.survived_s:g} s of silence were borne, nothing was cut"
        else:
            words = f"nothing was cut up to {self.survived_s:g} s of silence"
        return f"{words}; the peer itself sent {self.inbound} messages meanwhile" if self.inbound else words

    def _diagnosis(self) -> Diagnosis | None:
        if self._not_for_silence:
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
            f"a silent connection is cut within {self.cut_s:.3g} s, and ping_interval is {self.ping_interval_s:g} s",
            f"Set --ping-interval {recommended_s:g} (in the profile: ping_interval = {recommended_s:g}).",
        )

    def _facts(self) -> dict[str, Any]:
        return {
            "survived_s": self.survived_s,
            "cut_s": self.cut_s,
            "exact": self.seen,
            "limit_s": self.limit_s,
            "max_s": self.max_s,
            "how": self.how,
            "inbound_messages": self.inbound,
            "ping_interval_s": self.ping_interval_s,
            "recommended_ping_interval_s": self.recommended_s,
        }
