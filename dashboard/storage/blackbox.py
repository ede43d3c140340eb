"""Decides which minutes of an unattended call are worth keeping."""

from __future__ import annotations

from collections.abc import Collection

from dashboard.call.events import Event
from dashboard.call.findings.finding import Severity
from dashboard.call.reducer import step
from dashboard.call.state import CallState

POST_ROLL_S = 30.0
"""A recording goes on for this long after the last of what it was begun for."""

LONGEST_S = 1800.0
"""What never ends is known after this long; the next thing that happens begins another recording."""


class BlackBox:
    """Folds a call and says when something begins and when it has been quiet again; keeps nothing itself."""

    def __init__(self, call_id: str, triggers: Collection[str]) -> None:
        self._triggers = frozenset(triggers)
        self._call = CallState(call_id)
        self._begun_at: float | None = None
        self._stirred_at = 0.0

    @property
    def is_recording(self) -> bool:
        """Whether what is told now belongs to a recording."""
        return self._begun_at is not None

    @property
    def now(self) -> float:
        """Time of the newest fact."""
        return self._call.now

    def take(self, event: Event) -> str | None:
        """Take one fact; return what a recording is to begin for, in words, if one is to begin."""
        before, self._call = self._call, step(self._call, event)
        now = self._call.now
        news = self._news(before)
        if news is not None or self._goes_on():
            self._stirred_at = now
        if self._begun_at is None:
            self._begun_at = now if news is not None else None
            return news
        if now - self._stirred_at >= POST_ROLL_S or now - self._begun_at >= LONGEST_S:
            self._begun_at = None
        return None

    def _news(self, before: CallState) -> str | None:
        call = self._call
        if "mark" in self._triggers and call.marks.total > before.marks.total:
            return f"mark {call.marks[-1][1]}".strip()
        if "outage" in self._triggers and call.link.outage_count > before.link.outage_count:
            return "outage"
        if "finding" in self._triggers and call.findings is not before.findings:
            known = {(one.rule, one.since) for one in before.findings.standing}
            for one in call.findings.standing:
                if one.severity is not Severity.INFO and (one.rule, one.since) not in known:
                    return f"finding {one.rule}"
        return None

    def _goes_on(self) -> bool:
        """Whether something of the kind asked for is still so."""
        call = self._call
        if "outage" in self._triggers and call.link.outage is not None:
            return True
        return "finding" in self._triggers and any(
            not one.fading and one.severity is not Severity.INFO for one in call.findings.standing
        )
