"""What the rules have found, and what they remember: a part of `CallState`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from dashboard.call.words import span_words
from dashboard.media.histogram import Histogram
from dashboard.media.tail import Tail

KEPT_READINGS = 64
"""Readings are taken once a second: a rule can look back for a minute."""


class Severity(StrEnum):
    INFO = "info"  # worth knowing, nothing is wrong
    WARNING = "warning"  # the call suffers
    ERROR = "error"  # the call, or one side of it, is down

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return (Severity.ERROR, Severity.WARNING, Severity.INFO).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's finding, standing or cleared. Moments are those of the facts, monotonic seconds.

    `raised` holds every moment at which it was raised, oldest first (the newest 100); `since` is the last of them.
    `seen_at`: when its sign was last there; after that it fades for some time before it is cleared, at `until`.
    """

    rule: str
    severity: Severity
    summary: str
    evidence: tuple[str, ...]
    remedy: str
    raised: tuple[float, ...]
    seen_at: float
    until: float | None = None
    stood_before_s: float = 0.0
    fading: bool = False
    """It stands, though its sign is gone."""

    @property
    def since(self) -> float:
        """When it was raised, for the last time."""
        return self.raised[-1]

    @property
    def stands(self) -> bool:
        return self.until is None

    def age_s(self, now: float) -> float:
        """Return how long it has been standing, or stood the last time; seconds."""
        return max(0.0, (now if self.until is None else self.until) - self.since)

    def stood_s(self, now: float) -> float:
        """Return how long it stood in the whole call; seconds."""
        return self.stood_before_s + self.age_s(now)

    def age_words(self, now: float) -> str:
        """Return its age in words, such as "for 12 s" or "cleared 40 s ago, stood 12 s"."""
        stood = span_words(self.age_s(now))
        if self.until is None:
            return f"for {stood}"
        return f"cleared {span_words(max(0.0, now - self.until))} ago, stood {stood}"


@dataclass(frozen=True, slots=True)
class Reading:
    """Counters of a call at one moment: what two of them differ by is what happened between them."""

    at: float
    frames: int = 0
    spikes: int = 0
    stalls: int = 0
    lost: int = 0
    clipped: int = 0
    checked: int = 0
    misfits: int = 0
    loud: tuple[tuple[float, float], ...] = ()  # per channel: energy and seconds of its sound above the threshold
    malformed: int = 0
    broken: int = 0  # rules of the protocol
    underruns: int = 0
    dry_s: float = 0.0
    jumps: int = 0
    errors: int = 0
    dropped: int = 0
    set_aside: int = 0
    lag: Histogram = field(default_factory=Histogram)


@dataclass(frozen=True, slots=True)
class Findings:
    """What stands and what was cleared, each worst first; a rule is in one of them at most."""

    standing: tuple[Finding, ...] = ()
    past: tuple[Finding, ...] = ()
    readings: Tail[Reading] = field(default_factory=lambda: Tail(KEPT_READINGS))
    assessed_at: float | None = None

    @property
    def all(self) -> tuple[Finding, ...]:
        """Everything that was found: what stands, then what was cleared."""
        return self.standing + self.past

    def of(self, rule: str) -> Finding | None:
        """Return a rule's finding, standing or cleared."""
        return next((finding for finding in self.all if finding.rule == rule), None)
